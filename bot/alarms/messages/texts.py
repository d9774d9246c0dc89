"""Alarms in one line: as the title of an incident, and on its timeline. Pure."""

from __future__ import annotations

from bot.alarms.tables import AlarmRow
from bot.slack.text import plain, shorten

_LONGEST_TITLE = 120


def title(row: AlarmRow) -> str:
    """Of the incident that it declares, as plain words: its name, and what its owner wrote of it."""
    said = f"{row.name}: {row.summary}" if row.summary else row.name
    return shorten(f"{row.source} alarm {row.name}" if not any(map(str.isalnum, said)) else said, _LONGEST_TITLE)


def details(row: AlarmRow) -> str:
    """What declared the incident, for its timeline: everything that was delivered, in markup."""
    where = [f"{one['kind']} {one['name']}" for one in row.resources]
    where += [f"account {row.account}"] * bool(row.account) + [f"region {row.region}"] * bool(row.region)
    head = f"Declared by the {plain(row.source)} alarm *{plain(shorten(row.name, 200))}*."
    told = [plain(shorten(part, 500)) for part in (row.summary, row.metric, row.reason, ", ".join(where)) if part]
    return "\n".join([head, *told])


def joined(row: AlarmRow) -> str:
    """Another alarm, for the timeline of the incident that is open already."""
    return f"The {plain(row.source)} alarm *{plain(shorten(row.name, 200))}* is firing too."


def more_joined(number: int) -> str:
    """Of many at once, those that are not named."""
    return (
        f"{number:,} more alarms are firing too; `tocsin alarms list` shows them."
        if number > 1
        else "One more alarm is firing too."
    )


def recovered(row: AlarmRow) -> str:
    """For the timeline of the incident that it is about."""
    return f"The {plain(row.source)} alarm *{plain(shorten(row.name, 200))}* is OK again."
