"""Alerts of other bots: judged like reports, one answer while they repeat, quiet when they recover."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.context import AppContext
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.reports.flows import reports as flows
from bot.reports.jobs import answers, backfill
from bot.reports.listeners import events
from bot.reports.rules import alert_key, alert_recovered
from bot.reports.tables import AlertRow, ReportRow
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person, content_of
from tests.fixtures.slack import Control
from tests.support.queue import queued

INCIDENTS = "C0INCIDENTS"
FIRING = "[FIRING:1] CheckoutErrors: checkout is down for every customer, error rate 31%"


def hear(context: AppContext, responder: Person, control: Control, text: str, **more: Any) -> str:
    """Another bot posts, and Slack tells us; the message's ts."""
    ts = control.message(INCIDENTS, text, **({"bot": "alertmanager"} | more))
    event = {"type": "message", "subtype": "bot_message", "channel": INCIDENTS, "ts": ts, "text": text}
    event |= {"bot_id": "B0ALERTS", "username": more.get("bot", "alertmanager")} | more
    events.message(context, {"event_id": f"Ev{ts}"}, event)
    return ts


def kept(context: AppContext) -> tuple[list[ReportRow], list[AlertRow]]:
    with context.database.transaction() as session:
        session.expire_on_commit = False
        own = select(ReportRow).where(ReportRow.user_id.is_(None)).order_by(ReportRow.report_id)
        reports = list(session.scalars(own))
        alerts = select(AlertRow).where(AlertRow.report_id.in_([one.report_id for one in reports]))
        return reports, list(session.scalars(alerts.order_by(AlertRow.alert_id)))


@pytest.fixture
def clean(context: AppContext) -> AppContext:
    """Without the alerts of the test before."""
    with context.database.transaction() as session:
        session.query(AlertRow).delete()
        session.query(ReportRow).delete()
    return context


def answer(context: AppContext, slack: Slack, poster: Poster, person: Person, report: ReportRow) -> str:
    """What stands in the alert's thread."""
    answers.answer(context, slack, poster, report_id=report.report_id)
    return "\n".join(content_of(said) for said in person.replies(INCIDENTS, report.ts)[1:])


def test_an_alert_is_answered_once_while_it_repeats_and_quiet_once_it_recovers(
    clean: AppContext, slack: Slack, poster: Poster, responder: Person, control: Control
) -> None:
    first = hear(clean, responder, control, FIRING)
    hear(clean, responder, control, FIRING.replace("31%", "44%"))
    again = hear(clean, responder, control, FIRING.replace(":1]", ":3]"))
    for _ in range(2):  # Slack sends some events twice
        events.message(clean, {"event_id": "Ev0"}, {
            "type": "message", "subtype": "bot_message", "channel": INCIDENTS, "ts": again, "text": FIRING,
            "bot_id": "B0ALERTS",
        })  # fmt: skip
    (report,), (alert,) = kept(clean)
    assert (report.ts, report.severity is not None, alert.times) == (first, True, 3)
    said = answer(clean, slack, poster, responder, report)
    assert "Looks like" in said and "This alert came 3 times, the last" in said

    hear(clean, responder, control, FIRING.replace("[FIRING:1]", "[RESOLVED]"))
    (report,), (alert,) = kept(clean)
    assert alert.recovered_at is not None
    said = answer(clean, slack, poster, responder, report)
    assert "OK again since" in said and "It recovered" not in said and len(responder.replies(INCIDENTS, first)) == 2, (
        "the alert and its one answer"
    )

    hear(clean, responder, control, FIRING)
    reports, alerts = kept(clean)
    assert [one.times for one in alerts] == [3, 1], "after it recovered, the next one is new"
    assert len(reports) == 2


def test_the_timeline_of_the_incident_that_an_alert_became_says_that_it_recovered(
    clean: AppContext, responder: Person, control: Control
) -> None:
    hear(clean, responder, control, FIRING)
    ((report,), _) = kept(clean)
    with clean.database.transaction() as session:
        row, _ = flows.declare_report(session, report.report_id, None, "U0VP", clean.policy, clean.now())
    hear(clean, responder, control, FIRING.replace("[FIRING:1]", ":white_check_mark: [RESOLVED]"))
    with clean.database.transaction() as session:
        (entry,) = timeline.list_rows(session, row.incident_id, (Kind.ALARMS_CHECKED,))
        assert entry.text.startswith("The alert recovered: [FIRING:1] CheckoutErrors")
        assert queued(session, "slack.say", entry_id=entry.entry_id)


