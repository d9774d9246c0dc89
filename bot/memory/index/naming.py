"""What a short report names, beside saying that it is broken and for whom. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.memory.index.ranking import Weights
from bot.memory.index.stems import stem, tokenize
from bot.memory.index.terms import word_weight
from bot.memory.index.vocabulary import Vocabulary

# That something fails, how badly, and who notices: nearly every report says so, whatever it is about.
_WORDS = """
    down broken fails failing failed fail everyone everybody anybody anyone all whole company customer customers user
    users people several many nobody cannot error errors issue problem outage dead unavailable again now still
    completely totally entirely report reports offline affected production prod
"""
_SAID_OF_ANYTHING = frozenset(stem(word) for word in _WORDS.split())


def names_of(text: str, vocabulary: Vocabulary, weights: Weights) -> Iterator[str]:
    """The words that say what a text is about, as they were written but in lower case."""
    for token in tokenize(text):
        if token.term not in _SAID_OF_ANYTHING and word_weight(token, vocabulary, weights) >= weights.weak:
            yield token.word.lower()


def names_nothing_else(text: str, matched: Collection[str], vocabulary: Vocabulary, weights: Weights) -> bool:
    """Whether a text names something, and nothing beside the `matched` words."""
    names = list(names_of(text, vocabulary, weights))
    words = {word for phrase in matched for word in phrase.lower().split()}
    return bool(names) and all(name in words for name in names)
