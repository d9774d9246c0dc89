"""Every way in from Slack, as registered, to be knocked at with payloads as Slack sends them."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from slack_bolt import App, BoltRequest

from bot.context import AppContext
from bot.escalation.queries import pings
from bot.incidents.rules.authority import Standing
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import commander
from bot.lifecycle.messages import forms as modals
from bot.lifecycle.queries import handovers, severity_suggestions
from bot.playbooks.flows import runs
from bot.playbooks.flows.texts import text_of
from bot.playbooks.listeners.buttons import FORM_BUTTONS
from bot.playbooks.listeners.upkeep import ANSWERS
from bot.playbooks.listeners.upkeep import FORM_BUTTONS as UPKEEP_BUTTONS
from bot.playbooks.messages.forms import FILL, NOTE
from bot.playbooks.messages.saving import SAVE
from bot.playbooks.messages.upkeep import EDIT, REVIEW
from bot.playbooks.queries import upkeep
from bot.playbooks.rules.upkeep import RequestKind
from bot.playbooks.tables import UpkeepRequest
from bot.reports import queries as reports
from bot.reviews.flows import action_items
from bot.reviews.rules.action_requests import ActionRequest
from bot.slack.client import Slack, web_client
from bot.wiring.access.interactions import PRESSES, SUBMISSIONS
from bot.wiring.listeners import FORMS, QUESTIONS, REGISTRY, register
from slack_playground.app import Playground
from tests.job_fixtures import Declared
from tests.slack_fixtures import Control

WHO = {
    "U0SUPPORT": Standing.MEMBER,
    "U0GUEST": Standing.GUEST,
    "U0PARTNER": Standing.STRANGER,
    "U0MONITOR": Standing.BOT,
    "U0GONE": Standing.DEACTIVATED,
}
REPORTS = "C0REPORTS"
# Ways in that speak of no one incident, or of the announcement channel's reports, which everybody reads.
OF_NO_INCIDENT = {
    *("suggestion_vote", "list_next", "list_back", "declare_global", "home_declare", "declare_view"),
    *("declare_message", "timeline_message", "declare_anyway", "declare_cancel", "report_why_view"),
    *ANSWERS,
    *UPKEEP_BUTTONS,
    REVIEW,
    EDIT,
}
_numbers = itertools.count(1)


@pytest.fixture
def known(context: AppContext) -> AppContext:
    """A workspace of members, and of one of each kind that is none."""
    return replace(context, standing_of=lambda user_id: WHO.get(user_id, Standing.MEMBER))


@dataclass
class Doors:
    """Every way in from Slack, to be knocked at with payloads as Slack sends them."""

    app: App
    context: AppContext
    playground: Playground
    control: Control
    row: IncidentRow
    ids: dict[str, int]

    def knock(self, payload: dict[str, Any], user_id: str, channel: str) -> str:
        """What the person hears: the acknowledgement, and what went to the response_url."""
        hook = self.playground.on_loop(lambda: self.playground.workspace.new_hook(user_id, "C0INCIDENTS"))
        body = {"trigger_id": f"1.{next(_numbers)}", "response_url": hook, "team": {"id": "T0TOCSIN"}} | payload
        if payload.get("type"):
            body["user"] = {"id": user_id, "username": user_id}
        if payload.get("type") in ("block_actions", "message_action"):
            body.setdefault("channel", {"id": channel})
        before = len(self.control.journal("response_url")) + len(self.control.journal("views.open"))
        answer = self.app.dispatch(BoltRequest(body=body, mode="socket_mode"))
        assert answer.status == 200, (body, answer.body)
        heard = (self.control.journal("response_url") + self.control.journal("views.open"))[:]
        return str(answer.body) + (json.dumps(heard[-1:]) if len(heard) > before else "")

    def command(self, typed: str, user_id: str, channel: str = "C0GENERAL") -> str:
        word = {"command": "/incident", "text": typed, "user_id": user_id, "user_name": user_id, "channel_id": channel}
        return self.knock(word, user_id, channel)

    def press(self, action_id: str, value: str, user_id: str, channel: str = "C0GENERAL", **more: Any) -> str:
        action = {"action_id": action_id, "block_id": "b", "type": "button", "value": value, "action_ts": "1.1"}
        return self.knock({"type": "block_actions", "actions": [action]} | more, user_id, channel)

    def submit(self, callback_id: str, metadata: str, user_id: str, **values: str) -> str:
        fields = {name: {name: {"type": "plain_text_input", "value": value}} for name, value in values.items()}
        view: dict[str, Any] = {
            "id": f"V{next(_numbers)}",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": metadata,
        }
        view["blocks"] = [{"type": "input", "block_id": name, "element": {"action_id": name}} for name in values]
        view |= {"state": {"values": fields}, "hash": "1", "private_metadata": metadata}
        return self.knock({"type": "view_submission", "view": view}, user_id, "")


@pytest.fixture
def doors(
    known: AppContext, slack: Slack, playground: Playground, control: Control, declared_incident: Declared
) -> Iterator[Doors]:
    """The registered app over one incident, its page, offer, suggestion, action item and report."""
    app = App(
        client=web_client(playground.api_url, "xoxb-playground"),
        token_verification_enabled=False,
        request_verification_enabled=False,
        process_before_response=True,
    )
    register(app, known, slack)
    row = declared_incident()
    yield Doors(app, known, playground, control, row, furnish(known, row))


def furnish(context: AppContext, row: IncidentRow) -> dict[str, int]:
    """What buttons of that incident name, by kind."""
    now = context.now()
    with context.database.transaction() as session:
        row = session.get_one(IncidentRow, row.incident_id)
        commander.offer(session, row, "U0SUPPORT", "U0RESPONDER", f"offer:{row.ref}", now)
        wanted = ActionRequest("watch the pool", "high", None, None)
        action_items.add(session, row, wanted, "U0RESPONDER", context.policy.calendar, now, f"item:{row.ref}")
        report = reports.add_report(
            session, channel_id=REPORTS, ts=f"{next(_numbers)}.1", user_id="U0RESPONDER", text="checkout fails",
            severity="P2", confidence=0.9, row="", row_name="", evidence=[], similar=(), answered=True, asked=False,
            judged_at=now,
        )  # fmt: skip
        offer = handovers.find_offered(session, row.incident_id)
        suggestion = severity_suggestions.add(
            session, incident_id=row.incident_id, message_ts="1.1", user_id="U0RESPONDER", text="worse",
            before="P1", suggested="P0", row_name="", row="", evidence=[], made_at=now,
        )  # fmt: skip
        entry = context.memory.current().entries["PB-lambda"]
        run, _ = runs.start(session, row, text_of(entry), "U0RESPONDER", now)
        assert report is not None and offer is not None and suggestion is not None
        upkeep.add(session, f"review:PB-lambda:{row.ref}", RequestKind.REVIEW, "PB-lambda", now)
        request = session.query(UpkeepRequest).filter_by(key=f"review:PB-lambda:{row.ref}").one()
        ping = pings.list_of_incident(session, row.incident_id)[0]
        return {
            "incident": row.incident_id,
            "ping": ping.ping_id,
            "handover": offer.handover_id,
            "suggestion": suggestion,
            "report": report.report_id,
            "run": run.run_id,
            "request": request.request_id,
        }


def value_of(action_id: str, ids: dict[str, int], ref: str) -> str:
    """A button's value as the product writes it."""
    incident, report = ids["incident"], ids["report"]
    special = {
        "page_acknowledge": f"{ids['ping']}:{incident}",
        "page_take_over": f"{ids['ping']}:{incident}",
        "page_why": f"{ids['ping']}:{incident}",
        "handover_accept": str(ids["handover"]),
        "incident_status": f"mitigated:{incident}",
        "incident_severity": f"P0:{incident}",
        "report_declare": str(report),
        "report_declare_as": f"P1:{report}",
        "report_dismiss": str(report),
        "report_declare_after_all": str(report),
        "report_diagnose": f"{report}:lambda:orders-api",
        "diagnose_resource": f"{incident}:lambda:orders-api",
        "report_part_of": f"{report}:{ref}",
        "report_part_of_other": f"{report}:{ref}",
        "suggestion_vote": f"yes:1:PB-lambda:similar:{report}",
        "severity_take": str(ids["suggestion"]),
        "severity_keep": str(ids["suggestion"]),
        "action_done": f"{incident}:1",
        "action_accept": f"{incident}:1",
        "action_decline": f"{incident}:1",
        "check_tick": f"{incident}:1:metrics",
        "check_untick": f"{incident}:1:metrics",
        **{f"playbook_{what}": f"{ids['run']}:1" for what in ("done", "not_helped", "skip", "look", "keep")},
        "playbook_page": f"{incident}:{ids['run']}:team lead",
        "playbook_assign": f"playbook:{ids['run']}:1:U0SUPPORT",
        "alarms_look": f"{incident}:1",
        "key_mark": f"{incident}:1.1",
    }
    likely = [str(incident), f"{incident}:1", f"{incident}:1:x", f"x:{incident}"]
    fitting = [value for value in likely if action_id not in PRESSES or re.fullmatch(PRESSES[action_id].shape, value)]
    return special.get(action_id) or fitting[0]


