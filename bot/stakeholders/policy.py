"""knowledge/policy/notices.yaml → the templates of what stakeholders read, the reminders, and the checklist."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.policy.reading import Node, did_you_mean, read
from bot.severity.rules import Severity
from bot.stakeholders.rules import WORDS, Template

_MOST_ITEMS = 12
_LONGEST_ALARM = 255


@dataclass(frozen=True, slots=True)
class AlarmPolicy:
    """The CloudWatch alarms that are looked up for `point` of the checklist: names, or beginnings that end in `*`.

    `services` is a word of the incident → the alarms that are looked up where it is said.
    """

    point: str
    always: tuple[str, ...]
    services: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """A severity missing from `remind_every` has no reminders. `checklist` is item id → what is to be true.

    Without `alarms` nothing is looked up in CloudWatch.
    """

    update: Template
    resolved: Template
    mail_to: tuple[str, ...]
    remind_every: Mapping[Severity, timedelta]
    check_within: timedelta
    checklist: Mapping[str, str]
    alarms: AlarmPolicy | None = None


def load_notices(path: Path) -> NoticePolicy:
    """The policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    fields = read(path).fields("update", "resolved", "unknown", "remind_every", "checklist", optional=("mail_to",))
    unknown = fields["unknown"].text()
    spans = fields["remind_every"].fields(optional=tuple(severity.value for severity in Severity))
    checklist = fields["checklist"].fields("within", "items", optional=("alarms",))
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
        alarms=_alarms(checklist["alarms"], items) if "alarms" in checklist else None,
    )


def _alarms(node: Node, points: Mapping[str, Node]) -> AlarmPolicy:
    fields = node.fields("point", optional=("always", "services"))
    services = fields["services"].mapping() if "services" in fields and not fields["services"].is_empty else {}
    return AlarmPolicy(
        point=fields["point"].choice(points),
        always=_alarm_names(fields["always"]) if "always" in fields else (),
        services={word: _alarm_names(names) for word, names in services.items()},
    )


def _alarm_names(node: Node) -> tuple[str, ...]:
    return tuple(_alarm_name(item) for item in node.items())


def _alarm_name(node: Node) -> str:
    text = node.text()
    if "*" in text[:-1] or text == "*":
        raise node.refuse(f'{node.name}: "{text}" has a * elsewhere than at its end, where it stands for any ending.')
    if len(text) > _LONGEST_ALARM:
        raise node.refuse(f"{node.name}: an alarm's name has at most {_LONGEST_ALARM} characters.")
    return text


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
