"""Who is in the channel of a security incident: by event, and by asking Slack. Whoever leaves loses it at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.incidents.flows.home import draw_home
from bot.incidents.queries import incidents, members
from bot.incidents.rules.incident import is_private
from bot.incidents.tables import IncidentRow
from bot.store.outbox import enqueue

_ASKED_EVERY = timedelta(hours=1)  # an event that Slack lost is noticed so late
_AT_ONCE = 20


def came_or_left(session: Session, channel_id: str, user_id: str, present: bool, event_ts: str, now: datetime) -> None:
    """Somebody joined a channel or left it; kept where it is that of a security incident."""
    row = incidents.find_by_channel(session, channel_id)
    if row is None or not is_private(row.ref):
        return
    if members.take_event(session, row.incident_id, user_id, present, event_ts, now):
        _redraw(session, [user_id])


def ask(session: Session, row: IncidentRow) -> None:
    """Have Slack asked who is in the channel."""
    once = f"read-members-{row.incident_id}"
    enqueue(session, "slack.read_members", lock=once, once=once, incident_id=row.incident_id)


def plan_asking(session: Session, now: datetime, before: datetime | None = None) -> None:
    """Have Slack asked about those channels of which it was last asked before an instant, or an hour ago."""
    for row in members.claim_unread(session, before or now - _ASKED_EVERY, now, _AT_ONCE):
        ask(session, row)


def found(session: Session, row: IncidentRow, user_ids: Collection[str], asked_at: datetime) -> None:
    """Slack said who is in the channel."""
    _redraw(session, members.take_list(session, row.incident_id, user_ids, asked_at))


def unknown(session: Session, row: IncidentRow, now: datetime) -> None:
    """We are not in the channel and cannot know who is: nobody is taken to be, but for the commander and roles.

    Of an archived channel, from which nobody can be taken, what was last known holds.
    """
    if not row.channel_archived:
        _redraw(session, members.forget_all(session, row.incident_id, now))


def _redraw(session: Session, user_ids: Iterable[str]) -> None:
    """App Home is kept by Slack as it was drawn: it must not go on showing what somebody no longer sees."""
    for user_id in sorted(user_ids):
        draw_home(session, user_id)
