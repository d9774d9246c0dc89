"""What "Look" shows of a step's commands in the thread of its run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playbooks.messages.run import preformatted
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import code, plain, shorten
from bot.text.wording import counted

_SHOWN = 2_600  # characters of one answer
_KEPT = 900  # characters of an answer on the timeline
MOST = 8  # commands of one step
NOT_CONFIGURED = "AWS isn't configured here any more; run the commands yourself."
NOTHING = "None of this step's commands can be run read-only. Fill in what is missing, or run them yourself."


@dataclass(frozen=True, slots=True)
class Seen:
    """One command and what AWS answered, or why it was not read."""

    command: str
    answer: str = ""
    unread: str = ""


def begun(number: int) -> str:
    return f"Running step {number} read-only. Results appear in the playbook's thread."


def looked(ref: str, number: int, run_id: int, user_id: str, seen: Sequence[Seen], left_out: int = 0) -> Message:
    """The answers, each below its command, how many commands were `left_out`, and the button that keeps them."""
    blocks: list[Block] = [section(f"*{plain(ref)}, step {number}:* what AWS shows, asked by <@{user_id}>")]
    for one in seen:
        blocks.append(preformatted(f"$ {shorten(one.command, 600)}"))
        if one.unread:
            blocks.append(section(f":warning: {plain(shorten(one.unread, 1500))}"))
        else:
            blocks.append(preformatted(shorten(one.answer, _SHOWN)))
    if left_out:
        blocks.append(context(f"{counted(left_out, 'more command')} left out: a step runs {MOST} at a time."))
    if any(not one.unread for one in seen):
        blocks.append(
            actions(f"look:{run_id}:{number}", button("Put on the timeline", "playbook_keep", f"{run_id}:{number}"))
        )
    return Message(f"{ref}, step {number}: what AWS shows", tuple(blocks))


def entry(ref: str, number: int, seen: Sequence[Seen]) -> str:
    """The line of the timeline."""
    parts = [
        f"{code(shorten(one.command, 200))}: {plain(shorten(' '.join(one.answer.split()), _KEPT))}"
        for one in seen
        if not one.unread
    ]
    return f"{plain(ref)}, step {number}, as AWS shows it: {'; '.join(parts)}"


KEPT = "On the timeline."
KEPT_BEFORE = "It is on the timeline already."
