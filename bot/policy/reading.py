"""YAML into nodes that know their file and line, so that whatever is wrong can be pointed at.

Every scalar is kept as the text that was typed and turned into a number, a time or a span only where one is expected:
`NO` stays Norway and `9:00` stays nine o'clock. Aliases and tags are refused: a policy file says things once, in plain
sight.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import yaml

from bot.errors import InvalidPolicy
from bot.text.durations import LONGEST as LONGEST_SPAN
from bot.text.durations import parse_duration

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


def did_you_mean(word: str, known: Collection[str]) -> str:
    """` Did you mean "x"?` with the nearest of `known`, or ` Known: a, b, c.` where none is near."""
    near = difflib.get_close_matches(word.lower(), [name.lower() for name in known], n=1)
    if near:
        meant = next(name for name in known if name.lower() == near[0])
        return f' Did you mean "{meant}"?'
    return f" Known: {', '.join(known)}."


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a policy file. `inside` is what was read there: text, a list of nodes, or keys with their nodes.

    Every reading method raises InvalidPolicy with file, line and what to write instead.
    """

    file: str
    line: int
    name: str  # where it stands, for people: "hours.opens"
    inside: str | tuple[Node, ...] | Mapping[str, Node]
    quoted: bool = False

    def refuse(self, reason: str) -> InvalidPolicy:
        """The error to raise: `knowledge/policy/x.yaml:12: reason`."""
        return InvalidPolicy(f"{self.file}:{self.line}: {reason}")

    @property
    def is_empty(self) -> bool:
        """True where nothing was written after the key."""
        return isinstance(self.inside, str) and not self.quoted and self.inside in _NOTHING

    def mapping(self) -> Mapping[str, Node]:
        """Key → node, in the order of the file; keys are free (see `fields` for known ones)."""
        if isinstance(self.inside, Mapping):
            return self.inside
        raise self.refuse(f"{self.name}: expected keys with values below it, one `key: value` a line.")

    def fields(self, *required: str, optional: Collection[str] = ()) -> Mapping[str, Node]:
        """The mapping, refused where a required key is missing or a key is neither required nor optional."""
        found = self.mapping()
        known = (*required, *optional)
        for key, node in found.items():
            if key not in known:
                raise node.refuse(f'{self.name}: unknown key "{key}".{did_you_mean(key, known)}')
        for key in required:
            if key not in found:
                raise self.refuse(f'{self.name}: "{key}" is missing. Add a line `{key}: …`.')
        return found

    def items(self) -> tuple[Node, ...]:
        """The nodes of a list. A single text where a list is expected counts as a list of one."""
        if isinstance(self.inside, tuple):
            return self.inside
        if isinstance(self.inside, str):
            return () if self.is_empty else (self,)
        raise self.refuse(f"{self.name}: expected a list, one `- item` a line.")

    def text(self) -> str:
        """What was typed, never empty."""
        if isinstance(self.inside, str) and not self.is_empty and self.inside.strip():
            return self.inside.strip()
        raise self.refuse(f"{self.name}: expected a text after the colon.")

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        typed = self.text()
        if re.fullmatch(r"[+-]?\d{1,18}", typed) and low <= int(typed) <= high:
            return int(typed)
        raise self.refuse(f'{self.name}: "{typed}" is not a whole number from {low} to {high}.')

    def choice(self, known: Collection[str]) -> str:
        """One of `known`, whatever its case; answered as spelled in `known`."""
        typed = self.text()
        for name in known:
            if name.lower() == typed.lower():
                return name
        raise self.refuse(f'{self.name}: unknown "{typed}".{did_you_mean(typed, known)}')

    def duration(self) -> timedelta:
        """A span such as `30 min`, `2 h` or `1 h 30 min`: longer than nothing, at most a year."""
        span = parse_duration(self.text())
        if span is None:
            raise self.refuse(
                f'{self.name}: "{self.text()}" is not a span of time. Write for example 30 min, 2 h or 1 day.'
            )
        if not timedelta() < span <= LONGEST_SPAN:
            raise self.refuse(f'{self.name}: "{self.text()}" must be longer than nothing and at most a year.')
        if span % timedelta(minutes=1):
            raise self.refuse(f'{self.name}: "{self.text()}" must be whole minutes.')
        return span

    def time_of_day(self) -> time:
        """A wall-clock time such as `09:00`."""
        typed = self.text()
        match = re.fullmatch(r"(\d{1,2}):(\d{2})", typed)
        if match and int(match[1]) < 24 and int(match[2]) < 60:
            return time(int(match[1]), int(match[2]))
        raise self.refuse(f'{self.name}: "{typed}" is not a time of day. Write hours and minutes, for example 09:00.')

    def weekday(self) -> int:
        """A day of the week by its English name (three letters do): 0 for Monday … 6 for Sunday."""
        typed = self.text()
        for number, day in enumerate(_WEEKDAYS):
            if len(typed) >= 3 and day.startswith(typed.lower()):
                return number
        raise self.refuse(f'{self.name}: "{typed}" is not a day of the week. Write for example Monday.')

    def day(self) -> date:
        """A date such as `2026-12-24`."""
        typed = self.text()
        try:
            return date.fromisoformat(typed)
        except ValueError:
            raise self.refuse(
                f'{self.name}: "{typed}" is not a date. Write year-month-day, for example 2026-12-24.'
            ) from None

    def local_instant(self) -> datetime:
        """A date and time such as `2026-12-24T09:00`; without zone where none was typed."""
        typed = self.text()
        try:
            return datetime.fromisoformat(typed)
        except ValueError:
            raise self.refuse(
                f'{self.name}: "{typed}" is not a date and time. Write for example 2026-12-24T09:00.'
            ) from None

    def zone(self) -> ZoneInfo:
        """An IANA time zone such as `Europe/Berlin`."""
        typed = self.text()
        known = available_timezones()
        if typed in known:
            return ZoneInfo(typed)
        near = difflib.get_close_matches(typed, sorted(known), n=1, cutoff=0.7)
        hint = f' Did you mean "{near[0]}"?' if near else " Write an IANA name, for example UTC or Europe/Berlin."
        raise self.refuse(f'{self.name}: unknown time zone "{typed}".{hint}')


