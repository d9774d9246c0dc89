"""/incident drill: an incident that is an exercise, of one's own words or of a past incident."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.drills import flows, messages, queries
from bot.drills.rules import Asked, parse_replay
from bot.incidents.commands import CommandContext, Subcommand
from bot.incidents.interactions import Opening, let_in, of_no_incident
from bot.incidents.menu import Buttons
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.lifecycle.flows.declare import declare, where_to_work
from bot.lifecycle.listeners.declaring import answer_declared, consider, declare_form, read_words
from bot.lifecycle.messages import answers, forms
from bot.memory.flows.recall import recall
from bot.slack.client import Message, Slack
from bot.slack.replies.late import left_to_say
from bot.slack.replies.private import tell_directly
from bot.slack.replies.reporting import reporting_errors
from bot.text.markup import plain_text

log = structlog.get_logger(__name__)

_REPLAY = "replay"
_LISTED = 100  # incidents to choose from; Slack takes no more options


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
    return _begin(command.context, asked, command.user_id, f"command:{command.trigger_id}", command.now)


def _begin(context: AppContext, asked: Asked, by: str, key: str, now: datetime) -> str:
    memory = context.memory.current()
    with context.database.transaction() as session:
        source = flows.source_of(session, asked.ref, by, memory.entries)
        title, ref = flows.first_title(session, source), source.ref
    similar = recall(memory, title, without=ref)
    with context.database.transaction() as session:
        row, replays = flows.begin(session, asked, by, by, key, similar, context.policy, now)
        where = answers.where(where_to_work(session, row))
        return messages.begun(row.ref, row.severity, replays, asked.speed, where)


def _form(command: CommandContext) -> dict[str, Any] | None:
    """`drill` alone opens the declare form, for a drill; `drill replay` the one of a replay."""
    words = plain_text(command.rest).strip().lower()
    if not command.ref and words == _REPLAY:
        with command.context.database.transaction() as session:
            return _replay_form(session) or messages.instead_of_form(messages.NONE_IS_OVER)
    if command.ref or words:
        return None
    return forms.as_drill(declare_form(command.context.policy, ""), command.channel_id)


def _replay_form(session: Session) -> dict[str, Any] | None:
    """None where nothing is over."""
    rows = queries.list_replayable(session, _LISTED)
    return messages.replay_form([incidents.facts(row) for row in rows]) if rows else None


def _open_replay(
    session: Session, context: AppContext, action: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | str:
    return _replay_form(session) or messages.NONE_IS_OVER


def replay_instead(context: AppContext, slack: Slack, ack: Ack, body: dict[str, Any]) -> None:
    """The form of a replay in place of the form of a drill, which is open: there is no channel to answer in."""
    failed: list[str | Message] = []
    with reporting_errors(failed.append, user=body["user"]["id"]):
        let_in(context, body, Act.DRILL)
        with context.database.transaction() as session:
            view = _replay_form(session) or messages.instead_of_form(messages.NONE_IS_OVER)
        slack.update_view(body["view"]["id"], view)
    ack()
    for text in left_to_say(ack, failed):
        log.warning("form of a replay failed", text=text)
        tell_directly(ack, text)


def replayed(
    context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any]:
    """The form of a replay: begins it, and says in its place what is to come."""
    ref = values.get(messages.OLDER) or values.get(messages.WHICH) or ""
    asked = parse_replay(f"{ref} {values.get(messages.SPEED) or '1'}")
    key = f"view:{view.get('root_view_id') or view['id']}"
    return messages.instead_of_form(_begin(context, asked, user_id, key, now))


OPENINGS = {"drill_replay": Opening(_open_replay, Act.DRILL, of_no_incident)}

SUBCOMMANDS = (
    Subcommand(
        "drill",
        "drill P1 checkout returns 502",
        "Start a drill: real pages and a real channel, all marked DRILL, counted in no figure. Alone it opens a form. "
        "`drill replay INC-2026-0007 --speed 4` plays a past incident, without its outcome; `drill replay` asks which.",
        answer_apart=_drill,
        form=_form,
        opens=lambda rest: rest in ("", _REPLAY),
        anywhere=True,
        act=Act.DRILL,
        menu=Buttons(("drill_form", "drill_replay")),
    ),
)
