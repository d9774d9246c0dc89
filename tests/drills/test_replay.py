"""A past incident replayed: declared as it was first reported, its injects once each, and compared in the review."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.drills import flows, messages, queries
from bot.drills.rules import Asked
from bot.drills.tables import InjectRow
from bot.errors import BadRequest, UnknownIncident
from bot.incidents.flows import record
from bot.incidents.queries import incidents, replays, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, end, privacy
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare
from bot.memory.rules.similar import SimilarItem
from bot.retention.flows.erase import erase
from bot.retention.queries import retention
from bot.retention.rules import MESSAGE_REMOVED
from bot.reviews.flows.drafting import gather
from bot.reviews.messages.drafting import draft
from bot.severity.rules import Severity
from bot.slack import queries as slack_queries
from bot.store.engine import Database
from tests.support.rows import NOON, minutes

FORMER, ENGINEER, CLERK = datetime(2026, 3, 3, 10, 0, tzinfo=UTC), "U0RESPONDER", "U0CLERK"
SAID = "customers in Lyon can't pay, <@U0RESPONDER> <!here>"
_numbers = itertools.count(1)


def say(session: Session, row: IncidentRow, after: float, who: str, words: str) -> str:
    ts = f"{(FORMER + minutes(after)).timestamp():.6f}"
    assert row.channel_id is not None
    record.message_posted(session, row.channel_id, ts, who, words, FORMER + minutes(after))
    return ts


@pytest.fixture
def source(session: Session, policy: Policy) -> IncidentRow:
    """Reported vaguely, renamed and mended by a responder while a clerk wrote from outside. No drill is open."""
    session.execute(delete(InjectRow))
    session.execute(update(IncidentRow).where(~incidents.real()).values(status="closed"))
    number = next(_numbers)
    slack_queries.record_name(session, ENGINEER, "Responder One", FORMER)
    wanted = Declaration(f"past:{number}", "tills time out", Severity.P2, CLERK)
    row, _ = declare(session, wanted, policy, FORMER)
    row.channel_id = f"C0PAST{number}"
    session.flush()
    change.acknowledge(session, row, ENGINEER, policy, FORMER + minutes(4))
    say(session, row, 6, CLERK, SAID)
    say(session, row, 7, ENGINEER, "looking at the pooler")
    change.set_severity(session, row, Severity.P1, ENGINEER, policy, FORMER + minutes(8), "every till in France")
    change.rename(session, row, "pooler out of connections", ENGINEER, policy, FORMER + minutes(9))
    record.note(session, row, "restarted the pooler", ENGINEER, FORMER + minutes(10), f"note:{number}")
    say(session, row, 12, CLERK, "and now Nice as well")
    change.resolve(session, row, ENGINEER, policy, FORMER + minutes(20), "restarted the pooler", "pool too small")
    say(session, row, 21, CLERK, "all tills work")
    change.close(session, row, ENGINEER, Closing(impact=""), policy, FORMER + minutes(30))
    return row


def begin(session: Session, source: IncidentRow, policy: Policy, speed: float = 4, **more: object) -> IncidentRow:
    values: dict[str, object] = {"by": ENGINEER, "viewer": ENGINEER, "key": f"replay:{next(_numbers)}", "similar": ()}
    given = values | more
    asked = Asked(source.ref, speed)
    row, _ = flows.begin(
        session, asked, given["by"], given["viewer"], given["key"], given["similar"], policy, NOON  # type: ignore[arg-type]
    )  # fmt: skip
    return row


def injected(session: Session, row: IncidentRow) -> list[str]:
    return [entry.text for entry in timeline.list_rows(session, row.incident_id, (Kind.INJECTED,))]


def finish(session: Session, row: IncidentRow, policy: Policy) -> None:
    change.acknowledge(session, row, ENGINEER, policy, NOON + minutes(9))
    change.resolve(session, row, ENGINEER, policy, NOON + minutes(15), "failed over", "")
    change.close(session, row, ENGINEER, Closing(), policy, NOON + minutes(16))


def test_it_begins_as_it_was_reported_and_says_nothing_of_the_end(
    session: Session, policy: Policy, source: IncidentRow
) -> None:
    known = (SimilarItem(source.ref, "incident", source.title, 0.9), SimilarItem("LESSON-01", "incident", "x", 0.4))
    row = begin(session, source, policy, similar=known)
    assert row.ref.startswith("DRILL-") and (row.title, row.severity) == ("tills time out", "P2")
    assert [item.ref for item in row.similar] == ["LESSON-01"]
    assert replays.replayed_ref(session, row.incident_id) == source.ref
    told = " ".join([row.title, *(entry.text for entry in timeline.list_entries(session, row.incident_id))])
    assert source.ref not in told and "pool" not in told
    end.false_alarm(session, row, ENGINEER, policy, NOON)


def test_of_an_endless_timeline_only_the_beginning_is_looked_at_and_that_is_said(
    session: Session, policy: Policy, source: IncidentRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who worked on it is known all the same: their words are no inject, though what they did is not looked at."""
    monkeypatch.setattr(flows, "MOST_READ", 2)
    asked, by = Asked(source.ref, 4), ENGINEER
    row, found = flows.begin(session, asked, by, by, f"replay:{next(_numbers)}", (), policy, NOON)
    assert (found.injects, found.unread) == (1, True)
    said = messages.begun(row.ref, row.severity, found, 4, "#x")
    assert "Only the first 2,000 entries of that timeline were read." in said
    end.false_alarm(session, row, ENGINEER, policy, NOON)


