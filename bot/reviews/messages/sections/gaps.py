"""What is missing from the record as a whole: who and when, and the silences of people."""

from __future__ import annotations

import itertools
from datetime import datetime

from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.messages.sections.summary import EXECUTIVE, raised_since_impact
from bot.reviews.rules.document import Line, Nature, Review, ReviewFacts, Section
from bot.reviews.rules.merging import IMPACT_SINCE
from bot.reviews.rules.openings import openings
from bot.reviews.rules.record import NOT_SHOWN, Record, origin
from bot.text.durations import between, span
from bot.text.wording import Wording, counted

SILENCES_SHOWN = 3


def gaps(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> tuple[Section, ...]:
    """What nobody recorded and no other section asks for, each with the command that records it, and the silences.

    No section where there is neither.
    """
    incident = facts.incident
    again = " after it was reopened" if record.of_kind(Kind.REOPENED) else ""
    missing = [
        (openings(facts, record)[-1].acknowledged_at, f"who acknowledged it{again}", None),
        (incident.commander, "who was in command", None),
        (incident.mitigated_at or incident.resolved_at, "when it was mitigated", "/incident status mitigated"),
        (incident.resolved_at, "when it was resolved", "/incident resolve"),
    ]
    lines = [
        Line(f"Nobody recorded {what}.", Nature.ASKED, command=command) for fact, what, command in missing if not fact
    ]
    lines += _outdated_impact(facts, record, wording)
    lines += silences(facts, record, wording, now)
    return (Section("gaps", "Gaps in the record", tuple(lines)),) if lines else ()


def _outdated_impact(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """The question whether the impact was still what customers saw, where it is older than a raise."""
    raises = [] if facts.false_alarm else raised_since_impact(facts, record)
    if not raises:
        return []
    at, last = record.of_kind(Kind.IMPACT_RECORDED)[-1].at, raises[-1]
    text = f"The impact ({wording.clock(at)}) is older than the raise to {last.after} ({wording.clock(last.at)})."
    return [Line(text, Nature.ASKED, label=IMPACT_SINCE, command="/incident impact …")]


def open_questions(review: Review) -> list[Line]:
    """What the review still asks for, once each; a line without a label says itself what it asks."""
    return [
        line
        for section in review.sections
        if section.name != EXECUTIVE
        for line in section.lines
        if line.nature is Nature.ASKED
    ]


def silences(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> list[Line]:
    """The longest stretches between declaration and mitigation in which nobody did or said anything."""
    long = [
        (before, start, end)
        for before, start, end in _long_silences(facts, record, now)
        if not _pages(start, end, facts, record) and not _was_mitigated(start, record)
    ]
    lines = [
        Line(
            f"No activity recorded for {between(start, end)} ({wording.clock(start)} to {wording.clock(end)}).",
            Nature.DERIVED,
            entries=(origin(before),) if before and before.kind not in NOT_SHOWN else (),
        )
        for before, start, end in sorted(long[:SILENCES_SHOWN], key=lambda stretch: stretch[1])
    ]
    if (more := len(long) - SILENCES_SHOWN) > 0:
        others = "1 shorter silence" if more == 1 else f"{more:,} shorter silences"
        lines.append(Line(f"{others} of over {span(facts.silence_after)}.", Nature.DERIVED))
    return lines


def unanswered(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> list[Line]:
    """The silences in which Tocsin paged and nobody had acknowledged, in order of time."""
    paged = [
        (start, end, pages)
        for _, start, end in _long_silences(facts, record, now)
        if (pages := _pages(start, end, facts, record))
    ]
    return [
        Line(
            f"Nobody wrote or answered for {between(start, end)} ({wording.clock(start)} to {wording.clock(end)}), "
            f"while Tocsin sent {counted(len(pages), 'page')}.",
            Nature.DERIVED,
            entries=(origin(pages[0]),),
        )
        for start, end, pages in sorted(paged[:SILENCES_SHOWN], key=lambda stretch: stretch[0])
    ]


def _long_silences(facts: ReviewFacts, record: Record, now: datetime) -> list[tuple[Entry | None, datetime, datetime]]:
    stretches = record.silences(facts.incident.declared_at, facts.incident.resolved_at or now)
    long = [stretch for stretch in stretches if stretch[2] - stretch[1] > facts.silence_after]
    return [stretch for stretch in long if not _was_over(stretch[1], stretch[2], record)]


def _pages(start: datetime, end: datetime, facts: ReviewFacts, record: Record) -> list[Entry]:
    """The pages of a stretch in which nobody had acknowledged yet; a page later on only informs."""
    opened = [one for one in openings(facts, record) if one.since <= start]
    if opened and opened[-1].acknowledged_at and opened[-1].acknowledged_at < end:
        return []
    return [entry for entry in record.of_kind(Kind.PING_SENT) if start <= entry.at < end]


def _was_mitigated(at: datetime, record: Record) -> bool:
    """True where the last change of status before said so: to watch for a while is no gap."""
    before = [entry for entry in record.of_kind(Kind.STATUS_CHANGED, Kind.REOPENED) if entry.at <= at]
    last = max(before, key=lambda entry: (entry.at, entry.entry_id), default=None)
    return last is not None and last.kind is Kind.STATUS_CHANGED and "→ mitigated" in last.text


def _was_over(start: datetime, end: datetime, record: Record) -> bool:
    """True where the incident was held to be resolved all the while: nobody had anything to record."""
    turns = sorted(record.of_kind(Kind.RESOLVED, Kind.REOPENED), key=lambda entry: (entry.at, entry.entry_id))
    return any(
        before.kind is Kind.RESOLVED and before.at <= start and end <= after.at
        for before, after in itertools.pairwise(turns)
    )
