"""The source of the product, read as syntax."""

from __future__ import annotations

import ast
import gc
from pathlib import Path


def syntax_of(path: Path) -> ast.Module:
    """The tree of a file. Keep what you find in it rather than the tree: the collector looks at all that is kept.

    Python 3.11 counts how deep it is in one place for the whole process. Where the collector runs in the middle and
    what it drops writes a traceback, which reads syntax too, the count is off and `ast.parse` raises SystemError.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        if was_enabled:
            gc.enable()
