"""Markdown as a tree of headings, and what stands under one: its sections and its facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it.token import Token

from bot.memory.importing.kinds import markdown
from bot.memory.importing.labels import known_as, section_name

_FACT = re.compile(r"^\s*(?:[-*] )?\**([^\W\d_][\w /()-]{1,40}?)\**\s?[:：]\**\s*(\S.{0,160})$")
_FACT_ROW = re.compile(r"^\s*\|\s*\**([^\W\d_][\w /()-]{1,40}?)[:：]?\**[:：]?\s*\|\s*([^|]{1,160}?)\s*\|\s*$")


@dataclass(slots=True, eq=False)
class Node:
    """A heading, the Markdown right below it, and the headings under it."""

    level: int
    title: str
    body: str
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def whole(self) -> str:
        """All Markdown under the heading."""
        parts = [self.body]
        parts += [f"{'#' * 4} {child.title}\n\n{child.whole()}" for child in self.children]
        return "\n\n".join(part for part in parts if part.strip())


def tree_of(text: str) -> Node:
    """Headings as a tree under a root without a title."""
    tokens = markdown().parse(text)
    lines = text.splitlines()
    heads: list[tuple[int, str, int, int]] = []
    for i, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            heads.append((int(token.tag[1]), _plain(tokens[i + 1]), token.map[0], token.map[1]))
    root = Node(0, "", "\n".join(lines[: heads[0][2]] if heads else lines).strip())
    path = [root]
    for place, (level, title, _, below) in enumerate(heads):
        end = heads[place + 1][2] if place + 1 < len(heads) else len(lines)
        node = Node(level, title, "\n".join(lines[below:end]).strip())
        while path[-1].level >= level:
            path.pop()
        path[-1].children.append(node)
        path.append(node)
    return root


def _plain(inline: Token) -> str:
    """The words of a heading without its markup."""
    return "".join(child.content for child in inline.children or ()).strip()


def sections_under(node: Node) -> list[tuple[str, str]]:
    """What stands right below the heading, then each heading under it."""
    sections = bold_sections(node.body)
    if not sections and node.body.strip():
        sections = [("Symptoms", node.body)]
    for child in node.children:
        sections += sections_of(child)
    return sections


def sections_of(node: Node) -> list[tuple[str, str]]:
    text = node.whole()
    if not text.strip():
        return []
    if section_name(node.title) is None and bold_sections(node.body):
        return bold_sections(node.body) + [part for child in node.children for part in sections_of(child)]
    return [(section_name(node.title) or node.title, text)]


def bold_sections(body: str) -> list[tuple[str, str]]:
    """Sections led by `**Label:**` or `- **Label**:`; empty when there is none of ours."""
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        match = re.match(r"^(?:[-*] )?\*\*([^*]{2,60}?):?\*\*:?\s*(.*)$", line)
        name = section_name(re.sub(r"\(.*\)", "", match[1])) if match else None
        if match and name:
            found.append((name, [match[2]]))
        elif found:
            found[-1][1].append(line)
    return [(name, "\n".join(lines).strip()) for name, lines in found if "\n".join(lines).strip()]


def facts_under(node: Node) -> dict[str, str]:
    """Facts anywhere under the heading; a heading `Severity` with a line below it counts too."""
    facts: dict[str, str] = {}
    for one in node.walk():
        if one.title and len(one.title) < 30 and 0 < len(one.body.split()) <= 12 and not section_name(one.title):
            facts.setdefault(known_as(one.title), " ".join(one.body.split()).strip("*` "))
        for label, value in facts_in(one.body).items():
            facts.setdefault(label, value)
    return facts


def facts_in(body: str) -> dict[str, str]:
    """`**Label:** value`, `- Label: value`, table rows of two cells, and tables of one row, by lower-case label."""
    facts: dict[str, str] = {}
    for line in body.splitlines():
        match = _FACT.match(line) or _FACT_ROW.match(line)
        if match:
            facts.setdefault(known_as(match[1]), match[2].strip(" *`"))
    for head, rows in tables_of(body):
        for label, value in zip(head, rows[0], strict=True) if len(rows) == 1 and len(head) > 2 else ():
            facts.setdefault(known_as(label), value)
    return facts


def tables_of(body: str) -> list[tuple[list[str], list[list[str]]]]:
    """The pipe tables of a text: the cells of the head, and those of each row that has as many."""
    found: list[list[list[str]]] = []
    inside = False
    for line in body.splitlines():
        piped = line.lstrip().startswith("|")
        if piped and not inside:
            found.append([])
        inside = piped
        if piped and not re.fullmatch(r"[\s|:-]+", line):
            found[-1].append([cell.strip(" *`") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
    return [(table[0], [row for row in table[1:] if len(row) == len(table[0])]) for table in found if len(table) > 1]
