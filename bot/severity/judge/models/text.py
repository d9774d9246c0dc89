"""Logistic regression over the text alone: words, parts of words, and how the message begins and ends.

It knows no list of words, so what nobody thought of counts too, in any language of the examples. Features are hashed
into a fixed number of places: no dictionary has to be kept in memory or on disk.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bot.severity.judge.models.examples import LABELS
from bot.severity.judge.models.linear import columns_of, margins, regression, shares_of
from bot.severity.judge.models.meaning import Vectors

PLACES = 1 << 17
_LONGEST = 2_000  # characters read
_MARKUP = re.compile(r"<[^<>]{0,300}>")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w+|[?!$%]")
_SPELLED = re.compile(r"[^\W\d_]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SHORTEST, _LONGEST_GRAM = 2, 5  # letters
_LONGEST_WORD = 40  # letters
# How long each channel's vector is. What is said first and last weighs beside the whole: scope often comes last.
_CHANNELS = (("w", 1.0), ("c", 1.0), ("f", 0.5), ("l", 0.5))

# A model that knows talk and trouble only tells them apart better than the one that also has to tell levels apart;
# weighed three to one it makes little of fewer outages. Chosen on writers left out.
_TALK_SHARE = 0.75
_TALK, _TROUBLE = "none", LABELS[0]  # what the second model's two sides are called
_NONE = LABELS.index(_TALK)
_LEAST = 1e-9
# A model of margins beside the regression, its margins made probabilities so sharply. Where a sentence encoder is
# there, vectors of this length stand beside its words. Chosen on writers left out, like its strength.
_MARGIN_SHARE, _SHARPNESS, _MARGIN_STRENGTH = 0.85, 2.5, 0.6
_MEANING = 0.9
_LEVELS = slice(0, len(LABELS))
_TALKS = len(LABELS)
_MARGINS = slice(len(LABELS) + 1, 2 * len(LABELS) + 1)
COLUMNS = 2 * len(LABELS) + 1

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Channels = dict[str, tuple[Ints, Ints]]
_NOTHING = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class TextModel:
    """`weights[place, column]` and `rarity[place]` (the inverse document frequency).

    The columns are LABELS, one that weighs talk against trouble of whatever level, and the margins of LABELS. `meaning`
    (width of the encoder × LABELS) is what the sentence's vector adds to the margins; empty without an encoder.
    """

    weights: npt.NDArray[np.float16]
    rarity: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    meaning: npt.NDArray[np.float32]

    def probabilities(self, text: str, vector: Vectors | None = None) -> Floats:
        """One probability per label, summing to 1. `vector` is the text's where the model was fitted with vectors."""
        places, values = _vector(_channels(text), self.rarity)
        score = self.bias.astype(np.float64)
        if len(places):
            score = score + values @ self.weights[places]
        by_margins = score[_MARGINS]
        if vector is not None:
            by_margins = by_margins + _MEANING * (vector @ self.meaning)
        return self._regressed(score) * (1 - _MARGIN_SHARE) + shares_of(_SHARPNESS * by_margins) * _MARGIN_SHARE

    def _regressed(self, score: Floats) -> Floats:
        """The probabilities by the regression of the levels and the one of talk."""
        shares = shares_of(score[_LEVELS])
        talk = (1 - _TALK_SHARE) * shares[_NONE] + _TALK_SHARE / (1 + math.exp(-float(score[_TALKS])))
        shares *= (1 - talk) / max(1 - float(shares[_NONE]), _LEAST)  # the levels share what talk leaves, as before
        shares[_NONE] = talk
        return shares

    def reasons(self, text: str, label: int, most: int = 4) -> list[str]:
        """The words and pairs of words of the text that weigh most for a label, in the order in which they stand.

        As they are written in the text; a word within a pair that is given is not given again.
        """
        plain = _MARKUP.sub(" ", text[:_LONGEST])
        found = [(match[0], match.start(), _DIGITS.sub("0", match[0]).lower()) for match in _WORD.finditer(plain)]
        pairs = [(plain[a[1] : b[1] + len(b[0])], a[1], f"{a[2]} {b[2]}") for a, b in pairwise(found)]
        spans = {words: (place, read) for words, place, read in (*pairs, *found) if _SPELLED.search(words)}
        if not spans:
            return []
        rows = _places("w", (read for _, read in spans.values()))
        weights = self.weights[rows, _LEVELS].astype(np.float32)
        gains = self.rarity[rows] * (weights[:, label] - weights.mean(axis=1))
        weighed = [
            (float(gain), place, words)
            for gain, (words, (place, _)) in zip(gains, spans.items(), strict=True)
            if gain > 0
        ]
        best: list[tuple[float, int, str]] = []
        for gain, place, words in sorted(weighed, key=lambda each: (-each[0], each[1])):
            if len(best) < most and not any(words in other or other in words for _, _, other in best):
                best.append((gain, place, words))
        return [words for _, _, words in sorted(best, key=lambda each: each[1])]


