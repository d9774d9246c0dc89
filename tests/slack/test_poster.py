"""Saying one thing once, whatever is lost between."""

from __future__ import annotations

import itertools
import time

import pytest

from bot.context import AppContext
from bot.slack import queries as messages
from bot.slack.client import Message, Refused, Slack, TryAgain
from bot.slack.poster import Poster
from bot.store.turns import Turns
from slack_playground.person import Person
from tests.fixtures.slack import Control

INCIDENTS = "C0INCIDENTS"
_numbers = itertools.count(1)


@pytest.fixture
def key() -> str:
    """A key that no other test used: the database outlives each test's Slack."""
    return f"card:{next(_numbers)}"


def said(responder: Person) -> list[str]:
    return [message["text"] for message in responder.messages(INCIDENTS)]


def test_the_first_time_posts_and_then_edits(poster: Poster, responder: Person, key: str) -> None:
    ts = poster.say(key, INCIDENTS, Message("it burns"))
    assert poster.say(key, INCIDENTS, Message("it is out")) == ts
    assert poster.edit(key, Message("it was nothing"))
    assert said(responder) == ["it was nothing"]


def test_another_key_is_another_message(poster: Poster, responder: Person, key: str) -> None:
    poster.say(key, INCIDENTS, Message("one"))
    poster.say(f"{key}:b", INCIDENTS, Message("two"))
    assert said(responder) == ["one", "two"]


def test_what_was_never_said_cannot_be_edited(poster: Poster, responder: Person, control: Control, key: str) -> None:
    assert not poster.edit(key, Message("edited"))
    control.fault("chat.postMessage", "error", error="internal_error")
    with pytest.raises(TryAgain):
        poster.say(key, INCIDENTS, Message("it burns"))
    assert not poster.edit(key, Message("edited"))
    assert said(responder) == []


def test_what_slack_said_it_did_not_take_is_posted_again_without_looking_for_it(
    poster: Poster, responder: Person, control: Control, key: str
) -> None:
    control.fault("chat.postMessage", "ratelimited", retry_after=1)
    with pytest.raises(TryAgain):
        poster.say(key, INCIDENTS, Message("it burns"))
    poster.say(key, INCIDENTS, Message("it burns"))
    assert control.journal("conversations.history") == []
    control.fault("chat.postMessage", "drop_after")
    with pytest.raises(TryAgain):
        poster.say(f"{key}:b", INCIDENTS, Message("it smokes"))
    control.fault("conversations.history", "ratelimited", retry_after=1)
    with pytest.raises(TryAgain):
        poster.say(f"{key}:b", INCIDENTS, Message("it smokes"))
    poster.say(f"{key}:b", INCIDENTS, Message("it smokes"))
    assert said(responder) == ["it burns", "it smokes"]


def test_a_lost_answer_is_found_again_and_nothing_is_said_twice(
    poster: Poster, responder: Person, control: Control, key: str
) -> None:
    control.fault("chat.postMessage", "drop_after")
    with pytest.raises(TryAgain):
        poster.say(key, INCIDENTS, Message("it burns"))
    assert said(responder) == ["it burns"]
    ts = poster.say(key, INCIDENTS, Message("it is out"))
    assert said(responder) == ["it is out"]
    assert responder.messages(INCIDENTS)[0]["ts"] == ts
    assert len(control.journal("chat.postMessage")) == 1


def test_a_lost_answer_in_a_thread_is_found_there(
    poster: Poster, responder: Person, control: Control, key: str
) -> None:
    parent = responder.say(INCIDENTS, "checkout is down")
    control.fault("chat.postMessage", "drop_after")
    with pytest.raises(TryAgain):
        poster.say(key, INCIDENTS, Message("looks like P1"), thread_ts=parent)
    poster.say(key, INCIDENTS, Message("looks like P1"), thread_ts=parent)
    assert [message["text"] for message in responder.replies(INCIDENTS, parent)] == [
        "checkout is down",
        "looks like P1",
    ]


