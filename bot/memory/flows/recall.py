"""What a text looks like, among all that is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from bot.memory.entries.plain import opening
from bot.memory.flows.live import Memory
from bot.memory.index.index import Match
from bot.text.durations import span_text

SHOWN = 3  # past incidents that a person is shown


NEAR = 0.6  # of the best match's score: what scores less is not shown beside it


EARLIER = "earlier"  # the kind of our own incidents that look the same and are beyond those shown


# Chosen on tests/memory/data/alike.jsonl: from this score on, an incident of our own is taken for the same trouble.
SAME = 0.40


_MOST_LOOKED_AT = 12  # more repetitions than these are not told apart


def recall(memory: Memory, text: str, *, guide: bool = False, without: str = "") -> list[dict[str, Any]]:
    """What looks like `text`, as plain facts ready to be stored and shown: up to three past incidents, then at most one
    playbook, with `guide` at most one guide, and then those of our own incidents that look the same but were not among
    the three. The incident `without` is left out.
    """
    most = (_MOST_LOOKED_AT if memory.own else SHOWN) + bool(without)
    past = [match for match in memory.index.search(text, limit=most, kind="incident") if match.ref != without]
    near = _near_the_best(past[:SHOWN])
    found = [_describe(memory, match) for match in near]
    for kind in ("playbook", "guide") if guide else ("playbook",):
        found += [_describe(memory, match) for match in memory.index.search(text, limit=1, kind=kind)]
    rest = [_describe(memory, match) for match in past[len(near) :] if _same(memory, match)]
    return found + [item | {"kind": EARLIER} for item in rest]


def _near_the_best(matches: Sequence[Match]) -> list[Match]:
    """Without those that look much less alike than the first: what says little beside it only takes room."""
    return [match for match in matches if match.score >= matches[0].score * NEAR]


def _same(memory: Memory, match: Match) -> bool:
    """Whether our own record has this trouble already."""
    return match.ref in memory.own and match.score >= SAME


def same_before(similar: Sequence[dict[str, Any]]) -> list[tuple[str, date]]:
    """(ref, day) of our own incidents that looked the same, among stored suggestions; the oldest first."""
    same = [item for item in similar if item.get("same") and item.get("happened_on")]
    return sorted(((item["ref"], date.fromisoformat(item["happened_on"])) for item in same), key=lambda one: one[::-1])


def _describe(memory: Memory, match: Match) -> dict[str, Any]:
    entry = memory.entries[match.ref]
    took = span_text(timedelta(minutes=entry.resolution_minutes)) if entry.resolution_minutes else ""
    return {
        "ref": match.ref,
        "kind": entry.kind,
        "title": entry.title,
        "score": match.score,
        "words": [term.text for term in match.terms[:5]],
        "terms": [{"text": term.text, "share": term.share, "field": term.field} for term in match.terms[:5]],
        "same": _same(memory, match),
        "cause": opening(entry.section("Root cause")),
        "fix": opening(entry.section("Resolution")),
        "took": took,
        "happened_on": entry.date.isoformat() if entry.date else None,
    }
