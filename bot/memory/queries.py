"""Queries of the knowledge people brought in, of our own closed incidents, and of what was said of suggestions.

Every change has a number, and numbers commit in order: whoever has seen change 7 asks for what came after 7 and misses
nothing. An entry as it was at any number can be read back, so that replicas can fit the same index.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.memory.tables import KnowledgeState, KnowledgeVersion, SuggestionVote

REFIT_AFTER = 200  # entries changed since the last fit; looking through so many beside the index costs milliseconds
_IMPORTERS = 7331002  # the advisory lock of those who import


@dataclass(frozen=True, slots=True)
class Changes:
    """`last` is the number of the newest change, `fitted` that through which indexes are fitted; 0 is before all."""

    last: int
    fitted: int


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What becomes of a ref: its document, or None where it is taken out."""

    ref: str
    document: dict[str, Any] | None
    content_hash: str
    origin: str
    incident_id: int | None = None


def changes(session: Session) -> Changes:
    """Where the knowledge stands: one row, read whenever the memory is used."""
    row = session.execute(select(KnowledgeState.changes, KnowledgeState.fitted)).first()
    return Changes(*row) if row else Changes(0, 0)


def find(session: Session, ref: str) -> KnowledgeVersion | None:
    """The newest version, whether it holds a document or says that the ref was taken out."""
    statement = select(KnowledgeVersion).where(KnowledgeVersion.ref == ref)
    return session.scalar(statement.order_by(KnowledgeVersion.version.desc()).limit(1))


def list_versions(session: Session, ref: str) -> Sequence[KnowledgeVersion]:
    """All versions of a ref, the oldest first."""
    statement = select(KnowledgeVersion).where(KnowledgeVersion.ref == ref)
    return session.scalars(statement.order_by(KnowledgeVersion.version)).all()


def newest_of(session: Session, refs: Collection[str]) -> dict[str, tuple[int, str, int | None]]:
    """(version, content hash, incident id) of the newest version of those refs that have one."""
    columns = (
        KnowledgeVersion.ref,
        KnowledgeVersion.version,
        KnowledgeVersion.content_hash,
        KnowledgeVersion.incident_id,
    )
    statement = (
        select(*columns)
        .ext(distinct_on(KnowledgeVersion.ref))
        .where(KnowledgeVersion.ref == func.any(list(refs)))
        .order_by(KnowledgeVersion.ref, KnowledgeVersion.version.desc())
    )
    return {ref: (version, content, incident) for ref, version, content, incident in session.execute(statement)}


def list_at(session: Session, change: int | None = None) -> Sequence[KnowledgeVersion]:
    """What was known at a change's number (now, where none is given), by ref; what was taken out is left out."""
    newest = select(KnowledgeVersion.version_id).ext(distinct_on(KnowledgeVersion.ref))
    if change is not None:
        newest = newest.where(KnowledgeVersion.change <= change)
    newest = newest.order_by(KnowledgeVersion.ref, KnowledgeVersion.version.desc())
    statement = select(KnowledgeVersion).where(
        KnowledgeVersion.version_id.in_(newest), KnowledgeVersion.document.is_not(None)
    )
    return session.scalars(statement.order_by(KnowledgeVersion.ref)).all()


def list_since(session: Session, change: int) -> Sequence[KnowledgeVersion]:
    """The newest version of every ref that changed after `change`, in the order of the changes."""
    newest = (
        select(KnowledgeVersion.version_id)
        .ext(distinct_on(KnowledgeVersion.ref))
        .where(KnowledgeVersion.change > change)
        .order_by(KnowledgeVersion.ref, KnowledgeVersion.version.desc())
    )
    statement = select(KnowledgeVersion).where(KnowledgeVersion.version_id.in_(newest))
    return session.scalars(statement.order_by(KnowledgeVersion.change, KnowledgeVersion.ref)).all()


def count_since(session: Session, change: int) -> int:
    """How many refs changed after `change`."""
    counted = func.count(func.distinct(KnowledgeVersion.ref))
    return session.scalar(select(counted).where(KnowledgeVersion.change > change)) or 0


def add(
    session: Session,
    versions: Sequence[NewVersion],
    added_by: str,
    now: datetime,
    known: Mapping[str, int] | None = None,
) -> int:
    """Keep the new versions, at most one a ref, and give them the next change number, which is returned.

    The number is taken last: until the commit everybody else who changes knowledge waits for it. Where much has changed
    since the last fit, every replica is asked to fit anew. `known`: the newest version of each ref that has one, where
    the caller knows that.
    """
    if known is None:
        known = {ref: newest[0] for ref, newest in newest_of(session, [item.ref for item in versions]).items()}
    rows = [
        {
            "ref": item.ref,
            "version": known.get(item.ref, 0) + 1,
            "document": item.document,
            "content_hash": item.content_hash,
            "origin": item.origin,
            "incident_id": item.incident_id,
            "added_at": now,
            "added_by": added_by,
        }
        for item in versions
    ]
    ids = list(session.scalars(insert(KnowledgeVersion).returning(KnowledgeVersion.version_id), rows))
    change, fitted = session.execute(_next_change()).one()
    session.execute(
        update(KnowledgeVersion).where(KnowledgeVersion.version_id == func.any(ids)).values(change=change),
        execution_options={"synchronize_session": False},
    )
    if count_since(session, fitted) > REFIT_AFTER:
        session.execute(update(KnowledgeState).values(fitted=change))
    return int(change)


def _next_change() -> Any:
    statement = upsert(KnowledgeState).values(only=True, changes=1, fitted=0)
    return statement.on_conflict_do_update(
        index_elements=["only"], set_={"changes": KnowledgeState.changes + 1}
    ).returning(KnowledgeState.changes, KnowledgeState.fitted)


def try_to_lock(session: Session) -> bool:
    """Become the only one who imports or removes, until this transaction ends. False while somebody else is."""
    session.execute(text("set local statement_timeout = '60s'"))  # thousands of entries take longer than a command may
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_IMPORTERS))))


def wait_for_lock(session: Session, seconds: int) -> bool:
    """Like `try_to_lock`, after waiting so long at most. After False the transaction is of no further use."""
    session.execute(text(f"set local lock_timeout = '{seconds}s'; set local statement_timeout = '{seconds + 1}s'"))
    try:
        session.execute(select(func.pg_advisory_xact_lock(_IMPORTERS)))
    except OperationalError:
        return False
    return True


def vote(session: Session, shown_key: str, ref: str, user_id: str, *, place: int, helped: bool, now: datetime) -> None:
    """Keep what a person says of a suggestion, in place of what they said before."""
    values: dict[str, Any] = {"place": place, "helped": helped, "voted_at": now}
    statement = upsert(SuggestionVote).values(shown_key=shown_key, ref=ref, user_id=user_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["shown_key", "ref", "user_id"], set_=values))
