"""What passed between Slack and us: events taken in, messages posted, reports judged, names and the workspace."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, literal, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.slack.tables import NameRow, PersonRow, SlackEvent, SlackMessage, WorkspaceRow
from bot.text.markup import USER_ID
from bot.text.wording import mentioned


def take_event(session: Session, event_id: str, now: datetime) -> bool:
    """True the first time that an event id is seen; the mark commits with what the event caused."""
    statement = insert(SlackEvent).values(event_id=event_id, received_at=now).on_conflict_do_nothing()
    return session.execute(statement.returning(SlackEvent.event_id)).scalar_one_or_none() is not None


def forget_events(session: Session, before: datetime, most: int) -> int:
    """Slack repeats an event for minutes only; older marks are of no use. How many went, `most` at once."""
    old = select(SlackEvent.event_id).where(SlackEvent.received_at < before).order_by(SlackEvent.received_at)
    gone = delete(SlackEvent).where(SlackEvent.event_id.in_(old.limit(most))).returning(SlackEvent.event_id)
    return len(session.scalars(gone).all())


def find_message(session: Session, key: str) -> SlackMessage | None:
    return session.get(SlackMessage, key)


class Noted(NamedTuple):
    """What was noted of a message before: where it stands or was tried, its ts where that is known, and when."""

    channel_id: str
    ts: str | None
    attempted_at: datetime


def begin_message(session: Session, key: str, channel_id: str, now: datetime) -> Noted | None:
    """Note that we are about to post `key`. The earlier note when there is one (it may hold the ts), else None."""
    values = {"key": key, "channel_id": channel_id, "attempted_at": now}
    added = insert(SlackMessage).values(values).on_conflict_do_nothing().returning(SlackMessage.key).cte("added")
    before = select(SlackMessage.channel_id, SlackMessage.ts, SlackMessage.attempted_at).where(SlackMessage.key == key)
    known = before.subquery()
    statement = select(known, exists().select_from(added)).select_from(
        select(literal(1)).subquery().outerjoin(known, true())
    )
    while True:  # more than once only where somebody else noted it in this moment
        place, ts, at, fresh = session.execute(statement).one()
        if place is not None:
            return Noted(place, ts, at)
        if fresh:
            return None


def take_back(session: Session, keys: Collection[str]) -> None:
    """Slack did not take these posts: the next try need not look for them."""
    if keys:
        session.execute(delete(SlackMessage).where(SlackMessage.key.in_(keys), SlackMessage.ts.is_(None)))


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
    """Where the message of that key stands: it was begun before."""
    session.execute(update(SlackMessage).where(SlackMessage.key == key).values(channel_id=channel_id, ts=ts))


def keep_message(session: Session, key: str, channel_id: str, ts: str, now: datetime) -> None:
    """Where the message of that key stands, whether or not it was begun before."""
    values = {"channel_id": channel_id, "ts": ts}
    statement = insert(SlackMessage).values(key=key, attempted_at=now, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))


def names_of(session: Session, user_ids: Iterable[str]) -> dict[str, str]:
    """Display names by id, of those that we know. Ids of channels and user groups may be among them."""
    ids = list(user_ids)
    if not ids:
        return {}
    people = select(PersonRow.user_id, PersonRow.name).where(PersonRow.user_id.in_(ids))
    others = [each for each in ids if not USER_ID.fullmatch(each)]
    more = select(NameRow.slack_id, NameRow.name).where(NameRow.slack_id.in_(others))
    rows = session.execute(people.union_all(more) if others else people)
    return {slack_id: name for slack_id, name in rows if name not in ("", slack_id)}


def names_in(session: Session, *texts: str | None) -> dict[str, str]:
    """The names of all whom these texts mention; nothing is asked where they mention nobody."""
    ids = mentioned(text for text in texts if text)
    return names_of(session, ids) if ids else {}


def every_name_of(session: Session, user_id: str) -> list[str]:
    """What somebody is called, in short and in full, as far as we know."""
    found = session.execute(select(PersonRow.name, PersonRow.full_name).where(PersonRow.user_id == user_id)).first()
    return [name for name in found or () if name]


def find_by_name(session: Session, name: str) -> list[str]:
    """The ids of those whom Slack calls so, in short or in full, whatever the case."""
    called = or_(*(func.lower(column) == name.lower() for column in (PersonRow.name, PersonRow.full_name)))
    return list(session.scalars(select(PersonRow.user_id).where(called)))


def record_name(
    session: Session, slack_id: str, name: str, now: datetime, time_zone: str | None = None, full_name: str = ""
) -> None:
    """Keep what a person, a channel or a user group is called, and a person's time zone. Nothing empty is kept.

    `full_name`: of a person, where it is another than `name`.
    """
    if USER_ID.fullmatch(slack_id):
        more = {"time_zone": time_zone} if time_zone else {}
        more |= {"full_name": full_name} if full_name and full_name != name else {}
        person = insert(PersonRow).values(user_id=slack_id, name=name, looked_up_at=now, **more)
        kept = {"looked_up_at": now, "name": name or PersonRow.name, **more}
        session.execute(person.on_conflict_do_update(index_elements=["user_id"], set_=kept))
    else:
        place = insert(NameRow).values(slack_id=slack_id, name=name, looked_up_at=now)
        kept = {"looked_up_at": now, "name": name or NameRow.name}
        session.execute(place.on_conflict_do_update(index_elements=["slack_id"], set_=kept))


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
    """Those ids, of people, channels and user groups, whose name was asked of Slack at or after an instant."""
    ids = list(user_ids)
    people = select(PersonRow.user_id).where(PersonRow.user_id.in_(ids), PersonRow.looked_up_at >= since)
    places = select(NameRow.slack_id).where(NameRow.slack_id.in_(ids), NameRow.looked_up_at >= since)
    return set(session.scalars(people.union_all(places)))


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
