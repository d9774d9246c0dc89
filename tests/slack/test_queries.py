"""What passed between Slack and us: each event once, each message by its key."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text

from bot.reports import queries as reports
from bot.slack import queries as messages
from bot.store.engine import Database
from tests.support.rows import NOON, minutes


def test_an_event_is_taken_in_once(database: Database) -> None:
    with database.transaction() as session:
        assert messages.take_event(session, "Ev1", NOON)
        assert not messages.take_event(session, "Ev1", NOON)
    with database.transaction() as session:
        assert not messages.take_event(session, "Ev1", NOON + minutes(5))
        assert messages.take_event(session, "Ev2", NOON)


def test_an_event_whose_transaction_failed_can_be_taken_in_again(database: Database) -> None:
    try:
        with database.transaction() as session:
            messages.take_event(session, "Ev3", NOON)
            raise InterruptedError
    except InterruptedError:
        pass
    with database.transaction() as session:
        assert messages.take_event(session, "Ev3", NOON)


def test_old_events_are_forgotten(database: Database) -> None:
    with database.transaction() as session:
        for number in range(3):
            messages.take_event(session, f"EvOlder{number}", NOON - minutes(5 - number))
        messages.take_event(session, "EvOld", NOON - minutes(1))
        messages.take_event(session, "EvNew", NOON)
        assert messages.forget_events(session, NOON, 3) == 3
        assert not messages.take_event(session, "EvOld", NOON), "the oldest are taken out, so many at once"
        assert messages.forget_events(session, NOON, 3) == 1
        assert messages.take_event(session, "EvOld", NOON)
        assert not messages.take_event(session, "EvNew", NOON)


def test_a_message_is_noted_before_it_is_posted(database: Database) -> None:
    with database.transaction() as session:
        assert messages.begin_message(session, "card:1", "C1", NOON) is None
    with database.transaction() as session:
        earlier = messages.begin_message(session, "card:1", "C1", NOON + minutes(1))
        assert earlier is not None
        assert (earlier.ts, earlier.attempted_at) == (None, NOON)
        messages.record_message(session, "card:1", "C2", "1.5")
    with database.transaction() as session:
        known = messages.find_message(session, "card:1")
        assert known is not None
        assert (known.channel_id, known.ts) == ("C2", "1.5")


def test_of_two_who_note_a_message_at_once_the_second_finds_the_first(database: Database) -> None:
    with ThreadPoolExecutor(1) as pool, database.transaction() as first:
        assert messages.begin_message(first, "card:2", "C1", NOON) is None

        def second() -> messages.Noted | None:
            with database.transaction() as session:
                return messages.begin_message(session, "card:2", "C2", NOON + minutes(1))

        waiting = pool.submit(second)
        wait_until_blocked(database)
        first.commit()
        assert waiting.result(60) == ("C1", None, NOON)


def wait_until_blocked(database: Database) -> None:
    """Until somebody waits for a lock of this database."""
    waiters = text(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with database.transaction() as session:
            if session.scalar(waiters):
                return
        time.sleep(0.01)  # PostgreSQL tells nobody that somebody waits
    raise AssertionError("nobody waits")


def _report(**values: Any) -> dict[str, Any]:
    return {
        "channel_id": "C1",
        "ts": "1.1",
        "user_id": "U1",
        "text": "checkout is down",
        "judged_at": NOON,
        "severity": "P0",
        "confidence": 0.9,
        "row": "a complete outage",
        "evidence": [{"text": "down", "signal": "down"}],
        "similar": [],
        "answered": True,
    } | values


def test_a_message_is_judged_once(database: Database) -> None:
    with database.transaction() as session:
        first = reports.add_report(session, **_report())
        assert first is not None
        assert reports.add_report(session, **_report(severity="P3")) is None
        other = reports.add_report(session, **_report(ts="1.2"))
        assert other is not None
        assert reports.find_report_of_message(session, "C1", "1.1") is first
        assert reports.find_report(session, other.report_id) is other
        assert reports.get_report_for_change(session, first.report_id) is first
        assert reports.find_report(session, -1) is None
        assert first.severity == "P0"


def test_names_are_kept_and_refreshed(database: Database) -> None:
    with database.transaction() as session:
        messages.record_name(session, "U1", "responder", NOON)
        messages.record_name(session, "U1", "Responder", NOON + minutes(1))
        messages.record_name(session, "U2", "Team Lead", NOON)
        assert messages.names_of(session, {"U1", "U3"}) == {"U1": "Responder"}
        assert messages.names_of(session, []) == {}


def test_a_channel_once_known_is_not_forgotten(database: Database) -> None:
    with database.transaction() as session:
        assert messages.find_workspace(session) is None
        messages.record_workspace(session, "T1", "https://example.com/", "UBOT", "C1")
    with database.transaction() as session:
        messages.record_workspace(session, "T1", "https://new.example.com/", "UBOT2", None)
    with database.transaction() as session:
        workspace = messages.find_workspace(session)
        assert workspace is not None
        assert (workspace.url, workspace.bot_user_id) == ("https://new.example.com/", "UBOT2")
        assert workspace.announcement_channel_id == "C1"


def test_a_message_s_address_is_made_as_slack_makes_it() -> None:
    address = "https://example.com/archives/C1/p1700000000000100"
    assert messages.permalink("https://example.com/", "C1", "1700000000.000100") == address
    assert messages.permalink(None, "C1", "1.1") is None
    assert messages.permalink("https://example.com/", None, "1.1") is None
