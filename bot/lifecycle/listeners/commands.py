"""/incident: one function a subcommand, most of them in one transaction each: commit, then acknowledge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.fields.flows import missing
from bot.fields.messages import still_required
from bot.fields.rules import Ask
from bot.incidents import messages as incident_messages
from bot.incidents.commands import ALONE, Answer, CommandContext, Subcommand, incident_of, refuse_words, unless_said
from bot.incidents.flows.record import record
from bot.incidents.interactions import ID, Press, incident_at
from bot.incidents.menu import OF_INCIDENT, OPEN, OVER, Buttons, Form, Group, InMenu, Shown, Where
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status, check_transition, parse_status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.consequences import after_change
from bot.lifecycle.flows.declare import LONGEST_TITLE
from bot.lifecycle.listeners.buttons import form_for
from bot.lifecycle.listeners.channel import show_list
from bot.lifecycle.messages import answers
from bot.lifecycle.messages.menu import forms as command_forms
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.rules.outcomes import Outcome, Unchanged
from bot.reviews.flows.drafting import redraft_later
from bot.reviews.messages.review import left_as_approved
from bot.reviews.queries import reviews
from bot.reviews.rules.stages import Stage
from bot.severity.rules import Severity, leading_severity, parse_severity
from bot.slack.blocks import Block
from bot.slack.client import Message
from bot.text.markup import escape, plain_text

_LONGEST_WHY = 1_000  # characters that a button carries
_READ_BACK = 200  # entries: repeated pages among them are folded, and the latest of what is left is shown


def _status_form(command: CommandContext) -> dict[str, Any] | None:
    """`status closed` asks the closing questions, as `close` alone does."""
    closing = bool(command.rest) and parse_status(command.rest) is Status.CLOSED
    return _closing_questions(command) if closing else None


def _asks_to_close(rest: str) -> bool:
    with suppress(BadRequest):
        return parse_status(rest) is Status.CLOSED
    return False


def _close_form(command: CommandContext) -> dict[str, Any] | None:
    """With words it closes at once, unless a required field is empty: then the form has them and asks."""
    required = bool(command.context.policy.fields.required)
    return _closing_questions(command) if required or not command.rest else None


def _closing_questions(command: CommandContext) -> dict[str, Any] | None:
    policy, said = command.context.policy, plain_text(command.rest) if command.word.startswith("close") else ""
    with command.context.database.transaction() as session:
        row = incident_of(session, command)
        if row.status != Status.RESOLVED:
            return None  # `close` itself says why not
        if said and not missing(session, row, policy.fields, Ask.RESOLVE):
            return None
        return form_for(session, row, policy, resolving=False, resolution=said)


def _status(session: Session, command: CommandContext) -> Answer:
    if not command.rest:
        if command.ref is None and incidents.find_by_channel(session, command.channel_id) is None:
            return show_list(session, command)
        return answers.status(incident_of(session, command), command.now)
    wanted = parse_status(command.rest)
    row = incident_of(session, command, for_change=True)
    policy = command.context.policy
    if wanted is Status.RESOLVED:
        return _resolved(session, command, row)
    if wanted is Status.CLOSED:
        check_transition(row.ref, Status(row.status), wanted)
        raise BadRequest(answers.CLOSE_AGAIN)  # it was resolved a moment after being read
    return _answer(command, row, change.set_status(session, row, wanted, command.user_id, policy, command.now))


def _answer(command: CommandContext, row: IncidentRow, outcome: Outcome) -> Answer:
    """What became of it; nothing where the incident's channel reads it anyway."""
    answer = sentence(outcome)
    return answer if isinstance(outcome, Unchanged) else unless_said(command, row, answer)


def _severity(session: Session, command: CommandContext) -> Answer:
    if not command.rest:
        return answers.severity(incident_of(session, command), command.context.policy.severity.levels)
    severity, why = leading_severity(command.rest)
    if severity is None:
        first, _, why = command.rest.partition(" ")
        severity = parse_severity(first)
    row = incident_of(session, command, for_change=True)
    outcome = change.set_severity(
        session, row, severity, command.user_id, command.context.policy, command.now, plain_text(why)
    )
    return _answer(command, row, outcome)


