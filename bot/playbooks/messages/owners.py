"""What the owner of a playbook reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.playbooks.messages.markdown import from_markdown
from bot.slack.blocks import context, section
from bot.slack.client import Message
from bot.slack.text import plain, shorten
from bot.text.wording import counted


def failed(ref: str, number: int, title: str, incidents: Sequence[tuple[str, str]], unnamed: int) -> Message:
    """`incidents`: (ref, title) of those in which the step did not help; `unnamed` more may not be named."""
    head = f"Step {number} of *{ref}*, {from_markdown(shorten(title, 200))}, did not help the last two times."
    lines = [f"• {one} {plain(shorten(words, 150))}" for one, words in incidents]
    if unnamed:
        lines.append(f"• {counted(unnamed, 'security incident')}")
    ask = (
        f"You are its owner, or stand in for them. Is the step still right? `tocsin playbooks {ref}` shows its record."
    )
    return Message(f"A step of {ref} failed twice in a row", (section("\n".join([head, *lines])), context(ask)))
