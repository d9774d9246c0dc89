"""A command that only reads, asked by the guarded client: its options by AWS's own model, its answer as text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.aws.accounts import Aws
from bot.diagnostics.rules.look_commands import LookCommand, kebab
from bot.errors import BadRequest
from bot.text.masking import mask

# Parts of answers that hold secrets, or say nothing of the trouble.
_LEFT_OUT = frozenset(
    {"Environment", "ResponseMetadata", "ResourceProperties", "AuthToken", "MasterUserPassword", "UserData"}
    | {"NextToken", "nextToken"}
)
_MOST = 50  # of a list
_PAIRS = re.compile(r"(\w+)=((?:[^,=]|,(?!\w+=))*)")


def look(aws: Aws, command: LookCommand, budget: float) -> str:
    """What AWS answers, as JSON that people read, secrets masked. Waits `budget` seconds at most.

    Raises BadRequest for options that AWS does not take, Unread where AWS cannot be asked.
    """
    reader = aws.reader(budget, None, command.region)
    operation = aws.client(command.service, None, command.region).meta.service_model.operation_model(command.operation)
    answer: Any = _pruned(reader.read(command.service, command.operation, **_arguments(operation, command)))
    if command.under:
        answer = {command.under: answer}
    if command.query:
        answer = _queried(command.query, answer)
    return mask(json.dumps(answer, indent=1, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(one) for key, one in value.items() if key not in _LEFT_OUT and one not in ([], {}, None)}
    return [_pruned(one) for one in value[:_MOST]] if isinstance(value, list) else value


def _queried(query: str, answer: Any) -> Any:
    import jmespath  # loaded by whoever runs a playbook's commands

    try:
        return jmespath.search(query, answer)
    except jmespath.exceptions.JMESPathError as error:
        raise BadRequest(f"--query cannot be read: {error}.") from error


def _arguments(operation: Any, command: LookCommand) -> dict[str, Any]:
    """The call's arguments. Raises BadRequest."""
    members = operation.input_shape.members if operation.input_shape else {}
    known = {f"--{kebab(name)}": (name, shape) for name, shape in members.items()}
    found: dict[str, Any] = {}
    for option, values in command.options:
        yes = f"--{option.removeprefix('--no-')}" if option.startswith("--no-") else option
        if option not in known and yes not in known:
            raise BadRequest(f"{command.service} {kebab(command.operation)} has no option {option}.")
        name, shape = known.get(option) or known[yes]
        found[name] = (option in known) if shape.type_name == "boolean" else _value(option, shape, values)
    return found


def _value(option: str, shape: Any, values: Sequence[str]) -> Any:
    if not values:
        raise BadRequest(f"{option} needs a value.")
    if values[0][:1] in "[{" and shape.type_name in ("list", "structure", "map"):
        try:
            return json.loads(values[0])
        except ValueError as error:
            raise BadRequest(f"The JSON of {option} cannot be read: {error}.") from error
    if shape.type_name == "list":
        return [_single(option, shape.member, value) for value in values]
    return _single(option, shape, values[0])


def _single(option: str, shape: Any, value: str) -> Any:
    if shape.type_name in ("integer", "long"):
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise BadRequest(f"{option} takes a number, not {value}.")
        return int(value)
    if shape.type_name == "structure":
        return _structure(option, shape, value)
    return value


def _structure(option: str, shape: Any, value: str) -> dict[str, Any]:
    """`Name=vpc-id,Values=a,b`."""
    found: dict[str, Any] = {}
    for name, words in _PAIRS.findall(value):
        if name not in shape.members:
            raise BadRequest(f"{option} has no key {name}.")
        member = shape.members[name]
        found[name] = words.split(",") if member.type_name == "list" else _single(option, member, words)
    if not found:
        raise BadRequest(f"{option} takes Key=value pairs, not {value}.")
    return found
