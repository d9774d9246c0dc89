"""The channel's subcommands: roles, catching up, lists, false alarms, duplicates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, UnknownIncident
from bot.escalation.flows import people
from bot.fields.queries import matching
from bot.fields.rules import Filter, read_filters
from bot.incidents import visibility
from bot.incidents.commands import (
    ALONE,
    Answer,
    Appointed,
    CommandContext,
    Subcommand,
    incident_of,
    is_insider,
    unless_said,
)
from bot.incidents.interactions import let_in, number_at
from bot.incidents.menu import BEFORE_CLOSED, ELSEWHERE, OF_INCIDENT, OPEN, Form, Group, Shown
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import REF, is_drill, is_private
from bot.incidents.rules.responders import ResponderRole, mentioned_person, parse_responder_role
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import catchup, end, responders
from bot.lifecycle.messages import access, channel
from bot.lifecycle.messages.command import roles
from bot.lifecycle.messages.menu import forms as command_forms
from bot.lifecycle.messages.outcomes import sentence
from bot.slack.blocks import Block
from bot.slack.client import Message
from bot.slack.replies.private import answer_press
from bot.slack.replies.reporting import reporting_errors
from bot.text.markup import escape, plain_text


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
    filters, rest = _filters(plain_text(command.rest), command.context)
    words = rest.lower().split()
    unknown = [word for word in words if not word.isdecimal() and word not in _LIST_WORDS]
    if unknown:
        raise BadRequest(channel.not_listed_by(unknown[0]))
    number = next((int(word) for word in words if word.isdecimal() and len(word) < 6), 1)
    which = "closed" if _OVER & set(words) else "mine" if {"mine", "my"} & set(words) else "open"
    return _page(session, command.context, _Wanted(which, number, filters), command.user_id, command.now)


_OVER = frozenset({"closed", "resolved", "over", "past"})
_LIST_WORDS = _OVER | {"open", "mine", "my", "all", "incidents", "page"}


def _filters(typed: str, context: AppContext) -> tuple[Sequence[Filter], str]:
    """`type:data region:EU`, and the words that are no filters. Raises BadRequest."""
    try:
        return read_filters(typed, context.policy.fields)
    except BadRequest as refused:  # it names what stands in the policy
        raise BadRequest(escape(str(refused))) from None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A page of a list: of open, closed or one's own incidents, narrowed by filters."""

    which: str
    number: int
    filters: Sequence[Filter]


def _page(session: Session, context: AppContext, wanted: _Wanted, user_id: str, now: datetime) -> Message:
    page, where = max(1, wanted.number), matching(wanted.filters)
    closed, mine = wanted.which == "closed", wanted.which == "mine"

    def read(page: int) -> tuple[Sequence[IncidentRow], int]:
        first = (page - 1) * channel.PAGE
        return visibility.list_page(
            session, user_id, offset=first, limit=channel.PAGE, closed=closed, mine=mine, where=where
        )

    rows, total = read(page)
    if not rows and page > 1:
        page = max(1, (total + channel.PAGE - 1) // channel.PAGE)
        rows, total = read(page)
    types = [context.policy.fields.title_of(row.type) for row in rows]
    narrowed = " ".join(one.typed for one in wanted.filters)
    return channel.listing(
        [incidents.facts(row) for row in rows], total, page, wanted.which, now, types, narrowed, wanted.number
    )


def turn_page(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
    """Next or earlier page, in place of the one that is shown."""
    user_id = body["user"]["id"]
    said: list[str | Message] = []
    with reporting_errors(said.append, user=user_id):
        let_in(context, body, Act.READ)
        which, _, typed = (*action["value"].split(":", 2), "", "")[:3]
        wanted = _Wanted(which, number_at(action["value"], 1), _filters(typed, context)[0])
        with context.database.transaction() as session:
            said.append(_page(session, context, wanted, user_id, context.now()))
    answer_press(ack, respond, said)


def _false_alarm(session: Session, command: CommandContext) -> Answer:
    row = incident_of(session, command, for_change=True)
    why = plain_text(command.rest)
    outcome = end.false_alarm(session, row, command.user_id, command.context.policy, command.now, why)
    return unless_said(command, row, sentence(outcome))


def _merge(session: Session, command: CommandContext) -> str | Message:
    """`merge REF` in the duplicate's own channel, or `merge DUPLICATE REF` anywhere."""
    refs = [ref.upper() for ref in REF.findall(" ".join(part for part in (command.ref, command.rest) if part))]
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


def _role_fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    return command_forms.role_fields(incidents.list_roles(session, row.incident_id) if row else {}, user_id)


def _merge_fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    """The open incidents with which this one may be merged without a further question."""
    rows = visibility.list_rows(session, user_id, limit=100)
    kind = row is not None and is_drill(row.ref)
    others = [one for one in rows if row is not None and one.incident_id != row.incident_id]
    fitting = [one for one in others if not is_private(one.ref) and is_drill(one.ref) == kind]
    return command_forms.merge_fields([incidents.facts(one) for one in fitting])


SUBCOMMANDS = (
    Subcommand(
        "catchup",
        "catchup",
        "Current status, for you only: impact, cause, key moments, what is open.",
        answer=_catchup,
        aliases=("catch-up", "summary", "brief"),
        act=Act.READ,
        menu={"now": Shown(label="Catch up", group=Group.LOOK_UP, where=OF_INCIDENT)},
    ),
    Subcommand(
        "role",
        "role scribe @someone",
        "Assign a role. Alone it lists who has which role, and what is expected of them.",
        answer=_role,
        appoints=_appointed,
        aliases=("roles",),
        reads=ALONE,
        menu={
            "give": Form(
                label="Give a role",
                group=Group.PEOPLE,
                where=OPEN,
                fields=_role_fields,
                words=command_forms.role_words,
                submit="Give the role",
                person=command_forms.WHO,
            )
        },
    ),
    Subcommand(
        "list",
        "list closed 2",
        "List open incidents, most severe first. Add `mine`, `closed`, `type:data`, `field:value` or a page number.",
        answer=show_list,
        aliases=("ls",),
        anywhere=True,
        act=Act.READ,
        menu={
            "mine": Shown(label="My incidents", group=Group.LOOK_UP, where=ELSEWHERE, rest="mine"),
            "closed": Shown(label="Past incidents", group=Group.LOOK_UP, where=ELSEWHERE, rest="closed"),
        },
    ),
    Subcommand(
        "merge",
        "merge INC-2026-0001",
        "Close this incident as a duplicate of another. Pages stop; its timeline moves there.",
        answer=_merge,
        aliases=("duplicate",),
        act=Act.MERGE,
        menu={
            "into": Form(
                label="Merge a duplicate",
                group=Group.CHANGE,
                where=BEFORE_CLOSED,
                fields=_merge_fields,
                words=command_forms.which,
                submit="Merge",
            )
        },
    ),
    Subcommand(
        "false-alarm",
        "false-alarm the probe was wrong",
        "Close as a false alarm. Stops all pages; no review is due.",
        answer=_false_alarm,
        aliases=("falsealarm", "false"),
        act=Act.FALSE_ALARM,
        menu={
            "why": Form(
                label="False alarm",
                group=Group.CHANGE,
                where=BEFORE_CLOSED,
                fields=lambda *_: command_forms.reason_fields(
                    "What was it?", "the probe was wrong", "The incident is closed, pages stop and no review is due."
                ),
                words=command_forms.why,
                submit="Close it",
            )
        },
    ),
)
