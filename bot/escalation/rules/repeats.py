"""Repeats of a page that nobody answers: their numbers and instants through changes of severity. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.escalation.rules.matrix import LADDER, Climb
from bot.severity.rules import Severity


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of constant severity; `until` is not part of it, None for no end."""

    severity: Severity
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A page of the on-call engineer's that went out at `at`, or was given up then because it reached no one."""

    at: datetime
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Repeat:
    """One repeat of the on-call engineer's page: as many pages went before it as its number says.

    `lost` of those reached no one.
    """

    number: int
    due_at: datetime
    severity: Severity
    lost: int = 0

    @property
    def unanswered(self) -> str:
        if self.lost == self.number:
            return f"{_pages(self.number)} reached no one"
        lost = f", and {_pages(self.lost)} reached no one" if self.lost else ""
        return f"no answer to {_pages(self.number - self.lost)}{lost}"


def _pages(count: int) -> str:
    return f"{count} page{'s' if count > 1 else ''}"


def numbered(attempts: Mapping[str, Attempt], first: str, again: str) -> dict[int, Attempt]:
    """The attempts by number: that of the key `first` is 0, those of `again/N` are N."""
    found = {0: attempts[first]} if first in attempts else {}
    for key, attempt in attempts.items():
        begins, _, number = key.rpartition("/")
        if begins == again:
            found[int(number)] = attempt
    return found


_ON_TIME = timedelta(minutes=1)  # a page that goes out so soon after it fell due keeps the repeats' rhythm


@dataclass(slots=True)
class RepeatChain:
    """Counts repeats through the stretches. `last` is the latest page or repeat, `pending` the one that was to come.

    `attempts` are the pages that were tried, by number, the first page's 0: one that fell due and was not tried goes
    out now, and the next is counted from it. None: each went out as it fell due.
    """

    last: datetime
    climb: Climb | None
    now: datetime
    attempts: Mapping[int, Attempt] | None = None
    number: int = 0
    pending: datetime | None = None

    def __post_init__(self) -> None:
        self.last = self._went_out(0, self.last)

    def _went_out(self, number: int, due: datetime) -> datetime:
        """When the page of that number went out, or would: what comes after it counts from there."""
        if self.attempts is None:
            return due
        attempt = self.attempts.get(number)
        at = attempt.at if attempt is not None else self.now
        return at if at - due > _ON_TIME else due

    def lost_before(self, number: int) -> int:
        """How many of the pages before that one reached no one."""
        return sum(not attempt.reached for n, attempt in (self.attempts or {}).items() if n < number)

    def run(self, stretch: Stretch, every: timedelta) -> list[tuple[int, datetime]]:
        """The repeats of the stretch that matter, each with its number: those by which others are paged, the latest
        up to `now` and the first after it.
        """
        gap = self._gap(every)
        earliest = max(stretch.since, self.last) + gap
        due = max(self.last + gap, min(self.pending, earliest) if self.pending else earliest)
        found: list[tuple[int, datetime]] = []
        while (stretch.until is None or due < stretch.until) and self._goes_on(found):
            due = self._skipped(due, every, stretch.until)
            self.number += 1
            found.append((self.number, due))
            self.last = self._went_out(self.number, due)
            due = self.last + self._gap(every)
        self.pending = due
        return found

    @property
    def _counted(self) -> int:
        """The number up to which each repeat matters."""
        return max(self.climb.secondary, self.climb.next_rung + len(LADDER)) if self.climb else 0

    def _gap(self, every: timedelta) -> timedelta:
        return self.climb.gap(self.number + 1, every) if self.climb else every

    def _goes_on(self, found: Sequence[tuple[int, datetime]]) -> bool:
        """Nothing is planned beyond the first after `now`, but who is paged early."""
        return not found or found[-1][1] <= self.now or self.number < self._counted

    def _skipped(self, due: datetime, every: timedelta, until: datetime | None) -> datetime:
        """The next one's instant, passing over those that a later one replaces: an incident may be open for weeks."""
        if (
            self.attempts is not None
            or self.number < self._counted
            or (self.climb and self._gap(every) < max(every, self.climb.longest))
        ):
            return due
        gap, end = self._gap(every), min(self.now, until) if until else self.now
        passed = max(0, (end - due) // gap - 1)
        self.number += passed
        return due + passed * gap
