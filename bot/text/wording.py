"""Words for people: spans, instants, names, and text from Slack made plain. Escaping happens on rendering."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.text.markup import EMOJI

LONGEST_TEXT = 2_000  # characters of a summary field; the record keeps the rest
LONGEST_SAYING = 500  # characters of one line of the timeline
LONGEST_NAME = 80

# <@U1>, <#C1|name>, <!subteam^S1|@name>, <https://…|words>: what Slack sends for mentions and links.
_REFERENCE = re.compile(
    r"<(?:@(?P<user>[A-Z0-9]+)(?:\|(?P<user_label>[^<>]*))?"
    r"|#(?P<channel>[A-Z0-9]+)(?:\|(?P<channel_label>[^<>]*))?"
    r"|!(?P<special>channel|here|everyone|subteam\^[A-Z0-9]+|date\^[^<>|]*)(?:\|(?P<special_label>[^<>]*))?"
    r"|(?P<address>(?:https?://|mailto:|tel:)[^<>|\s]+)(?:\|(?P<address_label>[^<>]*))?)>"
)
# Controls, zero-width characters, marks that turn the direction of what follows, and lone surrogates.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
_PERSON = re.compile(r"[UW](?=[A-Z0-9]*\d)[A-Z0-9]+")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def counted(number: int, unit: str, plural: str = "") -> str:
    """ "1 message", "2 messages", "1,204 messages"; `plural` where it isn't the unit with an s."""
    return f"{number:,} {unit if number == 1 else plural or f'{unit}s'}"


def ordinal(number: int) -> str:
    """ "2nd", "3rd", "11th", "21st"."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def instant(at: datetime) -> str:
    """An instant in full: "2026-11-20 14:30 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, and how many are missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()} … ({len(text) - limit:,} more characters in the record)"


_SENTENCE = re.compile(r".{25,}?\w\w[.!?](?=\s+[A-Z0-9])")  # no end is that of "e.g." and of "v. 2"
_LONG_LINE = 60


def first_sentence(line: str) -> tuple[str, str]:
    """The first sentence of a long line without its full stop, and what follows it; a short line is one."""
    found = _SENTENCE.match(line) if len(line) > _LONG_LINE else None
    if found is None:
        return line, ""
    return found[0].removesuffix("."), line[found.end() :].strip()


def tidied(text: str) -> str:
    """One line: no control or direction marks, white space and line ends as single spaces."""
    return " ".join(_UNSEEN.sub("", text).split())


def tidied_lines(text: str) -> str:
    """Line by line, so that steps and code stay as they were written: indented, without empty lines and code fences."""
    return "\n".join(_indented(line) for line in text.replace("```", "\n").splitlines() if tidied(line)).lstrip()


def _indented(line: str) -> str:
    ahead = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
    return " " * min(ahead, 12) + tidied(line)


def mentioned(texts: Iterable[str]) -> frozenset[str]:
    """Ids of the users, channels and user groups that these texts mention: whoever fills in names must know theirs."""
    found = (match for text in texts for match in _REFERENCE.finditer(text))
    ids = (match["user"] or match["channel"] or _group_id(match["special"] or "") for match in found)
    return frozenset(each for each in ids if each)


def _group_id(special: str) -> str:
    """The id in `subteam^S1`; empty for `here`."""
    return special.partition("^")[2] if special.startswith("subteam^") else ""


def called(names: Mapping[str, str], who: str) -> str:
    """What somebody is called: a plain word where their id has no name. A name or team that was typed is itself."""
    return names.get(who) or ("somebody" if _PERSON.fullmatch(who) else who)


@dataclass(frozen=True, slots=True)
class Wording:
    """How this incident's people, channels and instants are written."""

    names: Mapping[str, str]  # id of a person, channel or user group → what it is called
    day: date  # the UTC day on which the incident began; instants of other days carry their date

    def person(self, user_id: str | None) -> str:
        """The name of a person; a plain word where it is not known; Tocsin for None."""
        if user_id is None:
            return "Tocsin"
        name = tidied(called(self.names, user_id)) or "somebody"
        return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME].rstrip()}…"

    def people(self, user_ids: tuple[str, ...]) -> str:
        """Names joined by commas."""
        return ", ".join(self.person(user_id) for user_id in user_ids)

    def clock(self, at: datetime) -> str:
        """ "14:30" on the incident's first day, "2026-11-21 09:00" on any other. UTC."""
        there = at.astimezone(UTC)
        return f"{there:%H:%M}" if there.date() == self.day else f"{there:%Y-%m-%d %H:%M}"

    def plain(self, text: str, limit: int = LONGEST_TEXT, mention: str = "", lines: bool = False) -> str:
        """Slack's text as people read it: links spelled out, emoji codes left out, people named, with `mention` before.

        At most `limit` characters, in one line unless `lines`.
        """
        words = _REFERENCE.sub(lambda match: self._reference(match, mention), EMOJI.sub("", text))
        for entity, character in _ENTITIES.items():
            words = words.replace(entity, character)
        return shortened(tidied_lines(words) if lines else tidied(words), limit)

    def _reference(self, match: re.Match[str], mention: str) -> str:
        part = match.groupdict()
        if user := part["user"]:
            return mention + (self.names.get(user) or part["user_label"] or "somebody")
        if channel := part["channel"]:
            name = self.names.get(channel) or part["channel_label"]
            return f"#{name}" if name else "a private channel"
        if special := part["special"]:
            if special.startswith("date^"):
                return part["special_label"] or "some time"
            name = self.names.get(_group_id(special)) or (part["special_label"] or "").removeprefix("@")
            return f"@{name or (special if special.isalpha() else 'group')}"
        address, label = part["address"], part["address_label"]
        bare = re.sub(r"^(https?://|mailto:|tel:)", "", address)
        return f"{label} ({address})" if label and label not in (address, bare) else address
