"""/incident drill: an incident that is an exercise, of one's own words or of a past incident."""

from __future__ import annotations

from typing import Any

from bot.drills import flows, messages
from bot.drills.rules import Asked, parse_replay
from bot.incidents.commands import CommandContext, Subcommand
from bot.incidents.rules.authority import Act
from bot.lifecycle.flows.declare import declare, where_to_work
from bot.lifecycle.listeners.declaring import answer_declared, consider, declare_form, read_words
from bot.lifecycle.messages import answers, forms
from bot.memory.flows.recall import recall
from bot.slack.client import Message
from bot.text.markup import plain_text

_REPLAY = "replay"


def _drill(command: CommandContext) -> str | Message:
    """Start one at once. Called without a transaction: judging and remembering take a connection of their own."""
    word, _, rest = plain_text(command.rest).partition(" ")
    if word.lower() == _REPLAY:
        return _replay(command, parse_replay(" ".join(filter(None, (command.ref, rest)))))
    wanted = read_words(command, command.rest, drill=True)
    declaration, judged = consider(command.context, wanted, command.user_id)
    with command.context.database.transaction() as session:
        row, _ = declare(session, declaration, command.context.policy, command.now)
        return answer_declared(session, row, wanted, judged, command.context.policy)


def _replay(command: CommandContext, asked: Asked) -> str:
    context, memory = command.context, command.context.memory.current()
    with context.database.transaction() as session:
        source = flows.source_of(session, asked.ref, command.user_id, memory.entries)
        title, ref = flows.first_title(session, source), source.ref
    similar = recall(memory, title, without=ref)
    with context.database.transaction() as session:
        by, key = command.user_id, f"command:{command.trigger_id}"
        row, replays = flows.begin(session, asked, by, by, key, similar, context.policy, command.now)
        where = answers.where(where_to_work(session, row))
        return messages.begun(row.ref, row.severity, replays, asked.speed, where)


def _form(command: CommandContext) -> dict[str, Any] | None:
    """`drill` alone opens the declare form, for a drill."""
    if command.ref or plain_text(command.rest):
        return None
    return forms.as_drill(declare_form(command.context.policy, ""), command.channel_id)


SUBCOMMANDS = (
    Subcommand(
        "drill",
        "drill P1 checkout returns 502",
        "Start a drill: real pages and a real channel, all marked DRILL, counted in no figure. Alone it opens a form. "
        "`drill replay INC-2026-0007 --speed 4` plays a past incident, without its outcome.",
        answer_apart=_drill,
        form=_form,
        anywhere=True,
        act=Act.DRILL,
    ),
)
