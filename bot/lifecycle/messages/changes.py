"""What a change of an incident is called: on its timeline, and to the person who made it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.incidents.rules.incident import reopened_words
from bot.severity.rules import Severity
from bot.slack.text import person
from bot.text.durations import span
from bot.text.markup import escape
from bot.text.zones import spelled


def _because(why: str) -> str:
    return f": {escape(why)}" if why else "."


# Severity and status


def severity_entry(before: Severity, after: Severity, by: str, why: str) -> str:
    verb = "raised" if after.worse_than(before) else "lowered"
    return f"Severity {verb} from {before} to {after} by {person(by)}{_because(why)}"


def already(ref: str, what: str) -> str:
    """`what` is a severity or a status."""
    return f"{ref} is already {what}."


def status_entry(before: str, after: str, by: str) -> str:
    return f"Status {before} → {after} by {person(by)}."


# Title


def renamed_entry(before: str, after: str, by: str) -> str:
    return f"Renamed by {person(by)} from “{escape(before)}” to “{escape(after)}”."


# Acknowledging


def acknowledged_entry(by: str, after: timedelta, reopened: bool, means: str = "") -> str:
    """`means` is where they did it, other than in Slack: `PagerDuty`."""
    where = f" in {means}" if means else ""
    return f"Acknowledged by {person(by)}{where} after {span(after)}{' from reopening' if reopened else ''}."


def acknowledged_on_reopening(by: str) -> str:
    return f"Acknowledged by {person(by)} on reopening."


# Resolving, closing, reopening


def resolved_entry(by: str, after: timedelta, reopened: int) -> str:
    """Without a full stop: the channel reads the resolution after it."""
    return f"Resolved by {person(by)} after {span(after)}{reopened_words(reopened)}"


def closed_entry(by: str, false_alarm: bool) -> str:
    return f"Closed by {person(by)}" + (" as a false alarm." if false_alarm else ".")


def closed_before(ref: str, by: str, at: datetime) -> str:
    """Plain words, as forms show them: `by` is a name."""
    return f"{ref} is already closed, by {escape(by)} at {at:%H:%M} UTC."


def reopened_entry(by: str, why: str) -> str:
    return f"Reopened by {person(by)}{_because(why)}"


def open_already(ref: str, status: str) -> str:
    return f"{ref} is already open ({status})."


def set_aside_lead(name: str) -> str:
    """`name` is cause or resolution."""
    return f"Earlier {name}, before reopening: "


# False alarms and duplicates


def false_alarm_entry(by: str, why: str) -> str:
    return f"Closed as a false alarm by {person(by)}{_because(why)}"


def closed_already(ref: str, false_alarm: bool) -> str:
    if false_alarm:
        return f"{ref} is already closed as a false alarm."
    return f"{ref} is already closed. Reopen it first: `/incident reopen`."


def merged_entry(target: str, channel_id: str | None, by: str) -> str:
    there = f" Follow it in <#{channel_id}>." if channel_id else ""
    return f"Merged into {target} by {person(by)}.{there}"


def joined_entry(duplicate: str, declared_by: str, by: str) -> str:
    return f"{duplicate}, declared by {person(declared_by)}, is a duplicate: merged into this incident by {person(by)}."


DRILL_AND_REAL = "A drill and a real incident can't be merged: nothing of a drill counts."
MERGED_INTO_ITSELF = "An incident can't be merged into itself. Name the other one: `/incident merge INC-…`."


def target_closed(target: str) -> str:
    return f"{target} is closed. Reopen it first: `/incident reopen {target}`."


def merged_privately_entry(by: str) -> str:
    """For the public duplicate of a security incident."""
    return f"Closed by {person(by)}: it goes on elsewhere."


def would_leak(duplicate: str, target: str) -> str:
    return f"{duplicate} is a security incident; its messages can't be moved to {target}."


# Declaring

SAY_TITLE = "The title has to say in a few words what is wrong, such as “card payments fail in Europe”."
SOUNDS_LIKE_A_BREAK_IN = "it sounds like a break-in"
SAY_WHAT_IS_WRONG = "Say in a few words what is wrong: `/incident declare checkout returns 502`."


def declared_entry(severity: str, by: str, title: str, drill: bool) -> str:
    what = f"DRILL declared as {severity}" if drill else f"Declared as {severity}"
    return f"{what} by {person(by)}: {escape(title)}"


def over_by_now(ref: str, status: str) -> str:
    return f"{ref} is now {status}. Press Declare anyway for a new incident, or type `/incident reopen {ref}`."


def declaring_many(refs: Sequence[str], within: timedelta) -> str:
    """Somebody declared so many within so short a time that the next one waits until they say so."""
    named = f"{', '.join(refs[-5:-1])} and {refs[-1]}" if len(refs) > 1 else refs[0]
    return (
        f"You declared {named} within {span(within)}, and each pages people. Is this another incident? "
        f"Type `/incident declare …`, which asks; or try again in {span(within)}."
    )


def too_many_drills(refs: Sequence[str]) -> str:
    """Of a security drill nothing is said but that it is there; its reference names nothing else."""
    return f"{len(refs)} drills are open: {', '.join(refs)}. Resolve one before you start another."


# Notes, to whoever typed them

SAY_WHAT = "Say what to note: `/incident note rolled back to build 212`, or when it was: `/incident note at 14:20 …`."
SAY_WHAT_THEN = "Say what happened then: `/incident note at 14:20 rolled back to build 212`."
MARKED_KEY = "Marked as key. To undo, add and remove a :pushpin: on the message."


def noted(ref: str, at: datetime | None, declared_at: datetime, zone: ZoneInfo) -> str:
    """`at`: the time that was typed, said in `zone`; None for now."""
    when = f" at {spelled(at, zone)}" if at is not None else ""
    before = " That is before it was declared." if at is not None and at < declared_at else ""
    return f"Noted on the timeline of {ref}{when}.{before}"


def goes_on(ref: str, target: str | None, channel_id: str | None) -> str:
    """Where an incident goes on that was merged. `target` is None where whoever reads this may not know it."""
    if target is None:
        return f" {ref} was merged into another incident."
    there = f" in <#{channel_id}>" if channel_id else ""
    return f" {ref} was merged into {target}; follow it there{there}."
