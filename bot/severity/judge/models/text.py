"""A model of margins over the text alone: words, parts of words, how the message begins and ends, and its frame.

It knows no list of words, so what nobody thought of counts too, in any language of the examples. Features are hashed
into a fixed number of places: no dictionary has to be kept in memory or on disk. The frame is the message without the
words of its trade: common words and punctuation stand, others are known by their ending only. Whether something is
told of ours and now, asked, planned or remembered is in the frame, whatever it is about.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.severity.judge.models.linear import ALARM, BREAK_IN, MARGINS, WEIGHT, margins, shares_of
from bot.severity.judge.models.meaning import Vectors

PLACES = 1 << 17
WIDTH = 2 * PLACES  # frames have places of their own, behind the others
_LONGEST = 1_500  # characters read
_MARKUP = re.compile(r"<[^<>]{0,300}>")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\w+|[?!$%]")
_SPELLED = re.compile(r"[^\W\d_]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_SHORTEST, _LONGEST_GRAM = 2, 5  # letters
_LONGEST_WORD = 40  # letters
# How long each channel's vector is. What is said first and last weighs beside the whole: scope often comes last.
_CHANNELS = (("w", 1.0), ("c", 1.0), ("f", 0.5), ("l", 0.5), ("k", 0.7))
# A word that stands in so large a share of the messages is common; its frame is read in runs of up to so many pieces.
_COMMON_SHARE, _LONGEST_FRAME = 0.003, 4
_PIECE = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d|[^\w\s]|\n")
_ENDINGS = ("ing", "ed", "ly", "s")
_PAUSES = frozenset(".!?\n")

# Margins are made probabilities so sharply. Where a sentence encoder is there, vectors of this length stand beside the
# words. Chosen on writers left out, like the strength.
_SHARPNESS, _STRENGTH = 3.0, 0.6
_MEANING = 0.7

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Channels = dict[str, tuple[Ints, Ints]]
_NOTHING = np.empty(0, np.uint64)
_BLANK, _SPREAD, _FOLD = np.uint64(ord(" ")), np.uint64(0x9E3779B97F4A7C15), np.uint64(32)  # runs are hashed


class Weighed(NamedTuple):
    """What a text model makes of a text."""

    shares: Floats  # one probability per label, summing to 1
    alarm: float  # the margins by which it is P0 or P1, not talk,
    weight: float  # and not P2 or P3
    break_in: float  # 0..1


@dataclass(frozen=True, slots=True)
class TextModel:
    """`weights[place, label]` and `rarity[place]` (the inverse document frequency), labels as in LABELS.

    `meaning` (width of the encoder × labels) is what the sentence's vector adds; empty without an encoder. Behind the
    labels stand the margins of P0 and P1 against talk, and against P2 and P3, and that of break-ins. `common` are the
    words that frames keep.
    """

    weights: npt.NDArray[np.float16]
    rarity: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    meaning: npt.NDArray[np.float32]
    common: frozenset[str]

    def weigh(self, text: str, vector: Vectors | None = None) -> Weighed:
        """How likely each label is, and a break-in. `vector` is the text's where the model was fitted with vectors."""
        places, values = _vector(_channels(text, self.common), self.rarity)
        margin = self.bias.astype(np.float64)
        if len(places):
            margin = margin + values @ self.weights[places]
        if vector is not None:
            margin = margin + _MEANING * (vector @ self.meaning)
        break_in = 1 / (1 + math.exp(-_SHARPNESS * float(margin[BREAK_IN])))
        return Weighed(shares_of(_SHARPNESS * margin[:ALARM]), float(margin[ALARM]), float(margin[WEIGHT]), break_in)

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
        weights = self.weights[rows].astype(np.float32)
        gains = self.rarity[rows] * (weights[:, label] - weights[:, :ALARM].mean(axis=1))
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
    break_ins: Sequence[bool | None],
    weights: Sequence[float],
    vectors: Vectors | None = None,
) -> TextModel:
    """A model of these texts. Deterministic. `weights` as for `linear.fit`; of `break_ins` None is doubtful.

    `vectors` (texts × width) are what a sentence encoder makes of the texts, where there is one.
    """
    from scipy.sparse import csr_matrix  # loading scikit-learn takes a second, which only a fit should cost

    common = _common(texts)
    read = [_channels(text, common) for text in texts]
    seen = np.zeros(WIDTH)
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
        shape=(len(texts), WIDTH),
    )
    used = np.flatnonzero(rarity)  # the others get no weight, and would only be carried along
    matrix = matrix[:, used]
    beside = None if vectors is None else vectors * _MEANING
    slopes, bias = margins(matrix, labels, break_ins, _STRENGTH, weights, beside)
    spread = np.zeros((WIDTH, MARGINS), np.float16)
    spread[used] = slopes[: len(used)]
    return TextModel(spread, rarity.astype(np.float32), bias, slopes[len(used) :].astype(np.float32), common)


