"""YAML through a pydantic model, so that whatever is wrong is refused with its file, its line and what to write.

Every scalar stays the text that was typed until a field of the model reads it: `NO` stays Norway and `9:00` nine
o'clock. Aliases and tags are refused: a policy file says things once, in plain sight, and a few hundred bytes of nested
aliases can stand for gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from bot.errors import InvalidPolicy
from bot.policy.values import did_you_mean
from bot.text.nearest import nearest

Plain = str | None | list[Any] | dict[str, Any]
Place = tuple[str | int, ...]  # the keys and the indices, from 0, that lead to a value
Problem = tuple[Place, str]  # a sentence, and where it applies

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml reads ten times as fast, where it is there
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_DEEPEST = 20
_KEYS_EXPECTED = "expected keys with values below it, one `key: value` a line."
_LIST_EXPECTED = "expected a list, one `- item` a line."
_SENTENCES = {
    "string_type": "expected a text after the colon.",
    "model_type": _KEYS_EXPECTED,
    "dict_type": _KEYS_EXPECTED,
    "tuple_type": _LIST_EXPECTED,
    "list_type": _LIST_EXPECTED,
    "frozen_set_type": _LIST_EXPECTED,
}


class PolicyModel(BaseModel):
    """Base of the models of policy files: unknown keys are refused, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _remember_keys(cls, value: Any, info: ValidationInfo) -> Any:
        """Which keys a mapping may have, so that the refusal of another one can offer the nearest."""
        if info.context is not None:
            info.context[id(value)] = [one.alias or name for name, one in cls.model_fields.items()]
        return value


Model = TypeVar("Model", bound=PolicyModel)


class Keys:
    """Annotates a dict that has these keys and no others. Optional ones without a value are left out, or read."""

    def __init__(self, *required: str, optional: Sequence[str] = (), read_empty: bool = False) -> None:
        self._required = required
        self._known = (*required, *optional)
        self._read_empty = self._known if read_empty else required

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_wrap_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        told = handler.resolve_ref_schema(handler(schema))
        required = {"required": list(self._required)} if self._required else {}
        properties = told.get("properties") or {
            key: value if key in self._required else {"anyOf": [value, {"type": "null"}]}
            for key, value in ((key, told["additionalProperties"]) for key in self._known)
        }
        return {"type": "object", "properties": properties, "additionalProperties": False, **required}

    def _check(self, value: Any, read: Callable[[Any], Any], info: ValidationInfo) -> Any:
        if not isinstance(value, dict):
            return read(value)
        if info.context is not None:
            info.context[id(value)] = self._known
        missing = [key for key in self._required if key not in value]
        errors = [InitErrorDetails(type="missing", loc=(key,), input=value) for key in missing]
        unknown = [key for key in value if key not in self._known]
        errors += [InitErrorDetails(type="extra_forbidden", loc=(key,), input=value[key]) for key in unknown]
        there = [key for key in self._known if key in value]
        try:
            found = read({key: value[key] for key in there if key in self._read_empty or value[key] is not None})
        except ValidationError as invalid:
            errors += invalid.errors(include_url=False)  # type: ignore[arg-type]  # the same keys, and some more
        if errors:
            raise ValidationError.from_exception_data("policy", errors)
        return found


def refuse_at(problems: Sequence[Problem]) -> None:
    """For validators of a whole: nothing where there are no problems, else a ValidationError with each in its place."""
    if problems:
        errors = [
            InitErrorDetails(type="value_error", loc=place, input=None, ctx={"error": ValueError(sentence)})
            for place, sentence in problems
        ]
        raise ValidationError.from_exception_data("policy", errors)


