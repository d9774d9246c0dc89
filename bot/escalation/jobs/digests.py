"""Weekly and monthly reviews: one message to each holder of a role, listing all incidents that are due for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.context import AppContext
from bot.escalation.flows import pages as escalate
from bot.escalation.flows.roster import read_roster
from bot.escalation.jobs.recipients import is_gone, reachable, why
from bot.escalation.messages import entries
from bot.escalation.messages import pages as blocks
from bot.escalation.queries import pings
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Roster
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import Poster


def digest(context: AppContext, slack: Slack, poster: Poster, *, role: str, due_at: str) -> None:
    """Post the digest of a role and time, or edit it where further incidents came due since; record each line.

    It takes in what is planned for the same time, as a sweep may have claimed only some of it yet.
    """
    draft = _read(context, role, datetime.fromisoformat(due_at))
    if not draft.fresh:
        return
    refusals: list[str] = []
    for reach in reachable(slack, draft.roster, Role(role), draft.now, refusals):
        reached = _say_to_each(slack, poster, f"digest:{role}:{due_at}", reach.user_ids, draft.message, refusals)
        if reached:
            with context.database.transaction() as session:
                sent = [escalate.Sent(ping_id, reached, why(refusals, reach)) for ping_id in draft.fresh]
                escalate.pages_sent(session, sent, context.now(), context.policy.escalation.late_after)
            return
    with context.database.transaction() as session:
        reason = " ".join(refusals) or entries.NOBODY_FOR_DIGEST
        escalate.pages_failed(session, draft.fresh, reason, context.now())


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a digest says as it was read at `now`. `fresh` are the pings for which it was not recorded yet."""

    message: Message
    fresh: list[int]
    roster: Roster
    now: datetime


def _read(context: AppContext, role: str, due_at: datetime) -> _Draft:
    """Claim what is due, and write the message."""
    now = context.now()
    with context.database.transaction() as session:
        found = [
            (ping, row)
            for ping, row in pings.list_digest_for_change(session, role, due_at)
            if Status(row.status).is_open or ping.state == pings.SENT
        ]
        fresh = [ping.ping_id for ping, _ in found if ping.state != pings.SENT]
        for ping, _ in found:
            if ping.state == pings.PLANNED:
                ping.state, ping.claimed_at = pings.SENDING, now
        listed = [incidents.facts(row) for _, row in found]
        rules = sorted({ping.rule for ping, _ in found}, reverse=True)
        was_due = due_at if now - due_at > context.policy.escalation.late_after else None
        message = blocks.digest(role, rules, listed, now, was_due)
        return _Draft(message, fresh, read_roster(session, context.policy.contacts, now), now)


def _say_to_each(
    slack: Slack, poster: Poster, key: str, user_ids: Sequence[str], message: Message, refusals: list[str]
) -> list[str]:
    reached = []
    for user_id in user_ids:
        if is_gone(slack, user_id, refusals):
            continue
        try:
            poster.say(f"{key}:{user_id}", user_id, message)
            reached.append(user_id)
        except Refused as refused:
            if refused.may_pass:
                raise
            refusals.append(entries.refused(user_id, refused.error))
    return reached
