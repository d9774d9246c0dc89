"""Which findings no action item speaks of yet: said where the action items stand."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.reviews.rules.document import Nature, Review, Section

# What it is called, how its line in What could be improved reads, and the words of an action item that meets it.
_FINDINGS = (
    (
        "acknowledged late",
        re.compile(r"\backnowledged\b.*; the target was ", re.IGNORECASE),
        re.compile(r"acknowledg|\bpag(?:e|er|ing)|on-?call|phone|escalat|rota|roster", re.IGNORECASE),
    ),
    (
        "stakeholders updated late",
        re.compile(r"^Stakeholders got "),
        re.compile(r"stakeholder|\bupdates?\b|\bnotices?\b|communicat|status page", re.IGNORECASE),
    ),
)


def with_uncovered(review: Review) -> Review:
    """The review, its action items followed by the findings that none of them covers."""
    return replace(review, sections=tuple(_noted(section, review) for section in review.sections))


def _noted(section: Section, review: Review) -> Section:
    if section.name != "action_items":
        return section
    agreed = [line.text for line in section.lines if line.nature is Nature.RECORDED]
    found = [line.text for line in review.section("could_improve").lines if line.nature is Nature.DERIVED]
    missing = [
        name for name, reads, meets in _FINDINGS if any(map(reads.search, found)) and not any(map(meets.search, agreed))
    ]
    if not missing:
        return section
    said = f"No action item yet for: {', '.join(missing)}."
    return replace(section, note=f"{section.note} {said}" if section.note else said)
