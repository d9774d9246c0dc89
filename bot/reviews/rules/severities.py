"""Which severity an incident had when, and which raises came after a fact was recorded. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.reviews.rules.document import PingFact, ReviewFacts, SeverityChange
from bot.severity.rules import Severity

_AT_ONCE = timedelta(seconds=1)  # a page that a raise makes due is planned with it


@dataclass(frozen=True, slots=True)
class Stretch:
    """One severity from an instant to the next change; `until` None for the one that stands. Instants are aware UTC."""

    severity: Severity
    since: datetime
    until: datetime | None


def in_order(facts: ReviewFacts) -> list[SeverityChange]:
    """The changes, the oldest first."""
    return sorted(facts.severity_changes, key=lambda change: change.at)


def stretches(facts: ReviewFacts) -> tuple[Stretch, ...]:
    """The severities from the declaration on, in order; there is always one."""
    changes = in_order(facts)
    first = changes[0].before if changes else facts.incident.severity
    turns = [(first, facts.incident.declared_at), *((change.after, change.at) for change in changes)]
    ends = [*(at for _, at in turns[1:]), None]
    return tuple(Stretch(severity, since, until) for (severity, since), until in zip(turns, ends, strict=True))


def peak(held: Sequence[Stretch]) -> Severity | None:
    """The severity it was raised to and lowered from again, where that was worse than both its ends."""
    worst = min((one.severity for one in held), key=lambda severity: severity.rank)
    return worst if worst.worse_than(held[0].severity) and worst.worse_than(held[-1].severity) else None


def page_on_raise(facts: ReviewFacts, ping: PingFact) -> Severity | None:
    """The severity whose raise made a page due at once, as its own time had passed by then; None for any other page."""
    if ping.sent_at is None:
        return None
    raises = [change for change in in_order(facts) if change.after.worse_than(change.before)]
    made = [change for change in raises if abs(ping.due_at - change.at) <= _AT_ONCE and change.at <= ping.sent_at]
    return made[-1].after if made else None


def raises_after(facts: ReviewFacts, at: datetime) -> list[SeverityChange]:
    """The raises that came after an instant, the oldest first."""
    return [change for change in in_order(facts) if change.at > at and change.after.worse_than(change.before)]
