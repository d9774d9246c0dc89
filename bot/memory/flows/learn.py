"""Learning: people's entries and our own closed incidents become what the memory finds; earlier versions are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.memory import messages
from bot.memory import queries as knowledge
from bot.memory.entries.documents import content_hash, to_document
from bot.memory.entries.entries import Entry
from bot.memory.queries import NewVersion

CLOSED_INCIDENT = "closed incident"
_TAKEN_OUT = ""  # the content hash of nothing


class Outcome(StrEnum):
    """What became of an entry that was brought in."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LearnResult:
    """One entry's outcome, and why where it was refused."""

    ref: str
    outcome: Outcome
    reason: str = ""


def learn(
    session: Session, entries: Sequence[Entry], by: str, now: datetime, ours: Collection[str] = frozenset()
) -> list[LearnResult]:
    """Keep the entries, the last of each ref: new ones, and those whose content differs from what is kept.

    `ours` are refs of our own incidents: what is known of those follows from their record.
    """
    entries = list({entry.ref: entry for entry in entries}.values())
    known = knowledge.newest_of(session, [entry.ref for entry in entries])
    learnt, fresh = [], []
    for entry in entries:
        document = to_document(entry)
        content = content_hash(document)
        before = known.get(entry.ref)
        if entry.ref in ours:
            learnt.append(LearnResult(entry.ref, Outcome.REFUSED, messages.own_incident(entry.ref)))
        elif before is not None and before[1] == content:
            learnt.append(LearnResult(entry.ref, Outcome.UNCHANGED))
        else:
            gone = before is None or before[1] == _TAKEN_OUT
            learnt.append(LearnResult(entry.ref, Outcome.ADDED if gone else Outcome.UPDATED))
            fresh.append(NewVersion(entry.ref, document, content, str(entry.path or entry.source or "")))
    if fresh:
        knowledge.add(session, fresh, by, now)
    return learnt


def forget(session: Session, ref: str, by: str, now: datetime) -> None:
    """Take an entry out; its versions stay. Raises BadRequest where the database holds no such entry."""
    last = knowledge.find(session, ref)
    if last is None or last.document is None:
        raise BadRequest(messages.not_imported(ref))
    knowledge.add(session, [NewVersion(ref, None, _TAKEN_OUT, last.origin, last.incident_id)], by, now)
