"""Of an incident that is made private, files, canvas, links, threads, direct messages and digests are withdrawn too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.escalation.jobs import digests
from bot.escalation.queries import pings
from bot.incidents.queries import timeline
from bot.incidents.queries.places import MIRROR
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import privacy
from bot.lifecycle.jobs import privacy as jobs
from bot.lifecycle.jobs import withdrawing
from bot.lifecycle.messages import access as texts
from bot.reviews.queries import reviews
from bot.reviews.tables import ActionRow, ReviewStageRow
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Slack
from bot.slack.documents import Bookmark, keep_bookmarks, share_file, write_canvas
from bot.slack.poster import Poster
from bot.status_page.tables import StatusPost
from slack_playground.person import Person, content_of
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.lifecycle import test_privacy
from tests.lifecycle.test_privacy import Open, make_private
from tests.support.queue import queued
from tests.support.rows import NOON, add_ping

opened = test_privacy.opened  # the fixture


def withdrawn(opened: Open) -> str:
    """What is said of what was withdrawn and what was not."""
    with opened.context.database.transaction() as session:
        entries = [entry.text for entry in timeline.list_entries(session, opened.row.incident_id)]
    (said,) = [text for text in entries if text.startswith("Withdrawn:")]
    return said


def run_sweeps(opened: Open, slack: Slack, poster: Poster) -> int:
    """Go through the rest of the channel that was left; in how many jobs."""
    turns = 0
    while True:
        with opened.context.database.transaction() as session:
            waiting = queued(session, "slack.sweep_left", incident_id=opened.row.incident_id)
        if len(waiting) == turns:
            return turns
        jobs.sweep_left(opened.context, slack, poster, **waiting[-1].arguments)
        turns += 1


def test_files_canvas_and_links_of_the_channel_that_is_left_go(opened: Open) -> None:
    slack, channel_id = opened.slack, opened.again().channel_id or ""
    share_file(slack, channel_id, "review.md", "Review", b"the checkout key leaked", "Draft")
    canvas_id = write_canvas(slack, channel_id, None, "# the checkout key leaked", False)
    keep_bookmarks(slack, channel_id, [Bookmark("Incident page", "https://tocsin.example.com/incidents/1", ":link:")])
    with opened.context.database.transaction() as session:
        when = {"changed_at": NOON, "resolved_at": NOON, "due_at": NOON}
        session.add(
            ReviewStageRow(incident_id=opened.row.incident_id, stage="draft", canvas_id=canvas_id, shown="a", **when)
        )
    _, left = make_private(opened)
    with opened.context.database.transaction() as session:
        stage = reviews.find_stage(session, opened.row.incident_id)
        assert stage is not None and stage.canvas_id is None, "what is written next is not for the old channel"
    opened.run()
    workspace, old = opened.playground.workspace, opened.channel(left)
    assert canvas_id not in workspace.canvases and not old.canvas_id and not old.bookmarks
    assert [file.record["mode"] for file in workspace.files.values()] == ["tombstone"]
    assert not [file for file in workspace.files.values() if file.content]
    assert "and 1 file of Tocsin" in withdrawn(opened)
    with opened.context.database.transaction() as session:
        assert queued(session, "slack.review_canvas", incident_id=opened.row.incident_id), "it is shown in the new one"


def test_files_and_canvas_that_slack_keeps_are_named(opened: Open, control: Control) -> None:
    slack, channel_id = opened.slack, opened.again().channel_id or ""
    share_file(slack, channel_id, "review.md", "Review", b"the checkout key leaked", "Draft")
    canvas_id = write_canvas(slack, channel_id, None, "# leaked", False)
    with opened.context.database.transaction() as session:
        when = {"changed_at": NOON, "resolved_at": NOON, "due_at": NOON}
        session.add(ReviewStageRow(incident_id=opened.row.incident_id, stage="draft", canvas_id=canvas_id, **when))
    control.refuse("files.delete", "file_deleting_disabled")
    control.refuse("canvases.delete", "canvas_deleting_disabled")
    make_private(opened)
    opened.run()
    assert "1 file of Tocsin that Slack didn't let it delete" in withdrawn(opened)
    assert texts.CANVAS in withdrawn(opened)


def test_what_was_said_in_threads_outside_goes_and_what_people_wrote_there_stays(opened: Open) -> None:
    slack, thread = opened.slack, f"{MIRROR}{opened.row.incident_id}"
    with opened.context.database.transaction() as session:
        mirror = slack_queries.find_message(session, thread)
        assert mirror is not None and mirror.ts is not None
        place, ts = mirror.channel_id, mirror.ts
    slack.post(place, Message("diagnosis of orders-db"), "diagnosis:1:2", ts)
    Person(opened.playground.url, "U0VP").reply(place, ts, "is this the leaked key?")
    make_private(opened)
    opened.run()
    left = [content_of(one) for one in Person(opened.playground.url, "U0VP").replies(place, ts)]
    assert not [text for text in left if "diagnosis" in text]
    assert [text for text in left if "leaked key" in text]


def test_what_other_apps_wrote_is_counted_in_threads_too_there_and_outside(
    opened: Open, control: Control, slack: Slack, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "_THREADS_AT_ONCE", 1)
    channel_id, reader = opened.again().channel_id or "", Person(opened.playground.url, "U0RESPONDER")
    for number in range(2):
        first = reader.say(channel_id, f"what is it {number}?")
        control.message(channel_id, "the leaked key was used 3 times", bot="Logs", thread_ts=first)
        opened.slack.post(channel_id, Message("diagnosis of orders-db"), f"diagnosis:7:{number}", first)
    control.message(channel_id, "the leaked key was used again", bot="Logs")
    with opened.context.database.transaction() as session:
        mirror = slack_queries.find_message(session, f"{MIRROR}{opened.row.incident_id}")
        assert mirror is not None and mirror.ts is not None
        place, ts = mirror.channel_id, mirror.ts
    control.message(place, "is this the leaked key?", bot="Tickets", thread_ts=ts)
    make_private(opened)
    opened.run()
    run_sweeps(opened, slack, poster)
    assert f"• 3 messages of other apps in <#{channel_id}> (ask an admin)" in withdrawn(opened)
    assert f"• 1 message of other apps in threads of <#{place}> (ask an admin)" in withdrawn(opened)
    assert "diagnosis" not in str(reader.messages(channel_id)), "what Tocsin said in those threads is gone"


def test_direct_messages_go_from_whoever_may_not_see_it(opened: Open, poster: Poster) -> None:
    key = f"review-reminder:{opened.row.incident_id}:1:due"
    for user_id in ("U0VP", "U0RESPONDER"):
        poster.say(f"{key}:{user_id}", opened.slack.open_direct(user_id), Message("the review of the leak is due"))
    make_private(opened)
    opened.run()
    seen = {
        user_id: "leak" in str([content_of(one) for one in person.messages(person.dm_with("U0TOCSIN"))])
        for user_id in ("U0VP", "U0RESPONDER")
        for person in [Person(opened.playground.url, user_id)]
    }
    assert seen == {"U0VP": False, "U0RESPONDER": True}
    with opened.context.database.transaction() as session:
        assert slack_queries.find_message(session, f"{key}:U0VP") is None


def test_the_reminder_of_a_promised_update_goes(opened: Open, poster: Poster) -> None:
    with opened.context.database.transaction() as session:
        entry = timeline.list_entries(session, opened.row.incident_id)[0]
    key = f"update-due:{entry.entry_id}"
    poster.say(key, opened.slack.open_direct("U0VP"), Message("the update about the leak is due"))
    make_private(opened)
    opened.run()
    reader = Person(opened.playground.url, "U0VP")
    assert "leak" not in str([content_of(one) for one in reader.messages(reader.dm_with("U0TOCSIN"))])


def test_reviews_by_role_leave_it_out_and_count_it(
    opened: Open, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    other, role, due = declared_incident(), "VP engineering", opened.context.now().replace(microsecond=0)
    with opened.context.database.transaction() as session:
        for incident_id in (opened.row.incident_id, other.incident_id):
            row = session.get_one(IncidentRow, incident_id)
            add_ping(session, row, kind="digest", role=role, rule="weekly review", due_at=due)
    context = replace(opened.context, now=lambda: due)
    digests.digest(context, slack, poster, role=role, due_at=due.isoformat())
    reader = Person(opened.playground.url, "U0VP")

    def read() -> str:
        return str([content_of(one) for one in reader.messages(reader.dm_with("U0TOCSIN"))])

    assert opened.row.title in read() and other.title in read()
    make_private(opened)
    with opened.context.database.transaction() as session:
        (job,) = queued(session, "slack.redraw_digest")
    digests.redraw(context, slack, poster, **job.arguments)
    after = read()
    assert opened.row.title not in after and opened.row.ref not in after and opened.again().ref not in after
    assert other.title in after and "1 security incident not listed" in after
    with opened.context.database.transaction() as session:
        sent = pings.list_of_incident(session, opened.row.incident_id)
        assert {ping.state for ping in sent if ping.kind == "digest"} == {pings.SENT}, "nobody is sent it anew"


def test_what_stands_outside_slack_is_named(opened: Open) -> None:
    with opened.context.database.transaction() as session:
        row = session.get_one(IncidentRow, opened.row.incident_id)
        item = {"incident_id": row.incident_id, "priority": "high", "state": "open", "made_at": NOON}
        for number, key in enumerate(("SHOP-12", "shop/web#7")):
            session.add(
                ActionRow(
                    request_key=f"wd:{row.incident_id}:{number}",
                    number=number + 1,
                    text="rotate",
                    issue_key=key,
                    **item,
                )
            )
        session.add(
            StatusPost(
                public_id=f"wd-{row.incident_id}", incident_id=row.incident_id, title="Checkout", began_at=NOON,
                published_at=NOON, published_by="U0SUPPORT", withdrawn_at=NOON,
            )
        )  # fmt: skip
    make_private(opened)
    opened.run()
    said = withdrawn(opened)
    assert "• issues SHOP-12, shop/web#7 in the tracker (close or restrict them there)" in said
    assert "• what readers of the status page and its feed kept" in said


def test_of_a_channel_of_many_messages_some_pages_are_read_at_once(
    opened: Open, slack: Slack, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "_A_PAGE", 2)
    monkeypatch.setattr(withdrawing, "_PAGES_AT_ONCE", 1)
    channel_id = opened.again().channel_id or ""
    for number in range(3):
        share_file(slack, channel_id, "a.txt", f"a{number}", b"x", "")
        Person(opened.playground.url, "U0RESPONDER").say(channel_id, f"line {number}")
    make_private(opened)
    opened.run()
    assert run_sweeps(opened, slack, poster) >= 2
    assert all(file.record["mode"] == "tombstone" for file in opened.playground.workspace.files.values())
    assert "and 3 files of Tocsin" in withdrawn(opened)


def test_what_an_earlier_version_made_private_is_gone_through_once(opened: Open, slack: Slack, poster: Poster) -> None:
    _, left = make_private(opened)
    with opened.context.database.transaction() as session:
        slack_queries.begin_message(session, f"moved:{opened.row.incident_id}:{left}", left, opened.context.now())
        first = queued(session, "slack.leave_channel", incident_id=opened.row.incident_id)
        assert privacy.finish_withdrawing(session) >= 1
        again = queued(session, "slack.leave_channel", incident_id=opened.row.incident_id)
    (job,) = [job for job in again if job.job_id not in {one.job_id for one in first}]
    assert job.arguments["channel_id"] == left
    opened.run()
    assert withdrawn(opened)
    with opened.context.database.transaction() as session:
        privacy.finish_withdrawing(session)
        after = queued(session, "slack.leave_channel", incident_id=opened.row.incident_id)
    assert len(after) == len(again)