@pytest.mark.parametrize("kind", ["drop", "ratelimited", "status"])
def test_what_never_arrived_is_said_the_next_time(
    poster: Poster, responder: Person, control: Control, key: str, kind: str
) -> None:
    control.fault("chat.postMessage", kind, times=2)
    for _ in range(2):
        with pytest.raises(TryAgain):
            poster.say(key, INCIDENTS, Message("it burns"))
    poster.say(key, INCIDENTS, Message("it burns"))
    assert said(responder) == ["it burns"]


def test_a_crash_after_posting_says_nothing_twice(
    poster: Poster, responder: Person, context: AppContext, slack: Slack, key: str
) -> None:
    with context.database.transaction() as session:
        messages.begin_message(session, key, INCIDENTS, context.now())
    slack.post(INCIDENTS, Message("it burns"), key)
    poster.say(key, INCIDENTS, Message("it burns"))
    assert said(responder) == ["it burns"]


def test_a_message_that_somebody_deleted_stays_deleted(
    poster: Poster, responder: Person, slack: Slack, key: str
) -> None:
    ts = poster.say(key, INCIDENTS, Message("it burns"))
    slack.call("chat.delete", channel=INCIDENTS, ts=ts)
    assert poster.say(key, INCIDENTS, Message("it is out")) == ts
    assert said(responder) == []


def test_a_channel_that_was_archived_loses_one_line_and_no_job(poster: Poster, slack: Slack, key: str) -> None:
    channel_id, _ = slack.open_channel("inc-archived", "U0TOCSIN")
    first = poster.try_to_post(key, channel_id, Message("before"))
    slack.call("conversations.archive", channel=channel_id)
    assert first is not None
    assert poster.try_to_post(f"{key}:b", channel_id, Message("after")) is None
    assert poster.try_to_post(key, channel_id, Message("edited after")) is None
    with pytest.raises(Refused, match="is_archived"):
        poster.say(f"{key}:c", channel_id, Message("after"))


def test_other_refusals_are_not_hidden(poster: Poster, control: Control, key: str) -> None:
    control.fault("chat.postMessage", "error", error="invalid_blocks")
    with pytest.raises(Refused, match="invalid_blocks"):
        poster.try_to_post(key, INCIDENTS, Message("it burns"))


def unnoted(context: AppContext, slack: Slack, key: str, tries: int = 0) -> str:
    """What one job that needs no note says at its try of that number."""
    poster = Poster(context.database, slack, context.now, tries)
    with context.database.reading() as session:
        begun = poster.begin_unnoted(key, INCIDENTS, note=messages.find_message(session, key))
    return poster.finish(begun, Message("it burns"))


def test_what_a_job_said_that_died_before_it_was_recorded_is_found(
    context: AppContext, slack: Slack, responder: Person, control: Control, key: str
) -> None:
    slack.post_to(INCIDENTS, Message("it burns"), key)  # by the first try, which left nothing
    ts = unnoted(context, slack, key, tries=1)
    assert said(responder) == ["it burns"]
    assert unnoted(context, slack, key) == ts, "a later job edits it"
    assert len(control.journal("chat.postMessage")) == 1


def test_what_slack_did_not_take_without_a_note_is_not_looked_for_by_the_next_try_here(
    context: AppContext, slack: Slack, responder: Person, control: Control, key: str
) -> None:
    control.fault("chat.postMessage", "ratelimited", times=2, retry_after=1)
    for tries in (0, 1):
        slack.turns = Turns(time.monotonic)  # whoever is told to wait would be kept from asking again
        with pytest.raises(TryAgain):
            unnoted(context, slack, key, tries)
    slack.turns = Turns(time.monotonic)
    unnoted(context, Slack(slack._client), key, 2)  # another process, which knows of nothing
    assert len(control.journal("conversations.history")) == 1
    assert said(responder) == ["it burns"]


def test_a_lost_answer_without_a_note_is_looked_for_by_whoever_comes_next(
    context: AppContext, slack: Slack, responder: Person, control: Control, key: str
) -> None:
    control.fault("chat.postMessage", "drop_after")
    with pytest.raises(TryAgain):
        unnoted(context, slack, key)
    unnoted(context, slack, key)  # another job, after this one was given up
    assert said(responder) == ["it burns"]
    assert len(control.journal("chat.postMessage")) == 1
