"""Bringing a database to the newest migration, and telling whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

_FOLDER = Path(__file__).resolve().parent.parent.parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def upgrade(engine: Engine) -> None:
    """Run what is missing. Replicas that start together wait for each other on an advisory lock."""
    with engine.connect() as connection:
        # Migrations may take longer than a request may.
        connection.execute(text("set statement_timeout = '10min'"))
        connection.execute(text("select pg_advisory_lock(7331001)"))
        connection.commit()
        try:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("select pg_advisory_unlock(7331001)"))
            connection.commit()
    engine.dispose()  # the changed timeout must not live on in the pool


def behind(engine: Engine) -> str | None:
    """None when the database is at the newest migration, else a sentence."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return None
    return f"The database is at migration {current or 'none'}, the code at {head}: run `tocsin db upgrade`."
