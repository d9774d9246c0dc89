"""Commands of the AWS command line that only read, as somebody wrote them in a playbook. Pure.

Taken are lines that say one call and nothing else: what a shell would put in, pipe on or write to a file is not, but
for the times of `$(date …)`, which are told from the clock.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Commands that read more than Tocsin asks for: what is asked in their place, and the key under which that stands.
_INSTEAD = {("lambda", "GetFunction"): ("GetFunctionConfiguration", "Configuration")}
_SERVICES = {"s3api": "s3", "deploy": "codedeploy"}
_FLAGS = frozenset({"--no-paginate", "--no-cli-pager", "--debug"})
_IGNORED = frozenset({"--output", "--profile", "--color", "--page-size", "--max-items"})
_DATE = re.compile(r"\$\(date(?P<words>[^()`$]*)\)(?P<rest>0{3})?")
_AGO = re.compile(r"(?:-d|--date=?)\s*['\"]?(?P<number>\d{1,4})\s+(?P<unit>minute|hour|day)s?\s+ago['\"]?")
_FORMAT = re.compile(r"\+(?P<format>%s|%Y-%m-%dT%H:%M:%SZ?|%Y-%m-%d|%FT%TZ?)")
_FORMATS = {"%FT%T": "%Y-%m-%dT%H:%M:%S", "%FT%TZ": "%Y-%m-%dT%H:%M:%SZ"}
_SHELL = re.compile(r"[|;&<>`]|\$[\w({]")
_QUOTED = re.compile(r"'[^']*'|\"[^\"$`]*\"")
_PLACEHOLDER = re.compile(r"[{<][A-Za-z][\w -]*[}>]")


@dataclass(frozen=True, slots=True)
class LookCommand:
    """One call: `service` and `operation` by the names of AWS's models; `options` are (option, its words)."""

    text: str
    service: str
    operation: str
    options: tuple[tuple[str, tuple[str, ...]], ...]
    query: str = ""
    region: str | None = None
    under: str = ""  # the key under which the answer stands where the command names another operation


def kebab(operation: str) -> str:
    """`DescribeDBInstances` → `describe-db-instances`, as the command line spells it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", operation).lower()


def read_looks(script: str, allowed: Mapping[str, frozenset[str]], now: datetime) -> list[LookCommand]:
    """The calls of a script that are among the allowed ones (service → operations), in order. `now` is aware UTC."""
    lines = re.sub(r"\\\n\s*", " ", script).splitlines()
    found = (_look(line.strip().removeprefix("$ "), allowed, now) for line in lines)
    return [one for one in found if one is not None]


def _look(line: str, allowed: Mapping[str, frozenset[str]], now: datetime) -> LookCommand | None:
    if not line.startswith("aws "):
        return None
    told = _DATE.sub(lambda match: _told(match, now) or match[0], line)
    if _SHELL.search(_QUOTED.sub("", told)) or _PLACEHOLDER.search(_QUOTED.sub("", told)):
        return None
    try:
        words = shlex.split(told)[1:]
    except ValueError:
        return None
    named, options = _parted(words)
    if len(named) != 2:
        return None
    service, command = _SERVICES.get(named[0], named[0]), named[1]
    operations = {kebab(name): (name, "") for name in allowed.get(service, ())}
    for (other, written), (asked, under) in _INSTEAD.items():
        if other == service and asked in allowed.get(service, ()):
            operations.setdefault(kebab(written), (asked, under))
    if command not in operations or "{" in "".join(named):
        return None
    operation, under = operations[command]
    given = {option: values for option, values in options if option in ("--query", "--region")}
    kept = tuple(one for one in options if one[0] not in {"--query", "--region", *_IGNORED, *_FLAGS})
    region = (given.get("--region") or (None,))[0]
    return LookCommand(line, service, operation, kept, (given.get("--query") or ("",))[0], region, under)


def _told(match: re.Match[str], now: datetime) -> str | None:
    """The time that `$(date …)` stands for; None for a way of saying it that is not known here."""
    form = _FORMAT.search(match["words"])
    ago = _AGO.search(match["words"])
    if form is None or ("-d" in match["words"] and ago is None):
        return None
    at = now - timedelta(**{f"{ago['unit']}s": int(ago["number"])}) if ago else now
    written = form["format"]
    told = str(int(at.timestamp())) if written == "%s" else at.strftime(_FORMATS.get(written, written))
    return told + (match["rest"] or "")


def _parted(words: Sequence[str]) -> tuple[list[str], list[tuple[str, tuple[str, ...]]]]:
    """The words before the first option, and the options with the words that follow each."""
    named: list[str] = []
    options: list[tuple[str, tuple[str, ...]]] = []
    for word in words:
        if word.startswith("--"):
            option, equals, value = word.partition("=")
            options.append((option, (value,) if equals else ()))
        elif options:
            options[-1] = (options[-1][0], (*options[-1][1], word))
        else:
            named.append(word)
    return named, options
