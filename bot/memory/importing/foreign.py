"""Somebody else's Markdown or text to drafts of entries. Reads structure, never guesses facts; writes nothing."""

from __future__ import annotations

import re
from typing import Any

from bot.memory.importing.blocks import ID, Draft, labelled_blocks, labelled_page, merged, stories
from bot.memory.importing.facts import date_of
from bot.memory.importing.kinds import split_front, tells_of_trouble
from bot.memory.importing.labels import known_as, section_name
from bot.memory.importing.tables import incidents_of_tables
from bot.memory.importing.tree import (
    Node,
    bold_sections,
    facts_in,
    facts_under,
    sections_of,
    sections_under,
    tree_of,
)

_STEP = re.compile(r"^step\s+(\d+)\s*[:.–-]?\s*(.*)$", re.IGNORECASE)
_WINDOW = re.compile(r"\(\s*(\d+)\s*[-–]\s*(\d+)\s*min(?:utes?)?\s*\)", re.IGNORECASE)
_TICKET = re.compile(r"^\s*\**\s*(?:Historical (?:Fix|Success)\**\s*:\**\s*)?Ticket\s+#?", re.IGNORECASE)
_OUTAGE = re.compile(
    r"(?:incident|outage|post-?mortem|case|rca|problem|vorfall|störung|incidente|障害)\b", re.IGNORECASE
)
_TOLD = {"Symptoms", "Root cause", "Diagnosis", "Resolution", "Prevention", "Timeline", "Lesson"}
_RUNBOOK_TITLE = re.compile(
    r"\b(?:run ?book|playbook|sop|standard operating procedure|how[ -]to|troubleshooting guide|handbuch|"
    r"procedure for)\b",
    re.IGNORECASE,
)
_PAST = {"Root cause", "Timeline", "Lesson"}  # only in what has happened


def drafts_of(text: str, name: str) -> list[Draft]:
    """The incidents, playbooks and guides in `text`; `name` is the file's, for want of a title."""
    front, body = split_front(text)
    labelled = labelled_blocks(body)
    if labelled:
        return labelled
    root = tree_of(body)
    titled = [node for node in root.walk() if node.title]
    numbered = stories(body)
    # Stray # comments in code pass for headings; numbered points under real ones are parts of one story.
    if len(numbered) > len(titled) and not any(section_name(node.title) for node in titled):
        return numbered
    listed = [] if any(section_name(node.title) in _PAST for node in titled) else incidents_of_tables(body)
    if listed:
        return listed
    if not any(section_name(node.title) for node in titled):
        page = labelled_page(body if not titled else "\n".join([titled[0].title, root.whole()]), name)
        if page is not None and len(titled) <= 1:
            return [page]
    drafts = _from_tree(root, front, name)
    if all(draft.kind != "incident" for draft in drafts):  # a recipe has steps, too
        return drafts if tells_of_trouble(text, 1) else []
    recognised = any(section_name(node.title) for node in titled)
    return drafts if recognised or tells_of_trouble(text) else []


def _from_tree(root: Node, front: dict[str, Any], name: str) -> list[Draft]:
    nodes = [node for node in root.walk() if node.title]
    inner = _parts_ofsections_under(root)
    named = [node for node in nodes if ID.search(node.title) and (node.children or len(node.body.split()) > 15)]
    if len(named) >= 2:
        return [_incident(node) for node in named]
    stepped = [node for node in nodes if _step_nodes(node, below=2) and node.level >= 2]
    below = {id(part) for node in stepped for part in node.walk() if part is not node}
    outer = [node for node in stepped if id(node) not in below]
    if len(outer) >= 2:
        playbooks = [_playbook(node) for node in outer]
        return playbooks + _tickets(root)
    several = [node for node in nodes if _is_incident(node) and id(node) not in inner]
    for level in sorted({node.level for node in several}, reverse=True):
        alike = [node for node in several if node.level == level]
        if len(alike) >= 2:
            return [_incident(node) for node in alike]
    found = [node for node in nodes if _recognised(node) and not any(section_name(n.title) for n in node.children)]
    found = [n for n in found if n.level >= 3 and section_name(n.title) is None and id(n) not in inner]
    if len(found) >= 3:
        return [Draft(None, node.title, "guide", {}, merged(sections_under(node))) for node in found]
    return [_single(root, front, name)]


def _parts_ofsections_under(root: Node) -> set[int]:
    """Nodes below a heading that is one of our sections: the points of a root cause are no incidents of their own."""
    heads = [node for node in root.walk() if node.title and section_name(node.title)]
    return {id(part) for head in heads for part in head.walk() if part is not head}


