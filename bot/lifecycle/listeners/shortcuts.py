"""The shortcuts: "Declare incident" from anywhere and from a message, and "Add to timeline" from a message."""

from __future__ import annotations

import json
from typing import Any

import structlog
from slack_bolt import Ack, Respond

from bot.context import AppContext
from bot.errors import NotAllowed
from bot.incidents.interactions import let_in
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.lifecycle.listeners import timeline
from bot.lifecycle.messages import forms
from bot.slack.client import Slack
from bot.slack.incoming import words_of
from bot.slack.queries import names_in
from bot.slack.reporting import reporting_errors
from bot.slack.whispers import answer_press
from bot.text.markup import plain_text

log = structlog.get_logger(__name__)


def declare_global(context: AppContext, slack: Slack, ack: Ack, body: dict[str, Any]) -> None:
    """Opens the form, or says in its place who may.

    There is no channel to answer in, so a failure is only logged: Slack shows that nothing came.
    """
    with reporting_errors(lambda text: log.warning("shortcut failed", text=text), user=body["user"]["id"]):
        try:
            let_in(context, body, Act.DECLARE)
            view = forms.declare_form(context.policy.severity.levels, "")
        except NotAllowed as refused:
            view = forms.refused(str(refused))
        slack.open_view(body["trigger_id"], view)
    ack()


def declare_message(context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any]) -> None:
    """Opens the form with the message's first line as the title."""
    message, channel_id = body["message"], body["channel"]["id"]
    first = (_plain(context, words_of(message)).splitlines() or [""])[0]
    metadata = json.dumps({"channel": channel_id, "ts": message["ts"]})
    said: list[str] = []
    with reporting_errors(said.append, user=body["user"]["id"]):
        let_in(context, body, Act.DECLARE)
        slack.open_view(body["trigger_id"], forms.declare_form(context.policy.severity.levels, metadata, first))
    answer_press(ack, respond, said)


def _plain(context: AppContext, words: str) -> str:
    with context.database.transaction() as session:
        return plain_text(words, names_in(session, words))


def timeline_message(context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any]) -> None:
    """Opens the form that asks for the time; a message that is on the timeline is corrected with it."""
    said: list[str] = []
    with reporting_errors(said.append, user=body["user"]["id"]):
        channel_id = body["channel"]["id"]
        let_in(context, body, Act.CHANGE, lambda session, _: incidents.find_by_channel(session, channel_id))
        form = timeline.entry_form(context, body["user"]["id"], channel_id, body["message"])
        slack.open_view(body["trigger_id"], form)
    answer_press(ack, respond, said)
