"""/incident diagnose: what to look at, and when; the worker looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.diagnostics import flows, messages
from bot.diagnostics.checks.asking import find_check
from bot.diagnostics.rules.request import parse
from bot.errors import BadRequest
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.text.instants import parse_past
from bot.text.markup import plain_text


def _diagnose(session: Session, command: CommandContext) -> str:
    if command.context.aws is None:
        raise BadRequest(messages.NOT_CONFIGURED)
    asked = parse(plain_text(command.rest))
    check = find_check(asked)
    at = _instant(command, asked.at)
    row = incident_of(session, command)
    flows.request(session, row, replace(asked, at=None), check.word, at, command.user_id, command.trigger_id)
    return messages.begun(f"{check.word} {asked.name}")


def _instant(command: CommandContext, typed: str | None) -> datetime | None:
    if typed is None:
        return None
    return parse_past(typed, command.now, command.context.policy.calendar.zone)


SUBCOMMANDS = (
    Subcommand(
        "diagnose",
        "diagnose lambda orders-api --at 14:05",
        "What AWS shows about a resource: read-only checks, results in the channel and on the timeline. "
        "A pasted ARN works too.",
        answer=_diagnose,
        aliases=("diag",),
    ),
)
