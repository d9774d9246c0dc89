"""Bringing a database to the newest migration, and telling whether it is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from bot.errors import InvalidSettings
from bot.store.connection import LimitedConnection

_FOLDER = Path(__file__).resolve().parent.parent.parent / "migrations"

NEWER = "which this version of Tocsin does not have"
_NEEDS = re.compile(r'^NEEDS = "(\w+)"', re.MULTILINE)
_MINUTES = 10  # for one statement of a migration
_TRIES = 10  # of a migration that PostgreSQL ends because it and somebody at work wait for each other
_IN_USE = (
    "The database was not upgraded: another session holds a lock on a table that has to change."
    " End that session, or wait for it, and run `tocsin db upgrade` again."
)


def upgrade(engine: Engine) -> None:
    """Run what is missing. Who starts together waits for each other on an advisory lock, ten minutes at most.

    Nothing is missing where a newer version upgraded the database, and this code still runs on it.
    Raises InvalidSettings where it no longer does, or a table is in use for too long.
    """
    try:
        if _is_newer(_current(engine)):
            if sentence := _newer(engine):
                raise InvalidSettings(sentence)
            return
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
        _repeated_at_deadlocks(lambda: command.upgrade(config, "head"), connection)
        # The version before, which does not have these migrations, reads here whether it still runs on these tables.
        connection.execute(text(f"comment on table alembic_version is 'needs {_needs()}'"))
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(7331001)"))
        connection.commit()


def _repeated_at_deadlocks(act: Callable[[], None], connection: Connection) -> None:
    """What was committed before a deadlock stays: each migration is a transaction of its own."""
    for left in reversed(range(_TRIES)):
        try:
            act()
        except OperationalError as error:
            if not left or not isinstance(error.orig, psycopg.errors.DeadlockDetected):
                raise
            connection.rollback()
        else:
            return


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
    if _is_newer(current):
        return _newer(engine)
    return f"The database is at migration {current or 'none'}, the code at {head}: run `tocsin db upgrade`."


def ahead(engine: Engine) -> bool:
    """True where a newer version upgraded the database."""
    return _is_newer(_current(engine))


def _current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()


def _revisions() -> list[str]:
    """The migrations of this code in their order: what the names of their files begin with."""
    return sorted(path.name.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def _needs() -> str:
    """The migration from which on code runs on the newest tables; each migration that does more than add names one."""
    files = (_FOLDER / "versions").glob("[0-9]*.py")
    return max((found[1] for file in files if (found := _NEEDS.search(file.read_text("utf-8")))), default="")


def _is_newer(current: str | None) -> bool:
    return current is not None and current not in _revisions()


def _newer(engine: Engine) -> str | None:
    """A sentence where the database was upgraded by a newer version, and this code does not run on it."""
    current = _current(engine)
    if not _is_newer(current):
        return None
    with engine.connect() as connection:
        said = connection.execute(text("select obj_description('alembic_version'::regclass, 'pg_class')")).scalar()
    needs = str(said or "").removeprefix("needs ")
    if needs and needs <= _revisions()[-1]:
        return None
    return (
        f"The database is at migration {current}, {NEWER}:"
        " upgrade the program to the version that upgraded the database."
    )
