"""/incident declare: judged before any transaction; where it may be an incident that is open, it asks first."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.errors import BadRequest, TransitionRefused
from bot.fields.flows import missing
from bot.fields.messages import asked_on_declaring, still_required
from bot.fields.rules import Ask
from bot.incidents.commands import CommandContext, Subcommand
from bot.incidents.interactions import FORGED, OUT_OF_DATE, Locate, let_in, of_no_incident
from bot.incidents.menu import Buttons
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Incident, Status, is_drill, is_private, leading_security
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import for_everybody
from bot.lifecycle.flows.declare import (
    SENT_AGAIN_WITHIN,
    Declaration,
    DeclaringMany,
    check_title,
    declare,
    join,
    kind_of,
    outcome_of,
    where_to_work,
)
from bot.lifecycle.messages import answers, channel, forms
from bot.lifecycle.messages.outcomes import decided_before
from bot.memory.flows.recall import recall
from bot.severity.rules import Judgement, Severity, leading_severity
from bot.slack.client import Message, Slack
from bot.slack.forms import read_values
from bot.slack.replies.private import answer_press
from bot.slack.replies.reporting import reporting_errors
from bot.stakeholders.listeners import draw
from bot.text.markup import plain_text

log = structlog.get_logger(__name__)

_NO_SEVERITY = re.compile(r"(P\d{1,2}|SEV[\s-]?\d{1,2})(?=$|[\s:,])", re.IGNORECASE)  # of what leading_severity left
_TELLING = 4  # characters of a title that are worth judging
_LONGEST_VALUE = 2000  # characters that a button carries


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked to declare. `severity` and `security` are what they said of it themselves."""

    request_key: str
    title: str
    severity: Severity | None
    security: bool
    drill: bool = False


def declare_by_command(command: CommandContext) -> str | Message:
    """Declare at once; ask first in the channel of an open incident, and where one looks alike.

    Called without a transaction: it opens one after the other.
    """
    wanted = read_words(command, command.rest)
    with command.context.database.reading() as session:
        latest = incidents.find_latest_by(session, command.user_id, command.now - SENT_AGAIN_WITHIN)
    considered, judged = consider(command.context, wanted, command.user_id)
    declaration = replace(considered, after=latest)
    if not command.word.endswith("!"):
        question = _question(command, wanted, declaration.security)
        if question is not None:
            return question
    try:
        with command.context.database.transaction() as session:
            row, _ = declare(session, declaration, command.context.policy, command.now)
            return answer_declared(session, row, wanted, judged, command.context.policy)
    except DeclaringMany as many:
        value = _packed(wanted, many.refs[-1])
        if len(value) > _LONGEST_VALUE:  # no button carries it
            raise
        within = command.context.policy.escalation.ask_after.within
        # Words about security are not offered to a timeline that everybody reads.
        joins = is_private(many.refs[-1]) or not declaration.security
        return channel.many_question(wanted.title, many.refs, within, value, joins)


def answer_declared(
    session: Session, row: IncidentRow, wanted: Wanted, judged: Judgement, policy: Policy
) -> str | Message:
    """What was declared, where it is worked on, and what the policy wants to know of it and nobody said."""
    said = answers.declared(row, wanted.severity is not None, judged, answers.where(where_to_work(session, row)))
    empty = missing(session, row, policy.fields, Ask.DECLARE)
    return still_required(row.incident_id, empty, said) if empty else said


def read_words(command: CommandContext, rest: str, drill: bool = False) -> Wanted:
    """What `rest`, in Slack's markup, asks for. Raises BadRequest for words that say nothing."""
    # A reference here is part of the title: "INC-2026-0007 is back".
    said = plain_text(" ".join(part for part in (command.ref, rest) if part))
    severity, title = leading_severity(command.context.policy.fields.type_last(said))
    security, title = leading_security(title)
    if severity is None:
        severity, title = leading_severity(title)
    if severity is None and (unknown := _NO_SEVERITY.match(title)):
        raise BadRequest(answers.not_a_severity(unknown[1]))
    check_title(title)
    return Wanted(f"command:{command.trigger_id}", title, severity, security, drill)


