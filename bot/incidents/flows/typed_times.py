"""By which clock a time is read that somebody types without naming a zone: by their own, as they chose it in Slack."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.slack import queries as slack_queries


def time_zone_of(session: Session, context: AppContext, user_id: str) -> ZoneInfo:
    """The zone of whoever types: as Slack last said, else as we recorded it; the policy's where neither is known."""
    zone = _zone(context.time_zone_of(user_id)) or _zone(slack_queries.time_zone_of(session, user_id))
    return zone or context.policy.calendar.zone


def _zone(name: str | None) -> ZoneInfo | None:
    """None for a name that the time zone database here does not have."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
