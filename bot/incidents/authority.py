"""Who may do what: the one place in which commands, buttons, forms, shortcuts, reactions and pages ask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import NotAllowed, UnknownIncident
from bot.incidents import visibility
from bot.incidents.queries import incidents
from bot.incidents.rules import authority as rules
from bot.incidents.rules.authority import Act, Actor, RosterFacts
from bot.incidents.tables import IncidentRow
from bot.slack import queries as people

_ASKED_LAST = ("team lead", "engineering manager", "on-call engineer")


def may(
    session: Session, context: AppContext, act: Act, user_id: str, now: datetime, row: IncidentRow | None = None
) -> bool:
    """Whether this person may do `act`, to that incident where it is about one. Calls nobody out."""
    if _as_member(context, act, user_id):
        return True
    roster = context.roster_facts(session, context.policy, now)
    return _allowed(session, context, act, user_id, roster, row)


def check(
    session: Session, context: AppContext, act: Act, user_id: str, now: datetime, row: IncidentRow | None = None
) -> None:
    """Raise NotAllowed, with one sentence that says who may and whom to ask, for somebody who may not."""
    if _as_member(context, act, user_id):
        return
    roster = context.roster_facts(session, context.policy, now)
    if _allowed(session, context, act, user_id, roster, row):
        return
    rule, standing = context.policy.authority.rules[act], context.standing_of(user_id)
    ask = _whom_to_ask(session, rule, roster, user_id)
    raise NotAllowed(rules.refusal(act, rule, standing, ask))


def admit(
    session: Session,
    context: AppContext,
    act: Act,
    user_id: str,
    now: datetime,
    row: IncidentRow | None = None,
    channel_id: str | None = None,
) -> None:
    """Raise UnknownIncident for an incident that this person may not see, NotAllowed for what they may not do.

    `channel_id` is where Slack says that they stand: whoever is in the incident's channel sees it.
    """
    inside = row is None or (channel_id is not None and channel_id == row.channel_id)
    if row is not None and not inside and not visibility.may_see(session, row, user_id):
        raise UnknownIncident("There is no such incident.")
    check(session, context, act, user_id, now, row)


def _as_member(context: AppContext, act: Act, user_id: str) -> bool:
    """Most acts are everybody's: then nothing is asked of the database."""
    return rules.lets_every_member(act, context.policy.authority.rules[act], context.standing_of(user_id))


def _allowed(
    session: Session, context: AppContext, act: Act, user_id: str, roster: RosterFacts, row: IncidentRow | None
) -> bool:
    parts = _parts(session, row, user_id) if row is not None else frozenset()
    actor = Actor(user_id, context.standing_of(user_id), parts)
    return rules.allows(act, context.policy.authority.rules[act], actor, roster)


def _parts(session: Session, row: IncidentRow, user_id: str) -> frozenset[str]:
    """The roles that somebody has in the incident now; having declared it is one."""
    held = {role for role, holder in incidents.list_roles(session, row.incident_id).items() if holder == user_id}
    return frozenset(held | ({rules.DECLARER} if row.declared_by == user_id else set()))


def _whom_to_ask(session: Session, rule: Iterable[str], roster: RosterFacts, user_id: str) -> str:
    """The name of somebody who may, or else of a lead; empty where none is known."""
    holders = [holder for role in (*rule, *_ASKED_LAST) for holder in roster.holders.get(role, ())]
    asked = next((holder for holder in holders if holder != user_id), None)
    if asked is None:
        return ""
    return people.names_of(session, [asked]).get(asked) or roster.listed.get(asked, asked)
