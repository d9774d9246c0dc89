"""Somebody else's Markdown or text to drafts of entries. Reads structure, never guesses facts; writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.memory.importing.labels import date_of, section_name

ID = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2,8}-?\d{4}-\d{2,5})(?![0-9-])")
_LABEL = re.compile(r"^([A-Z][A-Z /&]{2,30}[A-Z](?: ?#)?|[A-Z]{3,30}(?: ?#)?)\s*:[ \t]*(.*)$")
_NAMES = ("INCIDENT", "CASE", "TICKET", "INCIDENT ID", "ID", "REF", "REFERENCE")  # labels of what it is called
_STORY = re.compile(r"^(\d{1,2})[.)] +(\S.{3,110})$")
_SAID = re.compile(r"^((?:The |What |Fast |Lessons? )?[A-Z]?[a-z][A-Za-z' ]{2,32})\s*:\s*(.*)$")
_STEP = re.compile(r"^step\s+(\d+)\s*[:.–-]?\s*(.*)$", re.IGNORECASE)
_WINDOW = re.compile(r"\(\s*(\d+)\s*[-–]\s*(\d+)\s*min(?:utes?)?\s*\)", re.IGNORECASE)
_TICKET = re.compile(r"^\s*\**\s*(?:Historical (?:Fix|Success)\**\s*:\**\s*)?Ticket\s+#?", re.IGNORECASE)
_FACT = re.compile(r"^\s*(?:[-*] )?\**([A-Z][A-Za-z /-]{2,30}?)\**:\**\s+(\S.{0,160})$")
_FACT_ROW = re.compile(r"^\s*\|\s*\**([A-Z][A-Za-z /-]{2,30}?)\**\s*\|\s*([^|]{1,160}?)\s*\|\s*$")
_OUTAGE = re.compile(r"(?:incident|outage|post-?mortem|case|rca|problem)\b", re.IGNORECASE)
_TOLD = {"Symptoms", "Root cause", "Diagnosis", "Resolution", "Prevention", "Timeline", "Lesson"}
_PLACEHOLDER = re.compile(
    r"_?\(e\.g\..*|^\s*(?:TODO|TBD|N/?A|\.\.\.|…|-+)\s*$|\{\{.*?\}\}|<[a-z][a-z _-]*>|\[[A-Za-z _-]+\](?!\()"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as its document tells it, before refs and severities are settled."""

    ref: str | None
    title: str
    kind: str
    facts: dict[str, str] = field(default_factory=dict)  # lower-case label → text on its line
    sections: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, str], ...] = ()  # (heading, Markdown below it)


@dataclass(slots=True)
class _Node:
    """A heading, the Markdown right below it, and the headings under it."""

    level: int
    title: str
    body: str
    children: list[_Node] = field(default_factory=list)

    def walk(self) -> Iterator[_Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def whole(self) -> str:
        """All Markdown under the heading."""
        parts = [self.body]
        parts += [f"{'#' * 4} {child.title}\n\n{child.whole()}" for child in self.children]
        return "\n\n".join(part for part in parts if part.strip())


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table")


def drafts_of(text: str, name: str) -> list[Draft]:
    """The incidents, playbooks and guides told in `text`; `name` is the file's, for want of a title."""
    front, body = split_front(text)
    labelled = _labelled_blocks(body)
    if labelled:
        return labelled
    root = _tree(body)
    stories = _stories(body)
    if len(stories) > sum(1 for node in root.walk() if node.title):  # stray # comments in code pass for headings
        return stories
    return _from_tree(root, front, name)


def split_front(text: str) -> tuple[dict[str, Any], str]:
    """YAML front matter, if there is any that can be read, and the text without it and without template tags."""
    text = re.sub(r"<%.*?%>|<!--.*?-->", "", text.removeprefix("\ufeff"), flags=re.DOTALL)
    match = re.match(r"\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", text, flags=re.DOTALL)
    if match is None:
        return {}, text
    try:
        front = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError):
        return {}, text[match.end() :]
    return (front if isinstance(front, dict) else {}), text[match.end() :]


def is_template(text: str) -> bool:
    """Whether nobody has filled the form in: headings and questions, and next to no words of its own."""
    _, body = split_front(text)
    own = asked = headings = quoted = 0
    heading = False
    for token in _markdown().parse(body):
        quoted += (token.type == "blockquote_open") - (token.type == "blockquote_close")
        heading = token.type == "heading_open" or (heading and token.type != "heading_close")
        headings += token.type == "heading_open"
        if token.type == "fence":
            own += len(token.content.split())
        elif token.type == "inline" and not heading:
            left = "" if quoted else _PLACEHOLDER.sub("", token.content)
            left = re.sub(r"^\**[^*:]{2,40}:\**\s*$", "", left.strip(), flags=re.MULTILINE)
            own += len(left.split())
            asked += len(token.content.split())
    return headings >= 3 and own < max(15, 0.35 * asked)


