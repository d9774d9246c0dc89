"""The embedded PostgreSQL is stopped by the last process to leave, even if another was killed before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import Queue

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.store import embedded_server
from bot.store.embedded import embedded_postgres
from bot.store.embedded_server import data_folder
from bot.store.engine import Database

_HOLD = """
import sys
from pathlib import Path
from bot.store.embedded import embedded_postgres
from bot.store.embedded_server import data_folder
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


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "with another process"])
def test_who_has_no_time_left_takes_the_server_along_unless_another_process_uses_it(shared: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-embedded-") as name:
        end = "from bot.store.embedded import leave_at_once\nimport os\nleave_at_once(Path(sys.argv[1]))\nos._exit(0)"
        program = _HOLD.replace("sys.stdin.read()", "sys.stdin.read()\n    " + end.replace("\n", "\n    "))
        ending = subprocess.Popen(
            [sys.executable, "-c", program, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert ending.stdout is not None and ending.stdout.readline() == "running\n"
        server = psutil.Process(int((Path(name) / "postmaster.pid").read_text().split()[0]))
        with ExitStack() as stack:
            if shared:
                stack.enter_context(embedded_postgres(Path(name)))
            ending.communicate()
            assert server.is_running() or not shared
        assert psutil.wait_procs([server], timeout=60)[0] == [server]


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


@pytest.mark.parametrize("name", ["short", "a long path " * 12], ids=["short", "long"])
def test_nobody_else_reaches_the_server_and_no_folder_of_others_changes_its_rights(name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-embedded-") as above:
        closed = Path(above) / "closed"
        folder = closed / name.strip() / "postgres"
        folder.parent.mkdir(parents=True)
        closed.chmod(0o700)
        before = {path: stat.S_IMODE(path.stat().st_mode) for path in (*folder.parents,)}
        with embedded_postgres(folder) as url:
            assert {path: stat.S_IMODE(path.stat().st_mode) for path in (*folder.parents,)} == before
            data = folder.resolve()
            socket = Path(url.partition("?host=")[2])
            guard = data if socket == data else socket.parent
            assert stat.S_IMODE(guard.stat().st_mode) == 0o700
            assert guard.stat().st_uid == data.stat().st_uid
            server = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
            assert server.net_connections("tcp") == []
            database = Database(url, connections=1)
            with database.transaction() as session:
                rules = session.execute(text("select type, auth_method from pg_hba_file_rules")).all()
                assert [tuple(rule) for rule in rules] == [("local", "peer")]
            database.close()
            stranger = _as_nobody(socket) if os.geteuid() == 0 else "denied"
            assert "denied" in stranger.lower() or "failed" in stranger.lower()


def _as_nobody(socket: Path) -> str:
    """What another account of the machine is told that tries to connect."""
    code = f"import psycopg; psycopg.connect(host={str(socket)!r}, user='postgres')"
    ended = subprocess.run(
        [sys.executable, "-c", f"import psycopg, os; os.setuid(65534); {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="another account is needed only where Tocsin is root")
def test_data_to_which_no_folder_leads_any_more_is_removed() -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-embedded-") as above:
        first, second = Path(above) / "first", Path(above) / "second"
        left = data_folder(first)
        assert left != first and first.resolve() == left
        assert data_folder(first) == left, "found again"
        first.unlink()
        data_folder(second)
        assert not left.exists()


def test_of_processes_of_root_that_start_together_all_get_the_same_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two folders at once, each asked for by several: nobody fails, and nobody takes another's for an orphan's."""
    monkeypatch.setattr(embedded_server, "_ELSEWHERE", tmp_path / "elsewhere")
    monkeypatch.setattr(embedded_server, "_may_enter", lambda folder: False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    wanted = [tmp_path / "one" / "data", tmp_path / "two" / "data"] * 4
    together = threading.Barrier(len(wanted))

    def start(folder: Path) -> Path:
        together.wait(60)
        return data_folder(folder)

    with ThreadPoolExecutor(len(wanted)) as threads:
        found = list(threads.map(start, wanted))
    assert found == found[:2] * 4 and found[0] != found[1] and all(data.is_dir() for data in found)


def test_a_folder_that_another_process_just_linked_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_server, "_ELSEWHERE", tmp_path / "elsewhere")
    first = embedded_server._data_elsewhere(tmp_path / "data")
    assert embedded_server._data_elsewhere(tmp_path / "data") == first
    embedded_server.remove_data(tmp_path / "data")
    assert not first.exists() and not (tmp_path / "data").is_symlink()
