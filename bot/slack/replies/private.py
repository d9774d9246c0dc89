"""Words to the person who pressed something. What was decided stands even where they do not get through."""

from __future__ import annotations

import http.client
from collections.abc import Collection, Iterable

import structlog
from slack_bolt import Ack, Respond
from slack_sdk.errors import SlackClientError

from bot.slack.client import Message
from bot.slack.replies.late import TimedAck, left_to_say
from bot.slack.text import unturned

log = structlog.get_logger(__name__)


def answer_press(
    ack: Ack,
    respond: Respond,
    said: Iterable[str | Message],
    in_place: bool = True,
    failed: Collection[str | Message] = (),
) -> None:
    """Acknowledge, then reply_privately: a sentence below what was pressed, a message in its place or below, too.

    `failed`: which of it says that nothing was done. On App Home and in a form, which show only what was, that is
    written to them directly.
    """
    ack()
    for words in left_to_say(ack, list(said)):
        if respond.response_url is None and words in failed:
            tell_directly(ack, words)
        reply_privately(respond, words, in_place)


def tell_directly(ack: Ack, words: str | Message) -> None:
    """A failure that has no other way to whoever pressed."""
    if isinstance(ack, TimedAck):
        ack.tell_directly(words if isinstance(words, str) else words.text)


def reply_privately(respond: Respond, words: str | Message, in_place: bool = True) -> None:
    """Say it to that person only; a refusal of Slack's goes to the log, and never further.

    Not what was to be said: it may be of a security incident.
    """
    if respond.response_url is None:  # pressed on App Home or sent with a form, which show the outcome themselves
        return
    message = Message(words) if isinstance(words, str) else words
    text, blocks = unturned(message.text), list(message.blocks) or None
    replaces = in_place and isinstance(words, Message)
    try:
        answer = respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=replaces)
    except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
        log.warning("could not reply privately", characters=len(message.text), error=str(error))
        return
    if answer.status_code >= 300:
        log.warning(
            "could not reply privately",
            characters=len(message.text),
            error=f"http_{answer.status_code} {answer.body[:100]}",
        )
