"""CloudWatch alarms, as SNS and as EventBridge deliver them: metric, composite, anomaly band and metric math."""

from __future__ import annotations

from typing import Any

from bot.alarms.rules.alarm import Alarm, State, at, first, items, text
from bot.alarms.rules.regions import region_of

_STATES = {"ALARM": State.FIRING, "OK": State.OK, "INSUFFICIENT_DATA": State.NO_DATA}
_SIGNS = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
    "GreaterThanUpperThreshold": "above its usual band",
    "LessThanLowerThreshold": "below its usual band",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside its usual band",
}
_MOST = 8  # metrics of one alarm, and its dimensions


def state_of(value: str) -> State:
    """A state that CloudWatch does not have counts as firing: better read once too often than not at all."""
    return _STATES.get(value, State.FIRING)


def from_sns(message: dict[str, Any]) -> Alarm:
    """The message that a CloudWatch alarm publishes."""
    trigger = at(message, "Trigger")
    arn = text(message, "AlarmArn")
    return Alarm(
        source="CloudWatch",
        name=first(text(message, "AlarmName"), "unnamed alarm"),
        state=state_of(text(message, "NewStateValue")),
        summary=text(message, "AlarmDescription"),
        reason=first(text(message, "NewStateReason"), text(message, "AlarmRule")),
        metric=_metric(trigger),
        resources=_resources(trigger),
        account=first(text(message, "AWSAccountId"), *arn.split(":")[4:5]),
        region=region_of(text(message, "Region"), arn),
        at=text(message, "StateChangeTime"),
        identity=arn,
    )


def from_event(event: dict[str, Any]) -> Alarm:
    """The event `CloudWatch Alarm State Change`."""
    detail, configuration = at(event, "detail"), at(event, "detail", "configuration")
    arn = text(next(iter(items(event, "resources")), ""))
    return Alarm(
        source="CloudWatch",
        name=first(text(detail, "alarmName"), "unnamed alarm"),
        state=state_of(text(detail, "state", "value")),
        summary=text(configuration, "description"),
        reason=first(text(detail, "state", "reason"), text(configuration, "alarmRule")),
        metric=_metric(configuration),
        resources=_resources(configuration),
        account=text(event, "account"),
        region=region_of(text(event, "region"), arn),
        at=first(text(detail, "state", "timestamp"), text(event, "time")),
        identity=arn,
    )


def _either(value: Any, name: str) -> Any:
    """SNS writes `MetricName`, EventBridge `metricName`."""
    found = at(value, name)
    return at(value, name[0].lower() + name[1:]) if found is None else found


def _metrics(trigger: Any) -> list[Any]:
    """The metrics behind it: the one that it names, or those of its expressions."""
    if text(_either(trigger, "MetricName")):
        return [trigger]
    stats = (_either(one, "MetricStat") for one in items(_either(trigger, "Metrics"))[:_MOST])
    return [metric for metric in (_either(stat, "Metric") for stat in stats) if isinstance(metric, dict)]


def _name(metric: Any) -> str:
    name = first(text(_either(metric, "MetricName")), text(at(metric, "name")))
    namespace = text(_either(metric, "Namespace")).removeprefix("AWS/")
    return f"{namespace} {name}".strip()


def _metric(trigger: Any) -> str:
    """Which metric, and beyond what: `RDS DatabaseConnections ≥ 10`."""
    names = ", ".join(dict.fromkeys(name for name in map(_name, _metrics(trigger)) if name))
    expressions = (_either(one, "Expression") for one in items(_either(trigger, "Metrics"))[:_MOST])
    formulas = [formula for formula in map(text, expressions) if formula and "ANOMALY_DETECTION" not in formula]
    if formulas:
        names = f"{'; '.join(formulas)} of {names}" if names else "; ".join(formulas)
    operator = text(_either(trigger, "ComparisonOperator"))
    return " ".join(part for part in (names, _SIGNS.get(operator, ""), text(_either(trigger, "Threshold"))) if part)


def _resources(trigger: Any) -> tuple[tuple[str, str], ...]:
    """The dimensions of its metrics, each once."""
    found: dict[tuple[str, str], None] = {}
    for metric in _metrics(trigger):
        dimensions = _either(metric, "Dimensions")
        if isinstance(dimensions, dict):
            pairs = [(text(name), text(value)) for name, value in dimensions.items()]
        else:
            pairs = [(text(_either(one, "Name")), text(_either(one, "Value"))) for one in items(dimensions)]
        found |= dict.fromkeys(pair for pair in pairs if all(pair))
    return tuple(found)[:_MOST]
