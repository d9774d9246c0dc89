"""/incident diagnose: what to look at, and when; the worker looks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.diagnostics import flows, messages
from bot.diagnostics.checks.asking import targets
from bot.diagnostics.flows import Destination
from bot.diagnostics.rules.request import parse
from bot.errors import BadRequest
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.interactions import RESOURCE, Press, incident_at
from bot.incidents.menu import OPEN, Form, Group, at_field
from bot.incidents.queries import incidents, timeline
from bot.incidents.queries.incidents import described
from bot.incidents.rules.authority import Act
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack.blocks import Block
from bot.slack.client import Message
from bot.slack.forms import Values
from bot.text.instants import parse_past, zone_name
from bot.text.markup import plain_text


def _diagnose(session: Session, command: CommandContext) -> str | Message:
    context = command.context
    if context.aws is None:
        raise BadRequest(messages.NOT_CONFIGURED)
    row = incident_of(session, command)
    typed = plain_text(command.rest)
    if not typed:
        found = flows.offers(_words(session, row), context.policy.diagnostics)
        if found:
            return messages.offer(f"{row.incident_id}", found)
    asked = parse(typed)
    wanted = targets(asked, context.policy.diagnostics)
    at = _instant(session, command, asked.at)
    flows.request(session, Destination(row.incident_id), wanted, at, command.user_id, command.trigger_id)
    return messages.begun([f"{one.service} {one.name}" for one in wanted])


def diagnose_offered(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str:
    """A press on `Diagnose orders-api`: `value` is the incident, the service and the name."""
    incident_id, service, name = value.split(":", 2)
    words = _words(session, incidents.get(session, int(incident_id)))
    asked = flows.find_offer(context.policy.diagnostics, service, name, words)
    if context.aws is None or asked is None:
        raise BadRequest(messages.NO_LONGER_OFFERED)
    where = Destination(int(incident_id))
    flows.request(session, where, [asked], None, user_id, f"{value}:{user_id}:{now.isoformat()}")
    return messages.begun([f"{service} {name}"])


def _words(session: Session, row: IncidentRow) -> str:
    """What the incident says of itself, and what its alarms said."""
    alarms = timeline.list_rows(session, row.incident_id, (Kind.ALARMS_CHECKED,))
    return "\n".join([described(row), *(plain_text(entry.text) for entry in alarms)])


PRESSES = {messages.OFFERED: Press(diagnose_offered, Act.CHANGE, incident_at(0), RESOURCE)}


def _instant(session: Session, command: CommandContext, typed: str | None) -> datetime | None:
    if typed is None:
        return None
    return parse_past(typed, command.now, time_zone_of(session, command.context, command.user_id))


def _fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    return messages.form_fields(zone_name(time_zone_of(session, context, user_id)))


def _check(session: Session, context: AppContext, user_id: str, now: datetime, values: Values) -> None:
    with at_field(messages.AT):
        if values[messages.AT]:
            parse_past(values[messages.AT], now, time_zone_of(session, context, user_id))


SUBCOMMANDS = (
    Subcommand(
        "diagnose",
        "diagnose lambda orders-api --at 14:05",
        "What AWS shows about a resource: read-only checks, results in the channel and on the timeline. "
        "A pasted ARN works too; alone it offers what the incident speaks of.",
        answer=_diagnose,
        aliases=("diag",),
        menu={
            "resource": Form(
                label="Diagnose",
                group=Group.MORE,
                where=OPEN,
                fields=_fields,
                words=messages.typed_in_form,
                submit="Diagnose",
                check=_check,
                available=lambda context, _row, _user: context.aws is not None,
            )
        },
    ),
)
