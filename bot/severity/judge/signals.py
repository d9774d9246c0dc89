"""What a message says: facts per column of the matrix, each with the words it came from. Tone is not a fact."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.severity.judge.amounts import note_numbers
from bot.severity.judge.announcements import note_announcement
from bot.severity.judge.destruction import destruction_in
from bot.severity.judge.inference import conclude
from bot.severity.judge.lexicon import Hit, Lexicon, correct_typo
from bot.severity.judge.message_forms import note_quoted, note_shape, note_strong_kinds, note_zero
from bot.severity.judge.reading import TROUBLE, Reading
from bot.severity.judge.tokens import LENGTH_JUDGED, Token
from bot.severity.judge.tokens import read as read_tokens
from bot.severity.judge.vocabulary.glossary import in_english
from bot.severity.judge.vocabulary.phrases import ENGLISH, PHRASES, PLAIN

_BREAKS = re.compile(r"[.!?;,\n(){}\[\]—–|…]|->|→|\s-\s")
_CLAUSE_WORDS = {"but", "however", "although", "though", "while", "whereas", "only", "except", "otherwise", "yet"}
_NEGATIONS = {"not", "no", "isnt", "never", "without", "dont", "wont", "hasnt", "neither", "nor", "nothing", "none"}
_DENIABLE = (*TROUBLE, "fine.works", "kind.maintenance")
_SPEAKING = {"word", "number", "percent", "ratio"}  # kinds of tokens; a lone letter or digit says nothing
_STATES = ("kind.recovered", "kind.draft")
_DENIED = {"fine.works": "how.down", "kind.maintenance": "degree.unplanned"}


class Signals:
    """Extraction with a company's own names for what can break."""

    def __init__(self, things: Mapping[str, tuple[str, ...]]) -> None:
        phrases: dict[str, list[str]] = {f"what.{value}": list(listed) for value, listed in things.items()}
        for signal, text in PHRASES.items():
            phrases.setdefault(signal, []).extend(part.strip() for part in text.split(",") if part.strip())
        self._lexicon = Lexicon(phrases, [*PLAIN.split(), *ENGLISH.split()])

    def read(self, message: str) -> Reading:
        """Facts of the first `LENGTH_JUDGED` characters. Never raises; the same message gives the same reading."""
        tokens = read_tokens(message)
        reading = Reading(words=self._words(tokens))
        if not any(token.kind in _SPEAKING and token.end - token.start > 1 for token in tokens):
            reading.note("kind.empty", message[:LENGTH_JUDGED].strip()[:40])
            return reading
        clauses = _clauses(tokens, reading.words)
        hits = _longest([*self._lexicon.find(reading.words), *_undone(reading.words)])
        _note_phrases(reading, message, tokens, clauses, hits)
        note_numbers(reading, message, tokens, clauses)
        note_shape(reading, message, tokens)
        note_quoted(reading, tokens, hits)
        note_zero(reading, message, tokens)
        note_announcement(reading, message[:LENGTH_JUDGED])
        note_strong_kinds(reading, message[:LENGTH_JUDGED])
        _note_destruction(reading)
        conclude(reading, message)
        return reading

    def _words(self, tokens: list[Token]) -> list[str]:
        """The tokens' words in English, typing errors mended where they were English."""
        plain = [token.text for token in tokens]
        english = in_english(plain)
        return english if english != plain else correct_typo(tokens, self._lexicon)


def _clauses(tokens: list[Token], words: list[str]) -> list[int]:
    """For each token the number of its clause."""
    number, numbers = 0, []
    for token, word in zip(tokens, words, strict=True):
        if (token.kind == "stop" and _BREAKS.search(token.text)) or word in _CLAUSE_WORDS:
            number += 1
        numbers.append(number)
    return numbers


_NOT_DONE = frozenset(("isnt", "not", "hasnt", "never"))
_HARMLESS = re.compile(
    r"(?:un)?(?:affect|impact|need|requir|involv|plann|expect|includ|support|concern|interest|notic"
    r"|touch|us|reach|relat|go|mean|expos|suppos|encourag|allow|bother|complain)(?:ed|ing)|going"
    r"|being|red|need|feed|speed|anything|nothing"
)


