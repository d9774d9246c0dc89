"""What changed, by whom and when: CloudTrail's record of one resource, and the time in which changes count."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.diagnostics.checks.probe import HOUR, Look, Probe
from bot.diagnostics.rules.finding import Finding, Weight

EVERYTHING = "account"  # as a name: all changes of the account and region
_MOST = 5  # changes of one resource that are shown, the nearest first
_SKEW = timedelta(minutes=1)
_PAGES = 1  # CloudTrail answers two questions a second


@dataclass(frozen=True, slots=True)
class Change:
    """One event that changed something; `error` where AWS refused it."""

    name: str  # "UpdateFunctionConfiguration20150331v2"
    who: str
    at: datetime
    resource: str
    error: str | None = None


def changes_span(probe: Probe) -> tuple[datetime, datetime]:
    """The hour before the window, and the window: aware UTC. Clocks differ, and AWS goes on while it is asked."""
    return probe.window.begin - HOUR, probe.window.end + _SKEW


def in_span(probe: Probe, at: datetime | None) -> bool:
    """Whether something happened in the time in which changes count; `at` is aware."""
    begin, end = changes_span(probe)
    return at is not None and begin <= at <= end


def changes_of(probe: Probe, resource: str, *, worldwide: bool = False) -> list[Change]:
    """The changes of a resource in the window and the hour before it, the latest first. Raises Unread.

    `worldwide`: it belongs to no region, as roles, DNS and CloudFront do.
    """
    reader = probe.reader.of_the_world() if worldwide else probe.reader
    events = reader.read_all(
        "cloudtrail",
        "LookupEvents",
        "Events",
        pages=_PAGES,
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": resource}],
        StartTime=probe.window.begin - HOUR,
        EndTime=probe.window.end,
    )
    found = [read_change(event, resource) for event in events if event.get("ReadOnly") != "true"]
    return sorted((change for change in found if change.error is None), key=lambda one: one.at, reverse=True)[:_MOST]


def changes_look(name_of: Callable[[Probe], str], likely: tuple[str, ...], *, worldwide: bool = False) -> Look:
    """A look at what CloudTrail saw happen to the resource of that name."""

    def changes(probe: Probe) -> Iterator[Finding]:
        for change in changes_of(probe, name_of(probe), worldwide=worldwide):
            yield change_finding(probe, change, likely, worldwide=worldwide)

    return changes


def read_change(event: Mapping[str, Any], resource: str) -> Change:
    """An event as CloudTrail answers it."""
    try:
        detail = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        detail = {}
    who = event.get("Username") or _identity(detail) or "somebody"
    return Change(event["EventName"], who, event["EventTime"].astimezone(UTC), resource, detail.get("errorCode"))


def _identity(detail: dict[str, Any]) -> str:
    return str(detail.get("userIdentity", {}).get("arn", "")).rpartition("/")[2]


def change_finding(probe: Probe, change: Change, refs: tuple[str, ...], *, worldwide: bool = False) -> Finding:
    """One change as a finding; that it is the cause is never more than likely."""
    home = probe.reader.of_the_world() if worldwide else probe.reader
    return Finding(
        "changes.seen",
        Weight.CHANGE,
        f"{change.name} of {change.resource} by {change.who} at {change.at:%H:%M:%S} UTC",
        "CloudTrail recorded this change shortly before or during the window.",
        likely=refs,
        command=replace(probe, reader=home).command(
            "cloudtrail",
            "LookupEvents",
            LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": change.resource}],
            StartTime=probe.window.begin - HOUR,
            EndTime=probe.window.end,
        ),
        at=change.at,
    )
