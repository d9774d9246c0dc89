"""CloudWatch alarms as facts: what state they are in, and which names a text may mean. Pure."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime


class AlarmState(enum.StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    NO_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Alarm:
    """`since` is when it came into its state, aware UTC."""

    name: str
    state: AlarmState
    since: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What CloudWatch answered; not `complete` where it has more alarms than were read."""

    alarms: tuple[Alarm, ...]
    complete: bool = True


_ARN = re.compile(r"arn:aws[\w-]*:cloudwatch:[\w-]+:\d+:alarm:([^\s|<>\"'`]+)")
_QUOTED = re.compile(r"`([^`\n]{1,255})`|\"([^\"\n]{1,255})\"|“([^”\n]{1,255})”|‘([^’\n]{1,255})’")
_JOINED = re.compile(r"(?<![\w/.:-])[A-Za-z][\w.]*(?:[-_][\w.]+)+(?![\w/-])")
_LONGEST = 255  # characters of an alarm's name; asked for a longer one, CloudWatch answers nothing
_MOST = 100  # names that CloudWatch can be asked about at once


def names_in(text: str) -> tuple[str, ...]:
    """What in a text may be an alarm's name: ends of ARNs, what is quoted, words joined by `-` or `_`; each once."""
    quoted = (next(part for part in found if part) for found in _QUOTED.findall(text))
    joined = (word.rstrip(".") for word in _JOINED.findall(text))
    names = (name.strip() for name in (*_ARN.findall(text), *quoted, *joined))
    return tuple(dict.fromkeys(name for name in names if 0 < len(name) <= _LONGEST))[:_MOST]
