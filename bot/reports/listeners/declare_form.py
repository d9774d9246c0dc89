"""The form that declares, from anywhere and from a message."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bot.context import AppContext
from bot.errors import BadRequest
from bot.fields.messages import as_words
from bot.fields.rules import Ask, Given
from bot.incidents.authority import admit
from bot.incidents.interactions import FORGED, OUT_OF_DATE
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.lifecycle.flows.declare import Declaration, declare, join, kind_of, outcome_of, where_to_work
from bot.lifecycle.listeners.declaring import declare_form, find_near
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.answers import where
from bot.memory.flows.recall import recall
from bot.reports.flows.reports import declare_message, join_report_of_message
from bot.reports.messages import decisions
from bot.severity.rules import Severity, leading_severity
from bot.store.outbox import enqueue


def declared(
    context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """The declare form. Where it was opened from a message, that message is the report.

    Where an open incident looks alike, the form is answered with the question whether it is that one.
    """
    origin = _origin(view.get("private_metadata") or "")
    drill = forms.DRILL in origin
    if drill:
        with context.database.transaction() as session:
            admit(session, context, Act.DRILL, user_id, now)
    key = f"view:{view.get('root_view_id') or view['id']}"
    if values.get(forms.NEAR) == forms.JOIN and "asked" in origin:
        _join(context, values, key, origin, user_id, now)
        return None
    given = context.policy.fields.read_form(values, Ask.DECLARE, None, {})
    question = _ask_who(context, values, given, origin)
    if question is not None:
        return question
    declaration = _declaration(context, values, given, origin, key, user_id)
    question = None if "asked" in origin or drill else _question(context, declaration, values, origin)
    if question is not None:
        return question
    begin = declare_message if declaration.report_ts else declare
    with context.database.transaction() as session:
        row, fresh = begin(session, declaration, context.policy, now)
        if fresh and origin.get("channel"):
            text = decisions.declared(row.severity, row.ref, where(where_to_work(session, row)))
            enqueue(session, "slack.reply_privately", channel_id=origin["channel"], user_id=user_id, text=text)
    return None


def _ask_who(
    context: AppContext, values: dict[str, str], given: Given, origin: dict[str, str]
) -> dict[str, Any] | None:
    """The form again, where it was to be declared for everybody and its type is a private one: who may see it?

    The answer goes into `origin`.
    """
    fields = context.policy.fields
    if values.get("kind") != forms.KIND_ORDINARY or not fields.is_private(given.type_name):
        return None
    if forms.WHO in origin or forms.WHO in values:
        origin[forms.WHO] = values.get(forms.WHO) or origin[forms.WHO]
        return None
    form = declare_form(context.policy, "")
    form = forms.as_drill(form, "") if forms.DRILL in origin else form
    data = json.dumps(origin | {forms.WHO: forms.KIND_SECURITY})
    return forms.ask_who(form, values, fields.title_of(given.type_name), data)


def _declaration(
    context: AppContext, values: dict[str, str], given: Given, origin: dict[str, str], key: str, by: str
) -> Declaration:
    """What the form asks for, with all that is judged and remembered."""
    typed, title = leading_severity(values["title"])  # "P0 the shop is down", as one types it after the command
    impact, judged = values.get("impact") or "", context.judge.judge(title)
    chosen, kind = values["severity"], values.get("kind", forms.JUDGED)
    if kind == forms.KIND_ORDINARY and context.policy.fields.is_private(given.type_name):
        kind = origin[forms.WHO]
    said = {forms.KIND_SECURITY: True, forms.KIND_ORDINARY: False}.get(kind)
    words = f"{title}\n{impact}"
    likely = context.judge.judge(words).break_in
    secrecy = kind_of(context.policy, words, judged.row_name, said, given.type_name, probability=likely)
    return Declaration(
        request_key=key,
        title=title,
        severity=Severity(chosen) if chosen != forms.JUDGED else typed or judged.severity or Severity.P2,
        by=by,
        impact=impact or None,
        similar=recall(context.memory.current(), words),
        report_channel_id=origin.get("channel"),
        report_ts=origin.get("ts"),
        security=secrecy.security,
        asks=secrecy.asks,
        urgent=secrecy.urgent,
        given=given,
        drill=forms.DRILL in origin,
        hasty=forms.DRILL not in origin,
    )


def _question(
    context: AppContext, wanted: Declaration, values: dict[str, str], origin: dict[str, str]
) -> dict[str, Any] | None:
    """The form again, asking whether it is the open incident that looks alike; None where none does."""
    with context.database.transaction() as session:
        if outcome_of(session, wanted.request_key) is not None:
            return None  # the same form came twice
    near, here = find_near(context, origin.get("channel"), wanted.title, wanted.security)
    if near is None:
        return None
    form = declare_form(context.policy, "")
    return forms.ask_near(form, values, near, here, json.dumps(origin | {"asked": near.ref}))


def _join(
    context: AppContext, values: dict[str, str], key: str, origin: dict[str, str], user_id: str, now: datetime
) -> None:
    """What was to be declared goes on the timeline of the incident that was asked about, and the report with it."""
    said = (values["title"], values.get("impact"), *as_words(values, context.policy.fields))
    words = "\n".join(part for part in said if part)
    with context.database.transaction() as session:
        row = incidents.get_by_ref(session, origin["asked"])
        admit(session, context, Act.CHANGE, user_id, now, row, origin.get("channel"))
        row = join(session, row.ref, words, user_id, now, key)
        join_report_of_message(session, origin.get("channel"), origin.get("ts"), row, user_id, now)
        if origin.get("channel"):
            where = f" Its channel: <#{row.channel_id}>" if row.channel_id else ""
            text = f"Added to {row.ref} as a note.{where}"
            enqueue(session, "slack.reply_privately", channel_id=origin["channel"], user_id=user_id, text=text)


def _origin(metadata: str) -> dict[str, str]:
    """Where the form was opened: a channel id alone, or channel and message as JSON."""
    if metadata.startswith("{"):
        try:
            return {key: str(value) for key, value in json.loads(metadata).items()}
        except FORGED as forged:
            raise BadRequest(OUT_OF_DATE) from forged
    return {"channel": metadata} if metadata else {}