def form_of(callback_id: str, row: IncidentRow, ids: dict[str, int]) -> tuple[str, dict[str, str]]:
    """A form's metadata and fields as the product opens it."""
    metadata = {
        modals.RESOLVE: str(row.incident_id),
        modals.CLOSE: str(row.incident_id),
        "report_why_view": str(ids["report"]),
        modals.DECLARE: "",
        SAVE: str(row.incident_id),
        NOTE: f"{ids['run']}:1",
        FILL: f"{ids['run']}:1",
        REVIEW: str(ids["request"]),
        EDIT: f"{ids['request']}:PB-lambda:0",
    }.get(callback_id)
    opened = {"incident": row.incident_id, "entry": None, "ts": "1.1", "when": "", "channel": "C0GENERAL"}
    opened |= {"kind": "update", "episode": 1, "drawn": "2026-11-20T12:00:00+00:00", "facts": ""}
    fields = {
        "title": "checkout fails",
        "severity": "P1",
        "resolution": "a",
        "cause": "b",
        "impact": "",
        "alarm": "real",
    }
    return metadata if metadata is not None else json.dumps(opened), fields | {
        "text": "x",
        "words": "y",
        "when": "",
        "steps_1": "look",
        "symptoms": "s",
    }


def knocks(doors: Doors, user_id: str, *, reports: bool = True) -> Iterator[tuple[str, str]]:
    """Every way in from Slack, tried by that person: its name, and what they heard."""
    row, ids = doors.row, doors.ids
    for word, entry in REGISTRY.entries.items():
        yield f"/incident {word}", doors.command(f"{entry.example.partition(' ')[0]} {row.ref} now", user_id)
        yield f"/incident {word} alone", doors.command(f"{word} {row.ref}", user_id)
    yield "/incident oncall override", doors.command("oncall override @vp-engineering until tomorrow", user_id)
    for action_id in PRESSES:
        if reports or not action_id.startswith("report_") or "part_of" in action_id:
            yield action_id, doors.press(action_id, value_of(action_id, ids, row.ref), user_id)
    for action_id in FORMS:
        yield action_id, doors.press(action_id, str(row.incident_id), user_id)
    wanted = json.dumps({"key": f"q{next(_numbers)}", "ref": row.ref, "title": "checkout fails again"})
    for action_id in QUESTIONS:
        yield action_id, doors.press(action_id, wanted, user_id)
    yield "notice_form", doors.press("notice_form", f"update:{row.incident_id}", user_id)
    for action_id in ("list_next", "list_back"):
        yield action_id, doors.press(action_id, "open:2", user_id)
    yield "playbook_start", doors.press("playbook_start", f"{row.incident_id}:PB-database", user_id)
    for action_id in FORM_BUTTONS:
        yield action_id, doors.press(action_id, f"{ids['run']}:1", user_id)
    for action_id in (*ANSWERS, *UPKEEP_BUTTONS):
        yield action_id, doors.press(action_id, str(ids["request"]), user_id)
    for callback_id in (*SUBMISSIONS, modals.DECLARE, FILL, SAVE, REVIEW, EDIT):
        metadata, values = form_of(callback_id, row, ids)
        yield callback_id, doors.submit(callback_id, metadata, user_id, **values)
    message = {"message": {"ts": "5.5", "text": "the pool is full", "user": "U0RESPONDER"}}
    for callback_id in ("declare_message", "timeline_message"):
        shortcut = {"type": "message_action", "callback_id": callback_id} | message
        yield callback_id, doors.knock(shortcut, user_id, "C0GENERAL")
    yield "declare_global", doors.knock({"type": "shortcut", "callback_id": "declare_global"}, user_id, "")
    yield "home_declare", doors.press("home_declare", "", user_id)
