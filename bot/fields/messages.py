"""Types and custom fields as people read and fill them in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import BadRequest
from bot.fields.rules import KEPT, LONGEST_TEXT, TYPE, Ask, Field, FieldsPolicy, Holds, Value, block_of, listed
from bot.incidents.rules.incident import Incident
from bot.slack.blocks import Block, actions, button, context, option, section, select
from bot.slack.client import Message
from bot.slack.forms import field, form, text_field
from bot.slack.text import code, person, plain, shorten
from bot.text.markup import escape
from bot.text.wording import counted

FIELDS, OPEN_FORM, CHOOSE_TYPE = "fields_view", "incident_fields", "incident_type"
_NOT_SET = "-"  # what a menu sends for nothing
_SHOWN = 8  # fields on the card
_LONGEST_SHOWN = 80  # characters of a value on the card


@dataclass(frozen=True, slots=True)
class Changed:
    """A field, or the type, that somebody set; empty where there was, or now is, nothing."""

    title: str
    before: str
    after: str


# On the timeline, and to whoever set it


def entry(by: str, changes: Sequence[Changed]) -> str:
    """One sentence, in markup."""
    return f"{person(by)} {', '.join(_did(change) for change in changes)}."


def quoted(value: str) -> str:
    """A value as the timeline's sentences have it."""
    return f"“{escape(value)}”"


def _did(change: Changed) -> str:
    was = f" (was {quoted(change.before)})" if change.before else ""
    if not change.after:
        return f"cleared {escape(change.title)}{was}"
    return f"set {escape(change.title)} to {quoted(change.after)}{was}"


def answer(ref: str, changes: Sequence[Changed]) -> str:
    """To whoever set it."""
    return f"{ref}: {' '.join(_is_now(change) for change in changes)}"


def saved(ref: str, changes: Sequence[Changed]) -> str:
    """To whoever sent a form: without the values, which a job would hold; the card has them."""
    return f"{ref}: saved {listed([plain(change.title) for change in changes])}."


def _is_now(change: Changed) -> str:
    title, was = escape(change.title), f", was {escape(shorten(change.before, 200))}" if change.before else ""
    return f"{title} is now {escape(shorten(change.after, 200)) or 'empty'}{was}."


def unchanged(ref: str, title: str, value: str) -> str:
    return f"{ref}: {escape(title)} is {escape(shorten(value, 200)) or 'already empty'}. Nothing was changed."


def now_private(ref: str, title: str) -> str:
    """A type of private incidents was given to one that everybody sees."""
    return f"{ref} is still open to everybody, and {escape(title)} incidents are private: `/incident private` hides it."


def at_least(title: str, severity: str) -> str:
    """Why the severity was raised."""
    return f"{title} incidents are at least {severity}"


# Shown


def line(type_title: str, values: Sequence[tuple[str, str]]) -> str:
    """The card's line: the type, then what the fields hold. Empty where there is neither."""
    shown = [f"{plain(title)}: {plain(shorten(value, _LONGEST_SHOWN))}" for title, value in values[:_SHOWN]]
    more = [f"{counted(len(values) - _SHOWN, 'more field')}"] if len(values) > _SHOWN else []
    return " · ".join([*([f"*{plain(type_title)}*"] if type_title else []), *shown, *more])


def type_question(incident: Incident, policy: FieldsPolicy, type_name: str | None) -> Message:
    """`/incident type` alone: which it is, and a menu of the others."""
    known = policy.title_of(type_name)
    text = f"{incident.ref} is of type *{plain(known)}*." if known else f"{incident.ref} has no type yet."
    if not policy.types:
        return Message(f"{text} There are no types: whoever runs Tocsin adds them to fields.yaml.")
    choices = [
        option(_choice(one.title, one.meaning), f"{name}:{incident.incident_id}") for name, one in policy.types.items()
    ]
    menu = select("Type", CHOOSE_TYPE, choices, f"{type_name}:{incident.incident_id}")
    blocks: list[Block] = [
        section(text, menu),
        context(f"Or type {code(f'/incident type {next(iter(policy.types))}')}."),
    ]
    return Message(f"{text} Choose one of: {listed(list(policy.types))}", tuple(blocks))


def _choice(title: str, meaning: str) -> str:
    return shorten(f"{title}: {meaning}" if meaning else title, 75)


def field_is(ref: str, one: Field, value: str) -> str:
    """`/incident field name` alone."""
    held = f"is {plain(value)}" if value else "is empty"
    return f"{ref}: {plain(one.title)} {held}. {takes(one)}"


def takes(one: Field) -> str:
    """What may be typed for it."""
    what = {
        Holds.SELECT: f"One of: {plain(one.choices)}.",
        Holds.NUMBER: f"It is {one.numbers}.",
        Holds.TEXT: f"Text of up to {LONGEST_TEXT:,} characters.",
    }[one.holds]
    return f"{what} Set it with {code(f'/incident field {one.name} …')}; `-` clears it."


def still_required(incident_id: int, fields: Sequence[Field], said: str) -> Message:
    """What is required and empty, with the form that asks for it; `said` is what became of the command."""
    names = listed([plain(one.title) for one in fields])
    text = f"{said} Required and still empty: {names}.".strip()
    ask = actions("fields_actions", button("Fill in", OPEN_FORM, str(incident_id), "primary"))
    return Message(text, (section(text), ask))


def empty_ones(ref: str, fields: Sequence[Field]) -> str:
    """A sentence on what is required and empty, after another; none where nothing is."""
    names = listed([plain(one.title) for one in fields])
    return f"\nRequired and still empty: {names}. Fill in: {code(f'/incident field {ref}')}" if fields else ""


