"""The forms of on-call and of paging somebody, and what was filled in as typed words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import BadRequest
from bot.escalation.rules.matrix import LADDER, Role
from bot.slack.blocks import Block, context
from bot.slack.forms import Values, choice_field, person_field, text_field
from bot.text.markup import escape

WHO, ROLE, FROM, UNTIL, WHY, WHICH = "who", "role", "from", "until", "why", "which"
_UNTIL = "tomorrow 9:00, 2 h, Monday 18:00"
NO_OVERRIDE = "There is no override now or later. `/incident oncall` shows who is on call."


def override_fields(zone: str) -> list[Block]:
    return [
        person_field(WHO, "Who is on call?"),
        choice_field(
            ROLE, "Role", {role.value: _capital(role) for role in (*LADDER, Role.SECONDARY)}, Role.ON_CALL.value
        ),
        text_field(UNTIL, f"Until when? ({zone})", limit=60, placeholder=_UNTIL),
        text_field(FROM, f"From when? Leave empty for now ({zone})", optional=True, limit=60, placeholder="22:00"),
    ]


def not_later(typed: str) -> str:
    """What was typed as the end, in a form: no command is taught there."""
    return f"“{typed[:40]}” is over by then. Write a later time: {_UNTIL}."


def override_words(values: Values) -> str:
    starts = f" from {escape(values[FROM])}" if values[FROM] else ""
    return f"override <@{values[WHO]}>{starts} until {escape(values[UNTIL])} as {values[ROLE]}"


def remove_fields(overrides: Sequence[tuple[str, str, str, str]]) -> list[Block]:
    """`overrides`: user id, name, role, until when. Raises BadRequest where there is none.

    Options are plain text, in which Slack shows no mention: hence the names.
    """
    if not overrides:
        raise BadRequest(NO_OVERRIDE)
    listed: dict[str, str] = {}
    for user_id, name, role, until in overrides:  # the one that began first is the one that the words take away
        listed.setdefault(f"<@{user_id}> as {role}", f"{name} as {role}, until {until}")
    return [choice_field(WHICH, "Which override ends?", listed, next(iter(listed)))]


def remove_words(values: Values) -> str:
    return f"remove {values[WHICH]}"


def test_fields(user_id: str) -> list[Block]:
    return [
        context("A page marked TEST goes out at once by every contact method in contacts.yaml."),
        person_field(WHO, "Who gets it?", initial=user_id),
    ]


def test_words(values: Values) -> str:
    return f"test <@{values[WHO]}>"


def escalate_fields(rungs: Mapping[Role, str]) -> list[Block]:
    """`rungs`: who holds each role, as a name; empty where nobody does."""
    choices = {role.value: f"{_capital(role)}: {who or 'nobody'}" for role, who in rungs.items()}
    return [
        choice_field(ROLE, "Page now", choices),
        text_field(WHY, "Why? The page says it.", optional=True, placeholder="payments are down"),
    ]


def escalate_words(values: Values) -> str:
    return f"{values[ROLE]} {escape(values[WHY])}".strip()


def _capital(role: Role) -> str:
    return role.value[:1].upper() + role.value[1:]
