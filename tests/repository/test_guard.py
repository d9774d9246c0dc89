"""What a test process leaves behind when it is ended from outside: nothing."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from bot.settings import REPOSITORY

LONGEST = 240  # seconds after which something hangs; nothing is measured by it
_HOLD = """
import sys
from pathlib import Path
from bot.store.embedded import embedded_postgres
from tests.support.guard import guarded
folder = Path(sys.argv[1])
with guarded(folder), embedded_postgres(folder / "pg"):
    print((folder / "pg" / "postmaster.pid").read_text().splitlines()[0], flush=True)
    sys.stdin.read()
"""


def test_the_postgresql_of_a_killed_test_process_ends_with_it() -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-", ignore_cleanup_errors=True) as name:
        program = [sys.executable, "-c", _HOLD, name]
        with subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        ) as tests:
            assert tests.stdout is not None
            server = psutil.Process(int(tests.stdout.readline()))
            guard = next(
                child for child in psutil.Process(tests.pid).children() if "guard.py" in " ".join(child.cmdline())
            )
            tests.kill()
        assert psutil.wait_procs([server, guard], timeout=LONGEST)[1] == []
        assert not Path(name).exists()