def test_each_inject_comes_once_at_its_old_offset_as_fast_as_asked(
    session: Session, policy: Policy, source: IncidentRow
) -> None:
    row = begin(session, source, policy)
    session.execute(text("delete from procrastinate_jobs"))
    assert flows.play_due(session, policy, NOON + timedelta(seconds=89), 100) == 0
    assert flows.play_due(session, policy, NOON + timedelta(seconds=90), 100) == 1
    heading = "DRILL · Inject 1 of 3, 6 min in: a message from a colleague"
    assert injected(session, row) == [f"{heading}\n> customers in Lyon can't pay, the commander @here"]
    said = session.execute(text("select count(*) from procrastinate_jobs where task_name = 'slack.say'")).scalar()
    assert said == 1
    # After a restart all that is due is said, in order and once.
    assert flows.play_due(session, policy, NOON + minutes(60), 100) == 2
    assert flows.play_due(session, policy, NOON + minutes(60), 100) == 0
    assert [line.partition("\n> ")[2] for line in injected(session, row)[1:]] == [
        "every till in France", "and now Nice as well",
    ]  # fmt: skip
    finish(session, row, policy)


def test_the_same_request_begins_once_and_two_replicas_say_each_inject_once(database: Database, policy: Policy) -> None:
    with database.transaction() as session:
        session.execute(delete(InjectRow))
        number = next(_numbers)
        source, _ = declare(session, Declaration(f"two:{number}", "mail hangs", Severity.P3, CLERK), policy, FORMER)
        source.channel_id = f"C0TWO{number}"
        session.flush()
        say(session, source, 1, CLERK, "no mail since ten")
        end.false_alarm(session, source, ENGINEER, policy, FORMER + minutes(5))
        row = begin(session, source, policy, key="replay:same")
        assert begin(session, source, policy, key="replay:same").incident_id == row.incident_id
        ref, incident_id = row.ref, row.incident_id
    with database.transaction() as first, database.transaction() as second:
        played = [flows.play_due(each, policy, NOON + minutes(9), 100) for each in (first, second)]
    assert played == [1, 0]
    with database.transaction() as session:
        row = incidents.get_by_ref(session, ref)
        assert len(injected(session, row)) == 1
        assert session.scalar(select(InjectRow.state).where(InjectRow.incident_id == incident_id)) == queries.SAID
        end.false_alarm(session, row, ENGINEER, policy, NOON)


