"""What the owners of alarms hear once a month: which of theirs mostly were no incident."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.alarms import queries
from bot.alarms.flows.posting import alarm_of
from bot.alarms.rules.verdicts import LOOKED_AT, Verdicts
from bot.alarms.tables import AlarmRow
from bot.context import Policy
from bot.playbooks.queries.runs import note_once
from bot.store.outbox import enqueue

_CAME_WITHIN = timedelta(days=31)
_MADE_UP_WITHIN = timedelta(days=3)  # after the first opening of a month


def plan_owners(session: Session, policy: Policy, now: datetime) -> None:
    """When business opens first in a month, have each owner written to. Looking again finds nothing more."""
    begins = now.astimezone(policy.calendar.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    due_at = policy.calendar.open_moment(begins)
    if not due_at <= now < due_at + _MADE_UP_WITHIN or not note_once(session, f"alarm-owners:{begins:%Y-%m}", now):
        return
    for owner in noisy(session, policy, now):
        enqueue(session, "alarms.owner", owner=owner, month=f"{begins:%Y-%m}")


def noisy(session: Session, policy: Policy, now: datetime) -> Mapping[str, list[tuple[AlarmRow, Verdicts]]]:
    """By owner, "" where alarms.yaml names none: the alarms of the last month that mostly were no incident."""
    found: dict[str, list[tuple[AlarmRow, Verdicts]]] = defaultdict(list)
    for alarm, verdicts in queries.list_verdicts(session, now - _CAME_WITHIN, LOOKED_AT):
        if verdicts.is_noise:
            found[policy.alarms.treatment(alarm_of(alarm)).owner].append((alarm, verdicts))
    return found
