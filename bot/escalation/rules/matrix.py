"""The escalation matrix: roles, rules and what the policy says of them. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.escalation.rules.calendar import BusinessCalendar
from bot.severity.rules import Severity
from bot.text.durations import span


class Role(enum.StrEnum):
    """Whom a ping is for. The ladder is the first four, in order; the secondary stands behind the on-call engineer."""

    ON_CALL = "on-call engineer"
    TEAM_LEAD = "team lead"
    ENGINEERING_MANAGER = "engineering manager"
    VP = "VP engineering"
    SECONDARY = "secondary on-call"


LADDER: tuple[Role, ...] = (Role.ON_CALL, Role.TEAM_LEAD, Role.ENGINEERING_MANAGER, Role.VP)


class When(enum.StrEnum):
    """The kinds of rules that a cell of the matrix can hold. AFTER comes with a span."""

    AT_ONCE = "at once"
    AFTER = "after"
    NORMAL_HOURS = "normal hours"
    NEXT_DAY = "next day"
    WEEKLY_REVIEW = "weekly review"
    MONTHLY_REVIEW = "monthly review"


@dataclass(frozen=True, slots=True)
class Rule:
    """One cell of the matrix. `after` is set exactly for When.AFTER."""

    when: When
    after: timedelta = timedelta()

    @property
    def is_digest(self) -> bool:
        """True where the incident is listed in a review rather than somebody paged."""
        return self.when in (When.WEEKLY_REVIEW, When.MONTHLY_REVIEW)

    @property
    def text(self) -> str:
        """The cell as people write it: `at once`, `30 min`, `2 h`, `next day`."""
        return span(self.after) if self.when is When.AFTER else self.when.value

    def due_at(self, calendar: BusinessCalendar, start: datetime) -> datetime:
        """When the rule is due for an incident that began at `start` (aware UTC). Raises NeverOpen."""
        match self.when:
            case When.AT_ONCE | When.AFTER:
                return start + self.after
            case When.NORMAL_HOURS:
                return calendar.open_moment(start)
            case When.NEXT_DAY:
                return calendar.next_business_day(start)
            case When.WEEKLY_REVIEW:
                return calendar.next_weekly_digest(start)
            case When.MONTHLY_REVIEW:
                return calendar.next_monthly_digest(start)


LATE_AFTER = timedelta(minutes=5)  # where the policy does not say


@dataclass(frozen=True, slots=True)
class Burst:
    """So many incidents declared by one person within so long: before the next one they are asked."""

    declarations: int = 3
    within: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """The matrix and its figures. A severity missing from `repeat_every` has no repeats.

    A ping is called late, wherever it is told, when it was sent more than `late_after` after it was due.
    """

    matrix: Mapping[Role, Mapping[Severity, Rule]]
    calendar: BusinessCalendar
    respond_within: Mapping[Severity, timedelta]
    repeat_every: Mapping[Severity, timedelta]
    late_after: timedelta = LATE_AFTER
    ask_after: Burst = Burst()
