"""What the incident's channel reads of the timeline: few messages, which mention nobody who did it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.context import AppContext
from bot.incidents.flows.record import record
from bot.incidents.jobs.posting import post_entry
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.app import Playground
from slack_playground.person import Person
from tests.fixtures.job import Declared, later

CHANNEL, RESPONDER = "C0UPDATES", "U0RESPONDER"  # any channel that the bot is in
Say = Callable[..., int]


@pytest.fixture
def incident_id(context: AppContext, declared_incident: Declared) -> int:
    row = declared_incident()
    with context.database.transaction() as session:
        incidents.get(session, row.incident_id).channel_id = CHANNEL
    return row.incident_id


@pytest.fixture
def say(context: AppContext, slack: Slack, poster: Poster, incident_id: int) -> Say:
    """Record an entry, that many minutes on, and have the channel hear of it; its id."""

    def say(text: str, kind: Kind = Kind.NOTED, minutes: float = 0) -> int:
        at = later(context, minutes) if minutes else context
        with context.database.transaction() as session:
            row = incidents.get(session, incident_id)
            entry_id = record(session, row, kind, f"{text} by <@{RESPONDER}>.", at.now(), author=RESPONDER)
        assert entry_id is not None
        post_entry(at, slack, poster, entry_id=entry_id)
        return entry_id

    return say


def texts(playground: Playground) -> list[str]:
    """What Tocsin posted in the channel, a message each."""
    messages = Person(playground.url, RESPONDER).messages(CHANNEL)
    return [str(message["text"]) for message in messages if message.get("bot_id")]


def test_what_comes_within_a_minute_is_one_message_that_mentions_nobody_who_did_it(
    say: Say, playground: Playground
) -> None:
    say("Status identified")
    say("Severity raised")
    say("Impact recorded", minutes=0.5)
    assert texts(playground) == [
        "Status identified by responder.\nSeverity raised by responder.\nImpact recorded by responder."
    ]


def test_a_line_after_a_minute_or_after_somebody_wrote_is_a_message_of_its_own(
    say: Say, playground: Playground, context: AppContext, incident_id: int
) -> None:
    say("Status identified")
    said = Person(playground.url, RESPONDER).say(CHANNEL, "looking")
    with context.database.transaction() as session:
        timeline.append(
            session, incident_id, Kind.MESSAGE_POSTED, "looking",
            at=context.now(), now=context.now(), author=RESPONDER, message_ts=said,
        )  # fmt: skip
    say("Severity raised")
    say("Status mitigated", minutes=3)
    assert texts(playground) == [
        "Status identified by responder.",
        "Severity raised by responder.",
        "Status mitigated by responder.",
    ]


def test_pages_and_what_ends_an_incident_stand_alone(say: Say, playground: Playground) -> None:
    say("Status identified")
    say("Paged", Kind.PING_SENT)
    say("Severity raised")
    say("Resolved", Kind.RESOLVED)
    assert len(texts(playground)) == 4


def test_a_job_that_runs_again_adds_nothing(
    say: Say, playground: Playground, context: AppContext, slack: Slack, poster: Poster
) -> None:
    first, second = say("Status identified"), say("Severity raised")
    before = texts(playground)
    for entry_id in (first, second, first):
        post_entry(context, slack, poster, entry_id=entry_id)
    assert texts(playground) == before == ["Status identified by responder.\nSeverity raised by responder."]


def test_long_lines_make_a_message_of_their_own(say: Say, playground: Playground) -> None:
    say("a" * 900)
    say("b" * 900)
    assert len(texts(playground)) == 2
