"""/incident type and /incident field, and the form of all fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.errors import BadRequest
from bot.fields import messages
from bot.fields.messages import CHOOSE_TYPE, FIELDS, OPEN_FORM
from bot.fields.queries import values_of
from bot.fields.rules import TYPE, Given, block_of
from bot.incidents.commands import ALONE, Answer, CommandContext, Subcommand, incident_of
from bot.incidents.flows.record import learn_names_later
from bot.incidents.interactions import ID, Opening, Press, Submission, incident_at, number_at, of_form
from bot.incidents.menu import Buttons
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_private
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.listeners.forms import given_in_form
from bot.reviews.flows.drafting import redraft_later
from bot.reviews.messages.review import left_as_approved
from bot.slack.text import person
from bot.store.outbox import enqueue
from bot.text.markup import escape, plain_text


def _type(session: Session, command: CommandContext) -> Answer:
    policy = command.context.policy
    if not command.rest:
        row = incident_of(session, command)
        return messages.type_question(incidents.facts(row), policy.fields, row.type)
    row = incident_of(session, command, for_change=True)
    return _set(session, policy, row, Given(_read_type(policy, plain_text(command.rest))), command.user_id, command.now)


def _read_type(policy: Policy, typed: str) -> str:
    try:
        return policy.fields.read_type(typed)
    except BadRequest as refused:  # it names what stands in the policy
        raise BadRequest(escape(str(refused))) from None


def _field(session: Session, command: CommandContext) -> str:
    """`field name` says what it holds, `field name value` sets it; `type` counts as a field, too."""
    policy, typed = command.context.policy, plain_text(command.rest)
    row = incident_of(session, command, for_change=True)
    first, _, rest = typed.replace(":", " ", 1).replace("=", " ", 1).partition(" ")
    if first.lower() == TYPE and rest.strip():
        return _set(session, policy, row, Given(_read_type(policy, rest)), command.user_id, command.now)
    try:
        one, value = policy.fields.read_field(typed)
        known = values_of(session, row.incident_id)
        held = known[one.name].value if one.name in known else ""
        if not value:
            return messages.field_is(row.ref, one, held)
        given = Given(values={one.name: one.read(value, held)})
    except BadRequest as refused:
        raise BadRequest(escape(str(refused))) from None
    if given.values[one.name] == held:
        return messages.unchanged(row.ref, one.title, held)
    return _set(session, policy, row, given, command.user_id, command.now)


def _set(session: Session, policy: Policy, row: IncidentRow, given: Given, by: str, now: datetime) -> str:
    changes = change.set_fields(session, row, given, by, policy, now)
    if not changes:
        return messages.unchanged(row.ref, "Type", policy.fields.title_of(row.type))
    return _answer(session, policy, row, messages.answer(row.ref, changes), by)


def _answer(session: Session, policy: Policy, row: IncidentRow, changed: str, by: str) -> str:
    """What changed, and what does not follow by itself."""
    learn_names_later(session, person(by))  # nothing is posted, and the page names them
    said = [changed]
    if policy.fields.is_private(row.type) and not is_private(row.ref):
        said.append(messages.now_private(row.ref, policy.fields.title_of(row.type)))
    if not redraft_later(session, row):
        said.append(left_as_approved(row.ref))
    return " ".join(said)


def choose_type(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    name, incident_id = value.split(":")
    row = incidents.get_for_change(session, int(incident_id))
    return _set(session, context.policy, row, Given(_read_type(context.policy, name)), user_id, now)


def _form(command: CommandContext) -> dict[str, Any] | None:
    """`field` alone opens the form of all of them."""
    if command.rest or not command.context.policy.fields:
        return None
    with command.context.database.transaction() as session:
        return _form_of(session, command.context.policy, incident_of(session, command))


def _form_of(session: Session, policy: Policy, row: IncidentRow) -> dict[str, Any]:
    return messages.fields_form(incidents.facts(row), policy.fields, row.type, values_of(session, row.incident_id))


def _opened(
    session: Session, context: AppContext, action: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any]:
    """From the menu, and from what is said to be missing."""
    return _form_of(session, context.policy, incidents.get(session, number_at(action["value"], 0)))


def saved(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    """The form of all fields. What is required may stay empty: the incident goes on."""
    row = incidents.get_for_change(session, int(view["private_metadata"]))
    given, known = given_in_form(session, context, row, values, None)
    changes = change.set_fields(session, row, given, user_id, context.policy, now, known)
    if changes:
        text = _answer(session, context.policy, row, messages.saved(row.ref, changes), user_id)
        enqueue(session, "slack.reply_privately", incident_id=row.incident_id, user_id=user_id, text=text)


SUBCOMMANDS = (
    Subcommand(
        "type",
        "type data",
        "Say what kind of incident it is. Alone it shows the types to choose from.",
        answer=_type,
        aliases=("types",),
        reads=ALONE,
        menu=Buttons((messages.OPEN_FORM,)),
    ),
    Subcommand(
        "field",
        "field found-by customer",
        "Fill in a custom field; `-` clears it. Alone it opens a form with all of them.",
        answer=_field,
        aliases=("fields",),
        form=_form,
        menu=Buttons((messages.OPEN_FORM,)),
    ),
)
OPENINGS = {OPEN_FORM: Opening(_opened, Act.CHANGE, incident_at(0))}
PRESSES = {CHOOSE_TYPE: Press(choose_type, Act.CHANGE, incident_at(1), rf"[A-Za-z][\w-]{{0,40}}:{ID}")}
SUBMISSIONS = {FIELDS: Submission(saved, block_of(TYPE), Act.CHANGE, of_form)}
