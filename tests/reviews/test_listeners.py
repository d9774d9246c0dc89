"""/incident review in the channel of a security incident."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import UnknownIncident
from bot.incidents import visibility
from bot.incidents.commands import CommandContext
from bot.incidents.queries.timeline import list_entries
from bot.reviews import listeners as reviewing
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident


def asked(channel_id: str, ref: str | None) -> Any:
    """What a silent member of the channel types."""
    context = SimpleNamespace(personal_link=lambda path, user_id, name: f"https://example.com{path}")
    told = {
        "context": context,
        "word": "review",
        "rest": "",
        "ref": ref,
        "user_id": "U0SILENT",
        "user_name": "silent",
        "now": NOON,
    }
    return CommandContext(**told, channel_id=channel_id, trigger_id="1")  # type: ignore[arg-type]


def test_a_link_taken_in_the_channel_opens_and_one_asked_for_elsewhere_is_not_given(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session, ref="SEC-1999-7001", channel_id="C0SECRET")
        with pytest.raises(UnknownIncident):
            reviewing._review(session, asked("C0ELSEWHERE", row.ref))
        assert not visibility.may_see(session, row, "U0SILENT")
        for _ in range(2):
            assert "https://example.com" in reviewing._review(session, asked("C0SECRET", None))
        assert visibility.may_see(session, row, "U0SILENT")
        assert list_entries(session, row.incident_id) == (), "the timeline does not tell of it"
