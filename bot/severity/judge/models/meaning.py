"""What whole sentences mean, as a channel of the judge: only where a sentence encoder is set (TOCSIN_EMBEDDINGS)."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class SentenceEncoder(Protocol):
    """Text → vector of length 1. `fingerprint` names the network: vectors of another one mean something else."""

    fingerprint: str

    def query(self, text: str) -> Vectors: ...


def vectors_of(encoder: SentenceEncoder, texts: Sequence[str], folder: Path | None) -> Vectors:
    """The vectors of the texts, texts × width. Kept in `folder`, as 7,000 of them take most of a minute."""
    path = folder / f"judge-vectors-{encoder.fingerprint[:24]}.npz" if folder else None
    known = _read(path) if path else {}
    keys = [hashlib.sha256(text.encode(errors="replace")).hexdigest()[:24] for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    known |= {key: encoder.query(text).astype(np.float16) for key, text in missing.items()}
    if path and missing:
        _write(path, {key: known[key] for key in dict.fromkeys(keys)})
    return np.stack([known[key] for key in keys]).astype(np.float32)


def _read(path: Path) -> dict[str, npt.NDArray[np.float16]]:
    """What is kept in `path`; nothing where it is missing or damaged, for it can be made again."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            return dict(zip(bytes(kept["keys"]).decode().split(), kept["rows"], strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def _write(path: Path, known: dict[str, npt.NDArray[np.float16]]) -> None:
    """Written beside and moved into place, so that two starting processes never see half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, keys=np.frombuffer("\n".join(known).encode(), np.uint8), rows=np.stack(list(known.values())))
    Path(name).replace(path)
