"""What the commands share: settings, messages on stderr, a progress bar, JSON Lines."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bot.text.control import visible

if TYPE_CHECKING:  # `tocsin --help` needs none of them, and they take most of its time
    from bot.settings import Settings


def load_settings() -> Settings:
    """The settings from the environment, with logging configured."""
    from bot.logs import configure_logs
    from bot.settings import read_settings

    settings = read_settings()
    configure_logs(settings.log_level, settings.log_json)
    return settings


def say(line: str) -> None:
    """A message for the person at the terminal, on stderr: stdout is for the result."""
    print(visible(line), file=sys.stderr, flush=True)


def account() -> str:
    """Who types here, as the access log of security incidents names them: `shell:` and the account of the host."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as in a container
        return f"shell:{os.getuid()}"


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr for long work; nothing where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)


def answer_lines(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """One output line per input line, in the same order. A bad line gets its error; then the status is 1."""
    status = 0
    for given in sys.stdin.buffer:
        if not given.strip():
            continue
        asked: Any = None
        try:
            asked = json.loads(given.decode("utf-8-sig"))
            if not isinstance(asked, dict):
                raise ValueError("each line must be a JSON object")
            result = answer(asked)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            status = 1
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            result = {"id": asked.get("id") if isinstance(asked, dict) else None, "error": reason}
        # Half a character, which JSON can spell and UTF-8 cannot, is answered as it was spelled.
        line = visible(json.dumps(result, ensure_ascii=False))
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    return status


def text_of(asked: dict[str, Any], key: str) -> str:
    value = asked[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} must be a string")
    return value
