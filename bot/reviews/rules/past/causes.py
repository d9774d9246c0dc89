"""Whether two causes that people recorded are the same, by their words. Pure."""

from __future__ import annotations

import re

ALIKE = 0.6  # of the words of the shorter cause; fewer in common and it is another trouble
_LEAST = 2  # words in common: one alone ("database") says too little
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """a after again all also an and any are as at be because been before but by can could did do does due for from
        had has have in into is it its more no not of off on once one only or our out over so than that the their them
        then there these they this to too under until up was we were when which while who will with without""",
    )
)
_WORD = re.compile(r"[^\W_]+(?:[._-][^\W_]+)*")
_ENDINGS = re.compile(r"(?:'s|ing|ed|es|s)$")


def same_cause(one: str, other: str) -> bool:
    """Whether two recorded causes name the same thing, by their words."""
    mine, theirs = _words(one), _words(other)
    shared = len(mine & theirs)
    return shared >= _LEAST and shared >= ALIKE * min(len(mine), len(theirs))


def related_causes(one: str, other: str) -> bool:
    """Whether two recorded causes speak of the same things, be they another trouble."""
    return len(_words(one) & _words(other)) >= _LEAST


def _words(text: str) -> set[str]:
    words = (_ENDINGS.sub("", word) for word in _WORD.findall(text.casefold().replace("’", "'")))
    return {word for word in words if len(word) > 1 and word not in _COMMON}
