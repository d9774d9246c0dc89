"""Ends the PostgreSQL of a test process that was ended from outside: `python guard.py FOLDER`.

It waits for the end of its stdin, whose other end only the test process holds: the kernel closes that even after
`kill -9`. Then it stops the server whose data is in FOLDER/pg, if there still is one, and removes the folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Have a guard watch over the folder, in a session of its own: what ends the tests must not end it first."""
    program = [sys.executable, "-S", "-E", __file__, str(folder)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, start_new_session=True) as guard:
        try:
            yield
        finally:
            assert guard.stdin is not None
            guard.stdin.close()


def main(folder: Path) -> None:
    """Wait, then tidy."""
    sys.stdin.buffer.read()
    with suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        server = int((folder / "pg" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        os.kill(server, signal.SIGQUIT)  # at once: nobody needs this data again
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
