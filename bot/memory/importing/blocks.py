"""Text without headings to drafts of entries: blocks of labelled lines, numbered stories, one labelled page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.memory.importing.labels import fact_name, section_name

ID = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2,8}-?\d{4}-\d{2,5})(?![0-9-])")
_LABEL = re.compile(r"^([A-Z][A-Z /&]{2,30}[A-Z](?: ?#)?|[A-Z]{3,30}(?: ?#)?)\s*:[ \t]*(.*)$")
_NAMES = ("INCIDENT", "CASE", "TICKET", "INCIDENT ID", "ID", "REF", "REFERENCE")  # labels of what it is called
_STORY = re.compile(r"^(\d{1,2})[.)] +(\S.{3,110})$")
_SAID = re.compile(r"^((?:The |What |Fast |Lessons? )?[A-Z]?[a-z][A-Za-z' ]{2,32})\s*:\s*(.*)$")
_LINE = re.compile(r"^\s*(?:[-*•] )?\**([^\W\d_][^:：*|]{1,40}?)\**\s*[:：]\**[ \t]*(.*)$")
_DASHED_FACT = re.compile(r"^\s*(?:[-*•] )?\**([^\W\d_][\w /]{1,30}?)\**\s+[-–—]\**\s+(.*)$")  # `Severity - P1`


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as its document tells it, before refs and severities are settled."""

    ref: str | None
    title: str
    kind: str
    facts: dict[str, str] = field(default_factory=dict)  # lower-case label → text on its line
    sections: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, str], ...] = ()  # (heading, Markdown below it)


def labelled_blocks(text: str) -> list[Draft]:
    """Blocks of `LABEL: text` lines, one after the other, each begun by the label that comes first."""
    lines = text.splitlines()
    marks = [
        (i, match[1].strip(" #"), match[2]) for i, line in enumerate(lines) if (match := _LABEL.match(line.strip()))
    ]
    names = [name for _, name, _ in marks]
    known = [name for name in set(names) if section_name(name) or name in ("SEVERITY", "DATE", "TITLE", "SERVICES")]
    if len(known) < 3:
        return []
    often = max(names.count(name) for name in known)
    first = next(name for name in names if often == 1 or names.count(name) == often)
    starts = [place for place, name in enumerate(names) if name == first]
    drafts = []
    for begin, after in zip(starts, [*starts[1:], len(marks)], strict=True):
        facts: dict[str, str] = {}
        sections: list[tuple[str, str]] = []
        for place in range(begin, after):
            line, name, rest = marks[place]
            end = marks[place + 1][0] if place + 1 < len(marks) else len(lines)
            below = [rest, *lines[line + 1 : end]]
            content = re.sub(r"\n\s*(?:-+|=+|\*+[A-Z ]*\*+)\s*$", "", "\n".join(below).rstrip()).strip(" \n-=")
            wanted = None if name in _NAMES else section_name(name)
            if wanted and content:
                sections.append((wanted, content))
            else:
                facts[name.casefold()] = content.split("\n\n")[0].strip()
        drafts.append(_labelled_draft(facts, sections))
    return drafts


def _labelled_draft(facts: dict[str, str], sections: list[tuple[str, str]]) -> Draft:
    identity = ID.search(" ".join(facts.values()))
    summary = sections[0][1] if sections else ""
    title = facts.get("title") or facts.get("incident title") or summary.split(". ")[0][:90]
    return Draft(identity[1] if identity else None, title, "incident", facts, merged(sections))


def stories(text: str) -> list[Draft]:
    """`1. Title` … `2. Title` …, each under lines such as `What happened:`; other numbered lines are theirs."""
    lines = text.splitlines()
    starts: list[tuple[int, str]] = []
    for i, line in enumerate(lines):
        match = _STORY.match(line.strip())
        if match and int(match[1]) == len(starts) + 1:
            starts.append((i, match[2].strip()))
    if len(starts) < 3:
        return []
    drafts = []
    for (begin, title), after in zip(starts, [*starts[1:], (len(lines), "")], strict=True):
        sections = _said(lines[begin + 1 : after[0]])
        if sections:
            drafts.append(Draft(None, title, "incident", {}, merged(sections)))
    return drafts if len(drafts) >= 3 else []


def _said(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Sections from `Label: text` lines; what comes before the first label is Symptoms."""
    sections: list[tuple[str, list[str]]] = [("Symptoms", [])]
    for line in lines:
        match = _SAID.match(line.strip())
        name = section_name(match[1]) if match else None
        if name and match:
            sections.append((name, [match[2]]))
        else:
            sections[-1][1].append(line)
    return [(name, "\n".join(content).strip()) for name, content in sections if "\n".join(content).strip()]


def labelled_page(text: str, name: str) -> Draft | None:
    """One incident in lines such as `Root cause: …` below no heading at all; None where there is none."""
    lines = text.splitlines()
    facts: dict[str, str] = {}
    sections: list[tuple[str, list[str]]] = []
    loose: list[str] = []
    for line in lines:
        match = _LINE.match(line) or _DASHED_FACT.match(line)
        wanted = section_name(match[1]) if match and match.re is _LINE else None
        fact = fact_name(match[1]) if match and not wanted else None
        if match and wanted:
            sections.append((wanted, [match[2]]))
        elif match and fact and match[2].strip():
            facts.setdefault(fact, match[2].strip())
        elif sections:
            sections[-1][1].append(line)
        elif line.strip():
            loose.append(line.strip())
    filled = [(section, "\n".join(content).strip()) for section, content in sections]
    filled = [(section, content) for section, content in filled if content]
    if len({section for section, _ in filled}) < 2:
        return None
    title = facts.get("title") or (loose[0] if loose else filled[0][1].split(". ")[0])
    identity = ID.search(f"{title} {' '.join(facts.values())} {name}")
    if len(loose) > 1:
        filled.insert(0, ("Symptoms", "\n".join(loose[1:])))
    return Draft(identity[1] if identity else None, title.strip(" #*=-"), "incident", facts, merged(filled))


def merged(sections: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Sections of one name joined, in order of first appearance, Symptoms first."""
    joined: dict[str, list[str]] = {}
    for name, text in sections:
        joined.setdefault(name, []).append(text.strip())
    order = sorted(joined, key=lambda name: name != "Symptoms")
    return tuple((name, "\n\n".join(joined[name])) for name in order)