def fit_text(
    texts: Sequence[str],
    labels: Sequence[str],
    strength: float,
    weights: Sequence[float],
    vectors: Vectors | None = None,
) -> TextModel:
    """A model of these texts. Deterministic. `strength` and `weights` as for `linear.fit`.

    `vectors` (texts × width) are what a sentence encoder makes of the texts, where there is one.
    """
    from scipy.sparse import csr_matrix, hstack  # loading scikit-learn takes a second, which only a fit should cost

    letters = cache(_letters)  # most words come often
    read = [_channels(text, letters) for text in texts]
    seen = np.zeros(PLACES)
    for channels in read:
        seen[np.unique(np.concatenate([where for where, _ in channels.values()]))] += 1
    rarity = np.log((1 + len(texts)) / (1 + seen)) + 1
    rarity[seen < 2] = 0  # a feature of one example teaches nothing general
    places = [_vector(channels, rarity) for channels in read]
    matrix = csr_matrix(
        (
            np.concatenate([values for _, values in places]),
            np.concatenate([columns for columns, _ in places]),
            np.cumsum([0, *(len(columns) for columns, _ in places)]),
        ),
        shape=(len(texts), PLACES),
    )
    used = np.flatnonzero(rarity)  # the others get no weight, and would only be carried along
    matrix = matrix[:, used]
    is_talk = [_TALK if label == _TALK else _TROUBLE for label in labels]
    beside = matrix if vectors is None else hstack([matrix, csr_matrix(vectors * _MEANING)], format="csr")
    with ThreadPoolExecutor(2) as pool:  # their sums need no interpreter, so that two run at once
        bordered = pool.submit(margins, beside, labels, _MARGIN_STRENGTH, weights)
        talking = pool.submit(regression, matrix, is_talk, strength, weights, 200)
        slopes, bias = columns_of(regression(matrix, labels, strength, weights, 200))
        talk, talk_bias = columns_of(talking.result())
        border, border_bias = columns_of(bordered.result())
    spread = np.zeros((PLACES, COLUMNS), np.float16)
    spread[used] = np.column_stack([slopes, talk[:, _NONE] - talk[:, 0], border[: len(used)]])
    biases = np.concatenate([bias, [talk_bias[_NONE] - talk_bias[0]], border_bias]).astype(np.float32)
    return TextModel(spread, rarity.astype(np.float32), biases, border[len(used) :])


def _vector(channels: Channels, rarity: npt.NDArray[np.floating]) -> tuple[Ints, Floats]:
    """Places and values of a text: each channel of its own length, its features weighed by how rare they are."""
    places, values = [], []
    for channel, length in _CHANNELS:
        where, counts = channels[channel]
        what = (1 + np.log(counts)) * rarity[where]
        norm = math.sqrt(float(what @ what))
        if norm:
            places.append(where)
            values.append(what * (length / norm))
    if not places:
        return np.empty(0, dtype=np.intp), np.empty(0)
    return np.concatenate(places), np.concatenate(values)


def _letters(word: str) -> npt.NDArray[np.int32]:
    """The places of a word's runs of letters, its ends marked by a blank, so that its other forms are known too."""
    marked, grams = f" {word} ", []
    for size in range(_SHORTEST, _LONGEST_GRAM + 1):
        grams += [marked[start : start + size] for start in range(max(1, len(marked) - size + 1))]
    return _places("c", grams)


def _channels(text: str, letters: Callable[[str], npt.NDArray[np.int32]] = _letters) -> Channels:
    """For each channel the places of its features, in ascending order, and how often each occurs."""
    plain = _plain(text)
    sentences = [part for part in _SENTENCE.split(plain) if part.strip()]
    return {
        "w": _counted(_places("w", _words(plain))),
        "c": _counted(np.concatenate([_NOTHING, *(letters(word[:_LONGEST_WORD]) for word in plain.split())])),
        "f": _counted(_places("f", _words(sentences[0]) if sentences else ())),
        "l": _counted(_places("l", _words(sentences[-1]) if len(sentences) > 1 else ())),
    }


def _counted(places: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    where, counts = np.unique(places, return_counts=True)
    return where.astype(np.intp), counts


def hashed_words(text: str) -> Iterable[int]:
    """The places of a text's words and pairs of words."""
    return _hashed("w", _words(_plain(text)))


def _plain(text: str) -> str:
    return _DIGITS.sub("0", _MARKUP.sub(" ", text[:_LONGEST])).lower()


def _hashed(channel: str, features: Iterable[str]) -> Iterator[int]:
    start = zlib.crc32(channel.encode())
    return (zlib.crc32(feature.encode(errors="replace"), start) % PLACES for feature in features)


def _places(channel: str, features: Iterable[str]) -> npt.NDArray[np.int32]:
    return np.fromiter(_hashed(channel, features), np.int32)


def _words(text: str) -> list[str]:
    words = _WORD.findall(text)
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]
