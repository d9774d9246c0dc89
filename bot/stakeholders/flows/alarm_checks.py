"""Looking CloudWatch alarms up for the checklist after resolving: which ones, what they say, and looking again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.aws.alarm_states import names_in
from bot.errors import BadRequest
from bot.incidents.flows.record import record
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.stakeholders.flows.notify import follow_up
from bot.stakeholders.messages import EARLIER_CHECKLIST
from bot.stakeholders.policy import AlarmPolicy
from bot.store.outbox import enqueue
from bot.text.markup import plain_text

FIRST = "first"  # the look that nobody asked for: it comes with the checklist


@dataclass(frozen=True, slots=True)
class Wanted:
    """What CloudWatch is asked for. `expected` are names of the policy: where one does not exist, that is said."""

    names: tuple[str, ...]
    prefixes: tuple[str, ...]
    expected: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlarmLookup:
    """What the last look found, in Slack's markup, and when it was."""

    text: str
    at: datetime


def wanted_alarms(session: Session, row: IncidentRow, policy: AlarmPolicy) -> Wanted:
    """The policy's alarms, those of the services that the incident speaks of, and those that it names itself."""
    said = [entry.text for entry in timeline.list_rows(session, row.incident_id, (Kind.NOTED, Kind.MESSAGE_POSTED))]
    known = [part for part in (row.title, row.impact, row.cause, row.resolution) if part]
    text = "\n".join([*known, *(plain_text(markup) for markup in said)])
    listed = list(policy.always)
    for service, names in policy.services.items():
        if re.search(rf"(?<!\w){re.escape(service)}(?!\w)", text, re.IGNORECASE):
            listed += names
    exact = tuple(dict.fromkeys(name for name in listed if not name.endswith("*")))
    prefixes = tuple(dict.fromkeys(name.rstrip("*") for name in listed if name.endswith("*")))
    mentioned = tuple(name for name in names_in(text) if name not in exact)
    return Wanted((*exact, *mentioned), prefixes, frozenset(exact))


def record_lookup(session: Session, row: IncidentRow, episode: int, text: str, now: datetime, asked: str) -> None:
    """Keep what was found, once for each time that it was asked for, and have the checklist show it."""
    key = f"alarms:{row.incident_id}:{episode}:{asked}"
    if record(session, row, Kind.ALARMS_CHECKED, text, now, data={"episode": episode}, source_key=key) is not None:
        follow_up(session, row)


def find_lookup(session: Session, incident_id: int, episode: int) -> AlarmLookup | None:
    """The last look of one resolution."""
    rows = timeline.list_rows(session, incident_id, (Kind.ALARMS_CHECKED,))
    last = next((row for row in reversed(rows) if row.data.get("episode") == episode), None)
    return AlarmLookup(last.text, last.at) if last is not None else None


def plan_lookup(session: Session, row: IncidentRow, asked: str = FIRST) -> None:
    """Have the alarms looked up; asked for several times before that began, once. `asked` names the asking."""
    enqueue(
        session,
        "aws.alarms",
        lock=f"alarms-{row.incident_id}",
        once=f"alarms-{row.incident_id}-{row.episode}",
        incident_id=row.incident_id,
        episode=row.episode,
        asked=asked,
    )


def look_up_again(session: Session, row: IncidentRow, episode: int, now: datetime) -> None:
    """Somebody asks for another look. Raises BadRequest where the checklist is that of an earlier resolution."""
    if episode != row.episode or row.resolved_at is None:
        raise BadRequest(EARLIER_CHECKLIST)
    plan_lookup(session, row, now.isoformat())
