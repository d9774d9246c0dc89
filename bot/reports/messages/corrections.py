"""Asking why people decided otherwise than the judge thought, and suggesting another severity. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.reports.rules import IN_WORDS
from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import plain, shorten

WHY = "report_why_view"


def with_choices(message: Message, report_id: int, choices: Mapping[str, str]) -> Message:
    """The outcome of a report, with the reasons that can be tapped. Nobody has to."""
    buttons = [button(label, f"report_why_{word}", f"{word}:{report_id}") for word, label in choices.items()]
    words = button("In words", "report_why_words", str(report_id))
    asked = context("Why? One tap teaches the judge. Optional.")
    return Message(message.text, (*message.blocks, asked, actions("report_why", *buttons, words)))


def with_reason(message: Message, reason: str) -> Message:
    """The outcome of a report, with the reason that was given."""
    return Message(message.text, (*message.blocks, context(f"Why: {plain(shorten(reason, 500))}")))


def with_second_thoughts(message: Message, report_id: int) -> Message:
    """The outcome of a report that was called no incident, with the way back."""
    again = actions("report_second_thoughts", button("Declare after all", "report_declare_after_all", str(report_id)))
    return Message(message.text, (message.blocks[0], again, *message.blocks[1:]))


def no_longer_an_incident() -> Message:
    """The answer to a report whose new wording tells of no trouble."""
    text = "The report was edited; judged again: this no longer looks like an incident."
    return Message(text, (section(text), context("If it is one after all: `/incident declare …`.")))


def why_form(report_id: int, longest: int) -> dict[str, Any]:
    """The form for a reason in one's own words."""
    field: Block = {
        "type": "input",
        "block_id": IN_WORDS,
        "label": {"type": "plain_text", "text": "Why was it judged wrongly?"},
        "element": {"type": "plain_text_input", "action_id": IN_WORDS, "multiline": True, "max_length": longest},
    }
    return {
        "type": "modal",
        "callback_id": WHY,
        "title": {"type": "plain_text", "text": "Why"},
        "submit": {"type": "plain_text", "text": "Keep"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "private_metadata": str(report_id),
        "blocks": [field],
    }


def severity_suggestion(
    suggestion_id: int, before: Level, suggested: Level, row: str, words: Sequence[str], author: str | None
) -> Message:
    """One message in the incident's channel: what would change, why, and two buttons."""
    verb = "Raise" if suggested.severity.worse_than(before.severity) else "Lower"
    heard = f"<@{author}> wrote" if author else "It was said"
    quoted = ", ".join(f"“{plain(shorten(word, 80))}”" for word in words[:4])
    lines = [
        f"{verb} to *{suggested.severity} {suggested.title}*? It is {before.severity} {before.title} now.",
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
    """The same message once it was decided, or something else decided it."""
    verb = "raise" if suggested.worse_than(before) else "lower"
    return Message(outcome, (section(outcome), context(f"It was suggested to {verb} {before} to {suggested}.")))
