"""A made-up corpus of incident texts of any size, the same for the same seed: topics, rare words, identifiers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate

from bot.memory.index.documents import Document

_ONSETS = [*"bcdfghjklmnprstvwz", "br", "cr", "dr", "fl", "gr", "pl", "pr", "st", "tr", "sh", "ch"]
_VOWELS = [*"aeiou", "ai", "ea", "ou"]
_CODAS = ["", "n", "r", "s", "t", "l", "m", "nd", "st", "ck"]
_COMMON_TEXT = """
the of and to in for with after since on was is are from at error failed timeout latency deploy release service database
queue cache lambda dynamodb api gateway load balancer bucket dns traffic users customers checkout login connection pool
retry throttled memory cpu node cluster replica backup alarm dashboard stale missing slow down
"""
_COMMON = _COMMON_TEXT.split()
TOPICS = 4_000


class Corpus:
    """Documents and queries drawn from one seeded vocabulary."""

    def __init__(self, seed: int = 7, words: int = 60_000) -> None:
        self._random = random.Random(seed)
        made = sorted({self._word() for _ in range(words)})
        self._random.shuffle(made)
        self._words = made
        self._weights = list(accumulate(1.0 / (rank + 10) for rank in range(len(made))))
        self._topics = [self._draw(25) for _ in range(TOPICS)]
        self._common = list(accumulate(1.0 / (rank + 2) for rank in range(len(_COMMON))))

    def _word(self) -> str:
        pick = self._random.choice
        return "".join(pick(_ONSETS) + pick(_VOWELS) + pick(_CODAS) for _ in range(self._random.randint(1, 3)))

    def _draw(self, count: int) -> list[str]:
        return self._random.choices(self._words, cum_weights=self._weights, k=count)

    def documents(self, count: int) -> Iterator[Document]:
        """`count` documents of some sixty words: a topic's words, common words, rare words and an identifier."""
        for number in range(count):
            topic = self._topics[self._random.randrange(TOPICS)]
            body = self._text(topic, 18, 22, 14)
            identifier = f"{self._random.choice(topic).title()}{self._random.choice(topic).title()}Exception"
            title = " ".join(self._random.choices(topic, k=4))
            ref = f"GEN-{number:07d}"
            yield Document(ref, "incident", title, (("title", title), ("text", f"{body} {identifier} {number % 997}")))

    def queries(self, count: int) -> list[str]:
        """Descriptions of some twelve words: half a topic's, the rest common and rare words."""
        return [self._text(self._topics[self._random.randrange(TOPICS)], 6, 5, 2) for _ in range(count)]

    def _text(self, topic: list[str], own: int, common: int, rare: int) -> str:
        words = self._random.choices(topic, k=own) + self._draw(rare)
        words += self._random.choices(_COMMON, cum_weights=self._common, k=common)
        self._random.shuffle(words)
        return " ".join(words)
