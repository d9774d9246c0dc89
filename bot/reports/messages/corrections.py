"""Asking why people disagreed with the judge, and suggesting another severity. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.reports.rules import IN_WORDS
from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import plain, shorten

WHY = "report_why_view"
SUGGESTION_GONE = "That suggestion is gone. Set the severity yourself: `/incident severity P0`."


def with_choices(message: Message, report_id: int, choices: Mapping[str, str]) -> Message:
    """The outcome of a report, with optional reasons to tap."""
    buttons = [button(label, f"report_why_{word}", f"{word}:{report_id}") for word, label in choices.items()]
    words = button("Other…", "report_why_words", str(report_id))
    asked = context("Optional: why? Your answer trains the severity judge.")
    return Message(message.text, (*message.blocks, asked, actions("report_why", *buttons, words)))


def with_reason(message: Message, reason: str) -> Message:
    """The outcome of a report, with the reason that was given."""
    return Message(message.text, (*message.blocks, context(f"Why: {plain(shorten(reason, 500))}")))


def with_second_thoughts(message: Message, report_id: int) -> Message:
    """The outcome of a report that was marked as not an incident, with the way back."""
    again = actions("report_second_thoughts", button("Declare anyway", "report_declare_after_all", str(report_id)))
    return Message(message.text, (message.blocks[0], again, *message.blocks[1:]))


def no_longer_an_incident() -> Message:
    """The answer to a report whose new wording reports no trouble."""
    text = "Judged again after an edit: this no longer looks like an incident."
    return Message(text, (section(text), context("If it is one, declare it: `/incident declare …`.")))


def why_form(report_id: int, longest: int) -> dict[str, Any]:
    """The form for a reason in one's own words."""
    field: Block = {
        "type": "input",
        "block_id": IN_WORDS,
        "label": {"type": "plain_text", "text": "What did Tocsin get wrong?"},
        "element": {"type": "plain_text_input", "action_id": IN_WORDS, "multiline": True, "max_length": longest},
    }
    return {
        "type": "modal",
        "callback_id": WHY,
        "title": {"type": "plain_text", "text": "Why"},
        "submit": {"type": "plain_text", "text": "Save"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "private_metadata": str(report_id),
        "blocks": [field],
    }


def severity_suggestion(
    suggestion_id: int, before: Level, suggested: Level, row: str, words: Sequence[str], author: str | None
) -> Message:
    """One message in the incident's channel: what would change, why, and two buttons."""
    verb = "Raise" if suggested.severity.worse_than(before.severity) else "Lower"
    heard = f"<@{author}> wrote" if author else "Somebody wrote"
    quoted = ", ".join(f"“{plain(shorten(word, 80))}”" for word in words[:4])
    lines = [
        f"{verb} to *{suggested.severity} {plain(suggested.title)}*? "
        f"It is now {before.severity} {plain(before.title)}.",
        f"{heard} {quoted}: {plain(row)}" if quoted else plain(row),
    ]
    style = "danger" if verb == "Raise" else None
    value = str(suggestion_id)
    buttons = actions(
        "severity_suggestion",
        button(f"{verb} to {suggested.severity}", "severity_take", value, style),
        button(f"Keep {before.severity}", "severity_keep", value),
    )
    return Message(f"{verb} to {suggested.severity}?", (section("\n".join(lines)), buttons))


def suggestion_over(before: Severity, suggested: Severity, outcome: str) -> Message:
    """The same message once somebody decided, or the severity changed meanwhile."""
    verb = "raise" if suggested.worse_than(before) else "lower"
    return Message(outcome, (section(outcome), context(f"Tocsin suggested to {verb} it from {before} to {suggested}.")))
