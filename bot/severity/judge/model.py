"""Logistic regression over signals and words, fitted from written examples, kept as plain arrays, never as a pickle."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

LABELS = ("P0", "P1", "P2", "P3", "none")
VERSION = 1  # raise when what is fitted, or how, changes otherwise than through the files that the key is made of
_LEAST_SEEN = 2  # a feature of fewer examples teaches nothing general

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
        raised = np.exp(score - score.max())
        return np.asarray(raised / raised.sum(), dtype=np.float64)


def fit(examples: Sequence[Features], labels: Sequence[str], strength: float) -> Model:
    """A model of these examples. Deterministic: the same examples in the same order give the same weights.

    `strength` is the inverse regularisation of scikit-learn's LogisticRegression.
    """
    from scipy.sparse import csr_matrix  # loading scikit-learn takes a second, which only a fit should cost
    from sklearn.linear_model import LogisticRegression

    counts = Counter(name for features in examples for name in features)
    places = {
        name: place for place, name in enumerate(sorted(name for name, seen in counts.items() if seen >= _LEAST_SEEN))
    }
    rows, columns, values = [], [], []
    for row, features in enumerate(examples):
        for name, value in sorted(features.items()):
            if name in places:
                rows.append(row)
                columns.append(places[name])
                values.append(value)
    matrix = csr_matrix((values, (rows, columns)), shape=(len(examples), len(places)), dtype=np.float64)
    chosen = LogisticRegression(C=strength, max_iter=400, tol=1e-3).fit(
        matrix, [LABELS.index(label) for label in labels]
    )
    weights = np.zeros((len(places), len(LABELS)), dtype=np.float32)
    bias = np.full(len(LABELS), -30.0, dtype=np.float32)
    slopes, offsets = chosen.coef_, chosen.intercept_
    if len(chosen.classes_) == 2:  # scikit-learn gives the second class alone
        slopes, offsets = np.vstack([-slopes, slopes]) / 2, np.concatenate([-offsets, offsets]) / 2
    for column, label in enumerate(chosen.classes_):
        weights[:, label] = slopes[column]
        bias[label] = offsets[column]
    return Model(places, weights, bias)


def save(model: Model, path: Path) -> None:
    """Arrays only, written beside and moved into place, so that two starting processes never see half a file."""
    names = np.frombuffer("\n".join(model.places).encode(), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, names=names, weights=model.weights, bias=model.bias)
    Path(name).replace(path)


def restore(path: Path) -> Model | None:
    """The model kept in `path`, None where it is missing, damaged or of another shape."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            names = kept["names"].tobytes().decode().split("\n")
            weights, bias = kept["weights"], kept["bias"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    if weights.shape != (len(names), len(LABELS)) or bias.shape != (len(LABELS),):
        return None
    return Model({name: place for place, name in enumerate(names)}, weights, bias)


def read_examples(folder: Path) -> list[tuple[str, str]]:
    """(text, label) of every `*.jsonl` in the folder, files by name, lines in order.

    Raises ValueError naming file and line.
    """
    return [example for path in sorted(folder.glob("*.jsonl")) for example in read_example_file(path)]


def read_example_file(path: Path) -> list[tuple[str, str]]:
    """(text, label) of one file, lines in order. Raises ValueError naming file and line."""
    examples: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, label = row["text"], row["label"]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f'{path.name}:{number}: expected {{"text": …, "label": …}}') from None
        if label not in LABELS or not isinstance(text, str):
            raise ValueError(f"{path.name}:{number}: the label must be one of {', '.join(LABELS)}")
        examples.append((text, label))
    return examples


def key_of(parts: Iterable[bytes]) -> str:
    """A name for everything that a fit depends on."""
    digest = hashlib.sha256(str(VERSION).encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:24]


def unit(features: Features) -> Features:
    """The same features with a length of 1, so that a long message counts no more than a terse one."""
    length = math.sqrt(sum(value * value for value in features.values()))
    return {name: value / length for name, value in features.items()} if length else features
