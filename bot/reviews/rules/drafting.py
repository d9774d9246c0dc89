"""From the facts to the document: every line is recorded, asked for, or derived and called derived."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from bot.incidents.rules.timeline import Entry, Kind
from bot.memory.rules.recurrence import recurrence
from bot.reviews.rules.document import (
    ActionItem,
    Line,
    Nature,
    Origin,
    PastIncident,
    PlaybookFact,
    Review,
    ReviewFacts,
    Section,
)
from bot.reviews.rules.figures import acknowledged, could_improve, escalations, figures, silences, went_well
from bot.reviews.rules.notes import said_detected
from bot.reviews.rules.record import Record, origin
from bot.reviews.rules.story import timeline
from bot.text.durations import span
from bot.text.wording import Wording, counted, instant, tidied

LONGEST_TITLE = 300
_TERMS = re.compile(r" \((?:owner: .{1,90}?|no owner yet), (?:due: [\d-]{10}|no due date yet)(?:, done)?\)$")


def draft(facts: ReviewFacts, now: datetime) -> Review:
    """The review of `facts` as it stands at `now` (aware UTC). Pure; same facts and same `now`, same document."""
    incident = facts.incident
    record = Record.of(facts.entries)
    wording = Wording(facts.names, _began(facts).astimezone(UTC).date())
    measured = figures(facts, record, wording, now)
    return Review(
        ref=incident.ref,
        title=wording.plain(incident.title, LONGEST_TITLE),
        severity=incident.severity,
        status=incident.status,
        began_at=_began(facts),
        resolved_at=incident.resolved_at,
        drafted_at=now,
        sections=(
            _summary(facts, record, wording, now),
            timeline(record, wording, _said_detected(facts, record), facts.detected_at),
            _cause(facts, record, wording),
            went_well(measured, facts, record, wording),
            could_improve(measured, facts, record, wording),
            _actions(facts.actions, wording),
            measured,
            escalations(facts, record, wording),
            _similar(facts, wording),
            _gaps(facts, record, wording, now),
        ),
    )


def _began(facts: ReviewFacts) -> datetime:
    return min(facts.detected_at or facts.incident.declared_at, facts.incident.declared_at)


def _said_detected(facts: ReviewFacts, record: Record) -> tuple[Entry, ...]:
    """The note that says when it was detected; empty where none does."""
    return said_detected(record.of_kind(Kind.NOTED), facts.incident.declared_at, facts.detected_at)


def _summary(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> Section:
    """The five points of the template."""
    incident, declared = facts.incident, record.first(Kind.DECLARED)
    until = incident.resolved_at or now
    detected = record.detected(incident.declared_at, facts.detected_at)
    began = f"detected {wording.clock(facts.detected_at)}, " if facts.detected_at else ""
    ended = f"resolved {wording.clock(until)}" if incident.resolved_at else "not resolved"
    duration = f"{span(until - _began(facts))} ({began}declared {wording.clock(incident.declared_at)}, {ended})"
    services = ", ".join(wording.plain(service, 100) for service in facts.services)
    outcome = Line("False alarm", label="Outcome", entries=record.last(Kind.CLOSED))
    return Section(
        "summary",
        "Incident summary",
        (
            *((outcome,) if facts.false_alarm else ()),
            Line(instant(_began(facts)), label="Date and time", entries=detected or declared),
            Line(duration, label="Duration", entries=detected + declared + record.last(Kind.RESOLVED)),
            _severity(facts, record, wording),
            Line(services, label="Services affected", entries=record.noted("services"))
            if services
            else _ask_services("Services affected"),
            _said_or_asked("Customer impact", incident.impact, wording, record.last(Kind.IMPACT_RECORDED), "impact"),
        ),
    )


def _severity(facts: ReviewFacts, record: Record, wording: Wording) -> Line:
    """The severity and how it came to be that."""
    kinds = (Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED)
    steps: list[str] = []
    origins: list[Origin] = list(record.first(Kind.DECLARED))
    for change in sorted(facts.severity_changes, key=lambda change: change.at):
        verb = "raised" if change.after.worse_than(change.before) else "lowered"
        who, when = wording.person(change.by), wording.clock(change.at)
        steps.append(f"{verb} from {change.before} to {change.after} at {when} by {who}")
        origins += record.at(change.at, *kinds)
    history = f" ({', '.join(steps)})" if steps else ""
    return Line(f"{facts.incident.severity}{history}", label="Severity", entries=tuple(origins))


def _said_or_asked(label: str, said: str | None, wording: Wording, origins: tuple[Origin, ...], verb: str) -> Line:
    """What somebody recorded, or the question for it with the command that answers it."""
    text = wording.plain(said or "", lines=True)
    if text:
        return Line(text, label=label, entries=origins)
    return Line("Not recorded.", Nature.ASKED, label=label, command=f"/incident {verb} …")


def _ask_services(label: str) -> Line:
    return Line("Not recorded.", Nature.ASKED, label=label, command="/incident note services: …")


def _cause(facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    incident = facts.incident
    lines = [_said_or_asked("Primary cause", incident.cause, wording, record.last(Kind.CAUSE_RECORDED), "cause")]
    factors = [wording.plain(factor, lines=True) for factor in facts.contributing]
    lines += [
        Line(factor, label="Contributing factor", entries=record.contributing(said))
        for said, factor in zip(facts.contributing, factors, strict=True)
        if factor
    ]
    if not any(factors):
        command = "/incident note contributing: …"
        lines.append(Line("Not recorded.", Nature.ASKED, label="Contributing factors", command=command))
    origins = record.last(Kind.RESOLUTION_RECORDED) or record.last(Kind.RESOLVED)
    lines.append(_said_or_asked("Resolution", incident.resolution, wording, origins, "note resolution:"))
    lines += [_worked_through(playbook, record, wording) for playbook in facts.playbooks]
    if facts.playbook_helped is not None and not facts.playbooks:
        outcome = "resolved it" if facts.playbook_helped else "did not resolve it"
        lines.append(Line(outcome, label="Playbook", entries=record.last(Kind.CLOSED)))
    return Section("root_cause", "Root cause analysis", tuple(lines))


def _worked_through(playbook: PlaybookFact, record: Record, wording: Wording) -> Line:
    """What was run of a playbook, and whether it ended the incident."""
    counts = [(playbook.done, "done"), (playbook.not_helped, "did not help"), (playbook.skipped, "skipped")]
    told = ", ".join(f"{number} {word}" for number, word in counts if number) or "none decided"
    ended = f"; {wording.plain(playbook.ended_by, 200)} ended it" if playbook.ended_by else ""
    text = f"{playbook.ref}, {wording.plain(playbook.title, 200)}: of {counted(playbook.steps, 'step')} {told}{ended}"
    started = (entry for entry in record.of_kind(Kind.PLAYBOOK_STARTED) if f" {playbook.ref} " in entry.text)
    return Line(text, label="Playbook", entries=tuple(origin(entry) for entry in started))


def draft_actions(actions: Sequence[ActionItem], names: Mapping[str, str], day: date) -> Section:
    """The section of action items alone, as they stand now. `day`: the UTC day on which the incident began."""
    return _actions(tuple(actions), Wording(names, day))


def _actions(actions: tuple[ActionItem, ...], wording: Wording) -> Section:
    """Agreed items first, by priority and date; proposals after them, called proposals."""
    order = {"high": 0, "medium": 1, "low": 2}
    ranked = sorted(
        actions,
        key=lambda item: (
            item.proposed,
            order.get(item.priority.lower(), 3),
            item.due_on or date.max,
            item.number or 0,
        ),
    )
    lines = [
        Line(
            f"{wording.plain(item.text).rstrip('.')} ({_terms(item, wording)})",
            Nature.DERIVED if item.proposed else Nature.RECORDED,
            label=_priority(item),
        )
        for item in ranked
    ]
    agreed = [item for item in actions if not item.proposed]
    if not agreed:
        text = "No action item is accepted yet." if lines else "No action items are recorded."
        command = "/incident action high what needs doing @owner by Friday"
        lines.append(Line(text, Nature.ASKED, command=command))
    note = None
    if len(agreed) < len(actions):
        note = "Proposals come from similar incidents. They count once somebody accepts them."
    return Section("action_items", "Action items", tuple(lines), note)


def _priority(item: ActionItem) -> str:
    priority = tidied(item.priority)[:20].upper() or "NO PRIORITY"
    return "Proposed" if item.proposed else priority


def _terms(item: ActionItem, wording: Wording) -> str:
    """The terms in brackets after an item: owner and due date, or where a proposal comes from."""
    if item.proposed:
        return f"from {tidied(item.source or 'a similar incident')[:60]}"
    owner = f"owner: {wording.person(item.owner)}" if item.owner else "no owner yet"
    due = f"due: {item.due_on:%Y-%m-%d}" if item.due_on else "no due date yet"
    return f"{owner}, {due}" + (", done" if item.done else "")


def without_terms(text: str) -> str:
    """What is to be done, of the line of an agreed item: without owner and due date."""
    return _TERMS.sub("", text)


def _similar(facts: ReviewFacts, wording: Wording) -> Section:
    """Past incidents that look alike, and how often it happened this quarter."""
    lines = [Line(_past(past, wording), label=tidied(past.ref)[:60]) for past in facts.similar]
    began = _began(facts).astimezone(UTC).date()
    again = sorted(
        (past.happened_on, tidied(past.ref)[:60]) for past in facts.similar if past.same and past.happened_on
    )
    if again:
        often = recurrence([day for day, _ in again], began)
        lines.append(Line(f"{often}: {', '.join(ref for _, ref in again)} looked the same.", Nature.DERIVED))
    recent = [past for past in facts.similar if past.happened_on and _same_quarter(past.happened_on, began)]
    if recent:
        refs = ", ".join(tidied(past.ref)[:60] for past in recent)
        text = f"{counted(len(recent) + 1, 'similar incident')} this quarter, including this one ({refs})."
        lines.append(Line(text, Nature.DERIVED))
    note = "Matched by words. Whether the cause is the same is for you to judge." if lines else None
    return Section("similar", "Similar past incidents", tuple(lines), note or "None found in the knowledge base.")


def _past(past: PastIncident, wording: Wording) -> str:
    day = f" ({past.happened_on:%Y-%m-%d})" if past.happened_on else ""
    parts = [_sentence(wording.plain(past.title, 200).rstrip(".") + day)]
    if cause := wording.plain(past.cause, 300):
        parts.append(_sentence(f"Cause: {cause}"))
    if fix := wording.plain(past.fix, 300):
        parts.append(_sentence(f"Fix: {fix}"))
    return " ".join(parts)


def _sentence(text: str) -> str:
    """With a full stop, unless it ends in one or was cut short."""
    return text if text.endswith((".", "…", "!", "?")) else f"{text}."


def _same_quarter(one: date, other: date) -> bool:
    return one <= other and (one.year, (one.month - 1) // 3) == (other.year, (other.month - 1) // 3)


def _gaps(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> Section:
    """What nobody recorded, each with the command that records it, and the silences."""
    incident = facts.incident
    again = " after it was reopened" if record.of_kind(Kind.REOPENED) else ""
    missing = [
        (facts.detected_at, "when it was detected", "/incident note detected at 14:28"),
        (acknowledged(incident, record)[0], f"who acknowledged it{again}", None),
        (incident.commander, "who was in command", None),
        (any(map(_said, facts.services)), "the services affected", "/incident note services: …"),
        (_said(incident.impact), "the customer impact", "/incident impact …"),
        (_said(incident.cause), "the root cause", "/incident cause …"),
        (_said(incident.resolution), "what resolved it", "/incident note resolution: …"),
        (incident.mitigated_at or incident.resolved_at, "when it was mitigated", "/incident status mitigated"),
        (incident.resolved_at, "when it was resolved", "/incident resolve"),
    ]
    lines = [
        Line(f"Nobody recorded {what}.", Nature.ASKED, command=command) for fact, what, command in missing if not fact
    ]
    lines += silences(facts, record, wording, now)
    note = None if lines else "None: everything in the template is recorded, without long silences."
    return Section("gaps", "Gaps in the record", tuple(lines), note)


def _said(text: str | None) -> str:
    return tidied(text or "")
