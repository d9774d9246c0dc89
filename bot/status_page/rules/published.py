"""What was published, and what it means: the state of each component now and by day, and of all together.

The words are Statuspage's, so that whatever reads its API reads ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

DAYS = 90  # of history, today included


class Condition(StrEnum):
    """How a component does, the best first."""

    OPERATIONAL = "operational"
    MAINTENANCE = "under_maintenance"
    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"

    @property
    def rank(self) -> int:
        """How bad: 0 for operational."""
        return list(Condition).index(self)


class State(StrEnum):
    """Where an incident stands, or a maintenance: the last three are of those alone."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


OF_INCIDENTS = (State.INVESTIGATING, State.IDENTIFIED, State.MONITORING, State.RESOLVED)
HURTING = frozenset({State.INVESTIGATING, State.IDENTIFIED})  # something is wrong, so something is affected
OVER = frozenset({State.RESOLVED, State.COMPLETED})


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the product as the public knows it. `key` is our own name for it, which never leaves the house."""

    key: str
    component_id: str
    name: str
    group: str | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """One update as it was published. `components` is by key; instants are aware UTC."""

    update_id: str
    state: State
    text: str
    at: datetime
    changed_at: datetime
    components: Mapping[str, Condition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Post:
    """An incident or a scheduled maintenance with its updates, the oldest first; there is at least one."""

    post_id: str
    title: str
    began_at: datetime  # of a maintenance: when it is to begin
    published_at: datetime
    updates: tuple[Update, ...]
    ends_at: datetime | None = None  # of a maintenance alone: when it is to end

    @property
    def is_maintenance(self) -> bool:
        return self.ends_at is not None

    @property
    def ended_at(self) -> datetime | None:
        """When it was said to be over; None where nobody said so."""
        last = self.updates[-1]
        return last.at if last.state in OVER else None

    @property
    def changed_at(self) -> datetime:
        return max(update.changed_at for update in self.updates)

    @property
    def worst(self) -> Condition:
        """The worst that was said of any component."""
        said = [one for update in self.updates for one in update.components.values()]
        return max(said, key=lambda one: one.rank, default=Condition.OPERATIONAL)

    def state(self, now: datetime) -> State:
        """Of a maintenance by the clock, unless somebody said that it is over."""
        last = self.updates[-1].state
        if self.ends_at is None or last in OVER:
            return last
        return State.SCHEDULED if now < self.began_at else State.IN_PROGRESS if now < self.ends_at else State.COMPLETED

    def is_open(self, now: datetime) -> bool:
        return self.state(now) not in OVER

    def spans(self, now: datetime) -> Iterator[tuple[datetime, datetime, Mapping[str, Condition]]]:
        """From when until when which components were how."""
        if self.ends_at is not None:
            until = min(self.ended_at or self.ends_at, self.ends_at, now)
            if self.began_at < until:
                yield self.began_at, until, self.updates[-1].components
            return
        for update, after in zip(self.updates, [*self.updates[1:], None], strict=True):
            if update.state not in OVER:
                yield update.at, after.at if after else now, update.components


def conditions(components: Sequence[Component], posts: Sequence[Post], now: datetime) -> dict[str, Condition]:
    """Each component's condition now, by key: the worst that an open post says of it."""
    found = {one.key: Condition.OPERATIONAL for one in components}
    for post in posts:
        if post.state(now) in OVER or post.state(now) is State.SCHEDULED:
            continue
        for key, condition in post.updates[-1].components.items():
            if key in found and condition.rank > found[key].rank:
                found[key] = condition
    return found


def by_day(key: str, posts: Sequence[Post], now: datetime, days: int = DAYS) -> list[tuple[date, Condition]]:
    """The worst condition of a component on each of the last `days` days, in UTC; the oldest first."""
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    found = {first + timedelta(days=number): Condition.OPERATIONAL for number in range(days)}
    for post in posts:
        for begin, end, said in post.spans(now):
            condition = said.get(key, Condition.OPERATIONAL)
            for day in _days(max(begin, _midnight(first)), end):
                if day in found and condition.rank > found[day].rank:
                    found[day] = condition
    return list(found.items())


def _days(begin: datetime, end: datetime) -> Iterator[date]:
    """The days in UTC that a span touches."""
    day = begin.astimezone(UTC).date()
    while _midnight(day) < end:
        yield day
        day += timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


_OVERALL = {
    Condition.OPERATIONAL: ("none", "All Systems Operational"),
    Condition.MAINTENANCE: ("maintenance", "Service Under Maintenance"),
    Condition.DEGRADED: ("minor", "Partially Degraded Service"),
    Condition.PARTIAL: ("major", "Partial System Outage"),
    Condition.MAJOR: ("critical", "Major Service Outage"),
}
_IMPACT = {
    Condition.OPERATIONAL: "none",
    Condition.MAINTENANCE: "maintenance",
    Condition.DEGRADED: "minor",
    Condition.PARTIAL: "major",
    Condition.MAJOR: "critical",
}


def overall(found: Mapping[str, Condition], posts: Sequence[Post], now: datetime) -> tuple[str, str]:
    """Statuspage's indicator and description. An open incident that names no component is minor trouble,
    unless it is only watched.

    It is a major outage where every component is out; where some still work, a partial one.
    """
    worst = max(found.values(), key=lambda one: one.rank, default=Condition.OPERATIONAL)
    open_ones = [post for post in posts if not post.is_maintenance and post.is_open(now)]
    if worst.rank < Condition.DEGRADED.rank and any(post.state(now) in HURTING for post in open_ones):
        return "minor", "Minor Service Outage"
    if worst is Condition.MAJOR and any(one is not Condition.MAJOR for one in found.values()):
        worst = Condition.PARTIAL
    return _OVERALL[worst]


def impact(post: Post) -> str:
    """none, minor, major, critical or maintenance."""
    return "maintenance" if post.is_maintenance else _IMPACT[post.worst]
