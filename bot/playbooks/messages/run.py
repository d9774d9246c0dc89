"""The one message of a run: where one is, what to do there, and what can be pressed. Pure.

Slack holds 50 blocks and some 13,000 characters a message, so what is long is cut with the number of characters that
are missing, and "Show all" opens the whole step in a form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.playbooks.messages.entries import outcome_word
from bot.playbooks.messages.markdown import from_markdown
from bot.playbooks.rules import placeholders
from bot.playbooks.rules.placeholders import Known
from bot.playbooks.rules.steps import Outcome, RunState, RunStep, RunText, minute
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import fit, person, plain, shorten, unturned
from bot.text.durations import span
from bot.text.markup import instant

COMMANDS_SHOWN = 5_000  # characters of a step's commands in the message
_PIECE = 2_900  # characters of one code block
_PURPOSE, _LOOK_FOR, _NOTES = 1_200, 1_800, 800
_EARLIER, _TO_COME = 8, 4  # steps listed before and after the current one
_NAMED = 12  # placeholders listed below the commands
_MARKS = {Outcome.DONE: "✓", Outcome.NOT_HELPED: "✗", Outcome.SKIPPED: "–"}


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What became of one step. Instants are aware UTC."""

    began_at: datetime | None = None
    over_at: datetime | None = None
    assignee: str | None = None
    outcome: Outcome | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as it stands. `known` are the values of placeholders by key."""

    run_id: int
    incident_id: int
    text: RunText
    state: RunState
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str | None
    current: int
    steps: Sequence[StepFacts]
    known: Mapping[str, Known]
    can_look: bool = False  # whether AWS can be asked some of the current step's commands


def run_message(run: RunFacts, now: datetime) -> Message:
    """The run's message at `now`; it is edited in place until the run ends."""
    if run.state is not RunState.RUNNING:
        return _ended(run)
    text, step = run.text, run.text.step(run.current)
    purpose, after = _about(step)
    blocks: list[Block] = [section(_headline(run)), section("\n".join([_where(run, now), *purpose]))]
    blocks += _commands(run, step)
    blocks += [section("\n".join(after))] if after else []
    # What is pressed comes before what is over and what is to come: on a phone the rest is below the fold.
    blocks += [_buttons(run), *_history(run), *_to_come(run)]
    noun = "cause" if text.is_guide else "step"
    return Message(f"{text.ref}: {noun} {run.current} of {len(text.steps)}, {plain(step.title)}", tuple(blocks))


def _headline(run: RunFacts) -> str:
    text = run.text
    title = from_markdown(shorten(text.title, 200))
    return f"*{text.ref}* {title}\nStarted {instant(run.started_at)} by {person(run.started_by)}"


def _where(run: RunFacts, now: datetime) -> str:
    """ "Step 2 of 5: Examine the role", the minute against its window, who has it, whether it changes production."""
    step, facts = run.text.step(run.current), run.steps[run.current - 1]
    noun = "Cause" if run.text.is_guide else "Step"
    lines = [f"*{noun} {step.number} of {len(run.text.steps)}: {from_markdown(shorten(step.title, 250))}*"]
    at = minute(run.started_at, now)
    if step.window is not None and facts.over_at is not None:
        where = f"Minute {at} of {step.window[0]}–{step.window[1]}"
        over = now >= facts.over_at
        lines.append(f":alarm_clock: *{where}: over its window*" if over else f"{where}, until {_time(facts.over_at)}")
    if facts.assignee:
        lines.append(f"Assigned to {person(facts.assignee)}")
    if step.changes_production:
        lines.append(":warning: *Changes production*")
    return "\n".join(lines)


def _time(at: datetime) -> str:
    return f"<!date^{int(at.timestamp())}^{{time}}|{at:%H:%M} UTC>"


def _about(step: RunStep) -> tuple[list[str], list[str]]:
    """What is read before the commands, and after them."""
    before = [f"*Purpose:* {fit(from_markdown(step.purpose), _PURPOSE)}"] if step.purpose else []
    after = []
    if step.look_for:
        listed = "\n".join(f"• {from_markdown(line)}" for line in step.look_for)
        after.append(f"*Look for:*\n{fit(listed, _LOOK_FOR)}")
    if step.notes:
        after.append(fit("\n".join(from_markdown(line) for line in step.notes.splitlines()), _NOTES))
    return before, after


def filled(run: RunFacts, step: RunStep) -> list[str]:
    """The step's commands with everything put in that is known."""
    values = {key: known.value for key, known in run.known.items()}
    declared = _declared(run.text)
    return [placeholders.fill(text, values, language, declared) for language, text in step.commands]


def _declared(text: RunText) -> str:
    return "\n".join(step.prose for step in text.steps)


def names_in(text: RunText, step: RunStep) -> list[str]:
    """The placeholders of a step's commands, as they are written, each once."""
    declared = _declared(text)
    names = (name for language, command in step.commands for name in placeholders.find(command, language, declared))
    return list({placeholders.key_of(name): name for name in names}.values())


def _commands(run: RunFacts, step: RunStep) -> list[Block]:
    """Each command in a code block of its own, and below them which values were put in and which are missing."""
    left, blocks, hidden = COMMANDS_SHOWN, [], 0
    for command in filled(run, step):
        shown = command[:left]
        hidden += len(command) - len(shown)
        left -= len(shown)
        blocks += [preformatted(shown)] if shown else []
    if hidden:
        blocks.append(context(f"{hidden:,} more characters: press *Show all*."))
    return blocks + _values(run, step)


