"""What people, channels and user groups are called, asked of Slack once a week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import structlog

from bot.context import AppContext
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack, TryAgain
from bot.slack.poster import Poster
from bot.text.markup import USER_ID

log = structlog.get_logger(__name__)

_NAMES_HOLD = timedelta(days=7)  # a name that was asked for so lately is not asked for again
_MOST_NAMES = 100  # names a call


def keep_names(context: AppContext, slack: Slack, poster: Poster, *, names_of: list[str]) -> None:
    """Keep what people, channels and user groups are called that somebody mentioned."""
    look_up_names(context, slack, names_of)


def try_to_look_up(context: AppContext, slack: Slack, user_id: str) -> None:
    """Keep what somebody is called. Nothing waits for it: they are mentioned meanwhile."""
    try:
        look_up_names(context, slack, [user_id])
    except TryAgain as error:
        log.info("could not look a name up", user=user_id, reason=str(error))


def look_up_names(context: AppContext, slack: Slack, ids: Iterable[str]) -> None:
    """Have the names of these people, channels and user groups on record. Raises TryAgain.

    Whom Slack no longer names keeps the name that we know. What has no name for us (a private channel, somebody whom
    Slack does not show) is kept without one: readers get a plain word in its place, never the id.
    """
    wanted = set(ids)
    with context.database.reading() as session:
        known = slack_queries.looked_up_since(session, wanted, context.now() - _NAMES_HOLD)
    asked = sorted(wanted - known)[:_MOST_NAMES]
    groups = _groups(slack) if any(each.startswith("S") for each in asked) else {}
    found = {each: _profile(slack, groups, each) for each in asked}
    if not found:
        return
    with context.database.transaction() as session:
        for slack_id, (name, time_zone, full_name) in found.items():
            if name is not None:
                slack_queries.record_name(session, slack_id, name, context.now(), time_zone, full_name)


def _profile(slack: Slack, groups: dict[str, str] | None, slack_id: str) -> tuple[str | None, str | None, str]:
    """The name, empty where there is none for us and None where it is not known; of people time zone and full name."""
    if USER_ID.fullmatch(slack_id):
        name, time_zone, full_name = slack.profile_of(slack_id)
        return "" if name == slack_id else name, time_zone, full_name
    if slack_id.startswith("S"):
        return groups.get(slack_id, "") if groups is not None else None, None, ""
    return _channel(slack, slack_id), None, ""


def _channel(slack: Slack, channel_id: str) -> str | None:
    """Names of private channels are for their members: Slack shows them to nobody else, and neither do we.

    None where Slack refused for a reason that may pass: the next text that mentions it asks again.
    """
    try:
        channel = slack.call("conversations.info", channel=channel_id)["channel"]
    except Refused as refused:
        log.info("a channel has no name for us", channel=channel_id, error=refused.error)
        return None if refused.may_pass else ""
    return "" if channel.get("is_private") else str(channel.get("name") or "")


def _groups(slack: Slack) -> dict[str, str] | None:
    """Handles of all user groups by id, as Slack has no call for one; None where it does not say."""
    try:
        found = slack.call("usergroups.list")["usergroups"]
    except Refused as refused:
        log.info("user groups have no names for us", error=refused.error)
        return None
    return {str(group["id"]): str(group.get("handle") or group.get("name") or "") for group in found}
