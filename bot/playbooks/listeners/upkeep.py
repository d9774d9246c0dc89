"""The buttons and forms in which owners answer. Each finds the entry before its transaction: the memory has its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, NotAllowed
from bot.incidents.interactions import OUT_OF_DATE, let_in, number_at
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.memory.entries.entries import Entry
from bot.playbooks.flows import editing
from bot.playbooks.flows import upkeep as flow
from bot.playbooks.messages import saving as saving_messages
from bot.playbooks.messages import upkeep as messages
from bot.playbooks.messages.saving import steps_of
from bot.playbooks.messages.upkeep import RIGHT
from bot.playbooks.queries import upkeep
from bot.playbooks.rules.upkeep import RequestKind, Verdict
from bot.playbooks.tables import UpkeepRequest
from bot.slack.client import Slack
from bot.slack.replies.private import answer_press
from bot.slack.replies.reporting import reporting_errors

_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
# (session, context, the question, its entry, user id, now, what was chosen) → a sentence, or None.
_Answer = Callable[[Session, AppContext, UpkeepRequest, Entry, str, datetime, str], str | None]


def entry_of(context: AppContext, request_id: int) -> Entry | None:
    """The entry that a question is about, as it is known now."""
    with context.database.transaction() as session:
        ref = upkeep.get(session, request_id).ref
    return context.memory.current().entries.get(ref)


def _right(
    session: Session, context: AppContext, row: UpkeepRequest, entry: Entry, user_id: str, now: datetime, chosen: str
) -> None:
    flow.answer(session, row, RIGHT[RequestKind(row.kind)], user_id, now)


def _archive(
    session: Session, context: AppContext, row: UpkeepRequest, entry: Entry, user_id: str, now: datetime, chosen: str
) -> None:
    editing.archive(session, entry, user_id, now)
    flow.answer(session, row, messages.ARCHIVED, user_id, now)


def _accept(
    session: Session, context: AppContext, row: UpkeepRequest, entry: Entry, user_id: str, now: datetime, chosen: str
) -> None:
    if row.incident_id is None:
        raise BadRequest(OUT_OF_DATE)
    flow.accept(session, row, incidents.get(session, row.incident_id), entry, user_id, now)


def _snooze(
    session: Session, context: AppContext, row: UpkeepRequest, entry: Entry, user_id: str, now: datetime, chosen: str
) -> str:
    until = flow.snooze(session, row, context.policy, now)
    return messages.snoozed(f"{until.astimezone(context.policy.calendar.zone):%A, %d %B %Y}")


def _delegate(
    session: Session, context: AppContext, row: UpkeepRequest, entry: Entry, user_id: str, now: datetime, chosen: str
) -> str:
    if not _USER.fullmatch(chosen):
        raise BadRequest(OUT_OF_DATE)
    flow.delegate(session, row, chosen, now)
    return messages.delegated(chosen)


ANSWERS: dict[str, _Answer] = {
    "upkeep_right": _right,
    "upkeep_archive": _archive,
    "upkeep_accept": _accept,
    "upkeep_snooze": _snooze,
    "upkeep_delegate": _delegate,
}


def press(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
    """One answer: the question's id is the value, or stands in the block of the menu of people."""
    said: list[str] = []
    user_id, chosen = body["user"]["id"], str(action.get("selected_user") or "")
    with reporting_errors(said.append, user=user_id, action=action["action_id"]):
        let_in(context, body, Act.CHANGE)
        request_id = number_at(str(action["block_id"]), 1) if chosen else number_at(str(action.get("value")), 0)
        entry = entry_of(context, request_id)
        with context.database.transaction() as session:
            now = context.now()
            row = flow.open_request(session, context, request_id, user_id, now, entry)
            assert entry is not None
            sentence = ANSWERS[action["action_id"]](session, context, row, entry, user_id, now, chosen)
        said += [sentence] if sentence else []
    answer_press(ack, respond, said)


def open_form(
    context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]
) -> None:
    """Go through the steps…, Edit…"""
    said: list[str] = []
    user_id = body["user"]["id"]
    with reporting_errors(said.append, user=user_id, action=action["action_id"]):
        let_in(context, body, Act.CHANGE)
        request_id = number_at(str(action.get("value")), 0)
        entry = entry_of(context, request_id)
        with context.database.transaction() as session:
            view = _view(session, context, action["action_id"], request_id, entry, user_id)
        slack.open_view(body["trigger_id"], view)
    answer_press(ack, respond, said)


def _view(
    session: Session, context: AppContext, action_id: str, request_id: int, entry: Entry | None, user_id: str
) -> dict[str, Any]:
    row = upkeep.get(session, request_id)
    if action_id == "upkeep_review":
        row = flow.open_request(session, context, request_id, user_id, context.now(), entry)
    if entry is None:
        raise BadRequest(messages.gone(row.ref))
    if action_id == "upkeep_review":
        return messages.review_form(request_id, entry)
    _check_may_edit(session, context, row, entry, user_id)
    shown = flow.draft_of(session, row, entry)
    version = editing.version_of(entry)
    return messages.edit_form(
        request_id, entry.ref, version, shown.title, shown.section("Symptoms"), shown.section("Steps")
    )


def _check_may_edit(session: Session, context: AppContext, row: UpkeepRequest, entry: Entry, user_id: str) -> None:
    if user_id not in (row.asked, row.answered_by) and not editing.may_edit(
        session, context, entry, user_id, context.now()
    ):
        raise NotAllowed(saving_messages.not_yours(entry.ref))


FORM_BUTTONS = ("upkeep_review", "upkeep_edit")


def reviewed(
    context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """What was said of each step."""
    request_id = number_at(str(view.get("private_metadata")), 0)
    entry = entry_of(context, request_id)
    verdicts = {
        int(name.removeprefix("step_")): Verdict(value) for name, value in values.items() if name.startswith("step_")
    }
    with context.database.transaction() as session:
        row = flow.open_request(session, context, request_id, user_id, now, entry)
        assert entry is not None
        if values.get(messages.WHOLE) == "archive":
            editing.archive(session, entry, user_id, now)
            flow.answer(session, row, messages.ARCHIVED, user_id, now)
        else:
            flow.reviewed(session, row, verdicts, values.get(messages.NOTES, ""), user_id, now)
    return None


def edited(
    context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """An entry with its parts as they were edited; its question is answered by that, where it still waits."""
    metadata = str(view.get("private_metadata"))
    request_id, version = number_at(metadata, 0), metadata.rpartition(":")[2]
    entry = entry_of(context, request_id)
    with context.database.transaction() as session:
        row = upkeep.get_for_change(session, request_id)
        if entry is None:
            raise BadRequest(messages.gone(row.ref))
        _check_may_edit(session, context, row, entry, user_id)
        fresh = editing.with_parts(entry, values["title"], values["symptoms"], steps_of(values))
        editing.save(session, editing.reviewed_on(fresh, now), version, user_id, now)
        flow.edited(session, row, user_id, now)
    return None