class _PlainLoader(yaml.BaseLoader):
    """Composes nodes only; nothing is built from tags and nothing is repeated by alias."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # the stubs leave it bare
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not read; write it out", event.start_mark
            )
        return super().compose_node(parent, index)


def read(path: Path) -> Node:
    """The topmost node of a YAML file. Raises InvalidPolicy where it is not there, no YAML, or says a key twice."""
    shown = _shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidPolicy(f"{shown}:1: the file does not exist. Restore it from the repository.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidPolicy(f"{shown}:1: the file cannot be read as UTF-8 text: {error}.") from None
    return read_text(text, shown)


def read_text(text: str, shown: str) -> Node:
    """Like `read`, from text; `shown` is the file's name in errors."""
    try:
        top = _PlainLoader(text).get_single_node()
        if top is None:
            raise InvalidPolicy(f"{shown}:1: the file is empty.")
        return _convert(top, shown, Path(shown).stem)
    except RecursionError:
        raise InvalidPolicy(f"{shown}:1: nested too deep to be a policy.") from None
    except yaml.reader.ReaderError as error:
        raise InvalidPolicy(f"{shown}:1: a character that YAML does not allow: {error.reason}.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InvalidPolicy(f"{shown}:{line}: this is not valid YAML: {error.problem or error.context}.") from None


def _convert(raw: yaml.Node, file: str, name: str) -> Node:
    line = raw.start_mark.line + 1
    if raw.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"):
        raise InvalidPolicy(f"{file}:{line}: {name}: tags such as {raw.tag} are not read; remove it.")
    if isinstance(raw, yaml.MappingNode):
        return Node(file, line, name, dict(_pairs(raw, file, name)))
    if isinstance(raw, yaml.SequenceNode):
        return Node(
            file, line, name, tuple(_convert(item, file, f"{name}[{i}]") for i, item in enumerate(raw.value, 1))
        )
    quoted = isinstance(raw, yaml.ScalarNode) and raw.style is not None
    return Node(file, line, name, raw.value, quoted)


def _pairs(raw: yaml.MappingNode, file: str, name: str) -> Iterator[tuple[str, Node]]:
    seen: dict[str, int] = {}
    for key, value in raw.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise InvalidPolicy(f"{file}:{line}: {name}: a key must be a plain word.")
        if key.value in seen:
            raise InvalidPolicy(
                f'{file}:{line}: {name}: "{key.value}" is already set in line {seen[key.value]}. Keep one.'
            )
        seen[key.value] = line
        node = _convert(value, file, f"{name}.{key.value}")
        # A list or mapping starts on the line below its key; people look for the key.
        yield key.value, Node(file, line, node.name, node.inside, node.quoted)


def _shown(path: Path) -> str:
    """The path as people know it: from the knowledge folder on where there is one, else as given."""
    parts = path.parts
    return "/".join(parts[parts.index("knowledge") :]) if "knowledge" in parts else str(path)
