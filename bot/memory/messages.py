"""What looks alike, as people see it: incidents with cause, fix, duration, and which words made the match. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.memory.rules.similar import SimilarItem
from bot.slack.blocks import Block, context, option, overflow, section
from bot.slack.client import Message
from bot.slack.text import fit, plain, shorten

_GIST = 300  # characters of a cause or fix
_SHORT_GIST = 160  # the same on a card and in an answer to a report: the entry has the rest
SUGGESTION_UNREADABLE = "That suggestion is out of date. Type `/incident similar` for new ones."
_NAMES = {"playbook": "Playbook", "guide": "Guide"}
_SHOWN = ("incident", "playbook", "guide")

_LONGEST_VOTE = 70  # characters of a vote but for "yes:"; a menu's values have 75
_DIGEST = 20  # characters


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that looks alike, as it is shown to people."""

    item: SimilarItem
    vote_key: str = ""  # what a vote on it is cast with; empty where nobody is asked


def suggestions(similar: Iterable[SimilarItem], shown_key: str) -> list[Suggestion]:
    """What is shown of what looks alike; `shown_key` names what it is shown for."""
    shown = [item for item in similar if item.kind in _SHOWN]
    places = {item.ref: place for place, item in enumerate((i for i in shown if i.kind == "incident"), start=1)}
    return [Suggestion(item, vote_key(shown_key, item.ref, places.get(item.ref, 0))) for item in shown]


def vote_key(shown_key: str, ref: str, place: int) -> str:
    """What a vote is cast with, but for the vote itself; `flows.vote` reads it.

    At most 70 characters: what it is shown for is shortened to a digest, which stands for it in all votes, and a ref
    that leaves no room for that is not voted on (empty).
    """
    beginning = f"{place}:{ref.replace(':', '%3A')}:"
    if len(beginning) + len(shown_key) <= _LONGEST_VOTE:
        return beginning + shown_key
    digest = hashlib.sha256(shown_key.encode()).hexdigest()[:_DIGEST]
    kind = shown_key.partition(":")[0]
    short = f"{beginning}{kind}:{digest}"
    return short if len(short) <= _LONGEST_VOTE else ""


def similar(found: Sequence[Suggestion], asked: str) -> Message:
    """The private answer to /incident similar."""
    quoted = f"“{plain(shorten(asked, 120))}”"
    if not found:
        text = f"No match for {quoted}. Try the exact error message or the name of the service."
        return Message(text, (section(text),))
    blocks: list[Block] = [context(f"Similar to {quoted}")]
    blocks += [section(_in_full(one.item), vote_menu(one.vote_key)) for one in found]
    return Message(f"Similar to {quoted}: {', '.join(one.item.ref for one in found)}", tuple(blocks))


def _in_full(item: SimilarItem) -> str:
    kind = f"{_NAMES[item.kind]} " if item.kind in _NAMES else ""
    heading = f"{kind}*{item.ref}* {plain(item.title)}{_took(item)}"
    return "\n".join([heading, *_cause_and_fix(item, _GIST), _why(f"Matches in {_matches(item)}", item)])


def _why(words: str, item: SimilarItem) -> str:
    """Why it is shown. What was found by its meaning alone says so: people should trust it less."""
    if not item.by_meaning:
        return f"_{words}_"
    return f"_Similar in meaning only. {words}_" if item.words else "_Similar in meaning only; no words in common_"


def _took(item: SimilarItem) -> str:
    return f" (took {item.took})" if item.took else ""


def _cause_and_fix(item: SimilarItem, longest: int) -> list[str]:
    facts = (("Cause", item.cause), ("Fix", item.fix))
    return [f"*{name}:* {plain(shorten(text, longest))}" for name, text in facts if text]


def _matches(item: SimilarItem) -> str:
    """ "title: checkout 41%, 502 22%; symptoms: paid 11%": the words with their share of the score, by field."""
    fields: dict[str, list[str]] = {}
    for term in item.terms:
        fields.setdefault(term.field, []).append(f"{plain(term.text)} {term.share:.0%}")
    return "; ".join(f"{field}: {', '.join(words)}" for field, words in fields.items())


def voted(ref: str, helped: bool) -> str:
    """For the voter."""
    return f"Thanks. {ref} marked as helpful." if helped else f"Thanks. {ref} marked as not a match."


def vote_menu(vote_key: str) -> Block | None:
    """The small menu beside a suggestion: one dot menu takes less of a phone's screen than two buttons."""
    if not vote_key:
        return None
    return overflow("suggestion_vote", [option("Helped", f"yes:{vote_key}"), option("Not this", f"no:{vote_key}")])


def similar_line(item: SimilarItem) -> str:
    """At most 2,500 characters, so that three of them and all the rest stay within what a message may hold."""
    words = _why(f"Matching words: {plain(shorten(', '.join(item.words), 200))}", item)
    heading = f"{_NAMES.get(item.kind, 'Similar')}: *{item.ref}* {plain(shorten(item.title, 200))}{_took(item)}"
    return fit("\n".join([heading, *_cause_and_fix(item, _SHORT_GIST), words]), 2500)


def own_incident(ref: str) -> str:
    """Why an import leaves an entry out."""
    return f"{ref} is an incident of your own; what is known of it follows from its record."


def not_imported(ref: str) -> str:
    return f"No entry {ref} was imported. `tocsin knowledge list` shows what there is."
