"""Whether a past incident was the same trouble: by the causes that people recorded, or because somebody said so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import PastIncident, ReviewFacts
from bot.reviews.rules.past.causes import related_causes, same_cause

_SAME = re.compile(
    r"\b(?:same|repeat\w*|recurr\w*|identical|[2-9](?:nd|rd|th) time|(?:second|third) time)\b", re.IGNORECASE
)
_DENIED = re.compile(r"\b(?:not|no|never|unlike|different|\w+n['’]t)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?;\n]+(?:\s|$)")
_SPOKEN = (Kind.NOTED, Kind.MESSAGE_POSTED, Kind.CAUSE_RECORDED, Kind.RESOLUTION_RECORDED, Kind.IMPACT_RECORDED)


def said_same(entries: Iterable[Entry], ref: str) -> Entry | None:
    """The first entry in which a person calls that incident the same trouble, and denies it not in the same breath."""
    named = re.compile(rf"\b{re.escape(ref)}\b", re.IGNORECASE)
    spoken = (
        entry for entry in entries if entry.author and entry.kind in _SPOKEN and ref.lower() in entry.text.lower()
    )
    return next((entry for entry in spoken if any(map(_says_so(named), _SENTENCE.split(entry.text)))), None)


def _says_so(named: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda words: bool(named.search(words) and _SAME.search(words) and not _DENIED.search(words))


def is_related(cause: str, past: PastIncident) -> bool:
    """Whether a past incident speaks of what caused this one, not only of what it looked like.

    Where either cause was not recorded, or where it was one of our own that looked the same, that cannot be told.
    """
    return not cause or not past.cause or past.same or related_causes(cause, f"{past.title} {past.cause}")


def repeats(facts: ReviewFacts) -> list[PastIncident]:
    """The past incidents that had the same cause as it is recorded of this one, the oldest first.

    What happened on the same day is another trouble of that day, unless somebody says otherwise: see `said_same`.
    """
    cause, day = facts.incident.cause or "", facts.incident.declared_at.date()
    found = [
        past for past in facts.similar if past.happened_on and past.happened_on < day and same_cause(cause, past.cause)
    ]
    return sorted(found, key=lambda past: (past.happened_on, past.ref))
