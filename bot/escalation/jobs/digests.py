"""Weekly and monthly reviews: one message to each holder of a role, listing all incidents that are due for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.escalation.flows import pages as escalate
from bot.escalation.flows.roster import read_roster
from bot.escalation.jobs.recipients import is_gone, reachable, why
from bot.escalation.messages import entries
from bot.escalation.messages import pages as blocks
from bot.escalation.queries import pings
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Roster
from bot.escalation.tables import PingRow
from bot.incidents import visibility
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Incident, Status
from bot.incidents.tables import IncidentRow
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Poster

_GONE = frozenset({"message_not_found", *UNREACHABLE})


def digest(context: AppContext, slack: Slack, poster: Poster, *, role: str, due_at: str) -> None:
    """Post the digest of a role and time, or edit it where further incidents came due since; record each line.

    It takes in what is planned for the same time, as a sweep may have claimed only some of it yet.
    """
    draft = _read(context, role, datetime.fromisoformat(due_at))
    if not draft.fresh:
        return
    refusals: list[str] = []
    for reach in reachable(slack, draft.roster, Role(role), draft.now, refusals):
        key, messages = _key(role, due_at), partial(_message, context, draft)
        reached = _say_to_each(slack, poster, key, reach.user_ids, messages, refusals)
        if reached:
            with context.database.transaction() as session:
                sent = [escalate.Sent(ping_id, reached, why(refusals, reach)) for ping_id in draft.fresh]
                escalate.pages_sent(session, sent, context.now(), context.policy.escalation.late_after)
            return
    with context.database.transaction() as session:
        reason = " ".join(refusals) or entries.NOBODY_FOR_DIGEST
        escalate.pages_failed(session, draft.fresh, reason, context.now())


def redraw(context: AppContext, slack: Slack, poster: Poster, *, role: str, due_at: str) -> None:
    """Edit a digest that was sent, where an incident that it lists was made private since. Nobody gets one anew."""
    now = context.now()
    with context.database.transaction() as session:
        found = pings.list_digest_for_change(session, role, datetime.fromisoformat(due_at))
        sent = [(ping, row) for ping, row in found if ping.state == pings.SENT]
        draft = _draft(context, session, role, datetime.fromisoformat(due_at), sent, now)
        said = sorted({user_id for ping, _ in sent for user_id in ping.user_ids})
    for user_id in said:
        try:
            poster.edit(f"{_key(role, due_at)}:{user_id}", _message(context, draft, user_id))
        except Refused as refused:
            if refused.error not in _GONE:
                raise


def _key(role: str, due_at: str) -> str:
    return f"digest:{role}:{due_at}"


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a digest says as it was read at `now`. `fresh` are the pings for which it was not recorded yet."""

    role: str
    rules: list[str]
    listed: list[Incident]
    was_due: datetime | None
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
        draft = _draft(context, session, role, due_at, found, now)
        for ping, _ in found:
            if ping.state == pings.PLANNED:
                ping.state, ping.claimed_at = pings.SENDING, now
        return draft


def _draft(
    context: AppContext,
    session: Session,
    role: str,
    due_at: datetime,
    found: Sequence[tuple[PingRow, IncidentRow]],
    now: datetime,
) -> _Draft:
    fresh = [ping.ping_id for ping, _ in found if ping.state != pings.SENT]
    rules = sorted({ping.rule for ping, _ in found}, reverse=True)
    was_due = due_at if now - due_at > context.policy.escalation.late_after else None
    roster = read_roster(session, context.policy.contacts, now)
    return _Draft(role, rules, [incidents.facts(row) for _, row in found], was_due, fresh, roster, now)


def _message(context: AppContext, draft: _Draft, reader: str) -> Message:
    """What one person is shown: of security incidents those alone that they may see."""
    private = [incident.incident_id for incident in draft.listed if incident.private]
    visible: set[int] = set()
    if private:
        with context.database.transaction() as session:
            visible = visibility.which_visible(session, private, reader)
    listed = [one for one in draft.listed if not one.private or one.incident_id in visible]
    return blocks.digest(draft.role, draft.rules, listed, draft.now, draft.was_due, len(draft.listed) - len(listed))


def _say_to_each(
    slack: Slack,
    poster: Poster,
    key: str,
    user_ids: Sequence[str],
    message: Callable[[str], Message],
    refusals: list[str],
) -> list[str]:
    reached = []
    for user_id in user_ids:
        if is_gone(slack, user_id, refusals):
            continue
        try:
            poster.say(f"{key}:{user_id}", user_id, message(user_id))
            reached.append(user_id)
        except Refused as refused:
            if refused.may_pass:
                raise
            refusals.append(entries.refused(user_id, refused.error))
    return reached
