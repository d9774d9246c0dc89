"""What a text looks like, among all that is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.memory.entries.plain import opening
from bot.memory.flows.live import Memory
from bot.memory.index.index import Match
from bot.memory.rules.similar import EARLIER, MatchedTerm, SimilarItem
from bot.text.durations import span

SHOWN = 3  # past incidents that a person is shown
NEAR = 0.6  # of the best match's score: what scores less is not shown beside it
# Chosen on tests/memory/data/alike.jsonl: from this score on, an incident of our own is taken for the same trouble.
SAME = 0.40
_MOST_COMPARED = 12  # more repetitions than these are not counted


def recall(memory: Memory, text: str, *, guide: bool = False, without: str = "") -> tuple[SimilarItem, ...]:
    """What looks like `text`: up to three past incidents, then at most one playbook, with `guide` at most one guide,
    and then those of our own incidents that look the same but are not among the three. The incident `without` is left
    out.
    """
    most = (_MOST_COMPARED if memory.own else SHOWN) + bool(without)
    matches = memory.index.search(text, limit=most, kind="incident", explained=SHOWN + bool(without))
    past = [match for match in matches if match.ref != without]
    near = _near_the_best(past[:SHOWN])
    found = [_describe(memory, match) for match in near]
    for kind in ("playbook", "guide") if guide else ("playbook",):
        found += [_describe(memory, match) for match in memory.index.search(text, limit=1, kind=kind)]
    rest = [_describe(memory, match) for match in past[len(near) :] if _same(memory, match)]
    return (*found, *(replace(item, kind=EARLIER) for item in rest))


def _near_the_best(matches: Sequence[Match]) -> list[Match]:
    """Without those that score far below the first: they would take space and say little."""
    return [match for match in matches if match.score >= matches[0].score * NEAR]


def _same(memory: Memory, match: Match) -> bool:
    """Whether this is an incident of our own with the same trouble."""
    return match.ref in memory.own and match.by_words >= SAME


def _describe(memory: Memory, match: Match) -> SimilarItem:
    entry = memory.entries[match.ref]
    terms = tuple(MatchedTerm(term.text, term.share, term.field) for term in match.terms[:5])
    return SimilarItem(
        ref=match.ref,
        kind=entry.kind,
        title=entry.title,
        score=match.score,
        terms=terms,
        words=tuple(term.text for term in terms),
        same=_same(memory, match),
        cause=opening(entry.section("Root cause")),
        fix=opening(entry.section("Resolution")),
        took=span(timedelta(minutes=entry.resolution_minutes)) if entry.resolution_minutes else "",
        happened_on=entry.date,
        by_meaning=match.by_meaning_alone,
    )
