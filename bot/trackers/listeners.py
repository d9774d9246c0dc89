"""Create issue, beside an action item."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents.interactions import ID, Press, incident_at
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.reviews.messages.action_items import EXPORT
from bot.trackers import flows


def create(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """`incident id:number`."""
    incident_id, number = value.split(":")
    row = incidents.get_for_change(session, int(incident_id))
    return flows.ask(session, row, int(number), user_id, context.policy, now)


PRESSES = {EXPORT: Press(create, Act.CHANGE, incident_at(0), rf"{ID}:{ID}")}
