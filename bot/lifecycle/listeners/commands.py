"""/incident: one function a subcommand, most of them in one transaction each: commit, then acknowledge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.errors import BadRequest
from bot.escalation import listeners as oncall
from bot.incidents.commands import Asked, Subcommand, incident_of
from bot.incidents.flows.record import record, refresh_card
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status, check_transition
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows import change
from bot.lifecycle.listeners import channel, declaring
from bot.lifecycle.listeners.buttons import playbook_suggested
from bot.lifecycle.messages import answers, forms
from bot.memory.flows.learn import learn_closed
from bot.reports.listeners import similar
from bot.reviews import listeners as reviewing
from bot.reviews.flows.drafting import redraft_later
from bot.slack.client import Message, Slack
from bot.slack.reporting import told
from bot.slack.text import unturned
from bot.stakeholders import listeners as telling
from bot.text.markup import escape, leading_severity, parse_command, parse_severity, parse_status, plain_text


def incident(desk: Desk, slack: Slack, ack: Ack, command: dict[str, Any]) -> None:
    """The whole of /incident."""
    with told(lambda text: ack(text=unturned(text)), user=command["user_id"], command=command.get("text", "")[:200]):
        typed = parse_command(command.get("text") or "")
        asked = Asked(
            desk=desk,
            now=desk.now(),
            word=typed.word,
            ref=typed.ref,
            rest=typed.rest,
            user_id=command["user_id"],
            user_name=command.get("user_name") or command["user_id"],
            channel_id=command["channel_id"],
            trigger_id=command["trigger_id"],
        )
        form = _form_for(asked)
        if form is not None:
            slack.open_view(asked.trigger_id, form)
            ack()
            return
        subcommand = SUBCOMMANDS.get(asked.word) or SUBCOMMANDS.get(ALIASES.get(asked.word, ""))
        if subcommand is None:
            raise BadRequest(answers.unknown_word(asked.word, SUBCOMMANDS))
        answer = subcommand(asked)
        if isinstance(answer, Message):
            ack(text=unturned(answer.text), blocks=list(answer.blocks))
        else:
            ack(text=unturned(answer))


def _form_for(asked: Asked) -> dict[str, Any] | None:
    """Commands that open a form: a trigger lives three seconds, so nothing slow comes before it."""
    levels = asked.desk.policy.severity.levels
    if asked.word.rstrip("!") in ("declare", "new") and not asked.ref and not plain_text(asked.rest):
        return forms.declare_form(levels, asked.channel_id)
    if asked.word in ("update", "tell"):
        with asked.desk.database.transaction() as session:
            return telling.update_form(session, asked)
    if not _asks_to_close(asked):
        return None
    with asked.desk.database.transaction() as session:
        row = incident_of(session, asked)
        if row.status != Status.RESOLVED:
            return None  # `close` itself says why not
        return forms.close_form(change.offered(session, row), playbook_suggested(row))


def _asks_to_close(asked: Asked) -> bool:
    """Whether the closing questions are to be asked: `close` alone, and `status closed`, which says no more."""
    if asked.word == "status":
        return bool(asked.rest) and parse_status(asked.rest) is Status.CLOSED
    return asked.word in ("close", "closed") and not asked.rest


def _status(session: Session, asked: Asked) -> str | Message:
    if not asked.rest:
        if asked.ref is None and incidents.find_by_channel(session, asked.channel_id) is None:
            return channel.SUBCOMMANDS["list"](session, asked)
        return answers.status(incident_of(session, asked), asked.now)
    wanted = parse_status(asked.rest)
    row = incident_of(session, asked, for_change=True)
    policy = asked.desk.policy
    if wanted is Status.RESOLVED:
        return change.resolve(session, row, asked.user_id, policy, asked.now)
    if wanted is Status.CLOSED:
        check_transition(row.ref, Status(row.status), wanted)
        raise BadRequest("Type `/incident close`: its form did not open.")  # it was resolved a moment after being read
    return change.set_status(session, row, wanted, asked.user_id, policy, asked.now)


def _severity(session: Session, asked: Asked) -> str:
    if not asked.rest:
        return answers.severity(incident_of(session, asked), asked.desk.policy.severity.levels)
    severity, why = leading_severity(asked.rest)
    if severity is None:
        first, _, why = asked.rest.partition(" ")
        severity = parse_severity(first)
    row = incident_of(session, asked, for_change=True)
    return change.set_severity(session, row, severity, asked.user_id, asked.desk.policy, asked.now, plain_text(why))


def _acknowledge(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    return change.acknowledge(session, row, asked.user_id, asked.desk.policy, asked.now)


def _timeline(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked)
    return answers.timeline(row, timeline.list_entries(session, row.incident_id))


def _resolve(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    said = plain_text(asked.rest)
    return change.resolve(session, row, asked.user_id, asked.desk.policy, asked.now, resolution=said)


def _close(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    said = change.Closing(resolution=plain_text(asked.rest))
    return change.close(session, row, asked.user_id, said, asked.desk.policy, asked.now)


def _reopen(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    return change.reopen(session, row, asked.user_id, asked.desk.policy, asked.now, plain_text(asked.rest))


def _recorder(field: str, kind: Kind, example: str) -> Subcommand:
    """`/incident impact …` and `/incident cause …`: read it, or record a new wording."""

    def subcommand(session: Session, asked: Asked) -> str:
        row = incident_of(session, asked, for_change=True)
        said = plain_text(asked.rest)
        if not said:
            known = getattr(row, field)
            recorded = escape(known) if known else f"not recorded. Type `/incident {field} {example}`."
            return f"{field.capitalize()} of {row.ref}: {recorded}"
        setattr(row, field, said)
        text = f"{field.capitalize()} recorded by <@{asked.user_id}>: {escape(said)}"
        record(
            session,
            row,
            kind,
            escape(said),
            asked.now,
            author=asked.user_id,
            data={"said": text},
            announce=True,
            source_key=f"command:{asked.trigger_id}",
        )
        refresh_card(session, row)
        late = redraft_later(session, row)
        if row.closed_at is not None:
            learn_closed(session, row, asked.user_id, asked.now)
        return f"{field.capitalize()} of {row.ref} recorded.{late}"

    return subcommand


def _help(session: Session, asked: Asked) -> str:
    return answers.help_text(asked.rest)


def _in_transaction(subcommand: Subcommand) -> Callable[[Asked], str | Message]:
    def run(asked: Asked) -> str | Message:
        with asked.desk.database.transaction() as session:
            return subcommand(session, asked)

    return run


_IN_TRANSACTION: dict[str, Subcommand] = {
    "status": _status,
    "severity": _severity,
    "impact": _recorder("impact", Kind.IMPACT_RECORDED, "a third of checkouts fail"),
    "cause": _recorder("cause", Kind.CAUSE_RECORDED, "connection pool exhausted"),
    "ack": _acknowledge,
    "timeline": _timeline,
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
    "help": _help,
    **oncall.SUBCOMMANDS,
    **channel.SUBCOMMANDS,
    **telling.SUBCOMMANDS,
    **reviewing.SUBCOMMANDS,
}
# Judging and remembering take a connection of their own: a command that does holds no other meanwhile.
SUBCOMMANDS: dict[str, Callable[[Asked], str | Message]] = {
    "declare": declaring.command,
    "similar": similar.similar,
    **{word: _in_transaction(subcommand) for word, subcommand in _IN_TRANSACTION.items()},
}

ALIASES = {
    "declare!": "declare",
    "new": "declare",
    "new!": "declare",
    "acknowledge": "ack",
    "sev": "severity",
    "resolved": "resolve",
    "closed": "close",
    "?": "help",
    **oncall.ALIASES,
    **channel.ALIASES,
    **telling.ALIASES,
    **reviewing.ALIASES,
}
