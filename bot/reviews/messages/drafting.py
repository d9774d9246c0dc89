"""From the facts to the document: every line is recorded, asked for, or derived and called derived."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from bot.incidents.rules.timeline import Kind
from bot.reviews.messages.sections.escalations import escalations
from bot.reviews.messages.sections.figures import could_improve, figures, went_well
from bot.reviews.messages.sections.gaps import gaps
from bot.reviews.messages.sections.similar import compared, similar
from bot.reviews.messages.sections.story import findings, timeline
from bot.reviews.messages.sections.summary import (
    ASK_ACTION,
    NO_ACTION,
    is_wanted,
    said_or_asked,
    summary,
    with_executive,
)
from bot.reviews.messages.sections.uncovered import with_uncovered
from bot.reviews.rules.document import ActionItem, Line, Nature, PlaybookFact, Review, ReviewFacts, Section
from bot.reviews.rules.merging import FIVE_WHYS, WHYS
from bot.reviews.rules.notes import CONTRIBUTING, WHY
from bot.reviews.rules.record import Record, origin
from bot.severity.rules import Severity
from bot.text.wording import Wording, counted, tidied

LONGEST_TITLE = 300
_TRIES_SHOWN = 3
_TERMS = re.compile(
    r" \((?:owner: .{1,90}?|no owner yet), (?:due: [\d-]{10}|no due date yet)(?:, done)?(?:, issue: \S+)?\)$"
)


def draft(facts: ReviewFacts, now: datetime) -> Review:
    """The review of `facts` as it stands at `now` (aware UTC). Pure; same facts and same `now`, same document."""
    incident = facts.incident
    record = Record.of(facts.entries)
    began = min(facts.detected_at or incident.declared_at, incident.declared_at)
    wording = Wording(facts.names, began.astimezone(UTC).date())
    measured = figures(facts, record, wording, now)
    review = Review(
        ref=incident.ref,
        title=_title(facts, wording),
        severity=incident.severity,
        status=incident.status,
        began_at=began,
        resolved_at=incident.resolved_at,
        drafted_at=now,
        sections=(
            summary(facts, record, wording, now),
            timeline(facts, record, wording),
            *findings(record, wording),
            _cause(facts, record, wording),
            went_well(measured, facts, record, wording),
            could_improve(measured, facts, record, wording, now),
            _actions(facts.actions, wording),
            measured,
            escalations(facts, record, wording),
            *compared(facts, wording),
            *similar(facts, record, wording),
            *gaps(facts, record, wording, now),
        ),
    )
    return with_executive(with_uncovered(review))


def _title(facts: ReviewFacts, wording: Wording) -> str:
    """What it was declared as; that it was none, where it was a false alarm."""
    none = "False alarm: " if facts.false_alarm else ""
    return f"{facts.incident.drill_prefix}{none}{wording.plain(facts.incident.title, LONGEST_TITLE)}"


def _cause(facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    incident = facts.incident
    origins = record.last(Kind.CAUSE_RECORDED)
    said = incident.cause
    if facts.false_alarm and not said:  # why it was no incident is all that there is to know
        said, origins = record.why_false, record.last(Kind.FALSE_ALARM)
    cause = said_or_asked("Primary cause", said, wording, origins, "cause")
    lines = [_with_earlier(cause, "cause", record, wording)]
    lines += _whys(facts, record, wording)
    factors = [wording.plain(factor, lines=True) for factor in facts.contributing]
    lines += [
        Line(factor, label="Contributing factor", entries=record.said_as(CONTRIBUTING, said))
        for said, factor in zip(facts.contributing, factors, strict=True)
        if factor
    ]
    if not any(factors):
        lines.append(_asked_factors(record, wording))
    resolved = record.of_kind(Kind.RESOLVED)[-1:]
    recorded = record.of_kind(Kind.RESOLUTION_RECORDED)[-1:]
    if not recorded or (resolved and resolved[0].at == recorded[0].at):  # the timeline has them as one line
        recorded = resolved
    origins = tuple(origin(entry) for entry in recorded)
    ended = said_or_asked("Resolution", incident.resolution, wording, origins, "note resolution:")
    lines.append(_with_earlier(ended, "resolution", record, wording))
    lines += [_worked_through(playbook, record, wording) for playbook in facts.playbooks]
    return Section("root_cause", "Root cause analysis", tuple(line for line in lines if is_wanted(line, facts)))


def _asked_factors(record: Record, wording: Wording) -> Line:
    """The question for contributing factors, with what somebody tried and said it failed."""
    failed = [f"“{wording.plain(entry.text, 200)}” ({wording.clock(entry.at)})" for entry in record.failed_tries()]
    text = f"Not recorded. Did this contribute? {', '.join(failed[:_TRIES_SHOWN])}" if failed else "Not recorded."
    command = "/incident note contributing: …"
    return Line(text, Nature.ASKED, label="Contributing factors", command=command)


def _whys(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """The whys that were noted, or the question for them where the incident was severe enough to dig."""
    said = [
        Line(wording.plain(why, lines=True), label=label, entries=record.said_as(WHY, why))
        for label, why in zip(WHYS, facts.whys, strict=False)
    ]
    if said or facts.incident.severity not in (Severity.P0, Severity.P1):
        return said
    return [Line("Not recorded.", Nature.ASKED, label=FIVE_WHYS, command="/incident note why: …")]


def _with_earlier(line: Line, name: str, record: Record, wording: Wording) -> Line:
    """The question with what was recorded of it before the incident was reopened, which did not end it."""
    said = record.set_aside(name)
    if line.nature is not Nature.ASKED or said is None:
        return line
    earlier = wording.plain(said[1], 300).rstrip(".") + "."
    return replace(line, text=f"Not recorded since it was reopened. Before: {earlier}", entries=(origin(said[0]),))


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
        lines.append(Line(NO_ACTION, Nature.ASKED, command=ASK_ACTION))
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
    issue = f", issue: {item.issue_url}" if item.issue_url else ""
    return f"{owner}, {due}" + (", done" if item.done else "") + issue


def without_terms(text: str) -> str:
    """What is to be done, of the line of an agreed item: without owner and due date."""
    return _TERMS.sub("", text)
