"""Submitted forms: commit, then let the form close; what cannot be done is said in the form, and nothing is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents import authority
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.outcomes import sentence
from bot.playbooks.flows import results
from bot.slack.forms import LONGEST_FIELD
from bot.store.outbox import enqueue


def resolved(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    row = incidents.get_for_change(session, int(view["private_metadata"]))
    if Status(row.status).is_open:
        if "playbook_step" in values:
            results.credit(session, row, values["playbook_step"] or forms.NO_STEP, user_id, now)
        facts = _with_longer_ones(session, row, values)
        change.resolve(session, row, user_id, context.policy, now, resolution=facts["resolution"], cause=facts["cause"])
        return
    kept = change.add_facts(
        session, row, user_id, context.policy, now, resolution=values["resolution"], cause=values["cause"]
    )
    enqueue(session, "slack.whisper", incident_id=row.incident_id, user_id=user_id, text=sentence(kept))


def _with_longer_ones(session: Session, row: IncidentRow, values: dict[str, str]) -> dict[str, str]:
    """What was typed; where a field was left empty as it could not hold what was offered, that."""
    offered = change.offered(session, row)
    return values | {
        name: whole
        for name, whole in (("cause", offered.cause), ("resolution", offered.resolution))
        if whole and len(whole) > LONGEST_FIELD and not values[name] and whole != getattr(row, name)
    }


def closed(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    row = incidents.get_for_change(session, int(view["private_metadata"]))
    if values["alarm"] == "false":
        authority.check(session, context, Act.FALSE_ALARM, user_id, now, row)
    facts = _with_longer_ones(session, row, values)
    said = change.Closing(
        cause=facts["cause"],
        resolution=facts["resolution"],
        impact=values["impact"],
        false_alarm=values["alarm"] == "false",
        playbook_helped={"yes": True, "no": False}.get(values.get("playbook", "")),
    )
    change.close(session, row, user_id, said, context.policy, now)
    if said.playbook_helped is not None:
        results.credit_last(session, row, said.playbook_helped)
