"""Placeholders in commands: finding them as people write them, and filling them with what is known of an incident."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import BadRequest

# `{{service}}`, `<function-name>` and `{function}`. A shell's `${VAR}` and `<<EOF` are none.
_WRITTEN = re.compile(
    r"\{\{\s*(?P<double>[A-Za-z][\w-]*(?: [\w-]+)*)\s*\}\}"
    r"|(?<![<\w])<(?P<angle>[A-Za-z][\w-]*(?: [\w-]+)*)>"
    r"|(?<![$\{])\{(?P<single>[A-Za-z][\w-]*)\}(?!\})"
)
_LANGUAGE_WORDS = frozenset({"end", "else", "print", "next", "exit", "json", "range"})  # of Go's templates and of awk
_SHORT = 60  # characters of a placeholder's name
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ENDING = re.compile(r"_(?:name|id|identifier)$")
_SAME = {
    "lambda": "function",
    "lambda_function": "function",
    "fn": "function",
    "asg": "auto_scaling_group",
    "db": "db_instance",
    "database": "db_instance",
    "rds_instance": "db_instance",
    "elb": "load_balancer",
    "alb": "load_balancer",
    "app": "service",
    "application": "service",
    "service_name": "service",
    "aws_region": "region",
    "account_id": "account",
    "aws_account": "account",
    "ec2_instance": "instance",
}
# What a value may hold: it ends up in a command that somebody copies into a shell, so nothing in it may be an order.
_SAFE = re.compile(r"[\w./:@=+,%\-$ ]{1,200}")
_PLAIN = re.compile(r"[\w./:@=+-]{1,200}")  # the same for what was read in a text rather than typed by a person
_DIMENSIONS = (
    "FunctionName", "TableName", "DBInstanceIdentifier", "DBClusterIdentifier", "BucketName", "LoadBalancer",
    "TargetGroup", "AutoScalingGroupName", "CacheClusterId", "ReplicationGroupId", "InstanceId", "QueueName",
    "TopicName", "StreamName", "ClusterName", "ServiceName", "ApiName", "HealthCheckId", "DistributionId", "Region",
    "AccountId",
)  # fmt: skip
# What a message holds that may name a value, for PostgreSQL's `~*`.
NAMES_A_VALUE = rf"arn:aws|\m({'|'.join(_DIMENSIONS)})\M"
_EXACT = {name.lower(): name for name in _DIMENSIONS}
# `FunctionName: orders-api`, `FunctionName=orders-api` and the JSON of an alarm: "name": "FunctionName", "value": "…".
_DIMENSION = re.compile(
    rf"\b({'|'.join(_DIMENSIONS)})\b"
    r"""["'`*]*\s*(?:[=:]|,\s*"value"\s*:)\s*["'`*]*(?P<value>[\w./:@+-]{1,200})""",
    re.IGNORECASE,
)
_ARN = re.compile(
    r"\barn:aws[\w-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d*):(?P<rest>[\w:/.-]+)"
)
_RESOURCES = {
    ("lambda", "function"): "function",
    ("dynamodb", "table"): "table",
    ("rds", "db"): "db_instance",
    ("rds", "cluster"): "db_cluster",
    ("ec2", "instance"): "instance",
    ("iam", "role"): "role",
    ("iam", "user"): "user",
    ("ecs", "cluster"): "cluster",
}
_DATABASE = re.compile(r"(?:^|[-_])(?:db|rds|database|postgres|mysql|aurora)(?:$|[-_\d])", re.IGNORECASE)
_CACHE = re.compile(r"(?:^|[-_])(?:cache|redis|elasticache|memcached)(?:$|[-_\d])", re.IGNORECASE)
_SERVICES = re.compile(r"^\s*(?:affected\s+)?services?(?:\s+affected)?\s*:\s*(?P<names>.+)$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Known:
    """A value, and where it is from, as people read it: `answered`, `from the alarm`, `from the services`."""

    value: str
    origin: str


ANSWERED, FROM_TEXT, FROM_SERVICES = "answered", "named in the incident", "the incident's services"


def key_of(written: str) -> str:
    """The name under which a placeholder is known however it is written: `<function-name>`, `{function}` and
    `FunctionName` are all `function`.
    """
    words = _CAMEL.sub("_", written.strip()).lower()
    name = re.sub(r"[\s-]+", "_", words)
    name = _SAME.get(name, name)
    short = _ENDING.sub("", name) or name
    return _SAME.get(short, short)


def find(text: str, language: str = "bash", declared: str = "") -> list[str]:
    """The names of the placeholders of a command as they are written, in order, each key once.

    `declared` is the prose of the playbook: in a programming language `{name}` counts only where the prose names it.
    """
    found: dict[str, str] = {}
    for match in _WRITTEN.finditer(text):
        name = _name(match, language, declared)
        if name is not None:
            found.setdefault(key_of(name), name)
    return list(found.values())


def fill(text: str, values: Mapping[str, str], language: str = "bash", declared: str = "") -> str:
    """The command with the values of these keys; what has none stays as it is written."""

    def put(match: re.Match[str]) -> str:
        name = _name(match, language, declared)
        return values.get(key_of(name), match[0]) if name is not None else match[0]

    return _WRITTEN.sub(put, text)


def _name(match: re.Match[str], language: str, declared: str) -> str | None:
    name = match["double"] or match["angle"] or match["single"]
    if len(name) > _SHORT or name.lower() in _LANGUAGE_WORDS:
        return None
    code = language.lower() in ("python", "javascript", "js", "typescript", "ts", "go", "java", "ruby")
    if code and match[0] not in declared:
        return None
    return name


def check(name: str, value: str) -> str:
    """The value, stripped. Raises BadRequest for one that a shell would take as more than a word of the command."""
    value = value.strip()
    if value and not _SAFE.fullmatch(value):
        raise BadRequest(
            f"The value of {name} goes into commands as it is. It may hold letters, digits, spaces and "
            ". _ - / : @ = + , % $, and at most 200 characters."
        )
    return value


def read_values(texts: Iterable[str]) -> dict[str, str]:
    """Values by key that the texts name: dimensions of alarms (`FunctionName: orders-api`) and ARNs.

    Where they name several, none is taken: nobody should restart the wrong one.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        for match in _DIMENSION.finditer(text):
            value = match["value"].rstrip(".:")
            if _PLAIN.fullmatch(value):
                found[key_of(_EXACT[match[1].lower()])].add(value)
        for match in _ARN.finditer(text):
            for key, value in _of_arn(match).items():
                found[key].add(value)
    return {key: min(values) for key, values in found.items() if len(values) == 1}


def _of_arn(match: re.Match[str]) -> dict[str, str]:
    found = {name: match[name] for name in ("region", "account") if match[name]}
    rest = match["rest"].rstrip(".:")
    kind, _, name = re.sub("/", ":", rest, count=1).partition(":") if ":" not in rest else rest.partition(":")
    if match["service"] == "s3" and kind:
        found["bucket"] = rest.partition("/")[0]
    elif match["service"] == "sqs" and kind:
        found["queue"] = rest
    elif (match["service"], kind) in _RESOURCES and name:
        parts = re.split("[:/]", name)
        found[_RESOURCES[match["service"], kind]] = parts[-1] if match["service"] == "iam" else parts[0]
    return found


def read_services(notes: Iterable[str]) -> tuple[str, ...]:
    """The services that notes name (`services: orders-api, orders-db`), in order, each once."""
    names = [
        name.strip().rstrip(".")
        for note in notes
        if (match := _SERVICES.match(note))
        for name in match["names"].replace("\n", ",").split(",")
    ]
    return tuple(dict.fromkeys(name for name in names if _PLAIN.fullmatch(name)))


def guess(key: str, services: Sequence[str]) -> str | None:
    """The one service that a placeholder can mean; None where it could be several, or is no name of a service."""
    databases = [name for name in services if _DATABASE.search(name)]
    caches = [name for name in services if _CACHE.search(name)]
    rest = [name for name in services if name not in databases and name not in caches]
    candidates = {
        "db_instance": databases,
        "cache_cluster": caches,
        "function": rest,
        "service": rest or list(services),
    }
    fitting = candidates.get(key, [])
    return fitting[0] if len(fitting) == 1 else None


def known_values(
    keys: Iterable[str], answers: Mapping[str, str], texts: Sequence[str], notes: Sequence[str]
) -> dict[str, Known]:
    """What is known for these keys: what people answered counts before what the incident names, and that before its
    services.
    """
    named, services = read_values(texts), read_services(notes)
    found: dict[str, Known] = {}
    for key in keys:
        if answers.get(key):
            found[key] = Known(answers[key], ANSWERED)
        elif key in named:
            found[key] = Known(named[key], FROM_TEXT)
        elif guessed := guess(key, services):
            found[key] = Known(guessed, FROM_SERVICES)
    return found
