"""What passed between Slack and us: events taken in, messages posted, reports judged, names and the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.slack.tables import PersonRow, SlackEvent, SlackMessage, WorkspaceRow


def take_event(session: Session, event_id: str, now: datetime) -> bool:
    """True the first time that an event id is seen; the mark commits with what the event caused."""
    statement = insert(SlackEvent).values(event_id=event_id, received_at=now).on_conflict_do_nothing()
    return session.execute(statement.returning(SlackEvent.event_id)).scalar_one_or_none() is not None


def forget_events(session: Session, before: datetime) -> None:
    """Slack repeats an event for minutes only; older marks are of no use."""
    session.execute(delete(SlackEvent).where(SlackEvent.received_at < before))


def find_message(session: Session, key: str) -> SlackMessage | None:
    return session.get(SlackMessage, key)


def begin_message(session: Session, key: str, channel_id: str, now: datetime) -> SlackMessage | None:
    """Note that we are about to post `key`. The earlier note when there is one (it may hold the ts), else None."""
    earlier = session.get(SlackMessage, key)
    if earlier is None:
        session.add(SlackMessage(key=key, channel_id=channel_id, ts=None, attempted_at=now))
        session.flush()
    return earlier


def begin_messages(session: Session, channels: Mapping[str, str], now: datetime) -> set[str]:
    """Note that we are about to post these keys, each in its channel. Those of which there was no note before."""
    values = [{"key": key, "channel_id": place, "attempted_at": now} for key, place in sorted(channels.items())]
    statement = insert(SlackMessage).values(values).on_conflict_do_nothing().returning(SlackMessage.key)
    return set(session.scalars(statement)) if values else set()


def record_messages(session: Session, posted: Mapping[str, tuple[str, str]]) -> None:
    """Channel and ts of messages by key, in one statement."""
    values = [{"key": key, "channel_id": place, "ts": ts} for key, (place, ts) in sorted(posted.items())]
    session.execute(update(SlackMessage), values)


def record_message(session: Session, key: str, channel_id: str, ts: str) -> None:
    row = session.get_one(SlackMessage, key)
    row.channel_id, row.ts = channel_id, ts


def names_of(session: Session, user_ids: Iterable[str]) -> dict[str, str]:
    """Display names by user id, of those that we know."""
    statement = select(PersonRow.user_id, PersonRow.name).where(PersonRow.user_id.in_(list(user_ids)))
    return {row.user_id: row.name for row in session.execute(statement)}


def find_by_name(session: Session, name: str) -> list[str]:
    """The ids of those whom Slack calls so, whatever the case."""
    return list(session.scalars(select(PersonRow.user_id).where(func.lower(PersonRow.name) == name.lower())))


def record_name(session: Session, user_id: str, name: str, now: datetime, time_zone: str | None = None) -> None:
    """Keep what Slack calls somebody, and their time zone; without one, that which we know."""
    values = {"name": name, "looked_up_at": now} | ({"time_zone": time_zone} if time_zone else {})
    statement = insert(PersonRow).values(user_id=user_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=values))


def time_zone_of(session: Session, user_id: str) -> str | None:
    """The IANA name of somebody's time zone; None where it is not known."""
    return session.scalar(select(PersonRow.time_zone).where(PersonRow.user_id == user_id))


def find_workspace(session: Session) -> WorkspaceRow | None:
    return session.scalar(select(WorkspaceRow).limit(1))


def record_workspace(
    session: Session, team_id: str, url: str, bot_user_id: str, announcement_channel_id: str | None
) -> None:
    """Keep what Slack said of itself; a channel once known is not forgotten because it was not found today."""
    values: dict[str, Any] = {"url": url, "bot_user_id": bot_user_id}
    if announcement_channel_id is not None:
        values["announcement_channel_id"] = announcement_channel_id
    statement = insert(WorkspaceRow).values(team_id=team_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["team_id"], set_=values))


def permalink(workspace_url: str | None, channel_id: str | None, ts: str) -> str | None:
    """The address of a message, made as Slack makes it."""
    if not workspace_url or not channel_id:
        return None
    return f"{workspace_url.rstrip('/')}/archives/{channel_id}/p{ts.replace('.', '')}"


def looked_up_since(session: Session, user_ids: Iterable[str], since: datetime) -> set[str]:
    """Those of the people whose name was asked of Slack at or after an instant."""
    statement = select(PersonRow.user_id).where(PersonRow.user_id.in_(list(user_ids)), PersonRow.looked_up_at >= since)
    return set(session.scalars(statement))


def find_key(session: Session, channel_id: str, ts: str, prefix: str) -> str | None:
    """The key of our message there, where it begins so."""
    statement = select(SlackMessage.key).where(
        SlackMessage.ts == ts, SlackMessage.channel_id == channel_id, SlackMessage.key.startswith(prefix)
    )
    return session.scalar(statement)


def find_last(session: Session, channel_id: str, since: datetime) -> SlackMessage | None:
    """Our newest message in a channel, those in its threads included, of those that Slack took since an instant."""
    earliest = f"{since.timestamp():.6f}"
    statement = select(SlackMessage).where(SlackMessage.channel_id == channel_id, SlackMessage.ts >= earliest)
    return session.scalar(statement.order_by(SlackMessage.ts.desc()).limit(1))


def list_keys(session: Session, channel_id: str, ts: str) -> list[str]:
    """The keys of all that one message of ours says."""
    statement = select(SlackMessage.key).where(SlackMessage.channel_id == channel_id, SlackMessage.ts == ts)
    return list(session.scalars(statement))


def share_message(session: Session, key: str, other: SlackMessage, now: datetime) -> None:
    """Have `key` said by the message that another key stands for already."""
    session.add(SlackMessage(key=key, channel_id=other.channel_id, ts=other.ts, attempted_at=now))
    session.flush()
