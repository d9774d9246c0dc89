"""What the timeline says of pages, and why a page could not be asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.escalation.rules.matrix import Role
from bot.severity.rules import Severity
from bot.slack.text import person
from bot.text.durations import span
from bot.text.markup import escape
from bot.text.wording import counted


def by_hand(asked_by: str | None, reason: str | None) -> str:
    """Why a page was sent that somebody asked for."""
    return f"requested by {person(asked_by)}" + (f": {escape(reason)}" if reason else "")


def paged(user_ids: Iterable[str], role: str, cause: str, late: timedelta | None, instead: str) -> str:
    """`late`: by how much, where that is worth saying. `instead`: who stands in for whom, or nothing."""
    who = ", ".join(person(user_id) for user_id in user_ids)
    tail = f", {span(late)} late" if late is not None else ""
    return f"Paged {who} as {role} ({cause}){tail}." + (f" {instead}" if instead else "")


def not_paged(role: str, cause: str, reason: str) -> str:
    return f"Could not page the {role} ({cause}): {reason}"


def breached(within: timedelta, severity: Severity) -> str:
    return f"No one acknowledged within {span(within)}, the response time of {severity}."


def asked_just_now(role: Role, seconds: int, asked_by: str | None) -> str:
    paged = f"The {role} was paged {counted(seconds, 'second')} ago by {person(asked_by)}."
    return f"{paged} Nothing was sent; to page them again, wait a minute."


ALL_PAGED = "Every role has been paged. Name the one to page again: `/incident escalate VP still down`."


# Why nobody was reached


def nobody_assigned(role: Role) -> str:
    return f"No one is assigned to {role}."


def stands_in(role: Role) -> str:
    return f"The {role} stands in."


def gone(user_id: str, is_bot: bool) -> str:
    return f"{person(user_id)} is {'a bot' if is_bot else 'no longer in the workspace'}."


def no_slack_id(name: str) -> str:
    return f"{name} has no Slack id."


def unknown_group(name: str, group: str) -> str:
    return f"The user group of {name} ({group}) is unknown to Slack."


def empty_group(name: str) -> str:
    return f"The user group of {name} is empty."


def refused(user_id: str, error: str) -> str:
    """`error` is Slack's own word."""
    return f"Slack refused {person(user_id)} ({error})."


NOBODY_FOR_DIGEST = "No one is assigned to this role."


def not_reached(refusals: Sequence[str]) -> str:
    """Why a page reached nobody, and what to do."""
    why = " ".join(refusals) or "No one is assigned to this role or its fallbacks."
    return f"{why} Run `tocsin doctor`."


def cancelled_because(what: str, due: bool) -> str:
    """Why a page was not sent: `what` happened before it fell `due`, or else before it went out."""
    return f"{what} before {'it was due' if due else 'it was sent'}"


ANSWERED_ELSEWHERE = "answered at its pager"
REPLACED_BY_LATER = "replaced by a later page"
BY_HAND = "requested manually"
