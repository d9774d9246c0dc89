"""Words for telling stories: ask by command, look into the tables, wait until everything is said."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from bot.escalation.tables import PingRow
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Entry
from bot.incidents.tables import IncidentRow
from bot.reports.tables import ReportRow
from bot.store.engine import Database
from slack_playground.person import Person, content_of
from tests.support.stage import INCIDENTS, Stage, press

Message = dict[str, Any]


def ask(person: Person, channel: str, command: str) -> str:
    """Type a command; what Tocsin answers to that person only, or the line in the channel that is the answer."""
    before = _shown(person, channel)
    person.command(channel, command)

    def answer() -> str | None:
        fresh = [said for ts, said in _shown(person, channel).items() if before.get(ts) != said]
        return next((said for whispered in (True, False) for own, said in fresh if own is whispered), None)

    return person.wait_for(answer, what=f"an answer to {command[:60]!r}")


def _shown(person: Person, channel: str) -> dict[str, tuple[bool, str]]:
    """By ts: what Tocsin said in the channel as this person sees it, and whether only they do; not the card."""
    said = [message for message in person.messages(channel) if message.get("bot_id") or message.get("is_ephemeral")]
    return {
        message["ts"]: (bool(message.get("is_ephemeral")), content_of(message))
        for message in said
        if "card_actions" not in str(message.get("blocks")) and not message.get("subtype")
    }


def press_and_hear(
    person: Person, channel: str, message: Message, action_id: str, option: str | None = None, thread_ts: str = ""
) -> str:
    """Press a button or choose an option; what Tocsin answers to that person only."""

    def whispers() -> list[Message]:
        shown = person.replies(channel, thread_ts) if thread_ts else person.messages(channel)
        return [said for said in shown if said.get("is_ephemeral")]

    before = {said["ts"] for said in whispers()}
    press(person, channel, message, action_id, option)
    answer = person.wait_for(
        lambda: next((said for said in whispers() if said["ts"] not in before), None),
        what=f"an answer to pressing {action_id}",
    )
    return content_of(answer)


def reopen_closed(person: Person, channel: str, command: str) -> str:
    """Reopen a closed incident, which asks first; the answer to saying yes."""
    person.command(channel, command)
    question = person.wait_for_ephemeral(channel, "Nothing has been changed yet.")
    return press_and_hear(person, channel, question, "reopen_closed")


def card_of(person: Person, channel: Message) -> Message:
    """The incident's card: the first message of ours in its channel."""
    return next(message for message in person.messages(channel["id"]) if message.get("bot_id"))


def card_says(person: Person, channel: Message, words: str) -> Message:
    """The card, once it says so."""

    def look() -> Message | None:
        card = card_of(person, channel)
        return card if words in content_of(card) else None

    return person.wait_for(look, what=f"the card to say {words!r}")


def report(stage: Stage, words: str) -> tuple[str, Message]:
    """Say it in the announcement channel; its ts and Tocsin's answer in the thread."""
    responder = stage.responder
    ts = responder.say(INCIDENTS, words)
    answer = responder.wait_for(lambda: next(iter(responder.replies(INCIDENTS, ts)[1:]), None), what="the answer")
    return ts, answer


def row(stage: Stage, ref: str) -> IncidentRow:
    """The incident as PostgreSQL has it."""
    with stage.database.transaction() as session:
        return incidents.get_by_ref(session, ref)


def rows(stage: Stage) -> list[IncidentRow]:
    """All incidents, the oldest first."""
    with stage.database.transaction() as session:
        return list(session.scalars(select(IncidentRow).order_by(IncidentRow.incident_id)))


def report_row(stage: Stage, ts: str) -> ReportRow:
    """The report that this message was judged as."""
    with stage.database.transaction() as session:
        return session.scalars(select(ReportRow).where(ReportRow.ts == ts)).one()


def pings_of(stage: Stage, ref: str) -> list[PingRow]:
    """The incident's pings in the order in which they fall due."""
    with stage.database.transaction() as session:
        statement = select(PingRow).join(IncidentRow).where(IncidentRow.ref == ref)
        return list(session.scalars(statement.order_by(PingRow.due_at, PingRow.ping_id)))


def entries(stage: Stage, ref: str) -> tuple[Entry, ...]:
    """The timeline as people read it."""
    with stage.database.transaction() as session:
        return timeline.list_entries(session, incidents.get_by_ref(session, ref).incident_id)


def kinds(stage: Stage, ref: str) -> list[str]:
    """The kinds of the timeline's entries, in order."""
    return [entry.kind.value for entry in entries(stage, ref)]


def settle(database: Database, seconds: float = 120) -> None:
    """Wait until no job waits or runs: everything that was decided is said."""
    deadline = time.monotonic() + seconds
    statement = text("select task_name, status::text from procrastinate_jobs where status in ('todo', 'doing')")
    while True:
        with database.engine.connect() as connection:
            left = connection.execute(statement).all()
        if not left:
            return
        assert time.monotonic() < deadline, f"still to be done: {left}"
        time.sleep(0.02)  # the queue tells nobody that it is empty


def swept(stage: Stage, seconds: float = 60) -> None:
    """Wait until escalation has looked at everything that is due by now, and until it is said."""
    deadline = time.monotonic() + seconds
    statement = text("select count(*) from incidents where wake_at <= :now")
    while True:
        with stage.database.engine.connect() as connection:
            due = connection.execute(statement, {"now": stage.context.now()}).scalar()
        if not due:
            return settle(stage.database)
        assert time.monotonic() < deadline, f"{due} incidents are still due"
        time.sleep(0.02)  # a sweep tells nobody that it ended


def failed_jobs(database: Database) -> list[str]:
    """Jobs that were given up."""
    with database.engine.connect() as connection:
        return list(connection.scalars(text("select task_name from procrastinate_jobs where status = 'failed'")))


def jump(stage: Stage, seconds: float) -> None:
    """Move everybody's clock forward at once."""
    _set_clock(stage, stage.clock.now() + seconds)


def jump_to(stage: Stage, at: datetime) -> None:
    """Move everybody's clock to an instant, which must lie ahead."""
    assert at.timestamp() > stage.clock.now()
    _set_clock(stage, at.timestamp())


def _set_clock(stage: Stage, virtual: float) -> None:
    path = stage.settings.clock_file
    assert path is not None
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"real": time.time(), "virtual": virtual, "rate": stage.clock.rate}))
    fresh.replace(path)


def said_by_bot(person: Person, channel: str) -> list[str]:
    """What Tocsin posted in a channel for everybody, oldest first."""
    return [
        content_of(message)
        for message in person.messages(channel)
        if message.get("bot_id") and not message.get("is_ephemeral")
    ]
