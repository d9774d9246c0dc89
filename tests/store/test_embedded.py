"""The embedded PostgreSQL is stopped by the last process to leave, even if another was killed before."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from bot.store.embedded import embedded_postgres

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