def test_what_is_over_or_was_made_private_or_deleted_since_is_put_in_no_more(
    session: Session, policy: Policy, source: IncidentRow
) -> None:
    row = begin(session, source, policy)
    assert source.channel_id is not None
    record.message_deleted(session, source.channel_id, f"{(FORMER + minutes(6)).timestamp():.6f}", NOON)
    flows.play_due(session, policy, NOON + minutes(2), 100)
    assert [line.partition("\n> ")[2] for line in injected(session, row)] == ["every till in France"]
    finish(session, row, policy)
    assert flows.play_due(session, policy, NOON + minutes(60), 100) == 1
    assert len(injected(session, row)) == 1  # it was resolved
    other = begin(session, source, policy, speed=1)
    change.reopen(session, source, ENGINEER, policy, NOON)
    privacy.make_private(session, source, ENGINEER, policy, NOON)
    flows.play_due(session, policy, NOON + minutes(60), 100)
    assert injected(session, other) == []
    end.false_alarm(session, other, ENGINEER, policy, NOON)
    assert "replay" not in [section.name for section in draft(gather(session, other, policy), NOON).sections]


def test_the_review_of_the_drill_compares_both_and_tells_the_end(
    session: Session, policy: Policy, source: IncidentRow
) -> None:
    row = begin(session, source, policy)
    flows.play_due(session, policy, NOON + minutes(2), 100)
    finish(session, row, policy)
    section = draft(gather(session, row, policy), NOON + minutes(20)).section("replay")
    assert section.title == f"Compared with {source.ref}"
    assert section.note is not None and section.note.startswith("2 of 3 injects were played, at 4 times the speed")
    lines = {line.label: line.text for line in section.lines}
    assert lines["Acknowledged"] == "in 4 min then, in 9 min in the drill."
    assert lines["Resolved"] == "in 20 min then, in 15 min in the drill."
    assert lines["Severity"] == "P1 then, P2 in the drill, as it ended."
    assert (lines["Cause then"], lines["Fix then"]) == ("pool too small", "restarted the pooler")
    assert "restarted the pooler" in lines["Then, after 10 min"]
    assert "Responder One" not in " ".join(lines.values())
    story = [line.text for line in draft(gather(session, row, policy), NOON).section("timeline").lines]
    assert any(line.startswith("DRILL · Inject 1 of 3, 6 min in: a message from a colleague: cust") for line in story)


def test_what_cannot_be_replayed_is_refused_with_what_to_do(
    session: Session, policy: Policy, source: IncidentRow
) -> None:
    def refused(row_or_ref: IncidentRow | str, viewer: str | None = ENGINEER) -> str:
        ref = row_or_ref if isinstance(row_or_ref, str) else row_or_ref.ref
        with pytest.raises((BadRequest, UnknownIncident)) as error:
            flows.source_of(session, ref, viewer, {"LESSON-01"})
        return str(error.value)

    drill = begin(session, source, policy)
    assert "was a drill itself" in refused(drill)
    assert "There is no incident INC-2020-0001" in refused("INC-2020-0001")
    assert "knowledge base only: it has no timeline" in refused("LESSON-01")
    fresh, _ = declare(session, Declaration(f"open:{next(_numbers)}", "x y", Severity.P3, CLERK), policy, NOON)
    assert "only what is over is replayed" in refused(fresh)
    end.false_alarm(session, fresh, ENGINEER, policy, NOON)
    flows.source_of(session, fresh.ref, ENGINEER)  # a false alarm makes a good exercise
    wanted = Declaration(f"sec:{next(_numbers)}", "a key leaked", Severity.P1, CLERK, security=True)
    secret, _ = declare(session, wanted, policy, FORMER)
    end.false_alarm(session, secret, CLERK, policy, NOON)
    assert f"There is no incident {secret.ref}" in refused(secret, "U0STRANGER")
    assert "is a security incident, which is never replayed" in refused(secret, CLERK)
    assert "is a security incident, which is never replayed" in refused(secret, None)
    source.words_removed_at = NOON
    assert "removed by the retention policy" in refused(source)
    end.false_alarm(session, drill, ENGINEER, policy, NOON)


def test_retention_and_erasing_reach_what_a_drill_repeats(
    session: Session, policy: Policy, source: IncidentRow
) -> None:
    row = begin(session, source, policy)
    flows.play_due(session, policy, NOON + minutes(9), 100)
    finish(session, row, policy)
    erase(session, CLERK, (), False, f"{next(_numbers):08x}", NOON + minutes(60))
    assert [line == MESSAGE_REMOVED for line in injected(session, row)] == [True, False, True]
    retention.remove_messages(session, [source.incident_id], [], "Message, removed after 1 day by policy.")
    session.expire_all()
    assert all(line.startswith("Message, removed") for line in injected(session, row))
