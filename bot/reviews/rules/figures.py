"""What can be measured: response figures against targets, and what follows from them, marked as derived."""

from __future__ import annotations

import itertools
from datetime import datetime

from bot.incidents.rules.incident import Incident
from bot.incidents.rules.timeline import Kind
from bot.reviews.rules.document import Line, Nature, PingFact, ReviewFacts, Section
from bot.reviews.rules.notes import IMPROVE, WENT_WELL, said_under
from bot.reviews.rules.record import Record, origin
from bot.text.durations import span
from bot.text.wording import Wording, counted

SILENCES_SHOWN = 3
DERIVED_NOTE = "Calculated by Tocsin from the figures and their targets. Add what the team found."


def figures(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> Section:
    """The section of response figures; a figure with a target says whether it was met."""
    incident = facts.incident
    lines = [_acknowledging(facts, record, wording, now)]
    if facts.detected_at and facts.detected_at <= incident.declared_at:
        text = f"{span(incident.declared_at - facts.detected_at)} after it was detected"
        lines.insert(
            0, Line(text, label="Time to declare", entries=record.detected(incident.declared_at, facts.detected_at))
        )
    if incident.identified_at:
        lines.append(_since_declared(facts, "Time to identify", incident.identified_at, record))
    if incident.mitigated_at:
        lines.append(_since_declared(facts, "Time to mitigate", incident.mitigated_at, record))
    lines.append(_resolving(facts, record, now))
    people = {entry.author for entry in record.entries if entry.author}
    lines.append(
        Line(counted(len(people), "person") if len(people) == 1 else f"{len(people):,} people", label="People involved")
    )
    lines.append(Line(counted(len(record.of_kind(Kind.MESSAGE_POSTED)), "message"), label="Messages in the channel"))
    if reopened := len(record.of_kind(Kind.REOPENED)):
        text = f"{_times(reopened)}; times count to the last resolution, acknowledging from the last reopening"
        lines.append(Line(text, label="Reopened", entries=record.last(Kind.REOPENED)))
    return Section("figures", "Response figures", tuple(lines), "Times count from the declaration.")


def _acknowledging(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> Line:
    """Time to acknowledge against the response time of the matrix, for the last time that the incident was open."""
    incident, target = facts.incident, facts.respond_within
    aim = f"target {span(target)}"
    since, at, by = _last_opening(incident, record)
    again = _first_acknowledged(incident, record, wording) if since > incident.declared_at else ""
    if at is None:
        over = (incident.resolved_at or now) - since > target or bool(record.of_kind(Kind.RESPONSE_BREACHED))
        return Line(f"not acknowledged{again}; {aim}", label="Time to acknowledge", met=False if over else None)
    taken = at - since
    who = f" by {wording.person(by)}" if by else ""
    return Line(
        f"{span(taken)}{who}{again}; {aim}",
        label="Time to acknowledge",
        met=taken <= target and not record.of_kind(Kind.RESPONSE_BREACHED),
        entries=record.at(at, Kind.ACKNOWLEDGED)[:1],
    )


def _last_opening(incident: Incident, record: Record) -> tuple[datetime, datetime | None, str | None]:
    """When it was last opened, and when and by whom it was acknowledged since."""
    reopened = record.of_kind(Kind.REOPENED)
    since = reopened[-1].at if reopened else incident.declared_at
    entry = next((entry for entry in record.of_kind(Kind.ACKNOWLEDGED) if entry.at >= since), None)
    if entry is not None and (incident.acknowledged_at is None or entry.at <= incident.acknowledged_at):
        return since, entry.at, entry.author
    return since, incident.acknowledged_at, incident.acknowledged_by


def _first_acknowledged(incident: Incident, record: Record, wording: Wording) -> str:
    first = next(iter(record.of_kind(Kind.ACKNOWLEDGED)), None)
    reopened = record.of_kind(Kind.REOPENED)[0].at
    if first is None or first.at >= reopened:
        return " after reopening"
    took = span(first.at - incident.declared_at)
    return f" after reopening (first acknowledged after {took} by {wording.person(first.author)})"


def acknowledged(incident: Incident, record: Record) -> tuple[datetime | None, str | None]:
    """When and by whom it was acknowledged since it was last opened."""
    return _last_opening(incident, record)[1:]


def _since_declared(facts: ReviewFacts, label: str, at: datetime, record: Record) -> Line:
    kinds = (Kind.STATUS_CHANGED, Kind.CAUSE_RECORDED)
    return Line(span(at - facts.incident.declared_at), label=label, entries=record.at(at, *kinds)[:1])


def _resolving(facts: ReviewFacts, record: Record, now: datetime) -> Line:
    """Time to resolve; the target, where the policy names one, is to stay under it."""
    incident, target = facts.incident, facts.resolve_within
    aim = f"; target under {span(target)}" if target else ""
    if incident.resolved_at is None:
        taken = now - incident.declared_at
        missed = target is not None and taken >= target
        return Line(
            f"not resolved, open for {span(taken)}{aim}", label="Time to resolve", met=False if missed else None
        )
    taken = incident.resolved_at - incident.declared_at
    met = taken < target if target else None
    return Line(f"{span(taken)}{aim}", label="Time to resolve", met=met, entries=record.last(Kind.RESOLVED))


def went_well(measured: Section, facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    """Targets that were met, stakeholders updated on time, a playbook that resolved it; and what people noted."""
    lines = [_derived(line, facts) for line in measured.lines if line.met is True]
    updates = record.of_kind(Kind.STAKEHOLDERS_TOLD)
    if updates and not record.updates_asked:
        text = f"Stakeholders were updated {_times(len(updates))}, always on time."
        lines.append(Line(text, Nature.DERIVED, entries=tuple(origin(entry) for entry in updates)))
    if facts.playbook_helped:
        lines.append(Line("The playbook resolved it.", Nature.DERIVED, entries=record.last(Kind.CLOSED)))
    ask = "Not recorded: what the people involved found went well."
    said = _noted(WENT_WELL, record, wording) or [Line(ask, Nature.ASKED, command="/incident note went well: …")]
    return Section("went_well", "What went well", (*lines, *said), DERIVED_NOTE)


def _noted(label: str, record: Record, wording: Wording) -> list[Line]:
    """What people said in notes with that label, in order, each by name."""
    notes = [entry for entry in record.of_kind(Kind.NOTED) if record.labels.get(entry.entry_id) == label]
    return [
        Line(wording.plain(said_under(entry)), by=wording.person(entry.author), entries=(origin(entry),))
        for entry in notes
    ]


def could_improve(measured: Section, facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    """Missed targets and where the time went, late and failed pages, corrections, a playbook that did not help."""
    lines = [_derived(line, facts) for line in measured.lines if line.met is False]
    lines += _longest_part(measured, facts, record)
    lines += _ping_troubles(facts, record, wording)
    for change in facts.severity_changes:
        if change.after.worse_than(change.before):
            after = span(change.at - facts.incident.declared_at)
            text = f"Severity was raised from {change.before} to {change.after}, {after} after the declaration."
            lines.append(Line(text, Nature.DERIVED, entries=record.at(change.at, Kind.SEVERITY_RAISED)))
    if reopened := record.of_kind(Kind.REOPENED):
        text = f"Resolved too early: reopened {_times(len(reopened))}."
        lines.append(Line(text, Nature.DERIVED, entries=tuple(origin(entry) for entry in reopened)))
    if record.updates_asked:
        updates = record.of_kind(Kind.STAKEHOLDERS_TOLD)
        how = (
            f"Stakeholders were updated {_times(len(updates))}, but late"
            if updates
            else "Nobody updated the stakeholders"
        )
        text = f"{how}: Tocsin asked for an update {_times(record.updates_asked)}."
        lines.append(Line(text, Nature.DERIVED, entries=tuple(origin(entry) for entry in updates)))
    if facts.playbook_helped is False:
        lines.append(Line("The playbook did not resolve it.", Nature.DERIVED, entries=record.last(Kind.CLOSED)))
    ask = "Not recorded: what the people involved would change."
    said = _noted(IMPROVE, record, wording) or [Line(ask, Nature.ASKED, command="/incident note improve: …")]
    return Section("could_improve", "What could be improved", (*lines, *said), DERIVED_NOTE)


def silences(facts: ReviewFacts, record: Record, wording: Wording, now: datetime) -> list[Line]:
    """The longest stretches between declaration and resolution in which nothing was recorded."""
    until = facts.incident.resolved_at or now
    stretches = record.silences(facts.incident.declared_at, until)
    long = [stretch for stretch in stretches if stretch[2] - stretch[1] > facts.silence_after]
    long = [stretch for stretch in long if not _was_over(stretch[1], stretch[2], record)]
    lines = [
        Line(
            f"{span(end - start)} without an entry ({wording.clock(start)} to {wording.clock(end)}).",
            Nature.DERIVED,
            entries=(origin(before),) if before else (),
        )
        for before, start, end in sorted(long[:SILENCES_SHOWN], key=lambda stretch: stretch[1])
    ]
    if (more := len(long) - SILENCES_SHOWN) > 0:
        text = f"{counted(more, 'shorter stretch') if more == 1 else f'{more:,} shorter stretches'} of more than "
        lines.append(Line(f"{text}{span(facts.silence_after)} without an entry.", Nature.DERIVED))
    return lines


def _was_over(start: datetime, end: datetime, record: Record) -> bool:
    """True where the incident was held to be resolved all the while: nobody had anything to record."""
    turns = sorted(record.of_kind(Kind.RESOLVED, Kind.REOPENED), key=lambda entry: (entry.at, entry.entry_id))
    return any(
        before.kind is Kind.RESOLVED and before.at <= start and end <= after.at
        for before, after in itertools.pairwise(turns)
    )


def escalations(facts: ReviewFacts, record: Record, wording: Wording) -> Section:
    """Every rung that was sent or should have been, in the order they fell due; then those that were not needed."""
    pings = sorted(facts.pings, key=lambda ping: ping.due_at)
    lines = [
        Line(
            _went(ping, facts, record, wording),
            label=_role(ping, wording),
            entries=record.at(ping.sent_at, Kind.PING_SENT)[:1] if ping.sent_at else (),
        )
        for ping in pings
        if ping.sent_at or not ping.reason_not_sent
    ]
    lines += _not_needed([ping for ping in pings if not ping.sent_at and ping.reason_not_sent], wording)
    note = None if lines else "No escalation was planned for this incident."
    return Section("escalations", "Escalations", tuple(lines), note)


def _not_needed(pings: list[PingFact], wording: Wording) -> list[Line]:
    """Rungs that were never climbed, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for ping in pings:
        rung = f"{wording.plain(ping.role, 80)} (due {wording.clock(ping.due_at)}, {wording.plain(ping.rule, 80)})"
        by_reason.setdefault(wording.plain(ping.reason_not_sent or "", 200), []).append(rung)
    return [Line(f"{', '.join(rungs)}: {reason}", label="Not sent") for reason, rungs in by_reason.items()]


def _role(ping: PingFact, wording: Wording) -> str:
    role = wording.plain(ping.role, 80)
    return role[:1].upper() + role[1:]


def _went(ping: PingFact, facts: ReviewFacts, record: Record, wording: Wording) -> str:
    """One rung in words: rule, due, sent or why not, acknowledged."""
    parts = [f"due {wording.clock(ping.due_at)} ({wording.plain(ping.rule, 80)})"]
    if ping.sent_at:
        to = f" to {wording.people(ping.persons)}" if ping.persons else " to nobody: no one is assigned to this role"
        late = f", {span(ping.sent_at - ping.due_at)} late" if ping.sent_at - ping.due_at > facts.late_after else ""
        parts.append(f"sent {wording.clock(ping.sent_at)}{to}{late}")
    else:
        reason = wording.plain(ping.reason_not_sent or "", 200)
        parts.append(f"not sent: {reason or 'no reason recorded'}")
    if ping.acknowledged_at:
        who = f" by {wording.person(ping.acknowledged_by)}" if ping.acknowledged_by else ""
        parts.append(f"acknowledged {wording.clock(ping.acknowledged_at)}{who}")
    elif ping.sent_at and (active := record.first_by(ping.persons, ping.sent_at)):
        parts.append(f"{wording.person(active.author)} took part from {wording.clock(active.at)}")
    elif ping.sent_at:
        parts.append("not acknowledged")
    return "; ".join(parts)


def _derived(figure: Line, facts: ReviewFacts) -> Line:
    """A figure with a target as a sentence: what it was, and what it should be."""
    value, _, target = figure.text.partition("; target ")
    met = figure.met is True
    if figure.label == "Time to acknowledge":
        said = (
            value[:1].upper() + value[1:]
            if value.startswith("not acknowledged")
            else f"Acknowledged {'within' if met else 'after'} {value}"
        )
    elif value.startswith("not resolved"):
        said = f"Not resolved, {value.removeprefix('not resolved, ')}"
    else:
        said = f"Resolved {'within' if met else 'after'} {value}"
    text = f"{said}; the target for {facts.incident.severity} is {target}."
    return Line(text, Nature.DERIVED, entries=figure.entries)


def _longest_part(measured: Section, facts: ReviewFacts, record: Record) -> list[Line]:
    """Where the time went, for an incident that took longer than it should."""
    incident = facts.incident
    missed = any(line.label == "Time to resolve" and line.met is False for line in measured.lines)
    stamps = [
        ("the declaration", incident.declared_at),
        ("finding the cause", incident.identified_at),
        ("mitigating it", incident.mitigated_at),
        ("resolving it", incident.resolved_at),
    ]
    known = [(name, at) for name, at in stamps if at is not None]
    if not missed or incident.resolved_at is None or len(known) < 3:
        return []
    parts = [(later[1] - earlier[1], earlier, later) for earlier, later in itertools.pairwise(known)]
    longest, (since, _), (until, at) = max(parts, key=lambda part: part[0])
    whole = span(incident.resolved_at - incident.declared_at)
    text = f"Most of the time, {span(longest)} of {whole}, passed between {since} and {until}."
    if longest * 2 < incident.resolved_at - incident.declared_at:
        return []
    return [Line(text, Nature.DERIVED, entries=record.at(at, Kind.STATUS_CHANGED, Kind.RESOLVED)[:1])]


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
