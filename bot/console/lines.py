"""JSON Lines in on stdin and out on stdout: one line for each line, in the same order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def answer_lines(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """One output line per input line, in the same order. A bad line gets its error; then the status is 1."""
    status = 0
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        asked: Any = None
        try:
            asked = json.loads(line.decode("utf-8-sig"))
            if not isinstance(asked, dict):
                raise ValueError("each line must be a JSON object")
            result = answer(asked)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            status = 1
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            result = {"id": asked.get("id") if isinstance(asked, dict) else None, "error": reason}
        # Half a character, which JSON can spell and UTF-8 cannot, is answered as it was spelled.
        sys.stdout.buffer.write(json.dumps(result, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    return status


def text_of(asked: dict[str, Any], key: str) -> str:
    value = asked[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} must be a string")
    return value
