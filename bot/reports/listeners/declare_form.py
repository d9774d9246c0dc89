"""The form that declares, from anywhere and from a message."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bot.context import AppContext
from bot.lifecycle.flows.declare import Declaration, declare, kind_of, where_to_work
from bot.lifecycle.messages import forms
from bot.lifecycle.messages.answers import where
from bot.memory.flows.recall import recall
from bot.reports.flows.reports import declare_message
from bot.reports.messages import decisions
from bot.severity.rules import Severity
from bot.store.outbox import enqueue


def declared(context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime) -> None:
    """The declare form. Where it was opened from a message, that message is the report."""
    origin = _origin(view.get("private_metadata") or "")
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
        request_key=f"view:{view.get('root_view_id') or view['id']}",
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
    begin = declare_message if declaration.report_ts else declare
    with context.database.transaction() as session:
        row, fresh = begin(session, declaration, context.policy, now)
        if fresh and origin.get("channel"):
            text = decisions.declared(row.severity, row.ref, where(where_to_work(session, row)))
            enqueue(session, "slack.whisper", channel_id=origin["channel"], user_id=user_id, text=text)


def _origin(metadata: str) -> dict[str, str]:
    """Where the form was opened: a channel id alone, or channel and message as JSON."""
    if metadata.startswith("{"):
        return {key: str(value) for key, value in json.loads(metadata).items()}
    return {"channel": metadata} if metadata else {}
