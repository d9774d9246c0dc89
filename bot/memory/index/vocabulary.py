"""The domain vocabulary: which words and phrases mean the same thing. Data from knowledge/vocabulary.yaml."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from bot.errors import InvalidKnowledge
from bot.memory.index.stems import Token, split, tokenize
from bot.policy.loading import PolicyModel, load
from bot.policy.values import Many, Text

GAP = "…"  # in a phrase: up to MAX_GAP other words may stand here
MAX_GAP = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """Stems to be found in this order; `gaps[i]` tells whether other words may stand before `stems[i]`."""

    stems: tuple[str, ...]
    gaps: tuple[bool, ...]
    concept: str


@dataclass(frozen=True)
class Vocabulary:
    """Read-only lookups. `stop` carries nothing, `weak` a little, `skip` words may stand inside any phrase."""

    stop: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    by_stem: dict[str, tuple[Phrase, ...]] = field(default_factory=dict)  # keyed by a phrase's first stem
    known: frozenset[str] = frozenset()  # every stem the vocabulary speaks of: not a misspelling

    @cached_property
    def fingerprint(self) -> str:
        """Changes when anything does that reading a text depends on."""
        phrases = [(p.stems, p.gaps, p.concept) for _, bucket in sorted(self.by_stem.items()) for p in bucket]
        content = json.dumps([sorted(self.stop), sorted(self.weak), sorted(self.skip), phrases])
        return hashlib.sha256(content.encode()).hexdigest()

    @cached_property
    def longer(self) -> dict[str, tuple[Phrase, ...]]:
        """Phrases of several words by their first stem."""
        longer = {stem: tuple(p for p in bucket if len(p.stems) > 1) for stem, bucket in self.by_stem.items()}
        return {stem: bucket for stem, bucket in longer.items() if bucket}

    @cached_property
    def alone(self) -> dict[str, tuple[str, ...]]:
        """The concepts that a stem names by itself."""
        alone = {stem: tuple(p.concept for p in bucket if len(p.stems) == 1) for stem, bucket in self.by_stem.items()}
        return {stem: concepts for stem, concepts in alone.items() if concepts}

    def concepts_alone(self, tokens: Sequence[Token]) -> list[str]:
        """The concepts that words of `tokens` name each by itself: parts first, then whole identifiers."""
        alone, skip = self.alone, self.skip
        stems = [token.term for token in tokens if not token.whole and token.term not in skip]
        stems += [token.term for token in tokens if token.whole]
        return [concept for stem in stems if stem in alone for concept in alone[stem]]

    def phrases_in(self, stems: Sequence[str]) -> Iterator[tuple[str, Sequence[int]]]:
        """The concepts that several of `stems` name together, and their places. Words to skip are left out before."""
        longer, end = self.longer, len(stems)
        for start, stem in enumerate(stems):
            for phrase in longer.get(stem, ()):
                if phrase.gaps[1] or (start + 1 < end and stems[start + 1] == phrase.stems[1]):
                    places = _match(phrase, stems, start)
                    if places:
                        yield phrase.concept, places


def _match(phrase: Phrase, stems: Sequence[str], start: int) -> list[int] | None:
    """Places of the phrase's stems when it begins at `start`, else None."""
    places = [start]
    for stem, gap in zip(phrase.stems[1:], phrase.gaps[1:], strict=True):
        reach = MAX_GAP + 1 if gap else 1
        following = range(places[-1] + 1, min(places[-1] + 1 + reach, len(stems)))
        place = next((i for i in following if stems[i] == stem), None)
        if place is None:
            return None
        places.append(place)
    return places


def _split(typed: object, between: str | None = None) -> object:
    return [part.strip() for part in typed.split(between) if part.strip()] if isinstance(typed, str) else typed


Words = Annotated[Many[Text], BeforeValidator(_split)]
Phrases = Annotated[Many[Text], BeforeValidator(lambda typed: _split(typed, ","))]


class VocabularyFile(PolicyModel):
    """What the search takes as the same: lists of words, or words in a row, and phrases by their concept."""

    stop: Words = ()
    weak: Words = ()
    skip: Words = ()
    concepts: dict[str, Phrases] | None = None


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary in `path`. Raises InvalidKnowledge with file, line and reason of all that is wrong."""
    file = load(path, VocabularyFile, InvalidKnowledge)
    return make_vocabulary(stop=file.stop, weak=file.weak, skip=file.skip, concepts=file.concepts)


def make_vocabulary(
    *,
    stop: Iterable[str] = (),
    weak: Iterable[str] = (),
    skip: Iterable[str] = (),
    concepts: Mapping[str, Iterable[str]] | None = None,
) -> Vocabulary:
    """A vocabulary from plain words; everything is stemmed as texts are."""
    skipped = _stems(skip)
    by_stem: dict[str, list[Phrase]] = {}
    known: set[str] = set()
    for concept, phrases in (concepts or {}).items():
        for written in phrases:
            phrase = _phrase(written, concept, skipped)
            if phrase is None:
                continue
            known.update(phrase.stems)
            bucket = by_stem.setdefault(phrase.stems[0], [])
            if phrase not in bucket:
                bucket.append(phrase)
    stopped, weakened = _stems(stop), _stems(weak)
    return Vocabulary(
        stop=stopped,
        weak=weakened,
        skip=skipped,
        by_stem={stem: tuple(bucket) for stem, bucket in by_stem.items()},
        known=frozenset(known | stopped | weakened | skipped),
    )


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(token.term for word in words for token in split(word))


def _phrase(written: str, concept: str, skip: frozenset[str]) -> Phrase | None:
    """`pull … plug` → the stems pull, plug with a gap between. Whole identifiers count as their parts."""
    stems: list[str] = []
    gaps: list[bool] = []
    for place, run in enumerate(written.split(GAP)):
        for nth, token in enumerate(t for t in tokenize(run) if not t.whole and t.term not in skip):
            stems.append(token.term)
            gaps.append(place > 0 and nth == 0)
    return Phrase(tuple(stems), tuple(gaps), concept) if stems else None
