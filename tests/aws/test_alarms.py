"""CloudWatch alarms, against moto; and what AWS refuses or asks to repeat."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from bot.aws.alarm_states import AlarmState
from bot.aws.alarms import alarm_reader
from bot.aws.operations import ALARMS
from bot.aws.session import Denied, Unavailable, clients
from tests.support.cloudwatch import put_alarm
from tests.support.rows import NOON


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
        read = alarm_reader(clients("us-east-1", ALARMS))(["orders-lag", "checkout-5xx", "not-there"], ["checkout-"])
    assert [(alarm.name, alarm.state) for alarm in read.alarms] == [
        ("checkout-5xx", AlarmState.ALARM),
        ("checkout-latency", AlarmState.OK),
        ("orders-lag", AlarmState.NO_DATA),
    ]
    assert all(alarm.since.tzinfo is UTC and alarm.since <= datetime.now(UTC) for alarm in read.alarms)
    assert read.complete


class Paged:
    """CloudWatch with many alarms, which it tells by the hundred."""

    def __init__(self, count: int) -> None:
        self.names = [f"checkout-{number:05}" for number in range(count)]

    def describe_alarms(self, *, MaxRecords: int, NextToken: str = "0", **_arguments: object) -> dict[str, Any]:
        start, end = int(NextToken), int(NextToken) + MaxRecords
        alarms = [{"AlarmName": name, "StateValue": "OK", "StateUpdatedTimestamp": NOON} for name in self.names]
        return {"MetricAlarms": alarms[start:end]} | ({"NextToken": str(end)} if end < len(alarms) else {})


@pytest.mark.parametrize(("there", "read", "complete"), [(100, 100, True), (250, 250, True), (1001, 1000, False)])
def test_alarms_are_read_page_by_page_up_to_a_bound_which_is_said(there: int, read: int, complete: bool) -> None:
    found = alarm_reader(lambda _service: Paged(there))([], ["checkout-"])
    assert (len({alarm.name for alarm in found.alarms}), found.complete) == (read, complete)


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
