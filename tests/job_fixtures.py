"""A desk with the shipped knowledge, and a Slack that the jobs speak to."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.context import AppContext
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.reports.tables import ReportRow
from bot.settings import Settings
from bot.severity.rules import Severity
from bot.slack.client import Slack, web_client
from bot.slack.poster import Poster
from bot.slack.tables import SlackMessage
from bot.store.engine import Database
from bot.wiring.service import build_context, introduce
from slack_playground.app import Playground
from tests.queue import empty_queue
from tests.stage import unhurried

Declared = Callable[..., IncidentRow]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def built(database: Database, data_folder: Path) -> AppContext:
    """Built once a module, as reading the knowledge takes a moment."""
    settings = {"TOCSIN_DATA": str(data_folder), "SLACK_BOT_TOKEN": "xoxb-playground"}
    return unhurried(build_context(Settings.model_validate(settings), database))


@pytest.fixture
def slack(playground: Playground) -> Slack:
    """The bot's calls."""
    return Slack(web_client(playground.api_url, "xoxb-playground", timeout=5))


@pytest.fixture
def context(built: AppContext, slack: Slack) -> AppContext:
    """The desk, introduced to this test's Slack, with an empty queue and nothing of the Slack of the test before."""
    with built.database.transaction() as session:
        empty_queue(session)
        session.query(IncidentRow).update({"channel_id": None})
        session.query(SlackMessage).delete()
        session.query(ReportRow).delete()
    assert introduce(built, slack)
    return built


@pytest.fixture
def poster(context: AppContext, slack: Slack) -> Poster:
    return Poster(context.database, slack, context.now)


@pytest.fixture
def declared_incident(context: AppContext) -> Declared:
    """Declare an incident of this test's own, by the responder."""

    def make(severity: Severity = Severity.P1, **values: object) -> IncidentRow:
        with context.database.transaction() as session:
            number = next(_numbers)
            wanted = Declaration(f"job:{number}", f"checkout {number} fails", severity, "U0RESPONDER")
            row, _ = declare(session, replace(wanted, **values), context.policy, context.now())  # type: ignore[arg-type]
            return row

    return make


def later(context: AppContext, minutes: float) -> AppContext:
    """The same desk at a later hour."""
    return replace(context, now=lambda: context.now() + timedelta(minutes=minutes))
