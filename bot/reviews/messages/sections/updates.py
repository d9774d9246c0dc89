"""What stakeholders heard and when, and which promise of more was not kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import Line, Nature, ReviewFacts
from bot.reviews.rules.record import Record, origin
from bot.text.durations import between
from bot.text.wording import Wording, counted

OVER = "; Status: RESOLVED;"  # in the entry of a notice of the end
# By the words of Slack's date: records made before secrets were told from dates have its figure masked.
_PROMISED = re.compile(r"promised by <[^<>|]*\|(\d{4}-\d\d-\d\d \d\d:\d\d) UTC>")
_MOST_CLOCKS = 3


def promised_by(asked: Entry) -> datetime | None:
    """By when an update was promised that had not come when Tocsin asked for it; None where none was promised."""
    found = _PROMISED.search(asked.text)
    return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None


def overdue(record: Record, wording: Wording) -> list[Line]:
    """The promises that were not kept, for the timeline."""
    return [
        Line(
            f"The stakeholder update promised by {wording.clock(at)} had not come.",
            at=asked.at,
            clock=wording.clock(asked.at),
            entries=(origin(asked),),
        )
        for asked in record.updates_asked
        if (at := promised_by(asked))
    ]


def on_time(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """That stakeholders were updated, where Tocsin never had to ask for it."""
    told = record.of_kind(Kind.STAKEHOLDERS_TOLD)
    return [_line(f"{_heard(facts, told, wording)}.", told)] if told and not record.updates_asked else []


def late(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """How often stakeholders were updated, where an update was overdue, and what came of each promise."""
    asked = record.updates_asked
    if not asked:
        return []
    told = record.of_kind(Kind.STAKEHOLDERS_TOLD)
    first = told[0].at if told else None
    before = sum(first is None or one.at < first for one in asked)
    reminded = f"; Tocsin asked for {'it' if told else 'one'} {_times(before)}" if before else ""
    kept = [_kept(at, told, wording) for one in asked if (at := promised_by(one))]
    ended = facts.incident.resolved_at is not None and not facts.false_alarm
    if ended and not any(OVER in one.text for one in told):
        never = bool(kept) and kept[-1].endswith("never came")
        kept = [*kept[:-1], f"{kept[-1]}, nor did a notice that it was resolved"] if never else [*kept, _NO_END]
    return [_line(". ".join([_heard(facts, told, wording) + reminded, *kept]) + ".", told)]


_NO_END = "No notice said that it was resolved"


def _line(text: str, told: Sequence[Entry]) -> Line:
    return Line(text, Nature.DERIVED, entries=tuple(origin(entry) for entry in told))


def _heard(facts: ReviewFacts, told: Sequence[Entry], wording: Wording) -> str:
    if not told:
        return "Stakeholders got no update"
    after = f"{between(facts.incident.declared_at, told[0].at)} after the declaration"
    clocks = [wording.clock(entry.at) for entry in told]
    if len(told) == 1:
        return f"Stakeholders got one update, at {clocks[0]}, {after}"
    when = f"at {' and '.join(clocks)}" if len(told) < _MOST_CLOCKS else f"{clocks[0]} to {clocks[-1]}"
    return f"Stakeholders got {counted(len(told), 'update')}, {when}, the first {after}"


def _kept(at: datetime, told: Sequence[Entry], wording: Wording) -> str:
    came = next((entry for entry in told if entry.at >= at), None)
    return f"The next, promised by {wording.clock(at)}, " + (
        f"came at {wording.clock(came.at)}" if came else "never came"
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
