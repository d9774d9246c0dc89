"""Changing an incident: severity, status, acknowledgement, command, resolution, closing, reopening.

Every function takes the locked row, answers with the sentence for the person who asked, and is harmless when repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import TransitionRefused
from bot.escalation.flows import pages as escalate
from bot.escalation.flows import plan
from bot.incidents.flows.record import lock_of, record, refresh_card, refuse_when_over
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Incident, Status, check_transition, reopened_words
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import commander
from bot.lifecycle.flows.severity_suggestions import overtake_suggestion
from bot.reviews.flows import editing, learning
from bot.reviews.flows.reminders import stop_reminders
from bot.severity.rules import Severity
from bot.slack import queries as messages
from bot.stakeholders.flows import notify
from bot.store.outbox import enqueue
from bot.text.durations import span_text
from bot.text.markup import escape, plain_text


def set_severity(
    session: Session, row: IncidentRow, severity: Severity, by: str, policy: Policy, now: datetime, why: str = ""
) -> str:
    """Raise or lower; pings follow the new column."""
    refuse_when_over(row)
    before = Severity(row.severity)
    if before is severity:
        return f"{row.ref} is {severity} already."
    row.severity = severity.value
    kind = Kind.SEVERITY_RAISED if severity.worse_than(before) else Kind.SEVERITY_LOWERED
    verb = "raised" if kind is Kind.SEVERITY_RAISED else "lowered"
    text = f"Severity {verb} from {before} to {severity} by <@{by}>" + (f": {escape(why)}" if why else ".")
    record(
        session,
        row,
        kind,
        text,
        now,
        author=by,
        data={"severity": severity.value, "before": before.value},
        announce=True,
    )
    overtake_suggestion(session, row, now)
    plan.replan(session, row, policy.escalation, now)
    refresh_card(session, row)
    # The room's topic begins with the severity.
    room = f"slack.furnish_room-{row.incident_id}"
    enqueue(session, "slack.furnish_room", lock=lock_of(row.incident_id), once=room, incident_id=row.incident_id)
    return f"{row.ref} is now {severity}, before it was {before}."


def set_status(session: Session, row: IncidentRow, status: Status, by: str, policy: Policy, now: datetime) -> str:
    """Move between the open statuses; resolving, closing and reopening have functions of their own."""
    if row.status == status:
        return f"{row.ref} is {status} already."
    refuse_when_over(row)
    check_transition(row.ref, Status(row.status), status)
    before, row.status = row.status, status.value
    if status is Status.IDENTIFIED and row.identified_at is None:
        row.identified_at = now
    if status is Status.MITIGATED and row.mitigated_at is None:
        row.mitigated_at = now
    text = f"Status {before} → {status} by <@{by}>."
    data = {"before": before, "after": status.value}
    record(session, row, Kind.STATUS_CHANGED, text, now, author=by, data=data, announce=True)
    plan.replan(session, row, policy.escalation, now)
    refresh_card(session, row)
    return f"{row.ref} is now {status}."


def acknowledge(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime) -> str:
    """Somebody is on it. The first to say so takes command, unless that was settled."""
    refuse_when_over(row)
    if row.acknowledged_at is not None:
        escalate.acknowledge_pings(session, row, by, now)
        return f"{row.ref} was acknowledged by <@{row.acknowledged_by}> already; your own pages are marked as seen."
    row.acknowledged_at, row.acknowledged_by = now, by
    after = span_text(now - _opened_at(session, row)) + (" from reopening" if row.episode > 1 else "")
    record(session, row, Kind.ACKNOWLEDGED, f"Acknowledged by <@{by}> after {after}.", now, author=by, announce=True)
    takes_command = row.commander is None
    if takes_command:
        _command(session, row, by, now)
    escalate.acknowledge_pings(session, row, by, now)
    escalate.refresh_pages(session, row)
    plan.replan(session, row, policy.escalation, now)
    refresh_card(session, row)
    commands = " You command it now; `/incident handover @someone` passes that on." if takes_command else ""
    return f"You acknowledged {row.ref}. Pages to on-call stop; higher rungs go on until it is resolved.{commands}"


def _opened_at(session: Session, row: IncidentRow) -> datetime:
    """When the response began that is under way: the declaration, or the last reopening."""
    reopened = timeline.list_rows(session, row.incident_id, (Kind.REOPENED,)) if row.episode > 1 else []
    return reopened[-1].at if reopened else row.declared_at


def take_command(session: Session, row: IncidentRow, by: str, now: datetime) -> str:
    """The commander decides and delegates."""
    refuse_when_over(row)
    before = row.commander
    if not _command(session, row, by, now):
        return f"You command {row.ref} already."
    of = f" from <@{before}>" if before and before != by else ""
    record(session, row, Kind.ROLE_TAKEN, f"<@{by}> takes command{of}.", now, author=by, announce=True)
    commander.tell_replaced(session, row, "commander", before, by, by)
    escalate.acknowledge_pings(session, row, by, now)
    refresh_card(session, row)
    return f"You command {row.ref} now."


def _command(session: Session, row: IncidentRow, by: str, now: datetime) -> bool:
    if row.commander != by:
        commander.withdraw(session, row, now)
    row.commander = by
    return incidents.give_role(session, row.incident_id, "commander", by, now)


def resolve(
    session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, resolution: str = "", cause: str = ""
) -> str:
    """The trouble is over: everything that was still to be pinged is cancelled."""
    check_transition(row.ref, Status(row.status), Status.RESOLVED)
    row.status, row.resolved_at = Status.RESOLVED.value, now
    _record_facts(session, row, by, now, resolution=resolution, cause=cause)
    text = f"Resolved by <@{by}> after {span_text(now - row.declared_at)}{reopened_words(row.episode - 1)}"
    # The resolution has an entry of its own; only the channel hears both in one line.
    said = f"{text}: {escape(resolution)}" if resolution else f"{text}."
    record(session, row, Kind.RESOLVED, f"{text}.", now, author=by, data={"said": said}, announce=True)
    overtake_suggestion(session, row, now)
    editing.begin(session, row, policy.review, now)
    plan.replan(session, row, policy.escalation, now)
    escalate.refresh_pages(session, row)
    refresh_card(session, row)
    notify.follow_up(session, row)
    return f"{row.ref} is resolved. `/incident close` asks for cause and resolution and drafts the review."


def add_facts(
    session: Session, row: IncidentRow, by: str, now: datetime, *, resolution: str = "", cause: str = ""
) -> str:
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
    refresh_card(session, row)
    return f"{row.ref} was resolved already. Kept for the review: {' and '.join(fresh)}."


@dataclass(frozen=True, slots=True)
class Closing:
    """What the close form asks for. Empty strings mean: nothing new was said."""

    cause: str = ""
    resolution: str = ""
    impact: str = ""
    false_alarm: bool | None = None
    playbook_helped: bool | None = None


def close(session: Session, row: IncidentRow, by: str, said: Closing, policy: Policy, now: datetime) -> str:
    """File the incident and have its review drafted."""
    _refuse_when_closed(session, row)
    check_transition(row.ref, Status(row.status), Status.CLOSED)
    row.status, row.closed_at = Status.CLOSED.value, now
    _record_facts(session, row, by, now, resolution=said.resolution, cause=said.cause, impact=said.impact)
    row.false_alarm = said.false_alarm if said.false_alarm is not None else row.false_alarm
    row.playbook_helped = said.playbook_helped if said.playbook_helped is not None else row.playbook_helped
    text = f"Closed by <@{by}>" + (" as a false alarm." if row.false_alarm else ".")
    data = {"false_alarm": row.false_alarm, "playbook_helped": row.playbook_helped}
    record(session, row, Kind.CLOSED, text, now, author=by, data=data, announce=True)
    plan.replan(session, row, policy.escalation, now)
    learning.learn_closed(session, row, by, now)
    refresh_card(session, row)
    enqueue(session, "slack.review", lock=lock_of(row.incident_id), incident_id=row.incident_id, episode=row.episode)
    return f"{row.ref} is closed. The review draft comes in a moment."


def _refuse_when_closed(session: Session, row: IncidentRow) -> None:
    """Raises TransitionRefused with who closed it and when: another was quicker. Plain words, as forms show them."""
    ends = timeline.list_rows(session, row.incident_id, (Kind.CLOSED, Kind.FALSE_ALARM, Kind.MERGED))
    if row.status != Status.CLOSED or not ends or ends[-1].author is None:
        return
    by = messages.names_of(session, [ends[-1].author]).get(ends[-1].author, "somebody else")
    raise TransitionRefused(f"{row.ref} is already closed, by {escape(by)} at {ends[-1].at:%H:%M} UTC.")


def reopen(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, why: str = "") -> str:
    """It is not over: work and escalation begin anew."""
    current = Status(row.status)
    if current.is_open:
        raise TransitionRefused(f"{row.ref} is {current}: it is open already.")
    row.status, row.episode = Status.INVESTIGATING.value, row.episode + 1
    row.resolved_at = row.closed_at = row.acknowledged_at = row.acknowledged_by = None
    row.identified_at = row.mitigated_at = None
    row.false_alarm = row.merged_into = None
    text = f"Reopened by <@{by}>" + (f": {escape(why)}" if why else ".")
    record(session, row, Kind.REOPENED, text, now, author=by, announce=True)
    aside = _set_aside(session, row, now)
    if row.commander == by:
        # Whoever takes it up again and commands is on it: nobody is called as if it were unknown.
        row.acknowledged_at, row.acknowledged_by = now, by
        record(session, row, Kind.ACKNOWLEDGED, f"Acknowledged by <@{by}> on reopening.", now, author=by)
    learning.forget_reopened(session, row, by, now)
    stop_reminders(session, row)
    plan.replan(session, row, policy.escalation, now)
    refresh_card(session, row)
    return f"{row.ref} is open again. Escalation starts anew.{aside}"


def _set_aside(session: Session, row: IncidentRow, now: datetime) -> str:
    """What was held for cause and fix goes on the timeline: it did not end the trouble. A sentence that says so."""
    kept = []
    for name in _KEPT_ASIDE:
        if said := getattr(row, name):
            key = _aside_key(row, name, row.episode)
            text = f"{_aside_lead(name)}{escape(said)}"
            record(session, row, Kind.NOTED, text, now, source_key=key)
            setattr(row, name, None)
            kept.append(name)
    if not kept:
        return ""
    offered = " The forms that resolve and close offer the cause again." if "cause" in kept else ""
    stand = "is" if len(kept) == 1 else "are"
    return f" The earlier {' and '.join(kept)} {stand} on the timeline, as “before reopening”.{offered}"


_KEPT_ASIDE = ("cause", "resolution")


def _aside_key(row: IncidentRow, name: str, episode: int) -> str:
    return f"earlier:{name}:{row.incident_id}:{episode}"


def _aside_lead(name: str) -> str:
    return f"Earlier {name}, before reopening: "


def offered(session: Session, row: IncidentRow) -> Incident:
    """The incident as the forms that resolve and close show it: with its cause, or the one from before reopening."""
    incident = incidents.facts(row)
    if incident.cause is not None:
        return incident
    for episode in range(row.episode, 1, -1):
        entry = timeline.find_by_source(session, _aside_key(row, "cause", episode))
        if entry is not None:
            return replace(incident, cause=plain_text(entry.text.removeprefix(_aside_lead("cause"))))
    return incident


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
