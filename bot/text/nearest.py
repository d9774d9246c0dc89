"""The known word that a misspelled one was probably meant to be. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(typed: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The one of `known` that is spelled most like `typed`, whatever the case; None where none is as like as that.

    `likeness` is from 0, anything, to 1, the same word.
    """
    by_lower: dict[str, str] = {}
    for name in known:
        by_lower.setdefault(name.lower(), name)
    near = difflib.get_close_matches(typed.lower(), list(by_lower), n=1, cutoff=likeness)
    return by_lower[near[0]] if near else None
