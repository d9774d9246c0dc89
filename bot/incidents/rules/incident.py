"""An incident, its statuses and the only ways between them, and the name of its channel."""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from bot.errors import BadRequest, TransitionRefused
from bot.severity.rules import Severity

ORDINARY, SECURITY, DRILL = "INC", "SEC", "DRILL"  # what references start with; `SEC-DRILL` is a private drill

COUNTED = 500  # incidents of a list that are counted beyond those that are shown
REF_SHAPE = r"(?:INC|SEC-DRILL|SEC|DRILL)-\d{4}-\d{1,6}"  # in patterns of what is typed and of what buttons carry
REF = re.compile(rf"\b{REF_SHAPE}\b", re.IGNORECASE)


class Status(enum.StrEnum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """True while somebody still has to work on it."""
        return self in (Status.INVESTIGATING, Status.IDENTIFIED, Status.MITIGATED)


ALLOWED: dict[Status, frozenset[Status]] = {
    Status.INVESTIGATING: frozenset({Status.IDENTIFIED, Status.MITIGATED, Status.RESOLVED}),
    Status.IDENTIFIED: frozenset({Status.INVESTIGATING, Status.MITIGATED, Status.RESOLVED}),
    Status.MITIGATED: frozenset({Status.INVESTIGATING, Status.IDENTIFIED, Status.RESOLVED}),
    Status.RESOLVED: frozenset({Status.INVESTIGATING, Status.CLOSED}),
    Status.CLOSED: frozenset({Status.INVESTIGATING}),
}


def check_transition(ref: str, current: Status, wanted: Status) -> None:
    """Raise TransitionRefused, with a sentence that says what to do, unless `current` → `wanted` is allowed."""
    if wanted in ALLOWED[current]:
        return
    if current is wanted:
        raise TransitionRefused(f"{ref} is already {current}.")
    if not current.is_open:
        raise TransitionRefused(f"{ref} is {current}. Reopen it first: `/incident reopen`.")
    # Between open statuses every step is allowed: what is left is closing an open incident.
    raise TransitionRefused(f"{ref} is {current}. Resolve it first: `/incident resolve`, then `/incident close`.")


@dataclass(frozen=True, slots=True)
class Incident:
    """The facts of an incident as the other storeys read them. Instants are aware UTC."""

    incident_id: int
    ref: str
    title: str
    severity: Severity
    status: Status
    declared_at: datetime
    declared_by: str
    commander: str | None
    channel_id: str | None
    channel_name: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    identified_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    impact: str | None
    cause: str | None
    resolution: str | None
    reopened: int = 0  # how often; the stamps above are those since the last time, the resolution is the last

    false_alarm: bool = False  # it never was one
    merged_into: str | None = None  # the reference of the one of which it was a duplicate
    channel_trouble: str | None = None  # Slack's name of why there is no channel, or why Tocsin cannot speak in it

    @property
    def stands(self) -> str:
        """Its status in words that also say how it was closed, where that was in another way than by resolving it."""
        if self.status is not Status.CLOSED:
            return self.status.value
        if self.merged_into is not None:
            # A security incident is named to nobody outside its channel.
            known = self.private or not is_private(self.merged_into)
            return f"closed, merged into {self.merged_into if known else 'another'}"
        return "closed as a false alarm" if self.false_alarm else self.status.value

    @property
    def again(self) -> str:
        """`, reopened once`: what to say beside a span that runs from the declaration; empty for nearly all."""
        return reopened_words(self.reopened)

    @property
    def private(self) -> bool:
        """True for security incidents, which are shown to nobody outside their channel."""
        return is_private(self.ref)

    @property
    def drill(self) -> bool:
        """True for an exercise, which counts for nothing."""
        return is_drill(self.ref)

    @property
    def drill_prefix(self) -> str:
        """`DRILL: `, before plain text about a drill; empty for a real incident."""
        return "DRILL: " if self.drill else ""

    @property
    def shown_title(self) -> str:
        """The title as it may stand outside the incident's own channel."""
        return "security incident, details in its channel" if self.private else self.title


def reopened_words(count: int) -> str:
    """`, reopened twice`; empty for none."""
    return {0: "", 1: ", reopened once", 2: ", reopened twice"}.get(count, f", reopened {count} times")


def is_private(ref: str) -> bool:
    """True for the reference of a security incident."""
    return ref.startswith(f"{SECURITY}-")


def is_drill(ref: str) -> bool:
    """True for the reference of a drill: marked wherever it is read, and left out of all that is counted or learnt."""
    return ref.startswith((f"{DRILL}-", f"{SECURITY}-{DRILL}-"))


def prefix_of(security: bool, drill: bool) -> str:
    """What the reference of such an incident starts with."""
    if drill:
        return f"{SECURITY}-{DRILL}" if security else DRILL
    return SECURITY if security else ORDINARY


def year_of(ref: str) -> str:
    """`2026` of `INC-2026-0001` and of `SEC-DRILL-2026-0001`."""
    return ref.split("-")[-2]


def slug(text: str, limit: int) -> str:
    """Lower-case ASCII words of `text` joined by hyphens, at most `limit` characters, cut between words."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    out = ""
    for word in words:
        longer = f"{out}-{word}" if out else word[:limit]
        if len(longer) > limit:
            break
        out = longer
    return out


# Slack takes 80 characters in all; lists of channels, cards and pages show so many in a line.
_LONGEST_TAIL = 45


def channel_name(ref: str, title: str) -> str:
    """The incident's channel: `inc-2026-0001-checkout-returns-502`, within Slack's 80 characters and alphabet.

    That of a security incident says nothing of its title: a name that is taken is shown to whoever tries it.
    """
    start = ref.lower()
    tail = "" if is_private(ref) else slug(title, _LONGEST_TAIL)
    return f"{start}-{tail}" if tail else start


_STATUS_WORDS = {
    "investigate": Status.INVESTIGATING,
    "identify": Status.IDENTIFIED,
    "found": Status.IDENTIFIED,
    "mitigate": Status.MITIGATED,
    "fixed": Status.RESOLVED,
    "resolve": Status.RESOLVED,
    "done": Status.RESOLVED,
    "close": Status.CLOSED,
}


def leading_security(text: str) -> tuple[bool, str]:
    """`security somebody uses our key` → (True, "somebody uses our key"); (False, text) where it is not said first."""
    match = re.match(r"^(?:security(?:\s+incident)?|sec)\b[\s:,-]*(?=\S)", text.strip(), re.IGNORECASE)
    return (True, text.strip()[match.end() :]) if match else (False, text.strip())


def parse_status(text: str) -> Status:
    """`mitigated`, `mitig`, `fixed` … Raises BadRequest with the words to choose from."""
    wanted = text.strip().lower()
    if wanted in _STATUS_WORDS:
        return _STATUS_WORDS[wanted]
    near = [status for status in Status if len(wanted) >= 3 and status.startswith(wanted)]
    if len(near) == 1:
        return near[0]
    names = ", ".join(status.value for status in Status if status.is_open)
    raise BadRequest(
        f"Say which status: {names}, as in `/incident status mitigated`. Then `/incident resolve`, `/incident close`."
    )
