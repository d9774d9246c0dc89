"""What services outside Slack are answered when they say that somebody acknowledged. Plain text. Pure."""

from __future__ import annotations

UNSIGNED = "The signature or token is missing or wrong."
NO_JSON = "The body isn't a JSON object."
NOTHING_TO_DO = "Nothing to do: this isn't a person acknowledging or resolving."
UNKNOWN_KEY = "Nothing to do: no page has this key."
TAKEN_BEFORE = "This was processed before; nothing changed."
TOO_OLD = "This happened too long ago; nothing changed."
EXPIRED = "This link has expired. Acknowledge in Slack."
FORGED = "This link doesn't work: it is incomplete or was altered."
TEST_ACKNOWLEDGED = "The test page is acknowledged."
SOMEBODY = "somebody"


def not_set_up(variable: str) -> str:
    return f"This isn't set up: {variable} is not set."


def acknowledged(ref: str) -> str:
    return f"{ref} is acknowledged."


def rung_stopped(ref: str, role: str) -> str:
    return f"{ref}: the {role} isn't paged again. Tocsin doesn't know this person, so it isn't acknowledged."


def over(ref: str) -> str:
    return f"{ref} no longer needs to be acknowledged."
