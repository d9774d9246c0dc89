"""Alarms that declare an incident by themselves, and what their changes mean for the incident that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.alarms import queries
from bot.alarms.messages import texts
from bot.alarms.rules.treatment import Happened, Treatment
from bot.alarms.tables import AlarmRow, AlarmThreadRow
from bot.context import Policy
from bot.incidents.flows.record import is_worked_on, record
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.severity.rules import Severity
from bot.slack.queries import find_workspace
from bot.store.outbox import enqueue
from bot.text.masking import mask


def declare_by_itself(
    session: Session,
    row: AlarmRow,
    thread: AlarmThreadRow,
    how: Treatment,
    stormy: bool,
    policy: Policy,
    now: datetime,
) -> IncidentRow:
    """Declare what policy says is an incident, which pages at once; of several alarms that belong together, one.

    Those that come while its incident is open go on that timeline. In a storm all belong together. The incident.
    """
    since = now - policy.alarms.storm.within if stormy else None
    known = queries.find_declared(session, row, since)
    if known is not None:
        incident = incidents.get_for_change(session, known.incident_id)
        thread.incident_id = incident.incident_id
        _record(session, incident, thread, texts.joined(row), now, f"alarm-joined:{thread.thread_id}")
        return incident
    workspace = find_workspace(session)
    wanted = Declaration(
        request_key=f"{incidents.BY_ALARM}{thread.thread_id}",
        title=mask(texts.title(row)),
        severity=how.severity or Severity.P1,
        by=workspace.bot_user_id if workspace else incidents.NOBODY,
        security=row.security,
    )
    incident, _ = declare(session, wanted, policy, now)
    thread.incident_id, thread.declared = incident.incident_id, True
    session.flush()
    _record(session, incident, thread, texts.details(row), now, f"alarm-details:{thread.thread_id}")
    return incident


def _record(
    session: Session, incident: IncidentRow, thread: AlarmThreadRow, text: str, now: datetime, key: str
) -> None:
    record(session, incident, Kind.ALARMS_CHECKED, text, now, at=thread.began_at, source_key=key, announce=True)


def note_more(session: Session, incident: IncidentRow, joined: Sequence[AlarmThreadRow], now: datetime) -> None:
    """That so many more alarms came with the one that was noted, as one entry."""
    key = f"alarms-joined:{joined[0].thread_id}"
    _record(session, incident, joined[0], texts.more_joined(len(joined)), now, key)


def note_change(session: Session, row: AlarmRow, thread: AlarmThreadRow, what: Happened, now: datetime) -> None:
    """The incident that an alarm is about has it on its timeline that it is over, and its channel hears of it."""
    incident_id = queries.find_incident_id(session, thread.thread_id)
    if incident_id is None:
        return
    incident = incidents.get(session, incident_id)
    if not is_worked_on(incident):
        return
    if what is Happened.RECOVERED and thread.recovered_at is not None:
        key = f"alarm-recovered:{thread.thread_id}:{thread.firings}"
        record(
            session, incident, Kind.ALARMS_CHECKED, texts.recovered(row), now, at=thread.recovered_at, source_key=key
        )
    once = f"alarms-ended-{incident_id}"
    enqueue(session, "alarms.ended", lock=once, once=once, incident_id=incident_id)
