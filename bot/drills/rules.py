"""What of a past incident's timeline is put into a drill: what came from outside the responders, until it was over."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import BadRequest
from bot.incidents.rules.incident import REF
from bot.incidents.rules.key_moments import reads_like_key
from bot.incidents.rules.timeline import Kind
from bot.text.markup import says_something

SLOWEST, FASTEST = 0.25, 60.0
MOST = 100  # injects of one replay
MOST_READ = 2_000  # entries of the old timeline that are looked at for them, the earliest


class Origin(enum.StrEnum):
    """Where an inject came from."""

    REPORT = "report"
    FURTHER_REPORT = "further report"
    ALARM = "alarm"
    MESSAGE = "message"
    DIAGNOSIS = "diagnosis"
    IMPACT = "impact"
    SEVERITY = "severity"


@dataclass(frozen=True, slots=True)
class Past:
    """One entry of the old timeline. `cause` is its source key, `status` the one that it changed to."""

    entry_id: int
    kind: Kind
    at: datetime
    author: str | None
    text: str  # Slack's markup
    cause: str = ""
    status: str = ""
    of_duplicate: bool = False
    found: bool = True  # of a diagnosis: it found something


@dataclass(frozen=True, slots=True)
class Inject:
    """`after` is the span from the declaration, as it was then."""

    entry_id: int | None
    origin: Origin
    after: timedelta


@dataclass(frozen=True, slots=True)
class Replays:
    """What a drill replays: the past incident, how many injects are to come or were left out, and when the last is."""

    ref: str
    injects: int
    left_out: int
    last_after: timedelta
    unread: bool = False  # the old timeline has more entries than are looked at


# What only those do who work on an incident.
ACTS = frozenset(
    {Kind.ACKNOWLEDGED, Kind.ROLE_TAKEN, Kind.HANDOVER_OFFERED, Kind.STATUS_CHANGED, Kind.RESOLVED, Kind.CLOSED}
    | {Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED, Kind.RENAMED, Kind.FIELD_CHANGED, Kind.FIELD_WRITTEN}
    | {Kind.CAUSE_RECORDED, Kind.RESOLUTION_RECORDED, Kind.DIAGNOSED, Kind.NOTICE_WRITTEN, Kind.STATUS_PUBLISHED}
    | {Kind.PLAYBOOK_STARTED, Kind.PLAYBOOK_STEP, Kind.PLAYBOOK_ASSIGNED, Kind.ACTION_ADDED, Kind.ACTION_DONE}
    | {Kind.CHECK_DONE, Kind.ENTRY_CORRECTED}
)
REPORTS = ("join:", "report:", "words:")  # causes of notes that are somebody's report
_ALARMS = ("alarm-details:", "alarm-joined:", "alarms-joined:")  # of the same that fires; not that it is OK again
# What is an inject, and what says when there are no more of them.
TELLING = (
    *(Kind.MESSAGE_POSTED, Kind.NOTED, Kind.ALARMS_CHECKED, Kind.DIAGNOSED, Kind.IMPACT_RECORDED),
    *(Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED, Kind.STATUS_CHANGED),
    *(Kind.RESOLVED, Kind.CLOSED, Kind.FALSE_ALARM, Kind.MERGED),
)
_EASED = frozenset({"mitigated"})
_OVER = frozenset({Kind.RESOLVED, Kind.CLOSED, Kind.FALSE_ALARM, Kind.MERGED})
_SPEED = re.compile(r"(?<!\S)(?:(?:-{1,2}|\u2014|\u2013)?speed[ =:]*x?|x)?(\d+(?:\.\d+)?|\.\d+)x?(?!\S)", re.IGNORECASE)
_ENTRY = re.compile(
    r"[A-Z]{2,10}(?:-\d{4})?-\d{2,6}(?!\S)", re.IGNORECASE
)  # of the knowledge: LESSON-01, CASE-2026-0142
_REMOVED = "Message, removed"  # stands for words that were taken out
_REASON = re.compile(r"by (?:<@[^<>]*>|nobody yet): (.+)$", re.DOTALL)


def responders(past: Sequence[Past], known: Collection[str]) -> frozenset[str]:
    """Whoever worked on it: those `known` to have had a role or been paged, and those who did what responders do."""
    acted = {one.author for one in past if one.author and not one.of_duplicate and _is_act(one)}
    return frozenset({*acted, *known})


def _is_act(one: Past) -> bool:
    return one.kind in ACTS or (one.kind is Kind.NOTED and not one.cause.startswith(REPORTS))


def choose(past: Sequence[Past], declared_at: datetime, team: Collection[str]) -> list[Inject]:
    """The injects in their order. From the first mitigation on nothing more is one, unless it was taken back: what
    comes from outside then tells that somebody had mended it.
    """
    eased, found = False, []
    for one in sorted(past, key=lambda one: (one.at, one.entry_id)):
        if one.kind in _OVER and not one.of_duplicate:
            break
        if one.kind is Kind.STATUS_CHANGED and not one.of_duplicate:
            eased = one.status in _EASED
        origin = None if eased else origin_of(one, team)
        if origin is not None:
            found.append(Inject(one.entry_id, origin, max(timedelta(), one.at - declared_at)))
    return found


def origin_of(one: Past, team: Collection[str]) -> Origin | None:
    """Where an entry came from; None for what the responders did or said, and for what would give the end away."""
    if not says_something(one.text) or reads_like_key(one.text) or one.text.startswith(_REMOVED):
        return None
    if one.kind is Kind.DECLARED:
        return Origin.FURTHER_REPORT if one.of_duplicate else None
    if one.kind is Kind.MESSAGE_POSTED:
        return None if one.author in team else Origin.MESSAGE
    if one.kind is Kind.NOTED:
        return _of_note(one, team)
    if one.kind is Kind.ALARMS_CHECKED:
        return Origin.ALARM if one.cause.startswith(_ALARMS) else None
    if one.kind is Kind.DIAGNOSED:
        return Origin.DIAGNOSIS if one.found else None
    if one.kind is Kind.IMPACT_RECORDED:
        return Origin.IMPACT
    if one.kind in (Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED):
        return Origin.SEVERITY if evidence(one.text) else None
    return None


def _of_note(one: Past, team: Collection[str]) -> Origin | None:
    if one.cause.startswith("words:"):
        return Origin.REPORT
    if one.cause.startswith(REPORTS):
        return Origin.FURTHER_REPORT
    return None if one.author is None or one.author in team else Origin.MESSAGE


def evidence(text: str) -> str:
    """Why the severity was changed, of the entry that says so; empty where nobody said why."""
    found = _REASON.search(text)
    return found[1].strip() if found else ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be replayed, and how many times as fast as it was."""

    ref: str
    speed: float


