"""Logistic regression over named features: the facts of a message, and its words and parts of words beside them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.severity.judge.models.examples import LABELS

_LEAST_SEEN = 2  # a feature of fewer examples teaches nothing general
# How features are weighed before margins are fitted; chosen on writers left out.
_SMOOTHED, _MOST_TELLING, _UNTOLD = 0.05, 3.0, 0.25

# Behind the margins of the labels stand those of P0 and P1 against talk, and against P2 and P3, and that of break-ins.
ALARM, WEIGHT, BREAK_IN = len(LABELS), len(LABELS) + 1, len(LABELS) + 2
MARGINS = len(LABELS) + 3
_SERIOUS, _NONE = LABELS.index("P2"), LABELS.index("none")  # what is more serious stands before P2

Features = dict[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of a linear model: `weights[feature, label]`, in the order of LABELS, already calibrated."""

    places: dict[str, int]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def probabilities(self, features: Features) -> npt.NDArray[np.float64]:
        """One probability per label, summing to 1."""
        known = [(self.places[name], value) for name, value in features.items() if name in self.places]
        score = self.bias.astype(np.float64)
        if known:
            rows = np.fromiter((place for place, _ in known), dtype=np.intp, count=len(known))
            values = np.fromiter((value for _, value in known), dtype=np.float64, count=len(known))
            score = score + values @ self.weights[rows]
        return shares_of(score)


def fit(examples: Sequence[Features], labels: Sequence[str], strength: float, weights: Sequence[float]) -> Model:
    """A model of these examples. Deterministic: the same examples in the same order give the same weights.

    `strength` is the inverse regularisation of scikit-learn's LogisticRegression, `weights` how much each example
    counts.
    """
    from scipy.sparse import csr_matrix  # loading scikit-learn takes a second, which only a fit should cost

    counts = Counter(name for features in examples for name in features)
    places = {
        name: place for place, name in enumerate(sorted(name for name, seen in counts.items() if seen >= _LEAST_SEEN))
    }
    columns, values, ends = [], [], [0]
    for features in examples:
        known = [(places[name], value) for name, value in features.items() if name in places]
        columns += [place for place, _ in known]
        values += [value for _, value in known]
        ends.append(len(columns))
    matrix = csr_matrix((values, columns, ends), shape=(len(examples), len(places)), dtype=np.float64)
    matrix.sort_indices()  # features come in any order; the sums must not
    return Model(places, *columns_of(_regression(matrix, labels, strength, weights)))


def _regression(matrix: Any, labels: Sequence[str], strength: float, weights: Sequence[float]) -> Any:
    """A fitted LogisticRegression."""
    from sklearn.linear_model import LogisticRegression  # a second to load, needed only to fit
    from threadpoolctl import threadpool_limits

    # The vectors are too short to be shared out: a second thread only waits, and a fit takes four times as long.
    with threadpool_limits(1):
        return LogisticRegression(C=strength, max_iter=400, tol=1e-3).fit(
            matrix, [LABELS.index(label) for label in labels], sample_weight=list(weights)
        )


def margins(
    matrix: Any,
    labels: Sequence[str],
    break_ins: Sequence[bool | None],
    strength: float,
    weights: Sequence[float],
    beside: Any = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Weights (features × MARGINS) and bias of a LinearSVC for each label against the rest, of two that tell P0 and
    P1 from talk, and from P2 and P3, and see nothing else, and of one that tells break-ins from what is surely none.

    It minds the examples near the border only, and errs elsewhere than a regression does. Before, each feature is
    weighed by how much more often it stands with the label, or with the rest (Wang and Manning 2012, "Baselines and
    bigrams"); the weights given are those of the features as they were, so a judgement costs no more. `beside`
    (examples × width) is taken as it is; its weights come last.
    """
    truth, counted = np.array([LABELS.index(label) for label in labels]), np.asarray(weights)
    more = 0 if beside is None else beside.shape[1]
    found = np.zeros((matrix.shape[1] + more, MARGINS))
    bias = np.full(MARGINS, -30.0, np.float32)  # a label without examples is next to impossible
    for label in np.unique(truth):
        found[:, label], bias[label] = _margin(matrix, truth == label, strength, counted, beside)
    serious, talk = truth < _SERIOUS, truth == _NONE
    broken_in, sure = np.array([one is True for one in break_ins]), np.array([one is not None for one in break_ins])
    for place, inside, asked, unknown in (
        (ALARM, serious, serious | talk, 0.0),
        (WEIGHT, serious, ~talk, 0.0),
        (BREAK_IN, broken_in, sure, -30.0),
    ):
        bias[place] = unknown
        if 0 < (inside & asked).sum() < asked.sum():
            near = None if beside is None else beside[asked]
            found[:, place], bias[place] = _margin(matrix[asked], inside[asked], strength, counted[asked], near)
    return found, bias


def _margin(
    matrix: Any, inside: npt.NDArray[np.bool_], strength: float, weights: npt.NDArray[np.float64], beside: Any
) -> tuple[npt.NDArray[np.float64], float]:
    """Weights and bias of one LinearSVC that tells those inside from the others."""
    from scipy.sparse import csr_matrix, diags, hstack  # a second to load, needed only to fit
    from sklearn.svm import LinearSVC
    from threadpoolctl import threadpool_limits

    telling = _telling(matrix, inside)
    scaled = matrix @ diags(telling)
    if beside is not None:
        scaled = hstack([scaled, csr_matrix(beside)], format="csr")
    with threadpool_limits(1):
        chosen = LinearSVC(C=strength, tol=1e-3, dual=True, random_state=0).fit(scaled, inside, sample_weight=weights)
    own = np.concatenate([telling, np.ones(scaled.shape[1] - len(telling))])
    return chosen.coef_[0] * own, float(chosen.intercept_[0])


def _telling(matrix: Any, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """For each feature how much it tells those inside from the others: _UNTOLD where nothing, on average some 0.6."""
    ours = np.asarray(matrix[inside].sum(axis=0)).ravel() + _SMOOTHED
    others = np.asarray(matrix[~inside].sum(axis=0)).ravel() + _SMOOTHED
    ratio = np.minimum(np.abs(np.log((ours / ours.sum()) / (others / others.sum()))), _MOST_TELLING)
    return np.asarray(_UNTOLD + (1 - _UNTOLD) / 2 * ratio / max(float(ratio.mean()), _SMOOTHED), np.float64)


def columns_of(chosen: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The weights and the bias of a fitted linear model of scikit-learn, in the order of LABELS."""
    weights = np.zeros((chosen.coef_.shape[1], len(LABELS)), dtype=np.float32)
    bias = np.full(len(LABELS), -30.0, dtype=np.float32)  # a label without examples is next to impossible
    slopes, offsets = chosen.coef_, chosen.intercept_
    if len(chosen.classes_) == 2:  # scikit-learn gives the second class alone
        slopes, offsets = np.vstack([-slopes, slopes]) / 2, np.concatenate([-offsets, offsets]) / 2
    for column, label in enumerate(chosen.classes_):
        weights[:, label] = slopes[column]
        bias[label] = offsets[column]
    return weights, bias


def shares_of(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scores as probabilities that sum to 1."""
    raised = np.exp(score - score.max())
    return np.asarray(raised / raised.sum(), dtype=np.float64)


def unit(features: Features) -> Features:
    """The same features with a length of 1, so that a long message counts no more than a terse one."""
    length = math.sqrt(sum(value * value for value in features.values()))
    return {name: value / length for name, value in features.items()} if length else features
