"""Facts that people record as notes with a word in front: `services: …`, `contributing: …`, `detected at 14:28`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.incidents.rules.timeline import Entry, Kind
from bot.text.durations import span
from bot.text.instants import leading_past
from bot.text.markup import escape

SERVICES, CONTRIBUTING, WHY, WENT_WELL, IMPROVE = "services", "contributing", "why", "went well", "improve"
_WORDS = {
    SERVICES: r"services?(?: affected)?",
    CONTRIBUTING: r"contributing(?: factors?)?",
    WHY: r"why(?: [1-5])?",
    WENT_WELL: r"(?:(?:what )?went )?well",
    IMPROVE: r"(?:to |could |should )?improve|(?:what )?could be improved|(?:what )?went badly",
}
_ANY = "|".join(f"(?P<{label.replace(' ', '_')}>{words})" for label, words in _WORDS.items())
_LABELLED = re.compile(rf"^(?:{_ANY})\s*:\s*(?P<said>.+)$", re.IGNORECASE | re.DOTALL)
_DETECTED = re.compile(r"^detected\s*(?:at|:)?\s*(?:(\d{4}-\d\d-\d\d)[T ])?(\d{1,2}):(\d\d)\b", re.IGNORECASE)

_DETECTED_WITH_NUMBER = re.compile(r"^detected\s*(?:at|:)?\s*\d", re.IGNORECASE)
# "detected at banana" means a time; "detected at the load balancer by its checks" says where.
_DETECTED_AT_ONE_WORD = re.compile(r"^detected\s*(?:at\b|:)\s*\S*$", re.IGNORECASE)
# When the trouble began: the figures measure the time to detect from it.
_BEGAN = re.compile(r"^(?:began|started)\s*(?:at|:)?\s*(?:(\d{4}-\d\d-\d\d)[T ])?(\d{1,2}):(\d\d)\b", re.IGNORECASE)
_WITH_TIME = re.compile(
    r"^(?:detected|began|started)\s*(?:at|:)?\s*[\dT -]*\d{1,2}:\d\d(?: UTC)?[\s,:;]*(.*)$", re.IGNORECASE | re.DOTALL
)
_BEGAN_AT_NUMBER = re.compile(r"^(?:began|started)\s*(?:at\b|:)\s*\d", re.IGNORECASE)
_SAYS_WHEN = re.compile(
    r"^(?:(?P<word>detected|began|started)\s*(?:at\b|:)\s*|(?P<bare>detected)\s+)(?=\S)", re.IGNORECASE
)
_UNSAID = re.compile(rf"^(?:{'|'.join(_WORDS.values())})\s*:\s*$", re.IGNORECASE)
_LONG_BEFORE = timedelta(hours=1)  # rarely is a time that far from the declaration meant: a word on what it does


@dataclass(frozen=True, slots=True)
class Noted:
    """What the notes say, in the order in which it was said; `detected_at` is the last one said (aware UTC)."""

    services: tuple[str, ...] = ()
    contributing: tuple[str, ...] = ()
    whys: tuple[str, ...] = ()  # one upon the other, as many as were said
    detected_at: datetime | None = None


def label_of(entry: Entry) -> str | None:
    """The label of a note that begins with one, such as `services` or `went well`; `detected`; None for others."""
    if entry.kind is not Kind.NOTED:
        return None
    label, _ = _labelled(entry.text)
    return label or ("detected" if _DETECTED.match(entry.text.strip()) else None)


def said_under(entry: Entry) -> str:
    """The words of a labelled note after its label, in Slack's markup."""
    return _labelled(entry.text)[1]


def _labelled(text: str) -> tuple[str | None, str]:
    """The label that a note begins with and what it says; (None, the text) for a note without one."""
    said = text.strip()
    found = _LABELLED.match(said)
    if found is None:
        return None, said
    label = next(label for label in _WORDS if found[label.replace(" ", "_")])
    return label, found["said"].strip()


def in_utc(text: str, now: datetime, zone: ZoneInfo, declared_at: datetime) -> str:
    """A note that says when the trouble began or was detected, with that time as date and UTC; any other as it is.

    A time without a day is the latest of that name up to the declaration. Raises BadRequest for what could be several.
    """
    said = text.strip()
    found = _SAYS_WHEN.match(said)
    at, rest = _meant(said[found.end() :], now, zone, declared_at) if found else (None, "")
    if found is None or at is None:
        return text
    return f"{found['word'] or found['bare']} at {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC{f': {rest}' if rest else ''}"


