"""What can be measured: response figures against targets, and what follows from them, marked as derived."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.incidents.rules.timeline import Kind
from bot.reviews.messages.sections.gaps import unanswered
from bot.reviews.messages.sections.updates import late, on_time
from bot.reviews.rules.document import Line, Nature, PingFact, ReviewFacts, Section
from bot.reviews.rules.notes import IMPROVE, WENT_WELL, said_under
from bot.reviews.rules.openings import Opening, openings
from bot.reviews.rules.record import Record, origin
from bot.reviews.rules.severities import in_order
from bot.text.durations import between, clocked, span
from bot.text.wording import Wording, counted, ordinal

ACKNOWLEDGE = "Time to acknowledge"
_DECLARATION = "the declaration"
DERIVED_NOTE = "Calculated by Tocsin from the figures and their targets. Add what the team found."


def figures(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> Section:
    """The section of response figures; a figure with a target says whether it was met."""
    incident = facts.incident
    opened = openings(facts, record)
    lines = [*_declaring(facts, record), *(_acknowledging(one, opened, record, wording, now) for one in opened)]
    if incident.identified_at:
        lines.append(_since_declared(facts, "Time to identify", _identified_at(facts, record), record))
    if incident.mitigated_at:
        lines.append(_since_declared(facts, "Time to mitigate", incident.mitigated_at, record))
    lines.append(_resolving(facts, record, now))
    if reopened := len(record.of_kind(Kind.REOPENED)):
        text = f"{_times(reopened)}; the time to resolve runs to the last resolution"
        lines.append(Line(text, label="Reopened", entries=record.last(Kind.REOPENED)))
    return Section("figures", "Response figures", tuple(lines), "Times count from the declaration.")


def _declaring(facts: ReviewFacts, record: Record) -> list[Line]:
    """From the detection that somebody noted, or else from the report or alarm that it was declared from."""
    declared = facts.incident.declared_at
    if facts.detected_at and facts.detected_at <= declared:
        text = f"{between(facts.detected_at, declared)} after it was detected"
        return [Line(text, label="Time to declare", entries=record.detected(declared, facts.detected_at))]
    if facts.report and not facts.detected_at and facts.report.at <= declared:
        what = "the alarm" if facts.report.alarm else "the report"
        return [Line(f"{between(facts.report.at, declared)} after {what}", label="Time to declare")]
    return []


def _acknowledging(
    opening: Opening, opened: Sequence[Opening], record: Record, wording: Wording, now: datetime
) -> Line:
    """Time to acknowledge one opening against the response time of the severity that it then had."""
    target = opening.respond_within
    aim = f"target {span(target)} for {opening.severity}"
    which = f"{ordinal(opening.number)} reopening" if len(opened) > 2 else "reopening"
    label = ACKNOWLEDGE + (f" the {which}" if opening.number else "")
    at = opening.acknowledged_at
    if at is None:
        over = opening.breached or (opening.until or now) - opening.since > target
        return Line(f"not acknowledged; {aim}", label=label, met=False if over else None)
    who = f" by {wording.person(opening.acknowledged_by)}" if opening.acknowledged_by else ""
    met = at - opening.since <= target and not opening.breached
    entries = record.at(at, Kind.ACKNOWLEDGED)[:1]
    return Line(f"{_taken(opening.since, at, target, met)}{who}; {aim}", label=label, met=met, entries=entries)


def _taken(since: datetime, at: datetime, target: timedelta | None = None, met: bool | None = None) -> str:
    """How long it took by the clocks that people read; seconds where these would contradict the verdict."""
    taken = between(since, at)
    if target is None or met is None or taken != span(target):
        return taken
    exactly = at - since
    return f"just over {taken}" if exactly > target else f"just under {taken}" if exactly < target and met else taken


def _since_declared(facts: ReviewFacts, label: str, at: datetime, record: Record) -> Line:
    kinds = (Kind.STATUS_CHANGED, Kind.CAUSE_RECORDED)
    return Line(between(facts.incident.declared_at, at), label=label, entries=record.at(at, *kinds)[:1])


def _resolving(facts: ReviewFacts, record: Record, now: datetime) -> Line:
    """Time to resolve; the target, where the policy names one, is to stay under it."""
    # How soon a false alarm is called one says nothing of how soon trouble is resolved.
    incident, target = facts.incident, None if facts.false_alarm else facts.resolve_within
    aim = f"; target under {span(target)} for {incident.severity}" if target else ""
    if incident.resolved_at is None:
        taken = now - incident.declared_at
        missed = target is not None and taken >= target
        return Line(
            f"not resolved, open for {between(incident.declared_at, now)}{aim}",
            label="Time to resolve",
            met=False if missed else None,
        )
    taken = incident.resolved_at - incident.declared_at
    met = taken < target if target else None
    label = "Time to close" if facts.false_alarm and not record.was_resolved else "Time to resolve"
    said = _taken(incident.declared_at, incident.resolved_at, target, met)
    return Line(f"{said}{aim}", label=label, met=met, entries=record.last(Kind.RESOLVED))


def went_well(measured: Section, facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    """Targets that were met, stakeholders updated on time, a playbook that resolved it; and what people noted."""
    roles, alone = _roles(facts, wording), _own_acknowledgement(facts, record)
    lines = [_derived(line, roles) for line in measured.lines if line.met is True and line.label != alone]
    lines += on_time(facts, record, wording)
    if facts.playbook_helped:
        lines.append(_playbook("A playbook resolved it", record, wording))
    ask = "Not recorded: what went well, from those involved."
    asked = [] if facts.false_alarm else [Line(ask, Nature.ASKED, command="/incident note went well: …")]
    return _judged("went_well", "What went well", lines, _noted(WENT_WELL, record, wording) or asked)


def _judged(name: str, title: str, derived: Sequence[Line], said: Sequence[Line]) -> Section:
    return Section(name, title, (*derived, *said), DERIVED_NOTE if derived else None)


def _playbook(what: str, record: Record, wording: Wording) -> Line:
    closed = record.of_kind(Kind.CLOSED)[-1:]
    who = f", {wording.person(closed[0].author)} said when closing it" if closed else ""
    return Line(f"{what}{who}.", Nature.DERIVED, entries=record.last(Kind.CLOSED))


def _noted(label: str, record: Record, wording: Wording) -> list[Line]:
    """What people said in notes with that label, in order, each by name."""
    notes = [entry for entry in record.of_kind(Kind.NOTED) if record.labels.get(entry.entry_id) == label]
    return [
        Line(wording.plain(said_under(entry)), by=wording.person(entry.author), entries=(origin(entry),))
        for entry in notes
    ]


def could_improve(measured: Section, facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> Section:
    """Missed targets and where the time went, late and failed pages, corrections, a playbook that did not help."""
    lines = [_derived(line, _roles(facts, wording)) for line in measured.lines if line.met is False]
    lines += [
        *unanswered(facts, record, wording, now),
        *_longest_part(measured, facts, record),
        *_misread(facts, record, wording),
    ]
    lines += _ping_troubles(facts, record, wording)
    lines += _raises(facts, record, wording)
    if reopened := record.of_kind(Kind.REOPENED):
        at = ", ".join(wording.clock(entry.at) for entry in reopened)
        text = f"It was resolved and had to be reopened {_times(len(reopened))} ({at})."
        lines.append(Line(text, Nature.DERIVED, entries=tuple(origin(entry) for entry in reopened)))
    lines += late(facts, record, wording)
    if facts.playbook_helped is False:
        lines.append(_playbook("No playbook resolved it", record, wording))
    ask = "Not recorded: what to improve, from those involved."
    if facts.false_alarm:
        ask = "Not recorded: what would keep this alarm from being raised again."
    asked = Line(ask, Nature.ASKED, command="/incident note improve: …")
    return _judged("could_improve", "What could be improved", lines, _noted(IMPROVE, record, wording) or [asked])


def _raises(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """Every raise, with how long after the declaration, and when it was taken back."""
    changes = in_order(facts)
    lines = []
    for number, change in enumerate(changes):
        if change.after.worse_than(change.before):
            back = next((later for later in changes[number + 1 :] if change.after.worse_than(later.after)), None)
            until = f"; lowered to {back.after} at {wording.clock(back.at)}" if back else ""
            after = between(facts.incident.declared_at, change.at)
            text = f"Severity was raised from {change.before} to {change.after}, {after} after the declaration{until}."
            lines.append(Line(text, Nature.DERIVED, entries=record.at(change.at, Kind.SEVERITY_RAISED)))
    return lines


def _own_acknowledgement(facts: ReviewFacts, record: Record) -> str | None:
    """The label of the time to acknowledge where who declared it did so: nobody was quick to hear of it."""
    first = openings(facts, record)[0]
    own = first.acknowledged_by is not None and first.acknowledged_by == facts.incident.declared_by
    return ACKNOWLEDGE if own else None


def _roles(facts: ReviewFacts, wording: Wording) -> dict[str, str]:
    """What each person who answered a page was paged as, by name."""
    return {
        wording.person(ping.acknowledged_by): wording.plain(ping.role, 80)
        for ping in sorted(facts.pings, key=lambda ping: ping.due_at, reverse=True)
        if ping.acknowledged_by and ping.sent_at and ping.acknowledged_by in ping.persons
    }


def _derived(figure: Line, roles: Mapping[str, str]) -> Line:
    """A figure with a target as a sentence: what it was, and what it should be. The summary says how long it took."""
    value, _, target = figure.text.partition("; target ")
    opening = (figure.label or "").removeprefix(ACKNOWLEDGE)
    if figure.label == "Time to resolve":
        over = value.startswith("not")
        said = value[:1].upper() + value[1:] if over else "Resolved in time" if figure.met else "Resolved late"
    elif value.startswith("not"):
        said = f"Not acknowledged{opening and f' after{opening}'}"
    else:
        taken, _, name = value.partition(" by ")
        who = f"The {roles[name]} acknowledged" if name in roles else f"{name} acknowledged" if name else "Acknowledged"
        said = f"{who} after {taken}{opening and f', counted from{opening}'}"
    return Line(f"{said}; the target was {target}.", Nature.DERIVED, entries=figure.entries)


def _longest_part(measured: Section, facts: ReviewFacts, record: Record) -> list[Line]:
    """Where the time went, for an incident that took longer than it should."""
    incident = facts.incident
    missed = any(line.label == "Time to resolve" and line.met is False for line in measured.lines)
    stamps = [
        (_DECLARATION, incident.declared_at),
        ("finding the cause", _identified_at(facts, record) if incident.identified_at else None),
        ("mitigation", incident.mitigated_at),
        ("resolution", incident.resolved_at),
    ]
    known = [(name, at) for name, at in stamps if at is not None]
    if not missed or incident.resolved_at is None or len(known) < 3:
        return []
    parts = [(clocked(earlier[1], later[1]), earlier, later) for earlier, later in itertools.pairwise(known)]
    longest, (since, _), (until, at) = max(parts, key=lambda part: part[0])
    text = f"Most of the time, {span(longest)}, passed between {since} and {until}{_waited(since, at, facts, record)}."
    if longest * 2 < incident.resolved_at - incident.declared_at:
        return []
    kinds = (Kind.STATUS_CHANGED, Kind.CAUSE_RECORDED, Kind.RESOLVED)
    return [Line(text, Nature.DERIVED, entries=record.at(at, *kinds)[:1])]


def _waited(since: str, until: datetime, facts: ReviewFacts, record: Record) -> str:
    """How much of a stretch from the declaration on nobody had acknowledged: of that, no diagnosis is to blame."""
    at = openings(facts, record)[0].acknowledged_at
    declared = facts.incident.declared_at
    if since != _DECLARATION or at is None or not declared < at < until:
        return ""
    return f": {between(declared, at)} until it was acknowledged, {between(at, until)} from then on"


def _misread(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    """The cause that was recorded before the one that stands, where that was another."""
    wrong, right = record.misread_cause(_over_at(facts))
    if wrong is None or right is None:
        return []
    said = wording.plain(wrong.text, 200).rstrip(".")
    text = f"The cause recorded first, “{said}” ({wording.clock(wrong.at)}), was replaced at {wording.clock(right.at)}."
    return [Line(text, Nature.DERIVED, entries=(origin(wrong), origin(right)))]


def _identified_at(facts: ReviewFacts, record: Record) -> datetime:
    """When the cause was known: by the status, or later where another cause was recorded first and corrected."""
    at = facts.incident.identified_at
    assert at is not None
    right = record.misread_cause(_over_at(facts))[1]
    return max(at, right.at) if right is not None else at


def _over_at(facts: ReviewFacts) -> datetime | None:
    return facts.incident.mitigated_at or facts.incident.resolved_at


def _late(facts: ReviewFacts) -> list[PingFact]:
    return [ping for ping in facts.pings if ping.sent_at and ping.sent_at - ping.due_at > facts.late_after]


def _unsent(facts: ReviewFacts) -> list[PingFact]:
    """Pings that fell due before the end and were neither sent nor explained."""
    end = facts.incident.resolved_at
    return [
        ping
        for ping in facts.pings
        if not ping.sent_at and not ping.reason_not_sent and end is not None and ping.due_at <= end
    ]


def _ping_troubles(facts: ReviewFacts, record: Record, wording: Wording) -> list[Line]:
    lines = []
    for ping in sorted(_late(facts), key=lambda ping: ping.due_at):
        if ping.sent_at:
            text = f"The page to the {wording.plain(ping.role, 80)} was sent {span(ping.sent_at - ping.due_at)} late."
            lines.append(Line(text, Nature.DERIVED, entries=record.at(ping.sent_at, Kind.PING_SENT)[:1]))
    for ping in sorted(_unsent(facts), key=lambda ping: ping.due_at):
        due = f"{wording.plain(ping.role, 80)}, due {wording.clock(ping.due_at)},"
        text = f"The page to the {due} was never sent, and no reason is recorded."
        lines.append(Line(text, Nature.DERIVED))
    if failed := record.of_kind(Kind.PING_FAILED):
        text = f"{counted(len(failed), 'page')} could not be delivered."
        lines.append(Line(text, Nature.DERIVED, entries=tuple(origin(entry) for entry in failed)))
    return lines


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
