"""Buttons and selects. Each: one transaction, then the acknowledgement; a refusal goes to that person only."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.diagnostics.messages import on_card
from bot.diagnostics.queries import find_evidence
from bot.fields.messages import asked_on_ending
from bot.fields.queries import values_of
from bot.incidents.interactions import ID, Opening, Press, incident_at, number_at
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status, check_transition, is_private
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.rules.outcomes import Outcome, Unchanged
from bot.playbooks.flows import results
from bot.severity.rules import Severity


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
    return _unless_said(change.set_status(session, row, Status(status), user_id, context.policy, now))


def set_severity(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    severity, incident_id = value.split(":")
    row = incidents.get_for_change(session, int(incident_id))
    return _unless_said(change.set_severity(session, row, Severity(severity), user_id, context.policy, now))


def _unless_said(outcome: Outcome) -> str | None:
    """Nothing for what a line below the card says to everybody."""
    return sentence(outcome) if isinstance(outcome, Unchanged) else None


def form_for(
    session: Session,
    row: IncidentRow,
    policy: Policy,
    resolving: bool,
    resolution: str = "",
    type_name: str | None = None,
) -> dict[str, Any]:
    """The form that resolves or closes, with what is known filled in.

    `resolution` is what was typed just now, `type_name` the type that was chosen in the form. The form that closes asks
    about the playbook where one was used or shown; a security incident has it on the card.
    """
    incident = change.offered(session, row)
    given = values_of(session, row.incident_id) if policy.fields else {}
    asked = asked_on_ending(policy.fields, row.type, given, not resolving, type_name)
    if resolving:
        known = find_evidence(session, row.incident_id)
        return forms.resolve_form(incident, *results.choices(session, row), asked, on_card(known) if known else "")
    used, helped = results.was_used(session, row)
    shown = is_private(row.ref) or any(item.kind == "playbook" for item in row.similar)
    incident = replace(incident, resolution=resolution or incident.resolution)
    return forms.close_form(incident, used or shown, helped, used, asked)


def _ending_form(
    session: Session, context: AppContext, action: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any]:
    """Of Resolve and Close. Raises TransitionRefused where the incident has moved on."""
    row = incidents.get(session, number_at(action["value"], 0))
    resolving = action["action_id"] == RESOLVE
    check_transition(row.ref, Status(row.status), Status.RESOLVED if resolving else Status.CLOSED)
    return form_for(session, row, context.policy, resolving)


RESOLVE, CLOSE = "incident_resolve", "incident_close"
OPENINGS = {action_id: Opening(_ending_form, Act.CHANGE, incident_at(0)) for action_id in (RESOLVE, CLOSE)}
_SEVERITY = f"({'|'.join(Severity)}):{ID}"
_STATUS = f"({'|'.join(Status)}):{ID}"
PRESSES = {
    "incident_acknowledge": Press(acknowledge, Act.CHANGE, incident_at(-1), f"({ID}:)?{ID}"),
    "page_acknowledge": Press(acknowledge, Act.CHANGE, incident_at(-1), f"({ID}:)?{ID}"),
    "incident_command": Press(take_command, Act.CHANGE, incident_at(0), ID),
    "incident_status": Press(set_status, Act.CHANGE, incident_at(1), _STATUS),
    "incident_severity": Press(set_severity, Act.CHANGE, incident_at(1), _SEVERITY),
}