def _meant(typed: str, now: datetime, zone: ZoneInfo, declared_at: datetime) -> tuple[datetime | None, str]:
    try:
        day_before = leading_past(f"yesterday {typed}", declared_at, zone)
    except BadRequest:  # it names a day, or is "10 min ago"
        return leading_past(typed, now, zone)
    if day_before[0] is None:
        return leading_past(typed, now, zone)
    try:
        return leading_past(typed, declared_at, zone)
    except BadRequest:  # that time of the day came after the declaration
        return day_before


def check_note(text: str, declared_at: datetime) -> str:
    """The sentence for whoever wrote a labelled note; empty for any other note. Raises BadRequest for one that
    begins like a labelled one and cannot be read.
    """
    said = text.strip()
    if _UNSAID.match(said):
        raise BadRequest("Say what to record: `/incident note services: checkout, search`.")
    if _BEGAN_AT_NUMBER.match(said):
        began = _shown(_read(said, _BEGAN, "began", declared_at), declared_at)
        return f"Beginning set to {began} for the review and the figures."
    if not _DETECTED_WITH_NUMBER.match(said) and not _DETECTED_AT_ONE_WORD.match(said):
        return ""
    at = _read(said, _DETECTED, "detected", declared_at)
    earlier = declared_at - at
    long = (
        f" That is {span(earlier)} before it was declared; the duration counts from there."
        if (earlier >= _LONG_BEFORE)
        else ""
    )
    return f"Detection time set to {_shown(at, declared_at)} for the review.{long}"


def _read(said: str, grammar: re.Pattern[str], word: str, declared_at: datetime) -> datetime:
    """The instant that a note names. Raises BadRequest with what to type."""
    found = grammar.match(said)
    at = _instant(found[1], int(found[2]), int(found[3]), declared_at) if found else None
    if at is None:
        raise BadRequest(
            f"“{escape(said[:40])}” has no time I understand. Write `/incident note {word} at 14:28`, "
            f"or with a date: `/incident note {word} at 2026-03-05 14:28`."
        )
    return at


def _shown(at: datetime, declared_at: datetime) -> str:
    """`14:28 UTC`, with the date where it is another day than that of the declaration."""
    day = f"{at:%Y-%m-%d} " if at.date() != declared_at.astimezone(UTC).date() else ""
    return f"{day}{at:%H:%M} UTC"


def read_notes(entries: Iterable[Entry], declared_at: datetime) -> Noted:
    """The labelled facts among the notes. A time without a date is the latest such UTC time up to the declaration."""
    services: dict[str, None] = {}
    contributing: list[str] = []
    whys: list[str] = []
    detected_at = None
    for entry in entries:
        if entry.kind is not Kind.NOTED:
            continue
        label, said = _labelled(entry.text)
        if label == SERVICES:
            services |= dict.fromkeys(part.strip() for part in said.split(",") if part.strip())
        elif label == CONTRIBUTING:
            contributing.append(said)
        elif label == WHY:
            whys.append(said)
        elif found := _DETECTED.match(said):
            detected_at = _instant(found[1], int(found[2]), int(found[3]), declared_at) or detected_at
    return Noted(tuple(services), tuple(contributing), tuple(whys), detected_at)


def began_at(entry: Entry, declared_at: datetime) -> datetime | None:
    """When the trouble began, as a note says; None for any other entry."""
    found = _BEGAN.match(entry.text.strip()) if entry.kind is Kind.NOTED else None
    return _instant(found[1], int(found[2]), int(found[3]), declared_at) if found else None


def said_beside(entry: Entry) -> str:
    """What a note that says when it began or was detected says besides, in Slack's markup; empty for nothing."""
    found = _WITH_TIME.match(entry.text.strip())
    return found[1].strip() if found else ""


def said_detected(entries: Iterable[Entry], declared_at: datetime, at: datetime | None) -> tuple[Entry, ...]:
    """The latest note that says that it was detected at `at`; empty where none does."""
    saying = [e for e in entries if at is not None and read_notes((e,), declared_at).detected_at == at]
    return tuple(saying[-1:])


def said_as(entries: Iterable[Entry], label: str, words: str) -> tuple[Entry, ...]:
    """The first note that says these words under that label; empty where none does."""
    return tuple([e for e in entries if _labelled(e.text) == (label, words)][:1])


def _instant(day: str | None, hour: int, minute: int, declared_at: datetime) -> datetime | None:
    """None where there is no such time."""
    declared_at = declared_at.astimezone(UTC)
    try:
        date = datetime.fromisoformat(day).date() if day else declared_at.date()
        at = datetime.combine(date, time(hour, minute), UTC)
    except ValueError:
        return None
    return at - timedelta(days=1) if day is None and at > declared_at else at
