"""Words to the person who pressed something. What was decided stands even where they do not get through."""

from __future__ import annotations

import http.client
from collections.abc import Iterable

import structlog
from slack_bolt import Ack, Respond
from slack_sdk.errors import SlackClientError

from bot.slack.client import Message
from bot.slack.replies.late import left_to_say
from bot.slack.text import unturned

log = structlog.get_logger(__name__)


def answer_press(ack: Ack, respond: Respond, said: Iterable[str | Message], in_place: bool = True) -> None:
    """Acknowledge, then reply_privately: a sentence below what was pressed, a message in its place or below, too."""
    ack()
    for words in left_to_say(ack, list(said)):
        reply_privately(respond, words, in_place)


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
