"""What a message was understood to say: the facts, and the words that they came from."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.severity.rules import Evidence

TROUBLE = ("how.down", "how.partly", "how.slow", "how.delayed", "how.wrong", "how.exposed", "how.lost")


@dataclass(slots=True)
class Reading:
    """One message understood. `facts` maps a column of the matrix to its values; `features` is what the model sees."""

    facts: dict[str, set[str]] = field(default_factory=dict)
    evidence: list[tuple[str, Evidence]] = field(default_factory=list)  # (column.value, words)
    features: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def note(self, signal: str, text: str) -> None:
        column, _, value = signal.partition(".")
        self.facts.setdefault(column, set()).add(value)
        self.features.add(signal)
        self.evidence.append((signal, Evidence(text.strip(), signal)))
