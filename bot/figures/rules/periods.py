"""Periods of the calendar, in the policy's time zone: this month, a quarter, the last 90 days; and the one before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import BadRequest

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = re.compile(r"(?:last\s+)?(\d{1,4})\s*(d|days?|w|weeks?)")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_QUARTER = re.compile(r"(?:(\d{4})[-\s]?)?q([1-4])(?:[-\s](\d{4}))?")
_MOST_DAYS = 3660
_FIRST, _LAST = 1970, 9998
HINT = "`month`, `last month`, `quarter`, `last 90 days`, `2026-10`, `2026-Q3`, `2026` or `all`"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to, not including, `until` (aware UTC). `word` is what to type for it."""

    word: str
    title: str
    since: datetime
    until: datetime
    earlier: tuple[datetime, datetime] | None  # the period to compare with
    earlier_title: str = ""

    def bucket_names(self, by: str, first: str, zone: ZoneInfo) -> list[str]:
        """The months or quarters (`by`) of the period from its beginning to its end; of all time from `first` on."""
        last = (self.until - timedelta(microseconds=1)).astimezone(zone).date()
        day = self.since.astimezone(zone).date()
        if self.earlier is None:  # of all time
            year, rest = first.split("-")
            day = date(int(year), int(rest[1:]) * 3 - 2 if by == "quarter" else int(rest), 1)
        months = 3 if by == "quarter" else 1
        day = day.replace(month=(day.month - 1) // months * months + 1, day=1)
        names = []
        while day <= last:
            names.append(_word(day, months))
            day = _plus(day, months)
        return names


def parse_period(text: str, now: datetime, zone: ZoneInfo) -> Period:
    """The period that was typed. One that has not ended ends at `now` and is compared with as much of the one before.

    Raises BadRequest with the ways to say it.
    """
    said = " ".join(text.lower().split())
    today = now.astimezone(zone).date()
    if found := _DAYS.fullmatch(said):
        return _days(int(found[1]) * (7 if found[2].startswith("w") else 1), now)
    if said in ("all", "ever", "everything"):
        return Period("all", "all time", datetime(_FIRST, 1, 1, tzinfo=UTC), now, None)
    span = _calendar(said, today)
    if span is None or not _FIRST <= span[1].year <= _LAST:
        raise BadRequest(f"“{text.strip()[:40]}” isn't a period. Use {HINT}.")
    word, start, months = span
    if start > today:
        raise BadRequest(f"“{text.strip()[:40]}” has not begun yet. Use {HINT}.")
    return _whole(word, start, months, now, zone)


def last_months(count: int, now: datetime, zone: ZoneInfo) -> Period:
    """This month so far and the months before it, `count` in all, compared with as many before those."""
    this = now.astimezone(zone).date().replace(day=1)
    since, before = (_begins(_plus(this, 1 - months), zone) for months in (count, 2 * count))
    earlier = (before, min(since, before + (now - since)))
    return Period("", f"last {count} months", since, now, earlier, f"the {count} months before")


def _calendar(said: str, today: date) -> tuple[str, date, int] | None:
    """(word, first day, months) of a month, a quarter or a year; None for what is none."""
    this = said.removeprefix("this ")
    back = said.startswith(("last ", "previous ")) and said.split()[-1] in ("month", "quarter", "year")
    unit = said.split()[-1] if back else this
    if unit in ("month", "quarter", "year"):
        months = {"month": 1, "quarter": 3, "year": 12}[unit]
        start = today.replace(month=(today.month - 1) // months * months + 1, day=1)
        start = _plus(start, -months) if back else start
        return _word(start, months), start, months
    if (found := _MONTH.fullmatch(said)) and 1 <= int(found[2]) <= 12 and int(found[1]):
        return f"{int(found[1])}-{int(found[2]):02}", date(int(found[1]), int(found[2]), 1), 1
    if found := _QUARTER.fullmatch(said):
        year = int(found[1] or found[3] or today.year) or today.year
        start = date(year, int(found[2]) * 3 - 2, 1)
        if not (found[1] or found[3]) and start > today:
            start = _plus(start, -12)
        return _word(start, 3), start, 3
    if re.fullmatch(r"\d{4}", said) and int(said):
        return said, date(int(said), 1, 1), 12
    return _named(said, today)


def _named(said: str, today: date) -> tuple[str, date, int] | None:
    """`october`, `oct 2026`; without a year the latest that has begun."""
    name, _, year = said.partition(" ")
    near = [at for at, month in enumerate(_MONTHS, 1) if len(name) >= 3 and month.startswith(name)]
    if len(near) != 1 or (year and not re.fullmatch(r"\d{4}", year)) or year == "0000":
        return None
    start = date(int(year) if year else today.year, near[0], 1)
    start = _plus(start, -12) if not year and start > today else start
    return _word(start, 1), start, 1


def _word(start: date, months: int) -> str:
    return {1: f"{start:%Y-%m}", 3: f"{start.year}-Q{(start.month + 2) // 3}", 12: f"{start.year}"}[months]


def _plus(day: date, months: int) -> date:
    """The first of the month so many months later."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _begins(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _whole(word: str, start: date, months: int, now: datetime, zone: ZoneInfo) -> Period:
    """A month, quarter or year; the one before is cut to the same length where this one still runs."""
    since, end = _begins(start, zone), _begins(_plus(start, months), zone)
    earlier = _plus(start, -months)
    from_before = _begins(earlier, zone)
    title = {1: f"{start:%B %Y}", 3: f"quarter {_word(start, 3)}", 12: f"year {start.year}"}[months]
    name = {1: f"{earlier:%B %Y}", 3: _word(earlier, 3), 12: str(earlier.year)}[months]
    if end <= now:
        return Period(word, title, since, end, (from_before, since), name)
    until_before = min(since, from_before + (now - since))
    return Period(word, f"{title} so far", since, now, (from_before, until_before), f"the same days of {name}")


def _days(count: int, now: datetime) -> Period:
    if not 1 <= count <= _MOST_DAYS:
        raise BadRequest(f"Use 1 to {_MOST_DAYS} days, or {HINT}.")
    length = timedelta(days=count)
    word = f"last {count} days"
    return Period(word, word, now - length, now, (now - 2 * length, now - length), f"the {count} days before")
