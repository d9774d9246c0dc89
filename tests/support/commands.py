"""The command line as processes of its own, forked from one process that has loaded the program's modules.

Each command is a real process with nothing in its environment but what is said here; only the second and a half of
imports is shared. The process that forks ends with the test process, however that ends.
"""

from __future__ import annotations

import atexit
import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot.settings import REPOSITORY

Run = subprocess.CompletedProcess[str]
LONGEST = 240  # seconds after which a command hangs; nothing is measured by it
_LOADED = ["bot.__main__", "bot.wiring.service", "bot.wiring.doctor", "bot.store.embedded", "bot.console.serving"]
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(_LOADED)


def run_command(words: Sequence[str], environment: Mapping[str, str], stdin: bytes = b"") -> Run:
    """Run `tocsin WORDS…` to its end: exit status, stdout and stderr. Fails where it hangs or prints a traceback."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as name:
        folder = Path(name)
        (folder / "stdin").write_bytes(stdin)
        process = _forking.Process(target=_run_on_files, args=(list(words), dict(environment), folder))
        process.start()
        try:
            process.join(LONGEST)
            assert process.exitcode is not None, f"tocsin {' '.join(words)} did not end in {LONGEST} s"
        finally:
            process.kill()
            process.join()
        out, err = ((folder / stream).read_text(encoding="utf-8") for stream in ("stdout", "stderr"))
        assert "Traceback" not in err, err
        return Run(list(words), process.exitcode, out, err)


def start_command(words: Sequence[str], environment: Mapping[str, str]) -> tuple[ForkServerProcess, io.BufferedReader]:
    """Start `tocsin WORDS…` in a session of its own; the process, and what it writes to stderr, to be read."""
    reader, writer = _forking.Pipe(duplex=False)
    process = _forking.Process(target=_run_on_pipe, args=(list(words), dict(environment), writer))
    process.start()
    writer.close()
    stderr = os.fdopen(os.dup(reader.fileno()), "rb")
    reader.close()
    return process, stderr


def _run_on_files(words: list[str], environment: dict[str, str], folder: Path) -> None:
    made = os.O_WRONLY | os.O_CREAT
    out, err = (os.open(folder / stream, made, 0o600) for stream in ("stdout", "stderr"))
    streams = os.open(folder / "stdin", os.O_RDONLY), out, err
    _run(words, environment, streams)


def _run_on_pipe(words: list[str], environment: dict[str, str], stderr: Connection) -> None:
    os.setsid()  # a test's Ctrl-C is not its own
    nothing = os.open(os.devnull, os.O_RDWR)
    _run(words, environment, (nothing, nothing, stderr.fileno()))


def _run(words: list[str], environment: dict[str, str], streams: tuple[int, int, int]) -> None:
    """Become the command: streams, environment and folder as a shell would give them."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(REPOSITORY)
    sys.argv = ["tocsin", *words]
    from bot.__main__ import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # a forked process ends without them
        with suppress(BrokenPipeError):
            sys.stdout.flush()
