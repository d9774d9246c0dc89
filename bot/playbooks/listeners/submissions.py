"""Submitted forms of a run; what cannot be done is said in the form, and nothing that was typed is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, TocsinError
from bot.incidents.interactions import Submission, let_in, number_at
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import for_everybody
from bot.playbooks.flows import runs as flow
from bot.playbooks.flows import saving
from bot.playbooks.listeners.buttons import of_run
from bot.playbooks.messages import saving as saving_messages
from bot.playbooks.messages.forms import LINE, NOTE, OUTCOME
from bot.playbooks.rules import placeholders
from bot.playbooks.rules.steps import Outcome
from bot.slack import queries as messages
from bot.slack.forms import read_values
from bot.slack.replies.reporting import reporting_errors
from bot.store.outbox import enqueue
from bot.text.wording import Wording, mentioned


def noted(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    """The outcome of a step, with what the person saw."""
    run_id, number = (number_at(view["private_metadata"], part) for part in (0, 1))
    try:
        with session.begin_nested():
            flow.decide(session, run_id, number, Outcome(values[OUTCOME]), user_id, now, values.get(LINE, ""))
    except TocsinError as refused:
        # A form's errors are plain text, in which a mention would stand as an id.
        names = messages.names_of(session, mentioned([str(refused)]))
        raise BadRequest(Wording(names, now.date()).plain(str(refused), mention="@")) from refused


def saved(
    context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """Save as playbook. The memory asks the database on its own, so the transaction comes after it."""
    known = context.memory.current().entries
    with context.database.transaction() as session:
        row = incidents.get(session, int(view["private_metadata"]))
        if not for_everybody(row):
            raise BadRequest(saving_messages.not_for_everybody(row.ref))
        ref = saving.ref_for(values["title"], row.ref, known)
        owner, steps = saving.owner_name(session, user_id), saving_messages.steps_of(values)
        saving.save(
            session, saving.entry_of(row, values["title"], values["symptoms"], steps, owner, now, ref), user_id, now
        )
        if row.channel_id:
            text = saving_messages.saved(ref)
            enqueue(session, "slack.reply_privately", channel_id=row.channel_id, user_id=user_id, text=text)
    return None


def filled_in(context: AppContext, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
    """Values for placeholders. What does not belong in a command is said below its field."""
    values, wrong = read_values(view), ""

    def refuse(text: str) -> None:
        field = wrong or next(block["block_id"] for block in view["blocks"] if block["type"] == "input")
        ack(response_action="errors", errors={field: text.replace("`", "")})

    with reporting_errors(refuse, user=body["user"]["id"], view=view["callback_id"]):
        metadata = str(view.get("private_metadata"))
        let_in(context, body, Act.CHANGE, of_run, metadata)
        for key, value in values.items():
            wrong = key
            placeholders.check(key, value)
        wrong = ""
        run_id = number_at(metadata, 0)
        with context.database.transaction() as session:
            flow.answer(session, run_id, values)
        ack()


def _of_noted(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    """`run:step`."""
    return of_run(session, str(view.get("private_metadata")))


SUBMISSIONS = {NOTE: Submission(noted, "line", Act.CHANGE, _of_noted)}
