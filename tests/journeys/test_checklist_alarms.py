"""The checklist after resolving looks the CloudWatch alarms up, where AWS is configured: moto plays the account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bot.store.engine import Database
from slack_playground.person import content_of
from tests.journeys.story import ask, failed_jobs, kinds, press_and_hear, row, settle
from tests.journeys.wire import press_stale
from tests.support.cloudwatch import put_alarm
from tests.support.stage import Stage, element, staged

REGION = "us-east-1"


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    """CloudWatch of an account that moto plays."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield boto3.client("cloudwatch", region_name=REGION)


@pytest.fixture(scope="module")
def stage(
    account: Any, database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    changes = {"data_folder": data_folder, "aws_region": REGION}
    with staged(
        database, tmp_path_factory.mktemp("stage"), lambda settings: settings.model_copy(update=changes)
    ) as built:
        yield built


def test_resolving_looks_the_alarms_up_and_a_button_looks_again(stage: Stage, account: Any) -> None:
    responder = stage.responder
    put_alarm(account, "pay-5xx", "ALARM")
    put_alarm(account, "pay-latency", "OK")
    ref, channel = stage.declare("P2 pay-5xx and pay-latency went off")
    ask(responder, channel["id"], "/incident resolve raised the limit")
    first = responder.wait_for_message(channel["id"], "1 of 2 CloudWatch alarms are OK; pay-5xx is in ALARM since")
    assert "_Checked <!date" in content_of(first) and "5 to check" in content_of(first)
    put_alarm(account, "pay-5xx", "OK")
    assert press_and_hear(responder, channel["id"], first, "alarms_look").startswith("Checking alarms.")
    second = responder.wait_for_message(channel["id"], "All 2 CloudWatch alarms are OK.")
    assert second["ts"] == first["ts"], "it is one list"
    settle(stage.database)
    assert kinds(stage, ref).count("alarms_checked") == 2
    ask(responder, channel["id"], "/incident reopen it is back")
    told = press_stale(stage, responder, {**second, "channel": channel["id"]}, "alarms_look")
    assert "the incident was reopened since" in told
    ask(responder, channel["id"], "/incident resolve")
    responder.wait_for(lambda: kinds(stage, ref).count("alarms_checked") == 3 or None, what="a look of its own")
    assert failed_jobs(stage.database) == []


def test_where_nothing_is_named_the_list_says_so_and_aws_is_not_asked(stage: Stage) -> None:
    _, channel = stage.declare("P3 the wiki is slow")
    ask(stage.responder, channel["id"], "/incident resolve")
    said = stage.responder.wait_for_message(channel["id"], "No CloudWatch alarms are configured")
    assert element(said, "alarms_look")["text"]["text"] == "Check again"


def test_a_call_that_aws_refuses_says_why_and_blocks_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that are gone: the incident resolves and closes all the same."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("botocore.signers.RequestSigner.sign", _unsigned)
    ref, channel = stage.declare("P3 search-lag is high")
    assert "Resolved by responder" in ask(stage.responder, channel["id"], "/incident resolve")
    said = content_of(stage.responder.wait_for_message(channel["id"], "CloudWatch couldn't be reached"))
    assert "Unable to locate credentials" in said and "Check the metrics yourself." in said
    assert "is closed" in ask(stage.responder, channel["id"], "/incident close it went down")
    assert row(stage, ref).status == "closed"


def _unsigned(*_: object, **__: object) -> None:
    from botocore.exceptions import NoCredentialsError

    raise NoCredentialsError()
