"""The timeline of the review: what was done, always; what was said, as far as it can be read."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime

from bot.incidents.rules.timeline import Entry, Kind, diagnoses, folded, is_alike, resource_in
from bot.reviews.messages.sections.updates import OVER, overdue
from bot.reviews.rules.document import Line, Origin, Report, ReviewFacts, Section
from bot.reviews.rules.notes import CONTRIBUTING, WHY, began_at, said_beside, said_detected
from bot.reviews.rules.record import Record, is_set_aside, origin
from bot.reviews.rules.severities import page_on_raise
from bot.stakeholders.messages import NO_ALARMS_TO_CHECK, is_checked_by_notice
from bot.text.wording import LONGEST_SAYING, Wording, counted

_NEVER = datetime.max.replace(tzinfo=UTC)
_NEWS = re.compile(r"(?:: |; )News: (.+?)(?:; Next (?:steps|update): .*)?$", re.DOTALL)  # as the notice had it
_ON_ITS_WAY = re.compile(r"; (\d[\d,]* mails?) on the way$")
_PAGED = re.compile(r"^Paged (?P<who>[^()]+) as (?P<role>[^()]+) \([^()]*\)[^.]*\.(?P<more>.*)$", re.DOTALL)
_ACCEPTED = re.compile(r"^(?P<who><@\w+>) accepts command from (?P<before><@\w+>)\.$")
_ROLE = re.compile(r"^(<@\w+>) is now (commander|communications|scribe)\b")
_AS = {"commander": "command", "scribe": "as scribe"}
_AFTER = re.compile(r" after [^:]*?(?=,|\.$)")  # the duration stands in the summary
MOST_UNMARKED_MESSAGES = 20  # beyond that, chatter hides the story
MOST_FINDINGS = 1  # of one diagnosis; more are listed in a section of their own
FINDINGS = "findings"
MOST_NOTES = 200  # people write few; thousands come from a machine

# Entries whose text is only what a person typed; the others are whole sentences that name their author.
LABELS: dict[Kind, str] = {
    Kind.NOTED: "Note",
    Kind.IMPACT_RECORDED: "Impact",
    Kind.CAUSE_RECORDED: "Cause",
    Kind.RESOLUTION_RECORDED: "Resolution",
}
_NAMED = {CONTRIBUTING: "Contributing factor", WHY: "Why"}  # labels of notes that are events of the timeline, too
TURNS = frozenset(
    {Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED, Kind.STATUS_CHANGED, Kind.RESOLVED, Kind.REOPENED, Kind.CLOSED}
)


def timeline(facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    """The timeline section, with a note that says how many messages it leaves out and by which rule."""
    said = _said(record)
    chosen = _chosen(record, said)
    apart = {entry.entry_id for _, found in _diagnoses(record) for entry in found}
    declared = facts.incident.declared_at
    began = [entry for entry in record.of_kind(Kind.NOTED) if began_at(entry, declared)][-1:]
    offers = {offer.entry_id for offer, _ in _handed_over(record)}
    sayings = {entry.entry_id for entry in (*said, *began)} | apart
    lines = [
        _line(entry, times, facts, record, wording)
        for entry, times in folded(record.entries)
        if entry.entry_id in chosen
        or (entry.entry_id not in offers and entry.entry_id not in sayings and not _shown_elsewhere(entry, record))
    ]
    lines += [_diagnosed(at, found, wording) for at, found in _diagnoses(record)]
    lines += [_noted("Began", entry, began_at(entry, declared) or entry.at, wording) for entry in began]
    lines += [*overdue(record, wording), *_detected(facts, record, wording)]
    ordered = tuple(sorted(lines, key=lambda line: line.at or _NEVER))
    return Section("timeline", "Timeline", ordered, _note(len(said), len(chosen)))


def findings(record: Record, wording: Wording) -> tuple[Section, ...]:
    """What AWS showed, where a diagnosis found so much that it would hide the story: one section, else none."""
    lines = tuple(line_of(entry, wording) for _, found in _diagnoses(record) for entry in found)
    note = "Times are UTC. Read from AWS on request; each finding names the known failures it points to."
    return (Section(FINDINGS, "What AWS showed", lines, note),) if lines else ()


def _diagnoses(record: Record) -> list[tuple[datetime, list[Entry]]]:
    """The findings of each diagnosis that found several, by its instant; those marked as key are left out."""
    found_each = diagnoses(record.of_kind(Kind.DIAGNOSED))
    return [(found[0].at, found) for found in found_each if len(found) > MOST_FINDINGS]


def _diagnosed(at: datetime, found: list[Entry], wording: Wording) -> Line:
    asked = f", asked by {wording.person(found[0].author)}" if found[0].author else ""
    resource, _ = resource_in(found[0])
    of = f" of {wording.plain(resource)}" if resource else ""
    text = f"AWS showed {counted(len(found), 'finding')}{of}{asked}; see What AWS showed."
    return Line(text, at=at, clock=wording.clock(at), entries=(origin(found[0]),))


def _line(entry: Entry, times: int, facts: ReviewFacts, record: Record, wording: Wording) -> Line:
    """An entry as the review shows it: what was said to others is not said again, and pages that came again are one."""
    if record.labels.get(entry.entry_id) in _NAMED:
        return _factor(entry, wording, _NAMED[record.labels[entry.entry_id]])
    if entry.kind is Kind.INJECTED:
        return line_of(replace(entry, text=entry.text.replace("\n> ", ": ", 1).replace("\n> ", " ")), wording)
    if entry.kind is Kind.STAKEHOLDERS_TOLD:
        return _notified(entry, wording)
    if times > 1:
        return _repeated(entry, times, record, wording)
    return line_of(_reworded(entry, facts, record), wording)


def _reworded(entry: Entry, facts: ReviewFacts, record: Record) -> Entry:
    """What the channel read at the time, as it reads afterwards."""
    text = entry.text
    if entry.kind is Kind.PING_SENT:
        raised = (page_on_raise(facts, ping) for ping in facts.pings if ping.sent_at == entry.at)
        if (paged := _PAGED.match(text)) and (severity := next(filter(None, raised), None)):
            text = f"Paged {paged['who']} ({paged['role']}) when it became {severity}.{paged['more']}"
    elif entry.kind is Kind.ROLE_TAKEN:
        handed = [_ACCEPTED.match(text) for _, accepted in _handed_over(record) if accepted is entry]
        text = next((f"{one['before']} handed command to {one['who']}." for one in handed if one), text)
        text = _ROLE.sub(lambda role: f"{role[1]} took over {_AS.get(role[2], role[2])}", text)
    elif entry.kind is Kind.RESOLVED:
        said = [one.text for one in record.of_kind(Kind.RESOLUTION_RECORDED) if one.at == entry.at]
        text = _AFTER.sub("", text)
        text = f"{text.rstrip('.')}: {said[-1]}" if said else text
    return replace(entry, text=text)


def _handed_over(record: Record) -> list[tuple[Entry, Entry]]:
    """Each offer of command that was accepted, with its acceptance: one event of the story."""
    turns = sorted(record.of_kind(Kind.HANDOVER_OFFERED, Kind.ROLE_TAKEN), key=lambda one: (one.at, one.entry_id))
    return [
        (offer, taken)
        for offer, taken in itertools.pairwise(turns)
        if offer.kind is Kind.HANDOVER_OFFERED
        and (accepted := _ACCEPTED.match(taken.text))
        and offer.text == f"{accepted['before']} offers command to {accepted['who']}."
    ]


def _notified(entry: Entry, wording: Wording) -> Line:
    """Who told stakeholders where, and the news; the rest of the notice is said elsewhere."""
    where = _ON_ITS_WAY.sub(r" and by \1", entry.text.partition(": ")[0])
    if OVER in entry.text:
        return line_of(replace(entry, text=f"{where} that it is resolved"), wording, f"{wording.person(entry.author)} ")
    news = _NEWS.search(entry.text)
    said = f"{where}: “{news[1]}”" if news else where
    return line_of(replace(entry, text=said), wording, f"{wording.person(entry.author)} ")


def _repeated(entry: Entry, times: int, record: Record, wording: Wording) -> Line:
    """Pages that say the same, at the time of the first one: how many, and until when."""
    alike = [one for one in record.of_kind(entry.kind) if one.at <= entry.at and not one.key and is_alike(one, entry)][
        -times:
    ]
    line = line_of(replace(entry, at=alike[0].at), wording)
    return replace(line, text=f"{line.text.rstrip('.')}, {times} times, the last at {wording.clock(entry.at)}.")


def _detected(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """The beginning of the story, at the time of detection, not of the note; or the report that it began with."""
    at, declared = facts.detected_at, facts.incident.declared_at
    if at is None:
        return _reported(facts.report, declared, wording)
    return [_noted("Detected", entry, at, wording) for entry in said_detected(record.of_kind(Kind.NOTED), declared, at)]


def _noted(what: str, entry: Entry, at: datetime, wording: Wording) -> Line:
    """A line at the instant that a note names, not at that of the note."""
    who = f" by {wording.person(entry.author)}" if entry.author else ""
    beside = wording.plain(said_beside(entry), LONGEST_SAYING, lines=True)
    text = f"{what}, as noted{who} at {wording.clock(entry.at)}{f': {beside}' if beside else '.'}"
    return Line(text=text, at=at, clock=wording.clock(at), key=entry.key, entries=(origin(entry),))


def _reported(report: Report | None, declared: datetime, wording: Wording) -> list[Line]:
    if report is None or report.at > declared:
        return []
    text = "The alarm fired." if report.alarm else f"Reported by {wording.person(report.by)}."
    return [Line(text, at=report.at, clock=wording.clock(report.at), entries=(Origin(0, report.permalink),))]


def _factor(entry: Entry, wording: Wording, label: str) -> Line:
    """A contributing factor or a why when it was named, without the word that says what it is."""
    said = wording.plain(entry.text, LONGEST_SAYING, lines=True).partition(":")[2].strip()
    return replace(line_of(entry, wording), text=said, label=label)


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
    """Notes that are no events, the resolution that "Resolved by …" says, and a check that had nothing to check."""
    if is_set_aside(entry) or entry.text == NO_ALARMS_TO_CHECK or is_checked_by_notice(entry.text):
        return True
    if entry.kind is Kind.RESOLUTION_RECORDED:
        said = record.of_kind(Kind.RESOLVED)
        return any(entry.at == resolved.at or (entry.text and entry.text in resolved.text) for resolved in said)
    return record.labels.get(entry.entry_id, CONTRIBUTING) not in _NAMED


def line_of(entry: Entry, wording: Wording, who: str = "") -> Line:
    """One entry as a line of the timeline; `who` begins its sentence."""
    message = entry.kind is Kind.MESSAGE_POSTED
    label = LABELS.get(entry.kind)
    text = wording.plain(entry.text, LONGEST_SAYING, mention="@" if message else "", lines=True)
    if not text:
        text = "(a message without words)" if message else entry.kind.value.replace("_", " ").capitalize()
    if who:
        text = f"{who}{text[:1].lower()}{text[1:]}" + ("" if text.endswith("”") else ".")
    return Line(
        text=text,
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
