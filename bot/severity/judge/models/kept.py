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

from bot.severity.judge.models.examples import LABELS
from bot.severity.judge.models.linear import Model
from bot.severity.judge.models.text import PLACES, TextModel

_VERSION = 6  # raise when what is fitted, or how, changes otherwise than through the files that the key is made of


@dataclass(frozen=True, slots=True)
class Models:
    """The two models whose probabilities are averaged: one of facts, one of the text."""

    facts: Model
    text: TextModel


def save(models: Models, path: Path) -> None:
    """Written beside and moved into place, so that two starting processes never see half a file."""
    names = np.frombuffer(json.dumps(list(models.facts.places)).encode(), dtype=np.uint8)  # one may hold a line end
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
        )
    Path(name).replace(path)


def restore(path: Path) -> Models | None:
    """The models kept in `path`, None where they are missing, damaged or of another shape."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            names = json.loads(kept["names"].tobytes())
            weights, bias = kept["weights"], kept["bias"]
            rarity, text_bias, meaning = kept["rarity"], kept["text_bias"], kept["meaning"]
            spread = np.zeros((PLACES, len(LABELS)), dtype=np.float16)
            spread[kept["used"]] = kept["text_weights"]
    except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile):
        return None
    if (
        weights.shape != (len(names), len(LABELS))
        or bias.shape != (len(LABELS),)
        or text_bias.shape != (len(LABELS),)
        or rarity.shape != (PLACES,)
        or meaning.shape[1:] != (len(LABELS),)
    ):
        return None
    facts = Model({name: place for place, name in enumerate(names)}, weights, bias)
    return Models(facts, TextModel(spread, rarity, text_bias, meaning))


def key_of(parts: Iterable[bytes]) -> str:
    """A name for everything that a fit depends on."""
    digest = hashlib.sha256(str(_VERSION).encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:24]
