"""A fit on disk: arrays and JSON in one .npz, no pickle. Written whole or not at all; unreadable means absent."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from bot.memory.index.fitting import Fit
from bot.memory.index.postings import Postings

KEPT = 4  # fits kept side by side, so that replicas of two versions share a folder
_ARRAYS = ("starts", "documents", "weights", "fields", "rarity", "peaks")


def save_fit(path: Path, fit: Fit) -> bool:
    """Write `fit` to `path` through a temporary file. False when the folder cannot be written: the cache is no must."""
    names = {
        "refs": fit.refs,
        "kinds": fit.kinds,
        "fields": fit.fields,
        "terms": fit.terms,
        "lengths": fit.lengths,
        "size": fit.postings.size,
    }
    arrays = {name: getattr(fit.postings, name) for name in _ARRAYS}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, names=np.frombuffer(json.dumps(names).encode(), np.uint8), **arrays)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _forget_old(path.parent)
    except OSError:
        return False
    return True


def _forget_old(folder: Path) -> None:
    files = sorted(folder.glob("index-*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[KEPT:]:
        file.unlink(missing_ok=True)


def load_fit(path: Path) -> Fit | None:
    """The fit kept at `path`; None when there is none or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = json.loads(bytes(file["names"]))
            arrays = {name: file[name] for name in _ARRAYS}
        postings = Postings(**arrays, size=int(names["size"]))
        if len(postings.starts) != len(names["terms"]) + 1 or len(names["refs"]) != postings.size:
            return None
        return Fit(
            refs=tuple(names["refs"]),
            kinds=tuple(names["kinds"]),
            fields=tuple(names["fields"]),
            terms=tuple(names["terms"]),
            lengths=tuple(names["lengths"]),
            postings=postings,
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
