"""What the owner of a playbook has to hear: a step that failed twice in a row, a playbook that nobody uses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.memory.entries.entries import Entry
from bot.playbooks.flows import upkeep
from bot.playbooks.flows.ledger import read_ledger
from bot.playbooks.queries import runs
from bot.playbooks.rules.steps import Outcome
from bot.store.outbox import enqueue

IN_A_ROW = 2


def notice_failures(session: Session, ref: str, number: int, title: str, now: datetime) -> None:
    """Have the owner told where a step did not help the last two times it was tried, and did the time before.

    The step that failed a third time has been told of; it counts anew once it helped.
    """
    last = runs.list_last_outcomes(session, ref, title, IN_A_ROW + 1)
    failed = [step for outcome, step in last if outcome == Outcome.NOT_HELPED]
    if len(failed) < IN_A_ROW or any(outcome != Outcome.NOT_HELPED for outcome, _ in last[:IN_A_ROW]):
        return
    if len(failed) > IN_A_ROW:
        return
    newest = failed[0]
    if not runs.note_once(session, f"failed:{ref}:{title}:{newest.incident_id}:{newest.at.isoformat()}", now):
        return
    incident_ids = sorted({step.incident_id for step in failed[:IN_A_ROW]})
    enqueue(session, "slack.playbook_failed", ref=ref, number=number, title=title, incident_ids=incident_ids)


def look_for_unused(session: Session, now: datetime) -> None:
    """Once a day, have what nobody uses looked for."""
    if runs.note_once(session, f"unused-look:{now:%Y-%m-%d}", now):
        enqueue(session, "slack.playbook_find_unused")


def propose_archive(session: Session, entries: Iterable[Entry], now: datetime, after: timedelta) -> int:
    """Have the owners of playbooks that nobody used in so long asked, once a year each; how many there are."""
    found = [line for line in read_ledger(session, entries, now, after) if line.unused]
    for line in found:
        upkeep.propose_archive(session, line.ref, now)
    return len(found)
