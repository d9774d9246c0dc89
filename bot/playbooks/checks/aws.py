"""Commands of the AWS command line, checked against the models of AWS that botocore ships."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from botocore import xform_name
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.session import Session

from bot.playbooks.checks import aws_cli as cli
from bot.playbooks.checks.finding import Checked, Effect, Problem, did_you_mean
from bot.playbooks.checks.shell import Word

_READS = re.compile(r"(?:BatchGet|Get|List|Describe|Head|Lookup|Filter|Search|Query|Scan|Select|Preview|Estimate)")
_FROM_FILE = ("file://", "fileb://", "http://", "https://")
_NUMBERS = {"integer": r"-?\d+", "long": r"-?\d+", "float": r"-?\d+(?:\.\d+)?", "double": r"-?\d+(?:\.\d+)?"}
_SHORTHAND = re.compile(r"""([A-Za-z]\w*)=(?:'[^']*'|"[^"]*"|\{[^}]*\}|\[[^\]]*\]|[^,]*(?:,(?![A-Za-z]\w*=)[^,]*)*)""")


@dataclass(slots=True)
class _Given:
    """An option as it is written, with the words that follow it."""

    option: str
    values: list[Word] = field(default_factory=list)


class AwsModels:
    """Services, operations and options by the models of the botocore that is installed; each is read when needed."""

    def __init__(self) -> None:
        self._session = Session()
        self._models: dict[str, Any] = {}

    @cached_property
    def services(self) -> frozenset[str]:
        known = set(self._session.get_available_services())
        return frozenset(known - {"s3"} | {"s3api"} | set(cli.SERVICES) | set(cli.READING) | set(cli.CHANGING))

    def model(self, service: str) -> Any:
        """The model of a service by the command line's name; None where the service is one of the command line's."""
        name = "s3" if service == "s3api" else cli.SERVICES.get(service, service)
        if service == "s3":
            return None
        if name not in self._models:
            try:
                self._models[name] = self._session.get_service_model(name)
            except (DataNotFoundError, UnknownServiceError):
                self._models[name] = None
        return self._models[name]


def check_aws(words: Sequence[Word], models: AwsModels, *, whole: bool = True) -> Checked:
    """What a command does, from the word after `aws` on, and what is wrong with it.

    `whole` is False for a command that is only mentioned: what it requires is not asked for.
    """
    named, given = _parted(words)
    if any(not word.fixed for word in named[:2]) or len(named) < 2:
        return Checked(Effect.UNKNOWN) if named else _wrong("`aws` alone does nothing: name a service.")
    service, command = named[0].text, named[1].text
    if service not in models.services:
        return _wrong(f"AWS has no service {service}{did_you_mean(service, models.services)}")
    if (own := _own_effect(service, command, named[2:])) is not None:
        return Checked(own)
    model = models.model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names} if model else {}
    waiting = command in ("wait", "help")
    if not waiting and command not in operations:
        known = [*operations, *_own(service)]
        return _wrong(f"`aws {service}` has no command {command}{did_you_mean(command, known)}")
    if waiting:
        return Checked(Effect.READS)
    operation = model.operation_model(operations[command])
    problems = [*_misplaced(operation, service, command, named[2:]), *_options(operation, service, command, given)]
    if whole:
        problems += _missing(operation, service, command, given)
    if operation.deprecated:
        problems.append(Problem(f"`aws {service} {command}` is deprecated.", certain=False))
    return Checked(_effect(operation), tuple(problems))


def _wrong(text: str) -> Checked:
    return Checked(Effect.UNKNOWN, (Problem(text),))


def _parted(words: Sequence[Word]) -> tuple[list[Word], list[_Given]]:
    """The words before the first option of the command (service, command), and the options with what follows each."""
    named: list[Word] = []
    given: list[_Given] = []
    for word in words:
        if word.text.startswith("--"):
            option, equals, value = word.text.partition("=")
            given.append(_Given(option, [Word(value, word.fixed)] if equals else []))
        elif given and not (len(named) < 2 and _has_its_value(given[-1])):
            given[-1].values.append(word)
        else:
            named.append(word)
    return named, given


def _has_its_value(given: _Given) -> bool:
    """Whether what follows belongs to no option: of those that stand before the service."""
    return given.option in cli.GLOBAL_FLAGS or (given.option in cli.GLOBAL_VALUES and bool(given.values))


def _own(service: str) -> list[str]:
    return f"{cli.READING.get(service, '')} {cli.CHANGING.get(service, '')}".replace("*", "").split()


def _own_effect(service: str, command: str, places: Sequence[Word]) -> Effect | None:
    """Of a command that the command line makes of several calls. Copying from a bucket to this machine only reads."""
    if service == "s3" and command in ("cp", "sync") and len(places) == 2 and places[1].fixed:
        return Effect.CHANGES if places[1].text.startswith("s3://") else Effect.READS
    if command in cli.READING.get(service, "").split():
        return Effect.READS
    changing = cli.CHANGING.get(service, "").split()
    return Effect.CHANGES if command in changing or "*" in changing else None


def _effect(operation: Any) -> Effect:
    name = operation.name
    if f"{operation.service_model.service_name}:{name}" in cli.QUIET:
        return Effect.READS
    return Effect.READS if _READS.match(name) or operation.http.get("method") in ("GET", "HEAD") else Effect.CHANGES


def _members(operation: Any) -> dict[str, Any]:
    """The shapes of an operation's input by option."""
    shape = operation.input_shape
    return {f"--{xform_name(name, '-')}": member for name, member in shape.members.items()} if shape else {}


