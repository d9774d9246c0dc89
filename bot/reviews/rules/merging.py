"""What people wrote in a review and what Tocsin drafts, merged: the draft may change, a person's words never do.

A section that somebody edited is kept as lines of text, with the drafted lines that they had before them. A line that
they left as it was still belongs to the draft and follows it; a line that they wrote or changed is theirs; a line that
they removed stays away; what was recorded after they wrote is added, and marked as such.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.reviews.rules.document import Line, Nature, Review, Section
from bot.text.wording import instant, tidied, tidied_lines

EDITABLE = ("summary", "root_cause", "went_well", "could_improve")
LONGEST_SECTION = 20_000  # characters of one section as a person writes it
LONGEST_LINE = 2_000
MOST_LINES = 500  # of one section as a person writes it; a page and a PDF of more can't be read

WHYS = ("Why 1", "Why 2", "Why 3", "Why 4", "Why 5")
FIVE_WHYS = "Five whys"  # what asks for them

# Labels that a person may write although the draft has no such line.
_LABELS: Mapping[str, tuple[str, ...]] = {
    "summary": ("Date and time", "Detected", "Duration", "Severity", "Services affected", "Customer impact", "Outcome"),
    "root_cause": ("Primary cause", *WHYS, "Contributing factor", "Resolution", "Playbook"),
}
# What the gaps say of a fact, by the label under which a person may have written it since.
_GAPS = {
    "Services affected": "the services affected",
    "Customer impact": "the customer impact",
    "Primary cause": "the root cause",
    "Resolution": "what resolved it",
}
IMPACT_SINCE = "Impact at its worst"  # what asks for the impact anew after a raise
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Edit:
    """One section as somebody wrote it. `base`: the drafted lines that they had before them; `by` a name."""

    section: str
    version: int
    text: str
    base: tuple[str, ...]
    by: str
    at: datetime


def as_written(line: Line) -> str:
    """A line as it stands in the field in which people edit it, and as it comes back from there."""
    return "".join(lines_of(in_field(f"{line.label}: {line.text}" if line.label else line.text))[:1])


def in_field(*lines: str) -> str:
    """Lines as people find them in the field: what goes on in a further line is indented there, and read back so."""
    return "\n".join(line.replace("\n", "\n  ") for line in lines)


def lines_of(text: str) -> tuple[str, ...]:
    """What a person wrote, line by line: without bullets, blank lines, needless white space, marks that nobody sees.

    An indented line goes on with the one right above it: so the steps of one entry stay together.
    """
    found: list[str] = []
    goes_on = False
    for line in text.replace("\t", "    ").splitlines():
        if goes_on and line.startswith("  ") and tidied(line):
            found[-1] += "\n" + tidied_lines(f"x\n{line[2:]}")[2:]
        elif words := tidied(_BULLET.sub("", line)):
            found.append(words)
        goes_on = bool(tidied(line)) and bool(found)
    return tuple(line[:LONGEST_LINE] for line in found)


def base_of(section: Section) -> tuple[str, ...]:
    """The drafted lines of a section that a person finds before them; questions are not among them."""
    return tuple(as_written(line) for line in section.lines if line.nature is not Nature.ASKED)


def merge(review: Review, edits: Sequence[Edit]) -> Review:
    """The drafted `review` with people's last edit of each section. `edits` are all versions, the oldest first."""
    last = {edit.section: edit for edit in edits}
    if not last:
        return review
    sections = tuple(
        _merged(section, last[section.name], edits) if section.name in last else section for section in review.sections
    )
    written = {line.label for section in sections for line in section.lines if line.nature is Nature.WRITTEN}
    answered = {f"Nobody recorded {phrase}." for label, phrase in _GAPS.items() if label in written}
    left = (_without(section, answered, written) if section.name == "gaps" else section for section in sections)
    return replace(review, sections=tuple(section for section in left if section is not None))


def _merged(drafted: Section, edit: Edit, edits: Sequence[Edit]) -> Section:
    mine, base = lines_of(edit.text), set(edit.base)
    now = {as_written(line): line for line in drafted.lines if line.nature is not Nature.ASKED}
    labelled = Counter(line.label for line in drafted.lines)
    by_label = {line.label: line for line in now.values() if line.label and labelled[line.label] == 1}
    authors = _authors(edit, edits)
    labels = {label.casefold(): label for label in (*_LABELS.get(drafted.name, ()), *filter(None, by_label))}
    lines: list[Line] = []
    seen: set[str] = set()  # drafted lines that are on the page, or that the person has seen and replaced
    for text in mine:
        if text in base:
            kept = now.get(text) or by_label.get(_label(text, labels)[0] or "")
            if kept is not None and as_written(kept) not in seen:
                lines.append(kept)
                seen.add(as_written(kept))
            continue
        label, words = _label(text, labels)
        lines.append(Line(words, Nature.WRITTEN, label=label, by=authors[text]))
    lines += [replace(line, fresh=True) for text, line in now.items() if text not in base and text not in seen]
    lines += _questions(drafted, lines)
    note = f"Edited by {edit.by}, {instant(edit.at)}."
    if drafted.note and any(line.nature is Nature.DERIVED for line in lines):
        note = f"{note} {drafted.note}"
    return Section(drafted.name, drafted.title, tuple(lines), note)


def _label(text: str, labels: Mapping[str, str]) -> tuple[str | None, str]:
    """`Primary cause: the pool` → label and words; None where the line begins with no label of the section."""
    head, colon, rest = text.partition(":")
    label = labels.get(head.strip().casefold())
    return (label, rest.strip()) if colon and label and rest.strip() else (None, text)


def _authors(edit: Edit, edits: Sequence[Edit]) -> dict[str, str]:
    """By line of `edit`: who wrote it first; later editors of the section took it over."""
    authors = dict.fromkeys(lines_of(edit.text), edit.by)
    unbroken = set(authors)  # lines that stood in every version from `edit` back to the one that is looked at
    earlier = [one for one in edits if one.section == edit.section and one.version <= edit.version]
    for one in sorted(earlier, key=lambda one: -one.version):
        unbroken.intersection_update(lines_of(one.text))
        authors.update(dict.fromkeys(unbroken, one.by))
    return authors


def _questions(drafted: Section, lines: Sequence[Line]) -> list[Line]:
    """The questions that are still open: a labelled one until the label is there, others until a person has written."""
    # "Contributing factors" asks for lines that are labelled one by one.
    labels = {line.label for line in lines} | {f"{line.label}s" for line in lines}
    labels |= {FIVE_WHYS} if labels.intersection(WHYS) else set()
    written = any(line.nature is Nature.WRITTEN for line in lines)
    return [
        line
        for line in drafted.lines
        if line.nature is Nature.ASKED and (line.label not in labels if line.label else not written)
    ]


def _without(section: Section, answered: set[str], written: Collection[str | None]) -> Section | None:
    """What the gaps still ask; None where that is nothing more."""
    done = {IMPACT_SINCE} if "Customer impact" in written else set()
    lines = tuple(line for line in section.lines if line.text not in answered and line.label not in done)
    if len(lines) == len(section.lines):
        return section
    return replace(section, lines=lines) if lines else None
