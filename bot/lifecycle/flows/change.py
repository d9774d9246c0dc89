"""Changing an incident: severity, status, acknowledgement, command, resolution, closing, reopening.

Every function takes the locked row, answers with what became of it, and is harmless when repeated.
What follows a change is one function, `after_change`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import TransitionRefused
from bot.escalation.flows import pages as escalate
from bot.fields import flows as fields
from bot.fields.messages import Changed, at_least
from bot.fields.rules import Given, Value
from bot.incidents.flows.record import record, refuse_when_over
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Incident, Status, check_transition
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import commander
from bot.lifecycle.flows.consequences import after_change, settle_calls
from bot.lifecycle.flows.declare import LONGEST_TITLE, check_title
from bot.lifecycle.messages import changes as messages
from bot.lifecycle.messages import command as command_texts
from bot.lifecycle.rules.outcomes import (
    Acknowledged,
    AcknowledgedBefore,
    Closed,
    CommandHeld,
    CommandTaken,
    FactsKept,
    Renamed,
    Reopened,
    Resolved,
    SeverityChanged,
    StatusChanged,
    Unchanged,
)
from bot.playbooks.flows import results
from bot.severity.rules import Severity
from bot.slack import queries as slack_queries
from bot.text.durations import clocked
from bot.text.markup import escape, plain_text, without_emoji


def set_severity(
    session: Session, row: IncidentRow, severity: Severity, by: str, policy: Policy, now: datetime, why: str = ""
) -> SeverityChanged | Unchanged:
    """Raise or lower; pings follow the new column."""
    refuse_when_over(row)
    before = Severity(row.severity)
    if before is severity:
        return Unchanged(row.ref, severity)
    row.severity = severity.value
    kind = Kind.SEVERITY_RAISED if severity.worse_than(before) else Kind.SEVERITY_LOWERED
    text = messages.severity_entry(before, severity, by, why)
    data = {"severity": severity.value, "before": before.value}
    record(session, row, kind, text, now, author=by, data=data, announce=True)
    after_change(session, row, kind, by, policy, now)
    return SeverityChanged(row.ref, before, severity)


def set_status(
    session: Session, row: IncidentRow, status: Status, by: str, policy: Policy, now: datetime
) -> StatusChanged | Unchanged:
    """Move between the open statuses; resolving, closing and reopening have functions of their own."""
    if row.status == status:
        return Unchanged(row.ref, status)
    refuse_when_over(row)
    check_transition(row.ref, Status(row.status), status)
    before, row.status = row.status, status.value
    if status is Status.IDENTIFIED and row.identified_at is None:
        row.identified_at = now
    if status is Status.MITIGATED and row.mitigated_at is None:
        row.mitigated_at = now
    text = messages.status_entry(before, status, by)
    data = {"before": before, "after": status.value}
    record(session, row, Kind.STATUS_CHANGED, text, now, author=by, data=data, announce=True)
    after_change(session, row, Kind.STATUS_CHANGED, by, policy, now)
    return StatusChanged(row.ref, status)


def rename(session: Session, row: IncidentRow, title: str, by: str, policy: Policy, now: datetime) -> Renamed:
    """Give it and its channel another title, in plain words. Raises BadRequest for one that says nothing."""
    refuse_when_over(row)
    title = " ".join(without_emoji(title).split())[:LONGEST_TITLE]
    check_title(title, messages.SAY_TITLE)
    before, row.title = row.title, title
    if before != title:
        text = messages.renamed_entry(before, title, by)
        data = {"before": before, "after": title}
        record(session, row, Kind.RENAMED, text, now, author=by, data=data, announce=True)
        after_change(session, row, Kind.RENAMED, by, policy, now)
    return Renamed(row.ref, title)


def set_fields(
    session: Session,
    row: IncidentRow,
    given: Given,
    by: str,
    policy: Policy,
    now: datetime,
    known: Mapping[str, Value] | None = None,
) -> list[Changed]:
    """Give it a type and values of custom fields; what changed. An open one is raised to what the type demands.

    `known` is what it has, where that was read.
    """
    changes = fields.set_given(session, row, given, policy.fields, by, now, known)
    if not changes:
        return []
    severity = Severity(row.severity)
    floor = policy.fields.at_least(given.type_name, severity)
    if floor is not severity and Status(row.status).is_open:
        why = at_least(policy.fields.title_of(row.type), floor)
        set_severity(session, row, floor, by, policy, now, why)
    after_change(session, row, Kind.FIELD_CHANGED, by, policy, now)
    return changes


def acknowledge(
    session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, means: str = ""
) -> Acknowledged | AcknowledgedBefore:
    """Somebody is on it. The first to say so takes command, unless somebody has it.

    `means` is where they said so, if not in Slack: `PagerDuty`.
    """
    refuse_when_over(row)
    if row.acknowledged_at is not None:
        escalate.acknowledge_pings(session, row, by, now)
        settle_calls(session, row, policy, now)
        return AcknowledgedBefore(row.ref, row.acknowledged_by)
    row.acknowledged_at, row.acknowledged_by = now, by
    text = messages.acknowledged_entry(by, clocked(_opened_at(session, row), now), row.episode > 1, means)
    # Where somebody was paged, the page in the channel says so in its place; not by which service it was answered.
    said = bool(means) or not escalate.is_shown_on_pages(session, row)
    record(session, row, Kind.ACKNOWLEDGED, text, now, author=by, announce=said)
    takes_command = row.commander is None
    if takes_command:
        commander.give_command(session, row, by, now)
    escalate.acknowledge_pings(session, row, by, now)
    after_change(session, row, Kind.ACKNOWLEDGED, by, policy, now)
    return Acknowledged(row.ref, takes_command)


def _opened_at(session: Session, row: IncidentRow) -> datetime:
    """When the response began that is under way: the declaration, or the last reopening."""
    reopened = timeline.list_rows(session, row.incident_id, (Kind.REOPENED,)) if row.episode > 1 else []
    return reopened[-1].at if reopened else row.declared_at


def take_command(
    session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime
) -> CommandTaken | CommandHeld:
    """The commander decides and delegates."""
    refuse_when_over(row)
    before = row.commander
    if not commander.give_command(session, row, by, now):
        return CommandHeld(row.ref)
    text = command_texts.taken_entry(by, before)
    record(session, row, Kind.ROLE_TAKEN, text, now, author=by, announce=before is not None)
    commander.notify_replaced(session, row, "commander", before, by, by)
    escalate.acknowledge_pings(session, row, by, now)
    after_change(session, row, Kind.ROLE_TAKEN, by, policy, now)
    return CommandTaken(row.ref)


def resolve(
    session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, resolution: str = "", cause: str = ""
) -> Resolved:
    """The incident is over: every page that was still to be sent is cancelled."""
    check_transition(row.ref, Status(row.status), Status.RESOLVED)
    row.status, row.resolved_at = Status.RESOLVED.value, now
    _record_facts(session, row, by, now, resolution=resolution, cause=cause)
    text = messages.resolved_entry(by, clocked(row.declared_at, now), row.episode - 1)
    # The resolution has an entry of its own; only the channel hears both in one line, above the checklist.
    said = f"{text}: {escape(resolution)}" if resolution else f"{text}."
    record(session, row, Kind.RESOLVED, f"{text}.", now, author=by, data={"said": said})
    after_change(session, row, Kind.RESOLVED, by, policy, now)
    return Resolved(row.ref)


def add_facts(
    session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, *, resolution: str = "", cause: str = ""
) -> FactsKept:
    """What somebody typed into the Resolve form while another resolved it: kept beside what is recorded.

    Raises TransitionRefused where it says nothing new, or where the incident is closed.
    """
    fresh = {
        name: said if not (held := getattr(row, name)) else f"{held}\n{said}"
        for name, said in (("resolution", resolution), ("cause", cause))
        if said and said not in (getattr(row, name) or "")
    }
    if row.status != Status.RESOLVED or not fresh:
        check_transition(row.ref, Status(row.status), Status.RESOLVED)
    _record_facts(session, row, by, now, **fresh)
    after_change(session, row, Kind.RESOLUTION_RECORDED, by, policy, now)
    return FactsKept(row.ref, tuple(fresh))


@dataclass(frozen=True, slots=True)
class Closing:
    """What the close form asks for. Empty strings mean: nothing new was said."""

    cause: str = ""
    resolution: str = ""
    impact: str = ""
    false_alarm: bool | None = None
    playbook_helped: bool | None = None


def close(session: Session, row: IncidentRow, by: str, said: Closing, policy: Policy, now: datetime) -> Closed:
    """File the incident and have its review drafted."""
    _refuse_when_closed(session, row)
    check_transition(row.ref, Status(row.status), Status.CLOSED)
    row.status, row.closed_at = Status.CLOSED.value, now
    _record_facts(session, row, by, now, resolution=said.resolution, cause=said.cause, impact=said.impact)
    row.false_alarm = said.false_alarm if said.false_alarm is not None else row.false_alarm
    row.playbook_helped = said.playbook_helped if said.playbook_helped is not None else row.playbook_helped
    text = messages.closed_entry(by, bool(row.false_alarm))
    data = {"false_alarm": row.false_alarm, "playbook_helped": row.playbook_helped}
    record(session, row, Kind.CLOSED, text, now, author=by, data=data)  # the channel hears of the review's draft
    after_change(session, row, Kind.CLOSED, by, policy, now)
    return Closed(row.ref)


def _refuse_when_closed(session: Session, row: IncidentRow) -> None:
    """Raises TransitionRefused with who closed it and when: another was quicker. Plain words, as forms show them."""
    ends = timeline.list_rows(session, row.incident_id, (Kind.CLOSED, Kind.FALSE_ALARM, Kind.MERGED))
    if row.status != Status.CLOSED or not ends or ends[-1].author is None:
        return
    by = slack_queries.names_of(session, [ends[-1].author]).get(ends[-1].author, "somebody else")
    raise TransitionRefused(messages.closed_before(row.ref, by, ends[-1].at))


def reopen(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, why: str = "") -> Reopened:
    """It is not over: work and escalation restart."""
    current = Status(row.status)
    if current.is_open:
        raise TransitionRefused(messages.open_already(row.ref, current))
    row.status, row.episode = Status.INVESTIGATING.value, row.episode + 1
    row.resolved_at = row.closed_at = row.acknowledged_at = row.acknowledged_by = None
    row.identified_at = row.mitigated_at = None
    row.false_alarm = row.merged_into = None
    text = messages.reopened_entry(by, why)
    record(session, row, Kind.REOPENED, text, now, author=by, announce=True)
    aside = _set_aside(session, row, now)
    if row.commander == by:
        # The commander who reopens it is on it: nobody is paged as if it were unknown.
        row.acknowledged_at, row.acknowledged_by = now, by
        record(session, row, Kind.ACKNOWLEDGED, messages.acknowledged_on_reopening(by), now, author=by)
    after_change(session, row, Kind.REOPENED, by, policy, now)
    return Reopened(row.ref, tuple(aside))


def _set_aside(session: Session, row: IncidentRow, now: datetime) -> list[str]:
    """Cause and resolution so far go on the timeline: they did not end it. Which of the two there were."""
    kept = []
    for name in _KEPT_ASIDE:
        if said := getattr(row, name):
            key = _aside_key(row, name, row.episode)
            text = f"{messages.set_aside_lead(name)}{escape(said)}"
            record(session, row, Kind.NOTED, text, now, source_key=key)
            setattr(row, name, None)
            kept.append(name)
    return kept


_KEPT_ASIDE = ("cause", "resolution")


def _aside_key(row: IncidentRow, name: str, episode: int) -> str:
    return f"earlier:{name}:{row.incident_id}:{episode}"


def offered(session: Session, row: IncidentRow) -> Incident:
    """The incident as the forms that resolve and close show it: with its cause, or the one from before reopening.

    Where nobody recorded them, what the last step of a playbook did is its resolution, and what a guide confirmed its
    cause.
    """
    incident = incidents.facts(row)
    resolution, cause = results.offered(session, row)
    incident = replace(incident, resolution=incident.resolution or resolution or None)
    if incident.cause is not None:
        return incident
    for episode in range(row.episode, 1, -1):
        entry = timeline.find_by_source(session, _aside_key(row, "cause", episode))
        if entry is not None:
            return replace(incident, cause=plain_text(entry.text.removeprefix(messages.set_aside_lead("cause"))))
    return replace(incident, cause=cause or None)


def _record_facts(
    session: Session,
    row: IncidentRow,
    by: str,
    now: datetime,
    *,
    resolution: str = "",
    cause: str = "",
    impact: str = "",
) -> None:
    """Keep what was said about the incident where it says something new."""
    said = (
        ("resolution", resolution, Kind.RESOLUTION_RECORDED),
        ("cause", cause, Kind.CAUSE_RECORDED),
        ("impact", impact, Kind.IMPACT_RECORDED),
    )
    for name, text, kind in said:
        if text and text != getattr(row, name):
            setattr(row, name, text)
            record(session, row, kind, escape(text), now, author=by)
