"""Notices: calls, mail and text messages beside a ping, and word to those whom an override concerns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.aws.session import Denied
from bot.context import AppContext
from bot.escalation.flows.holders import user_ids_of
from bot.escalation.flows.roster import roster_of
from bot.escalation.jobs import calls
from bot.escalation.messages import pages as blocks
from bot.escalation.messages import roster as roster_blocks
from bot.escalation.queries import notices, user_groups
from bot.escalation.queries import roster as store
from bot.escalation.rules.matrix import DrillPagers, Role
from bot.escalation.rules.ping_facts import PingFacts
from bot.escalation.rules.plan import PingKind
from bot.escalation.rules.roster import Roster, first_held
from bot.escalation.tables import OverrideRow
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.store.outbox import PAGING, enqueue

log = structlog.get_logger(__name__)


def plan_beside(session: Session, context: AppContext, ping: PingFacts, roster: Roster, now: datetime) -> None:
    """Have the people of a ping called, mailed and texted too, where that is configured: once by each way and address.

    Mail and text messages go at once, unless they stand among somebody's methods and wait for their turn.
    """
    if ping.kind == PingKind.DIGEST:
        return
    people = first_held(roster, Role(ping.role), now)
    calls.plan_beside(session, context, ping, people, now)
    for person in people:
        in_turn = {method.service for method in person.methods}
        if context.send_mail is not None and person.email and notices.MAIL not in in_turn:
            where = f"#{ping.incident.channel_name}"
            _plan(session, ping, notices.MAIL, person.email, *blocks.by_mail(ping, now, where), now=now)
        texts = context.send_text is not None and calls.rings(context, ping.incident) is not DrillPagers.OFF
        if texts and person.phone and notices.TEXT not in in_turn:
            _plan(session, ping, notices.TEXT, person.phone, "", blocks.by_text_message(ping, now), now=now)


def _plan(session: Session, ping: PingFacts, way: str, address: str, subject: str, body: str, *, now: datetime) -> None:
    notice_id = notices.add_notice(session, f"ping:{ping.ping_id}:{way}:{address}", way, address, subject, body, now)
    if notice_id is not None:
        lock = f"notice-{notice_id}"
        enqueue(session, "aws.notice", queue=PAGING, lock=lock, priority=4, notice_id=notice_id)


def send_notice(context: AppContext, slack: Slack, poster: Poster, *, notice_id: int) -> None:
    """Send one mail or text message and record it. What AWS refuses for good is recorded with its reason.

    A lost answer is tried again: neither SES nor SNS can be asked whether it took a message, and twice is better than
    never.
    """
    with context.database.transaction() as session:
        row = notices.get(session, notice_id)
        state, way, address, subject, body = row.state, row.way, row.address, row.subject, row.body
    send = _way(context, way, address, subject, body)
    if state != notices.PLANNED or send is None:
        return
    failure = None
    try:
        send()
    except Denied as denied:
        log.error("notice refused", notice_id=notice_id, way=way, error=str(denied))
        failure = str(denied)
    with context.database.transaction() as session:
        row = notices.get(session, notice_id, for_change=True)
        row.state, row.reason = (notices.FAILED, failure) if failure else (notices.SENT, None)
        row.sent_at = None if failure else context.now()
        kind, entry_id, *_ = row.key.split(":")
        if kind == "notice":  # one to stakeholders, who are told by nothing else than what was sent
            enqueue(session, "slack.notice_mailed", entry_id=int(entry_id), address=address, failure=failure)


def _way(context: AppContext, way: str, address: str, subject: str, body: str) -> Callable[[], None] | None:
    """How to send it; None where that way is no longer configured."""
    mail, text = context.send_mail, context.send_text
    if way == notices.MAIL and mail is not None:
        return lambda: mail(address, subject, body)
    if way == notices.TEXT and text is not None:
        return lambda: text(address, body)
    return None


def tell_override(context: AppContext, slack: Slack, poster: Poster, *, override_id: int) -> None:
    """Tell the person, whoever they displace and the team lead by direct message, and the announcement channel.

    Whoever made or removed it knows. Repeated, each message is edited in place.
    """
    with context.database.transaction() as session:
        row = store.get_override(session, override_id)
        displaced, leads = _concerned(session, context, row)
        facts = roster_blocks.OverrideFacts(
            row.role, row.user_id, row.from_at, row.until_at, row.made_by, row.removed_by, tuple(displaced)
        )
        session.expunge_all()
    knows = facts.removed_by or facts.made_by
    if facts.user_id != knows:
        own = roster_blocks.override_notice(facts)
        poster.try_to_post(f"override:{override_id}", slack.open_direct(facts.user_id), own)
    news = roster_blocks.override_news(facts)
    for user_id in dict.fromkeys([*displaced, *leads]):
        if user_id not in (knows, facts.user_id):
            poster.try_to_post(f"override:{override_id}:{user_id}", slack.open_direct(user_id), news)
    if channel_id := context.announcement_channel():
        poster.try_to_post(f"override:{override_id}:channel", channel_id, news)


def _concerned(session: Session, context: AppContext, row: OverrideRow) -> tuple[list[str], list[str]]:
    """The ids of those who would hold the role without the override when it begins, and of the team lead's holders."""
    contacts, at = context.policy.contacts, max(row.from_at, row.made_at)
    others = [each for each in store.list_overrides(session, row.made_at) if each.override_id != row.override_id]
    roster = roster_of(contacts, others, store.list_shifts(session, row.made_at))
    found = [roster.who(role, at) for role in (Role(row.role), Role.TEAM_LEAD)]
    members = user_groups.members_of(session, [one.user_group for people in found for one in people if one.user_group])
    displaced, leads = ([each for one in people for each in user_ids_of(one, members)] for people in found)
    return [user_id for user_id in displaced if user_id != row.user_id], leads
