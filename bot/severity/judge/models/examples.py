"""Worked examples: messages with the severity that the written matrix gives them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

LABELS = ("P0", "P1", "P2", "P3", "none")


@dataclass(frozen=True, slots=True)
class Example:
    """A message, its label, who wrote it (0 for the short examples of many hands) and in what form.

    `break_in`: whether it tells of one; None where that is doubtful.
    """

    text: str
    label: str
    writer: int = 0
    format: str = ""
    break_in: bool | None = False


def read_examples(folder: Path) -> list[Example]:
    """The examples of every `*.jsonl` in the folder, files by name, lines in order.

    Raises ValueError naming file and line.
    """
    return [example for path in sorted(folder.glob("*.jsonl")) for example in read_example_file(path)]


def read_example_file(path: Path) -> list[Example]:
    """The examples of one file, lines in order. Raises ValueError naming file and line."""
    examples: list[Example] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, label, writer = row["text"], row["label"], int(row.get("writer", 0))
        except (ValueError, KeyError, TypeError):
            raise ValueError(f'{path.name}:{number}: expected {{"text": …, "label": …}}') from None
        if label not in LABELS or not isinstance(text, str):
            raise ValueError(f"{path.name}:{number}: the label must be one of {', '.join(LABELS)}")
        break_in = row.get("break_in", False)
        if break_in not in (True, False, None):
            raise ValueError(f"{path.name}:{number}: break_in must be true, false, or null where it is doubtful")
        examples.append(Example(text, label, writer, str(row.get("format", "")), break_in))
    return examples
