"""The version before, as the repository has it: the newest commit whose migrations are not the present ones."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.settings import REPOSITORY

_VERSIONS = "migrations/versions"
_LONGEST = 120  # seconds for one of its processes to be ready, or to end; nothing is measured by it


def version_before(folder: Path) -> Path:
    """Its code, laid out in the folder. The test is skipped where the checkout has no history or lacks its packages."""
    if _git("rev-parse", "--is-shallow-repository").strip() != b"false":
        pytest.skip("this checkout has no history to take the version before from")
    files = set(_git("ls-tree", "--name-only", "HEAD", f"{_VERSIONS}/").split())
    commits = _git("log", "--format=%H", "HEAD", "--", _VERSIONS).decode().split()
    before = next((f"{one}^" for one in commits if set(_listed(f"{one}^")) < files), None)
    if before is None:
        pytest.skip("no commit before this one has other migrations")
    with tarfile.open(fileobj=io.BytesIO(_git("archive", before))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(REPOSITORY), *words], capture_output=True, check=False)
    return done.stdout


def _listed(commit: str) -> list[bytes]:
    return _git("ls-tree", "--name-only", commit, f"{_VERSIONS}/").split()


class OldProcess:
    """One process of the version before, by its own code."""

    def __init__(self, code: Path, words: list[str], environment: dict[str, str], log: Path) -> None:
        self._log = log
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", *words],
                cwd=code,
                env=kept | environment | {"PYTHONPATH": str(code)},
                stdout=stream,
                stderr=subprocess.PIPE,
            )
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stderr, self._log.open("ab") as log:
            for line in stderr:
                log.write(line)
                if line.startswith(b"Tocsin is"):
                    self._ready.set()
        self._ready.set()

    def wait_until_ready(self) -> None:
        assert self._ready.wait(_LONGEST), "the version before did not become ready"
        assert self._process.poll() is None, self._log.read_text()

    def stop(self) -> int:
        """As systemd does; the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Until it ends by itself; the exit status."""
        status = self._process.wait(_LONGEST)
        self._reader.join(_LONGEST)
        if b"ModuleNotFoundError" in self._log.read_bytes():
            pytest.skip("the version before needs a package that this one no longer installs")
        return status

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(_LONGEST)
        self._reader.join(_LONGEST)


@contextmanager
def old_process(code: Path, words: list[str], environment: dict[str, str], log: Path) -> Iterator[OldProcess]:
    """A process of the version before, gone when the block ends."""
    process = OldProcess(code, words, environment, log)
    try:
        yield process
    finally:
        process.kill()
