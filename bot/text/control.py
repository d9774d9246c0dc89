"""Control characters in what people wrote, made visible: on a terminal they would move, hide and rewrite other text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TextIO

# ESC and the other C0 characters but tabs and line ends, a CR that would write over its line, DEL, C1, and the marks
# that turn the direction of what follows.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")

# What a spreadsheet takes for the beginning of a formula. Some drop white space before it, or take wide forms for it.
_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def visible(text: str) -> str:
    r"""The text with control characters as `\u001b`, which within JSON still spells the same character."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def inert(text: str) -> str:
    """The text of a spreadsheet's cell, quoted where it would be taken for a formula."""
    return f"'{text}" if text[:1] in _FORMULA and text else text


class VisibleStream:
    """A stream to which nothing of ours writes control sequences, so that whatever comes is somebody's words."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write it with its control characters visible."""
        return self.stream.write(visible(text))

    def writelines(self, lines: Iterable[str]) -> None:
        """The same for each."""
        self.stream.writelines(map(visible, lines))

    def isatty(self) -> bool:
        """False: libraries that colour what they write on a terminal leave that here."""
        return False

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)
