"""What stakeholders read: a template of named lines, filled from the facts and from what its sender adds. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.incidents.rules.incident import Incident
from bot.text.durations import between, parse_duration
from bot.text.instants import is_instant, parse_instant

NEXT = "Next update"  # the name of the line that promises one
_LONGEST = timedelta(days=7)
_NEVER = frozenset({"", "-", "no", "none", "never", "nothing"})
_LEAD = re.compile(r"^(?:in|by|at|within)\s+", re.IGNORECASE)
_NEXT = re.compile(
    r"(?:^|(?<=[\s,;.]))next(?P<update>\s+update)?:?\s+(?:(?:in|by|at|within)\s+)?(?P<when>[^\n]{1,40}?)[.!]?\s*$",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}")

WORDS = (
    "ref", "title", "severity", "status", "duration", "impact", "cause", "resolution", "commander", "news",
    "next_steps",
)  # fmt: skip
RESOLVED = "resolved"  # the kind of notice that only an incident which is over has
SECURITY_TITLE = "security incident"  # stands for the title of what is shown to nobody


@dataclass(frozen=True, slots=True)
class Template:
    """A subject and lines of name and words; `unknown` stands where a line's words come out empty."""

    subject: str
    lines: tuple[tuple[str, str], ...]
    unknown: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it is sent: plain text, nothing escaped. `next_at` is when the next one is promised (aware UTC)."""

    subject: str
    lines: tuple[tuple[str, str], ...]
    next_at: datetime | None = None

    @property
    def text(self) -> str:
        """The lines as a mail has them."""
        return "\n".join(f"{name}: {words}" for name, words in self.plain_lines)

    @property
    def plain_lines(self) -> tuple[tuple[str, str], ...]:
        """The lines where no reader's own time can be shown: the promise in UTC."""
        return (*self.lines, (NEXT, by_utc(self.next_at))) if self.next_at else self.lines


@dataclass(frozen=True, slots=True)
class News:
    """What stakeholders were told last: `where` and `at` (None for never), the how manieth time it was.

    `over`: that it is resolved. `waits` is the reminder that nobody has answered yet, empty for none.
    """

    over: bool
    where: str
    at: datetime | None
    times: int
    waits: str
    next_at: datetime | None = None  # when the next update was promised; None for no promise that still stands


def by_utc(at: datetime) -> str:
    return f"by {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def split_next(typed: str) -> tuple[str, str]:
    """News and when the next update comes, of `the fix is being rolled out next 30 min`; empty where it says none.

    Days and hours without minutes are read as that after `next update` alone: "it ships next Monday" is news.
    """
    found = _NEXT.search(typed)
    if found is None:
        return typed, ""
    when = found["when"].strip()
    certain = parse_duration(when) is not None or (_CLOCK.match(when) is not None and is_instant(when))
    if not certain and not (found["update"] and (is_instant(when) or when.lower() in _NEVER)):
        return typed, ""
    return typed[: found.start()].rstrip(" ,;–-"), when


def parse_next(typed: str, now: datetime, zone: ZoneInfo, day_starts: time) -> datetime | None:
    """When the next update is promised: `30 min`, `in 1 h`, `by 15:30`; None for `none` and for nothing.

    Raises BadRequest, saying what to type.
    """
    when = _LEAD.sub("", " ".join(typed.split()))
    if when.lower() in _NEVER:
        return None
    length = parse_duration(when)
    at = now + length if length is not None else parse_instant(when, now, zone, day_starts)
    if not now < at <= now + _LONGEST:
        raise BadRequest("Promise the next update within 7 days: `30 min`, `15:30`, `tomorrow 9:00` or `none`.")
    return at


def fill(template: Template, words: Mapping[str, str]) -> Notice:
    """The notice that the words make. What is said within a word is never read as a template."""
    known = {name: " ".join(words.get(name, "").split()) for name in WORDS}
    lines = tuple((name, line.format_map(known).strip() or template.unknown) for name, line in template.lines)
    return Notice(template.subject.format_map(known), lines)


def as_drill(notice: Notice) -> Notice:
    """The notice of a drill: nobody may take it for news of a real incident."""
    lines = (("DRILL", "This is an exercise. Nothing is broken."), *notice.lines)
    return replace(notice, subject=f"DRILL: {notice.subject}", lines=lines)


def words_of(incident: Incident, now: datetime, more: Mapping[str, str]) -> dict[str, str]:
    """The facts as a template's words, `more` in place of them where it says something.

    What people wrote of a security incident is none of them: who sends a notice writes for its readers.
    """
    until = incident.resolved_at or now
    facts = {
        "ref": incident.ref,
        "title": SECURITY_TITLE if incident.private else incident.title,
        "severity": incident.severity.value,
        "status": incident.status.value,
        "duration": between(incident.declared_at, until),
        "impact": "",
        "cause": "",
        "resolution": "",
    }
    if not incident.private:
        facts |= {name: getattr(incident, name) or "" for name in ("impact", "cause", "resolution")}
    return facts | {name: text for name, text in more.items() if text}


def with_news(incident: Incident, now: datetime, typed: str) -> dict[str, str]:
    """News of an incident that is over, for the notice of its end, which has no such line: the resolution has them."""
    known = words_of(incident, now, {})["resolution"]
    if not typed or typed in known:
        return {}
    return {"resolution": f"{known.rstrip().rstrip('.')}. {typed}" if known else typed}
