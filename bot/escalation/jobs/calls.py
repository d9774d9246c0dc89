"""Calls: one page by one method outside Slack, or its acknowledgement or end at the service. Reports on test pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.escalation.flows import calls as flow
from bot.escalation.flows import pages as escalate
from bot.escalation.flows.plan import episode_of
from bot.escalation.flows.roster import read_roster
from bot.escalation.jobs.delivering import Draft, Ways, deliver, facts_of_test
from bot.escalation.messages import calls as messages
from bot.escalation.queries import calls, pings
from bot.escalation.rules.matrix import DrillPagers, Role
from bot.escalation.rules.methods import MAIL, TEXT, Method, Standing
from bot.escalation.rules.ping_facts import PingFacts
from bot.escalation.rules.roster import Person, first_held
from bot.escalation.tables import PageCallRow
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Incident
from bot.pagers.requests import Outcome, PageFacts
from bot.slack import queries as slack_queries
from bot.slack.client import Slack
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)


def call(context: AppContext, slack: Slack, poster: Poster, *, call_id: int) -> None:
    """Do what is due about one call and record it. Repeated, it is the same page at the service: it goes by its key.

    Pushover, mail and text messages know no key: where their answer was lost, twice is better than never.
    """
    with context.database.transaction() as session:
        draft = _read(session, context, call_id)
    if draft is None:
        return
    ways = Ways(context.pagers, context.send_mail, context.send_text)
    result = deliver(ways, draft, context.now())
    level = log.info if result.outcome is Outcome.DONE else log.warning
    method = draft.method.name if draft.method else ""
    level("pager", act=draft.act, method=method, outcome=result.outcome.value, says=result.says)
    with context.database.transaction() as session:
        flow.record_result(session, call_id, draft.act, result, context.now())


def _read(session: Session, context: AppContext, call_id: int) -> Draft | None:
    """None where nothing is to be done any more."""
    row = calls.get_for_change(session, call_id)
    if row.todo is None or row.claimed_at is None:
        return None
    if row.todo == calls.PAGE and (stands := flow.standing(session, row)) is not Standing.WANTED:
        flow.call_off(row, stands)
        return None
    person = context.policy.contacts.people.get(row.person)
    method = _method(person, row.method) if person else None
    link = context.pagers.answer_link(row.key) if context.pagers is not None else ""
    ping = _ping_facts(session, context, row)
    if ping is None:
        facts = facts_of_test(row.key, row.person, row.planned_for, link)
        return Draft(row.todo, row.receipt or "", messages.TOCSIN, method, person, facts)
    by = ping.incident.acknowledged_by
    called = slack_queries.names_of(session, [by]).get(by, messages.TOCSIN) if by else messages.TOCSIN
    facts = replace(
        _facts(session, row, ping, link, context.now()), low=rings(context, ping.incident) is DrillPagers.LOW
    )
    return Draft(row.todo, row.receipt or "", called, method, person, facts, ping)


def _method(person: Person, name: str) -> Method | None:
    """The person's method of that name; mail and text messages need not be among them to be tested."""
    found = next((method for method in person.methods if method.name == name), None)
    return found or (Method(name) if name in (MAIL, TEXT) else None)


def _ping_facts(session: Session, context: AppContext, row: PageCallRow) -> PingFacts | None:
    if row.incident_id is None or row.ping_id is None:
        return None
    incident, held = incidents.get(session, row.incident_id), pings.list_of_incident(session, row.incident_id)
    return escalate.facts_of(pings.get(session, row.ping_id), incident, held, context.policy.escalation)


def _facts(session: Session, row: PageCallRow, ping: PingFacts, link: str, now: datetime) -> PageFacts:
    incident = ping.incident
    return PageFacts(
        key=row.key,
        ref=incident.ref,
        severity=ping.severity,
        title="" if incident.private else incident.title,
        role=row.role,
        person=row.person,
        at=row.planned_for,
        private=incident.private,
        drill=incident.drill,
        times=ping.times,
        next_at=ping.next_at if ping.next_at and ping.next_at > now and not incident.acknowledged_at else None,
        channel_link=_channel_link(session, incident.channel_id),
        answer_link=link,
    )


def _channel_link(session: Session, channel_id: str | None) -> str:
    workspace = slack_queries.find_workspace(session)
    return f"{workspace.url.rstrip('/')}/archives/{channel_id}" if workspace is not None and channel_id else ""


def rings(context: AppContext, incident: Incident) -> DrillPagers:
    """How an incident rings what is outside Slack."""
    return context.policy.escalation.drill_pagers if incident.drill else DrillPagers.SAME


def plan_beside(
    session: Session, context: AppContext, ping: PingFacts, people: tuple[Person, ...], now: datetime
) -> None:
    """Plan the calls of a page's people; nothing is asked of the database where nobody has a method."""
    if any(person.methods for person in people) and rings(context, ping.incident) is not DrillPagers.OFF:
        flow.plan_calls(session, ping, episode_of(pings.get(session, ping.ping_id)), people, now)


def plan_unattended(session: Session, context: AppContext, now: datetime) -> int:
    """Plan the calls of pages whose own job has not got to them, as while Slack is away. How many pages there were."""
    if not context.policy.contacts.methods:
        return 0
    found = calls.list_unattended(session, now)
    if not found:
        return 0
    roster = read_roster(session, context.policy.contacts, now)
    for ping, row in found:
        held = pings.list_of_incident(session, row.incident_id)
        facts = escalate.facts_of(ping, row, held, context.policy.escalation)
        plan_beside(session, context, facts, first_held(roster, Role(ping.role), now), now)
    return len(found)


def tested(context: AppContext, slack: Slack, poster: Poster, *, test: str) -> None:
    """Tell whoever asked for a test page what came of each method; edited as more comes back."""
    with context.database.transaction() as session:
        rows = calls.list_of_test(session, test)
        asked_by = rows[0].asked_by if rows else None
        who = messages.named(rows[0].person, rows[0].user_id) if rows else ""
        ways = [messages.way_of(row) for row in rows]
    if asked_by is not None:
        report = messages.test_report(who, ways)
        poster.try_to_post(f"test:{test}", slack.open_direct(asked_by), report)
