"""CloudWatch alarms: the states of those that are named, or whose names begin alike. Only reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from bot.aws.session import Client, calling
from bot.domain.alarm import Alarm, AlarmState

_MOST = 100  # names in one call, and alarms that are read of one beginning
_KINDS = ["MetricAlarm", "CompositeAlarm"]


def alarm_reader(client: Client) -> Callable[[Sequence[str], Sequence[str]], list[Alarm]]:
    """A function from exact names and beginnings of names to the alarms there are. It raises Unavailable and Denied."""
    cloudwatch = client("cloudwatch")

    def read(names: Sequence[str], prefixes: Sequence[str]) -> list[Alarm]:
        asked: list[dict[str, Any]] = [
            {"AlarmNames": list(names[start : start + _MOST])} for start in range(0, len(names), _MOST)
        ]
        asked += [{"AlarmNamePrefix": prefix} for prefix in prefixes]
        found: dict[str, Alarm] = {}
        for arguments in asked:
            with calling("CloudWatch"):
                answer = cloudwatch.describe_alarms(**arguments, AlarmTypes=_KINDS, MaxRecords=_MOST)
            for raw in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
                found[raw["AlarmName"]] = _alarm(raw)
        return [found[name] for name in sorted(found)]

    return read


def _alarm(raw: dict[str, Any]) -> Alarm:
    # Updated is also when only the reason changed; older answers know nothing else.
    since = raw.get("StateTransitionedTimestamp") or raw["StateUpdatedTimestamp"]
    return Alarm(raw["AlarmName"], AlarmState(raw["StateValue"]), since.astimezone(UTC))
