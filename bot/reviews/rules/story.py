"""The timeline of the review: what was done, always; what was said, as far as it can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.incidents.rules.timeline import Entry, Kind, folded
from bot.reviews.rules.document import Line, Section
from bot.reviews.rules.record import Record, origin
from bot.text.wording import LONGEST_SAYING, Wording, counted

_NEVER = datetime.max.replace(tzinfo=UTC)
MOST_UNMARKED_MESSAGES = 20  # beyond that, chatter hides the story
MOST_NOTES = 200  # people write few; thousands come from a machine

# Entries whose text is only what a person typed; the others are whole sentences that name their author.
LABELS: dict[Kind, str] = {
    Kind.NOTED: "Note",
    Kind.IMPACT_RECORDED: "Impact",
    Kind.CAUSE_RECORDED: "Cause",
    Kind.RESOLUTION_RECORDED: "Resolution",
}
TURNS = frozenset(
    {Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED, Kind.STATUS_CHANGED, Kind.RESOLVED, Kind.REOPENED, Kind.CLOSED}
)


def timeline(record: Record, wording: Wording, detected: Sequence[Entry] = (), at: datetime | None = None) -> Section:
    """The timeline section, with a note that says how many messages it leaves out and by which rule.

    `detected`: the note that says that the trouble was detected `at` an instant; empty where none does.
    """
    said = _said(record)
    chosen = _chosen(record, said)
    sayings = {entry.entry_id for entry in said}
    lines = [
        _factor(entry, wording)
        if record.labels.get(entry.entry_id) == "contributing"
        else line_of(entry, wording, times)
        for entry, times in folded(record.entries)
        if entry.entry_id in chosen or (entry.entry_id not in sayings and not _shown_elsewhere(entry, record))
    ]
    lines += [_detected(entry, at, wording) for entry in detected if at is not None]
    ordered = tuple(sorted(lines, key=lambda line: line.at or _NEVER))
    return Section("timeline", "Timeline", ordered, _note(len(said), len(chosen)))


def _detected(entry: Entry, at: datetime, wording: Wording) -> Line:
    """The beginning of the story, at the time of detection, not of the note."""
    who = f" by {wording.person(entry.author)}" if entry.author else ""
    text = f"Detected, as noted{who} at {wording.clock(entry.at)}."
    return Line(text=text, at=at, clock=wording.clock(at), key=entry.key, entries=(origin(entry),))


def _factor(entry: Entry, wording: Wording) -> Line:
    """A contributing factor when it was named, without the word that says what it is."""
    said = wording.plain(entry.text, LONGEST_SAYING, lines=True).partition(":")[2].strip()
    return replace(line_of(entry, wording), text=said, label="Contributing factor")


def _said(record: Record) -> list[Entry]:
    """What was said, of which a choice is made: the messages, and the notes as well where there are very many."""
    notes = record.of_kind(Kind.NOTED)
    return record.of_kind(Kind.MESSAGE_POSTED) + (notes if len(notes) > MOST_NOTES else [])


def _chosen(record: Record, messages: list[Entry]) -> set[int]:
    """Ids of the messages to show: those marked as key, and either all others or the last before each turn."""
    key = {entry.entry_id for entry in messages if entry.key}
    unmarked = {entry.entry_id for entry in messages} - key
    if len(unmarked) <= MOST_UNMARKED_MESSAGES:
        return key | unmarked
    latest: int | None = None
    before_turns: set[int] = set()
    for entry in record.entries:
        if entry.entry_id in unmarked:
            latest = entry.entry_id
        elif entry.kind in TURNS and latest is not None:
            before_turns.add(latest)
    return key | before_turns


def _shown_elsewhere(entry: Entry, record: Record) -> bool:
    """Notes that are no events, and the resolution that the entry "Resolved by …" repeats."""
    if entry.kind is Kind.RESOLUTION_RECORDED:
        return any(entry.text and entry.text in resolved.text for resolved in record.of_kind(Kind.RESOLVED))
    return record.labels.get(entry.entry_id, "contributing") != "contributing"


def line_of(entry: Entry, wording: Wording, times: int = 1) -> Line:
    """One entry as a line of the timeline; of a page that was repeated, with how many times there were so far."""
    message = entry.kind is Kind.MESSAGE_POSTED
    label = LABELS.get(entry.kind)
    text = wording.plain(entry.text, LONGEST_SAYING, mention="@" if message else "", lines=True)
    if not text:
        text = "(a message without text)" if message else entry.kind.value.replace("_", " ").capitalize()
    return Line(
        text=f"{text} ({times} times so far)" if times > 1 else text,
        label=label,
        by=wording.person(entry.author) if message or label else None,
        at=entry.at,
        clock=wording.clock(entry.at),
        key=entry.key,
        entries=(origin(entry),),
    )


def _note(messages: int, shown: int) -> str:
    if shown == messages:
        return "Times are UTC."
    return (
        f"Times are UTC. {counted(shown, 'message')} of {messages:,} shown: those marked as key, and the last before"
        f" each change of status or severity. {messages - shown:,} left out here, kept in the incident's timeline."
    )
