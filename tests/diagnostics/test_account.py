"""What belongs to no one server: changes, roles, quotas, logs, topics, workflows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.aws.accounts import Aws
from bot.diagnostics.checks.account.trail import BEGINNINGS
from tests.diagnostics.account import (
    ACCOUNT,
    REGION,
    Answers,
    answer_changes,
    client,
    now,
    played,
    put_lines,
    put_metric,
    refuse,
    role,
)
from tests.diagnostics.cases import WEEK_AGO, Case, ago, look, verify

TRAIL: list[Answers] = []  # what CloudTrail answers, in both regions


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with played():
        aws = Aws(REGION)
        TRAIL[:] = answer_changes(aws)
        yield aws


def event(name: str, minutes: int = 20, **detail: Any) -> dict[str, Any]:
    return {
        "EventId": f"{name}-{minutes}",
        "EventName": name,
        "EventTime": now() - ago(minutes),
        "ReadOnly": "false",
        "Username": "deployer",
        "Resources": [{"ResourceName": "shop"}],
        "CloudTrailEvent": json.dumps(detail),
    }


def change(*events: dict[str, Any]) -> None:
    for answers in TRAIL:
        answers.change({"Events": list(events)})


# One row for each event with which a known failure began.
CHANGES = {
    name: Case(lambda _name: "account", "changes.seen", f"{name} of shop by deployer", set(), set(refs))
    for name, refs in BEGINNINGS.items()
}


@pytest.mark.parametrize("label", CHANGES)
def test_changes_point_to_the_failures_that_began_so(aws: Aws, label: str) -> None:
    change(event(label))
    verify(aws, "changes", label, CHANGES[label])


def test_changes_alone_means_the_whole_account_the_telling_ones_first_and_refused_ones_apart(aws: Aws) -> None:
    change(
        event("TagResource", 5),
        event("AssumeRole", 4),
        event("PutBucketPolicy", 50),
        event("RevokeSecurityGroupIngress", 30),
        event("DeleteTable", 3, errorCode="AccessDenied"),
    )
    found = look(aws, "changes")
    seen = [one.seen.split()[0] for one in found.findings if one.check == "changes.seen"]
    assert seen == ["RevokeSecurityGroupIngress", "PutBucketPolicy", "TagResource"]
    (refused,) = [one for one in found.findings if one.check == "changes.refused"]
    assert refused.seen.startswith("DeleteTable of shop by deployer was refused")
    assert refused.likely == ("PB-security", "INC-2023-1247")


def test_changes_of_roles_are_looked_for_where_aws_keeps_them(aws: Aws) -> None:
    role("elsewhere")
    asked = Aws(REGION)
    detached = event("DetachRolePolicy")
    Answers(asked.client("cloudtrail", region="us-east-1"), "lookup_events", {"Events": [detached]})
    (one,) = [one for one in look(asked, "iam elsewhere").findings if one.check == "changes.seen"]
    assert one.likely == ("INC-2023-1247", "NFI-2023-0011")
    assert one.command.endswith("--region us-east-1")


def roles(*policies: str) -> Callable[[str], None]:
    def seed(name: str) -> None:
        role(name)
        for policy in policies:
            document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
            made = client("iam").create_policy(PolicyName=policy, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
            client("iam").attach_role_policy(RoleName=name, PolicyArn=made)

    return seed


IAM = {
    "lost everything": Case(roles(), "iam.no-policies", "no policy", {"PB-lambda"}, {"INC-2023-1247", "NFI-2023-0011"}),
    "contained": Case(roles("AWSDenyAll"), "iam.denied", "AWSDenyAll", set(), {"PB-security"}),
}


@pytest.mark.parametrize("label", IAM)
def test_iam(aws: Aws, label: str) -> None:
    verify(aws, "iam", label, IAM[label])


def log(*lines: str, **values: dict[timedelta, float]) -> Callable[[str], None]:
    def seed(name: str) -> None:
        put_lines(name, list(lines), now())
        for metric, measured in values.items():
            put_metric("AWS/Logs", metric, {"LogGroupName": name}, measured, now())

    return seed


LOGS = {
    "whole payloads": Case(
        log("x", IncomingBytes={ago(5): 9e9, WEEK_AGO: 1e8}), "logs.volume", "9.0 GB", set(), {"NFI-2024-0019"}
    ),
    "connections": Case(
        log("[ERROR] FATAL: too many connections"),
        "logs.connections",
        "1 line of",
        {"PB-database"},
        {"CASE-2026-0142", "LESSON-04", "INC-2023-2156"},
    ),
}


@pytest.mark.parametrize("label", LOGS)
def test_logs(aws: Aws, label: str) -> None:
    verify(aws, "logs", label, LOGS[label])


def topic(*, subscribed: bool, failed: int = 0) -> Callable[[str], None]:
    def seed(name: str) -> None:
        arn = client("sns").create_topic(Name=name)["TopicArn"]
        if subscribed:
            client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint="finance@example.com")
        if failed:
            put_metric("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": name}, {ago(5): failed}, now())

    return seed


SNS = {
    "bounces": Case(topic(subscribed=True, failed=4), "sns.failed", "4 notifications failed", set(), {"NFI-2024-0020"}),
    "nobody": Case(topic(subscribed=False), "sns.nobody", "Nobody subscribes", set(), {"NFI-2024-0020"}),
}


@pytest.mark.parametrize("label", SNS)
def test_sns(aws: Aws, label: str) -> None:
    verify(aws, "sns", label, SNS[label])


def test_an_address_that_never_confirmed_is_named_in_part(aws: Aws) -> None:
    asked = Aws(REGION)
    waiting = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "finance@example.com", "Protocol": "email"}
    Answers(asked.client("sns"), "list_subscriptions_by_topic", {"Subscriptions": [waiting]})
    case = Case(topic(subscribed=True), "sns.unconfirmed", "fi…@example.com", set(), {"NFI-2024-0020"})
    verify(asked, "sns", "unconfirmed", case)


def machine(metric: str) -> Callable[[str], None]:
    def seed(name: str) -> None:
        definition = {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}
        made = client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=f"arn:aws:iam::{ACCOUNT}:role/x"
        )["stateMachineArn"]
        put_metric("AWS/States", metric, {"StateMachineArn": made}, {ago(5): 40}, now())

    return seed


STATES = {
    "too many at once": Case(
        machine("ExecutionThrottled"), "states.throttled", "40 executions were throttled", set(), {"NFI-2024-0012"}
    ),
    "waits for a vendor": Case(
        machine("ExecutionsTimedOut"), "states.timed-out", "40 executions timed out", set(), {"NFI-2024-0012"}
    ),
}


@pytest.mark.parametrize("label", STATES)
def test_states(aws: Aws, label: str) -> None:
    verify(aws, "states", label, STATES[label])


def answers_of_quotas(aws: Aws) -> None:
    """What moto does not have of Service Quotas."""
    usage = {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {"Service": "Lambda"},
        "MetricStatisticRecommendation": "Maximum",
    }
    quota = {"QuotaName": "Concurrent executions", "Value": 1000.0, "UsageMetric": usage}
    Answers(aws.client("service-quotas"), "list_service_quotas", {"Quotas": [quota]})
    Answers(aws.client("service-quotas"), "list_services", {"Services": [{"ServiceCode": "lambda"}]})


QUOTAS = {
    "nearly used up": Case(
        lambda _name: put_metric("AWS/Usage", "ResourceCount", {"Service": "Lambda"}, {ago(5): 950}, now()),
        "quotas.near",
        "Concurrent executions: 950 of 1,000",
        set(),
        {"LESSON-05", "NFI-2023-0016"},
    )
}


@pytest.mark.parametrize("label", QUOTAS)
def test_quotas(aws: Aws, label: str) -> None:
    asked = Aws(REGION)
    answers_of_quotas(asked)
    verify(asked, "quotas", label, QUOTAS[label])


def test_a_service_without_quotas_gets_the_nearest(aws: Aws) -> None:
    from bot.errors import BadRequest

    asked = Aws(REGION)
    Answers(asked.client("service-quotas"), "list_services", {"Services": [{"ServiceCode": "lambda"}]})
    refuse(asked.client("service-quotas"), "ListServiceQuotas", "NoSuchResourceException")
    with pytest.raises(BadRequest, match="Did you mean lambda"):
        look(asked, "quotas lamda")