@pytest.mark.parametrize(
    ("alerts", "heard"),
    [(("all",), 1), ((), 0), (("Alertmanager",), 1), (("B0ALERTS",), 1), (("somebody else",), 0)],
)
def test_the_policy_says_whose_alerts_are_judged(
    clean: AppContext, responder: Person, control: Control, alerts: tuple[str, ...], heard: int
) -> None:
    severity = replace(clean.policy.severity, alerts=alerts)
    hear(replace(clean, policy=replace(clean.policy, severity=severity)), responder, control, FIRING)
    assert len(kept(clean)[0]) == heard


def test_what_stands_in_attachments_is_judged_and_our_own_messages_are_not(
    clean: AppContext, slack: Slack, responder: Person, control: Control
) -> None:
    shown = {"color": "danger", "title": "CheckoutErrors firing", "text": "checkout is down for every customer"}
    hear(clean, responder, control, "", attachments=[shown])
    assert len(kept(clean)[0]) == 1
    own = {"type": "message", "channel": INCIDENTS, "ts": "1795176000.000100", "text": FIRING, "user": "U0TOCSIN"}
    events.message(clean, {"event_id": "EvOwn"}, own | {"bot_id": "B0TOCSIN"})
    thread = own | {"user": "U0OTHER", "bot_id": "B1", "thread_ts": "1795170000.000100"}
    events.message(clean, {"event_id": "EvThread"}, thread)
    assert len(kept(clean)[0]) == 1


def test_alerts_that_were_missed_are_judged_when_the_channel_is_read_back(
    clean: AppContext, slack: Slack, poster: Poster, control: Control
) -> None:
    control.message(INCIDENTS, FIRING, bot="alertmanager")
    control.message(INCIDENTS, FIRING.replace("31", "40"), bot="alertmanager")
    past = replace(clean, now=lambda: clean.now() + timedelta(minutes=2))
    for _ in range(2):
        backfill.backfill_reports(past, slack, poster)
    (_,), (alert,) = kept(clean)
    assert alert.times == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("[FIRING:1] HighLatency api p99 2.1s", "[RESOLVED] HighLatency api p99 0.4s", True),
        ("ALARM: checkout-5xx in eu-west-1", "OK: checkout-5xx in eu-west-1", True),
        ("Triggered: disk of db-3 is 91% full", "Recovered: disk of db-3 is 40% full", True),
        ("[FIRING:1] HighLatency api", "[FIRING:1] HighErrorRate api", False),
        (":fire: Monitor down: shop\nsince 12:04", ":white_check_mark: Monitor up: shop\nsince 12:09", True),
    ],
)
def test_the_same_alert_has_the_same_key(one: str, other: str, same: bool) -> None:
    assert (alert_key("B1", one) == alert_key("B1", other)) == same
    assert alert_key("B1", one) != alert_key("B2", one)


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("[RESOLVED] HighLatency", True),
        ("OK: checkout-5xx", True),
        ("Recovered: disk of db-3", True),
        ("checkout is back to normal", True),
        ("[FIRING:2] HighLatency, last resolved an hour ago", False),
        ("ALARM: state changed from OK to ALARM", False),
        ("checkout is down", False),
        ("not yet resolved: checkout", False),
        ("ALARM tickets-resolved-rate", False),
        ("ALARM checkout errors, last ok at 12:04", False),
        ("[P1] checkout-payments-ok-rate below 95%", False),
        ("payments.ok.rate is 3 %", False),
        ("[Alerting] resolved_tickets below 4", False),
        ("Alarm is resolved: tickets-resolved-rate", True),
        ("checkout recovered.", True),
    ],
)
def test_an_alert_says_whether_it_is_over(text: str, over: bool) -> None:
    assert alert_recovered(text) == over
