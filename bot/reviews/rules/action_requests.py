"""Action items as people type them: text, priority, owner, due date. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.text.instants import parse_instant
from bot.text.markup import MENTION, escape, plain_text

LONGEST = 1_000  # characters of an action item
EXAMPLE = "`/incident action high alarm on the pool at 80 % @owner by Friday`"
_PRIORITIES = {"high": "high", "hi": "high", "urgent": "high", "medium": "medium", "med": "medium", "low": "low"}
_LEADING = re.compile(r"^\W*(high|hi|urgent|medium|med|low)\b(?:\s+priority)?[\]\s:,–-]*", re.IGNORECASE)
_NAMED = re.compile(r"(?:^|(?<=\s))@([\w][\w.-]{0,60}\w)")
_OWNER = re.compile(r"\(?\bowner\s*[:=]?\s*(?=@|<@)", re.IGNORECASE)
_DUE = re.compile(
    r"(?:^|\s)[(,]?\s*(?:by|due|until|before|due on|due by|till|in(?=\s+\d+\s*(?:days?|weeks?|d|w)\b))\s*:?\s+(?=\S)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What somebody wants done. `owner`: a Slack user id or a name."""

    text: str
    priority: str = "medium"
    owner: str | None = None
    due_on: date | None = None


def checked(
    text: str, priority: str, owner: str | None, due_on: date | None, today: date, example: str = ""
) -> ActionRequest:
    """What somebody asked for, in whatever way. `today` is the day where they are. Raises BadRequest.

    `example`: what they might have typed instead, where they typed.
    """
    if not any(character.isalnum() for character in text):
        raise BadRequest(f"Say what needs to be done{example and f', for example {example}'}.")
    if len(text) > LONGEST:
        raise BadRequest(f"That is {len(text):,} characters. Describe the action item in at most {LONGEST:,}.")
    if due_on is not None:
        check_due(due_on, today)
    return ActionRequest(text, priority if priority in _PRIORITIES.values() else "medium", owner, due_on)


def check_due(due_on: date, today: date) -> None:
    """Raises BadRequest for a day that is over."""
    if due_on < today:
        raise BadRequest(f"{due_on:%Y-%m-%d} is in the past. Use a future date.")


def parse_action(markup: str, now: datetime, zone: ZoneInfo, opens: time) -> ActionRequest:
    """`high alarm on the pool @owner by Friday` as a request; all but the text may be missing. Raises BadRequest.

    `zone` is that of whoever typed it, `opens` when a day begins that is named without a time.
    """
    rest = " ".join(markup.split())
    priority = "medium"
    if found := _LEADING.match(rest):
        priority, rest = _PRIORITIES[found[1].lower()], rest[found.end() :]
    rest, due_on = _due(rest, now, zone, opens)
    rest, owner = _owner(rest)
    text = plain_text(rest).strip(" ,;-–()")
    return checked(text, priority, owner, due_on, now.astimezone(zone).date(), EXAMPLE)


def _due(rest: str, now: datetime, zone: ZoneInfo, opens: time) -> tuple[str, date | None]:
    """Without its last `by …`, where what follows is a day; "retry by hand" names none."""
    for found in reversed(list(_DUE.finditer(rest))):
        typed = rest[found.end() :].strip(" .)")
        owner = MENTION.search(typed) or _NAMED.search(typed)
        day = (typed[: owner.start()] if owner else typed).strip(" ,.)")
        try:
            at = parse_instant(day, now, zone, opens)
        except BadRequest:
            if day[:1].isdigit() and len(day) <= 20:
                raise BadRequest(f"“{escape(day)}” isn't a date I understand. Use for example `by Friday`.") from None
            continue
        due_on = at.astimezone(zone).date()
        return f"{rest[: found.start()]} {owner.group(0) if owner else ''}".strip(), due_on
    return rest, None


def _owner(rest: str) -> tuple[str, str | None]:
    """Without its owner: the last person mentioned, or the last @name."""
    for pattern in (MENTION, _NAMED):
        found = list(pattern.finditer(rest))
        if found:
            last = found[-1]
            before = _OWNER.sub("", rest[: last.end()])
            before = before[: before.rfind(last.group(0))]
            return f"{before.rstrip()} {rest[last.end() :].lstrip()}".strip(), last.group(1)
    return rest, None


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What became of an action item. `state` is its state now; `changed` False where it was in that state before."""

    ref: str
    number: int
    state: str
    changed: bool
