"""What is said of editing an entry. Pure."""

from __future__ import annotations

BUSY = "An import is running. Try again in a minute; nothing that you typed is lost."


def unreadable(line: int, reason: str) -> str:
    return f"Line {line}: {reason}"


def changed_meanwhile(ref: str, by: str) -> str:
    return f"{ref} was changed by {by} while you edited it. Copy your text, open it again, and put your change in."


def not_yours(ref: str) -> str:
    return f"{ref} can be changed by its owner and by whoever authority.yaml lets edit knowledge."
