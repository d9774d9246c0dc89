"""App Home: what waits for one person, their incidents, and what is open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.escalation.queries import pings
from bot.incidents import visibility
from bot.incidents.authority import may
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages import home as homes
from bot.lifecycle.queries import handovers
from bot.reviews.queries import action_items, reviews
from bot.reviews.tables import ReviewStageRow
from bot.slack.client import Refused, Slack
from bot.slack.poster import Poster
from bot.stakeholders.jobs import log

_HOME_SHOWN = 10


def home(context: AppContext, slack: Slack, poster: Poster, *, user_id: str) -> None:
    """Draw one person's App Home. It shows only what that person may see."""
    now = context.now()
    context.look_up(user_id)
    with context.database.transaction() as session:
        if not may(session, context, Act.READ, user_id, now):
            return  # a guest's App Home stays as Slack shows it where nothing was published
        facts = home_facts(session, context, user_id, now)
    try:
        slack.publish_home(user_id, homes.home(facts, now))
    except Refused as refused:
        log.info("could not show App Home", user=user_id, error=refused.error)


def home_facts(session: Session, context: AppContext, user_id: str, now: datetime) -> homes.HomeFacts:
    """What App Home shows: a handful of queries, each limited."""
    mine = visibility.list_rows(session, user_id, limit=_HOME_SHOWN, mine=True)
    opened, total = visibility.list_page(session, user_id, limit=2 * _HOME_SHOWN)
    held = {row.incident_id for row in mine}
    others = [row for row in opened if row.incident_id not in held][:_HOME_SHOWN]
    asked = [
        homes.asked_ping(incidents.facts(row), ping.role, ping.ping_id, now)
        for ping, row in pings.list_asked_pings(session, user_id, _HOME_SHOWN)
        if visibility.may_see(session, row, user_id)
    ]
    asked += [
        homes.asked_handover(incidents.facts(row), offer.handover_id, offer.asked_by, now)
        for offer, row in handovers.list_offered_handovers(session, user_id)[:_HOME_SHOWN]
        if visibility.may_see(session, row, user_id)
    ]
    asked += [
        homes.asked_review(incidents.facts(row), stage.stage if row.closed_at else "not closed yet", stage.due_at)
        for stage, row in _reviews_due(session, context, user_id, now)
    ]
    for item, row in action_items.list_of_owner(session, user_id, _HOME_SHOWN):
        if item.due_on is not None and visibility.may_see(session, row, user_id):
            asked.append(homes.asked_action(row.ref, item.number, item.text, item.due_on.isoformat()))
    return homes.HomeFacts(
        asked=asked,
        mine=[incidents.facts(row) for row in mine],
        open=[incidents.facts(row) for row in others],
        unshown=total - len(mine) - len(others),
    )


def _reviews_due(
    session: Session, context: AppContext, user_id: str, now: datetime
) -> list[tuple[ReviewStageRow, IncidentRow]]:
    """Reviews that wait for this person: as commander, or as one of those who approve."""
    approves = may(session, context, Act.APPROVE, user_id, now)
    return [
        (stage, row)
        for stage, row in reviews.list_unfinished(session, user_id, 50)
        if approves or user_id == row.commander
    ][:_HOME_SHOWN]
