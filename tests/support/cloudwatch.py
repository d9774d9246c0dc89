"""Alarms for an account that moto plays."""

from __future__ import annotations

from typing import Any


def put_alarm(cloudwatch: Any, name: str, state: str) -> None:
    """An alarm in this state; one of that name is put anew."""
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="5XXError",
        Namespace="AWS/ApiGateway",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="the test says so")
