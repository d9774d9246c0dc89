"""A desk with the shipped knowledge, and a Slack that the jobs speak to."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.context import Desk
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.reports.tables import ReportRow
from bot.settings import Settings
from bot.severity.rules import Severity
from bot.slack.client import Slack, web_client
from bot.slack.poster import Speaker
from bot.slack.tables import SlackMessage
from bot.store.engine import Database
from bot.wiring.service import build_desk, introduce
from slack_playground.app import Playground
from tests.queue import empty_queue
from tests.slack_fixtures import control, person, playground, responder  # noqa: F401 (fixtures)

Declared = Callable[..., IncidentRow]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def built(database: Database, data_folder: Path) -> Desk:
    """Built once a module, as reading the knowledge takes a moment."""
    settings = {"TOCSIN_DATA": str(data_folder), "SLACK_BOT_TOKEN": "xoxb-playground"}
    return build_desk(Settings.model_validate(settings), database)


@pytest.fixture
def slack(playground: Playground) -> Slack:  # noqa: F811
    """The bot's calls."""
    return Slack(web_client(playground.api_url, "xoxb-playground", timeout=5))


@pytest.fixture
def desk(built: Desk, slack: Slack) -> Desk:
    """The desk, introduced to this test's Slack, with an empty queue and nothing of the Slack of the test before."""
    with built.database.transaction() as session:
        empty_queue(session)
        session.query(IncidentRow).update({"channel_id": None})
        session.query(SlackMessage).delete()
        session.query(ReportRow).delete()
    assert introduce(built, slack)
    return built


@pytest.fixture
def speaker(desk: Desk, slack: Slack) -> Speaker:
    return Speaker(desk.database, slack, desk.now)


@pytest.fixture
def declared(desk: Desk) -> Declared:
    """Declare an incident of this test's own, by the responder."""

    def make(severity: Severity = Severity.P1, **values: object) -> IncidentRow:
        with desk.database.transaction() as session:
            number = next(_numbers)
            wanted = Declaration(f"job:{number}", f"checkout {number} fails", severity, "U0RESPONDER")
            row, _ = declare(session, replace(wanted, **values), desk.policy, desk.now())  # type: ignore[arg-type]
            return row

    return make


def later(desk: Desk, minutes: float) -> Desk:
    """The same desk at a later hour."""
    return replace(desk, now=lambda: desk.now() + timedelta(minutes=minutes))