def consider(context: AppContext, wanted: Wanted, by: str) -> tuple[Declaration, Judgement]:
    """The declaration with all that is judged and remembered; the memory asks the database on its own."""
    judged = context.judge.judge(wanted.title)
    given, title = context.policy.fields.take_type(wanted.title)
    chosen, likely = wanted.security or None, judged.break_in
    secrecy = kind_of(context.policy, wanted.title, judged.row_name, chosen, given.type_name, probability=likely)
    declaration = Declaration(
        request_key=wanted.request_key,
        title=title,
        given=given,
        severity=wanted.severity or judged.severity or Severity.P2,
        by=by,
        similar=recall(context.memory.current(), wanted.title),
        security=secrecy.security,
        asks=secrecy.asks,
        urgent=secrecy.urgent,
        drill=wanted.drill,
        hasty=not wanted.drill,
    )
    return declaration, judged


def _question(command: CommandContext, wanted: Wanted, security: bool) -> Message | None:
    """What is asked before declaring; None where nothing open is near."""
    with command.context.database.transaction() as session:
        if outcome_of(session, wanted.request_key) is not None:
            return None  # the same command came twice
    near, here = find_near(command.context, command.channel_id, wanted.title, security)
    if near is None:
        return None
    value = _packed(wanted, near.ref)
    # Words that no button can carry are declared at once, as asked: nothing of them may be lost.
    return channel.alike_question(wanted.title, near, here, value) if len(value) <= _LONGEST_VALUE else None


def find_near(context: AppContext, channel_id: str | None, words: str, security: bool) -> tuple[Incident | None, bool]:
    """The open incident that these words may be part of, and whether it is that of this channel; (None, False) if none.

    Words about security are not offered to a timeline that everybody reads.
    """
    with context.database.reading() as session:
        here = incidents.find_by_channel(session, channel_id) if channel_id else None
        rows = incidents.list_open(session)
    if here is not None and Status(here.status).is_open and not is_drill(here.ref):
        near: Incident | None = incidents.facts(here)
    else:
        here = None
        public = [row for row in rows if for_everybody(row)]
        ref = context.memory.find_open(incidents.as_open(public), words) if public else None
        near = next((incidents.facts(row) for row in public if row.ref == ref), None)
    if near is None or (security and not near.private):
        return None, False
    return near, here is not None


def _packed(wanted: Wanted, ref: str) -> str:
    said = {"request": wanted.request_key, "ref": ref, "title": wanted.title}  # as a "key" it would be masked
    said |= {"severity": wanted.severity.value} if wanted.severity else {}
    return json.dumps(said | ({"security": "yes"} if wanted.security else {}), ensure_ascii=False)


def _unpacked(value: str) -> tuple[Wanted, str]:
    """Raises BadRequest for what no button of ours carries."""
    try:
        said = json.loads(value)
        severity = Severity(said["severity"]) if "severity" in said else None
        return Wanted(str(said["request"]), str(said["title"]), severity, "security" in said), str(said["ref"])
    except FORGED as forged:
        raise BadRequest(OUT_OF_DATE) from forged


Answer = Callable[[AppContext, Wanted, str, str], str | Message]


