"""Pings: one message to each person of a rung, and the same message edited once somebody answered."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.domain.escalation import Role
from bot.domain.incident import Incident
from bot.flows import escalate
from bot.flows.desk import Desk
from bot.jobs.delivery import Speaker
from bot.policy.roster import Person, answering
from bot.slack import blocks
from bot.slack.client import Refused, Slack
from bot.slack.text import instant, person
from bot.store import incidents, pings
from bot.store.tables import PingRow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What was true of a ping when its job read it."""

    incident: Incident
    page: blocks.Page
    state: str
    user_ids: list[str]


def _read(desk: Desk, ping_id: int) -> _Facts:
    with desk.database.transaction() as session:
        ping = pings.get(session, ping_id)
        incident = incidents.facts(incidents.get(session, ping.incident_id))
        told = [other for other in pings.list_of_incident(session, ping.incident_id) if other.ping_id != ping_id]
        others = tuple(dict.fromkeys(user for other in told if other.sent_at for user in other.user_ids))
        return _Facts(incident, _page(ping, others), ping.state, list(ping.user_ids))


def _page(ping: PingRow, others: tuple[str, ...]) -> blocks.Page:
    return blocks.Page(
        ping_id=ping.ping_id, role=ping.role, rule=ping.rule, kind=ping.kind, due_at=ping.due_at, others=others
    )


def page(desk: Desk, slack: Slack, speaker: Speaker, *, ping_id: int) -> None:
    """Send one claimed ping to whoever holds the role now, then record it."""
    facts = _read(desk, ping_id)
    if facts.state != pings.SENDING:
        return
    now = desk.now()
    _, people = answering(desk.policy.contacts, Role(facts.page.role), now)
    message = blocks.page(facts.incident, desk.policy.severity.levels[facts.incident.severity], facts.page, now)
    reached, refused = [], ""
    for user_id in _user_ids(slack, people):
        try:
            speaker.say(f"ping:{ping_id}:{user_id}", slack.open_direct(user_id), message)
            reached.append(user_id)
        except Refused as error:
            log.warning("page refused", ping_id=ping_id, user=user_id, error=error.error)
            refused = f"Slack refused <@{user_id}> ({error.error})."
    with desk.database.transaction() as session:
        if reached:
            escalate.page_sent(session, ping_id, reached, desk.now())
        else:
            why = refused or "nobody who holds it has a Slack id. `tocsin doctor` says how to mend that."
            escalate.page_failed(session, ping_id, why, desk.now())


def _user_ids(slack: Slack, people: tuple[Person, ...]) -> list[str]:
    """Everybody behind these contacts once, members of user groups included."""
    found: list[str] = []
    for contact in people:
        if contact.slack:
            found.append(contact.slack)
        elif contact.user_group:
            try:
                found += slack.members_of_group(contact.user_group)
            except Refused as error:
                log.warning("user group could not be read", group=contact.user_group, error=error.error)
    return list(dict.fromkeys(found))


def page_over(desk: Desk, slack: Slack, speaker: Speaker, *, ping_id: int) -> None:
    """Edit the messages of a ping into where the incident stands."""
    facts = _read(desk, ping_id)
    incident = facts.incident
    if incident.resolved_at:
        outcome = f"Resolved {instant(incident.resolved_at)}. Nothing is expected of you."
    elif incident.acknowledged_at:
        outcome = f"Acknowledged by {person(incident.acknowledged_by)} {instant(incident.acknowledged_at)}."
    else:
        return
    for user_id in facts.user_ids:
        speaker.edit(f"ping:{ping_id}:{user_id}", blocks.page_over(incident, facts.page, outcome))
