"""The menu of /incident alone; the shortcuts "Declare incident", from anywhere too, and "Add to timeline"."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import structlog
from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import NotAllowed
from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role
from bot.incidents.commands import CommandContext, Registry, Subcommand
from bot.incidents.interactions import incident_at, let_in, number_at, value_of
from bot.incidents.menu import NotOffered
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import list_page
from bot.lifecycle.listeners import timeline
from bot.lifecycle.listeners.declaring import declare_form, judged_so_far
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.menu import shown as messages
from bot.slack.client import Message, Slack
from bot.slack.incoming import words_of
from bot.slack.queries import names_in
from bot.slack.replies.late import left_to_say
from bot.slack.replies.private import answer_press, tell_directly
from bot.slack.replies.reporting import reporting_errors
from bot.stakeholders.flows import notify
from bot.text.markup import plain_text

log = structlog.get_logger(__name__)


def declare_global(context: AppContext, slack: Slack, ack: Ack, body: dict[str, Any]) -> None:
    """Opens the form, or says in its place who may.

    There is no channel to answer in, so a failure is said directly.
    """
    failed: list[str | Message] = []
    with reporting_errors(failed.append, user=body["user"]["id"]):
        try:
            let_in(context, body, Act.DECLARE)
            view = declare_form(context.policy, "")
        except NotAllowed as refused:
            view = forms.refused(str(refused))
        slack.open_view(body["trigger_id"], view)
    ack()
    for text in left_to_say(ack, failed):
        log.warning("shortcut failed", text=text)
        tell_directly(ack, text)


def start_drill(context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any]) -> None:
    """Opens the form of a drill."""
    said: list[str] = []
    with reporting_errors(said.append, user=body["user"]["id"]):
        let_in(context, body, Act.DRILL)
        channel_id = (body.get("channel") or {}).get("id") or ""
        form = forms.as_drill(declare_form(context.policy, ""), channel_id)
        slack.open_view(body["trigger_id"], form)
    answer_press(ack, respond, said, failed=said)


def declare_message(context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any]) -> None:
    """Opens the form with the message's first line as the title."""
    message, channel_id = body["message"], body["channel"]["id"]
    first = (_plain(context, words_of(message)).splitlines() or [""])[0]
    metadata = json.dumps({"channel": channel_id, "ts": message["ts"]})
    said: list[str] = []
    with reporting_errors(said.append, user=body["user"]["id"]):
        let_in(context, body, Act.DECLARE)
        slack.open_view(body["trigger_id"], declare_form(context.policy, metadata, first, _verdict(context, first)))
    answer_press(ack, respond, said)


def _verdict(context: AppContext, title: str) -> str:
    """What the form says of its first words; the form opens without, where they cannot be judged."""
    with reporting_errors(lambda text: log.warning("form was not judged", text=text)):
        return judged_so_far(context, title, "")
    return ""


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


def _menu(session: Session, command: CommandContext) -> Message:
    """Of the incident whose channel this is; elsewhere of all that are open."""
    row = incidents.find_by_channel(session, command.channel_id)
    context, registry = command.context, command.registry
    assert registry is not None
    if row is not None:
        return _menu_of(session, context, registry, row, command.user_id, command.now)
    rows, total = list_page(session, command.user_id, limit=messages.LISTED)
    on_call = holders(session, context.policy.contacts, [Role.ON_CALL], command.now)
    offers = registry.offers(session, context, None, command.user_id, command.now)
    return messages.elsewhere([incidents.facts(each) for each in rows], total, sorted(on_call), command.now, offers)


def _menu_of(
    session: Session, context: AppContext, registry: Registry, row: IncidentRow, user_id: str, now: datetime
) -> Message:
    offers = registry.offers(session, context, row, user_id, now)
    withheld = registry.withheld(session, context, row, user_id, now)
    facts, policy = incidents.facts(row), context.policy
    told = notify.is_end_told(session, row)
    return messages.of_incident(facts, policy.severity.levels, user_id, bool(policy.fields), offers, withheld, told)


def open_menu(
    registry: Registry, context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]
) -> None:
    """From the list of what is open: the menu of that incident, in the list's place."""
    said: list[str | Message] = []
    user_id, value = body["user"]["id"], value_of(action)
    with reporting_errors(said.append, user=user_id, action=action["action_id"]):
        let_in(context, body, Act.READ, incident_at(0), value)
        with context.database.reading() as session:
            row = incidents.get(session, number_at(value, 0))
            said.append(_menu_of(session, context, registry, row, user_id, context.now()))
    answer_press(ack, respond, said)


SUBCOMMANDS = (
    Subcommand(
        "menu",
        "menu",
        "What you can do now, with buttons. `/incident` alone shows it, too.",
        answer=_menu,
        anywhere=True,
        act=Act.READ,
        menu=NotOffered("it is the menu"),
    ),
)
