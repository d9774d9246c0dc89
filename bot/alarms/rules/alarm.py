"""An alarm as it was read, whoever sent it; and careful steps into JSON of which nothing is certain."""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.severity.rules import Severity

LONGEST = 2_000  # characters that are kept of one text; senders put whole stack traces into descriptions
_SENTENCE = re.compile(r"Threshold Crossed\b")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NUMBERS = re.compile(r"\d+")
_FIRST_YEAR = 2000  # Go's zero time, the year 1, stands for "not yet"
_AHEAD = timedelta(minutes=5)  # by which a sender's clock may be ahead of ours


class State(enum.StrEnum):
    """How it stands. An event has no end: a finding, a failed job, a text."""

    FIRING = "firing"
    OK = "ok"
    NO_DATA = "no data"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Alarm:
    """What one alarm says. Texts are "" where it does not say; `resources` are (kind, name) as the sender calls them.

    `at` is when its state changed, as the sender wrote it. `security`: it is about an attack, not about a failure.
    `identity` is what the sender knows it by, however often it fires: an ARN, a fingerprint, the id of a finding.
    """

    source: str  # for people: "CloudWatch", "GuardDuty"
    name: str
    state: State
    summary: str = ""  # what its owner wrote of it
    reason: str = ""  # what was measured, or happened
    metric: str = ""
    resources: tuple[tuple[str, str], ...] = ()
    account: str = ""
    region: str = ""
    at: str = ""
    link: str = ""
    security: bool = False
    identity: str = ""
    rated: Severity | None = None  # as its sender rates it on a scale of its own, which is read where it is documented

    @property
    def key(self) -> str:
        """The same for every delivery of this alarm and for no other: a digest, as labels may hold anything.

        Of a sender that names no identity: its name without numbers, and where it stands.
        """
        named = self.identity or "\n".join((_NUMBERS.sub("#", self.name), self.account, self.region, *_said(self)))
        return hashlib.sha256(f"{self.source}\n{named}".encode()).hexdigest()[:32]

    @property
    def words(self) -> str:
        """What the judge reads: the name in words, then what was written, then what was measured.

        CloudWatch's sentence about the threshold is left out: it is the same for trouble and for none.
        """
        name = re.sub(r"(?<=[a-z])(?=[A-Z])|[-_/.]+", " ", self.name).strip()
        parts = (part for part in (name, self.summary, self.metric, self.reason) if part and not _SENTENCE.match(part))
        return ". ".join(dict.fromkeys(part.rstrip(". ") for part in parts))


def instant_of(written: str, now: datetime) -> datetime | None:
    """When its state changed, as aware UTC; None for what is no instant, is none yet, or has not come yet."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    if not _FIRST_YEAR <= read.year < 9999:
        return None
    read = read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)
    return min(read, now) if read - now <= _AHEAD else None


def _said(alarm: Alarm) -> list[str]:
    return [f"{kind}={name}" for kind, name in alarm.resources]


def at(value: Any, *path: str) -> Any:
    """What stands there; None where the way ends before."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def text(value: Any, *path: str) -> str:
    """A text or number that stands there, as one line, without what cannot be stored; "" for anything else."""
    value = at(value, *path)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # Integers that JSON reads have a text: it refuses those of more digits than Python writes.
    written = f"{value:g}" if isinstance(value, float) else str(value)
    words = " ".join(_UNSTORABLE.sub("\ufffd", written[: 2 * LONGEST]).split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def first(*texts: str) -> str:
    """The first that says something."""
    return next((one for one in texts if one), "")


def items(value: Any, *path: str) -> list[Any]:
    """The list that stands there; empty for anything else."""
    value = at(value, *path)
    return value if isinstance(value, list) else []
