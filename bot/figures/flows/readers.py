"""Who may read the figures of people: holders of the roles above the on-call engineer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role

_READERS = (Role.TEAM_LEAD, Role.ENGINEERING_MANAGER, Role.VP)


def list_readers(session: Session, policy: Policy, now: datetime) -> list[str]:
    """Their user ids, each once, in the order of the roles."""
    return holders(session, policy.contacts, _READERS, now)