def is_link_list(text: str) -> bool:
    """Whether nearly everything in it is a link to something else."""
    linked = plain = 0
    for token in _markdown().parse(split_front(text)[1]):
        inside = 0
        for child in token.children or ():
            inside += (child.type == "link_open") - (child.type == "link_close")
            words = len(child.content.split()) if child.type == "text" else 0
            linked += words if inside else 0
            plain += 0 if inside else words
    return linked > 8 and linked > 1.5 * plain


def _labelled_blocks(text: str) -> list[Draft]:
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


def _stories(text: str) -> list[Draft]:
    """`1. Title` … `2. Title` …, each told under lines such as `What happened:`; other numbered lines are theirs."""
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


def _tree(text: str) -> _Node:
    """Headings as a tree under a root without a title."""
    tokens = _markdown().parse(text)
    lines = text.splitlines()
    heads: list[tuple[int, str, int, int]] = []
    for i, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            heads.append((int(token.tag[1]), _plain(tokens[i + 1]), token.map[0], token.map[1]))
    root = _Node(0, "", "\n".join(lines[: heads[0][2]] if heads else lines).strip())
    path = [root]
    for place, (level, title, _, below) in enumerate(heads):
        end = heads[place + 1][2] if place + 1 < len(heads) else len(lines)
        node = _Node(level, title, "\n".join(lines[below:end]).strip())
        while path[-1].level >= level:
            path.pop()
        path[-1].children.append(node)
        path.append(node)
    return root


def _plain(inline: Token) -> str:
    """The words of a heading without its markup."""
    return "".join(child.content for child in inline.children or ()).strip()


def _from_tree(root: _Node, front: dict[str, Any], name: str) -> list[Draft]:
    nodes = [node for node in root.walk() if node.title]
    named = [node for node in nodes if ID.search(node.title) and (node.children or len(node.body.split()) > 15)]
    if len(named) >= 2:
        return [_incident(node) for node in named]
    stepped = [node for node in nodes if _step_nodes(node, below=2) and node.level >= 2]
    outer = [node for node in stepped if not any(node in other.walk() for other in stepped if other is not node)]
    if len(outer) >= 2:
        playbooks = [_playbook(node) for node in outer]
        return playbooks + _tickets(root)
    several = [node for node in nodes if _is_incident(node)]
    for level in sorted({node.level for node in several}, reverse=True):
        alike = [node for node in several if node.level == level]
        if len(alike) >= 2:
            return [_incident(node) for node in alike]
    told = [node for node in nodes if _recognised(node) and not any(section_name(n.title) for n in node.children)]
    told = [node for node in told if node.level >= 3 and section_name(node.title) is None]
    if len(told) >= 3:
        return [Draft(None, node.title, "guide", {}, merged(_sections(node))) for node in told]
    return [_single(root, front, name)]


def _is_incident(node: _Node) -> bool:
    """Whether a heading such as `Incident on 2020-09-21 – certificates expired` tells a whole incident below it."""
    if section_name(node.title) or not (date_of(node.title) or _OUTAGE.match(node.title)):
        return False
    return len({name for name, _ in _sections(node)} & _TOLD) >= 2


def _step_nodes(node: _Node, below: int = 9) -> list[_Node]:
    """Headings `Step 1: …` at most `below` levels under `node`."""
    return [one for one in node.walk() if _STEP.match(one.title) and 0 < one.level - node.level <= below + 1]


def _recognised(node: _Node) -> bool:
    names = {name for name, _ in _bold_sections(node.body)}
    return bool(names & {"Symptoms", "Root cause", "Diagnosis", "Resolution"})


def _incident(node: _Node) -> Draft:
    identity = ID.search(node.title)
    title = ID.sub("", node.title, count=1).strip(" :–-#") or node.title
    return Draft(identity[1] if identity else None, title, "incident", _facts(node), merged(_sections(node)))


def _playbook(node: _Node) -> Draft:
    steps = tuple((one.title, one.whole()) for one in _step_nodes(node))
    pattern = next((one.title.partition(":")[2].strip() for one in node.walk() if one.title.startswith("Pattern:")), "")
    about = [one.whole() for one in node.walk() if section_name(one.title) == "Symptoms"]
    first = next((one.body for one in node.walk() if one.body), "")
    symptoms = "\n\n".join([pattern, *(about or [first])]).strip() or node.title
    return Draft(None, node.title, "playbook", _facts(node), (("Symptoms", symptoms),), steps)