def _common(texts: Sequence[str]) -> frozenset[str]:
    """The words that stand in a share of the texts."""
    seen = Counter(piece for text in texts for piece in set(_pieces(_plain(text))) if piece[0].isalpha())
    return frozenset(word for word, count in seen.items() if count >= _COMMON_SHARE * len(texts))


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


def _channels(text: str, common: frozenset[str]) -> Channels:
    """For each channel the places of its features, in ascending order, and how often each occurs."""
    plain = _plain(text)
    sentences = [part for part in _SENTENCE.split(plain) if part.strip()]
    return {
        "w": _counted(_places("w", _words(plain))),
        "c": _counted(_letters(plain)),
        "f": _counted(_places("f", _words(sentences[0]) if sentences else ())),
        "l": _counted(_places("l", _words(sentences[-1]) if len(sentences) > 1 else ())),
        "k": _counted(_runs(_frame(plain, common)) + PLACES),
    }


def _counted(places: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
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


def _pieces(text: str) -> list[str]:
    return [piece.replace("’", "'") for piece in _PIECE.findall(text)]


def _frame(text: str, common: frozenset[str]) -> list[str]:
    """The pieces of the text's frame, beginnings of sentences marked."""
    frame = ["^"]
    for piece in _pieces(text):
        kept = piece if piece in common or not piece[0].isalpha() else _ending(piece)
        if kept == frame[-1] == "~":
            continue  # a name or a compound of any number of words
        frame.append(kept)
        if kept in _PAUSES:
            frame.append("^")
    return [*frame, "$"]


def _runs(frame: list[str]) -> npt.NDArray[np.int64]:
    """The places of runs of one to four pieces, all of one length at once."""
    pieces = np.fromiter(_hashed("k", frame), np.uint64)
    found = [_spread(pieces, size) % PLACES for size in range(1, _LONGEST_FRAME + 1)]
    return np.concatenate(found).astype(np.int64)


def _spread(parts: npt.NDArray[np.uint64], size: int) -> npt.NDArray[np.uint64]:
    """A number for each run of so many parts."""
    count = max(0, len(parts) - size + 1)
    run = np.full(count, size, np.uint64)
    for step in range(size):
        run = (run ^ parts[step : step + count]) * _SPREAD
        run ^= run >> _FOLD
    return run


def _ending(word: str) -> str:
    return next((f"~{ending}" for ending in _ENDINGS if word.endswith(ending) and len(word) > len(ending) + 1), "~")


def _letters(text: str) -> npt.NDArray[np.int64]:
    """The places of the runs of letters within words, whose ends are marked by a blank, so that a word's other forms
    are known too. All runs of one length at once: a message of 1,500 letters has 6,000 of them.
    """
    words = " ".join(word[:_LONGEST_WORD] for word in text.split())
    letters = np.frombuffer(f" {words} ".encode("utf-32-le", errors="replace"), np.uint32).astype(np.uint64)
    inside = letters != _BLANK
    found = []
    for size in range(_SHORTEST, _LONGEST_GRAM + 1):
        count = len(letters) - size + 1
        if count <= 0:
            break
        whole = np.ones(count, bool)
        for step in range(1, size - 1):
            whole &= inside[step : step + count]
        found.append(_spread(letters, size)[whole] % PLACES)
    return np.concatenate([_NOTHING, *found]).astype(np.int64)
