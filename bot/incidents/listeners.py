"""The menu of /incident: what is chosen in it is answered or opens a form, and a form is sent as a command is typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt import Ack, Respond
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, FormRefused
from bot.incidents.commands import BY_FORM, Answer, CommandContext, Registry, Subcommand, carry_out, warned, warning_of
from bot.incidents.interactions import FORGED, OUT_OF_DATE, let_in, number_at, value_of
from bot.incidents.menu import Form, Offer
from bot.incidents.messages import FILL_IN
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.slack.blocks import Block, section
from bot.slack.client import Slack
from bot.slack.forms import Values, read_values
from bot.slack.queries import names_in
from bot.slack.replies.forms import note
from bot.slack.replies.private import answer_press
from bot.slack.replies.reporting import reporting_errors
from bot.text.markup import plain_text
from bot.text.wording import mentioned

log = structlog.get_logger(__name__)


def opens_form(registry: Registry, body: Mapping[str, Any]) -> bool:
    """Whether what was chosen in the menu opens a form."""
    action = body["actions"][0]
    try:
        subcommand, offer = registry.offer(value_of(action).partition(":")[0])
    except FORGED:
        return False
    return isinstance(offer, Form) or (subcommand.form is not None and subcommand.opens(offer.rest))


def choose(
    registry: Registry,
    context: AppContext,
    slack: Slack,
    ack: Ack,
    respond: Respond,
    body: dict[str, Any],
    action: dict[str, Any],
) -> None:
    """`word.offer:incident`: the form opens, or the answer is said below the menu, which stays."""
    said: list[Answer] = []
    with reporting_errors(said.append, user=body["user"]["id"], action=action["action_id"]):
        key, _, incident = value_of(action).partition(":")
        subcommand, offer = _offer(registry, key)
        rest = "" if isinstance(offer, Form) else offer.rest
        let_in(context, body, subcommand.act_of(rest), _locate, incident)
        channel_id = str((body.get("channel") or {}).get("id") or "")
        command = _command(registry, context, body, subcommand.word, rest, channel_id, body["trigger_id"])
        with context.database.reading() as session:
            row = _locate(session, incident)
            command = replace(command, ref=row.ref if row else None)
            warning = warning_of(session, command, row, row)
            view = None
            if isinstance(offer, Form):
                view = offer.view(key, offer.fields(session, context, command.user_id, row), row, channel_id)
        if view is None and subcommand.form is not None:
            view = subcommand.form(command)
        if view is not None:
            slack.open_view(body["trigger_id"], view)
        else:
            said.append(warned(carry_out(slack, subcommand, command, _about(subcommand, command)), warning))
    answer_press(ack, respond, [one for one in said if one], in_place=False)


def sent(
    registry: Registry, context: AppContext, slack: Slack, ack: Ack, body: dict[str, Any], view: dict[str, Any]
) -> None:
    """A form of the menu. What is refused shows at its field; what the channel doesn't say, in the form's place."""

    def refuse(text: str) -> None:
        first = next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
        ack(response_action="errors", errors={first: _plain(context, text)})

    with reporting_errors(refuse, user=body["user"]["id"], view=view["callback_id"]):
        try:
            answer = _run(registry, context, slack, body, view)
        except FormRefused as refused:
            errors = {name: _plain(context, text) for name, text in refused.by_field.items()}
            ack(response_action="errors", errors=errors)
            return
        if answer:
            ack(response_action="update", view=_shown(view, answer))
        else:
            ack()


def _run(registry: Registry, context: AppContext, slack: Slack, body: dict[str, Any], view: dict[str, Any]) -> Answer:
    key, incident, channel_id = _opened(view)
    subcommand, offer = _offer(registry, key)
    if not isinstance(offer, Form):
        raise BadRequest(OUT_OF_DATE)
    values = read_values(view)
    try:
        rest = offer.words(values)
    except FORGED as forged:
        raise BadRequest(OUT_OF_DATE) from forged
    let_in(context, body, subcommand.act_of(rest), _locate, incident)
    _refuse_blank(view, values)
    trigger = f"{BY_FORM}{view.get('root_view_id') or view['id']}"  # sent twice, it is done once
    command = _command(registry, context, body, subcommand.word, rest, channel_id, trigger)
    with context.database.reading() as session:
        row = _locate(session, incident)
        offer.check(session, context, command.user_id, command.now, values)
        command = replace(command, ref=row.ref if row else None)
        warning = warning_of(session, command, row, row)
    return warned(carry_out(slack, subcommand, command, _about(subcommand, command), offer.person), warning)


def _about(subcommand: Subcommand, command: CommandContext) -> str:
    """The incident of which the answer speaks; empty for who is on call, wherever it was asked."""
    return "" if subcommand.anywhere else command.ref or ""


def _offer(registry: Registry, key: str) -> tuple[Subcommand, Offer]:
    try:
        return registry.offer(key)
    except KeyError:
        raise BadRequest(OUT_OF_DATE) from None


def _locate(session: Session, incident: str) -> IncidentRow | None:
    return incidents.get(session, number_at(incident, 0)) if incident else None


def _opened(view: dict[str, Any]) -> tuple[str, str, str]:
    """Which offer of which incident, and the channel in which it was chosen."""
    try:
        opened = json.loads(view["private_metadata"])
        return str(opened["offer"]), str(opened["incident"] or ""), str(opened["channel"])
    except FORGED as forged:
        raise BadRequest(OUT_OF_DATE) from forged


def _command(
    registry: Registry, context: AppContext, body: dict[str, Any], word: str, rest: str, channel_id: str, trigger: str
) -> CommandContext:
    user = body["user"]
    name = str(user.get("name") or user.get("username") or user["id"])
    return CommandContext(context, context.now(), word, None, rest, user["id"], name, channel_id, trigger, registry)


def _refuse_blank(view: dict[str, Any], values: Values) -> None:
    """Slack asks for what is required, and takes spaces for something."""
    needed = [block["block_id"] for block in view["blocks"] if block["type"] == "input" and not block.get("optional")]
    if blank := {name: FILL_IN for name in needed if not values.get(name)}:
        raise FormRefused(blank)


def _plain(context: AppContext, text: str) -> str:
    """A refusal as a form shows it, which knows no marks and no mentions."""
    names: Mapping[str, str] = {}
    if mentioned([text]):
        try:
            with context.database.reading() as session:
                names = names_in(session, text)
        except SQLAlchemyError as error:  # the refusal is said without names rather than not at all
            log.warning("names of a refusal not read", error=str(error).partition("\n")[0])
    return plain_text(text, names).replace("`", "").replace("*", "")


def _shown(view: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The answer in the form's place, without buttons: a press in a form has nowhere to be answered."""
    if isinstance(answer, str):
        return note(view, answer)
    blocks: list[Block] = [
        {name: part for name, part in block.items() if name != "accessory"}
        for block in answer.blocks
        if block["type"] != "actions"
    ]
    return note(view, "") | {"blocks": blocks[:100] or [section(answer.text)]}
