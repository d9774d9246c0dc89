"""What a run says of the end of its incident. Pure."""

from __future__ import annotations

from bot.playbooks.rules.steps import RunText

LONGEST = 1000  # characters


def result(text: RunText, number: int, line: str) -> str:
    """What a step did, in plain words for a form: the title, what the person wrote of it, and where it is from."""
    title = text.step(number).title.replace("`", "")[:300].rstrip(".")
    said = f": {line}" if line else ""
    noun = "cause" if text.is_guide else "step"
    return f"{title}{said}"[:LONGEST] + f" ({text.ref}, {noun} {number})"


def choice(text: RunText, number: int) -> str:
    """`PB-lambda step 4: Put the missing permissions back`, for a menu."""
    noun = "cause" if text.is_guide else "step"
    return f"{text.ref} {noun} {number}: {text.step(number).title.replace('`', '')}"
