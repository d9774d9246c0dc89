"""knowledge/policy/notices.yaml → the templates of what stakeholders read, the reminders, and the checklist."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from bot.policy.loading import PolicyModel, load, refuse_at
from bot.policy.values import ANY_TEXT, Duration, Many, Text, Typed, did_you_mean, must
from bot.severity.policy import SomeSeverities
from bot.severity.rules import Severity
from bot.stakeholders.rules import WORDS, Template

_MOST_ITEMS = 12
_TOO_MANY = f"at most {_MOST_ITEMS} items fit a message. Take some out."
_LONGEST_ALARM = 255


def _words(text: str) -> str:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"a brace is open or closed alone ({error}).") from None
    for name in names:
        if name not in WORDS:
            raise ValueError(f'unknown word "{{{name}}}".{did_you_mean(name, WORDS)}')
    return text


def _alarm_name(text: str) -> str:
    if "*" in text[:-1] or text == "*":
        raise ValueError(f'"{text}" has a * elsewhere than at its end, where it stands for any ending.')
    if len(text) > _LONGEST_ALARM:
        raise ValueError(f"an alarm's name has at most {_LONGEST_ALARM} characters.")
    return text


def _address(text: str) -> str:
    if text.count("@") != 1 or any(character.isspace() for character in text):
        raise ValueError(f'"{text}" is not an e-mail address.')
    return text


def _or_none(services: object) -> object:
    return {} if services is None else services


Words = Annotated[str, Typed(_words, ANY_TEXT)]
AlarmNames = Many[Annotated[str, Typed(_alarm_name, ANY_TEXT | {"maxLength": _LONGEST_ALARM})]]


class AlarmPolicy(PolicyModel):
    """The CloudWatch alarms that are looked up for `point` of the checklist: names, or beginnings that end in `*`.

    `services` is a word of the incident → the alarms that are looked up where it is said.
    """

    point: Text
    always: AlarmNames = ()
    services: Annotated[
        dict[str, AlarmNames],
        BeforeValidator(_or_none, json_schema_input_type=dict[str, AlarmNames] | None),
    ] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """A severity missing from `remind_every` has no reminders. `checklist` is item id → what is to be true.

    Without `alarms` nothing is looked up in CloudWatch.
    """

    update: Template
    resolved: Template
    mail_to: tuple[str, ...]
    remind_every: Mapping[Severity, timedelta]
    next_update: Mapping[Severity, timedelta]  # what the form proposes to promise; nothing for one that is missing
    check_within: timedelta
    checklist: Mapping[str, str]
    alarms: AlarmPolicy | None = None
    notice_point: str | None = None  # the item that the notice of the end ticks


class NoticeModel(PolicyModel):
    """What one kind of notice says: its subject, and name → words of each line."""

    subject: Words
    lines: dict[str, Words]


class ChecklistModel(PolicyModel):
    """What is looked at after resolving, by when."""

    within: Duration
    items: Annotated[dict[str, Text], must(lambda items: len(items) <= _MOST_ITEMS, _TOO_MANY)]
    notice: Text | None = None
    alarms: AlarmPolicy | None = None

    @field_validator("notice")
    @classmethod
    def _is_a_point(cls, notice: str | None, info: ValidationInfo) -> str | None:
        points = info.data.get("items")
        if notice and points is not None and notice not in points:
            raise ValueError(f'unknown "{notice}".{did_you_mean(notice, points)}')
        return notice

    @field_validator("alarms")
    @classmethod
    def _for_a_point(cls, alarms: AlarmPolicy | None, info: ValidationInfo) -> AlarmPolicy | None:
        points = info.data.get("items")
        if alarms and points is not None and alarms.point not in points:
            refuse_at([(("point",), f'unknown "{alarms.point}".{did_you_mean(alarms.point, points)}')])
        return alarms


class NoticesFile(PolicyModel):
    """What stakeholders are told, when somebody is reminded to tell them, and what is looked at after resolving."""

    update: NoticeModel
    resolved: NoticeModel
    unknown: Text
    mail_to: Many[Annotated[str, Typed(_address, {"type": "string", "pattern": "@"})]] = ()
    remind_every: SomeSeverities[Duration]
    next_update: SomeSeverities[Duration] = Field(default_factory=dict)
    checklist: ChecklistModel


def load_notices(path: Path) -> NoticePolicy:
    """The policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    file = load(path, NoticesFile)
    update, resolved = (
        Template(one.subject, tuple(one.lines.items()), file.unknown) for one in (file.update, file.resolved)
    )
    listed = file.checklist
    return NoticePolicy(
        update,
        resolved,
        file.mail_to,
        file.remind_every,
        file.next_update,
        listed.within,
        listed.items,
        listed.alarms,
        listed.notice,
    )
