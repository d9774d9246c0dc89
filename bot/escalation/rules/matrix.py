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
class Climb:
    """What pages that nobody answers do beside being repeated.

    After `secondary` of them the secondary on-call is paged, too, and again with each repeat. After `next_rung` the
    next rung is paged early, and one more with each repeat from then on; of these each comes twice as late after the
    one before, at most `longest` after it.
    """

    secondary: int
    next_rung: int
    longest: timedelta = timedelta(hours=1)

    def gap(self, number: int, every: timedelta) -> timedelta:
        """How long after the page before it the repeat of this number (from 1) comes."""
        if number < self.next_rung:
            return every
        return min(every * (1 << min(number - self.next_rung + 1, 16)), max(every, self.longest))


class DrillPagers(enum.StrEnum):
    """How a drill rings what is outside Slack."""

    OFF = "off"  # Slack and mail only
    LOW = "low"  # as little as each service can
    SAME = "same"  # as an incident of that severity


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
    climb: Climb | None = None  # None: pages that nobody answers are repeated, and nothing else
    drill_pagers: DrillPagers = DrillPagers.LOW

    def rung(self, role: Role, severity: Severity, start: datetime) -> tuple[Rule, datetime]:
        """The rule that decides for this cell and when it is due, counted from `start`."""
        own = self.matrix[role][severity]
        if own.is_digest:
            return own, own.due_at(self.calendar, start)
        cells = [self.matrix[role][other] for other in Severity if not other.worse_than(severity)]
        # min() keeps the first of equals, and the severity's own cell comes first.
        return min(
            ((rule, rule.due_at(self.calendar, start)) for rule in cells if not rule.is_digest),
            key=lambda pair: pair[1],
        )

    def page_due(self, role: Role, severity: Severity, start: datetime) -> datetime | None:
        """When the role is paged; None where it reads a digest."""
        rule, due_at = self.rung(role, severity, start)
        return None if rule.is_digest else due_at

    def response_due(self, severity: Severity, start: datetime) -> datetime | None:
        """When the on-call engineer must have acknowledged."""
        page = self.page_due(Role.ON_CALL, severity, start)
        return None if page is None else page + self.respond_within[severity]
