"""The form that declares, from anywhere and from a message."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bot.context import AppContext
from bot.incidents.authority import admit
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.lifecycle.flows.declare import Declaration, declare, join, kind_of, outcome_of, where_to_work
from bot.lifecycle.listeners.declaring import find_near
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.answers import where
from bot.memory.flows.recall import recall
from bot.reports.flows.reports import declare_message, join_report_of_message
from bot.reports.messages import decisions
from bot.severity.rules import Severity
from bot.store.outbox import enqueue


def declared(
    context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """The declare form. Where it was opened from a message, that message is the report.

    Where an open incident looks alike, the form is answered with the question whether it is that one.
    """
    origin = _origin(view.get("private_metadata") or "")
    key = f"view:{view.get('root_view_id') or view['id']}"
    if values.get(forms.NEAR) == forms.JOIN and "asked" in origin:
        _join(context, values, key, origin, user_id, now)
        return None
    title = values["title"]
    chosen = values["severity"]
    judged = context.judge.judge(title)
    severity = Severity(chosen) if chosen != forms.JUDGED else judged.severity or Severity.P2
    kind = values.get("kind", forms.JUDGED)
    secrecy = kind_of(
        context.policy,
        f"{title}\n{values.get('impact') or ''}",
        judged.row_name,
        {forms.KIND_SECURITY: True, forms.KIND_ORDINARY: False}.get(kind),
    )
    declaration = Declaration(
        request_key=key,
        title=title,
        severity=severity,
        by=user_id,
        impact=values.get("impact") or None,
        similar=recall(context.memory.current(), f"{title}\n{values.get('impact', '')}"),
        report_channel_id=origin.get("channel"),
        report_ts=origin.get("ts"),
        security=secrecy.security,
        asks=secrecy.asks,
        hasty=True,
    )
    question = None if "asked" in origin else _question(context, declaration, values, origin)
    if question is not None:
        return question
    begin = declare_message if declaration.report_ts else declare
    with context.database.transaction() as session:
        row, fresh = begin(session, declaration, context.policy, now)
        if fresh and origin.get("channel"):
            text = decisions.declared(row.severity, row.ref, where(where_to_work(session, row)))
            enqueue(session, "slack.whisper", channel_id=origin["channel"], user_id=user_id, text=text)
    return None


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
    form = forms.declare_form(context.policy.severity.levels, "")
    return forms.ask_near(form, values, near, here, json.dumps(origin | {"asked": near.ref}))


def _join(
    context: AppContext, values: dict[str, str], key: str, origin: dict[str, str], user_id: str, now: datetime
) -> None:
    """What was to be declared goes on the timeline of the incident that was asked about, and the report with it."""
    words = "\n".join(part for part in (values["title"], values.get("impact")) if part)
    with context.database.transaction() as session:
        row = incidents.get_by_ref(session, origin["asked"])
        admit(session, context, Act.CHANGE, user_id, now, row, origin.get("channel"))
        row = join(session, row.ref, words, user_id, now, key)
        join_report_of_message(session, origin.get("channel"), origin.get("ts"), row, user_id, now)
        if origin.get("channel"):
            where = f" Its channel: <#{row.channel_id}>" if row.channel_id else ""
            text = f"Added to {row.ref} as a note.{where}"
            enqueue(session, "slack.whisper", channel_id=origin["channel"], user_id=user_id, text=text)


def _origin(metadata: str) -> dict[str, str]:
    """Where the form was opened: a channel id alone, or channel and message as JSON."""
    if metadata.startswith("{"):
        return {key: str(value) for key, value in json.loads(metadata).items()}
    return {"channel": metadata} if metadata else {}
