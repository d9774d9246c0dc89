"""The tables of what passed between Slack and us, and of what people are called."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class SlackEvent(Base):
    """An event that was taken in: Slack sends some again, we act once."""

    __tablename__ = "slack_events"
    event_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)


class SlackMessage(Base):
    """A message that we posted or are about to: the key says which, a stored ts means update rather than post."""

    __tablename__ = "slack_messages"
    key: Mapped[str] = mapped_column(primary_key=True)
    channel_id: Mapped[str]
    ts: Mapped[str | None] = mapped_column(index=True)
    attempted_at: Mapped[datetime]


class PersonRow(Base):
    """What a Slack user id is called; looked up once and refreshed when it is old."""

    __tablename__ = "people"
    user_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    full_name: Mapped[str | None]  # where `name` is another
    time_zone: Mapped[str | None]  # by its IANA name, as they chose it in Slack
    looked_up_at: Mapped[datetime]


class NameRow(Base):
    """What the id of a channel or a user group is called; empty where it has no name for us."""

    __tablename__ = "slack_names"
    slack_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    looked_up_at: Mapped[datetime]


class WorkspaceRow(Base):
    """The one workspace that this database serves, as auth.test gives it; links to messages start with its url."""

    __tablename__ = "workspace"
    team_id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    bot_user_id: Mapped[str]
    announcement_channel_id: Mapped[str | None]
