"""The kinds of timeline entries, in the past tense. An entry is a fact with its instant, its author and its origin."""

from __future__ import annotations

import enum
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class Kind(enum.StrEnum):
    DECLARED = "declared"
    RENAMED = "renamed"
    KIND_CHANGED = "kind_changed"  # it is a security incident now, or none any more
    FIELD_CHANGED = "field_changed"  # its type, or a custom field: chosen or counted
    FIELD_WRITTEN = "field_written"  # a custom field that holds words of people
    SEVERITY_RAISED = "severity_raised"
    SEVERITY_LOWERED = "severity_lowered"
    STATUS_CHANGED = "status_changed"
    ACKNOWLEDGED = "acknowledged"
    ROLE_TAKEN = "role_taken"
    HANDOVER_OFFERED = "handover_offered"
    NOTED = "noted"
    MESSAGE_POSTED = "message_posted"
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    PINNED = "pinned"
    UNPINNED = "unpinned"
    PING_SENT = "ping_sent"
    PING_FAILED = "ping_failed"
    CALLED = "called"  # somebody was paged outside Slack; the latest says all ways and what came of each
    RESPONSE_BREACHED = "response_breached"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    IMPACT_RECORDED = "impact_recorded"
    CAUSE_RECORDED = "cause_recorded"
    RESOLUTION_RECORDED = "resolution_recorded"
    ENTRY_CORRECTED = "entry_corrected"  # another entry's time or words, by somebody who knew better
    NOTICE_WRITTEN = "notice_written"  # for stakeholders; it is on its way
    STAKEHOLDERS_TOLD = "stakeholders_told"  # it was posted or mailed
    STATUS_PUBLISHED = "status_published"  # on the status page, or corrected there
    STATUS_WITHDRAWN = "status_withdrawn"  # taken off it
    UPDATE_ASKED = "update_asked"  # a reminder to tell stakeholders
    CHECK_DONE = "check_done"
    CHECK_UNDONE = "check_undone"
    DIAGNOSED = "diagnosed"  # by read-only calls to AWS
    ALARMS_CHECKED = "alarms_checked"  # in CloudWatch, for the checklist after resolving
    MERGED = "merged"  # this one was a duplicate of another
    DUPLICATE_JOINED = "duplicate_joined"  # another one was a duplicate of this
    FALSE_ALARM = "false_alarm"
    REVIEW_APPROVED = "review_approved"
    REVIEW_CHANGES_ASKED = "review_changes_asked"
    ACTION_ADDED = "action_added"
    ACTION_DONE = "action_done"
    ISSUE_CREATED = "issue_created"  # of an action item, in a tracker
    PLAYBOOK_STARTED = "playbook_started"
    PLAYBOOK_STEP = "playbook_step"  # done, did not help, skipped
    PLAYBOOK_ASSIGNED = "playbook_assigned"
    PLAYBOOK_LATE = "playbook_late"  # a step is over its time window
    PLAYBOOK_STOPPED = "playbook_stopped"
    INJECTED = "injected"  # into a drill, of the timeline of the past incident that it replays
    NOT_DONE = "not_done"  # Slack refused what was promised
    DONE_AFTER_ALL = "done_after_all"  # and no longer does
    LINK_TAKEN = "link_taken"  # in the records of earlier versions; never shown


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an incident's timeline.

    `at` is when it happened (aware UTC), `author` a Slack user id or None for Tocsin, `text` in Slack's markup.
    """

    entry_id: int
    kind: Kind
    at: datetime
    author: str | None
    text: str
    key: bool  # marked as a key entry with the pushpin reaction
    permalink: str | None


_LATE = re.compile(r", [^,()]* late\.")  # that one ping was late makes it no other one


_CALLED = " outside Slack"  # ends what names the person in such a line; what came of each way follows after a colon


def _said_again(entry: Entry) -> str:
    """What tells the entries apart that fold into one; empty for those that stand by themselves."""
    if entry.kind is Kind.PING_SENT:
        return _LATE.sub(".", entry.text)
    return entry.text.split(": ", 1)[0] if entry.kind is Kind.CALLED else ""


def is_alike(one: Entry, other: Entry) -> bool:
    """Whether two entries fold into one: pages, or calls outside Slack, that say the same."""
    return one.kind is other.kind and bool(said := _said_again(one)) and said == _said_again(other)


def folded(entries: Sequence[Entry]) -> list[tuple[Entry, int]]:
    """Each entry and how often it was said: of pings of one opening that say the same, only the latest is left.

    So of the lines on how one person was paged outside Slack, each of which says all. What somebody marked as key stays
    by itself.
    """
    same: list[tuple[int, str] | None] = []
    reopened = 0
    for entry in entries:
        reopened += entry.kind is Kind.REOPENED
        said = _said_again(entry)
        same.append((reopened, said) if said and not entry.key else None)
    often = Counter(said for said in same if said and not said[1].endswith(_CALLED))
    last = {said: at for at, said in enumerate(same) if said}
    return [
        (entry, often.get(said, 1) if said else 1)
        for at, (entry, said) in enumerate(zip(entries, same, strict=True))
        if said is None or last[said] == at
    ]


def diagnoses(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The findings of each diagnosis, the heaviest first as they were kept; those marked as key are left out."""
    together: dict[tuple[datetime, str | None], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.kind is Kind.DIAGNOSED and not entry.key:
            together[entry.at, entry.author].append(entry)
    return list(together.values())


_OF_RESOURCE = re.compile(r"AWS, (?P<resource>[^:]+(?::\S[^:]*)*): (?P<rest>.*)", re.DOTALL)


def resource_in(finding: Entry) -> tuple[str, str]:
    """Of which resource a finding is, in markup, and what it says; the resource is empty where it names none."""
    found = _OF_RESOURCE.match(finding.text)
    return (found["resource"], found["rest"]) if found else ("", finding.text)


@dataclass(frozen=True, slots=True)
class Line:
    """What the channel reads of an entry, in markup. `name` is what its author is called, where that is known."""

    text: str
    at: datetime
    author: str | None
    name: str | None
