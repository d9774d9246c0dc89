"""Look: a playbook's commands that only read, asked by the guarded client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.aws.accounts import Aws
from bot.aws.operations import DIAGNOSTICS
from bot.aws.reading import Unread
from bot.diagnostics.checks.look import look
from bot.diagnostics.rules.look_commands import LookCommand, kebab, read_looks
from bot.errors import BadRequest
from bot.memory.entries.entries import read_entries
from bot.settings import REPOSITORY
from tests.diagnostics.account import REGION, client, function, played, role

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def looks(script: str) -> list[LookCommand]:
    return read_looks(script, DIAGNOSTICS.operations, NOON)


@pytest.mark.parametrize("service", sorted(DIAGNOSTICS.operations))
def test_operations_are_spelled_as_the_command_line_spells_them(service: str) -> None:
    from botocore import xform_name

    assert {kebab(name) for name in DIAGNOSTICS.operations[service]} == {
        xform_name(name, "-") for name in DIAGNOSTICS.operations[service]
    }


@pytest.mark.parametrize(
    "line",
    [
        "aws lambda delete-function --function-name x",
        "aws lambda invoke --function-name x out.json",
        "aws ec2 describe-instances | grep x",
        "aws ec2 describe-instances > out.json",
        "aws ec2 describe-instances; aws ec2 stop-instances --instance-ids i",
        "aws ec2 describe-instances && rm -rf /",
        "aws ec2 describe-instances --instance-ids $ID",
        "aws ec2 describe-instances --instance-ids $(cat id)",
        "aws ec2 describe-instances --instance-ids `cat id`",
        "aws ec2 describe-instances --instance-ids {instance_id}",
        "aws lambda get-function-configuration --function-name <function-name>",
        "aws secretsmanager get-secret-value --secret-id x",
        "aws ec2 describe-instances --query 'a",
        "aws s3 ls s3://x",
        "kubectl get pods",
        "aws",
    ],
)
def test_what_changes_something_is_not_known_or_needs_a_shell_is_never_offered(line: str) -> None:
    assert looks(line) == []


def test_times_of_a_shell_are_told_from_the_clock() -> None:
    [one] = looks(
        "aws logs filter-log-events --log-group-name /aws/lambda/x \\\n"
        "  --start-time $(date -d '10 minutes ago' +%s)000 --filter-pattern \"ERROR\""
    )
    assert dict(one.options)["--start-time"] == (str(int(NOON.timestamp() - 600)) + "000",)
    assert (one.service, one.operation) == ("logs", "FilterLogEvents")


def test_steps_of_the_shipped_playbooks_can_be_looked_at() -> None:
    found = {
        (entry.ref, step.number)
        for entry in read_entries(REPOSITORY / "knowledge")
        for step in entry.steps
        for command in step.commands
        if looks(command.text.replace("{", "").replace("}", ""))
    }
    assert {("PB-lambda", 1), ("PB-alb", 1), ("PB-autoscaling", 1), ("PB-cache", 1), ("PB-network", 1)} <= found


@pytest.fixture(scope="module")
def account() -> Iterator[Aws]:
    with played():
        function("orders-api", role("orders"))
        client("lambda").update_function_configuration(
            FunctionName="orders-api", Environment={"Variables": {"DB_PASSWORD": "hunter2hunter2"}}
        )
        yield Aws(REGION)


def answer(account: Aws, line: str) -> object:
    [one] = looks(line)
    return json.loads(look(account, one, 120.0))


def test_what_aws_answers_is_shown_without_secrets_and_by_the_query(account: Aws) -> None:
    whole = answer(account, "aws lambda get-function --function-name orders-api")
    assert isinstance(whole, dict) and whole["Configuration"]["FunctionName"] == "orders-api"
    assert "hunter2" not in json.dumps(whole) and "Environment" not in whole["Configuration"]
    line = "aws lambda get-function --function-name orders-api --query 'Configuration.Handler' --output text"
    assert isinstance(answer(account, line), str)
    assert answer(account, "aws iam list-role-policies --role-name orders --max-items 5") in (
        {},
        {"IsTruncated": False},
    )
    filtered = 'aws ec2 describe-route-tables --filters "Name=vpc-id,Values=vpc-1,vpc-2" --no-dry-run'
    assert answer(account, filtered) == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("aws lambda get-function --function orders-api", "has no option --function"),
        ("aws autoscaling describe-scaling-activities --max-records ten", "takes a number, not ten"),
        ("aws ec2 describe-route-tables --filters Nam=vpc-id,Values=x", "has no key Nam"),
        ("aws lambda get-function --function-name orders-api --query '[[['", "--query cannot be read"),
    ],
)
def test_what_aws_would_not_take_is_said(account: Aws, line: str, said: str) -> None:
    [one] = looks(line)
    with pytest.raises(BadRequest, match=said.replace("[", r"\[")):
        look(account, one, 120.0)


def test_what_is_not_there_is_a_sentence(account: Aws) -> None:
    [one] = looks("aws lambda get-function --function-name nobody")
    with pytest.raises(Unread, match="nobody"):
        look(account, one, 120.0)
