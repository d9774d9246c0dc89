"""Who may read the figures of people, and who is sent them each month."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role

_MANAGERS = (Role.ENGINEERING_MANAGER, Role.VP)
_READERS = (Role.TEAM_LEAD, *_MANAGERS)


def list_readers(session: Session, policy: Policy, now: datetime) -> list[str]:
    """Holders of the roles above the on-call engineer: their user ids, each once, in the order of the roles."""
    return holders(session, policy.contacts, _READERS, now)


def list_managers(session: Session, policy: Policy, now: datetime) -> list[str]:
    """Who is sent the monthly figures: the engineering manager and the VP, else the team lead."""
    return holders(session, policy.contacts, _MANAGERS, now) or holders(session, policy.contacts, [Role.TEAM_LEAD], now)
