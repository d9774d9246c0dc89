"""CloudWatch alarms, against moto; and what AWS refuses or asks to repeat."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from bot.aws.alarms import alarm_reader
from bot.aws.session import Denied, Unavailable, clients
from bot.domain.alarm import AlarmState
from tests.cloudwatch import put_alarm


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


def test_named_alarms_and_those_that_begin_alike_are_read_once_each_by_name() -> None:
    with mock_aws():
        cloudwatch = boto3.client("cloudwatch", region_name="us-east-1")
        for name, state in (
            ("checkout-5xx", "ALARM"),
            ("checkout-latency", "OK"),
            ("orders-lag", "INSUFFICIENT_DATA"),
            ("else", "ALARM"),
        ):
            put_alarm(cloudwatch, name, state)
        found = alarm_reader(clients("us-east-1"))(["orders-lag", "checkout-5xx", "not-there"], ["checkout-"])
    assert [(alarm.name, alarm.state) for alarm in found] == [
        ("checkout-5xx", AlarmState.ALARM),
        ("checkout-latency", AlarmState.OK),
        ("orders-lag", AlarmState.NO_DATA),
    ]
    assert all(alarm.since.tzinfo is UTC and alarm.since <= datetime.now(UTC) for alarm in found)


class Refusing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def describe_alarms(self, **_arguments: object) -> None:
        raise self.error


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not you"}}, "DescribeAlarms")


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (refusal("AccessDenied"), Denied, "CloudWatch: AccessDenied not you"),
        (refusal("Throttling"), Unavailable, "CloudWatch: Throttling"),
        (EndpointConnectionError(endpoint_url="https://monitoring.example.com"), Unavailable, "CloudWatch: "),
    ],
)
def test_what_aws_refuses_is_said_in_two_words(error: Exception, kind: type[Exception], says: str) -> None:
    read = alarm_reader(lambda _service: Refusing(error))
    with pytest.raises(kind, match=says):
        read(["checkout-5xx"], [])
