"""`tocsin diagnose`, against an account that moto plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.aws.accounts import Aws
from bot.errors import BadRequest, InvalidSettings
from tests.diagnostics.account import ACCOUNT, REGION, answers_of_lambda, client, function, now, played, put_lines, role


@pytest.fixture(scope="module")
def account() -> Iterator[Aws]:
    with played():
        aws = Aws(REGION)
        answers_of_lambda(aws)
        function("orders-api", role("orders"))
        client("lambda").create_alias(FunctionName="orders-api", Name="LIVE", FunctionVersion="$LATEST")
        secret = "[ERROR] could not log in with password=hunter2hunter2 Task timed out after 3.00 seconds"
        put_lines("/aws/lambda/orders-api", [secret], now())
        yield aws


@pytest.fixture
def shell(account: Aws, monkeypatch: pytest.MonkeyPatch, data_folder: Path) -> CliRunner:
    monkeypatch.setenv("TOCSIN_DATA", str(data_folder))
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setattr(
        "bot.wiring.access.aws.build_aws", lambda settings, _policy: account if settings.aws_region else None
    )
    # It would write to the runner's output, which is closed before the next test logs.
    monkeypatch.setattr("bot.logs.configure_logs", lambda *_settings: None)
    return CliRunner()


def test_json_is_one_object_with_findings_and_what_could_not_be_read(shell: CliRunner) -> None:
    ran = shell.invoke(app, ["diagnose", "lambda", "orders-api", "--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert (said["resource"], said["where"]) == ("lambda orders-api", REGION)
    alias = next(one for one in said["findings"] if one["check"] == "lambda.alias-latest")
    assert (alias["refs"], alias["weight"]) == (["NFI-2024-0018"], "risk")
    assert said["unread"] == []
    assert 5 <= said["calls"] <= 25


def test_text_says_the_findings_with_their_commands_and_masks_secrets_of_log_lines(shell: CliRunner) -> None:
    ran = shell.invoke(app, ["diagnose", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders-api"])
    assert "RISK  Alias on $LATEST: LIVE" in ran.stdout
    assert "    See NFI-2024-0018." in ran.stdout
    assert "    $ aws lambda list-aliases --function-name orders-api --region eu-central-1" in ran.stdout
    assert "hunter2" not in ran.stdout and "Task timed out after 3.00" in ran.stdout


def test_an_hour_of_the_past_is_looked_at(shell: CliRunner) -> None:
    ran = shell.invoke(app, ["diagnose", "lambda", "orders-api", "--at", "2 days ago", "--json"])
    said = json.loads(ran.stdout)
    assert said["from"] < said["to"] < now().isoformat()
    assert not any(one["check"].startswith("lambda.log") for one in said["findings"]), "the line is of today"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lambda", "order-api"], "Did you mean orders-api?"),
        (["lamda", "orders-api"], "Did you mean lambda?"),
        (["lambda", "orders-api", "--account", "prod"], "prod isn't a configured account"),
        (["lambda", "orders-api", "--at", "soon"], "soon"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(shell: CliRunner, words: list[str], says: str) -> None:
    ran = shell.invoke(app, ["diagnose", *words])
    assert isinstance(ran.exception, BadRequest) and says in str(ran.exception)


def test_without_a_region_it_says_what_to_set(shell: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    ran = shell.invoke(app, ["diagnose", "lambda", "orders-api"])
    assert isinstance(ran.exception, InvalidSettings) and "set AWS_REGION" in str(ran.exception)
    ran = shell.invoke(app, ["diagnose", "lambda", "orders-api", "--region", REGION])
    assert ran.exit_code == 0
