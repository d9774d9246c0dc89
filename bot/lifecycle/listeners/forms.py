"""Submitted forms: commit, then let the form close; what cannot be done is said in the form, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.lifecycle.flows import change
from bot.lifecycle.flows.declare import Declaration, declare
from bot.lifecycle.messages import forms
from bot.reports.flows.reports import declare_message, recall
from bot.severity.rules import Severity
from bot.slack.reporting import told
from bot.store.outbox import enqueue

# (session, desk, values, view, user id, now) → None, and the form closes; or the form to show in its place.
Submission = Callable[[Session, Desk, dict[str, str], dict[str, Any], str, datetime], dict[str, Any] | None]


# Like a submission, but opens its transactions itself: (desk, values, view, user id, now).
Thinking = Callable[[Desk, dict[str, str], dict[str, Any], str, datetime], dict[str, Any] | None]


def submitted(submission: Submission, field: str) -> Callable[..., None]:
    """A listener that runs `submission` in its transaction; a refusal shows under `field`."""

    def run(
        desk: Desk, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
    ) -> dict[str, Any] | None:
        with desk.database.transaction() as session:
            return submission(session, desk, values, view, user_id, now)

    return thought_over(run, field)


def thought_over(thinking: Thinking, field: str) -> Callable[..., None]:
    """A listener for a form whose answer is thought about before a transaction begins."""

    def listener(desk: Desk, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        def refuse(text: str) -> None:
            ack(response_action="errors", errors={field: text.replace("`", "")})

        with told(refuse, user=body["user"]["id"], view=view["callback_id"]):
            values = forms.read_values(view)
            again = thinking(desk, values, view, body["user"]["id"], desk.now())
            if again is None:
                ack()
            else:
                ack(response_action="update", view=again)

    return listener


def declared(desk: Desk, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime) -> None:
    """The declare form. Where it was opened from a message, that message is the report."""
    origin = _origin(view.get("private_metadata") or "")
    title = values["title"]
    chosen = values["severity"]
    judged = desk.judge.judge(title)
    severity = Severity(chosen) if chosen != forms.JUDGED else judged.severity or Severity.P2
    kind = values.get("kind", forms.JUDGED)
    declaration = Declaration(
        request_key=f"view:{view.get('root_view_id') or view['id']}",
        title=title,
        severity=severity,
        by=user_id,
        impact=values.get("impact") or None,
        similar=tuple(recall(desk.memory.current(), f"{title}\n{values.get('impact', '')}")),
        report_channel_id=origin.get("channel"),
        report_ts=origin.get("ts"),
        security=kind == forms.KIND_SECURITY or (kind == forms.JUDGED and judged.row_name in desk.policy.security.rows),
    )
    begin = declare_message if declaration.report_ts else declare
    with desk.database.transaction() as session:
        row, fresh = begin(session, declaration, desk.policy, now)
        if fresh and origin.get("channel"):
            text = f"*{row.severity}* · {row.ref} declared. You are invited to its channel in a moment."
            enqueue(session, "slack.whisper", channel_id=origin["channel"], user_id=user_id, text=text)


def _origin(metadata: str) -> dict[str, str]:
    """Where the form was opened: a channel id alone, or channel and message as JSON."""
    if metadata.startswith("{"):
        return {key: str(value) for key, value in json.loads(metadata).items()}
    return {"channel": metadata} if metadata else {}


def resolved(
    session: Session, desk: Desk, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    row = incidents.get_for_change(session, int(view["private_metadata"]))
    if Status(row.status).is_open:
        change.resolve(session, row, user_id, desk.policy, now, resolution=values["resolution"], cause=values["cause"])
        return
    text = change.add_facts(session, row, user_id, now, resolution=values["resolution"], cause=values["cause"])
    if row.channel_id:
        enqueue(session, "slack.whisper", channel_id=row.channel_id, user_id=user_id, text=text)


def closed(
    session: Session, desk: Desk, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    row = incidents.get_for_change(session, int(view["private_metadata"]))
    said = change.Closing(
        cause=values["cause"],
        resolution=values["resolution"],
        impact=values["impact"],
        false_alarm=values["alarm"] == "false",
        playbook_helped={"yes": True, "no": False}.get(values.get("playbook", "")),
    )
    change.close(session, row, user_id, said, desk.policy, now)