def _undone(words: list[str]) -> list[Hit]:
    """`isn't recorded`, `not being calculated`: whatever ought to be done and is not."""
    hits = []
    for place, word in enumerate(words[:-1]):
        follows = words[place + 1]
        if (
            word in _NOT_DONE
            and len(follows) > 4
            and follows.endswith(("ed", "ing", "shed"))
            and not _HARMLESS.fullmatch(follows)
        ):
            hits.append(Hit("how.down", place, place + 2))
    return hits


def _longest(hits: list[Hit]) -> list[Hit]:
    """Of hits of one signal that overlap, the longest: `not working` hides `working`.

    Across polarity the longer wins too.
    """
    kept: list[Hit] = []
    taken: dict[str, list[Hit]] = {}
    for hit in sorted(hits, key=lambda hit: (hit.first - hit.after, hit.first)):
        group = "polar" if hit.signal.startswith(("how.", "fine.")) else hit.signal
        rivals = taken.setdefault(group, [])
        covered = any(
            r.first <= hit.first
            and hit.after <= r.after
            and (r.after - r.first > hit.after - hit.first or r.signal == hit.signal)
            for r in rivals
        )
        if not covered:
            rivals.append(hit)
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.first)


def _negated(hit: Hit, words: list[str], clauses: list[int]) -> bool:
    """True when one of the two words before the phrase, in its own clause, denies it."""
    return any(
        clauses[place] == clauses[hit.first] and words[place] in _NEGATIONS
        for place in range(max(0, hit.first - 2), hit.first)
    )


def _overlap(one: Hit, other: Hit) -> bool:
    return one.first < other.after and other.first < one.after


def _note_phrases(reading: Reading, message: str, tokens: list[Token], clauses: list[int], hits: list[Hit]) -> None:
    fine, trouble = set(), set()
    denied: set[int] = set()
    for index, hit in enumerate(hits):
        if hit.signal in _DENIABLE:
            if _negated(hit, reading.words, clauses):
                denied.add(index)
            elif hit.signal == "kind.maintenance":
                continue
            elif hit.signal == "fine.works":
                fine.add(clauses[hit.first])
            else:
                trouble.add(clauses[hit.first])
    for index, hit in enumerate(hits):
        text = message[tokens[hit.first].start : tokens[hit.after - 1].end]
        clause = clauses[hit.first]
        good = clause in fine and clause not in trouble
        if hit.signal in _STATES and any(_overlap(hit, other) for other in hits if other.signal in TROUBLE):
            continue  # invoices that "are back to draft" are no draft, and have not recovered
        if index in denied:
            reading.note(_DENIED.get(hit.signal, "fine.denied"), text)
        elif hit.signal.startswith(("what.", "reach.")) and good:
            reading.note(f"fine.{hit.signal.replace('.', '-')}", text)
        else:
            reading.note(hit.signal, text)
    for clause in trouble:
        inside = {hit.signal for index, hit in enumerate(hits) if clauses[hit.first] == clause and index not in denied}
        _cross(reading, inside)
    first_trouble = min(trouble, default=None)
    if first_trouble is not None:
        reading.features.add("order.trouble-first" if first_trouble <= min(fine, default=99) else "order.fine-first")


def _note_destruction(reading: Reading) -> None:
    """Note that `checkout toast` is down; in other sentences such a word says nothing."""
    state = destruction_in(reading)
    if state and "how" not in reading.facts:
        reading.note("how.down", state)
        _cross(reading, set(reading.features))


def _cross(reading: Reading, inside: set[str]) -> None:
    """Pairs inside one clause: what with how, how with whom."""
    how = sorted(signal for signal in inside if signal in TROUBLE)
    for signal in sorted(inside):
        if signal.startswith(("what.", "reach.", "where.")):
            reading.features.update(f"{one}&{signal}" for one in how)
