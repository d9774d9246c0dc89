"""The forms that /incident's menu opens for what one would type, and what was filled in as typed words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import BadRequest
from bot.incidents.rules.incident import Incident
from bot.incidents.rules.responders import EXPECTED, ResponderRole
from bot.severity.messages import severity_options
from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, context, select
from bot.slack.forms import Values, choice_field, field, person_field, text_field
from bot.text.markup import escape

WHEN, WHAT, WHO, WHICH, WHY = "when", "what", "who", "which", "why"
NOTHING_TO_MERGE = "No other incident is open, so there is nothing to merge this one into."


def what(values: Values) -> str:
    """The words of a form that asks for nothing else."""
    return escape(values[WHAT])


def why(values: Values) -> str:
    return escape(values[WHY])


def note_fields(zone: str, over: bool) -> list[Block]:
    """`over`: the incident is resolved, and notes are lessons as often as events."""
    lesson = "Begin with “went well:” or “improve:” and it becomes a line of the review." if over else ""
    return [
        *([context(lesson)] if lesson else []),
        text_field(WHAT, "What happened?", multiline=True),
        text_field(
            WHEN,
            f"When? Leave empty for now ({zone})",
            optional=True,
            limit=60,
            placeholder="14:20, 10 min ago, yesterday 23:50 CET",
        ),
    ]


def note_words(values: Values) -> str:
    return f"{escape(values[WHEN])} {what(values)}".strip()


def fact_fields(label: str, known: str | None, example: str) -> list[Block]:
    """Impact, cause or resolution: what is recorded stands in it, to be worded anew."""
    return [text_field(WHAT, label, multiline=True, initial=known, placeholder=example)]


def rename_fields(title: str, longest: int) -> list[Block]:
    return [text_field(WHAT, "Title", initial=title, limit=longest)]


def reason_fields(label: str, example: str, remark: str) -> list[Block]:
    """A form that asks for a reason, which may be left out."""
    return [context(remark), text_field(WHY, label, optional=True, multiline=True, placeholder=example)]


def remind_fields(zone: str) -> list[Block]:
    return [
        text_field(WHEN, f"When? ({zone})", initial="15 min", limit=60, placeholder="15 min, at 14:30, tomorrow 9:00"),
        text_field(WHAT, "What should it say?", placeholder="check the replica"),
    ]


def remind_words(values: Values) -> str:
    return f"{escape(values[WHEN])} {what(values)}"


def severity_fields(levels: Mapping[Severity, Level], now: Severity) -> list[Block]:
    return [
        field(WHICH, "Severity", select("Choose", WHICH, severity_options(levels), now.value)),
        text_field(WHY, "Why?", optional=True, placeholder="all regions are affected now"),
    ]


def severity_words(values: Values) -> str:
    return f"{values[WHICH]} {why(values)}".strip()


def role_fields(held: Mapping[str, str], user_id: str) -> list[Block]:
    """`held` are user ids by role."""
    lines = [f"*{role.capitalize()}* {_holder(held.get(role))}: {EXPECTED[role]}" for role in ResponderRole]
    roles = {role.value: role.capitalize() for role in ResponderRole}
    free = next((role.value for role in ResponderRole if role not in held), None)
    return [
        choice_field(WHICH, "Role", roles, free),
        person_field(WHO, "Who?", initial=user_id),
        context("\n".join(lines)),
    ]


def _holder(user_id: str | None) -> str:
    return f"<@{user_id}>" if user_id else "(nobody yet)"


def role_words(values: Values) -> str:
    return f"{values[WHICH]} <@{values[WHO]}>"


def handover_fields(commander: str | None) -> list[Block]:
    now = f"<@{commander}> is in command until they accept." if commander else "There is no commander yet."
    return [person_field(WHO, "Who takes command?"), context(now)]


def mention(values: Values) -> str:
    return f"<@{values[WHO]}>"


def merge_fields(others: Sequence[Incident]) -> list[Block]:
    """Into which one this incident is merged. Raises BadRequest where there is none."""
    if not others:
        raise BadRequest(NOTHING_TO_MERGE)
    listed = {one.ref: f"{one.severity} {one.ref} {one.title}" for one in others}
    return [
        context("This one is closed as a duplicate: its pages stop, its timeline and people move there."),
        choice_field(WHICH, "Merge it into", listed),
    ]


def which(values: Values) -> str:
    return escape(values[WHICH])
