"""Which permissions are missing: each operation is asked once about nothing that exists, and denials are collected."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.aws.operations import Allowance
from bot.aws.reading import Reader, Reason, Unread
from bot.aws.session import Client

_THREADS = 8
_NAME = "tocsin-doctor"
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_METRIC = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
# Where the smallest input would be refused before AWS looks at permissions.
_INPUTS: Mapping[str, dict[str, Any]] = {
    "cloudwatch:GetMetricData": {
        "MetricDataQueries": [{"Id": "m", "MetricStat": {"Metric": _METRIC, "Period": 300, "Stat": "Sum"}}],
        "StartTime": _BEGIN,
        "EndTime": _BEGIN + timedelta(minutes=5),
    },
    "logs:FilterLogEvents": {"logGroupName": _NAME, "limit": 1},
    # Of a log group that is not there, so that nothing is scanned.
    "logs:StartQuery": {"logGroupName": _NAME, "startTime": 1, "endTime": 2, "queryString": "limit 1"},
    "elbv2:DescribeTargetGroups": {"Names": [_NAME]},
}


def missing_permissions(reader: Reader, client: Client, allowed: Allowance) -> tuple[list[str], int]:
    """The IAM actions that AWS denied, sorted, and how many operations it answered.

    Raises Unread where it cannot be asked at all: no credentials, or nobody answers.
    """
    names = sorted((service, name) for service, names in allowed.operations.items() for name in names)
    with ThreadPoolExecutor(_THREADS, "permission") as pool:
        answers = list(pool.map(lambda one: _try(reader, client, *one), names))
    for answer in answers:
        if answer is not None and answer.reason in (Reason.CREDENTIALS, Reason.SILENT):
            raise answer
    denied = {answer.action for answer in answers if answer is not None and answer.reason is Reason.DENIED}
    late = sum(answer is not None and answer.reason is Reason.LATE for answer in answers)
    return sorted(action for action in denied if action), len(names) - late


def _try(reader: Reader, client: Client, service: str, operation: str) -> Unread | None:
    """What AWS answered, None for an answer. That there is no such thing is the answer that is hoped for."""
    try:
        reader.read(service, operation, **smallest_input(client(service), service, operation))
    except Unread as unread:
        return unread
    return None


def smallest_input(client: Any, service: str, operation: str) -> dict[str, Any]:
    """The input with what AWS's own model requires and nothing else; EC2 is only asked whether it would answer."""
    if service == "ec2":
        return {"DryRun": True}
    known = _INPUTS.get(f"{service}:{operation}")
    if known is not None:
        return known
    shape = client.meta.service_model.operation_model(operation).input_shape
    return _required(shape) if shape is not None else {}


def _required(shape: Any) -> dict[str, Any]:
    return {name: _value(shape.members[name]) for name in shape.required_members}


def _value(shape: Any) -> Any:
    if shape.type_name == "structure":
        return _required(shape)
    if shape.type_name == "list":
        return [_value(shape.member)]
    if shape.type_name == "timestamp":
        return _BEGIN
    if shape.type_name in ("integer", "long"):
        return 1
    return next(iter(shape.enum), _NAME)
