"""/incident remind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents.commands import ALONE, CommandContext, Subcommand, incident_of
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.menu import OPEN, Form, Group, Shown, at_field
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import reminders
from bot.lifecycle.messages import reminders as messages
from bot.lifecycle.messages.menu import forms as command_forms
from bot.lifecycle.queries import reminders as store
from bot.lifecycle.rules.reminding import parse_reminder, parse_when
from bot.slack.blocks import Block
from bot.slack.forms import Values
from bot.text.instants import zone_name
from bot.text.markup import plain_text

_CANCEL = ("cancel", "remove", "delete")


def _remind(session: Session, command: CommandContext) -> str:
    typed = plain_text(command.rest)
    row = incident_of(session, command, for_change=bool(typed))
    if not typed or typed.lower() == "list":
        waiting = store.list_waiting(session, row.incident_id)
        return messages.listed(row.ref, [(one.due_at, one.user_id, one.text) for one in waiting])
    word, _, rest = typed.partition(" ")
    if word.lower() in _CANCEL:
        return messages.cancelled(reminders.cancel(session, row, rest.strip()))
    zone = time_zone_of(session, command.context, command.user_id)
    at, words = parse_reminder(typed, command.now, zone, command.context.policy.calendar.opens)
    reminders.plan(session, row, f"command:{command.trigger_id}", command.user_id, at, words, command.now)
    return messages.planned(row.ref, at, words)


def _fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    return command_forms.remind_fields(zone_name(time_zone_of(session, context, user_id)))


def _check(session: Session, context: AppContext, user_id: str, now: datetime, values: Values) -> None:
    zone = time_zone_of(session, context, user_id)
    with at_field(command_forms.WHEN):
        parse_when(values[command_forms.WHEN], now, zone, context.policy.calendar.opens)


SUBCOMMANDS = (
    Subcommand(
        "remind",
        "remind 15 min check the replica",
        "Be reminded where the incident is worked on; alone it lists what is to come, `remind cancel 1` cancels.",
        answer=_remind,
        aliases=("reminder", "timer"),
        reads=ALONE | {"list"},
        menu={
            "new": Form(
                label="Reminder",
                group=Group.RECORD,
                where=OPEN,
                fields=_fields,
                words=command_forms.remind_words,
                submit="Remind me",
                check=_check,
            ),
            "list": Shown(label="Reminders", group=Group.FOLLOW_UP, where=OPEN, rest="list"),
        },
    ),
)
