"""The tables of personal links that were used, of sessions, of who ended all of theirs, and of signed requests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class LinkRow(Base):
    """A personal link that was used: it works in that browser, and in no other."""

    __tablename__ = "used_links"
    mark: Mapped[str] = mapped_column(primary_key=True)  # a hash of what was signed
    browser: Mapped[str]  # a hash of the browser's cookie
    used_at: Mapped[datetime] = mapped_column(index=True)


class SessionRow(Base):
    """Somebody signed in with a browser. Without its row a session's cookie opens nothing."""

    __tablename__ = "page_sessions"
    session_key: Mapped[str] = mapped_column(primary_key=True)  # a hash of what the cookie holds
    user_id: Mapped[str] = mapped_column(index=True)
    opened_at: Mapped[datetime] = mapped_column(index=True)


class SignOutRow(Base):
    """When somebody was last signed out everywhere: personal links signed before that open nothing."""

    __tablename__ = "page_sign_outs"
    user_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]  # by the database's clock, as links are signed by the machine's


class RequestRow(Base):
    """A request that Slack signed and that was taken in: the same one again is a replay."""

    __tablename__ = "slack_requests"
    signature: Mapped[str] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(index=True)  # by the database's clock
