"""How much what counts: the weights of the ranking, in one place.

Chosen by cross-validation on graded queries written for it and on parts of documents searched by their other parts
(`python -m bench similar` prints the figures). Around these values the answers hardly change. Latent components
(truncated SVD, 20 and 40 of them) changed no answer among the first three of the held-out queries and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field


def _field_weights() -> dict[str, float]:
    return {
        "title": 1.5,
        "symptoms": 2.0,
        "services": 1.0,
        "root cause": 1.0,
        "causes": 1.0,
        "diagnosis": 0.6,
        "resolution": 0.5,
        "facts": 0.6,
        "steps": 0.5,
        "prevention": 0.3,
        "lesson": 0.3,
        "text": 1.0,
    }


@dataclass(frozen=True, slots=True)
class Weights:
    """All numbers of the ranking. Shares are relative to a plain word, which counts 1."""

    fields: dict[str, float] = field(default_factory=_field_weights)
    other_field: float = 0.4  # a field that `fields` does not name
    saturation: float = 3.0  # k1: how soon a repeated word stops adding
    length: float = 0.95  # b: how much a long text is held back, 0..1
    concept: float = 0.8
    ambiguity: float = 0.5  # how much a word's meanings share its weight: 0 each has it whole, 1 they divide it
    pair: float = 0.15  # two neighbouring words together
    pair_documents: int = 500  # with more documents than this the words alone tell them apart as well
    whole: float = 0.5  # an identifier matched whole, on top of its parts
    weak: float = 0.3  # words that say little
    number: float = 0.4
    slip: float = 0.75  # an unknown word read as a known one that differs by a letter
    guess: float = 0.6  # an unknown word read as a known one that shares much of its letters
    repeated: float = 1.0  # each further time that the query says a word, logarithmically
    query_terms: int = 120  # the query's weightiest terms are searched; a pasted log has thousands
    unknown: float = 0.6  # how much a word that no entry has lowers the score
    doubt: float = 4.5  # so many rare words must match before a score can come near 1: one lucky word proves little
    threshold: float = 0.17  # keeps 94 % of the graded queries and silences four of five ordinary chat lines

    # With a sentence encoder. Chosen on a development set of real post-mortems, with all-MiniLM-L6-v2 (decision 017).
    meaning: float = 0.2  # what a cosine of 1 adds to the score
    alike: float = 0.45  # from this cosine on a document is shown whose words say too little

    @property
    def full(self) -> float:
        """What a word counts (before idf) that a document says twice in its strongest field of ordinary length."""
        frequency = 2 * max(self.fields.values(), default=1.0)
        return frequency * (self.saturation + 1) / (frequency + self.saturation)
