"""Diagnosing from an incident's channel, where AWS is configured: moto plays the account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.engine import Database
from slack_playground.person import content_of
from tests.diagnostics.account import REGION, answers_of_lambda, client, function, now, played, put_lines, role
from tests.journeys.story import ask, entries, failed_jobs, settle
from tests.stage import Stage, staged


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    changes = {"data_folder": data_folder, "aws_region": REGION}
    with (
        played(),
        staged(
            database, tmp_path_factory.mktemp("stage"), lambda settings: settings.model_copy(update=changes)
        ) as built,
    ):
        assert built.context.aws is not None
        answers_of_lambda(built.context.aws)
        function("orders-api", role("orders"))
        client("lambda").create_alias(FunctionName="orders-api", Name="LIVE", FunctionVersion="$LATEST")
        put_lines("/aws/lambda/orders-api", ["[ERROR] Task timed out after 3.00 seconds *bold* <!here>"], now())
        yield built


def test_findings_come_in_one_message_and_stand_on_the_timeline_once(stage: Stage) -> None:
    ref, channel = stage.declare("P2 orders fail")
    said = ask(stage.responder, channel["id"], "/incident diagnose lambda orders-api")
    assert said == "Checking lambda orders-api. Results appear in the incident's channel as they arrive."
    settle(stage.database)
    message = stage.responder.wait_for_message(channel["id"], "AWS calls")
    shown = content_of(message)
    assert "Alias on $LATEST: LIVE" in shown and "See NFI-2024-0018." in shown
    assert "`aws lambda list-aliases --function-name orders-api" in shown
    assert "&lt;!here&gt;" in shown, "what a log says pings nobody"
    kept = [entry for entry in entries(stage, ref) if entry.kind == "diagnosed"]
    assert "AWS, lambda orders-api: Alias on $LATEST: LIVE. See NFI-2024-0018." in {entry.text for entry in kept}
    assert all(entry.author == stage.responder.user_id for entry in kept)
    again = [one for one in stage.responder.messages(channel["id"]) if "orders-api" in content_of(one)]
    assert len([one for one in again if "AWS calls" in content_of(one)]) == 1, "one message, edited"
    assert failed_jobs(stage.database) == []


def test_what_cannot_be_looked_at_says_why_and_what_to_type(stage: Stage) -> None:
    _, channel = stage.declare("P3 reports are late")
    responder = stage.responder
    assert "Did you mean lambda?" in ask(responder, channel["id"], "/incident diagnose lamda orders-api")
    assert "diagnose lambda orders-api" in ask(responder, channel["id"], "/incident diagnose")
    ask(responder, channel["id"], "/incident diagnose lambda order-api")
    said = content_of(responder.wait_for_message(channel["id"], "could not be checked"))
    assert "There is no Lambda function order-api in eu-central-1. Did you mean orders-api?" in said
    assert failed_jobs(stage.database) == []
