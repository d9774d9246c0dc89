"""Buttons and selects. Each: one transaction, then the acknowledgement; a refusal goes to that person only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents.interactions import incident_at, let_in, number_at
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status, check_transition, is_private
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.outcomes import sentence
from bot.playbooks.flows import results
from bot.severity.rules import Severity
from bot.slack.client import Slack
from bot.slack.reporting import reporting_errors
from bot.slack.whispers import answer_press


def acknowledge(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """From the card (`incident id`) or from a page (`ping id:incident id`)."""
    row = incidents.get_for_change(session, int(value.split(":")[-1]))
    return sentence(change.acknowledge(session, row, user_id, context.policy, now))


def take_command(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    row = incidents.get_for_change(session, int(value))
    return sentence(change.take_command(session, row, user_id, context.policy, now))


def set_status(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    status, incident_id = value.split(":")
    row = incidents.get_for_change(session, int(incident_id))
    return sentence(change.set_status(session, row, Status(status), user_id, context.policy, now))


def set_severity(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    severity, incident_id = value.split(":")
    row = incidents.get_for_change(session, int(incident_id))
    return sentence(change.set_severity(session, row, Severity(severity), user_id, context.policy, now))


def form_for(session: Session, row: IncidentRow, resolving: bool) -> dict[str, Any]:
    """The form that resolves or closes, with what is known filled in.

    The one that closes asks about the playbook where one was used or shown; a security incident has it on the card.
    """
    incident = change.offered(session, row)
    if resolving:
        return forms.resolve_form(incident, *results.choices(session, row))
    used, helped = results.was_used(session, row)
    shown = is_private(row.ref) or any(item.kind == "playbook" for item in row.similar)
    return forms.close_form(incident, used or shown, helped)


def open_form(
    context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]
) -> None:
    """Resolve and Close open a form; where the incident has moved on, the answer says so instead."""

    said: list[str] = []
    with reporting_errors(said.append, user=body["user"]["id"], action=action["action_id"]):
        let_in(context, body, Act.CHANGE, incident_at(0), action["value"])
        with context.database.transaction() as session:
            row = incidents.get(session, number_at(action["value"], 0))
            resolving = action["action_id"] == "incident_resolve"
            check_transition(row.ref, Status(row.status), Status.RESOLVED if resolving else Status.CLOSED)
            view = form_for(session, row, resolving)
        slack.open_view(body["trigger_id"], view)
    answer_press(ack, respond, said)
