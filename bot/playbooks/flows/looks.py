"""Asking for a look, and keeping what it showed until somebody puts it on the timeline."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.flows.record import record
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.playbooks.messages import looks as messages
from bot.playbooks.messages.looks import Seen
from bot.playbooks.queries import runs
from bot.playbooks.tables import PlaybookStep
from bot.store.outbox import enqueue


def request(session: Session, run_id: int, number: int, user_id: str, now: datetime) -> None:
    """Have the worker look."""
    run = runs.get(session, run_id)
    key = f"{run_id}:{number}:{user_id}:{now.isoformat()}"
    lock = f"playbook-look-{run_id}"
    enqueue(session, "aws.look", lock=lock, run_id=run.run_id, number=number, user_id=user_id, key=key)


def remember(session: Session, run_id: int, number: int, seen: Sequence[Seen]) -> None:
    """What was seen last of a step, cut to what the timeline takes."""
    row = _step(session, run_id, number)
    row.seen = [asdict(one) | {"answer": one.answer[:4000]} for one in seen if not one.unread]


def keep(session: Session, run_id: int, number: int, user_id: str, now: datetime) -> str:
    """Put what was seen last on the timeline, once; the sentence for whoever pressed."""
    run = runs.get(session, run_id)
    seen = [Seen(**one) for one in _step(session, run_id, number).seen or ()]
    if not seen:
        raise BadRequest(messages.NOTHING)
    text = messages.entry(run.ref, number, seen)
    row = incidents.get_for_change(session, run.incident_id)
    source = f"playbook-look:{run_id}:{number}:{_hash_of(seen)}"
    data = {"run": run_id, "step": number}
    kept = record(session, row, Kind.DIAGNOSED, text, now, author=user_id, data=data, source_key=source)
    return messages.KEPT if kept is not None else messages.KEPT_BEFORE


def _hash_of(seen: Sequence[Seen]) -> str:
    """Names an answer, so that pressing twice keeps it once."""
    return hashlib.sha256("\n".join(one.command + one.answer for one in seen).encode()).hexdigest()[:16]


def _step(session: Session, run_id: int, number: int) -> PlaybookStep:
    row = session.get(PlaybookStep, (run_id, number))
    if row is None:
        raise BadRequest(messages.NOTHING)
    return row
