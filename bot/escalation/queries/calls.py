"""Queries of calls: the pages that go outside Slack, what is to be done about each, and who waits for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, cast, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.escalation.tables import NoticeRow, PageCallRow, PingRow
from bot.incidents.tables import IncidentRow

PLANNED, SENT, FAILED, CANCELLED = "planned", "sent", "failed", "cancelled"
PAGE, ACKNOWLEDGE, RESOLVE = "page", "acknowledge", "resolve"
OPEN, ACKNOWLEDGED, RESOLVED = "open", "acknowledged", "resolved"
_UNATTENDED_AFTER = timedelta(seconds=1)  # a page's own job plans its calls within a tenth of that
_LOST_AFTER = timedelta(minutes=5)  # a job that holds a call for so long was given up


def add(session: Session, values: Sequence[Mapping[str, Any]]) -> Sequence[PageCallRow]:
    """Those of the calls that are new, or were called off before they were sent and are wanted again."""
    statement = insert(PageCallRow).values([dict(each) for each in values])
    again = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            name: statement.excluded[name]
            for name in ("ping_id", "role", "todo", "due_at", "planned_for", "state", "waits", "reason")
        },
        where=PageCallRow.state == CANCELLED,
    )
    found = session.scalars(again.returning(PageCallRow).execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda row: row.call_id)


def get(session: Session, call_id: int) -> PageCallRow:
    return session.get_one(PageCallRow, call_id)


def get_for_change(session: Session, call_id: int) -> PageCallRow:
    return session.get_one(PageCallRow, call_id, with_for_update=True, populate_existing=True)


def find_by_key(session: Session, key: str) -> PageCallRow | None:
    return session.scalar(select(PageCallRow).where(PageCallRow.key == key))


def list_by_keys(session: Session, keys: Sequence[str]) -> Mapping[str, PageCallRow]:
    return {row.key: row for row in session.scalars(select(PageCallRow).where(PageCallRow.key.in_(keys)))}


def list_of_incident(session: Session, incident_id: int, *, for_change: bool = False) -> Sequence[PageCallRow]:
    statement = select(PageCallRow).where(PageCallRow.incident_id == incident_id).order_by(PageCallRow.call_id)
    if for_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).all()


def list_first_sent(session: Session, found: Sequence[PingRow]) -> Mapping[int, datetime]:
    """When each of these pages was first sent outside Slack: by a call, a mail or a text message; by ping."""
    if not found:
        return {}
    ping_ids = [ping.ping_id for ping in found]
    called = (
        select(PageCallRow.ping_id, PageCallRow.sent_at)
        .where(PageCallRow.incident_id.in_({ping.incident_id for ping in found}), PageCallRow.ping_id.in_(ping_ids))
        .where(PageCallRow.sent_at.is_not(None))
    )
    written = select(cast(func.split_part(NoticeRow.key, ":", 2), BigInteger), NoticeRow.sent_at).where(
        or_(*(NoticeRow.key.startswith(f"ping:{ping_id}:") for ping_id in ping_ids)), NoticeRow.sent_at.is_not(None)
    )
    sent: dict[int, datetime] = {}
    for ping_id, at in session.execute(called.union_all(written)):
        if ping_id is not None and at is not None:
            sent[ping_id] = min(at, sent.get(ping_id, at))
    return sent


def claim_due(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """The calls about which something is due, claimed; those that another replica holds are passed over."""
    free = or_(PageCallRow.claimed_at.is_(None), PageCallRow.claimed_at < now - _LOST_AFTER)
    due = (
        select(PageCallRow.call_id)
        .where(PageCallRow.todo.is_not(None), PageCallRow.due_at <= now, free)
        .order_by(PageCallRow.due_at, PageCallRow.call_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(PageCallRow).where(PageCallRow.call_id.in_(due)).values(claimed_at=now)
    return sorted(session.scalars(statement.returning(PageCallRow.call_id)).all())


def find_next_due(session: Session) -> datetime | None:
    """When the next call falls due that nobody is about."""
    return session.scalar(
        select(func.min(PageCallRow.due_at)).where(PageCallRow.todo.is_not(None), PageCallRow.claimed_at.is_(None))
    )


def list_unattended(session: Session, now: datetime, limit: int = 50) -> Sequence[tuple[PingRow, IncidentRow]]:
    """Pages that were claimed a moment ago, were not sent yet, and of which nobody was called outside Slack."""
    called = exists().where(PageCallRow.ping_id == PingRow.ping_id)
    statement = (
        select(PingRow, IncidentRow)
        .join(IncidentRow)
        .where(PingRow.state == "sending", PingRow.claimed_at <= now - _UNATTENDED_AFTER)
        .where(PingRow.kind.in_(("page", "secondary", "manual")), ~called)
        .order_by(PingRow.claimed_at)
        .limit(limit)
    )
    return [(ping, row) for ping, row in session.execute(statement)]


def list_of_test(session: Session, test: str) -> Sequence[PageCallRow]:
    """The calls of one test page, in the order of the methods."""
    statement = select(PageCallRow).where(PageCallRow.incident_id.is_(None), PageCallRow.key.startswith(f"{test}-"))
    return session.scalars(statement.order_by(PageCallRow.place)).all()


def list_tests_since(session: Session, person: str, since: datetime) -> Sequence[datetime]:
    """When test pages were made for somebody, each once."""
    statement = select(PageCallRow.made_at).where(PageCallRow.incident_id.is_(None), PageCallRow.made_at > since)
    return session.scalars(statement.where(PageCallRow.person == person).distinct()).all()
