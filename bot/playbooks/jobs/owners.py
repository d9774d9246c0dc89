"""Words to the owner of a playbook: a step that failed twice in a row, a playbook that nobody used in a year."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.escalation.flows import people
from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role
from bot.incidents import visibility
from bot.incidents.queries import incidents
from bot.playbooks.flows.owners import propose_archive
from bot.playbooks.messages import owners as messages
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import Poster

_LEFT = frozenset({"user_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot"})
_FALL_BACK = (Role.TEAM_LEAD, Role.ENGINEERING_MANAGER)


def step_failed(
    context: AppContext, slack: Slack, poster: Poster, *, ref: str, number: int, title: str, incident_ids: list[int]
) -> None:
    """Tell the owner which step failed, and in which incidents; security incidents are counted, not named."""
    entry = context.memory.current().entries.get(ref)
    with context.database.transaction() as session:
        rows = [incidents.get(session, incident_id) for incident_id in incident_ids]
        named = [(row.ref, row.title) for row in rows if visibility.for_everybody(row)]
        whom = candidates(session, context, entry.owner if entry else None)
    message = messages.failed(ref, number, title, named, len(rows) - len(named))
    tell(slack, poster, f"playbook-failed:{ref}:{number}:{'-'.join(map(str, incident_ids))}", whom, message)


def find_unused(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Have the owners of playbooks that nobody used in so long asked, once a year."""
    after = context.policy.upkeep.archive_after
    if after is None:
        return
    entries = context.memory.current().entries.values()
    with context.database.transaction() as session:
        propose_archive(session, entries, context.now(), after)


def candidates(session: Session, context: AppContext, owner: str | None) -> list[list[str]]:
    """Whom to tell, in order: the owner, and who stands in where that is nobody in Slack or somebody who left."""
    now, contacts = context.now(), context.policy.contacts
    found = []
    if owner:
        with suppress(BadRequest):  # a team, or somebody whom nobody knows
            found.append([people.find_person(session, owner, contacts, now)])
    return [*found, *(holders(session, contacts, [role], now) for role in _FALL_BACK)]


def tell(slack: Slack, poster: Poster, key: str, candidates: Sequence[Sequence[str]], message: Message) -> list[str]:
    """A direct message to the first of them who is here; the keys under which it was posted."""
    for user_ids in candidates:
        reached = [
            user_id for user_id in user_ids if slack.is_here(user_id) and _say(slack, poster, key, user_id, message)
        ]
        if reached:
            return [f"{key}:{user_id}" for user_id in reached]
    return []


def _say(slack: Slack, poster: Poster, key: str, user_id: str, message: Message) -> bool:
    try:
        return poster.try_to_post(f"{key}:{user_id}", slack.open_direct(user_id), message) is not None
    except Refused as refused:
        if refused.error not in _LEFT:
            raise
        return False
