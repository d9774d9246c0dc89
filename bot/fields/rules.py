"""What types and fields are, and reading what somebody typed for them. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from bot.errors import BadRequest, FormRefused
from bot.severity.rules import Severity
from bot.text.nearest import nearest

LONGEST_TEXT = 1_000  # characters of a text field's value
TYPE = "type"  # what the type of an incident is called beside its fields: in forms, commands and filters
KEPT = "="  # what a menu sends for a value that the policy no longer offers
NONE = "none"  # in filters: has no type
_CLEARED = frozenset({"-", "–", "—", "clear"})  # typed in place of a value
_SHOWN = 20  # options that a refusal names


class Ask(enum.StrEnum):
    """When forms ask for a field."""

    DECLARE = "declare"
    RESOLVE = "resolve"


class Holds(enum.StrEnum):
    """What a field holds."""

    TEXT = "text"
    SELECT = "select"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class IncidentType:
    """`private`: declared as a security incident unless somebody chose. `at_least`: no such incident is milder."""

    name: str
    title: str
    meaning: str = ""
    private: bool = False
    at_least: Severity | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field. `types`: of which incidents it is asked; none: of all. `least` and `most` bound a number."""

    name: str
    title: str
    holds: Holds
    options: tuple[str, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    required: bool = False
    ask: frozenset[Ask] = frozenset()
    types: tuple[str, ...] = ()
    hint: str = ""

    def applies(self, type_name: str | None) -> bool:
        """Whether incidents of that type have it."""
        return not self.types or type_name in self.types

    def needed(self, when: Ask | None, type_name: str | None) -> bool:
        """Whether it must not be empty then: on resolving, what was required on declaring must be there, too."""
        by_then = frozenset(Ask) if when is Ask.RESOLVE else frozenset({when})
        return self.required and bool(self.ask & by_then) and self.applies(type_name)

    def read(self, typed: str, known: str = "") -> str:
        """The value as it is kept; empty for one that is taken away. `known`, the present one, is always good.

        Raises BadRequest with what may stand there.
        """
        typed = " ".join(typed.split())
        if typed in (known, KEPT):
            return known
        if self.holds is Holds.SELECT:
            return self._choose(typed)
        if typed.lower() in _CLEARED or not typed:
            return ""
        if self.holds is Holds.NUMBER:
            return self._number(typed)
        if len(typed) > LONGEST_TEXT:
            raise BadRequest(f"{self.title} has room for {LONGEST_TEXT:,} characters; this is {len(typed):,}.")
        return typed

    def _choose(self, typed: str) -> str:
        by_lower = {option.lower(): option for option in self.options}
        wanted = typed.lower()
        if wanted in by_lower:
            return by_lower[wanted]
        if wanted in _CLEARED or not wanted:
            return ""
        begun = [option for lower, option in by_lower.items() if lower.startswith(wanted)]
        if len(begun) == 1:
            return begun[0]
        raise BadRequest(f"{self.title} is one of: {self.choices}.")

    def _number(self, typed: str) -> str:
        try:
            number = Decimal(re.sub(r"(?<=\d)[,_ '](?=\d{3}(?!\d))", "", typed).removesuffix("%").strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) >= 10**15 or not self._within(number):
            raise BadRequest(f"{self.title} is {self.numbers}.")
        plain = f"{abs(number) if number == 0 else number:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain

    def _within(self, number: Decimal) -> bool:
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    @property
    def choices(self) -> str:
        """The options as a sentence names them."""
        return listed(self.options)

    @property
    def numbers(self) -> str:
        """`a number from 0 to 100`."""
        if self.least is not None and self.most is not None:
            return f"a number from {self.least:f} to {self.most:f}"
        if self.most is not None:
            return f"a number, {self.most:f} at most"
        return f"a number, {self.least:f} or more" if self.least is not None else "a number"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence; of very many the first."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Value:
    """What an incident has in a field; `title` is what the field was called when it was set."""

    name: str
    title: str
    value: str
    written_by: str | None = None  # whose words it is


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody filled in. `type_name` None: nothing was said of it; empty values take one away."""

    type_name: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.type_name is not None or bool(self.values)


@dataclass(frozen=True, slots=True)
class FieldsPolicy:
    """The types and fields of the policy, in its order."""

    types: Mapping[str, IncidentType] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.types or self.fields)

    @property
    def blocks(self) -> frozenset[str]:
        """What the inputs of the fields are called in forms."""
        return frozenset(block_of(name) for name in self.fields)

    @property
    def required(self) -> list[Field]:
        return [one for one in self.fields.values() if one.required]

    def title_of(self, type_name: str | None) -> str:
        """What a type is called, one that the policy no longer has included; empty for none."""
        found = self.types.get(type_name or "")
        return found.title if found else (type_name or "")

    def is_private(self, type_name: str | None) -> bool:
        found = self.types.get(type_name or "")
        return found is not None and found.private

    def at_least(self, type_name: str | None, severity: Severity) -> Severity:
        """The severity, or the mildest that the type allows."""
        found = self.types.get(type_name or "")
        floor = found.at_least if found else None
        return floor if floor is not None and floor.worse_than(severity) else severity

    def asked(self, when: Ask, type_name: str | None = None, any_type: bool = False) -> list[Field]:
        """The fields that forms ask for then; `any_type`: also those of other types."""
        return [one for one in self.fields.values() if when in one.ask and (any_type or one.applies(type_name))]

    def missing(self, when: Ask, type_name: str | None, values: Mapping[str, Value]) -> list[Field]:
        """The required fields that are to be there by then and are empty."""
        return [one for one in self.fields.values() if one.needed(when, type_name) and one.name not in values]

    def read_type(self, typed: str) -> str:
        """The name of the type that was typed, by its name or title; empty for none. Raises BadRequest."""
        wanted = " ".join(typed.lower().split())
        if wanted in _CLEARED or wanted == NONE:
            return ""
        by_word = _by_word({one.name: one.title for one in self.types.values()})
        if wanted in by_word:
            return by_word[wanted]
        begun = {name for word, name in by_word.items() if len(wanted) >= 2 and word.startswith(wanted)}
        if len(begun) == 1:
            return begun.pop()
        if not self.types:
            raise BadRequest("There are no types: whoever runs Tocsin adds them to fields.yaml.")
        near = nearest(wanted, by_word)
        hint = f" Did you mean {by_word[near]}?" if near else ""
        raise BadRequest(f"The type is one of: {listed(list(self.types))}.{hint}")

    def take_type(self, words: str) -> tuple[Given, str]:
        """`tills freeze type:data` → the type, and the other words; all of them where they name none that there is.

        Raises BadRequest for what is nearly a type: words such as `type:timeout` are the title's own.
        """
        found = _SAID_TYPE.search(words)
        rest = _SAID_TYPE.sub("", words, count=1).strip() if found else ""
        if found is None or not self.types or not rest:
            return Given(), words
        typed = next(filter(None, found.groups()), "")
        try:
            name = self.read_type(typed)
        except BadRequest:
            if nearest(typed, _by_word({one.name: one.title for one in self.types.values()}), likeness=0.75):
                raise
            return Given(), words
        return Given(name) if name else Given(), rest

    def type_last(self, words: str) -> str:
        """`type:data P1 tills freeze` → `P1 tills freeze type:data`, so that what else stands first is read as such."""
        found = _SAID_TYPE.match(words.lstrip())
        return f"{words.lstrip()[found.end() :].lstrip()} {found[0].strip()}" if found and self.types else words

    def read_field(self, typed: str) -> tuple[Field, str]:
        """`found by customer`, `found-by: customer`, `found customer` → the field and what follows its name.

        Raises BadRequest with the fields that there are.
        """
        if not self.fields:
            raise BadRequest("There are no custom fields: whoever runs Tocsin adds them to fields.yaml.")
        by_word = _by_word({one.name: one.title for one in self.fields.values()})
        for word in sorted(by_word, key=len, reverse=True):
            spaced = r"[\s_-]+".join(re.escape(part) for part in re.split(r"[\s_-]+", word) if part)
            if found := re.match(rf"{spaced}(?:\s*[:=]\s*|\s+|$)", typed.strip(), re.IGNORECASE):
                return self.fields[by_word[word]], typed.strip()[found.end() :].strip()
        first, rest = (*re.split(r"\s*[:=]\s*|\s+", typed.strip(), maxsplit=1), "")[:2]
        begun = {name for word, name in by_word.items() if len(first) >= 3 and word.startswith(first.lower())}
        if len(begun) == 1:
            return self.fields[begun.pop()], rest.strip()
        near = nearest(first, by_word)
        hint = f" Did you mean {by_word[near]}?" if near else ""
        raise BadRequest(f"The fields are: {listed(list(self.fields))}.{hint}")

    def read_form(
        self, filled: Mapping[str, str], when: Ask | None, type_name: str | None, known: Mapping[str, Value]
    ) -> Given:
        """What a form said of type and fields, `known` being what the incident has. Raises FormRefused, by field.

        Of what the form did not ask, nothing is said. `when`: what is required then must not be empty.
        """
        refused: dict[str, str] = {}
        said_type = filled.get(block_of(TYPE))
        if said_type is not None and said_type != (type_name or ""):
            type_name = said_type if said_type in self.types else ""
        else:
            said_type = None
        values: dict[str, str] = {}
        for one, typed in self._filled(filled):
            held = known[one.name].value if one.name in known else ""
            try:
                value = one.read(typed, held)
            except BadRequest as wrong:
                refused[block_of(one.name)] = str(wrong)
                continue
            if not value and one.needed(when, type_name):
                refused[block_of(one.name)] = f"{one.title} is required."
            if value != held:
                values[one.name] = value
        if refused:
            raise FormRefused(refused)
        return Given(type_name if said_type is not None else None, values)

    def _filled(self, filled: Mapping[str, str]) -> Iterator[tuple[Field, str]]:
        for one in self.fields.values():
            typed = filled.get(block_of(one.name))
            if typed is not None:
                yield one, typed


_SAID_TYPE = re.compile(r"(?<!\S)type:\s?(?:\"([^\"]*)\"|“([^”]*)”|(\S+))[ \t]?", re.IGNORECASE)


def block_of(name: str) -> str:
    """What the input of a field is called in forms."""
    return f"field_{name}"


def _by_word(titles: Mapping[str, str]) -> dict[str, str]:
    """Names by each word for them, in lower case: names go before titles."""
    found: dict[str, str] = {}
    for name in titles:
        found.setdefault(name.lower(), name)
    for name, title in titles.items():
        found.setdefault(" ".join(title.lower().split()), name)
    return found


# Filters of lists


@dataclass(frozen=True, slots=True)
class Filter:
    """`name` is a field's, or TYPE; `value` as it is kept, or for a text part of it. Empty: has none."""

    name: str
    value: str
    part: bool = False

    @property
    def typed(self) -> str:
        """As one would type it."""
        value = self.value or NONE
        return f'{self.name}:"{value}"' if re.search(r"\s", value) else f"{self.name}:{value}"


_FILTER = re.compile(r"(?<!\S)([A-Za-z][\w-]{0,40})\s?:\s?(?:\"([^\"]*)\"|“([^”]*)”|(\S+))")


def read_filters(typed: str, policy: FieldsPolicy) -> tuple[list[Filter], str]:
    """`closed type:data region:"EU west" 2` → the filters, and the words that are none. Raises BadRequest."""
    found = []
    for match in _FILTER.finditer(typed):
        name, value = match[1].lower(), next(filter(None, match.groups()[1:]), "")
        found.append(_filter(name, value, policy))
    return found, _FILTER.sub(" ", typed)


def _filter(name: str, value: str, policy: FieldsPolicy) -> Filter:
    if name == TYPE:
        return Filter(TYPE, policy.read_type(value))
    try:
        one, _ = policy.read_field(name)
    except BadRequest:
        known = listed([f"{each}:…" for each in (*([TYPE] if policy.types else []), *policy.fields)])
        raise BadRequest(f"Lists can be narrowed by {known or 'nothing: fields.yaml has no fields'}.") from None
    if value.lower() == NONE and value.lower() not in (option.lower() for option in one.options):
        return Filter(one.name, "")
    if one.holds is Holds.TEXT:
        return Filter(one.name, value, part=True)
    return Filter(one.name, one.read(value))


def names_of(fields: Collection[Field]) -> str:
    """Titles in a sentence."""
    return listed([one.title for one in fields])
