"""An answer to a page that was given at the service that made it: who it was, and what it stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.escalation.flows import calls as flow
from bot.escalation.flows.pages import redraw
from bot.escalation.flows.plan import episode_of
from bot.escalation.messages import calls as messages
from bot.escalation.queries import calls, pings, user_groups
from bot.escalation.rules.roster import Contacts, Person
from bot.escalation.tables import PageCallRow
from bot.incidents.flows.record import record
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack import queries as slack_queries


def find_answerer(session: Session, contacts: Contacts, service: str, names: Sequence[str]) -> str | None:
    """The Slack id of whoever the service calls so: `user` of a method, an address, or a name here or in Slack.

    None for nobody, and where several may be meant: nobody acts in another's name by a name they chose.
    """
    wanted = {name.casefold() for name in names if name}
    by_user = [
        person
        for person in contacts.people.values()
        if any(method.service == service and method.user.casefold() in wanted for method in person.methods)
    ]
    by_address = [person for person in contacts.people.values() if (person.email or "").casefold() in wanted]
    for people in (by_user, by_address):
        if people:
            return people[0].slack if len({person.name for person in people}) == 1 else None
    found = {user_id for user_id, called in _names(session, contacts) if called.casefold() in wanted}
    return next(iter(found)) if len(found) == 1 else None


def _names(session: Session, contacts: Contacts) -> Iterable[tuple[str, str]]:
    """Everybody of contacts.yaml by every name they have; of user groups, the members."""
    listed: list[Person] = list(contacts.people.values())
    members = user_groups.members_of(session, [person.user_group for person in listed if person.user_group])
    ids = [person.slack for person in listed if person.slack] + [each for held in members.values() for each in held]
    yield from ((person.slack, person.name) for person in listed if person.slack)
    yield from slack_queries.names_of(session, ids).items()


def take_answer(
    session: Session, row: IncidentRow, call: PageCallRow, called: str, resolved: bool, now: datetime
) -> None:
    """Keep at the call how it stands at its service, so that nothing is sent back there. Both rows must be locked."""
    call.outside = calls.RESOLVED if resolved else calls.ACKNOWLEDGED
    if call.todo in (calls.ACKNOWLEDGE, calls.PAGE) and call.claimed_at is None:
        call.todo = None
    if call.state == calls.PLANNED:  # it arrived, and only the service's word that it did was lost
        call.state, call.sent_at = calls.SENT, now
    call.answered_by = called
    flow.record_ways(session, row, call, f"answered:{call.key}", now)


def stop_rung(session: Session, row: IncidentRow, call: PageCallRow, called: str, now: datetime) -> bool:
    """Somebody who is nobody here answered: the rung is not paged again. False where that was said before.

    The incident is not acknowledged by it: its clock and the other rungs go on. Both rows must be locked.
    """
    changed = []
    for ping in pings.list_of_incident(session, row.incident_id):
        same = (ping.role, episode_of(ping)) == (call.role, call.episode)
        if same and ping.state in (pings.SENT, pings.SENDING) and ping.acknowledged_at is None:
            ping.acknowledged_at = now
            changed.append(ping)
    redraw(session, changed)
    flow.settle(session, row, now)
    text = messages.answered_there(called, call.method, call.role)
    key = f"rung:{row.incident_id}:{call.episode}:{call.role}"
    data = {"ping_id": call.ping_id}
    return record(session, row, Kind.CALLED, text, now, source_key=key, data=data, announce=True) is not None
