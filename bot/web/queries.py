"""Queries of personal links that were used, and of sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.web.tables import LinkRow, SessionRow, SignOutRow


def claim_link(session: Session, mark: str, browser: str, now: datetime) -> LinkRow:
    """The link with the browser that used it first, which is this one where none did before."""
    session.execute(insert(LinkRow).values(mark=mark, browser=browser, used_at=now).on_conflict_do_nothing())
    return session.get_one(LinkRow, mark)


def forget_links(session: Session, before: datetime) -> None:
    """Forget the uses before an instant; the links themselves must have expired by then."""
    session.execute(delete(LinkRow).where(LinkRow.used_at < before))


def add_session(session: Session, session_key: str, user_id: str, now: datetime) -> None:
    """Somebody signed in."""
    session.add(SessionRow(session_key=session_key, user_id=user_id, opened_at=now))


def goes_on(session: Session, session_key: str, user_id: str, after: datetime) -> bool:
    """Whether that session was opened after an instant and nobody ended it."""
    statement = select(SessionRow.session_key).where(
        SessionRow.session_key == session_key, SessionRow.user_id == user_id, SessionRow.opened_at > after
    )
    return session.scalar(statement) is not None


def end_session(session: Session, session_key: str) -> None:
    """One browser signs out."""
    session.execute(delete(SessionRow).where(SessionRow.session_key == session_key))


def end_all_sessions(session: Session, user_id: str) -> int:
    """Sign somebody out everywhere, and let none of the links that they were sent open anything. How many sessions."""
    at = func.clock_timestamp()
    signed_out = insert(SignOutRow).values(user_id=user_id, at=at)
    session.execute(signed_out.on_conflict_do_update(index_elements=["user_id"], set_={"at": at}))
    ended = delete(SessionRow).where(SessionRow.user_id == user_id).returning(SessionRow.session_key)
    return len(session.scalars(ended).all())


def list_people_with_sessions(session: Session) -> list[str]:
    """The Slack ids of everybody who has a session."""
    return list(session.scalars(select(SessionRow.user_id).distinct().order_by(SessionRow.user_id)))


def signed_out_at(session: Session, user_id: str) -> datetime | None:
    """When somebody was last signed out everywhere."""
    return session.scalar(select(SignOutRow.at).where(SignOutRow.user_id == user_id))


def forget_sessions(session: Session, before: datetime) -> None:
    """Forget the sessions that were opened before an instant; they must be over by then."""
    session.execute(delete(SessionRow).where(SessionRow.opened_at < before))
