"""The sentences in place of text that was removed by policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.retention.policy import in_days


def message_removed(kept: timedelta) -> str:
    """On the timeline, for the words of a message. A trigger of the database lets no other words take their place."""
    return f"Message, removed after {in_days(kept)} by policy."


def draft_removed(kept: timedelta) -> str:
    """In the sections of a draft that nobody approved."""
    return f"Draft removed after {in_days(kept)} by policy."


def report_removed(kept: timedelta) -> str:
    """For the words with which somebody corrected the judge."""
    return f"Removed after {in_days(kept)} by policy."


def still_listed(user_id: str) -> str:
    return f"contacts.yaml lists {user_id}, who would be paged and recorded again. Take them out of it first."


def still_at_work(user_id: str, refs: Sequence[str]) -> str:
    return f"{user_id} commands or has a role in {', '.join(refs)}. Close it, or give the role to somebody else first."
