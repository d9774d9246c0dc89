"""The forms of a run: a note with an outcome, values for placeholders, a whole step. Pure."""

from __future__ import annotations

from typing import Any

from bot.playbooks.messages.entries import outcome_word, place
from bot.playbooks.messages.markdown import from_markdown
from bot.playbooks.messages.run import RunFacts, names_in, pieces, preformatted
from bot.playbooks.rules import placeholders
from bot.playbooks.rules.steps import Outcome, RunStep
from bot.slack.blocks import Block, context, option, section, select
from bot.slack.forms import field, form, text_field
from bot.slack.text import shorten

NOTE, FILL = "playbook_note_view", "playbook_fill_view"
OUTCOME, LINE = "outcome", "line"
_FIELDS = 40  # placeholders in one form, those of the current step first
_BLOCKS = 95


def note_form(run: RunFacts) -> dict[str, Any]:
    """How the current step went, in the person's own words."""
    choices = [option(outcome_word(run.text, outcome), outcome.value) for outcome in Outcome]
    head = f"*{place(run.text, run.current)}*\n{from_markdown(shorten(run.text.step(run.current).title, 200))}"
    return form(
        NOTE,
        "How did it go?",
        "Save",
        f"{run.run_id}:{run.current}",
        [
            section(head),
            field(OUTCOME, "Result", select("Result", OUTCOME, choices, Outcome.DONE.value)),
            text_field(LINE, "What did you see?", optional=True, limit=1000, multiline=True),
        ],
    )


def fill_form(run: RunFacts) -> dict[str, Any]:
    """Values for the placeholders of the current step and of those that follow, with what is known filled in."""
    steps = run.text.steps[run.current - 1 :]
    names = {placeholders.key_of(name): name for step in steps for name in names_in(run.text, step)}
    left = len(names) - _FIELDS
    blocks: list[dict[str, Any]] = [context("They are remembered for the steps that follow.")]
    for key, name in list(names.items())[:_FIELDS]:
        known = run.known.get(key)
        hint = {"hint": {"type": "plain_text", "text": shorten(f"From: {known.origin}", 150)}} if known else {}
        value = known.value if known else ""
        blocks.append(text_field(key, shorten(name, 100), optional=True, limit=200, initial=value) | hint)
    if left > 0:
        blocks.append(context(f"{left} more are asked for at their steps."))
    return form(FILL, "Fill in", "Save", f"{run.run_id}:{run.current}", blocks)


def whole_step(run: RunFacts, step: RunStep, commands: list[str]) -> dict[str, Any]:
    """Everything that a step says, in as many blocks as it takes."""
    texts = [f"*{from_markdown(step.title)}*", *([f"*Purpose:* {from_markdown(step.purpose)}"] if step.purpose else [])]
    texts += [f"• {from_markdown(line)}" for line in step.look_for]
    texts += [from_markdown(line) for line in step.notes.splitlines()]
    blocks: list[Block] = [section(piece) for text in texts for piece in pieces(text)]
    blocks += [preformatted(piece) for command in commands for piece in pieces(command)]
    if len(blocks) > _BLOCKS:
        blocks = [*blocks[:_BLOCKS], context(f"`tocsin knowledge show {run.text.ref}` prints the rest.")]
    title = f"Step {step.number} of {len(run.text.steps)}"
    return {
        "type": "modal",
        "callback_id": "playbook_whole_view",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }
