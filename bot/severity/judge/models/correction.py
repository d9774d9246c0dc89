"""What a company's own decisions add to the judge: a small logistic regression on top of the shipped one's scores.

For a message the shipped models give each label a probability; the correction adds to the logarithms what words and
pairs of words are worth here. There is no bias: what shares no word with any decision is judged as shipped.
Features are hashed, so that no message can be read back from what is kept.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.severity.judge.models.examples import LABELS
from bot.severity.judge.models.linear import shares_of
from bot.severity.judge.models.text import hashed_words

Floats = npt.NDArray[np.float64]
_STEPS = 300
_CLOSE = 1e-7  # the largest step at which a fit has come to rest
_LEAST_SHARE = 1e-4  # a probability is taken for no smaller: its logarithm must stay finite


@dataclass(frozen=True, slots=True)
class Correction:
    """`weights[n, label]` belongs to the hashed feature `places[n]`, which are in ascending order."""

    places: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]

    def correct(self, text: str, shares: Sequence[float]) -> list[float]:
        """The probabilities of the shipped models, corrected; they sum to 1."""
        places, values = _vector(text)
        score = np.log(np.maximum(np.asarray(shares), _LEAST_SHARE))
        if len(self.places):
            at = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
            known = self.places[at] == places
            score = score + values[known] @ self.weights[at[known]]
        return [float(share) for share in shares_of(score)]

    def to_bytes(self) -> bytes:
        file = io.BytesIO()
        np.savez_compressed(file, places=self.places, weights=self.weights)
        return file.getvalue()


def from_bytes(raw: bytes) -> Correction | None:
    """What `to_bytes` wrote; None where it is damaged."""
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as kept:
            found = Correction(kept["places"], kept["weights"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return found if found.weights.shape == (len(found.places), len(LABELS)) else None


def fit_correction(
    texts: Sequence[str], shares: Sequence[Sequence[float]], labels: Sequence[str], strength: float
) -> Correction:
    """The correction that these examples ask for. Deterministic.

    `shares` are the shipped models' probabilities for each text, in the order of LABELS. The larger `strength`, the
    more is learnt of each example. Accelerated gradient steps (Nesterov); numpy alone, as this runs in the bot.
    """
    vectors = [_vector(text) for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(places) for places, _ in vectors])
    every = np.concatenate([places for places, _ in vectors]) if vectors else np.empty(0, np.int32)
    places, columns = np.unique(every, return_inverse=True)
    values = np.concatenate([given for _, given in vectors]) if vectors else np.empty(0)
    truth = np.eye(len(LABELS))[[LABELS.index(label) for label in labels]]
    base = np.log(np.maximum(np.asarray(shares, np.float64), _LEAST_SHARE))
    shrink = 1.0 / (strength * max(1, len(texts)))
    rate = 1.0 / (0.5 + shrink)  # softmax over vectors of length 1 is no steeper
    weights = ahead = np.zeros((len(places), len(LABELS)))
    for step in range(_STEPS):
        score = base + _product(rows, values, ahead[columns], len(texts))
        raised = np.exp(score - score.max(axis=1, keepdims=True))
        error = (raised / raised.sum(axis=1, keepdims=True) - truth) / max(1, len(texts))
        slope = _product(columns, values, error[rows], len(places))
        fresh = ahead - rate * (slope + shrink * ahead)
        moved = fresh - weights
        ahead, weights = fresh + moved * (step / (step + 3)), fresh
        if float(np.abs(moved).max(initial=0.0)) < _CLOSE:
            break
    return Correction(places.astype(np.int32), weights.astype(np.float32))


def _product(into: npt.NDArray[np.intp], values: Floats, rows: Floats, size: int) -> Floats:
    """For each label the sums of `values` × `rows` by their place in `into`. Shape (size, labels)."""
    return np.stack([np.bincount(into, values * rows[:, label], size) for label in range(len(LABELS))], axis=1)


def _vector(text: str) -> tuple[npt.NDArray[np.int32], Floats]:
    """The hashed words and pairs of words of a text, each once, with a length of 1 together."""
    places = np.unique(np.fromiter(hashed_words(text), np.int32))
    return places, np.full(len(places), 1 / math.sqrt(len(places)) if len(places) else 0.0)
