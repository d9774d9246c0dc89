"""The channel's subcommands: roles, catching up, lists, false alarms, duplicates."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, UnknownIncident
from bot.escalation.flows import people
from bot.incidents import visibility
from bot.incidents.commands import ALONE, Appointed, CommandContext, Subcommand, incident_of, is_insider
from bot.incidents.interactions import let_in, number_at
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_private
from bot.incidents.rules.responders import ResponderRole, mentioned_person, parse_responder_role
from bot.lifecycle.flows import catchup, end, responders
from bot.lifecycle.listeners.timeline import _REF
from bot.lifecycle.messages import access, channel
from bot.lifecycle.messages.command import roles
from bot.lifecycle.messages.outcomes import sentence
from bot.slack.client import Message
from bot.slack.reporting import reporting_errors
from bot.slack.whispers import answer_press
from bot.text.markup import plain_text


def _role(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    if not command.rest:
        return roles(row.ref, incidents.list_roles(session, row.incident_id))
    part, user_id = _part_and_person(session, command)
    return sentence(
        responders.assign(session, row, part, user_id, command.user_id, command.context.policy, command.now)
    )


def _part_and_person(session: Session, command: CommandContext) -> tuple[ResponderRole, str]:
    """The role that is given and to whom: whoever typed it where nobody is named."""
    mentioned = mentioned_person(command.rest)
    part, name = parse_responder_role(plain_text(re.sub(r"<@[^>]*>", " ", command.rest)))
    if mentioned is None and name and name.lower() not in ("me", "myself", "i"):
        mentioned = people.find_person(session, name, command.context.policy.contacts, command.now)
    return part, mentioned or command.user_id


def _appointed(session: Session, command: CommandContext) -> Appointed | None:
    row = incident_of(session, command)
    return Appointed(_part_and_person(session, command)[1], row.channel_id) if command.rest else None


def _catchup(session: Session, command: CommandContext) -> Message:
    row = incident_of(session, command)
    return channel.brief(catchup.catch_up(session, row, command.context.policy), command.now)


def show_list(session: Session, command: CommandContext) -> Message:
    words = command.rest.lower().split()
    number = next((int(word) for word in words if word.isdecimal() and len(word) < 6), 1)
    which = "closed" if {"closed", "resolved", "over", "past"} & set(words) else "mine" if "mine" in words else "open"
    return _page(session, command.context, which, number, command.user_id, command.now)


def _page(session: Session, context: AppContext, which: str, number: int, user_id: str, now: datetime) -> Message:
    page = max(1, number)
    closed, mine = which == "closed", which == "mine"
    rows, total = visibility.list_page(
        session, user_id, offset=(page - 1) * channel.PAGE, limit=channel.PAGE, closed=closed, mine=mine
    )
    if not rows and page > 1:
        page = max(1, (total + channel.PAGE - 1) // channel.PAGE)
        rows, total = visibility.list_page(
            session, user_id, offset=(page - 1) * channel.PAGE, limit=channel.PAGE, closed=closed, mine=mine
        )
    return channel.listing([incidents.facts(row) for row in rows], total, page, which, now)


def turn_page(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
    """Next or earlier page, in place of the one that is shown."""
    user_id = body["user"]["id"]
    said: list[str | Message] = []
    with reporting_errors(said.append, user=user_id):
        let_in(context, body, Act.READ)
        which, number = action["value"].partition(":")[0], number_at(action["value"], 1)
        with context.database.transaction() as session:
            said.append(_page(session, context, which, number, user_id, context.now()))
    answer_press(ack, respond, said)


def _false_alarm(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    return sentence(
        end.false_alarm(session, row, command.user_id, command.context.policy, command.now, plain_text(command.rest))
    )


def _merge(session: Session, command: CommandContext) -> str | Message:
    """`merge REF` in the duplicate's own channel, or `merge DUPLICATE REF` anywhere."""
    refs = [ref.upper() for ref in _REF.findall(" ".join(part for part in (command.ref, command.rest) if part))]
    here = incidents.find_by_channel(session, command.channel_id)
    if not refs or len(refs) > 2 or (len(refs) == 1 and here is None):
        raise BadRequest(channel.NAME_KEPT)
    found = [incidents.find_by_ref(session, ref) for ref in refs]
    rows = [row for row in found if row is not None and is_insider(session, command, row)]
    if len(rows) < len(refs):
        known = {row.ref for row in rows}
        raise UnknownIncident(channel.no_such_incident(next(ref for ref in refs if ref not in known)))
    duplicate, target = (rows[0], rows[1]) if len(rows) == 2 else (here or rows[0], rows[0])
    if is_private(target.ref) and duplicate.incident_id != target.incident_id:
        end.check_merge(duplicate, target)
        people = end.let_in_by(session, duplicate, target, command.user_id)
        return access.merge_question(incidents.facts(duplicate), incidents.facts(target), people)
    return sentence(
        end.merge(
            session, duplicate.incident_id, target.incident_id, command.user_id, command.context.policy, command.now
        )
    )


SUBCOMMANDS = (
    Subcommand(
        "catchup",
        "catchup",
        "Current status, for you only: impact, cause, key moments, what is open.",
        answer=_catchup,
        aliases=("catch-up", "summary", "brief"),
        act=Act.READ,
    ),
    Subcommand(
        "role",
        "role scribe @someone",
        "Assign a role. Alone it lists who has which role, and what is expected of them.",
        answer=_role,
        appoints=_appointed,
        aliases=("roles",),
        reads=ALONE,
    ),
    Subcommand(
        "list",
        "list closed 2",
        "List open incidents, most severe first. Add `mine`, `closed` or a page number.",
        answer=show_list,
        aliases=("ls",),
        anywhere=True,
        act=Act.READ,
    ),
    Subcommand(
        "merge",
        "merge INC-2026-0001",
        "Close this incident as a duplicate of another. Pages stop; its timeline moves there.",
        answer=_merge,
        aliases=("duplicate",),
        act=Act.MERGE,
    ),
    Subcommand(
        "false-alarm",
        "false-alarm the probe was wrong",
        "Close as a false alarm. Stops all pages; no review is due.",
        answer=_false_alarm,
        aliases=("falsealarm", "false"),
        act=Act.FALSE_ALARM,
    ),
)
