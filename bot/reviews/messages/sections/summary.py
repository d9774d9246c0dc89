"""The summary: the points of the template, and the five lines that somebody reads who reads nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.incidents.rules.incident import reopened_words
from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import Line, Nature, Origin, Review, ReviewFacts, Section, SeverityChange
from bot.reviews.rules.notes import said_detected
from bot.reviews.rules.record import Record, origin, reason_of
from bot.reviews.rules.severities import Stretch, in_order, peak, raises_after, stretches
from bot.severity.rules import Severity
from bot.text.durations import between
from bot.text.markup import escape
from bot.text.wording import Wording, counted, instant, shortened, tidied

EXECUTIVE = "executive"
_LONGEST_POINT = 300  # characters of a line of the executive summary; the section that it is taken from has the rest
_STEPS_SHOWN = 3
_BEFORE = timedelta(minutes=5)  # before the declaration: an example of when it may have been detected
NO_ACTION = "No action item is agreed yet."
ASK_ACTION = "/incident action high ‹what needs doing› ‹@owner› by Friday"


def summary(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> Section:
    """The points of the template."""
    incident, declared = facts.incident, record.first(Kind.DECLARED)
    ended = record.last(Kind.FALSE_ALARM) or record.last(Kind.CLOSED)
    why = wording.plain(record.why_false or incident.cause or "", lines=True)
    outcome = Line(f"False alarm{f': {why}' if why else ''}", label="Outcome", entries=ended)
    lines = [outcome] if facts.false_alarm else []
    lines += [
        Line(_when(facts, wording), label="Date and time", entries=declared),
        detected(facts, record, wording),
        Line(_duration(facts, record, wording, now), label="Duration", entries=declared + record.last(Kind.RESOLVED)),
        _severity(facts, record, wording),
        _services(facts, record, wording),
        _impact(facts, record, wording),
        *_custom(facts, record, wording),
    ]
    return Section("summary", "Incident summary", tuple(line for line in lines if is_wanted(line, facts)))


def is_wanted(line: Line, facts: ReviewFacts) -> bool:
    """Nobody is asked what a false alarm hit or what ended it, only what raised it."""
    return not facts.false_alarm or line.nature is not Nature.ASKED or line.label == "Primary cause"


def _when(facts: ReviewFacts, wording: Wording) -> str:
    """`2026-11-29 10:50 to 13:30 UTC; mitigated 13:10`, as far as it is known."""
    incident = facts.incident
    if incident.resolved_at is None:
        return instant(incident.declared_at)
    began, ended = instant(incident.declared_at), instant(incident.resolved_at)
    until = ended.removeprefix(began[:11])  # the day once, where it is the same
    at = incident.mitigated_at
    mitigated = f"; mitigated {wording.clock(at)}" if at and at < incident.resolved_at else ""
    return f"{began.removesuffix(' UTC')} to {until}{mitigated}"


def _duration(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> str:
    """From the declaration to the last resolution, as the card and the notices count it."""
    incident = facts.incident
    until = incident.resolved_at or now
    verb = "closed" if facts.false_alarm and not record.was_resolved else "resolved"
    ended = f"{verb} {wording.clock(until)}" if incident.resolved_at else "not resolved"
    again = reopened_words(incident.reopened)
    return f"{between(incident.declared_at, until)} (declared {wording.clock(incident.declared_at)}, {ended}{again})"


def detected(facts: ReviewFacts, record: Record, wording: Wording) -> Line:
    """When it was detected: as somebody noted it, or else when its report or alarm came, and called that."""
    declared = facts.incident.declared_at
    ask = f"/incident note detected at {wording.clock(declared - _BEFORE)} UTC"
    if facts.detected_at is not None:
        notes = said_detected(record.of_kind(Kind.NOTED), declared, facts.detected_at)
        who = f", noted by {wording.person(notes[0].author)}" if notes else ""
        text = f"{wording.clock(facts.detected_at)}, {_apart(facts.detected_at, declared)}{who}"
        return Line(text, label="Detected", entries=record.detected(declared, facts.detected_at))
    if (report := facts.report) is not None:
        what = "the alarm fired" if report.alarm else f"{wording.person(report.by)} reported it"
        text = f"{wording.clock(report.at)}, when {what}, {_apart(report.at, declared)}; no other time was noted"
        return Line(text, Nature.DERIVED, label="Detected", command=ask)
    return Line("Not recorded.", Nature.ASKED, label="Detected", command=ask)


def _apart(at: datetime, declared: datetime) -> str:
    if at == declared:
        return "at the declaration"
    apart = between(*sorted((at, declared)))
    return f"{apart} {'before' if at < declared else 'after'} it was declared"


def _impact(facts: ReviewFacts, record: Record, wording: Wording) -> Line:
    """What customers saw; where it became worse after that was recorded, as of when, and why it was raised."""
    line = said_or_asked("Customer impact", facts.incident.impact, wording, record.last(Kind.IMPACT_RECORDED), "impact")
    if facts.false_alarm and line.nature is Nature.ASKED:
        return Line("none recorded (false alarm)", Nature.DERIVED, label="Customer impact")
    raises = raised_since_impact(facts, record)
    if not raises:
        return line
    at = record.of_kind(Kind.IMPACT_RECORDED)[-1].at
    later, origins = [], line.entries
    for change in raises:
        entries = [entry for entry in record.of_kind(Kind.SEVERITY_RAISED) if entry.at == change.at]
        why = next((wording.plain(reason_of(entry), _LONGEST_POINT) for entry in entries), "")
        later.append(f"raised to {change.after} at {wording.clock(change.at)}" + (f": “{why}”" if why else ""))
        origins += tuple(origin(entry) for entry in entries)
    return replace(line, text=f"{line.text} (as of {wording.clock(at)}); {', '.join(later)}", entries=origins)


def raised_since_impact(facts: ReviewFacts, record: Record) -> list[SeverityChange]:
    """The raises that the recorded impact is older than."""
    recorded = record.of_kind(Kind.IMPACT_RECORDED)[-1:]
    return raises_after(facts, recorded[0].at) if recorded and facts.incident.impact else []


def _severity(facts: ReviewFacts, record: Record, wording: Wording) -> Line:
    """The severity and how it came to be that, the worst first."""
    kinds = (Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED)
    origins: list[Origin] = list(record.first(Kind.DECLARED))
    changes, held = in_order(facts), stretches(facts)
    worst = peak(held)
    if worst is not None:
        origins += [one for change in changes for one in record.at(change.at, *kinds)]
        return Line(_at_its_worst(worst, held, wording), label="Severity", entries=tuple(origins))
    steps = [f"declared {change.before}" for change in changes[:1]]
    for change in changes:
        verb = "raised" if change.after.worse_than(change.before) else "lowered"
        who, when = wording.person(change.by), wording.clock(change.at)
        steps.append(f"{verb} to {change.after} at {when} by {who}")
        origins += record.at(change.at, *kinds)
    history = f" ({', '.join(steps)})" if steps else ""
    return Line(f"{facts.incident.severity}{history}", label="Severity", entries=tuple(origins))


def _at_its_worst(worst: Severity, held: Sequence[Stretch], wording: Wording) -> str:
    """`P0 at its worst (12:40 to 13:00); declared P2, P1 from 10:58 and again from 13:00`."""
    times = [
        f"{wording.clock(one.since)} to {wording.clock(one.until)}"
        for one in held
        if one.severity is worst and one.until
    ]
    since: dict[Severity, list[str]] = {}
    for one in held[1:]:
        since.setdefault(one.severity, []).append(wording.clock(one.since))
    declared = held[0].severity
    others = [
        f"{severity} from {' and again from '.join(clocks)}"
        for severity, clocks in since.items()
        if severity not in (worst, declared)
    ]
    again = f" and again from {' and '.join(since[declared])}" if declared in since else ""
    return f"{worst} at its worst ({' and '.join(times)}); {', '.join([f'declared {declared}{again}', *others])}"


def _custom(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """The type and the custom fields; a value is what somebody typed, and no markup."""
    known = [("Type", facts.type_title), *facts.custom]
    origins = record.of_kind(Kind.FIELD_CHANGED) + record.of_kind(Kind.FIELD_WRITTEN)
    return [
        Line(wording.plain(escape(value)), label=wording.plain(escape(title)), entries=_set_by(origins, title, value))
        for title, value in known
        if value
    ]


def _set_by(entries: Sequence[Entry], title: str, value: str) -> tuple[Origin, ...]:
    """The last entry that says that this value was set."""
    said = f"set {escape(title)} to “{escape(value)}”"
    found = [entry for entry in entries if said in entry.text]
    return (origin(max(found, key=lambda entry: (entry.at, entry.entry_id))),) if found else ()


def said_or_asked(label: str, said: str | None, wording: Wording, origins: tuple[Origin, ...], verb: str) -> Line:
    """What somebody recorded, or the question for it with the command that answers it."""
    text = wording.plain(said or "", lines=True)
    if text:
        return Line(text, label=label, entries=origins)
    return Line("Not recorded.", Nature.ASKED, label=label, command=f"/incident {verb} …")


def _services(facts: ReviewFacts, record: Record, wording: Wording) -> Line:
    services = ", ".join(filter(None, (wording.plain(service, 100) for service in facts.services)))
    if services:
        return Line(services, label="Services affected", entries=record.noted("services"))
    return Line("Not recorded.", Nature.ASKED, label="Services affected", command="/incident note services: …")


def with_executive(review: Review) -> Review:
    """The review, led by its executive summary: made anew of what its sections say by now, edits of people included."""
    rest = tuple(section for section in review.sections if section.name != EXECUTIVE)
    points = (
        _point(rest, "summary", "Customer impact", "Impact"),
        _point(rest, "root_cause", "Primary cause", "Cause"),
        _point(rest, "root_cause", "Resolution", "Resolution"),
        _point(rest, "summary", "Duration", "Duration"),
        _next_steps(rest),
    )
    outcome = [line for line in _lines(rest, "summary") if line.label == "Outcome"]
    # Why it was a false alarm is its cause, too, where nobody named another.
    told = [point for point in points if point and not any(line.text.endswith(f": {point.text}") for line in outcome)]
    lines = tuple(replace(line, entries=()) for line in (*outcome, *told))
    return replace(review, sections=(Section(EXECUTIVE, "Executive summary", lines), *rest))


def _lines(sections: Iterable[Section], name: str) -> tuple[Line, ...]:
    return next((section.lines for section in sections if section.name == name), ())


def _point(sections: Iterable[Section], name: str, label: str, called: str) -> Line | None:
    """What a section says under a label, in one line; None where it neither says nor asks it."""
    found = [line for line in _lines(sections, name) if line.label == label]
    said = [line for line in found if line.nature is not Nature.ASKED]
    if said:
        return replace(
            said[0], label=called, text=shortened(tidied("; ".join(line.text for line in said)), _LONGEST_POINT)
        )
    return replace(found[0], label=called) if found else None


def _next_steps(sections: Iterable[Section]) -> Line:
    """The agreed action items, the most urgent first."""
    agreed = [line for line in _lines(sections, "action_items") if line.nature is Nature.RECORDED]
    if not agreed:
        return Line(NO_ACTION, Nature.ASKED, label="Next steps", command=ASK_ACTION)
    named = "; ".join(tidied(line.text) for line in agreed[:_STEPS_SHOWN])
    more = len(agreed) - _STEPS_SHOWN
    text = shortened(named, 2 * _LONGEST_POINT) + (f"; and {counted(more, 'more item')}" if more > 0 else "")
    return Line(text, label="Next steps")
