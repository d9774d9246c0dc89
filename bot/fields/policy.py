"""knowledge/policy/fields.yaml → the types of incidents and the custom fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.fields import rules
from bot.fields.rules import NONE, TYPE, Ask, FieldsPolicy, Holds, IncidentType
from bot.policy.loading import PolicyModel, Problem, load, refuse_at
from bot.policy.values import Flag, Many, Text, Typed, did_you_mean, one_of
from bot.severity.rules import Severity

MOST = 40  # types, and fields: a form holds a hundred blocks, and nobody fills in as many
MOST_OPTIONS = 90  # a menu of Slack holds a hundred
LONGEST_NAME, LONGEST_TITLE, LONGEST_OPTION, LONGEST_HINT = 30, 40, 75, 150  # characters
_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{LONGEST_NAME - 1}}}")
_RESERVED = frozenset({TYPE, NONE, "clear"})


def _at_most(length: int) -> Typed:
    def read(typed: str) -> str:
        if len(typed) > length:
            raise ValueError(f'"{typed[:20]}…" has {len(typed)} characters; at most {length} fit.')
        return " ".join(typed.split())

    return Typed(read, {"type": ["string", "number", "boolean"], "maxLength": length})


def _number(typed: str) -> Decimal:
    try:
        number = Decimal(typed)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**15:
        raise ValueError(f'"{typed}" is not a number. Write for example 0 or 99.5.')
    return number


def _or_none(value: object) -> object:
    return {} if value is None else value


Title = Annotated[str, _at_most(LONGEST_TITLE)]
Option = Annotated[str, _at_most(LONGEST_OPTION)]
Number = Annotated[Decimal, Typed(_number, {"type": "number"})]


class TypeModel(PolicyModel):
    """A type of incidents, and what it implies."""

    title: Title
    meaning: Annotated[str, _at_most(LONGEST_HINT)] = ""
    private: Flag = False
    severity_at_least: Annotated[Severity, one_of([one.value for one in Severity], Severity)] | None = None


class FieldModel(PolicyModel):
    """A custom field: what it holds, and when forms ask for it."""

    title: Title
    holds: Annotated[Holds, one_of([one.value for one in Holds], Holds)]
    options: Many[Option] = ()
    min: Number | None = None
    max: Number | None = None
    ask: Many[Annotated[Ask, one_of([one.value for one in Ask], Ask)]] = ()
    required: Flag = False
    types: Many[Text] = ()
    hint: Annotated[str, _at_most(LONGEST_HINT)] = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        refuse_at(list(self._problems()))
        return self

    def _problems(self) -> Iterator[Problem]:
        lowered = [option.lower() for option in self.options]
        if self.holds is Holds.SELECT and len(self.options) < 2:
            yield ("options",), "a select needs at least two options, as in `options: [alarm, customer]`."
        if self.holds is not Holds.SELECT and self.options:
            yield ("options",), "only a select has options. Write `holds: select`, or remove them."
        if len(self.options) > MOST_OPTIONS:
            yield ("options",), f"there are {len(self.options)} options; Slack's menus hold {MOST_OPTIONS}."
        if len(set(lowered)) < len(lowered):
            twice = next(option for option in self.options if lowered.count(option.lower()) > 1)
            yield ("options",), f'"{twice}" is there twice. Keep one.'
        for name in ("min", "max"):
            if self.holds is not Holds.NUMBER and getattr(self, name) is not None:
                yield (name,), "only a number has bounds. Write `holds: number`, or remove it."
        if self.min is not None and self.max is not None and self.min > self.max:
            yield ("max",), f"{self.max} is less than the minimum of {self.min}."
        if self.required and not self.ask:
            yield ("required",), "it is required and asked nowhere. Add `ask: resolve`, or `ask: declare`."


class FieldsFile(PolicyModel):
    """Types of incidents and custom fields."""

    types: Annotated[
        dict[str, TypeModel], BeforeValidator(_or_none, json_schema_input_type=dict[str, TypeModel] | None)
    ] = Field(default_factory=dict)
    fields: Annotated[
        dict[str, FieldModel], BeforeValidator(_or_none, json_schema_input_type=dict[str, FieldModel] | None)
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_what_is_there(self) -> Self:
        problems: list[Problem] = []
        for key, named in (("types", self.types), ("fields", self.fields)):
            problems += _named_wrongly(key, named)
        for name, one in self.fields.items():
            problems += [
                (("fields", name, "types"), f'unknown type "{each}".{_known_types(each, list(self.types))}')
                for each in one.types
                if each not in self.types
            ]
        refuse_at(problems)
        return self


def _known_types(typed: str, known: list[str]) -> str:
    return did_you_mean(typed, known) if known else " Add it under `types`."


def _named_wrongly(key: str, named: Mapping[str, Any]) -> Iterator[Problem]:
    """Names that a command could not tell apart, and more of them than a form holds."""
    if len(named) > MOST:
        yield (key,), f"there are {len(named)} {key}; at most {MOST} fit a form."
    words: dict[str, str] = {}
    for name, one in named.items():
        if not _NAME.fullmatch(name):
            yield (key, name), f"a name has at most {LONGEST_NAME} letters, digits, - and _, and begins with a letter."
        if name.lower() in _RESERVED:
            yield (key, name), f'"{name}" means something in commands. Take another name.'
        for word in {name.lower(), one.title.lower()}:
            if word in words:
                yield (key, name), f'"{word}" is also what "{words[word]}" is called.'
            words[word] = name


def load_fields(path: Path) -> FieldsPolicy:
    """The policy that the file describes; without it, no types and fields. Raises InvalidPolicy with file and line."""
    if not path.exists():
        return FieldsPolicy()
    file = load(path, FieldsFile)
    types = {
        name: IncidentType(name, one.title, one.meaning, one.private, one.severity_at_least)
        for name, one in file.types.items()
    }
    fields = {
        name: rules.Field(
            name, one.title, one.holds, one.options, one.min, one.max, one.required, frozenset(one.ask), one.types,
            one.hint,
        )
        for name, one in file.fields.items()
    }  # fmt: skip
    return FieldsPolicy(types, fields)
