"""The vectors of documents: made once for each text, kept in a file beside the fit, read back at the next start."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.memory.meaning.encoder import Encoder, Vectors, encoder_in

_SAVED_EVERY = 500  # texts: what was made is not lost where a long run is stopped


@dataclass(frozen=True, slots=True)
class Passage:
    """What a document's vectors are made of."""

    title: str
    text: str

    @property
    def key(self) -> str:
        """Names the passage by what it says."""
        return hashlib.sha256(f"{self.title}\0{self.text}".encode(errors="replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The vectors of many documents: `rows[r]` (length 1) belongs to the document at place `owners[r]`."""

    rows: Vectors
    owners: npt.NDArray[np.intp]
    documents: int

    def likeness(self, query: Vectors) -> npt.NDArray[np.float32]:
        """For each document its nearest passage's cosine to the query, 0 where it has no vector or points away."""
        best = np.zeros(self.documents, np.float32)
        if len(self.owners):
            np.maximum.at(best, self.owners, self.rows @ query)
        return best


def meanings_of(encoder: Path | None, cache: Path) -> Meanings | None:
    """What sentences mean, by the encoder in that folder; None without one. Raises InvalidSettings where it is none."""
    found = encoder_in(encoder)
    return Meanings(found, cache) if found is not None else None


class Meanings:
    """The vectors that are known. Any thread may ask while one learns; what is not yet learnt is found by words."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._path = folder / f"meaning-{encoder.fingerprint[:24]}.npz"
        self._learning = threading.Lock()
        self._known: Mapping[str, Vectors] = _read(self._path, encoder.width)

    @property
    def size(self) -> int:
        """How many passages are known; it only grows."""
        return len(self._known)

    def query(self, text: str) -> Vectors:
        return self._encoder.query(text)

    def missing(self, passages: Iterable[Passage]) -> list[Passage]:
        """Those without vectors, each once."""
        return [passage for key, passage in {p.key: p for p in passages}.items() if key not in self._known]

    def learn(self, passages: Iterable[Passage], progress: Callable[[int], None] | None = None) -> None:
        """Make the vectors that are missing and keep them: some 40 ms each. `progress` hears of each one made."""
        with self._learning:
            made: dict[str, Vectors] = {}
            for passage in self.missing(passages):
                made[passage.key] = _as_kept(self._encoder.passages(passage.title, passage.text))
                if progress is not None:
                    progress(1)
                if len(made) >= _SAVED_EVERY:
                    self._keep(made)
                    made = {}
            if made:
                self._keep(made)

    def _keep(self, made: Mapping[str, Vectors]) -> None:
        self._known = {**self._known, **made}
        _write(self._path, self._known)

    def matrix(self, keys: Sequence[str]) -> Matrix:
        """The vectors of documents by their passages' keys, as far as they are known."""
        known = self._known
        held = [(place, known[key]) for place, key in enumerate(keys) if key in known]
        owners = np.repeat([place for place, _ in held], [len(rows) for _, rows in held]).astype(np.intp)
        rows = np.concatenate([rows for _, rows in held]) if held else np.empty((0, self._encoder.width), np.float32)
        return Matrix(rows, owners, len(keys))


def _as_kept(rows: Vectors) -> Vectors:
    """As the file will give them back, so that a restart changes no answer."""
    return rows.astype(np.float16).astype(np.float32)


def _read(path: Path, width: int) -> dict[str, Vectors]:
    """What is kept in `path`; nothing where it is missing or damaged, for it can be made again."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            keys, counts = bytes(kept["keys"]).decode().split(), kept["counts"]
            rows = kept["rows"].astype(np.float32)
        if rows.shape != (int(counts.sum()), width) or len(keys) != len(counts):
            return {}
        return dict(zip(keys, np.split(rows, np.cumsum(counts)[:-1]), strict=True)) if keys else {}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def _write(path: Path, known: Mapping[str, Vectors]) -> None:
    """Written beside and moved into place. A folder that cannot be written costs the next start the time again."""
    rows = np.concatenate(list(known.values())).astype(np.float16)
    counts = np.array([len(each) for each in known.values()], np.int32)
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, keys=np.frombuffer("\n".join(known).encode(), np.uint8), counts=counts, rows=rows)
        Path(temporary).replace(path)
    except OSError:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
