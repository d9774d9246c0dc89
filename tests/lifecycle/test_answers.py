"""What a person reads back from a command."""

from __future__ import annotations

from dataclasses import replace

from bot.incidents import messages as incident_messages
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages import answers
from tests.fixtures.web import Site
from tests.support.rows import NOON, minutes


def entry(number: int, kind: Kind, text: str) -> Entry:
    return Entry(number, kind, NOON + minutes(number), None, text, False, None)


def test_the_timeline_folds_repeated_pages_so_that_what_people_did_stays_visible() -> None:
    paged = "Paged <@U0RESPONDER> as on-call engineer (every 15 min)"
    said = [entry(0, Kind.DECLARED, "Declared."), entry(1, Kind.IMPACT_RECORDED, "a third of users")]
    said += [entry(2 + each, Kind.PING_SENT, f"{paged}{', 2 min late' if each % 2 else ''}.") for each in range(30)]
    told = incident_messages.timeline(IncidentRow(ref="INC-2026-0001"), said)
    assert "Declared." in told and "Impact: a third of users" in told
    assert told.count("Paged") == 1 and told.endswith("(30 times so far)")


def test_the_timeline_folds_a_diagnosis_to_one_line_with_its_number() -> None:
    found = [entry(1, Kind.DIAGNOSED, f"AWS, lambda orders-api: sign {each}.") for each in range(15)]
    found = [replace(one, entry_id=100 + number) for number, one in enumerate(found)]
    said = [entry(0, Kind.NOTED, "people work"), *found, entry(30, Kind.DIAGNOSED, "AWS, rds orders-db: full.")]
    told = incident_messages.timeline(IncidentRow(ref="INC-2026-0001"), said)
    assert "AWS, lambda orders-api: 15 findings, first: sign 0." in told and "sign 1." not in told
    assert "people work" in told and "AWS, rds orders-db: full." in told and len(told.splitlines()) == 4


def test_a_long_timeline_says_where_the_rest_is() -> None:
    said = [entry(each, Kind.NOTED, f"note {each}") for each in range(25)]
    open_one = incident_messages.timeline(IncidentRow(ref="INC-2026-0001"), said)
    assert "_5 earlier entries are shown by `tocsin incident show INC-2026-0001`._" in open_one
    closed = incident_messages.timeline(IncidentRow(ref="INC-2026-0001", closed_at=NOON), said)
    assert "_5 earlier entries are in the review._" in closed
    address = "https://tocsin.example.com/incidents/INC-2026-0001"
    for row in (IncidentRow(ref="INC-2026-0001"), IncidentRow(ref="INC-2026-0001", closed_at=NOON)):
        told = incident_messages.timeline(row, said, page=address)
        assert f"_5 earlier entries are on <{address}|the page of INC-2026-0001>._" in told


def test_the_status_of_an_incident_that_is_over_does_not_promise_an_acknowledgement() -> None:
    row = IncidentRow(
        ref="INC-2026-0001", severity="P1", title="slow", status="investigating", declared_at=NOON, episode=1
    )
    assert "Acknowledged: not yet." in answers.status(row, NOON + minutes(5))
    row.status, row.resolved_at = "closed", NOON + minutes(5)
    over = answers.status(row, NOON + minutes(9))
    assert "It was over before anybody acknowledged." in over and "not yet" not in over


def test_the_page_of_an_incident_that_nobody_acknowledged_says_never_once_it_is_over(site: Site) -> None:
    row = site.closed()
    with site.database.transaction() as session:
        held = incidents.get(session, row.incident_id)
        held.acknowledged_at = held.acknowledged_by = None
    page = site.enter("U0RESPONDER").get(f"/incidents/{row.ref}").text
    assert "never: it was over before anybody acknowledged" in page and "not yet" not in page