# Forms


def fields_form(
    incident: Incident, policy: FieldsPolicy, type_name: str | None, known: Mapping[str, Value]
) -> dict[str, Any]:
    """All that an incident may have."""
    applying = [one for one in policy.fields.values() if one.applies(type_name) or one.name in known]
    others = [one for one in policy.fields.values() if one not in applying]
    blocks = [
        section(f"*{incident.severity}* · {incident.ref} · {plain(incident.title)}"),
        *inputs([*applying, *others], policy, type_name, known, None),
    ]
    return form(FIELDS, "Type and fields", "Save", str(incident.incident_id), blocks)


def asked_on_declaring(policy: FieldsPolicy) -> list[dict[str, Any]]:
    """The inputs of the declare form, which can't know the type: fields of one type say so."""
    return inputs(policy.asked(Ask.DECLARE, any_type=True), policy, when=Ask.DECLARE)


def asked_on_ending(
    policy: FieldsPolicy,
    type_name: str | None,
    known: Mapping[str, Value],
    closing: bool,
    chosen: str | None = None,
) -> list[dict[str, Any]]:
    """The inputs of the forms that resolve and close; the latter asks only for what is empty.

    `chosen` is the type that somebody chose in the form: the fields are that type's.
    """
    of_type = chosen or type_name
    asked = {one.name for one in (*policy.asked(Ask.RESOLVE, of_type), *policy.missing(Ask.RESOLVE, of_type, known))}
    wanted = [one for name, one in policy.fields.items() if name in asked and not (closing and name in known)]
    fields = inputs(wanted, policy, of_type, known, Ask.RESOLVE, with_type=False)
    if type_name or not policy.types:
        return fields
    bound = any(one.types for one in policy.fields.values())  # a choice brings other fields
    return [_type_input(policy, None) | ({"dispatch_action": True} if bound else {}), *fields]


def chosen_type(values: Mapping[str, str]) -> str:
    """The type chosen in a form; empty for none."""
    return values.get(block_of(TYPE), "").removeprefix(_NOT_SET)


def as_words(filled: Mapping[str, str], policy: FieldsPolicy) -> list[str]:
    """What a form said of type and fields, a line each, for a note."""
    chosen = policy.title_of(chosen_type(filled))
    said = [(one.title, filled.get(block_of(one.name), "").removeprefix(_NOT_SET)) for one in policy.fields.values()]
    return [f"{title}: {value}" for title, value in (("Type", chosen), *said) if value]


def inputs(
    fields: Iterable[Field],
    policy: FieldsPolicy,
    type_name: str | None = None,
    known: Mapping[str, Value] | None = None,
    when: Ask | None = None,
    with_type: bool = True,
) -> list[dict[str, Any]]:
    """The inputs of a form: the type, then these fields. What is required then must be filled in."""
    blocks = [_type_input(policy, type_name)] if policy.types and with_type else []
    return blocks + [_input(one, policy, type_name, (known or {}).get(one.name), when) for one in fields]


def _type_input(policy: FieldsPolicy, type_name: str | None) -> dict[str, Any]:
    choices = [option("Not set", _NOT_SET)]
    choices += [option(_choice(one.title, one.meaning), name) for name, one in policy.types.items()]
    if type_name and type_name not in policy.types:
        choices.append(option(f"{type_name} (no longer offered)", type_name))
    return field(block_of(TYPE), "Type", select("Type", block_of(TYPE), choices, type_name or _NOT_SET), optional=True)


def _input(
    one: Field, policy: FieldsPolicy, type_name: str | None, known: Value | None, when: Ask | None
) -> dict[str, Any]:
    needed = one.needed(when, type_name)
    label, name, value = _label(one, policy, type_name), block_of(one.name), known.value if known else ""
    if one.holds is Holds.SELECT:
        block = field(name, label, _menu(one, name, value, needed), optional=not needed)
    elif one.holds is Holds.NUMBER and _is_number(one, value):
        block = field(name, label, _number(one, name, value), optional=not needed)
    else:
        block = text_field(name, label, optional=not needed, limit=LONGEST_TEXT, initial=value)
    return block | ({"hint": {"type": "plain_text", "text": one.hint}} if one.hint else {})


def _is_number(one: Field, value: str) -> bool:
    """False for a value of the time when the field held something else, which no input for numbers shows."""
    try:
        return one.read(value) == value
    except BadRequest:
        return False


def _label(one: Field, policy: FieldsPolicy, type_name: str | None) -> str:
    """Its title, and of which types it is asked where the form can't know the type."""
    if one.applies(type_name):
        return one.title
    return f"{one.title} (only {' or '.join(policy.title_of(each) for each in one.types)})"


def _menu(one: Field, name: str, value: str, needed: bool) -> Block:
    choices = [option(each, each) for each in one.options]
    if value and value not in one.options:
        choices.append(option(f"{shorten(value, 50)} (no longer offered)", KEPT))
    if not needed:
        choices.append(option("Not set", _NOT_SET))
    return select(one.title, name, choices, value if value in one.options else KEPT if value else None)


def _number(one: Field, name: str, value: str) -> Block:
    block: Block = {"type": "number_input", "action_id": name, "is_decimal_allowed": True}
    bounds = {"min_value": one.least, "max_value": one.most}
    block |= {key: f"{bound:f}" for key, bound in bounds.items() if bound is not None}
    return block | ({"initial_value": value} if value else {})