def preformatted(text: str) -> Block:
    """Text to copy as it is, in a code block; nothing in it is a mark."""
    elements: list[dict[str, Any]] = [
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": piece}]}
        for piece in pieces(unturned(text))
    ]
    return {"type": "rich_text", "elements": elements}


def pieces(text: str) -> list[str]:
    """The text in pieces of at most 2,900 characters, parted at line ends where there are any."""
    found = []
    while len(text) > _PIECE:
        cut = text.rfind("\n", 0, _PIECE) + 1 or _PIECE
        found.append(text[:cut])
        text = text[cut:]
    return [piece for piece in (*found, text) if piece.strip()]


def _values(run: RunFacts, step: RunStep) -> list[Block]:
    names = names_in(run.text, step)
    put = [(name, run.known[key]) for name in names if (key := placeholders.key_of(name)) in run.known]
    missing = [name for name in names if placeholders.key_of(name) not in run.known]
    lines = []
    if put:
        shown = ", ".join(f"{plain(name)} = {plain(known.value)} ({known.origin})" for name, known in put[:_NAMED])
        lines.append(f"Filled in: {shown}")
    if missing:
        shown = ", ".join(plain(name) for name in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        lines.append(f":pencil2: *Missing:* {shown}{more}. Press *Fill in* before you copy the commands.")
    return [context("\n".join(lines))] if lines else []


def _buttons(run: RunFacts) -> Block:
    number, text = run.current, run.text
    value = f"{run.run_id}:{number}"
    step = text.step(number)
    done, failed = (outcome_word(text, outcome) for outcome in (Outcome.DONE, Outcome.NOT_HELPED))
    assign: Block = {
        "type": "users_select",
        "action_id": "playbook_assign",
        "placeholder": {"type": "plain_text", "text": "Assign…"},
    }
    if assignee := run.steps[number - 1].assignee:
        assign["initial_user"] = assignee
    names, cut = names_in(text, step), sum(len(command) for _, command in step.commands) > COMMANDS_SHOWN
    elements = [
        button(done, "playbook_done", value, "primary"),
        button(failed, "playbook_not_helped", value),
        button("Skip", "playbook_skip", value),
        button("With a note…", "playbook_note", value),
        *([button("Look", "playbook_look", value)] if run.can_look else []),
        *([button("Fill in", "playbook_fill", value)] if names else []),
        *([button("Show all", "playbook_whole", value)] if cut or _is_cut(step) else []),
        assign,
    ]
    return actions(f"playbook:{value}", *elements)


def _is_cut(step: RunStep) -> bool:
    longest = [len(step.purpose) > _PURPOSE, len("\n".join(step.look_for)) > _LOOK_FOR - 100, len(step.notes) > _NOTES]
    return any(longest) or len(step.title) > 250


def _history(run: RunFacts) -> list[Block]:
    """The steps that are decided, the latest ones in full."""
    last = min(run.current - 1, len(run.text.steps))
    first = max(1, last - _EARLIER + 1)
    lines = [f"_{first - 1} earlier steps are on the timeline._"] if first > 1 else []
    lines += [line for number in range(first, last + 1) if (line := _decided(run, number))]
    return [section("\n".join(lines))] if lines else []


def _decided(run: RunFacts, number: int) -> str:
    facts, step = run.steps[number - 1], run.text.step(number)
    if facts.outcome is None or facts.decided_at is None:
        return ""
    took = f", {span(facts.decided_at - facts.began_at)}" if facts.began_at else ""
    said = f" – {plain(shorten(facts.line, 160))}" if facts.line else ""
    word = outcome_word(run.text, facts.outcome).lower()
    title = from_markdown(shorten(step.title, 80))
    return f"{_MARKS[facts.outcome]} {number}. {title}: {word} by {person(facts.decided_by)}{took}{said}"


def _to_come(run: RunFacts) -> list[Block]:
    steps = run.text.steps[run.current :]
    lines = [
        f"{step.number}. {from_markdown(shorten(step.title, 80))}"
        + (f" ({step.window[0]}–{step.window[1]} min)" if step.window else "")
        + (" · changes production" if step.changes_production else "")
        for step in steps[:_TO_COME]
    ]
    if len(steps) > _TO_COME:
        lines.append(f"… and {len(steps) - _TO_COME} more")
    return [context("Next:\n" + "\n".join(lines))] if lines else []


def _ended(run: RunFacts) -> Message:
    """The run once it is over: what became of each step, and the way to resolve."""
    text = run.text
    took = span(run.ended_at - run.started_at) if run.ended_at else ""
    if run.state is RunState.FINISHED:
        how = f"Finished by {person(run.ended_by)} after {took}."
    elif run.ended_by:
        how = f"Stopped by {person(run.ended_by)} after {took}."
    else:
        how = f"Ended with the incident after {took}."
    blocks = [section(f"{_headline(run)}\n{how}"), *_history(run)]
    if run.state is RunState.FINISHED:
        ask = "Resolved? The last result is prefilled as the resolution."
        if text.is_guide and text.fix:
            fixes = "\n".join(from_markdown(line) for line in text.fix.splitlines())
            ask = f"*Resolution in {text.ref}:*\n{fit(fixes, 2000)}"
        blocks += [section(ask), actions("playbook_end", button("Resolve", "incident_resolve", str(run.incident_id)))]
    return Message(f"{text.ref}: {how}", tuple(blocks))
