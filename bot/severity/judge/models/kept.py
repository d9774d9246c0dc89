"""Fitted models on disk: arrays only, never a pickle, under a name made of everything that a fit depends on."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.severity.judge.models.examples import LABELS
from bot.severity.judge.models.linear import MARGINS, Model
from bot.severity.judge.models.text import WIDTH, TextModel

_VERSION = 8  # raise when what is fitted, or how, changes otherwise than through the files that the key is made of


@dataclass(frozen=True, slots=True)
class Models:
    """The two models whose probabilities are averaged: one of facts, one of the text."""

    facts: Model
    text: TextModel


def save(models: Models, path: Path) -> None:
    """Written beside and moved into place, so that two starting processes never see half a file."""
    names = _as_bytes(list(models.facts.places))
    used = np.flatnonzero(np.abs(models.text.weights).sum(axis=1))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    with os.fdopen(handle, "wb") as file:
        np.savez(
            file,
            names=names,
            weights=models.facts.weights,
            bias=models.facts.bias,
            used=used.astype(np.int32),
            text_weights=models.text.weights[used],
            rarity=models.text.rarity,
            text_bias=models.text.bias,
            meaning=models.text.meaning,
            common=_as_bytes(sorted(models.text.common)),
        )
    Path(name).replace(path)


def _as_bytes(words: list[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)  # as JSON: a word may hold a line end


def restore(path: Path) -> Models | None:
    """The models kept in `path`, None where they are missing, damaged or of another shape."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            names = json.loads(kept["names"].tobytes())
            weights, bias = kept["weights"], kept["bias"]
            rarity, text_bias, meaning = kept["rarity"], kept["text_bias"], kept["meaning"]
            common = frozenset(json.loads(kept["common"].tobytes()))
            spread = np.zeros((WIDTH, MARGINS), dtype=np.float16)
            spread[kept["used"]] = kept["text_weights"]
    except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile):
        return None
    if (
        weights.shape != (len(names), len(LABELS))
        or bias.shape != (len(LABELS),)
        or text_bias.shape != (MARGINS,)
        or rarity.shape != (WIDTH,)
        or meaning.shape[1:] != (MARGINS,)
    ):
        return None
    facts = Model({name: place for place, name in enumerate(names)}, weights, bias)
    return Models(facts, TextModel(spread, rarity, text_bias, meaning, common))


def key_of(parts: Iterable[bytes]) -> str:
    """A name for everything that a fit depends on."""
    digest = hashlib.sha256(str(_VERSION).encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:24]