def parse_replay(typed: str) -> Asked:
    """`INC-2026-0007 --speed 4`, `INC-2026-0007 4x`, `--speed=4 INC-2026-0007`. Raises BadRequest."""
    words = " ".join(typed.split())
    named = REF.findall(words) or [found[0] for found in [_ENTRY.match(words)] if found]
    if not named:
        raise BadRequest(SAY_WHICH)
    if len(set(map(str.upper, named))) > 1:
        raise BadRequest("One incident is replayed at a time: `/incident drill replay INC-2026-0007`.")
    rest = " ".join(re.sub(re.escape(named[0]), " ", words, flags=re.IGNORECASE).split())
    if not rest:
        return Asked(named[0].upper(), 1.0)
    given = _SPEED.fullmatch(rest)
    if given is None:
        raise BadRequest(f"“{shown(rest)}” isn't a speed. {SPEEDS}")
    return Asked(named[0].upper(), check_speed(float(given[1])))


SAY_WHICH = (
    "Say which past incident: `/incident drill replay INC-2026-0007 --speed 4`. "
    "For a drill about something called replay, begin with its severity: `/incident drill P2 replay …`."
)
SPEEDS = f"Use a number from {SLOWEST:g} to {FASTEST:g}, as in `--speed 4`: four times as fast as it was."


def check_speed(speed: float) -> float:
    """Raises BadRequest for one that is too slow or too fast to be meant."""
    if not SLOWEST <= speed <= FASTEST:
        raise BadRequest(f"{speed:g} is no speed for a drill. {SPEEDS}")
    return speed


def shown(words: str) -> str:
    """What was typed, short and harmless, to be repeated."""
    return re.sub(r"[<>&`]", "", words)[:60]
