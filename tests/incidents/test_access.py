"""Who saw and did what on a security incident is kept; its commander reads it, and policy ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from slack_bolt import Ack

from bot.context import AppContext
from bot.incidents.commands import run_command
from bot.incidents.flows.access import note_access
from bot.incidents.queries import access, incidents
from bot.incidents.tables import IncidentRow
from bot.severity.rules import Severity
from bot.slack.client import Slack
from bot.store.engine import Database
from bot.wiring.listeners import REGISTRY
from tests.fixtures.job import Declared
from tests.fixtures.web import Site, send
from tests.support.rows import NOON


def log_of(database: Database, row: IncidentRow) -> list[tuple[str, str]]:
    """The oldest first."""
    with database.transaction() as session:
        return [(line.who, line.what) for line in reversed(access.list_latest(session, row.incident_id, 100))]


def made_private(database: Database, row: IncidentRow, ref: str, channel_id: str | None = None) -> IncidentRow:
    with database.transaction() as session:
        held = incidents.get(session, row.incident_id)
        held.ref, held.channel_id, held.commander = ref, channel_id, "U0RESPONDER"
    return held


def typed(context: AppContext, slack: Slack, user_id: str, text: str, channel_id: str) -> str:
    """What somebody is answered."""
    ack = Ack()  # type: ignore[no-untyped-call]  # the library leaves it bare
    payload = {"text": text, "user_id": user_id, "user_name": user_id, "channel_id": channel_id, "trigger_id": "1.2"}
    run_command(REGISTRY, context, slack, ack, payload)
    assert ack.response is not None
    return str(ack.response.body)


def test_pages_and_exports_of_a_security_incident_are_kept_with_those_that_were_refused(site: Site) -> None:
    row = made_private(site.database, site.closed(Severity.P1, "somebody reads our calendar"), "SEC-2026-8001")
    ordinary = site.closed()
    inside, outside = site.enter("U0RESPONDER"), site.enter("U0VP")
    inside.get(f"/incidents/{row.ref}")
    inside.get(f"/reviews/{row.ref}")
    inside.get(f"/reviews/{row.ref}/document.md")
    inside.get(f"/reviews/{ordinary.ref}")
    outside.get(f"/reviews/{row.ref}")
    send(inside, f"/reviews/{row.ref}/comments", section="", text="seen", request="1")
    assert log_of(site.database, row) == [
        ("U0RESPONDER", "opened the timeline"),
        ("U0RESPONDER", "opened the review"),
        ("U0RESPONDER", "exported the review (Markdown)"),
        ("U0VP", "opened the review: refused"),
        ("U0RESPONDER", "sent a form of the pages (edit reviews)"),
        ("U0RESPONDER", "opened the review"),
    ]
    assert log_of(site.database, ordinary) == []


def test_the_commander_alone_reads_who_typed_what(
    context: AppContext, slack: Slack, declared_incident: Declared
) -> None:
    row = made_private(context.database, declared_incident(), "SEC-2026-8002", "C0BREACH")
    typed(context, slack, "U0RESPONDER", "timeline", "C0BREACH")
    assert "Ask <@U0RESPONDER>" in typed(context, slack, "U0MANAGER", "access", "C0BREACH")
    typed(context, slack, "U0SUPPORT", f"timeline {row.ref}", "C0ELSEWHERE")
    assert log_of(context.database, row)[-1] == ("U0SUPPORT", "typed /incident timeline: refused")
    shown = typed(context, slack, "U0RESPONDER", "access", "C0BREACH")
    assert "typed /incident timeline" in shown and "<@U0MANAGER> typed /incident access" in shown
    kept = log_of(context.database, row)
    assert kept[0] == ("U0RESPONDER", "typed /incident timeline")
    assert kept[-1] == ("U0RESPONDER", "typed /incident access")


def test_of_an_incident_that_everybody_may_read_nobody_keeps_who_did(
    context: AppContext, slack: Slack, declared_incident: Declared
) -> None:
    row = declared_incident()
    typed(context, slack, "U0RESPONDER", f"timeline {row.ref}", "C0ELSEWHERE")
    assert "for security incidents only" in typed(context, slack, "U0RESPONDER", f"access {row.ref}", "C0ELSEWHERE")
    assert log_of(context.database, row) == []


@pytest.mark.parametrize(("days", "left"), [(399, 1), (401, 0)])
def test_the_log_is_kept_as_long_as_the_policy_says(site: Site, days: int, left: int) -> None:
    row = made_private(site.database, site.closed(), f"SEC-2026-8{days}")
    with site.database.transaction() as session:
        note_access(session, row, "U0VP", "opened the review", NOON)
    assert site.policy.retention.keep_access == timedelta(days=400)
    with site.database.transaction() as session:
        access.forget(session, NOON + timedelta(days=days) - site.policy.retention.keep_access, 100)
        assert access.count(session, row.incident_id) == left
