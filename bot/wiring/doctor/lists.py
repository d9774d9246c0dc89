"""Doctor's look at lists in Slack: whether those that trackers.yaml names were made, and what kept one from it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.trackers.messages import about_list
from bot.wiring.doctor.findings import Finding, Known, State

_NAME = "slack lists"


def slack_lists(known: Known) -> Iterator[Finding]:
    """Each list, by what became of it so far; Slack is not asked."""
    targets = known.policy.trackers.targets.values() if known.policy is not None else ()
    lists = [target for target in targets if target.kind == "slack"]
    if not lists:
        yield Finding(_NAME, State.OK, "none: action items go to no list in Slack")
    for target in lists:
        row = (known.lists or {}).get(target.name)
        if known.lists is None:
            yield Finding(_NAME, State.UNKNOWN, f"{target.name}: the database is not responding")
        elif row is not None and row.trouble is not None:
            says, fix = about_list(row.trouble)
            yield Finding(_NAME, State.FAILED, f"{target.name}: {says}", fix)
        elif row is None or row.list_id is None:
            yield Finding(_NAME, State.OK, f"{target.name}: the list is made with its first action item")
        else:
            yield Finding(_NAME, State.OK, f"{target.name}: “{target.project}” is there")
