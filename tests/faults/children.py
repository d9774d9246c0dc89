"""Real processes of the bot, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.settings import REPOSITORY


class Child:
    """One process of the command line, in a session of its own so that a test's Ctrl-C is not its own."""

    def __init__(self, command: str, environment: dict[str, str], log: Path) -> None:
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", command],
            cwd=REPOSITORY,
            env={**_inherited(), **environment},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._log.open("ab") as log:
            for line in self._process.stderr:
                log.write(line)
                if line.startswith(b"Tocsin is"):
                    self._ready.set()
        self._ready.set()

    def wait_until_ready(self) -> None:
        assert self._ready.wait(60), "the process did not become ready"
        assert self._process.poll() is None, self._log.read_text()

    def kill(self) -> None:
        """As `kill -9` does."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._reader.join(10)

    def stop(self, within: float = 30) -> int:
        """As systemd or Docker does; the exit status. Fails after so many seconds."""
        self._process.terminate()
        try:
            return self._process.wait(within)
        finally:
            self.kill()


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH") if name in os.environ}


@contextmanager
def child(command: str, environment: dict[str, str], log: Path) -> Iterator[Child]:
    """A process that is ready, and gone when the block ends."""
    started = Child(command, environment, log)
    try:
        started.wait_until_ready()
        yield started
    finally:
        started.kill()
