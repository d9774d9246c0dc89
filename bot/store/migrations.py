"""Bringing a database to the newest migration, and telling whether it is there."""

from __future__ import annotations

from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from bot.errors import InvalidSettings
from bot.store.connection import LimitedConnection

_FOLDER = Path(__file__).resolve().parent.parent.parent / "migrations"

NEWER = "which this version of Tocsin does not have"
_MINUTES = 10  # for one statement of a migration
_IN_USE = (
    "The database was not upgraded: another session holds a lock on a table that has to change."
    " End that session, or wait for it, and run `tocsin db upgrade` again."
)


def upgrade(engine: Engine) -> None:
    """Run what is missing. Who starts together waits for each other on an advisory lock, ten minutes at most.

    Raises InvalidSettings where the database is newer than the code, or a table is in use for too long.
    """
    try:
        if sentence := _newer(engine):
            raise InvalidSettings(sentence)
        with engine.connect() as connection:
            _upgrade(connection)
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise InvalidSettings(_IN_USE) from error
        raise
    finally:
        engine.dispose()  # the changed time limits must not stay in the pool


def _upgrade(connection: Connection) -> None:
    from alembic import command  # a tenth of the time that a start takes, and only upgrades need it
    from alembic.config import Config

    _take_time(connection)
    connection.execute(text("select pg_advisory_lock(7331001)"))
    connection.execute(text("set lock_timeout = '5s'"))  # what waits for a table holds up all who come after it
    connection.commit()
    try:
        config = Config()
        config.set_main_option("script_location", str(_FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(7331001)"))
        connection.commit()


def _take_time(connection: Connection) -> None:
    """Migrations, and waiting for another process's, may take longer than a request may."""
    line = connection.connection.driver_connection
    if isinstance(line, LimitedConnection):
        line.limit = _MINUTES * 60 + 30
    limits = {"statement_timeout": f"{_MINUTES}min", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
    for name, value in limits.items():
        connection.execute(text(f"set {name} = '{value}'"))


def behind(engine: Engine) -> str | None:
    """None when the database is at the newest migration, else a sentence that says what to do."""
    head, current = _revisions()[-1], _current(engine)
    if current == head:
        return None
    return (
        _newer(engine)
        or f"The database is at migration {current or 'none'}, the code at {head}: run `tocsin db upgrade`."
    )


def _current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()


def _revisions() -> list[str]:
    """The migrations of this code in their order: what the names of their files begin with."""
    return sorted(path.name.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def _newer(engine: Engine) -> str | None:
    """A sentence where the database is at a migration that this code does not have."""
    current = _current(engine)
    if current is None or current in _revisions():
        return None
    return (
        f"The database is at migration {current}, {NEWER}:"
        " upgrade the program to the version that upgraded the database."
    )
