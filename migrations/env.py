"""Alembic's environment. The caller hands over a connection; the command line hands over a URL."""

from alembic import context
from sqlalchemy import create_engine

from bot.store.engine import driver_url
from bot.wiring.tables import METADATA


def is_ours(_object: object, name: str | None, _kind: str, _reflected: bool, _other: object) -> bool:
    """Procrastinate's tables are made by its own schema and compared by its own test."""
    return not (name or "").startswith(("procrastinate_", "idx_procrastinate_", "waiting_jobs_by_lock"))


def migrate(connection) -> None:  # type: ignore[no-untyped-def]  # alembic hands over whatever it was given
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_object=is_ours,
        compare_server_default=False,
        # Who works meanwhile waits for the tables of one migration, and not for those of all that are missing.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    url = context.get_x_argument(as_dictionary=True).get("url") or context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise SystemExit("Say which database: alembic -x url=postgresql://… (or use `tocsin db upgrade`).")
    with create_engine(driver_url(url)).connect() as own:
        migrate(own)
        own.commit()