def _misplaced(operation: Any, service: str, command: str, extra: Sequence[Word]) -> Iterator[Problem]:
    if len(extra) > int(bool(operation.has_streaming_output)):
        yield Problem(f"`aws {service} {command}` takes no word {extra[-1].text}: an option must stand before it.")


def _options(operation: Any, service: str, command: str, given: Sequence[_Given]) -> Iterator[Problem]:
    members = _members(operation)
    added = frozenset(cli.ADDED.get(f"{service} {command}", "").split())
    spare = 1 if operation.has_streaming_output else 0  # the file for the answer, which may follow any option
    for one in given:
        shape = _shape_of(one.option, members)
        if shape is not None:
            if shape.type_name == "blob" and "--cli-binary-format" not in {other.option for other in given}:
                yield from _not_base64(one)
            problems, spare = _values(one, shape, f"`aws {service} {command}`", spare)
            yield from problems
        elif one.option not in cli.GLOBAL_VALUES | cli.GLOBAL_FLAGS | cli.PAGING | added:
            near = did_you_mean(one.option, [*members, *added, *cli.PAGING])
            yield Problem(f"`aws {service} {command}` has no option {one.option}{near}")


def _not_base64(given: _Given) -> Iterator[Problem]:
    """Version 2 of the command line takes bytes as base64, unless it is told otherwise."""
    text = given.values[0].text if given.values and given.values[0].fixed else ""
    if text and not text.startswith(_FROM_FILE) and not re.fullmatch(r"(?:[\w+/]{4})*[\w+/]{2,4}={0,2}", text):
        advice = "add --cli-binary-format raw-in-base64-out, or name a file by fileb://"
        yield Problem(f"The AWS command line 2 takes the value of {given.option} as base64: {advice}.", certain=False)


def _shape_of(option: str, members: dict[str, Any]) -> Any:
    """The member that an option sets: by its name, by `--no-…`, or by a name that hides no option of every command."""
    if option in members:
        return members[option]
    plain = f"--{option.removeprefix('--no-')}"
    if option.startswith("--no-") and plain in members and members[plain].type_name == "boolean":
        return members[plain]
    hidden = [f"--{name}" for name in ("version", "query", "output", "region", "profile") if option.endswith(name)]
    return next((members[name] for name in hidden if name in members), None)


def _values(given: _Given, shape: Any, command: str, spare: int) -> tuple[list[Problem], int]:
    """The problems of an option's values, and how many words without an option may still come."""
    kind, option, values = shape.type_name, given.option, given.values
    if kind == "boolean":
        if len(values) > spare:
            return [Problem(f"{option} of {command} takes no value: write {option} or --no-{option[2:]}.")], spare
        return [], spare - len(values)
    if not values:
        return [Problem(f"{option} of {command} needs a value.")], spare
    if kind == "list":
        return [problem for word in values for problem in _listed(word, shape.member, option)], spare
    over = len(values) - 1
    if over > spare:
        return [Problem(f"{option} of {command} takes one value, not {len(values)}: quote it.")], spare
    return list(_value(values[0], shape, option)), spare - over


def _listed(word: Word, member: Any, option: str) -> Iterator[Problem]:
    if word.text.startswith("["):
        yield from _json(word, option)
    elif member.type_name == "structure" or "," not in word.text:
        yield from _value(word, member, option)


def _value(word: Word, shape: Any, option: str) -> Iterator[Problem]:
    text = word.text
    if text.startswith(_FROM_FILE):
        return
    if text.startswith(("{", "[")) and shape.type_name in ("structure", "map", "list"):
        yield from _json(word, option)
    elif shape.type_name == "structure":
        yield from _keys(word, shape, option)
    elif not word.fixed:
        return
    elif (pattern := _NUMBERS.get(shape.type_name)) and not re.fullmatch(pattern, text):
        yield Problem(f"{option} takes a number, not {text}.")
    elif shape.type_name == "string" and shape.enum and text not in shape.enum:
        yield Problem(f"{option} cannot be {text}{did_you_mean(text, shape.enum)}", certain=len(shape.enum) < 2)


def _json(word: Word, option: str) -> Iterator[Problem]:
    if not word.fixed or "'" in word.text[:2]:
        return
    try:
        json.loads(word.text)
    except ValueError as error:
        if not re.match(r"[\[{]\w+=", word.text) and not re.match(r"\[[^\"{]", word.text):
            yield Problem(f"The JSON of {option} cannot be read: {error}.")


def _keys(word: Word, shape: Any, option: str) -> Iterator[Problem]:
    """The keys of the short form, `Key=value,Key=value`."""
    found = [match[1] for match in _SHORTHAND.finditer(word.text)]
    if not found and word.fixed:
        yield Problem(f"{option} takes Key=value pairs or JSON, not {word.text}.")
    for key in found:
        if key not in shape.members:
            yield Problem(f"{option} has no key {key}{did_you_mean(key, shape.members)}")


def _missing(operation: Any, service: str, command: str, given: Sequence[_Given]) -> Iterator[Problem]:
    options = {one.option for one in given}
    shape = operation.input_shape
    if shape is None or options & cli.SKELETONS:
        return
    waived = cli.NOT_ASKED.get(f"{service} {command}", "").split()
    idempotent = {name for name, member in shape.members.items() if member.metadata.get("idempotencyToken")}
    members = {id(_shape_of(option, _members(operation))) for option in options}
    absent = [
        f"--{xform_name(name, '-')}"
        for name in shape.required_members
        if name not in waived and name not in idempotent and id(shape.members[name]) not in members
    ]
    if absent:
        yield Problem(f"`aws {service} {command}` needs {' and '.join(absent)}.")
