"""The embedded PostgreSQL is stopped by the last process to leave, even if another was killed before."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import Queue

import psutil
from sqlalchemy.exc import OperationalError

from bot.store.embedded import embedded_postgres
from bot.store.engine import Database

_HOLD = """
import sys
from pathlib import Path
from bot.store.embedded import embedded_postgres
with embedded_postgres(Path(sys.argv[1])):
    print("running", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_does_not_keep_the_server_alive() -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-embedded-") as name:
        killed = subprocess.Popen(
            [sys.executable, "-c", _HOLD, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert killed.stdout is not None
        assert killed.stdout.readline() == "running\n"
        server = psutil.Process(int((Path(name) / "postmaster.pid").read_text().split()[0]))
        killed.kill()
        killed.wait()
        with embedded_postgres(Path(name)):
            assert server.is_running()
        gone, _ = psutil.wait_procs([server], timeout=60)
        assert gone == [server]


def test_a_server_that_dies_is_started_again_and_one_that_cannot_be_is_said() -> None:
    said: Queue[str] = Queue()
    with tempfile.TemporaryDirectory(prefix="tocsin-embedded-") as name:
        with embedded_postgres(Path(name), said.put) as url:
            database = Database(url, connections=1)
            for _ in range(2):
                kill_server(Path(name))
                assert wait_for_answer(database)
            (Path(name) / "PG_VERSION").write_text("7\n")
            kill_server(Path(name))
            sentence = said.get(timeout=120)
            database.close()
        assert sentence.startswith("The embedded PostgreSQL died and does not start again. Its log is ")
        assert said.empty()


def kill_server(folder: Path) -> None:
    psutil.Process(int((folder / "postmaster.pid").read_text().split()[0])).kill()


def wait_for_answer(database: Database, seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return database.answers()
        except OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)  # a server that starts tells nobody