class _Schema(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # a title that repeats the key says nothing


def json_schema(model: type[PolicyModel]) -> dict[str, Any]:
    """What may stand in the file, as JSON Schema."""
    return {"$schema": _Schema.schema_dialect, **model.model_json_schema(schema_generator=_Schema)}


def load(path: Path, model: type[Model], refusal: type[InvalidPolicy] = InvalidPolicy) -> Model:
    """The YAML file as the model. Raises `refusal` with a line `file:line: reason` for each thing that is wrong."""
    shown = _shown(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise refusal(f"{shown}:1: the file does not exist. Restore it from the repository.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise refusal(f"{shown}:{line}: this is not UTF-8 text. Save the file as UTF-8.") from None
    except OSError as error:
        raise refusal(f"{shown}:1: the file cannot be read: {error.strerror}.") from None
    return load_text(text, shown, model, refusal)


def load_text(
    text: str,
    shown: str,
    model: type[Model],
    refusal: type[InvalidPolicy] = InvalidPolicy,
    *,
    name: str = "",
    first_line: int = 1,
) -> Model:
    """Like `load`, from text called `name` that begins in line `first_line` of the file `shown`."""
    try:
        document = read_yaml(text)
        problems = list(document.problems)
        keys: dict[int, list[str]] = {}
        try:
            read = model.model_validate(document.value, context=keys)
        except ValidationError as invalid:
            problems += _explained(invalid, document, keys, name or Path(shown).stem)
    except UnreadableYaml as error:
        problems = [(error.line, str(error))]
    if problems:
        found = dict.fromkeys(sorted(problems, key=lambda problem: problem[0]))
        raise refusal("\n".join(f"{shown}:{line + first_line - 1}: {reason}" for line, reason in found))
    return read


class UnreadableYaml(Exception):
    """The text as a whole is no YAML that is read here; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(slots=True)
class YamlDocument:
    """What a YAML text says: mappings, lists, texts as typed, None for nothing. `lines` is where each value begins.

    `problems` are what a strict reader refuses and a tolerant one passes over: (line, sentence).
    """

    value: Plain = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


def read_yaml(text: str) -> YamlDocument:
    """The one document in `text`. Raises UnreadableYaml for no YAML, no or two documents, aliases and deep nesting."""
    document = YamlDocument()
    events = yaml.parse(text, Loader=_LOADER)
    try:
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            raise UnreadableYaml(1, "it is empty; write `key: value` lines.")
        document.value = _read(next(events), events, (), document)
        next(events)
        if isinstance(another := next(events), yaml.DocumentStartEvent):
            line = getattr(another.start_mark, "line", 0) + 1
            raise UnreadableYaml(line, "another document begins with ---. Keep one in a file.")
    except yaml.reader.ReaderError as error:
        line = text.encode("utf-8", "replace").count(b"\n", 0, error.position) + 1  # libyaml counts bytes
        raise UnreadableYaml(line, f"a character that YAML does not allow: {error.reason}.") from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise UnreadableYaml(line, f"a character that YAML does not allow: {error.reason}.") from None
    except yaml.MarkedYAMLError as error:
        line = getattr(error.problem_mark, "line", 0) + 1
        raise UnreadableYaml(line, f"this is not valid YAML: {error.problem or error.context}.") from None
    if document.value is None:
        raise UnreadableYaml(1, "it is empty; write `key: value` lines.")
    return document


def _read(event: Any, events: Iterator[Any], place: Place, document: YamlDocument) -> Plain:
    line = event.start_mark.line + 1
    document.lines.setdefault(place, line)
    if isinstance(event, yaml.AliasEvent):
        raise UnreadableYaml(line, "aliases (*name) are not read; write it out.")
    if len(place) > _DEEPEST:
        raise UnreadableYaml(line, f"nested too deep to be a policy: more than {_DEEPEST} levels.")
    if event.tag is not None:
        document.problems.append((line, f"tags such as {event.tag} are not read; remove it."))
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Plain] = []
        while not isinstance(following := next(events), yaml.SequenceEndEvent):
            items.append(_read(following, events, (*place, len(items)), document))
        return items
    if isinstance(event, yaml.MappingStartEvent):
        return _read_mapping(events, place, document)
    value: str = event.value
    return None if event.implicit[0] and value in _NOTHING else value


def _read_mapping(events: Iterator[Any], place: Place, document: YamlDocument) -> dict[str, Plain]:
    pairs: dict[str, Plain] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = event.start_mark.line + 1
        key = event.value if isinstance(event, yaml.ScalarEvent) else None
        if key is None:
            raise UnreadableYaml(line, "a key must be a plain word.")
        if key in pairs:
            first = document.lines[(*place, key)]
            document.problems.append((line, f'"{key}" is already set in line {first}. Keep one.'))
        # A list or mapping starts on the line below its key; people look for the key.
        document.lines[(*place, key)] = line
        pairs[key] = _read(next(events), events, (*place, key), document)
    return pairs


def _explained(
    invalid: ValidationError, document: YamlDocument, keys: Mapping[int, list[str]], stem: str
) -> Iterator[tuple[int, str]]:
    """Each error: its line, and a sentence that says what to write. `keys` are those that each mapping may have."""
    errors = [(_place(document.value, error["loc"]), error) for error in invalid.errors(include_url=False)]
    meant = set()
    for place, error in errors:
        if error["type"] == "extra_forbidden":
            known = keys[id(_at(document.value, place[:-1]))]
            meant.add((place[:-1], nearest(str(place[-1]), known)))
            sentence = f'unknown key "{place[-1]}".{did_you_mean(str(place[-1]), known)}'
            yield document.lines[place], f"{_name(stem, place[:-1])}: {sentence}"
    for place, error in errors:
        key = error["loc"][-1] if error["loc"] else ""
        if error["type"] == "missing" and (place, key) not in meant:  # else: the key is there, misspelled
            yield document.lines[place], f'{_name(stem, place)}: "{key}" is missing. Add a line `{key}: …`.'
        elif error["type"] not in ("missing", "extra_forbidden"):
            yield document.lines[place], f"{_name(stem, place)}: {_sentence(error)}"


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return _SENTENCES.get(error["type"], str(error["msg"]))


def _place(value: Plain, loc: Place) -> Place:
    """`loc` without what the document does not hold: a missing key, the tag of a union, the index of a lone item."""
    place: list[str | int] = []
    for part in loc:
        is_there = part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int)
        if is_there:
            place.append(part)
            value = value[part]  # type: ignore[index]  # `part` was just found there
    return tuple(place)


def _at(value: Any, place: Place) -> Any:
    for part in place:
        value = value[part]
    return value


def _name(stem: str, place: Place) -> str:
    """`contacts.on_call.shifts[2].from`; people count from one."""
    return stem + "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)


def _shown(path: Path) -> str:
    """The path as people know it: from the knowledge folder on where there is one, else as given."""
    parts = path.parts
    return "/".join(parts[parts.index("knowledge") :]) if "knowledge" in parts else str(path)
