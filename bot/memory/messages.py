"""What looks alike, as a person asked for it: incidents with cause, fix, duration, and which words made the match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks import Block, context, option, overflow, section
from bot.slack.client import Message
from bot.slack.text import fit, plain, shorten

_GIST = 300  # characters of a cause or fix
_NAMES = {"playbook": "Playbook", "guide": "Guide"}
_SHOWN = ("incident", "playbook", "guide")


def suggestions(similar: Iterable[dict[str, Any]], shown_key: str) -> list[Suggestion]:
    """Stored facts about what looks alike as the blocks want them; `shown_key` names what they are shown for."""
    shown = [item for item in similar if item["kind"] in _SHOWN]
    places = {item["ref"]: place for place, item in enumerate((i for i in shown if i["kind"] == "incident"), start=1)}
    return [_suggestion(item, places.get(item["ref"], 0), shown_key) for item in shown]


def _suggestion(item: dict[str, Any], place: int, shown_key: str) -> Suggestion:
    return Suggestion(
        ref=item["ref"],
        kind=item["kind"],
        title=item["title"],
        words=tuple(item["words"]),
        cause=item["cause"],
        fix=item["fix"],
        took=item["took"],
        terms=tuple((term["text"], term["share"], term["field"]) for term in item.get("terms", ())),
        vote_key=vote_key(shown_key, item["ref"], place),
    )


def vote_key(shown_key: str, ref: str, place: int) -> str:
    """What a vote is cast with, but for the vote itself; `flows.vote` reads it."""
    return f"{place}:{ref.replace(':', '%3A')}:{shown_key}"


def similar(found: Sequence[Suggestion], asked: str) -> Message:
    """The private answer to /incident similar."""
    heading = f"Like “{plain(shorten(asked, 120))}”"
    if not found:
        text = f"Nothing known looks like “{plain(shorten(asked, 120))}”. Try the words of the error, or the service."
        return Message(text, (section(text),))
    blocks: list[Block] = [context(heading)]
    blocks += [section(_told(item), vote_menu(item.vote_key)) for item in found]
    return Message(f"{heading}: {', '.join(item.ref for item in found)}", tuple(blocks))


def _told(item: Suggestion) -> str:
    kind = f"{_NAMES[item.kind]} " if item.kind in _NAMES else ""
    lines = [f"{kind}*{item.ref}* {plain(item.title)}" + (f" (took {item.took})" if item.took else "")]
    if item.cause:
        lines.append(f"*Cause:* {plain(shorten(item.cause, _GIST))}")
    if item.fix:
        lines.append(f"*Fix:* {plain(shorten(item.fix, _GIST))}")
    return "\n".join([*lines, f"_Matches in {_matches(item)}_"])


def _matches(item: Suggestion) -> str:
    """ "title: checkout 41%, 502 22%; symptoms: paid 11%": the words with their share of the likeness, by field."""
    fields: dict[str, list[str]] = {}
    for text, share, field in item.terms:
        fields.setdefault(field, []).append(f"{plain(text)} {share:.0%}")
    return "; ".join(f"{field}: {', '.join(words)}" for field, words in fields.items())


_SHORT_GIST = 160  # characters of a past incident's cause or fix: the entry has the rest


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A past incident, playbook or guide that looks alike, as it is shown to people."""

    ref: str
    kind: str
    title: str
    words: tuple[str, ...]
    cause: str
    fix: str
    took: str
    terms: tuple[tuple[str, float, str], ...] = ()  # words, their share of the likeness, the field they matched in
    vote_key: str = ""  # what a vote on it is cast with; empty where nobody is asked


def vote_menu(vote_key: str) -> Block | None:
    """The small menu beside a suggestion: one dot menu takes less of a phone's screen than two buttons."""
    if not vote_key:
        return None
    return overflow("suggestion_vote", [option("Helped", f"yes:{vote_key}"), option("Not this", f"no:{vote_key}")])


def similar_line(item: Suggestion) -> str:
    """At most 2,500 characters, so that three of them and all the rest stay within what a message may hold."""
    title, words = plain(shorten(item.title, 200)), plain(shorten(", ".join(item.words), 200))
    if item.kind == "guide":
        return fit(f"Guide *{item.ref}* {title}\n_Shared words: {words}_", 2500)
    lines = [f"Like *{item.ref}* {title}" + (f" (took {item.took})" if item.took else "")]
    if item.cause:
        lines.append(f"*Cause:* {plain(shorten(item.cause, _SHORT_GIST))}")
    if item.fix:
        lines.append(f"*Fix:* {plain(shorten(item.fix, _SHORT_GIST))}")
    lines.append(f"_Shared words: {words}_")
    return fit("\n".join(lines), 2500)
