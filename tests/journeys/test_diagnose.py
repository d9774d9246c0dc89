"""Diagnosing from an incident's channel, where AWS is configured: moto plays the account."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.incidents.queries import incidents
from bot.lifecycle.listeners.buttons import form_for
from bot.settings import REPOSITORY
from bot.slack.tables import SlackMessage
from bot.store.engine import Database
from bot.store.outbox import enqueue
from slack_playground.person import content_of
from tests.diagnostics.account import (
    REGION,
    answers_of_lambda,
    client,
    function,
    now,
    played,
    put_lines,
    put_metric,
    role,
)
from tests.journeys.story import ask, entries, failed_jobs, report, row, rows, settle
from tests.support.stage import Stage, staged

SERVICES = """services:
  checkout:
    owner: payments team
    resources: [lambda orders-api, lambda payments]
"""


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    knowledge = tmp_path_factory.mktemp("knowledge") / "knowledge"
    shutil.copytree(REPOSITORY / "knowledge", knowledge)
    services = knowledge / "policy" / "services.yaml"
    known = services.read_text(encoding="utf-8").replace("services: {}", SERVICES)
    services.write_text(known, encoding="utf-8")
    changes = {"data_folder": data_folder, "aws_region": REGION, "knowledge_folder": knowledge}
    with (
        played(),
        staged(
            database,
            tmp_path_factory.mktemp("stage"),
            lambda settings: settings.model_copy(update=changes),
            virtual=now().timestamp(),  # moto knows no other time
        ) as built,
    ):
        assert built.context.aws is not None
        answers_of_lambda(built.context.aws)
        function("orders-api", role("orders"))
        function("payments", role("payments"))
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
    assert "Alias on $LATEST: LIVE" in shown and "See NFI-2024-0018 (" in shown
    assert "`aws lambda list-aliases --function-name orders-api" in shown
    assert "&lt;!here&gt;" in shown, "what a log says pings nobody"
    kept = [entry for entry in entries(stage, ref) if entry.kind == "diagnosed"]
    assert "AWS, lambda orders-api: Alias on $LATEST: LIVE. See NFI-2024-0018." in {entry.text for entry in kept}
    assert all(entry.author == stage.responder.user_id for entry in kept)
    again = [one for one in stage.responder.messages(channel["id"]) if "orders-api" in content_of(one)]
    assert len([one for one in again if "AWS calls" in content_of(one)]) == 1, "one message, edited"
    assert failed_jobs(stage.database) == []


def test_the_card_and_the_form_that_resolves_show_what_the_last_diagnosis_found(stage: Stage) -> None:
    ref, channel = stage.declare("P2 orders fail again")
    responder = stage.responder

    def card() -> str:
        settle(stage.database)
        return content_of(responder.wait_for_message(channel["id"], "*Status*"))

    assert "What AWS shows" not in card()
    ask(responder, channel["id"], "/incident diagnose lambda orders-api")
    shown = card()
    assert "*What AWS shows*, diagnosed <!date^" in shown
    assert ":large_orange_circle: *lambda orders-api*: Alias on $LATEST: LIVE. See NFI-2024-0018." in shown
    assert shown.index("Task timed out") < shown.index("Alias on $LATEST"), "a problem comes before a risk"
    assert "<!here>" not in shown
    client("lambda").delete_alias(FunctionName="orders-api", Name="LIVE")
    ask(responder, channel["id"], "/incident diagnose lambda orders-api")
    assert "Alias on $LATEST" not in card() and "Task timed out" in card(), "what is over is no longer said"
    client("lambda").create_alias(FunctionName="orders-api", Name="LIVE", FunctionVersion="$LATEST")
    with stage.database.transaction() as session:
        form = form_for(session, incidents.get_by_ref(session, ref), stage.context.policy, resolving=True)
    assert "Task timed out" in content_of({"blocks": form["blocks"]})
    assert failed_jobs(stage.database) == []


def test_what_was_measured_is_drawn_once_in_the_thread_of_the_findings(stage: Stage) -> None:
    at = datetime.fromtimestamp(stage.clock.now(), UTC)
    named = {"FunctionName": "payments"}
    for metric, per_period in (("Invocations", 300.0), ("Errors", 40.0), ("Throttles", 7.0)):
        values = {timedelta(minutes=5 * number + 1): per_period / (1 + number) for number in range(34)}
        put_metric("AWS/Lambda", metric, named, values, at)
    _, channel = stage.declare("P2 payments fail")
    responder = stage.responder
    ask(responder, channel["id"], "/incident diagnose lambda payments")
    settle(stage.database)
    message = responder.wait_for_message(channel["id"], "AWS calls")

    def pictures() -> list[dict[str, Any]]:
        replies = responder.replies(channel["id"], message["ts"])
        return [file for reply in replies for file in reply.get("files") or []]

    (picture,) = pictures()
    assert picture["title"] == "lambda payments, eu-central-1"
    content = stage.playground.workspace.files[picture["id"]].content
    assert content.startswith(b"\x89PNG")
    with stage.database.transaction() as session:
        key = session.scalars(select(SlackMessage.key).where(SlackMessage.key.startswith("diagnosis-picture:"))).all()[
            -1
        ]
        enqueue(
            session,
            "aws.diagnose",
            key=key.partition(":")[2],
            user_id=responder.user_id,
            service="lambda",
            name="payments",
            incident_id=row(stage, rows(stage)[-1].ref).incident_id,
        )
    settle(stage.database)
    assert len(pictures()) == 1, "the same diagnosis again"
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


def test_a_service_of_ours_is_all_its_resources_and_alone_the_command_offers_them(stage: Stage) -> None:
    _, channel = stage.declare("P2 checkout is slow")
    responder = stage.responder
    said = ask(responder, channel["id"], "/incident diagnose checkout")
    assert said.startswith("Checking lambda orders-api, lambda payments.")
    settle(stage.database)
    shown = [content_of(one) for one in responder.messages(channel["id"])]
    for name in ("orders-api", "payments"):
        assert [one for one in shown if f"lambda {name}" in one and "AWS calls" in one], name
    responder.command(channel["id"], "/incident diagnose")
    offer = responder.wait_for_ephemeral(channel["id"], "What should be checked?")
    buttons = [block["accessory"] for block in offer["blocks"][1:]]
    assert [one["text"]["text"] for one in buttons] == ["Diagnose orders-api", "Diagnose payments"]
    chosen = offer["blocks"][2]["block_id"]
    responder.press(
        {**offer, "channel": channel["id"]}, "diagnose_resource", block_id=chosen, value=buttons[1]["value"]
    )
    settle(stage.database)
    diagnosed = [content_of(one) for one in responder.messages(channel["id"]) if "AWS calls" in content_of(one)]
    assert ["lambda payments" in one for one in diagnosed].count(True) == 2
    assert failed_jobs(stage.database) == []


def test_the_answer_to_a_report_offers_what_it_speaks_of_and_shows_it_in_its_thread(stage: Stage) -> None:
    ts, answer = report(stage, "checkout returns 502 for a third of our customers, payments is not answering")
    (row,) = [block for block in answer["blocks"] if block.get("block_id") == "diagnose_actions"]
    options = row["elements"][0]["options"]
    names = [one["text"]["text"] for one in options]
    assert names == ["lambda payments", "lambda orders-api"], "what is named comes before the rest of its service"
    stage.responder.press(answer, "report_diagnose", value=options[0]["value"])
    said = stage.responder.wait_for_message(answer["channel"], "*lambda payments* in eu-central-1", thread_ts=ts)
    settle(stage.database)
    assert "Read-only" in content_of(said)
    assert failed_jobs(stage.database) == []
