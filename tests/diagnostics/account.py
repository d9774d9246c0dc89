"""An AWS account that moto plays, with things in it that can be wrong."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from bot.aws.accounts import Aws
from bot.diagnostics.checks.account import insights

REGION = "eu-central-1"
ACCOUNT = "123456789012"  # the one that moto plays


class Answers(Stubber):  # type: ignore[misc]  # botocore ships no types
    """Botocore's Stubber for one operation of a client, whose other operations go on to moto.

    The answer is validated against AWS's own model and given as often as it is asked for.
    """

    def __init__(self, client: Any, operation: str, answer: dict[str, Any]) -> None:
        super().__init__(client)
        self._name = client._PY_TO_OP_NAME[operation]
        self._operation = operation
        self.add_response(operation, answer)
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"before-call.{service}.{self._name}", self._again)

    def change(self, answer: dict[str, Any]) -> None:
        """Give this from now on."""
        self._queue.clear()
        self.add_response(self._operation, answer)

    def _again(self, **_event: Any) -> Any:
        return self._queue[0]["response"]


def refuse(client: Any, operation: str, code: str, words: str = "no") -> None:
    """Have AWS refuse one operation of a client."""
    service = client.meta.service_model.service_id.hyphenize()

    def refused(**_event: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": words}}, operation)

    client.meta.events.register_first(f"before-call.{service}.{operation}", refused)


@contextmanager
def played() -> Iterator[None]:
    """Credentials, and moto in place of AWS."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # hundreds of images, which nothing looks at
        patch.setattr(insights, "WAITS", (0.0, 0.0))  # moto's queries are done at once
        yield


def client(service: str) -> Any:
    """An unguarded client, to seed with."""
    return boto3.client(service, region_name=REGION)


def new_image() -> str:
    """The id of an image to start machines from."""
    made = client("ec2").register_image(Name=f"image-{uuid.uuid4()}")
    return str(made["ImageId"])


def put_metric(
    namespace: str, name: str, dimensions: dict[str, str], values: dict[timedelta, float], now: datetime
) -> None:
    """Values by how long before `now` they were measured."""
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": name, "Dimensions": named, "Timestamp": now - ago, "Value": value}
            for ago, value in values.items()
        ],
    )


def put_lines(group: str, lines: list[str], now: datetime, *, make: bool = True) -> None:
    """Lines of a log, a second apart, the last of them ten minutes ago."""
    logs = client("logs")
    if make:
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    at = int((now - timedelta(minutes=10)).timestamp() * 1000)
    events = [{"timestamp": at + 1000 * number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def role(name: str) -> str:
    """The ARN of a role for functions."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(made["Role"]["Arn"])


def function(name: str, role_arn: str, **more: Any) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return {}")
    client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role_arn,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
        **more,
    )


def answers_of_lambda(aws: Aws, unreserved: int = 1000, events: Sequence[dict[str, Any]] = ()) -> None:
    """What moto does not have of Lambda and CloudTrail."""
    limits = {"TotalCodeSize": 1, "CodeSizeUnzipped": 1, "CodeSizeZipped": 1, "ConcurrentExecutions": 1000}
    Answers(
        aws.client("lambda"),
        "get_account_settings",
        {"AccountLimit": {**limits, "UnreservedConcurrentExecutions": unreserved}, "AccountUsage": {}},
    )
    answer_changes(aws, *events)


def answer_changes(aws: Aws, *events: dict[str, Any]) -> list[Answers]:
    """What CloudTrail says, in the region of the account and in that of roles and DNS; moto has none of it, nor of
    CloudFormation and Health, which here know of nothing.
    """
    Answers(aws.client("cloudformation"), "list_stacks", {"StackSummaries": []})
    refuse(aws.client("cloudformation"), "DescribeStackResources", "ResourceNotFound")
    Answers(aws.client("health"), "describe_events", {"events": []})
    return [
        Answers(aws.client("cloudtrail", region=region), "lookup_events", {"Events": list(events)})
        for region in (REGION, "us-east-1")
    ]


def now() -> datetime:
    """Moto stamps what it makes with the real time."""
    return datetime.now(UTC).replace(microsecond=0)
