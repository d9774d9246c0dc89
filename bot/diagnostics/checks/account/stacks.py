"""CloudFormation: stacks that changed, how far they came, and the resource at which they failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import EVERYTHING, changes_span, in_span
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.figures import listed
from bot.diagnostics.rules.finding import Finding, Weight
from bot.text.masking import mask

_PAGES = 3  # of a hundred stacks
_MOST = 5  # stacks whose events are read, each one call
_QUOTED = 200  # characters of a reason
_STACK = "AWS::CloudFormation::Stack"


def stacks(probe: Probe) -> Iterator[Finding]:
    """Stacks with events in the hour before or in the window; of one resource, the stack that it belongs to."""
    begin, _ = changes_span(probe)
    every = probe.reader.read_all("cloudformation", "ListStacks", "StackSummaries", pages=_PAGES)
    if probe.name != EVERYTHING:
        names = {probe.name, *_owners(probe)}
        every = [one for one in every if one["StackName"] in names]
    touched = [one for one in every if _touched(one) >= begin or one["StackStatus"].endswith("_IN_PROGRESS")]
    for stack in sorted(touched, key=_touched)[:_MOST]:
        yield from _stack(probe, stack["StackName"], stack["StackId"])


def _owners(probe: Probe) -> set[str]:
    """The names of the stacks that the resource belongs to."""
    try:
        found = probe.read("cloudformation", "DescribeStackResources", PhysicalResourceId=probe.name)
    except Unread as unread:
        if unread.reason is Reason.MISSING:
            return set()
        raise
    return {one["StackName"] for one in found.get("StackResources", ()) if "StackName" in one}


def _touched(stack: dict[str, Any]) -> datetime:
    times = (stack.get(name) for name in ("CreationTime", "LastUpdatedTime", "DeletionTime"))
    return max((at.astimezone(UTC) for at in times if at), default=datetime.min.replace(tzinfo=UTC))


def _stack(probe: Probe, name: str, stack_id: str) -> Iterator[Finding]:
    events = probe.reader.read_all("cloudformation", "DescribeStackEvents", "StackEvents", pages=1, StackName=stack_id)
    events = sorted((one for one in events if in_span(probe, one["Timestamp"])), key=lambda one: one["Timestamp"])
    own = [one for one in events if _is_own(one)]
    if not own:
        return
    status, ended = own[-1].get("ResourceStatus", ""), own[-1]["Timestamp"].astimezone(UTC)
    failed = any(word in one.get("ResourceStatus", "") for one in own for word in ("ROLLBACK", "FAILED"))
    yield Finding(
        "stack.failed" if failed else "stack.changed",
        Weight.PROBLEM if failed else Weight.CHANGE,
        f"Stack {name}: {status} at {ended:%H:%M:%S} UTC{_detail(probe, events, failed)}",
        "What the stack was to bring is not there, or only in part."
        if failed
        else "CloudFormation changed this stack shortly before or during the window.",
        likely=("GUIDE-deployment-failures", "NFI-2024-0013") if failed else (),
        command=probe.command("cloudformation", "DescribeStackEvents", StackName=name),
        at=own[0]["Timestamp"].astimezone(UTC),
    )


def _is_own(event: dict[str, Any]) -> bool:
    return event.get("ResourceType") == _STACK and event.get("PhysicalResourceId") == event["StackId"]


def _detail(probe: Probe, events: Sequence[dict[str, Any]], failed: bool) -> str:
    """The first resource that failed and why; or the resources that changed, the one that was asked for first."""
    resources = [one for one in events if not _is_own(one)]
    if failed:
        broken = next((one for one in resources if _broke(one)), None)
        if broken is None:
            return ""
        reason = " ".join(mask(broken.get("ResourceStatusReason", "")).split())[:_QUOTED]
        which = f"{broken.get('LogicalResourceId')} ({broken.get('ResourceType')})"
        return f"; first to fail: {which}{f': {reason}' if reason else ''}"
    names = {one.get("PhysicalResourceId") or one.get("LogicalResourceId", "") for one in resources}
    ordered = sorted(names, key=lambda one: (one != probe.name, one))
    return f"; it changed {listed(ordered, 3)}" if ordered else ""


def _broke(event: dict[str, Any]) -> bool:
    """Those that were only given up because another failed are not meant."""
    cancelled = "cancelled" in event.get("ResourceStatusReason", "")
    return event.get("ResourceStatus", "").endswith("_FAILED") and not cancelled
