"""Logistic regression over the text alone: words, parts of words, and how the message begins and ends.

It knows no list of words, so what nobody thought of counts too, in any language of the examples. Features are hashed
into a fixed number of places: no dictionary has to be kept in memory or on disk.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bot.severity.judge.models.examples import LABELS
from bot.severity.judge.models.linear import columns_of, regression, shares_of

PLACES = 1 << 17
_LONGEST = 2_000  # characters read
_MARKUP = re.compile(r"<[^<>]{0,300}>")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w+|[?!$%]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SHORTEST, _LONGEST_GRAM = 2, 5  # letters
# How long each channel's vector is. What is said first and last weighs beside the whole: scope often comes last.
_CHANNELS = (("w", 1.0), ("c", 1.0), ("f", 0.5), ("l", 0.5))

# A model that knows talk and trouble only tells them apart better than the one that also has to tell levels apart;
# weighed three to one it makes little of fewer outages. Chosen on writers left out.
_TALK_SHARE = 0.75
_TALK, _TROUBLE = "none", LABELS[0]  # what the second model's two sides are called
_NONE = LABELS.index(_TALK)
_LEAST = 1e-9
COLUMNS = len(LABELS) + 1

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextModel:
    """`weights[place, column]` and `rarity[place]` (the inverse document frequency).

    The columns are LABELS, and behind them one that weighs talk against trouble of whatever level.
    """

    weights: npt.NDArray[np.float32]
    rarity: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def probabilities(self, text: str) -> Floats:
        """One probability per label, summing to 1."""
        places, values = _vector(_channels(text), self.rarity)
        score = self.bias.astype(np.float64)
        if len(places):
            score = score + values @ self.weights[places]
        shares = shares_of(score[:-1])
        talk = (1 - _TALK_SHARE) * shares[_NONE] + _TALK_SHARE / (1 + math.exp(-float(score[-1])))
        shares *= (1 - talk) / max(1 - float(shares[_NONE]), _LEAST)  # the levels share what talk leaves, as before
        shares[_NONE] = talk
        return shares

    def reasons(self, text: str, label: int, most: int = 4) -> list[str]:
        """The words and pairs of words of the text that weigh most for a label, in the order in which they stand.

        As they are written in the text; a word within a pair that is given is not given again.
        """
        plain = _MARKUP.sub(" ", text[:_LONGEST])
        found = [(match[0], match.start()) for match in _WORD.finditer(plain)]
        pairs = [(plain[a[1] : b[1] + len(b[0])], a[1]) for a, b in pairwise(found)]
        start = zlib.crc32(b"w")
        weighed = []
        for words, place in dict([*((w, p) for w, p in pairs), *found]).items():
            read = " ".join(_WORD.findall(_DIGITS.sub("0", words).lower()))
            row = zlib.crc32(read.encode(errors="replace"), start) % PLACES
            gain = float(self.rarity[row] * (self.weights[row, label] - self.weights[row, : len(LABELS)].mean()))
            if gain > 0 and any(character.isalpha() for character in words):
                weighed.append((gain, place, words))
        best: list[tuple[float, int, str]] = []
        for gain, place, words in sorted(weighed, key=lambda each: (-each[0], each[1])):
            if len(best) < most and not any(words in other or other in words for _, _, other in best):
                best.append((gain, place, words))
        return [words for _, _, words in sorted(best, key=lambda each: each[1])]


def fit_text(texts: Sequence[str], labels: Sequence[str], strength: float, weights: Sequence[float]) -> TextModel:
    """A model of these texts. Deterministic. `strength` and `weights` as for `linear.fit`."""
    from scipy.sparse import csr_matrix  # loading scikit-learn takes a second, which only a fit should cost

    read = [_channels(text) for text in texts]
    seen = np.zeros(PLACES)
    for channels in read:
        seen[list({place for grams in channels.values() for place in grams})] += 1
    rarity = np.log((1 + len(texts)) / (1 + seen)) + 1
    rarity[seen < 2] = 0  # a feature of one example teaches nothing general
    vectors = [_vector(channels, rarity) for channels in read]
    matrix = csr_matrix(
        (
            np.concatenate([values for _, values in vectors]),
            np.concatenate([places for places, _ in vectors]),
            np.cumsum([0, *(len(places) for places, _ in vectors)]),
        ),
        shape=(len(texts), PLACES),
    )
    used = np.flatnonzero(rarity)  # the others get no weight, and would only be carried along
    slopes, bias = columns_of(regression(matrix[:, used], labels, strength, weights, 200))
    is_talk = [_TALK if label == _TALK else _TROUBLE for label in labels]
    talk, talk_bias = columns_of(regression(matrix[:, used], is_talk, strength, weights, 200))
    spread = np.zeros((PLACES, COLUMNS), np.float32)
    spread[used] = np.column_stack([slopes, talk[:, _NONE] - talk[:, 0]])
    return TextModel(spread, rarity.astype(np.float32), np.append(bias, talk_bias[_NONE] - talk_bias[0]))


def _vector(channels: dict[str, Counter[int]], rarity: npt.NDArray[np.floating]) -> tuple[Ints, Floats]:
    """Places and values of a text: each channel of its own length, its features weighed by how rare they are."""
    places, values = [], []
    for channel, length in _CHANNELS:
        counts = channels[channel]
        if not counts:
            continue
        where = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
        what = np.fromiter((1 + math.log(count) for count in counts.values()), dtype=np.float64, count=len(counts))
        what *= rarity[where]
        norm = math.sqrt(float(what @ what))
        if norm:
            places.append(where)
            values.append(what * (length / norm))
    if not places:
        return np.empty(0, dtype=np.intp), np.empty(0)
    return np.concatenate(places), np.concatenate(values)


def _channels(text: str) -> dict[str, Counter[int]]:
    """For each channel the hashed features and how often each occurs."""
    plain = _plain(text)
    sentences = [part for part in _SENTENCE.split(plain) if part.strip()]
    return {
        "w": _hashed("w", _words(plain)),
        "c": _hashed("c", _letters(plain)),
        "f": _hashed("f", _words(sentences[0]) if sentences else ()),
        "l": _hashed("l", _words(sentences[-1]) if len(sentences) > 1 else ()),
    }


def hashed_words(text: str) -> Iterable[int]:
    """The places of a text's words and pairs of words."""
    return _hashed("w", _words(_plain(text)))


def _plain(text: str) -> str:
    return _DIGITS.sub("0", _MARKUP.sub(" ", text[:_LONGEST])).lower()


def _hashed(channel: str, features: Iterable[str]) -> Counter[int]:
    start = zlib.crc32(channel.encode())
    return Counter(zlib.crc32(feature.encode(errors="replace"), start) % PLACES for feature in features)


def _words(text: str) -> list[str]:
    words = _WORD.findall(text)
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def _letters(text: str) -> list[str]:
    """Runs of letters within words, whose ends are marked by a blank, so that other forms of a word are known too."""
    grams = []
    for word in text.split():
        marked = f" {word[:40]} "
        for size in range(_SHORTEST, _LONGEST_GRAM + 1):
            grams += [marked[start : start + size] for start in range(max(1, len(marked) - size + 1))]
    return grams
