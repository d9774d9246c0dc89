"""Words and meaning together: the order of matches where a sentence encoder is there (setting TOCSIN_EMBEDDINGS)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bot.memory.meaning.vectors import Matrix, Meanings

POOL = 200  # documents that are nearest by words, and by meaning: one of the best by both is among them


class Blend:
    """How near each document of an index is to a query in meaning."""

    def __init__(self, meanings: Meanings, keys: Sequence[str]) -> None:
        """`keys` are those of the fitted documents' passages, in the order of the fit."""
        self.meanings = meanings
        self._keys = keys
        self._held: tuple[int, Matrix] | None = None

    def nearest(self, query: str, allowed: npt.NDArray[np.bool_] | None) -> dict[int, float]:
        """Place in the fit → cosine of the fitted documents that are nearest in meaning, POOL at most."""
        likeness = self._matrix().likeness(self.meanings.query(query))
        if allowed is not None:
            likeness = likeness * allowed
        places = np.argsort(-likeness, kind="stable")[:POOL]
        return {int(place): float(likeness[place]) for place in places if likeness[place] > 0}

    def of_added(self, query: str, keys: Mapping[str, str]) -> dict[str, float]:
        """Ref → cosine of documents that came after the fit; `keys` are those of their passages by ref."""
        refs = list(keys)
        near = self.meanings.matrix([keys[ref] for ref in refs]).likeness(self.meanings.query(query))
        return dict(zip(refs, near.tolist(), strict=True))

    def _matrix(self) -> Matrix:
        """Built again only when vectors were learnt since."""
        size = self.meanings.size
        if self._held is None or self._held[0] != size:
            self._held = size, self.meanings.matrix(self._keys)
        return self._held[1]
