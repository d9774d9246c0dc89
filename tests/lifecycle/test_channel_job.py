"""The incident's room: made, furnished, kept up to date, and harmless when done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.context import AppContext
from bot.incidents.flows.record import record
from bot.incidents.jobs.posting import post_entry
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.jobs import channel
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person
from tests.fixtures.job import Declared, later
from tests.fixtures.slack import Control
from tests.support.queue import queued

INCIDENTS = "C0INCIDENTS"


def opened(context: AppContext, slack: Slack, poster: Poster, row: IncidentRow) -> str:
    """Make the room; the channel's id."""
    channel.open_channel(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        channel_id = incidents.get(session, row.incident_id).channel_id
    assert channel_id is not None
    return channel_id


def test_a_room_is_made_once_with_one_card(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person, control: Control
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    assert opened(context, slack, poster, row) == channel_id
    assert len(control.journal("conversations.create")) == 1
    channel.set_up_channel(context, slack, poster, incident_id=row.incident_id)
    cards = [message for message in responder.messages(channel_id) if message.get("blocks")]
    assert len(cards) == 1
    assert row.ref in cards[0]["text"]
    with context.database.transaction() as session:
        for task in ("slack.furnish_room", "slack.mirror"):
            assert len(queued(session, task, incident_id=row.incident_id)) == 1


def test_a_crash_after_the_channel_was_made_takes_it_up_again(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, control: Control
) -> None:
    row = declared_incident()
    made, _ = slack.open_channel(row.channel_name, "U0TOCSIN")
    assert opened(context, slack, poster, row) == made


def test_a_furnished_room_has_its_people_its_topic_and_its_pin(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Callable[[str], Person]
) -> None:
    row = declared_incident(by="U0SUPPORT")
    channel_id = opened(context, slack, poster, row)
    for _ in range(2):
        channel.set_up_channel(context, slack, poster, incident_id=row.incident_id)
    members = slack.call("conversations.members", channel=channel_id)["members"]
    assert set(members) == {"U0TOCSIN", "U0SUPPORT", "U0RESPONDER"}
    info = slack.call("conversations.info", channel=channel_id)["channel"]
    assert info["topic"]["value"] == f"{row.ref} · {row.title}"
    pinned = slack.call("pins.list", channel=channel_id)["items"]
    assert [row.ref in item["message"]["text"] for item in pinned] == [True]


def test_before_there_is_a_room_nothing_is_posted(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, control: Control
) -> None:
    row = declared_incident()
    with context.database.transaction() as session:
        entry_id = record(session, incidents.get(session, row.incident_id), Kind.NOTED, "early", context.now())
        assert entry_id is not None
    channel.card(context, slack, poster, incident_id=row.incident_id)
    channel.set_up_channel(context, slack, poster, incident_id=row.incident_id)
    post_entry(context, slack, poster, entry_id=entry_id)
    assert control.journal("chat.postMessage") == []


def test_the_card_and_its_mirror_follow_the_facts(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    slack.invite(channel_id, ["U0RESPONDER"])
    channel.mirror(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        incidents.get(session, row.incident_id).severity = "P0"
    channel.card(context, slack, poster, incident_id=row.incident_id)
    channel.mirror(context, slack, poster, incident_id=row.incident_id)
    for where in (channel_id, INCIDENTS):
        (shown,) = (message for message in responder.messages(where) if message.get("blocks"))
        assert shown["text"].startswith(f"P0 {row.ref}")


def test_a_line_is_said_once_and_says_that_it_is_late(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    slack.invite(channel_id, ["U0RESPONDER"])
    with context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        first = record(session, found, Kind.NOTED, "pool <!channel> is full", context.now())
        assert first is not None
        text, data = "said to everybody", {"said": "Said by <@U0RESPONDER>: ask @somebody"}
        record(session, found, Kind.NOTED, text, context.now(), author="U0RESPONDER", data=data, announce=True)
        second = queued(session, "slack.say")[-1].arguments["entry_id"]
    for _ in range(2):
        post_entry(context, slack, poster, entry_id=first)
    post_entry(later(context, 12), slack, poster, entry_id=second)
    said = [message["text"] for message in responder.messages(channel_id)][-2:]
    assert said[0] == "pool @channel is full"
    assert said[1].startswith("Said by responder: ask @")
    assert said[1].endswith("_(posted 12 min later)_")


def test_an_archived_room_is_left_alone(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, control: Control
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    slack.call("conversations.archive", channel=channel_id)
    with context.database.transaction() as session:
        entry_id = record(session, incidents.get(session, row.incident_id), Kind.NOTED, "too late", context.now())
        assert entry_id is not None
    # Whether Slack has told us yet, or not.
    for told in (False, True):
        with context.database.transaction() as session:
            incidents.get(session, row.incident_id).channel_archived = told
        channel.card(context, slack, poster, incident_id=row.incident_id)
        post_entry(context, slack, poster, entry_id=entry_id)
    posts = [call for call in control.journal("chat.postMessage") if call["ok"]]
    assert len(posts) == 1  # the card, before
    channel.mirror(context, slack, poster, incident_id=row.incident_id)
    assert len([call for call in control.journal("chat.postMessage") if call["ok"]]) == 2


def test_the_head_of_the_channel_links_page_playbook_call_and_review_once(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    contacts = replace(context.policy.contacts, call="https://meet.example.com/{ref}?of={channel}")
    here = replace(
        context,
        policy=replace(context.policy, contacts=contacts),
        page_link=lambda path: f"https://tocsin.example.com{path}",
        review_link=lambda ref: f"https://tocsin.example.com/reviews/{ref}",
    )
    row = declared_incident()
    channel_id = opened(here, slack, poster, row)
    slack.call("bookmarks.add", channel_id=channel_id, title="Dashboard", type="link", link="https://example.com/d")
    for _ in range(2):
        channel.set_up_channel(here, slack, poster, incident_id=row.incident_id)
    listed = slack.call("bookmarks.list", channel_id=channel_id)["bookmarks"]
    links = {one["title"]: one["link"] for one in listed}
    assert len(links) == len(listed), "each once"
    assert links["Dashboard"] == "https://example.com/d"
    assert links["Incident page"] == f"https://tocsin.example.com/incidents/{row.ref}"
    assert links["Call"].startswith(f"https://meet.example.com/{row.ref.lower()}?of=inc-")
    assert "Review" not in links, "there is none yet"
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0RESPONDER", context.policy, context.now())
        change.close(session, found, "U0RESPONDER", change.Closing(), context.policy, context.now())
    channel.set_up_channel(here, slack, poster, incident_id=row.incident_id)
    links = {one["title"]: one["link"] for one in slack.call("bookmarks.list", channel_id=channel_id)["bookmarks"]}
    assert links["Review"] == f"https://tocsin.example.com/reviews/{row.ref}"