def answered(answer: Answer) -> Callable[..., None]:
    """A listener for a button of the question: its answer stands in the question's place."""

    def listener(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
        user_id = body["user"]["id"]
        said: list[str | Message] = []
        with reporting_errors(said.append, user=user_id, action=action["action_id"]):
            wanted, ref = _unpacked(action["value"])
            let_in(context, body, *_asked_of(answer, ref))
            words = answer(context, wanted, ref, user_id)
            said.append(words if isinstance(words, Message) else Message(words))
        answer_press(ack, respond, said)

    return listener


def _asked_of(answer: Answer, ref: str) -> tuple[Act, Locate]:
    """What an answer takes: adding to an incident takes seeing it."""
    if answer is not declare_join:
        return Act.DECLARE, of_no_incident
    return Act.CHANGE, lambda session, _: incidents.get_by_ref(session, ref)


def declare_anyway(context: AppContext, wanted: Wanted, ref: str, user_id: str) -> str | Message:
    declaration, judged = consider(context, wanted, user_id)
    with context.database.transaction() as session:
        _check_undecided(session, wanted)
        row, _ = declare(session, replace(declaration, hasty=False), context.policy, context.now())
        return answer_declared(session, row, wanted, judged, context.policy)


def declare_join(context: AppContext, wanted: Wanted, ref: str, user_id: str) -> str:
    with context.database.transaction() as session:
        _check_undecided(session, wanted)
        row = join(session, ref, wanted.title, user_id, context.now(), wanted.request_key)
        return answers.joined(row.ref, row.channel_id)


def declare_cancel(context: AppContext, wanted: Wanted, ref: str, user_id: str) -> str:
    with context.database.transaction() as session:
        _check_undecided(session, wanted)
    return answers.NOT_DECLARED


def _check_undecided(session: Session, wanted: Wanted) -> None:
    """Raises TransitionRefused with what an earlier press decided."""
    outcome = outcome_of(session, wanted.request_key)
    if outcome is not None:
        raise TransitionRefused(decided_before(outcome))


def declare_form(policy: Policy, metadata: str, title: str = "", verdict: str = "") -> dict[str, Any]:
    """The form that declares, with what the policy asks."""
    return forms.declare_form(policy.severity.levels, metadata, title, asked_on_declaring(policy.fields), verdict)


def redraw_declare(context: AppContext, slack: Slack, view: dict[str, Any], body: dict[str, Any]) -> None:
    """Say in the form what Tocsin makes of what was typed so far. Where that fails, the form stays as it is."""
    with reporting_errors(lambda text: log.warning("form was not judged", text=text), user=body["user"]["id"]):
        let_in(context, body, Act.DECLARE)
        said = judged_so_far(context, read_values(view).get("title", ""), view.get("private_metadata") or "")
        blocks = [
            forms.verdict_block(said) if block["block_id"] == forms.VERDICT else block for block in view["blocks"]
        ]
        kept = {name: view[name] for name in _KEPT if view.get(name)}
        draw(slack, view, {"type": "modal", **kept, "blocks": blocks})


_KEPT = ("callback_id", "title", "submit", "close", "private_metadata")


def judged_so_far(context: AppContext, title: str, metadata: str) -> str:
    """What the form says of a title; empty for one that says nothing yet."""
    if len(title.strip()) < _TELLING:
        return ""
    declaration, judged = consider(context, Wanted("", title, None, False), "")
    opened = json.loads(metadata) if metadata.startswith("{") else {"channel": metadata}
    channel_id = opened.get("channel")
    near, _ = find_near(context, channel_id, title, declaration.security)
    shown = forms.verdict(judged, declaration.severity, declaration.similar, near)
    private = declaration.security and forms.DRILL not in opened  # everybody sees a drill
    return forms.with_privacy(shown) if private else shown


def _form(command: CommandContext) -> dict[str, Any] | None:
    """`declare` alone opens the form."""
    if command.ref or plain_text(command.rest):
        return None
    return declare_form(command.context.policy, command.channel_id)


SUBCOMMANDS = (
    Subcommand(
        "declare",
        "declare checkout returns 502",
        "Declare an incident. Alone it opens a form; `declare P1 …` sets the severity, `type:data` the type; "
        "`declare! …` skips the question about similar incidents; whoever declares many in a minute is asked anyway.",
        answer_apart=declare_by_command,
        aliases=("declare!", "new", "new!"),
        form=_form,
        anywhere=True,
        menu=Buttons(("home_declare",)),
        act=Act.DECLARE,
    ),
)
