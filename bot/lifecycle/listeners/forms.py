"""Submitted forms: commit, then let the form close; what cannot be done is said in the form, and nothing is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.fields.messages import chosen_type, saved
from bot.fields.queries import values_of
from bot.fields.rules import Ask, Given, Value, block_of
from bot.incidents import authority
from bot.incidents.interactions import Submission, incident_at, let_in, number_at, of_form
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.listeners.buttons import form_for
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.forms import CLOSE, RESOLVE
from bot.lifecycle.messages.outcomes import sentence
from bot.playbooks.flows import results
from bot.slack.client import Slack
from bot.slack.forms import LONGEST_FIELD, read_values
from bot.slack.replies.reporting import reporting_errors
from bot.stakeholders.listeners import draw
from bot.store.outbox import enqueue

log = structlog.get_logger(__name__)


def resolved(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """Answers with the form where it is to be filled in further."""
    row = incidents.get_for_change(session, int(view["private_metadata"]))
    given, known = given_in_form(session, context, row, values, Ask.RESOLVE)
    if further := _asks_further(session, context, row, values, given, known, resolving=True):
        return further
    if Status(row.status).is_open:
        if "playbook_step" in values:
            results.credit(session, row, values["playbook_step"] or forms.NO_STEP, user_id, now)
        facts = _with_longer_ones(session, row, values)
        change.resolve(session, row, user_id, context.policy, now, resolution=facts["resolution"], cause=facts["cause"])
        change.set_fields(session, row, given, user_id, context.policy, now, known)
        return None
    changes = change.set_fields(session, row, given, user_id, context.policy, now, known)
    if changes and not (values["resolution"] or values["cause"]):
        enqueue(
            session,
            "slack.reply_privately",
            incident_id=row.incident_id,
            user_id=user_id,
            text=saved(row.ref, changes),
        )
        return None
    kept = change.add_facts(
        session, row, user_id, context.policy, now, resolution=values["resolution"], cause=values["cause"]
    )
    enqueue(session, "slack.reply_privately", incident_id=row.incident_id, user_id=user_id, text=sentence(kept))
    return None


def _asks_further(
    session: Session,
    context: AppContext,
    row: IncidentRow,
    values: dict[str, str],
    given: Given,
    known: dict[str, Value],
    resolving: bool,
) -> dict[str, Any] | None:
    """The form as it was filled in, where the type chosen in it needs fields that it did not show; else None."""
    required = context.policy.fields.missing(Ask.RESOLVE, given.type_name, known) if given.type_name else []
    if all(block_of(one.name) in values for one in required):
        return None
    form = form_for(session, row, context.policy, resolving, type_name=given.type_name)
    return form | {"blocks": [forms.as_filled(block, values) for block in form["blocks"]]}


def redraw_ending(context: AppContext, slack: Slack, view: dict[str, Any], body: dict[str, Any]) -> None:
    """A type was chosen in the form that resolves or closes: show its own fields. Where that fails, sending asks."""
    with reporting_errors(lambda text: log.warning("form was not redrawn", text=text), user=body["user"]["id"]):
        let_in(context, body, Act.CHANGE, incident_at(0), view["private_metadata"])
        with context.database.transaction() as session:
            row = incidents.get(session, number_at(view["private_metadata"], 0))
            chosen = chosen_type(read_values(view))
            form = form_for(session, row, context.policy, view["callback_id"] == RESOLVE, type_name=chosen)
        # Slack keeps what was typed into blocks that stay the same.
        shown = {block["block_id"]: block for block in view["blocks"]}
        blocks = [shown.get(block.get("block_id", ""), block) for block in form["blocks"]]
        draw(slack, view, form | {"blocks": blocks})


def given_in_form(
    session: Session, context: AppContext, row: IncidentRow, values: dict[str, str], when: Ask | None
) -> tuple[Given, dict[str, Value]]:
    """What the form says of type and custom fields, and what the incident has. Raises FormRefused."""
    policy = context.policy.fields
    known = (
        values_of(session, row.incident_id) if policy.fields and any(name in values for name in policy.blocks) else {}
    )
    return policy.read_form(values, when, row.type, known), known


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
) -> dict[str, Any] | None:
    """Answers with the form where it is to be filled in further."""
    row = incidents.get_for_change(session, int(view["private_metadata"]))
    alarm = values.get("alarm", "")  # nobody asks whether a drill was real
    if alarm == "false":
        authority.check(session, context, Act.FALSE_ALARM, user_id, now, row)
    given, known = given_in_form(session, context, row, values, Ask.RESOLVE)
    if further := _asks_further(session, context, row, values, given, known, resolving=False):
        return further
    change.set_fields(session, row, given, user_id, context.policy, now, known)
    facts = _with_longer_ones(session, row, values)
    said = change.Closing(
        cause=facts["cause"],
        resolution=facts["resolution"],
        impact=values["impact"],
        false_alarm=alarm == "false" if alarm else None,
        playbook_helped={"yes": True, "no": False}.get(values.get("playbook", "")),
    )
    change.close(session, row, user_id, said, context.policy, now)
    if said.playbook_helped is not None:
        results.credit_last(session, row, said.playbook_helped)
    return None


SUBMISSIONS = {
    RESOLVE: Submission(resolved, "resolution", Act.CHANGE, of_form),
    CLOSE: Submission(closed, "cause", Act.CHANGE, of_form),
}
