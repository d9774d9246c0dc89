"""CloudWatch alarms: the states of those that are named, or whose names begin alike. Only reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from bot.aws.alarm_states import Alarm, AlarmState, Reading
from bot.aws.session import Client, calling

_MOST = 100  # names in one call, and alarms in one answer
_PAGES = 10  # answers that are read for one beginning
_KINDS = ["MetricAlarm", "CompositeAlarm"]


def alarm_reader(client: Client) -> Callable[[Sequence[str], Sequence[str]], Reading]:
    """A function from exact names and beginnings of names to the alarms there are, sorted by name.

    It raises Unavailable and Denied.
    """

    def read(names: Sequence[str], prefixes: Sequence[str]) -> Reading:
        asked: list[dict[str, Any]] = [
            {"AlarmNames": list(names[start : start + _MOST])} for start in range(0, len(names), _MOST)
        ]
        asked += [{"AlarmNamePrefix": prefix} for prefix in prefixes]
        cloudwatch = client("cloudwatch")
        found: dict[str, Alarm] = {}
        complete = True
        for arguments in asked:
            alarms, all_of_them = _read_pages(cloudwatch, arguments)
            found |= {alarm.name: alarm for alarm in alarms}
            complete = complete and all_of_them
        return Reading(tuple(found[name] for name in sorted(found)), complete)

    return read


def _read_pages(cloudwatch: Any, arguments: dict[str, Any]) -> tuple[list[Alarm], bool]:
    """The alarms of one question, and whether these are all that there are."""
    found: list[Alarm] = []
    more: dict[str, str] = {}
    for _ in range(_PAGES):
        with calling("CloudWatch"):
            answer = cloudwatch.describe_alarms(**arguments, AlarmTypes=_KINDS, MaxRecords=_MOST, **more)
        found += [_alarm(raw) for raw in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ()))]
        if not answer.get("NextToken"):
            return found, True
        more = {"NextToken": answer["NextToken"]}
    return found, False


def _alarm(raw: dict[str, Any]) -> Alarm:
    # Updated is also when only the reason changed; older answers know nothing else.
    since = raw.get("StateTransitionedTimestamp") or raw["StateUpdatedTimestamp"]
    return Alarm(raw["AlarmName"], AlarmState(raw["StateValue"]), since.astimezone(UTC))
