"""What the picture of a timeline shows: bands of status and severity, pages, and who did something when. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import ReviewFacts
from bot.reviews.rules.openings import severity_at
from bot.reviews.rules.record import Record

MOST_PEOPLE = 8  # lanes; those who did the most
_CHANGED = re.compile(r"^Status (?P<before>\w+) → (?P<after>\w+)")
_SHORTEST = timedelta(minutes=5)  # a picture of less shows nothing


@dataclass(frozen=True, slots=True)
class Band:
    """Something that was so from one instant to another: `identified`, `P1`."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """Instants at which something happened, by who or what; aware UTC."""

    name: str
    at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn, between `since` and `until`."""

    title: str
    since: datetime
    until: datetime
    statuses: tuple[Band, ...]
    severities: tuple[Band, ...]
    pages: tuple[Lane, ...]  # by role, in the order in which they were first paged
    people: tuple[Lane, ...]  # by name, whoever was there first above
    findings: Lane  # of diagnoses; empty where there are none


def chart_of(facts: ReviewFacts, called: dict[str, str], title: str, now: datetime) -> Chart:
    """The picture of `facts`. `called`: names by user id, as the review writes them."""
    incident, record = facts.incident, Record.of(facts.entries)
    heard_at = [at for at in (facts.detected_at, facts.report.at if facts.report else None) if at is not None]
    since = min(*heard_at, incident.declared_at) if heard_at else incident.declared_at
    until = max(incident.resolved_at or now, since + _SHORTEST)
    shown = [entry for entry in record.entries if since <= entry.at <= until]
    findings = tuple(entry.at for entry in shown if entry.kind is Kind.DIAGNOSED)
    return Chart(
        title,
        since,
        until,
        _bands(incident.declared_at, until, _statuses(shown)),
        _bands(incident.declared_at, until, _severities(facts, until)),
        _pages(facts, since, until),
        _people(shown, called),
        Lane("Findings", findings),
    )


def _bands(since: datetime, until: datetime, changes: Iterable[tuple[datetime, str]]) -> tuple[Band, ...]:
    """From what it became when, the first included, to stretches that follow one another."""
    steps = sorted(((max(at, since), name) for at, name in changes), key=lambda step: step[0])
    ends = [at for at, _ in steps[1:]] + [until]
    return tuple(Band(name, at, end) for (at, name), end in zip(steps, ends, strict=True) if end > at)


def _statuses(entries: Sequence[Entry]) -> list[tuple[datetime, str]]:
    found = []
    for entry in entries:
        if entry.kind in (Kind.DECLARED, Kind.REOPENED):
            found.append((entry.at, "investigating"))
        elif entry.kind is Kind.RESOLVED:
            found.append((entry.at, "resolved"))
        elif entry.kind is Kind.STATUS_CHANGED and (changed := _CHANGED.match(entry.text)):
            found.append((entry.at, changed["after"]))
    return found


def _severities(facts: ReviewFacts, until: datetime) -> list[tuple[datetime, str]]:
    declared = facts.incident.declared_at
    first = severity_at(facts, declared)
    changes = ((change.at, change.after.value) for change in facts.severity_changes if change.at < until)
    return [(declared, first.value), *changes]


def _pages(facts: ReviewFacts, since: datetime, until: datetime) -> tuple[Lane, ...]:
    by_role: dict[str, list[datetime]] = {}
    for ping in sorted(facts.pings, key=lambda ping: ping.due_at):
        if ping.sent_at is not None and since <= ping.sent_at <= until:
            by_role.setdefault(ping.role, []).append(ping.sent_at)
    return tuple(Lane(role, tuple(at)) for role, at in by_role.items())


def _people(entries: Sequence[Entry], called: dict[str, str]) -> tuple[Lane, ...]:
    busiest = Counter(entry.author for entry in entries if entry.author).most_common(MOST_PEOPLE)
    lanes = [(who, tuple(entry.at for entry in entries if entry.author == who)) for who, _ in busiest]
    return tuple(Lane(called.get(who or "", "somebody"), at) for who, at in sorted(lanes, key=lambda lane: lane[1][0]))
