"""What somebody who arrives late has to know of an incident. Reads only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.queries import pings
from bot.fields.messages import line
from bot.fields.queries import in_order, values_of
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages.channel import Brief, Missing
from bot.lifecycle.queries import handovers
from bot.stakeholders.flows import notify
from bot.stakeholders.policy import NoticePolicy

_LATEST = 8  # entries besides the key ones
_TELLING = frozenset(
    {
        Kind.DECLARED,
        Kind.SEVERITY_RAISED,
        Kind.SEVERITY_LOWERED,
        Kind.STATUS_CHANGED,
        Kind.ACKNOWLEDGED,
        Kind.ROLE_TAKEN,
        Kind.NOTED,
        Kind.RESPONSE_BREACHED,
        Kind.RESOLVED,
        Kind.REOPENED,
        Kind.CAUSE_RECORDED,
        Kind.IMPACT_RECORDED,
        Kind.STAKEHOLDERS_TOLD,
        Kind.DUPLICATE_JOINED,
        Kind.INJECTED,
    }
)


def catch_up(session: Session, row: IncidentRow, policy: Policy) -> Brief:
    """Where it stands, who does what, what happened and what is still open."""
    held = incidents.list_roles(session, row.incident_id) | ({"commander": row.commander} if row.commander else {})
    return Brief(
        incident=incidents.facts(row),
        responders=held,
        latest=_worth_telling(session, row.incident_id),
        missing=_missing(session, row, policy.notices),
        fields=line(policy.fields.title_of(row.type), in_order(values_of(session, row.incident_id), policy.fields)),
    )


def _worth_telling(session: Session, incident_id: int) -> list[Entry]:
    """The latest key entries, and the latest of those that tell how it went; in time order."""
    key = timeline.list_latest(session, incident_id, _LATEST, only_key=True)
    latest = timeline.list_latest(session, incident_id, 2 * _LATEST, kinds=_TELLING)
    telling = [entry for entry in latest if not entry.key][-_LATEST:]
    return sorted([*key, *telling], key=lambda entry: (entry.at, entry.entry_id))


def _missing(session: Session, row: IncidentRow, policy: NoticePolicy) -> Missing:
    if not Status(row.status).is_open:
        left = policy.checklist.keys() - notify.ticks(session, row.incident_id, row.episode).keys()
        return Missing(unchecked=len(left) if row.resolved_at else 0)
    offer = handovers.find_offered(session, row.incident_id)
    return Missing(
        acknowledgement=row.acknowledged_at is None,
        commander=row.commander is None,
        offered_to=offer.to_user if offer is not None else None,
        facts=tuple(name for name in ("impact", "cause") if not getattr(row, name)),
        update=row.told_at is None and row.severity in policy.remind_every,
        next_page=_next_page(session, row.incident_id),
    )


def _next_page(session: Session, incident_id: int) -> tuple[str, datetime] | None:
    """The role that is paged next, and when; None where no page is planned."""
    planned = [ping for ping in pings.list_of_incident(session, incident_id) if ping.state == pings.PLANNED]
    soon = min(planned, key=lambda ping: ping.due_at, default=None)
    return (soon.role, soon.due_at) if soon is not None else None
