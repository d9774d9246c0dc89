"""What is said of reminders. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.slack.blocks import section
from bot.slack.client import Message
from bot.slack.text import person
from bot.text.markup import escape, instant


def planned(ref: str, at: datetime, words: str) -> str:
    return f"Reminder set for {instant(at)}, where {ref} is worked on: {escape(words)}"


def due(user_id: str, words: str) -> Message:
    text = f"Reminder for {person(user_id)}: {escape(words)}"
    return Message(text, (section(text),))


def listed(ref: str, reminders: Iterable[tuple[datetime, str, str]]) -> str:
    """`reminders`: when, for whom and of what, the next one first."""
    lines = [
        f"{number}. {instant(at)} for {person(user_id)}: {escape(words)}"
        for number, (at, user_id, words) in enumerate(reminders, 1)
    ]
    if not lines:
        return f"{ref} has no reminders. Set one with `/incident remind 15 min check the replica`."
    return "\n".join([f"Reminders of {ref}; `/incident remind cancel 1` cancels one:", *lines])


def cancelled(words: str) -> str:
    return f"Reminder cancelled: {escape(words)}"


def no_such(number: str) -> str:
    return f"There is no reminder {escape(number[:20])}. `/incident remind` lists them."


def too_many(most: int) -> str:
    return f"This incident has {most} reminders already. Cancel one with `/incident remind cancel 1`."
