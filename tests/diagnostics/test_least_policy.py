"""The IAM policy that is printed: exactly the calls that diagnoses make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.__main__ import app
from bot.aws.accounts import Aws
from bot.aws.least_policy import as_cloudformation, as_terraform, policy_document
from bot.aws.operations import DIAGNOSTICS, QUEUE, action_of
from bot.aws.queues import alarm_queue
from bot.aws.reading import Reader
from bot.diagnostics.checks.asking import CHECKS, diagnose
from bot.diagnostics.rules.request import parse
from bot.errors import BadRequest
from tests.diagnostics.account import ACCOUNT, REGION, Answers, client, now, played, refuse
from tests.diagnostics.everything import seed_everything


class Recording(Aws):
    """Keeps its readers, which know what they asked."""

    def __init__(self, region: str) -> None:
        super().__init__(region)
        self.readers: list[Reader] = []

    def reader(self, budget: float, account: str | None = None, region: str | None = None) -> Reader:
        self.readers.append(super().reader(budget, account, region))
        return self.readers[-1]

    @property
    def asked(self) -> set[tuple[str, str]]:
        return {asked for reader in self.readers for asked in reader.asked}


@pytest.fixture(scope="module")
def asked() -> set[tuple[str, str]]:
    """Every operation that diagnosing one of everything asks for, and one of nothing of each kind."""
    with played():
        aws = Recording(REGION)
        for what in seed_everything(aws):
            for _ in diagnose(aws, parse(what), None, now(), 120):
                pass
        without = Recording(REGION)
        refuse(without.client("service-quotas"), "ListServiceQuotas", "NoSuchResourceException")
        services = [{"ServiceCode": "lambda"}]
        Answers(without.client("service-quotas"), "list_services", {"Services": services})
        Answers(without.client("apigateway"), "get_rest_apis", {"items": []})
        Answers(without.client("apigatewayv2"), "get_apis", {"Items": []})
        for check in CHECKS:
            if check.word == "changes":
                continue  # of what may be gone
            with pytest.raises(BadRequest, match="There is no"):
                list(diagnose(without, parse(f"{check.word} not-there"), None, now(), 120))
        return aws.asked | without.asked


def test_the_list_names_every_call_and_no_other(asked: set[tuple[str, str]]) -> None:
    allowed = {(service, name) for service, names in DIAGNOSTICS.operations.items() for name in names}
    assert asked - {("sts", "GetCallerIdentity")} == allowed


def test_the_policy_has_the_action_of_every_call_and_no_other(asked: set[tuple[str, str]]) -> None:
    (statement,) = [one for one in policy_document()["Statement"] if one["Sid"] == "Diagnose"]
    needed = {action_of(*one) for one in asked if one[0] != "sts"}  # who one is needs no permission
    assert set(statement["Action"]) == needed
    assert not any("*" in action for action in statement["Action"])


def test_what_settings_switch_on_is_allowed_and_nothing_more() -> None:
    sids = [one["Sid"] for one in policy_document()["Statement"]]
    assert sids == ["Diagnose", "ReadAlarms"]
    role, queue = f"arn:aws:iam::{ACCOUNT}:role/tocsin", f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:alarms"
    site = ("site", "")
    document = policy_document(
        "aws-cn", "archive", "incidents", site=site, mail=True, text_messages=True, roles=[role], queues=[queue]
    )
    found = {one["Sid"]: one for one in document["Statement"]}
    assert found["ArchiveReviews"]["Action"] == ["s3:PutObject"]
    assert found["ArchiveReviews"]["Resource"] == ["arn:aws-cn:s3:::archive/incidents/*"]
    assert found["PublishStatusPage"]["Action"] == ["s3:PutObject"]
    assert found["PublishStatusPage"]["Resource"] == ["arn:aws-cn:s3:::site/*"]
    assert (found["SendMail"]["Action"], found["SendTextMessages"]["Action"]) == (["ses:SendEmail"], ["sns:Publish"])
    assert found["ReadOtherAccounts"]["Resource"] == [role]
    assert found["TakeAlarms"]["Resource"] == [queue]


def test_taking_alarms_needs_the_calls_that_are_made_and_no_other() -> None:
    with played():
        queue = alarm_queue(client("sqs").create_queue(QueueName="alarms")["QueueUrl"], REGION)
        made: set[tuple[str, str]] = set()
        queue.client("sqs").meta.events.register(
            "before-call.sqs", lambda model, **_event: made.add(("sqs", model.name))
        )
        client("sqs").send_message(QueueUrl=queue.url, MessageBody="x")
        queue.peek()
        queue.delete(queue.receive(0))
        queue.attributes()
    (statement,) = [one for one in policy_document(queues=[queue.arn])["Statement"] if one["Sid"] == "TakeAlarms"]
    assert {action_of(*one) for one in made} == set(statement["Action"])
    assert made == {("sqs", name) for name in QUEUE.operations["sqs"]}
    assert not {("sqs", "ReceiveMessage"), ("sqs", "DeleteMessageBatch")} & {
        ("sqs", name) for name in DIAGNOSTICS.operations["sqs"]
    }


def test_all_forms_hold_the_same_document() -> None:
    document = policy_document()
    template = yaml.safe_load(as_cloudformation(document))
    assert template["Resources"]["TocsinPolicy"]["Properties"]["PolicyDocument"] == document
    inside = as_terraform(document).partition("jsonencode(")[2].rpartition(")")[0]
    assert json.loads(inside) == document


def test_the_command_prints_them(monkeypatch: pytest.MonkeyPatch, data_folder: Path) -> None:
    monkeypatch.setattr("bot.logs.configure_logs", lambda *_settings: None)
    monkeypatch.setenv("TOCSIN_ARCHIVE_BUCKET", "archive")
    monkeypatch.setenv("TOCSIN_ALARM_QUEUES", f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/alarms")
    shell = CliRunner()
    printed = json.loads(shell.invoke(app, ["aws", "policy"]).stdout)
    assert printed == policy_document(
        bucket="archive", prefix="incidents", queues=[f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms"]
    )
    assert "AWS::IAM::ManagedPolicy" in shell.invoke(app, ["aws", "policy", "--cloudformation"]).stdout
    assert 'resource "aws_iam_policy"' in shell.invoke(app, ["aws", "policy", "--terraform"]).stdout
    assert shell.invoke(app, ["aws", "policy", "--terraform", "--cloudformation"]).exit_code == 2
