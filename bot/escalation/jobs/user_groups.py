"""User groups: who is in them, asked of Slack now and then, so that pages and flows need not call out."""

from __future__ import annotations

import structlog

from bot.context import AppContext
from bot.escalation.flows.holders import groups_of
from bot.escalation.queries import user_groups
from bot.slack.client import Refused, Slack
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)


def groups(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Keep the members of every user group that the policy names; nobody of one that is no more.

    Where Slack refuses for another reason, what it said last still holds.
    """
    for group_id in groups_of(context.policy):
        try:
            members = slack.members_of_group(group_id)
        except Refused as refused:
            log.warning("user group could not be read", group=group_id, error=refused.error)
            if refused.error not in ("no_such_subteam", "subteam_not_found"):
                continue
            members = []
        with context.database.transaction() as session:
            user_groups.record_members(session, group_id, members, context.now())
