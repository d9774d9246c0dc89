"""What is said and marked in an incident's channel becomes its timeline."""

from __future__ import annotations

import re
import threading

from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from bot.incidents.rules.timeline import Entry
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.reports.listeners import events
from tests.journeys.story import ask, entries, kinds
from tests.support.stage import INCIDENTS, Stage


def said(stage: Stage, ref: str) -> list[Entry]:
    return [entry for entry in entries(stage, ref) if entry.kind == "message_posted"]


def test_messages_threads_and_files_are_recorded_with_author_and_link(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the basket loses items")
    first = responder.say(channel["id"], "I see <errors> in the cache log & more")
    responder.reply(channel["id"], first, "the cache was restarted at 14:02")
    responder.act("upload_file", channel=channel["id"], name="graph.txt", content="a graph")
    told = responder.wait_for(
        lambda: (found := ask(responder, INCIDENTS, f"/incident timeline {ref}")) and "graph.txt" in found and found
    )
    assert "<@U0RESPONDER>: I see &lt;errors&gt; in the cache log &amp; more" in str(told)
    recorded = said(stage, ref)
    assert [entry.text for entry in recorded[:-1]] == [
        "I see &lt;errors&gt; in the cache log &amp; more",
        "the cache was restarted at 14:02",
    ]
    assert re.fullmatch(r"Shared <http\S+/graph\.txt\|graph\.txt>", recorded[-1].text), "a link, not a copy"
    assert {entry.author for entry in recorded} == {"U0RESPONDER"}


def test_edits_are_followed_and_deletions_leave_nothing_to_read(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the basket shows old prices")
    kept = responder.say(channel["id"], "it is the chace")
    gone = responder.say(channel["id"], "ignore me")
    parent = responder.say(channel["id"], "wrong channel")
    responder.reply(channel["id"], parent, "no problem")
    responder.edit(channel["id"], kept, "it is the cache")
    responder.delete(channel["id"], gone)
    responder.delete(channel["id"], parent)
    mark = responder.say(channel["id"], "that is all")
    responder.react(channel["id"], mark, "pushpin")
    _until_marked(stage, ref, "that is all")
    assert [entry.text for entry in said(stage, ref)] == ["it is the cache", "no problem", "that is all"]


def _until_marked(stage: Stage, ref: str, text: str, marked: bool = True) -> None:
    """Events are taken in order a moment after Slack has them; commands are answered from what is recorded."""

    def look() -> bool:
        ask(stage.responder, INCIDENTS, f"/incident timeline {ref}")
        return any(entry.key is marked for entry in entries(stage, ref) if text in entry.text)

    stage.responder.wait_for(look, what=f"{text!r} {'marked' if marked else 'not marked'}")


def test_the_pushpin_marks_and_unmarks_for_each_person(stage: Stage) -> None:
    responder, lead = stage.responder, stage.team_lead
    ref, channel = stage.declare("P2 the basket forgets coupons")
    lead.act("join", channel=channel["id"])
    ts = responder.say(channel["id"], "found it: the session store is full")
    responder.react(channel["id"], ts, "pushpin")
    lead.react(channel["id"], ts, "pushpin")
    lead.react(channel["id"], ts, "eyes")
    _until_marked(stage, ref, "found it")
    assert ":pushpin: <@U0RESPONDER>: found it" in ask(responder, INCIDENTS, f"/incident timeline {ref}")
    responder.unreact(channel["id"], ts, "pushpin")
    responder.wait_for(
        lambda: ask(responder, INCIDENTS, f"/incident timeline {ref}") and _raw_count(stage, ref, "unpinned") == 1
    )
    assert [entry.key for entry in said(stage, ref)] == [True], "the team lead's mark stands"
    lead.unreact(channel["id"], ts, "pushpin")
    _until_marked(stage, ref, "found it", marked=False)


def _raw_count(stage: Stage, ref: str, kind: str) -> int:
    with stage.database.transaction() as session:
        statement = select(func.count()).select_from(TimelineEntry).join(IncidentRow)
        return session.scalar(statement.where(IncidentRow.ref == ref, TimelineEntry.kind == kind)) or 0


def test_the_pushpin_marks_what_tocsin_said_too(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the basket is empty after login")
    ask(responder, channel["id"], "/incident status identified")
    line = responder.wait_for_message(channel["id"], "→ identified")
    responder.react(channel["id"], line["ts"], "pushpin")
    _until_marked(stage, ref, "Status investigating → identified by <@U0RESPONDER>.")


def test_what_is_said_elsewhere_is_on_no_timeline(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the basket icon is missing")
    responder.say(INCIDENTS, "coffee?")
    responder.say(channel["id"], "looking")
    responder.wait_for(lambda: ask(responder, INCIDENTS, f"/incident timeline {ref}") and said(stage, ref))
    assert [entry.text for entry in said(stage, ref)] == ["looking"]
    assert "message_edited" not in kinds(stage, ref)


def test_a_message_costs_two_statements_and_counts_once(stage: Stage) -> None:
    ref, channel = stage.declare("P2 the basket loses items at midnight")
    ts = f"{stage.clock.now():.6f}"
    event = {"type": "message", "channel": channel["id"], "user": "U0RESPONDER", "text": "the queue grows", "ts": ts}
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        if threading.current_thread() is threading.main_thread():
            statements.append(statement)

    listen(stage.database.engine, "before_cursor_execute", note)
    try:
        events.message(stage.context, {"event_id": "Ev0COUNTED"}, event)
        counted = len(statements)
        events.message(stage.context, {"event_id": "Ev0COUNTED"}, event)
    finally:
        remove(stage.database.engine, "before_cursor_execute", note)
    assert counted == 2
    assert [entry.text for entry in said(stage, ref)] == ["the queue grows"]
