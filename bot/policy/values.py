"""What the fields of policy files hold, read from text as people type it: spans, times, days, zones, choices.

Each type says what editors are told of it, as JSON Schema. Readers raise ValueError with a sentence on what to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bot.text.durations import LONGEST as LONGEST_SPAN
from bot.text.durations import parse_duration
from bot.text.nearest import nearest

Item = TypeVar("Item")
JsonSchema = dict[str, Any]
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def did_you_mean(word: str, known: Collection[str]) -> str:
    """` Did you mean "x"?` with the nearest of `known`, or ` Known: a, b, c.` where none is near."""
    near = nearest(word, known)
    return f' Did you mean "{near}"?' if near else f" Known: {', '.join(known)}."


def choose(typed: str, known: Collection[str]) -> str:
    """One of `known`, whatever its case; answered as spelled in `known`. Raises ValueError."""
    for name in known:
        if name.lower() == typed.lower():
            return name
    raise ValueError(f'unknown "{typed}".{did_you_mean(typed, known)}')


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """Annotates a type that `read` makes of text as typed, never empty. `empty` is said where no text stands."""

    read: Callable[[str], object]
    schema: JsonSchema
    empty: str = "expected a text after the colon."

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return dict(self.schema)

    def _validate(self, value: object) -> object:
        if isinstance(value, str) and value.strip():
            return self.read(value.strip())
        raise ValueError(self.empty)


class OneOrMany:
    """Annotates a tuple: a single text where a list is expected counts as a list of one, and nothing as none."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        listed = handler(schema)
        lone = [] if "$ref" in listed["items"] else [listed["items"]]  # only a text may stand without its list
        return {"anyOf": [listed, *lone, {"type": "null"}]}

    @staticmethod
    def _listed(value: object) -> object:
        return [] if value is None else [value] if isinstance(value, str) else value


Many = Annotated[tuple[Item, ...], OneOrMany()]


def must(holds: Callable[[Any], bool], sentence: str) -> AfterValidator:
    """Annotates a value that is refused with the sentence where `holds` does not."""

    def check(value: Item) -> Item:
        if not holds(value):
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


def one_of(known: Collection[str], make: Callable[[str], object] = str) -> Typed:
    """For one of `known`, whatever its case; `make` turns it into what the field holds."""
    return Typed(lambda typed: make(choose(typed, known)), {"enum": list(known)})


def duration(typed: str) -> timedelta:
    """A span such as `1 h 30 min`: longer than nothing, at most a year, in whole minutes. Raises ValueError."""
    span = parse_duration(typed)
    if span is None:
        raise ValueError(f'"{typed}" is not a span of time. Write for example 30 min, 2 h or 1 day.')
    if not timedelta() < span <= LONGEST_SPAN:
        raise ValueError(f'"{typed}" must be longer than nothing and at most a year.')
    if span % timedelta(minutes=1):
        raise ValueError(f'"{typed}" must be whole minutes.')
    return span


def time_of_day(typed: str) -> time:
    """A wall-clock time such as `09:00`. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", typed)
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return time(int(match[1]), int(match[2]))
    raise ValueError(f'"{typed}" is not a time of day. Write hours and minutes, for example 09:00.')


def _weekday(typed: str) -> int:
    for number, day in enumerate(_WEEKDAYS):
        if len(typed) >= 3 and day.lower().startswith(typed.lower()):
            return number
    raise ValueError(f'"{typed}" is not a day of the week. Write for example Monday.')


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise ValueError(f'"{typed}" is not a date. Write year-month-day, for example 2026-12-24.') from None


def _local_instant(typed: str) -> datetime:
    try:
        return datetime.fromisoformat(typed)
    except ValueError:
        raise ValueError(f'"{typed}" is not a date and time. Write for example 2026-12-24T09:00.') from None


def _zone(typed: str) -> ZoneInfo:
    known = available_timezones()
    if typed in known:
        return ZoneInfo(typed)
    near = nearest(typed, sorted(known), likeness=0.7)
    hint = f' Did you mean "{near}"?' if near else " Write an IANA name, for example UTC or Europe/Berlin."
    raise ValueError(f'unknown time zone "{typed}".{hint}')


def _share(typed: str) -> float:
    try:
        value = float(typed)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError(f'"{typed}" is not a number from 0 to 1.')
    return value


def each_once(values: Collection[object]) -> bool:
    return len(set(values)) == len(values)


TIME_PATTERN = r"([01]?[0-9]|2[0-3]):[0-5][0-9]"
_DAY_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
DURATION_SCHEMA: JsonSchema = {
    "type": "string",
    "pattern": r"^([0-9]|[Hh]alf|[Aa]n?\b|[Oo]ne\b).*[A-Za-z]",
    "examples": ["30 min", "1 h 30 min", "1 day", "2 weeks"],
}
ANY_TEXT: JsonSchema = {"type": ["string", "number", "boolean"]}  # scalars stay as typed: 404 is a text, too

Text = Annotated[str, Typed(str, ANY_TEXT)]
Duration = Annotated[timedelta, Typed(duration, DURATION_SCHEMA)]
TimeOfDay = Annotated[
    time, Typed(time_of_day, {"type": "string", "pattern": f"^{TIME_PATTERN}$", "examples": ["09:00"]})
]
# 0 for Monday … 6 for Sunday; three letters do.
Weekday = Annotated[
    int,
    Typed(_weekday, {"anyOf": [{"enum": list(_WEEKDAYS)}, {"type": "string", "pattern": "^[A-Za-z]{3,}$"}]}),
]
Day = Annotated[date, Typed(_day, {"type": "string", "pattern": f"^{_DAY_PATTERN}$"})]
# Without zone where none was typed.
LocalInstant = Annotated[
    datetime, Typed(_local_instant, {"type": "string", "pattern": f"^{_DAY_PATTERN}", "examples": ["2026-12-24T09:00"]})
]
Zone = Annotated[ZoneInfo, Typed(_zone, {"type": "string", "examples": ["UTC", "Europe/Berlin", "America/New_York"]})]
Share = Annotated[float, Typed(_share, {"type": "number", "minimum": 0, "maximum": 1})]
Flag = Annotated[bool, Typed(lambda typed: choose(typed, ("true", "false")) == "true", {"type": "boolean"})]
