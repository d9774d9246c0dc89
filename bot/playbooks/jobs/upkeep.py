"""Asking owners, by direct message in business hours; each message is redrawn when its question was answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role
from bot.incidents.queries.incidents import described
from bot.memory.entries.entries import Entry
from bot.memory.flows.live import Memory
from bot.playbooks.flows import upkeep as flow
from bot.playbooks.flows.fitting import matching
from bot.playbooks.jobs.owners import candidates, tell
from bot.playbooks.messages.upkeep import RequestFacts, request_message
from bot.playbooks.queries import ledger, upkeep
from bot.playbooks.rules.upkeep import RequestKind
from bot.playbooks.tables import UpkeepRequest
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.store.outbox import enqueue

_ON_CALL = (Role.ON_CALL, Role.SECONDARY)
# Entries → what is wrong with their commands, by ref: (place, command, text). Run apart, as it loads much.
CheckCommands = Callable[[list[Entry]], Mapping[str, list[dict[str, str]]]]


def plan(context: AppContext, *, now: datetime) -> None:
    """Have asked what is due, in business hours. To be called every hour or so."""
    if not context.policy.calendar.is_open(now):
        return
    memory = context.memory.current()
    with context.database.transaction() as session:
        closed = {row.incident_id: described(row) for row in flow.candidates(session, context.policy, now)}
    best = {incident_id: _best(memory, words) for incident_id, words in closed.items()}
    with context.database.transaction() as session:
        known = {incident_id: ref for incident_id, ref in best.items() if ref}
        flow.plan_lessons(session, context.policy, memory.entries, known, now)
        flow.plan_reviews(session, context.policy, memory.entries.values(), now)
        flow.send_due(session, context.policy, now)
        if flow.is_command_check_due(session, context.policy, now):
            enqueue(session, "slack.upkeep_commands")


def _best(memory: Memory, words: str) -> str | None:
    """The playbook that fits these words best."""
    found = [match for match in matching(memory, words) if memory.entries[match.ref].kind == "playbook"]
    return found[0].ref if found else None


def ask(context: AppContext, slack: Slack, poster: Poster, *, request_id: int, asks: int) -> None:
    """The direct message: to whom it was handed, the owner, or else the team lead."""
    with context.database.transaction() as session:
        row = upkeep.get(session, request_id)
        if row.answered_at is not None:
            return
        ref, asked = row.ref, row.asked
    entry = context.memory.current().entries.get(ref)
    if entry is None:
        return
    with context.database.transaction() as session:
        row = upkeep.get(session, request_id)
        facts = facts_of(session, context, row, entry)
        whom = candidates(session, context, entry.owner)
    keys = tell(
        slack, poster, f"upkeep:{request_id}:{asks}", [*([[asked]] if asked else []), *whom], request_message(facts)
    )
    with context.database.transaction() as session:
        row = upkeep.get_for_change(session, request_id)
        row.told = sorted({*row.told, *keys})


def redraw(context: AppContext, slack: Slack, poster: Poster, *, request_id: int) -> None:
    """Every message that asks says how it stands."""
    with context.database.transaction() as session:
        row = upkeep.get(session, request_id)
        ref, keys = row.ref, list(row.told)
    entry = context.memory.current().entries.get(ref)
    with context.database.transaction() as session:
        facts = facts_of(session, context, upkeep.get(session, request_id), entry)
    for key in keys:
        poster.edit(key, request_message(facts))


def facts_of(session: Session, context: AppContext, row: UpkeepRequest, entry: Entry | None) -> RequestFacts:
    """What the message of a question shows now."""
    now = context.now()
    record = ledger.records(session, [row.ref]).get(row.ref)
    answered = upkeep.last_answers(session, RequestKind.REVIEW).get(row.ref)
    last = max(
        filter(None, (entry.reviewed_at if entry else None, answered.date() if answered else None)), default=None
    )
    return RequestFacts(
        request_id=row.request_id,
        kind=RequestKind(row.kind),
        ref=row.ref,
        title=entry.title if entry else "",
        asks=row.asks,
        data=row.data,
        last_review=last.isoformat() if last else "",
        used=(record.used, record.ended_it) if record else (0, 0),
        on_call=tuple(holders(session, context.policy.contacts, _ON_CALL, now)),
        answered_by=row.answered_by,
        answer=row.answer,
        archived=entry is None,
    )


def check_commands(check: CheckCommands) -> Callable[..., None]:
    """The task that checks the commands of all playbooks and guides, and has their owners told."""

    def run(context: AppContext, slack: Slack, poster: Poster) -> None:
        entries = [one for one in context.memory.current().entries.values() if one.kind in ("playbook", "guide")]
        broken = check(entries)
        with context.database.transaction() as session:
            flow.plan_commands(session, broken, context.now())

    return run
