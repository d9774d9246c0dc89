"""What stakeholders read: a template of named lines, filled from the facts and from what its sender adds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.incidents.rules.incident import Incident
from bot.text.durations import span

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
    """A notice as it is sent: plain text, nothing escaped."""

    subject: str
    lines: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The lines as a mail has them."""
        return "\n".join(f"{name}: {words}" for name, words in self.lines)


def fill(template: Template, words: Mapping[str, str]) -> Notice:
    """The notice that the words make. What is said within a word is never read as a template."""
    known = {name: " ".join(words.get(name, "").split()) for name in WORDS}
    lines = tuple((name, line.format_map(known).strip() or template.unknown) for name, line in template.lines)
    return Notice(template.subject.format_map(known), lines)


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
        "duration": span(until - incident.declared_at),
        "impact": "",
        "cause": "",
        "resolution": "",
    }
    if not incident.private:
        facts |= {name: getattr(incident, name) or "" for name in ("impact", "cause", "resolution")}
    return facts | {name: text for name, text in more.items() if text}
