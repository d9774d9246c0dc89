"""AWS Health: what AWS itself says is wrong with the services of this account's region. Needs a support plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.diagnostics.checks.changes import EVERYTHING, in_span
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.figures import listed
from bot.diagnostics.rules.finding import Finding, Weight

_SINCE = timedelta(days=1)  # before the window: how long ago an event may have begun
_MOST = 5  # events that are described
_QUOTED = 300  # characters of a description
_WEIGHTS = {
    "issue": Weight.PROBLEM,
    "investigation": Weight.PROBLEM,
    "scheduledChange": Weight.CHANGE,
    "accountNotification": Weight.NOTICE,
}


def events(probe: Probe) -> Iterator[Finding]:
    """Issues that were open in the window, and changes and notices that began in it or the hour before: three calls."""
    span = {"from": probe.window.begin - _SINCE, "to": probe.window.end}
    asked = {"regions": [probe.reader.region, "global"], "startTimes": [span]}
    every = probe.reader.read_all("health", "DescribeEvents", "events", pages=1, filter=asked, maxResults=100)
    found = [one for one in every if _counts(probe, one)]
    found.sort(key=lambda one: (_weight(one), -one["startTime"].timestamp()))
    if not found:
        return
    found = found[:_MOST]
    said, affected = _described(probe, found), _affected(probe, found)
    for one in found:
        yield _event(probe, one, said.get(one["arn"], ""), affected.get(one["arn"], ()))


def _weight(event: Mapping[str, Any]) -> Weight:
    return _WEIGHTS.get(event.get("eventTypeCategory", ""), Weight.NOTICE)


def _counts(probe: Probe, event: Mapping[str, Any]) -> bool:
    ended: datetime | None = event.get("endTime")
    if _weight(event) is Weight.PROBLEM:
        return ended is None or ended >= probe.window.begin
    return in_span(probe, event["startTime"])


def _described(probe: Probe, found: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The latest description by the event's ARN."""
    answer = probe.read("health", "DescribeEventDetails", eventArns=[one["arn"] for one in found])
    return {
        one["event"]["arn"]: " ".join(one.get("eventDescription", {}).get("latestDescription", "").split())
        for one in answer.get("successfulSet", ())
    }


def _affected(probe: Probe, found: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Resources of this account, by the event's ARN; events that are about everybody name none."""
    arns = [one["arn"] for one in found if one.get("eventScopeCode") != "PUBLIC"]
    if not arns:
        return {}
    entities = probe.reader.read_all(
        "health", "DescribeAffectedEntities", "entities", pages=1, filter={"eventArns": arns}
    )
    named: dict[str, list[str]] = {}
    for one in entities:
        named.setdefault(one["eventArn"], []).append(one.get("entityValue", ""))
    return named


def _event(probe: Probe, event: Mapping[str, Any], said: str, affected: Sequence[str]) -> Finding:
    since = event["startTime"].astimezone(UTC)
    weight = _weight(event)
    names = sorted(affected, key=lambda one: (one != probe.name, one))
    whom = f"; affected: {listed(names, 3)}" if names else ""
    spared = f" {probe.name} is not among them." if names and probe.name not in (EVERYTHING, *names) else ""
    quoted = said if len(said) <= _QUOTED else f"{said[: _QUOTED - 1]}…"
    return Finding(
        "health.issue" if weight is Weight.PROBLEM else "health.notice",
        weight,
        f"AWS Health: {event.get('eventTypeCode')} of {event.get('service')} in {event.get('region')}, "
        f"{event.get('statusCode')}, since {since:%Y-%m-%d %H:%M} UTC{whom}",
        f"AWS says: {quoted}{spared}" if quoted else f"AWS says no more.{spared}",
        likely=("NFI-2024-0001",) if weight is Weight.PROBLEM else (),
        command=probe.command("health", "DescribeEventDetails", eventArns=[event["arn"]]),
        at=since,
    )