def _tickets(root: _Node) -> list[Draft]:
    """Past incidents mentioned in passing: a paragraph `Ticket #ID: what` and the labelled list below it."""
    drafts: dict[str, Draft] = {}
    for node in root.walk():
        for paragraph in re.split(r"\n\s*\n", node.body):
            identity = ID.search(paragraph)
            if identity is None or not _TICKET.match(paragraph) or identity[1] in drafts:
                continue
            head, _, below = paragraph.partition("\n")
            title = ID.sub("", re.sub(_TICKET, "", head), count=1).strip(" :*–-#")
            sections = [("Symptoms", title), *_bold_sections(below)]
            drafts[identity[1]] = Draft(identity[1], title, "incident", _facts_in(below), merged(sections))
    return list(drafts.values())


def _single(root: _Node, front: dict[str, Any], name: str) -> Draft:
    """The whole document as one incident, or as a playbook where it is told as one (Meaning, Diagnosis, Mitigation)."""
    top = root.children[0] if len(root.children) == 1 or (root.children and root.children[0].level == 1) else root
    title = str(front.get("title") or top.title or name)
    identity = ID.search(title) or ID.search(f"{front.get('id', '')} {front.get('ref', '')} {name}")
    names = {node.title.casefold() for node in root.walk()}
    runbook = bool(names & {"mitigation", "remediation", "steps", "procedure"}) and bool(
        names & {"diagnosis", "meaning", "steps", "procedure", "checks"}
    )
    sections = _sections(top if top.children or top.body else root)
    if top is not root:
        for other in root.children:
            if other is not top:
                sections += _sections_of(other)
        sections = [*_bold_sections(root.body), *sections]
    facts = {str(key).casefold(): str(value) for key, value in front.items() if not isinstance(value, (dict, list))}
    facts = {**_facts(root), **facts}
    kind = "playbook" if runbook else "incident"
    steps = tuple((name, text) for name, text in sections if name in ("Diagnosis", "Resolution")) if runbook else ()
    return Draft(identity[1] if identity else None, title, kind, facts, merged(sections), steps)


def _sections(node: _Node) -> list[tuple[str, str]]:
    """What stands right below the heading, then each heading under it."""
    sections = _bold_sections(node.body)
    if not sections and node.body.strip():
        sections = [("Symptoms", node.body)]
    for child in node.children:
        sections += _sections_of(child)
    return sections


def _sections_of(node: _Node) -> list[tuple[str, str]]:
    text = node.whole()
    if not text.strip():
        return []
    if section_name(node.title) is None and _bold_sections(node.body):
        return _bold_sections(node.body) + [part for child in node.children for part in _sections_of(child)]
    return [(section_name(node.title) or node.title, text)]


def _bold_sections(body: str) -> list[tuple[str, str]]:
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


def _facts(node: _Node) -> dict[str, str]:
    """Facts told anywhere under the heading; a heading `Severity` with a line below it counts too."""
    facts: dict[str, str] = {}
    for one in node.walk():
        if one.title and len(one.title) < 30 and 0 < len(one.body.split()) <= 12 and not section_name(one.title):
            facts.setdefault(one.title.casefold().strip(" :"), " ".join(one.body.split()).strip("*` "))
        for label, value in _facts_in(one.body).items():
            facts.setdefault(label, value)
    return facts


def _facts_in(body: str) -> dict[str, str]:
    """`**Label:** value`, `- Label: value`, table rows of two cells, and tables of one row, by lower-case label."""
    facts: dict[str, str] = {}
    for line in body.splitlines():
        match = _FACT.match(line) or _FACT_ROW.match(line)
        if match:
            facts.setdefault(match[1].casefold(), match[2].strip(" *`"))
    rows = [[cell.strip(" *`") for cell in line.strip().strip("|").split("|")] for line in _table_of(body)]
    if len(rows) == 3 and len(rows[0]) == len(rows[2]) > 2:  # heading, rule, the one row
        for label, value in zip(rows[0], rows[2], strict=True):
            facts.setdefault(label.casefold(), value)
    return facts


def _table_of(body: str) -> list[str]:
    """The lines of the first table."""
    lines = body.splitlines()
    start = next((i for i, line in enumerate(lines) if line.lstrip().startswith("|")), len(lines))
    end = next((i for i in range(start, len(lines)) if not lines[i].lstrip().startswith("|")), len(lines))
    return lines[start:end]


def merged(sections: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Sections of one name joined, in order of first appearance, Symptoms first."""
    joined: dict[str, list[str]] = {}
    for name, text in sections:
        joined.setdefault(name, []).append(text.strip())
    order = sorted(joined, key=lambda name: name != "Symptoms")
    return tuple((name, "\n\n".join(joined[name])) for name in order)


def step_heading(title: str) -> tuple[str, tuple[int, int] | None]:
    """A step's own words and its window in minutes: `Step 2: Look (5-10 minutes)` → Look, (5, 10)."""
    match = _STEP.match(title)
    words = match[2] if match else title
    window = _WINDOW.search(words)
    plain = _WINDOW.sub("", words).strip(" :–-") or title
    return plain, (int(window[1]), int(window[2])) if window else None
