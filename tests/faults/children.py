"""Real processes of the bot, to be killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from bot.store.engine import Database
from bot.wiring.worker import QUEUES
from tests.support.commands import start_command


class Child:
    """One process of the command line, in a session of its own so that a test's Ctrl-C is not its own."""

    def __init__(self, command: str, environment: dict[str, str], log: Path) -> None:
        self._log = log
        self._process, self._stderr = start_command([command], {**_inherited(), **environment})
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        with self._stderr, self._log.open("ab") as log:
            for line in self._stderr:
                log.write(line)
                if line.startswith(b"Tocsin is"):
                    self._ready.set()
        self._ready.set()

    def wait_until_ready(self) -> None:
        assert self._ready.wait(240), "the process did not become ready"
        assert self._process.is_alive(), self._log.read_text()

    @property
    def lives(self) -> bool:
        return bool(self._process.is_alive())

    def kill(self) -> None:
        """As `kill -9` does."""
        self._process.kill()
        self._process.join(60)
        self._reader.join(60)

    def pause(self) -> None:
        """As a machine that is suspended does: it stands still, with all its connections open."""
        os.kill(self._process.pid or 0, signal.SIGSTOP)

    def go_on(self) -> None:
        """Where it stopped, without knowing that time passed."""
        os.kill(self._process.pid or 0, signal.SIGCONT)

    def ask_to_end(self) -> None:
        """As systemd or Docker does; nobody waits for it here."""
        self._process.terminate()

    def wait(self, seconds: float = 120) -> int:
        """Until it ends by itself; the exit status."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"the process did not end within {seconds:g} s"
        self._reader.join(60)
        return self._process.exitcode

    def stop(self, within: float = 120) -> int:
        """As systemd or Docker does; the exit status. Fails after so many seconds."""
        self._process.terminate()
        try:
            self._process.join(within)
            assert self._process.exitcode is not None, f"the process did not end within {within:g} s"
            return self._process.exitcode
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


def time_passes_for_the_dead(database: Database, started: Sequence[Child]) -> None:
    """The last signs of life of the dead are a minute old now; those of the living stay as they are.

    A living worker whose sign of life was aged as well could lose a job that it is at, while a busy machine keeps it
    from giving the next one: no worker is silent for ten seconds and at work in the eleventh.
    """
    living = len(QUEUES) * sum(each.lives for each in started)
    before, deadline = _signs_of_life(database), time.monotonic() + 120
    while len(heard := _signs_of_life(database).items() - before.items()) < living:
        assert time.monotonic() < deadline, "a worker that lives gave no sign of life"
        time.sleep(0.05)  # the rows are written by other processes
    silent = sorted(before.keys() - {worker_id for worker_id, _ in heard})
    with database.transaction() as session:
        session.execute(_AGE, {"ids": silent})


_AGE = text("update procrastinate_workers set last_heartbeat = now() - interval '1 minute' where id = any(:ids)")


def _signs_of_life(database: Database) -> dict[int, datetime]:
    with database.transaction() as session:
        rows = session.execute(text("select id, last_heartbeat from procrastinate_workers"))
        return {row.id: row.last_heartbeat for row in rows}