def _rename(session: Session, command: CommandContext) -> Answer:
    row = incident_of(session, command, for_change=bool(command.rest))
    if not command.rest:
        return answers.title(row)
    before, title = row.title, plain_text(command.rest)
    outcome = change.rename(session, row, title, command.user_id, command.context.policy, command.now)
    return sentence(outcome) if row.title == before else _answer(command, row, outcome)


def _acknowledge(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    return sentence(change.acknowledge(session, row, command.user_id, command.context.policy, command.now))


def _timeline(session: Session, command: CommandContext) -> str:
    refuse_words(command, "To add an entry: `/incident note 10 min ago the queue drained`.")
    row = incident_of(session, command)
    latest = timeline.list_latest(session, row.incident_id, _READ_BACK)
    earlier = timeline.count_entries(session, row.incident_id) - len(latest) if len(latest) == _READ_BACK else 0
    return incident_messages.timeline(row, latest, earlier, command.context.page_link(f"/incidents/{row.ref}"))


def _resolve(session: Session, command: CommandContext) -> Answer:
    return _resolved(session, command, incident_of(session, command, for_change=True), plain_text(command.rest))


def _resolved(session: Session, command: CommandContext, row: IncidentRow, said: str = "") -> Answer:
    """Nothing waits for a field: it is resolved, and what is required and empty is asked for."""
    policy = command.context.policy
    if said and row.status == Status.RESOLVED:
        kept = change.add_facts(session, row, command.user_id, policy, command.now, resolution=said)
        return sentence(kept)
    outcome = change.resolve(session, row, command.user_id, policy, command.now, resolution=said)
    if empty := missing(session, row, policy.fields, Ask.RESOLVE):
        return still_required(row.incident_id, empty, sentence(outcome))
    return _answer(command, row, outcome)


def _close(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    said = change.Closing(resolution=plain_text(command.rest))
    return sentence(change.close(session, row, command.user_id, said, command.context.policy, command.now))


def _reopen(session: Session, command: CommandContext) -> Answer:
    """A closed one only after a question, as on-call is paged at once; the form of the menu is one."""
    row = incident_of(session, command, for_change=True)
    if row.status == Status.CLOSED and not command.by_form:
        return _ask_to_reopen(session, command, row)
    return sentence(
        change.reopen(session, row, command.user_id, command.context.policy, command.now, plain_text(command.rest))
    )


def _ask_to_reopen(session: Session, command: CommandContext, row: IncidentRow) -> Message:
    stage = reviews.find_stage(session, row.incident_id)
    approved = stage is not None and stage.stage == Stage.APPROVED
    why = " ".join(plain_text(command.rest).split())[:_LONGEST_WHY]
    return answers.reopen_question(incidents.facts(row), approved, row.commander != command.user_id, why)


def _reopen_closed(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """From that question: the incident and why, as it was typed."""
    incident_id, _, why = value.partition(":")
    row = incidents.get_for_change(session, int(incident_id))
    return sentence(change.reopen(session, row, user_id, context.policy, now, why))


def _recorder(field: str, kind: Kind, example: str) -> Callable[[Session, CommandContext], str]:
    """`/incident impact …` and `/incident cause …`: read it, or record a new wording."""

    def subcommand(session: Session, command: CommandContext) -> str:
        row = incident_of(session, command, for_change=True)
        said = plain_text(command.rest)
        if not said:
            return answers.fact(row.ref, field, getattr(row, field), example)
        setattr(row, field, said)
        text = answers.fact_said(field, command.user_id, said)
        record(
            session,
            row,
            kind,
            escape(said),
            command.now,
            author=command.user_id,
            data={"said": text},
            source_key=f"command:{command.trigger_id}",
        )
        after_change(session, row, kind, command.user_id, command.context.policy, command.now)
        late = "" if redraft_later(session, row) else left_as_approved(row.ref)
        return answers.fact_recorded(row.ref, field) + late

    return subcommand


def _severity_fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    return command_forms.severity_fields(context.policy.severity.levels, Severity(_row(row).severity))


def _fact_form(label: str, column: str, example: str, where: frozenset[Where]) -> InMenu:
    """What is recorded in one sentence, to be worded anew."""

    def fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
        return command_forms.fact_fields(label, getattr(_row(row), column), example)

    return {"words": Form(label=label, group=Group.RECORD, where=where, fields=fields, words=command_forms.what)}


def _row(row: IncidentRow | None) -> IncidentRow:
    """The incident of a form that is offered of one only."""
    assert row is not None
    return row


PRESSES = {
    "reopen_closed": Press(_reopen_closed, Act.CHANGE, incident_at(0), rf"{ID}:.{{0,{_LONGEST_WHY}}}"),
}
SUBCOMMANDS = (
    Subcommand(
        "status",
        "status mitigated",
        "Show the status, or set investigating, identified, mitigated; `status resolved` is `resolve`, "
        "`status closed` opens the form of `close`.",
        answer=_status,
        form=_status_form,
        opens=_asks_to_close,
        reads=ALONE,
        menu=Buttons(("incident_status",)),
    ),
    Subcommand(
        "severity",
        "severity P1 all regions now",
        "Show or change the severity, with an optional reason.",
        answer=_severity,
        aliases=("sev",),
        reads=ALONE,
        menu={
            "why": Form(
                label="Change severity",
                group=Group.CHANGE,
                where=OPEN,
                fields=_severity_fields,
                words=command_forms.severity_words,
            )
        },
    ),
    Subcommand(
        "ack",
        "ack",
        "Acknowledge: you're on it. Stops the pages to on-call.",
        answer=_acknowledge,
        aliases=("acknowledge",),
        menu=Buttons(("incident_acknowledge",)),
    ),
    Subcommand(
        "impact",
        "impact a third of checkouts fail",
        "Record the customer impact.",
        answer=_recorder("impact", Kind.IMPACT_RECORDED, "a third of checkouts fail"),
        reads=ALONE,
        menu=_fact_form("Customer impact", "impact", "a third of checkouts fail", OF_INCIDENT),
    ),
    Subcommand(
        "cause",
        "cause connection pool exhausted",
        "Record the cause.",
        answer=_recorder("cause", Kind.CAUSE_RECORDED, "connection pool exhausted"),
        reads=ALONE,
        menu=_fact_form("Cause", "cause", "connection pool exhausted", OF_INCIDENT),
    ),
    Subcommand(
        "rename",
        "rename card payments fail in Europe",
        "Give the incident another title; its channel is renamed too.",
        answer=_rename,
        aliases=("title",),
        reads=ALONE,
        menu={
            "title": Form(
                label="Rename",
                group=Group.CHANGE,
                where=OPEN,
                fields=lambda _session, _context, _user, row: command_forms.rename_fields(
                    _row(row).title, LONGEST_TITLE
                ),
                words=command_forms.what,
                submit="Rename",
            )
        },
    ),
    Subcommand(
        "timeline",
        "timeline",
        "The latest entries, for you only.",
        answer=_timeline,
        act=Act.READ,
        menu={"latest": Shown(label="Timeline", group=Group.LOOK_UP, where=OF_INCIDENT)},
    ),
    Subcommand(
        "resolve",
        "resolve raised the pool size",
        "Resolve the incident. Stops all pages.",
        answer=_resolve,
        aliases=("resolved",),
        menu=_fact_form("Resolution", "resolution", "raised the pool size", frozenset({Where.RESOLVED})),
    ),
    Subcommand(
        "close",
        "close",
        "Close it and draft the review. Alone it opens a form.",
        answer=_close,
        form=_close_form,
        aliases=("closed",),
        menu=Buttons(("incident_close",)),
    ),
    Subcommand(
        "reopen",
        "reopen errors are back",
        "Reopen it. Escalation restarts; a closed one is reopened after a question.",
        answer=_reopen,
        menu={
            "why": Form(
                label="Reopen",
                group=Group.CHANGE,
                where=OVER,
                fields=lambda *_: command_forms.reason_fields("Why?", "errors are back", "Escalation restarts."),
                words=command_forms.why,
                submit="Reopen",
            )
        },
    ),
)
