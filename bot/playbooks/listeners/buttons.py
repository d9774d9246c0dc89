"""The buttons of a run, of the card and of lists: each one transaction, then the acknowledgement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.escalation.flows import plan
from bot.escalation.rules.matrix import Role
from bot.incidents.interactions import ID, OUT_OF_DATE, PAIR, Opening, Press, incident_at, let_in, number_at
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.playbooks.flows import looks as looking
from bot.playbooks.flows import runs as flow
from bot.playbooks.flows.facts import facts_of
from bot.playbooks.flows.texts import text_of
from bot.playbooks.messages import choices, entries, forms, looks, offers
from bot.playbooks.messages.run import RunFacts, filled
from bot.playbooks.queries import runs
from bot.playbooks.rules.steps import Outcome, RunState, from_document
from bot.slack.replies.private import answer_press
from bot.slack.replies.reporting import reporting_errors
from bot.store.outbox import enqueue


def _deciding(outcome: Outcome) -> Callable[[Session, AppContext, str, str, datetime], str | None]:
    def press(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
        run_id, number = value.split(":")
        flow.decide(session, int(run_id), int(number), outcome, user_id, now)
        return None  # the run's message shows it

    return press


def assign(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`playbook:run:step:who`, from the menu of people."""
    _, run_id, number, assignee = value.split(":")
    flow.assign(session, int(run_id), int(number), assignee, user_id, now)
    return None


def show_list(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """From the card: what fits, whispered by a job, as searching takes a transaction of its own."""
    enqueue(session, "slack.playbook_list", incident_id=int(value), user_id=user_id)
    return None


def look(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str:
    """`run:step`: have AWS asked what its commands read."""
    if context.aws is None:
        raise BadRequest(looks.NOT_CONFIGURED)
    run_id, number = (number_at(value, part) for part in (0, 1))
    looking.request(session, run_id, number, user_id, now)
    return looks.begun(number)


def keep(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str:
    """`run:step`: what was seen goes on the timeline."""
    return looking.keep(session, number_at(value, 0), number_at(value, 1), user_id, now)


def page(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:run id:role`, from an offer. Pressed twice, one ping is sent."""
    incident_id, run_id, role = value.split(":", 2)
    row = incidents.get_for_change(session, int(incident_id))
    key, why = f"playbook-{run_id}-{role}", offers.why_paged(runs.get(session, int(run_id)).ref)
    plan.refuse_asked_just_now(session, row, Role(role), key, now)
    ping, fresh = plan.escalate_by_hand(session, row, Role(role), why, user_id, key, now)
    return offers.paged(ping.role, row.ref, fresh)


def of_run(session: Session, value: str) -> IncidentRow:
    """The incident of the run whose id begins the value."""
    return incidents.get(session, runs.get(session, number_at(value, 0)).incident_id)


def start(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
    """`incident id:ref`, from the card, a list, an answer or an offer."""
    said: list[str] = []
    user_id = body["user"]["id"]
    with reporting_errors(said.append, user=user_id, action=action["action_id"]):
        let_in(context, body, Act.CHANGE, incident_at(0), action["value"])
        incident_id, _, ref = action["value"].partition(":")
        entry = context.memory.current().entries.get(ref)  # before the transaction: it takes a connection of its own
        if entry is None:
            raise BadRequest(choices.gone(ref))
        text = text_of(entry)
        with context.database.transaction() as session:
            row = incidents.get_for_change(session, int(incident_id))
            run, fresh = flow.start(session, row, text, user_id, context.now())
            kept, incident_ref = from_document(run.document), row.ref
        place = entries.place(kept, run.current).removeprefix(f"{run.ref} ")
        said.append(choices.started(ref, incident_ref) if fresh else choices.running_already(ref, place))
    answer_press(ack, respond, said)


def _form(session: Session, context: AppContext, action: dict[str, Any], user_id: str, now: datetime) -> dict[str, Any]:
    """With a note…, Fill in, Show all: of the step whose button it was."""
    run_id, number = (number_at(action["value"], part) for part in (0, 1))
    run = runs.get(session, run_id)
    return _view(facts_of(session, run, incidents.get(session, run.incident_id)), action["action_id"], number)


def _view(run: RunFacts, action_id: str, number: int) -> dict[str, Any]:
    if action_id == "playbook_whole":
        step = run.text.step(number)
        return forms.whole_step(run, step, filled(run, step))
    facts = run.steps[number - 1]
    if facts.outcome is not None and facts.decided_at is not None:
        raise BadRequest(entries.decided_before(run.text, number, facts.outcome, facts.decided_by, facts.decided_at))
    if run.state is not RunState.RUNNING:
        raise BadRequest(entries.ended_before(run.text, run.state, run.ended_by, run.ended_at))
    return forms.note_form(run) if action_id == "playbook_note" else forms.fill_form(run)


OPENINGS = {
    "playbook_note": Opening(_form, Act.CHANGE, of_run),
    "playbook_fill": Opening(_form, Act.CHANGE, of_run),
    "playbook_whole": Opening(_form, Act.READ, of_run),
}


def _of_assigned(session: Session, value: str) -> IncidentRow:
    """`playbook:run:step:who`."""
    return of_run(session, value.partition(":")[2])


def _of_offer(session: Session, value: str) -> IncidentRow:
    """`incident:run:role`, where the run is one of that incident."""
    row = of_run(session, value.partition(":")[2])
    if row.incident_id != number_at(value, 0):
        raise BadRequest(OUT_OF_DATE)
    return row


_ASSIGN = rf"playbook:{ID}:{ID}:[UW][A-Z0-9]{{2,30}}"
PRESSES = {
    "playbook_done": Press(_deciding(Outcome.DONE), Act.CHANGE, of_run, PAIR),
    "playbook_not_helped": Press(_deciding(Outcome.NOT_HELPED), Act.CHANGE, of_run, PAIR),
    "playbook_skip": Press(_deciding(Outcome.SKIPPED), Act.CHANGE, of_run, PAIR),
    "playbook_assign": Press(assign, Act.CHANGE, _of_assigned, _ASSIGN),
    "playbook_look": Press(look, Act.CHANGE, of_run, PAIR),
    "playbook_keep": Press(keep, Act.CHANGE, of_run, PAIR),
    "playbook_list": Press(show_list, Act.READ, incident_at(0), ID),
    "playbook_page": Press(page, Act.CHANGE, _of_offer, f"{PAIR}:({'|'.join(Role)})"),
}