def _is_incident(node: Node) -> bool:
    """Whether a heading such as `Incident on 2020-09-21 – certificates expired` tells a whole incident below it."""
    if section_name(node.title) or not (date_of(node.title) or _OUTAGE.match(node.title)):
        return False
    return len({name for name, _ in sections_under(node)} & _TOLD) >= 2


def _step_nodes(node: Node, below: int = 9) -> list[Node]:
    """Headings `Step 1: …` at most `below` levels under `node`."""
    return [one for one in node.walk() if _STEP.match(one.title) and 0 < one.level - node.level <= below + 1]


def _recognised(node: Node) -> bool:
    names = {name for name, _ in bold_sections(node.body)}
    return bool(names & {"Symptoms", "Root cause", "Diagnosis", "Resolution"})


def _incident(node: Node) -> Draft:
    identity = ID.search(node.title)
    title = ID.sub("", node.title, count=1).strip(" :–-#") or node.title
    return Draft(identity[1] if identity else None, title, "incident", facts_under(node), merged(sections_under(node)))


def _playbook(node: Node) -> Draft:
    steps = tuple((one.title, one.whole()) for one in _step_nodes(node))
    pattern = next((one.title.partition(":")[2].strip() for one in node.walk() if one.title.startswith("Pattern:")), "")
    about = [one.whole() for one in node.walk() if section_name(one.title) == "Symptoms"]
    first = next((one.body for one in node.walk() if one.body), "")
    symptoms = "\n\n".join([pattern, *(about or [first])]).strip() or node.title
    return Draft(None, node.title, "playbook", facts_under(node), (("Symptoms", symptoms),), steps)


def _tickets(root: Node) -> list[Draft]:
    """Past incidents mentioned in passing: a paragraph `Ticket #ID: what` and the labelled list below it."""
    drafts: dict[str, Draft] = {}
    for node in root.walk():
        for paragraph in re.split(r"\n\s*\n", node.body):
            identity = ID.search(paragraph)
            if identity is None or not _TICKET.match(paragraph) or identity[1] in drafts:
                continue
            head, _, below = paragraph.partition("\n")
            title = ID.sub("", re.sub(_TICKET, "", head), count=1).strip(" :*–-#")
            sections = [("Symptoms", title), *bold_sections(below)]
            drafts[identity[1]] = Draft(identity[1], title, "incident", facts_in(below), merged(sections))
    return list(drafts.values())


def _single(root: Node, front: dict[str, Any], name: str) -> Draft:
    """The whole document as one incident, or as a playbook or guide where it reads as one."""
    top = root.children[0] if len(root.children) == 1 or (root.children and root.children[0].level == 1) else root
    sections = sections_under(top if top.children or top.body else root)
    if top is not root:
        for other in root.children:
            if other is not top:
                sections += sections_of(other)
        sections = [*bold_sections(root.body), *sections]
    named = {"title": str(front.get("title") or "") or (top.title if not section_name(top.title) else "")}
    facts = {known_as(str(key)): value for key, value in front.items() if isinstance(value, str)}
    lists = {known_as(str(key)): ", ".join(map(str, value)) for key, value in front.items() if isinstance(value, list)}
    facts = {**facts_under(root), **lists, **facts}
    title = named["title"] or facts.get("title") or name
    identity = ID.search(title) or ID.search(f"{front.get('id', '')} {front.get('ref', '')} {name}")
    kind = _kind_of(title, {node.title.casefold() for node in root.walk()}, {name for name, _ in sections}, facts)
    steps = tuple((name, text) for name, text in sections if name in ("Diagnosis", "Resolution"))
    return Draft(
        identity[1] if identity else None, title, kind, facts, merged(sections), steps if kind == "playbook" else ()
    )


def _kind_of(title: str, headings: set[str], sections: set[str], facts: dict[str, str]) -> str:
    """What is said of the past is an incident; what says what to do is a playbook, where it has steps, or a guide."""
    happened = bool(sections & _PAST) or bool(date_of(facts.get("date", ""))) or bool(date_of(title))
    acts = headings & {"mitigation", "remediation", "steps", "procedure", "resolution"}
    looks = headings & {"diagnosis", "meaning", "steps", "procedure", "checks", "symptoms", "when to use"}
    if headings & {"mitigation", "remediation", "steps", "procedure"} and looks and "Timeline" not in sections:
        return "playbook"
    if _RUNBOOK_TITLE.search(title) and not happened:
        return "playbook" if acts else "guide"
    return "incident"


def step_heading(title: str) -> tuple[str, tuple[int, int] | None]:
    """A step's own words and its window in minutes: `Step 2: Look (5-10 minutes)` → Look, (5, 10)."""
    match = _STEP.match(title)
    words = match[2] if match else title
    window = _WINDOW.search(words)
    plain = _WINDOW.sub("", words).strip(" :–-") or title
    return plain, (int(window[1]), int(window[2])) if window else None
