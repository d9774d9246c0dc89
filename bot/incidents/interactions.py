"""Presses and submitted forms: let in, one transaction, then the acknowledgement.

A refused press is said to that person only, a refused form in the form, and nothing that was typed is lost. What comes
with a press or a form, its value and its metadata, is not believed: it names an incident, and whether this person may
see that one and do this to it is asked of `authority`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from slack_bolt import Ack, Respond
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, FormRefused
from bot.incidents import authority
from bot.incidents.flows.access import note_access
from bot.incidents.flows.home import draw_home
from bot.incidents.messages import marked_text
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.slack.client import Slack
from bot.slack.forms import read_values
from bot.slack.replies.private import answer_press
from bot.slack.replies.reporting import reporting_errors

# What a press does: (session, context, value, user id, now) → a sentence for the person; None where the screen says it.
Pressed = Callable[[Session, AppContext, str, str, datetime], str | None]
# Of which incident a press speaks, by its value; None for one that speaks of none, such as a vote.
Locate = Callable[[Session, str], IncidentRow | None]
Way = TypeVar("Way")  # a Press, an Opening or a Submission
# Patterns of what buttons carry: an id as the database has them, two of them, a resource of AWS after an id.
ID = r"\d{1,9}"
PAIR = f"{ID}:{ID}"
RESOURCE = rf"{ID}:\w{{1,40}}:.{{1,1900}}"


@dataclass(frozen=True, slots=True)
class Press:
    """A button or select: what it does, what somebody must be let do for it, and which incident it is about.

    `shape` is a pattern of all that it can carry; whatever else comes was not put there by us.
    """

    run: Pressed
    act: Act
    locate: Locate
    shape: str

    def check_shape(self, value: str) -> None:
        """Raises BadRequest for a value that no button of ours carries."""
        if not re.fullmatch(self.shape, value, re.ASCII):
            raise BadRequest(OUT_OF_DATE)


def incident_at(part: int) -> Locate:
    """The incident whose id stands in that part of `one:two`."""
    return lambda session, value: incidents.get(session, number_at(value, part))


def of_no_incident(session: Session, value: str) -> None:
    """For presses that speak of none."""


def of_report(session: Session, value: str) -> None:
    """A report belongs to the announcement channel, which everybody reads; the number must be one."""
    number_at(value, -1)


def number_at(value: str, part: int) -> int:
    """The number in that part of `one:two`. Raises BadRequest where there is none."""
    parts = value.split(":")
    typed = parts[part] if -len(parts) <= part < len(parts) else ""
    if not re.fullmatch(ID, typed, re.ASCII):
        raise BadRequest(OUT_OF_DATE)
    return int(typed)


# What reading a value or the metadata of a form may raise where it is none of ours; JSON may be too deep to read.
FORGED = (NoResultFound, ValueError, KeyError, TypeError, RecursionError)
OUT_OF_DATE = "This button is out of date. Use the button on the latest message, or type `/incident help`."


def value_of(action: dict[str, Any]) -> str:
    """What a button or the chosen option carries."""
    if action.get("selected_user"):  # of a menu of people: its block says what they are chosen for
        return f"{action['block_id']}:{action['selected_user']}"
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")


def let_in(
    context: AppContext, body: dict[str, Any], act: Act, locate: Locate = of_no_incident, value: str = ""
) -> None:
    """For a way in that opens its transactions itself. Raises NotAllowed, UnknownIncident and BadRequest."""
    user_id = body["user"]["id"]
    context.look_up(user_id)
    with context.database.transaction() as session:
        _admit(session, context, body, act, locate, value)


def _admit(
    session: Session, context: AppContext, body: dict[str, Any], act: Act, locate: Locate, value: str
) -> IncidentRow | None:
    """The incident that it is about. Raises NotAllowed, UnknownIncident and BadRequest."""
    try:
        row = locate(session, value)
    except FORGED as forged:
        raise BadRequest(OUT_OF_DATE) from forged
    channel_id = (body.get("channel") or {}).get("id")
    authority.admit(session, context, act, body["user"]["id"], context.now(), row, channel_id)
    note_access(session, row, body["user"]["id"], _done(body), context.now())
    return row


def _done(body: dict[str, Any]) -> str:
    """`pressed incident_status`, `sent the form incident_close`; a shortcut is named by its id, too."""
    actions = body.get("actions") or []
    if actions:
        return f"pressed {actions[0].get('action_id')}"
    name = (body.get("view") or {}).get("callback_id") or body.get("callback_id")
    return f"sent the form {name}" if body.get("type") == "view_submission" else f"opened the form {name}"


def pressed(press: Press) -> Callable[..., None]:
    """A listener that runs `press` in its transaction, acknowledges, and whispers what there is to say."""

    def listener(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        user_id, value = body["user"]["id"], value_of(action)

        said, failed = list[str](), list[str]()
        with reporting_errors(failed.append, user=user_id, action=action["action_id"]):
            context.look_up(user_id)
            press.check_shape(value)
            with context.database.transaction() as session:
                row = _admit(session, context, body, press.act, press.locate, value)
                sentence = press.run(session, context, value, user_id, context.now())
                sentence = marked_text(sentence, row.ref) if sentence and row is not None else sentence
                if (body.get("view") or {}).get("type") == "home":
                    draw_home(session, user_id)
            said += [sentence] if sentence else []
        answer_press(ack, respond, [*said, *failed], failed=failed)

    return listener


# Like a submission, but opens its transactions itself: (context, values, view, user id, now).
Thinking = Callable[[AppContext, dict[str, str], dict[str, Any], str, datetime], dict[str, Any] | None]
# Of which incident a form speaks, by what was filled in and the view.
LocateForm = Callable[[Session, dict[str, str], dict[str, Any]], IncidentRow | None]


def no_incident(session: Session, values: dict[str, str], view: dict[str, Any]) -> None:
    """For forms that speak of none."""


def of_form(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    """The incident whose id is all that the form carries."""
    metadata = str(view.get("private_metadata"))
    if ":" in metadata:
        raise BadRequest(OUT_OF_DATE)
    return incidents.get(session, number_at(metadata, 0))


def thought_over(thinking: Thinking, field: str, act: Act, locate: LocateForm = no_incident) -> Callable[..., None]:
    """A listener for a form whose answer is thought about before a transaction begins."""

    def listener(context: AppContext, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        def refuse(text: str) -> None:
            inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
            shown = field if field in inputs or not inputs else inputs[0]
            ack(response_action="errors", errors={shown: text.replace("`", "")})

        with reporting_errors(refuse, user=body["user"]["id"], view=view["callback_id"]):
            values = read_values(view)
            let_in(context, body, act, lambda session, _: locate(session, values, view))
            try:
                again = thinking(context, values, view, body["user"]["id"], context.now())
            except FormRefused as refused:
                ack(response_action="errors", errors=dict(refused.by_field))
                return
            if again is None:
                ack()
            else:
                ack(response_action="update", view=again)

    return listener


# (session, context, values, view, user id, now) → None, and the form closes; or the form to show in its place.
Submitted = Callable[[Session, AppContext, dict[str, str], dict[str, Any], str, datetime], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Submission:
    """A form: what it does, under which field a refusal shows, what it takes, and which incident it is about."""

    run: Submitted
    field: str
    act: Act
    locate: LocateForm


# What a button opens: (session, context, action, user id, now) → the form; a sentence where there is none to open.
Opened = Callable[[Session, AppContext, dict[str, Any], str, datetime], dict[str, Any] | str]


@dataclass(frozen=True, slots=True)
class Opening:
    """A button that opens a form: which form, what somebody must be let do for it, and which incident it is about."""

    view: Opened
    act: Act
    locate: Locate


def opened(opening: Opening) -> Callable[..., None]:
    """A listener that makes the form in its transaction, opens it and acknowledges; a refusal is whispered."""

    def listener(
        context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]
    ) -> None:
        user_id, said, failed = body["user"]["id"], list[str](), list[str]()
        with reporting_errors(failed.append, user=user_id, action=action["action_id"]):
            context.look_up(user_id)
            with context.database.transaction() as session:
                _admit(session, context, body, opening.act, opening.locate, value_of(action))
                view = opening.view(session, context, action, user_id, context.now())
            if isinstance(view, str):
                said.append(view)
            else:
                slack.open_view(body["trigger_id"], view)
        answer_press(ack, respond, [*said, *failed], failed=[*said, *failed])

    return listener


def merged(parts: Iterable[Mapping[str, Way]]) -> dict[str, Way]:
    """The ids of all features in one map. Raises ValueError where two features use the same."""
    found: dict[str, Way] = {}
    for part in parts:
        if taken := found.keys() & part.keys():
            raise ValueError(f"Two features use {sorted(taken)}.")
        found |= part
    return found


def submitted(submission: Submission) -> Callable[..., None]:
    """A listener that runs the submission in its transaction; a refusal shows under its field."""

    def run(
        context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
    ) -> dict[str, Any] | None:
        with context.database.transaction() as session:
            return submission.run(session, context, values, view, user_id, now)

    return thought_over(run, submission.field, submission.act, submission.locate)
