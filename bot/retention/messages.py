"""The sentences in place of text that was removed by policy."""

from __future__ import annotations

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
