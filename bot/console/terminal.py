"""What the commands share: settings from the environment, words on stderr, a bar for what takes long."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.logs import configure_logs
from bot.settings import Settings, read_settings


def load_settings() -> Settings:
    """The settings of the environment, with logging set up as they say."""
    settings = read_settings()
    configure_logs(settings.log_level, settings.log_json)
    return settings


def say(line: str) -> None:
    """A line for the person at the terminal; stdout is for what was asked for."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for work that takes long; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)
