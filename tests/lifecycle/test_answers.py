"""What a person reads back from a command."""

from __future__ import annotations

from bot.incidents import messages as incident_messages
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow
from tests.rows import NOON, minutes


def entry(number: int, kind: Kind, text: str) -> Entry:
    return Entry(number, kind, NOON + minutes(number), None, text, False, None)


def test_the_timeline_folds_repeated_pages_so_that_what_people_did_stays_visible() -> None:
    paged = "Paged <@U0RESPONDER> as on-call engineer (every 15 min)"
    said = [entry(0, Kind.DECLARED, "Declared."), entry(1, Kind.IMPACT_RECORDED, "a third of users")]
    said += [entry(2 + each, Kind.PING_SENT, f"{paged}{', 2 min late' if each % 2 else ''}.") for each in range(30)]
    told = incident_messages.timeline(IncidentRow(ref="INC-2026-0001"), said)
    assert "Declared." in told and "Impact: a third of users" in told
    assert told.count("Paged") == 1 and told.endswith("(30 times so far)")


def test_a_long_timeline_says_where_the_rest_is() -> None:
    said = [entry(each, Kind.NOTED, f"note {each}") for each in range(25)]
    open_one = incident_messages.timeline(IncidentRow(ref="INC-2026-0001"), said)
    assert "_5 earlier entries are shown by `tocsin incident show INC-2026-0001`._" in open_one
    closed = incident_messages.timeline(IncidentRow(ref="INC-2026-0001", closed_at=NOON), said)
    assert "_5 earlier entries are in the review._" in closed
