"""knowledge/policy/notices.yaml → the templates of what stakeholders are told, the reminders, and the checklist."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.domain.notice import WORDS, Template
from bot.domain.severity import Severity
from bot.policy.reading import Node, did_you_mean, read

_MOST_ITEMS = 12


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """A severity missing from `remind_every` has no reminders. `checklist` is item id → what is to be true."""

    update: Template
    resolved: Template
    mail_to: tuple[str, ...]
    remind_every: Mapping[Severity, timedelta]
    check_within: timedelta
    checklist: Mapping[str, str]


def load_notices(path: Path) -> NoticePolicy:
    """The policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    fields = read(path).fields("update", "resolved", "unknown", "remind_every", "checklist", optional=("mail_to",))
    unknown = fields["unknown"].text()
    spans = fields["remind_every"].fields(optional=tuple(severity.value for severity in Severity))
    checklist = fields["checklist"].fields("within", "items")
    items = checklist["items"].mapping()
    if len(items) > _MOST_ITEMS:
        raise checklist["items"].refuse(f"checklist.items: {len(items)} items; at most {_MOST_ITEMS} fit a message.")
    return NoticePolicy(
        update=_template(fields["update"], unknown),
        resolved=_template(fields["resolved"], unknown),
        mail_to=tuple(_address(node) for node in fields["mail_to"].items()) if "mail_to" in fields else (),
        remind_every={Severity(name): node.duration() for name, node in spans.items() if not node.is_empty},
        check_within=checklist["within"].duration(),
        checklist={name: node.text() for name, node in items.items()},
    )


def _template(node: Node, unknown: str) -> Template:
    fields = node.fields("subject", "lines")
    lines = tuple((name, _words(line)) for name, line in fields["lines"].mapping().items())
    return Template(_words(fields["subject"]), lines, unknown)


def _words(node: Node) -> str:
    text = node.text()
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise node.refuse(f"{node.name}: a brace is open or closed alone ({error}).") from None
    for name in names:
        if name not in WORDS:
            raise node.refuse(f'{node.name}: unknown word "{{{name}}}".{did_you_mean(name, WORDS)}')
    return text


def _address(node: Node) -> str:
    text = node.text()
    if text.count("@") != 1 or any(character.isspace() for character in text):
        raise node.refuse(f'{node.name}: "{text}" is not an e-mail address.')
    return text
