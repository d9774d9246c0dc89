"""What a review asks of people, and their answers as lines of its sections. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import BadRequest
from bot.reviews.rules.document import Nature, Review
from bot.reviews.rules.merging import FIVE_WHYS, WHYS, in_field, lines_of

MOST_WHYS = len(WHYS)
ROOT_CAUSE, FACTOR = "root_cause", "Contributing factor"


@dataclass(frozen=True, slots=True)
class Question:
    """A fact that the review has room for: its field, section and label. `several`: each line is an answer."""

    name: str
    section: str
    label: str  # as the section's line is called; empty for sections of free lines
    ask: str  # as people are asked
    several: bool = False


QUESTIONS = (
    Question("detected", "summary", "Detected", "When was it detected, and by what?"),
    Question("services", "summary", "Services affected", "Which services were affected?"),
    Question("impact", "summary", "Customer impact", "What did customers notice, and how many?"),
    Question("cause", "root_cause", "Primary cause", "What was the root cause?"),
    Question("whys", "root_cause", FIVE_WHYS, "Five whys: why did it happen, and why was that so? One a line.", True),
    Question("factors", "root_cause", FACTOR, "What contributed to it? One a line.", True),
    Question("resolution", "root_cause", "Resolution", "What resolved it?"),
    Question("went_well", "went_well", "", "What went well? One point a line.", True),
    Question("improve", "could_improve", "", "What could be improved? One point a line.", True),
)
_BY_NAME = {question.name: question for question in QUESTIONS}


def open_of(review: Review) -> tuple[Question, ...]:
    """The questions that the review still asks, in its order."""
    return tuple(question for question in QUESTIONS if _asks(review, question))


def _asks(review: Review, question: Question) -> bool:
    labels = {question.label, f"{question.label}s"} if question.label else {None}
    return any(
        line.nature is Nature.ASKED and line.label in labels
        for section in review.sections
        if section.name == question.section
        for line in section.lines
    )


def split_by_person(
    questions: Sequence[Question], declared_by: str | None, commander: str | None, acknowledged_by: str | None
) -> dict[str, tuple[Question, ...]]:
    """Who is asked what: the declarer, what it looked like; who led it, what it was; all of them, what they found."""
    leader = commander or acknowledged_by or declared_by
    seen_by = {"summary": declared_by or leader, "root_cause": leader}
    people = dict.fromkeys(filter(None, (leader, acknowledged_by, declared_by)))
    asked = {
        person: tuple(each for each in questions if seen_by.get(each.section, person) == person) for person in people
    }
    return {person: theirs for person, theirs in asked.items() if theirs}


def as_lines(name: str, answer: str, review: Review) -> tuple[str, list[str]]:
    """The section that an answer belongs in, and its lines there. Raises BadRequest for more whys than there are."""
    question = _BY_NAME[name]
    said = [line.strip() for line in answer.splitlines() if line.strip()]
    if not question.several:
        joined = "\n".join(said)
        return question.section, [f"{question.label}: {joined}"] if said else []
    if question.name == "whys":
        known = [line.text for line in review.section(question.section).lines if line.label in WHYS]
        said = [why for why in said if why not in known]
        if len(known) + len(said) > MOST_WHYS:
            raise BadRequest(f"There is room for {MOST_WHYS} whys, one a line. {len(known)} are there already.")
        return question.section, [f"{label}: {why}" for label, why in zip(WHYS[len(known) :], said, strict=False)]
    ahead = f"{question.label}: " if question.label else ""
    return question.section, [f"{ahead}{words}" for words in said]


def answered_before(review: Review, name: str) -> bool:
    """Whether somebody answered in the meantime what takes one answer only."""
    question = _BY_NAME[name]
    return not question.several and question not in open_of(review)


@dataclass(frozen=True, slots=True)
class RootCause:
    """The section of the root cause, field by field. `rest`: lines that are none of these, such as a playbook's."""

    cause: str = ""
    whys: tuple[str, ...] = ("",) * MOST_WHYS
    factors: str = ""  # one a line
    resolution: str = ""
    rest: str = ""


_LABEL = re.compile(
    r"^(?:primary cause|(?P<why>why [1-5])|(?P<factor>contributing factors?)|(?P<resolution>resolution))\s*:\s*",
    re.IGNORECASE,
)


def split_root_cause(lines: Sequence[str]) -> RootCause:
    """The section's lines, as `merging.lines_of` reads them, by field."""
    found: dict[str, list[str]] = {"cause": [], "factors": [], "resolution": [], "rest": []}
    whys = [""] * MOST_WHYS
    for line in lines:
        label = _LABEL.match(line)
        said = line[label.end() :] if label else line
        if label and label["why"]:
            place = int(label["why"][-1]) - 1
            whys[place] = f"{whys[place]} {said}".strip()
        else:
            found[_field_of(label)].append(said)
    cause, resolution = ("\n".join(found[name]) for name in ("cause", "resolution"))
    return RootCause(cause, tuple(whys), in_field(*found["factors"]), resolution, in_field(*found["rest"]))


def _field_of(label: re.Match[str] | None) -> str:
    if label is None:
        return "rest"
    return "factors" if label["factor"] else "resolution" if label["resolution"] else "cause"


def join_root_cause(fields: Mapping[str, str]) -> str:
    """What the fields `cause`, `why_1` … `why_5`, `factors`, `resolution` and `rest` make of the section's text."""
    lines = _labelled("Primary cause", fields.get("cause", ""))
    whys = [" ".join(fields.get(f"why_{number}", "").split()) for number in range(1, MOST_WHYS + 1)]
    lines += [f"{label}: {why}" for label, why in zip(WHYS, filter(None, whys), strict=False)]
    lines += [f"{FACTOR}: {line}" for line in lines_of(fields.get("factors", ""))]
    lines += _labelled("Resolution", fields.get("resolution", ""))
    return in_field(*lines, *lines_of(fields.get("rest", "")))


def _labelled(label: str, text: str) -> list[str]:
    """One line under its label; what goes on below it stays with it."""
    said = "\n".join(line.rstrip() for line in text.strip().splitlines() if line.strip())
    return [f"{label}: {said}"] if said else []
