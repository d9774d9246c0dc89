"""All migrations, run on an empty database, make what the code describes."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from types import ModuleType
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, Engine, create_engine, text

from bot.errors import InvalidSettings
from bot.settings import REPOSITORY
from bot.store import migrations
from bot.store.engine import Database, driver_url
from bot.store.migrations import ahead, behind, upgrade
from bot.wiring.tables import METADATA
from migrations.contractions import contractions, statements

_QUEUE_S_OWN = ("procrastinate_", "idx_procrastinate_", "waiting_jobs_by_lock")


@pytest.fixture
def empty(postgres: str) -> Iterator[Database]:
    """A database in which nothing is."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text(f"create database {name}"))
    database = Database(postgres.replace("/postgres?", f"/{name}?"), connections=2)
    yield database
    database.close()


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(REPOSITORY / "migrations"))
    return ScriptDirectory.from_config(config)


def _differences(engine: Engine) -> list[Any]:
    def ours(_object: object, name: str | None, *_: object) -> bool:
        return not (name or "").startswith(_QUEUE_S_OWN)

    with engine.connect() as connection:
        options = {"include_object": ours, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))


def test_the_migrations_make_the_tables_of_the_code(empty: Database) -> None:
    assert _differences(empty.engine) != []
    upgrade(empty.engine)
    assert _differences(empty.engine) == []


def test_the_files_of_the_migrations_are_named_in_the_order_in_which_they_run(empty: Database) -> None:
    steps = [script.revision for script in scripts().walk_revisions()]
    assert migrations._revisions() == steps[::-1]


def test_a_database_that_is_behind_is_told_what_to_do(empty: Database) -> None:
    sentence = behind(empty.engine)
    assert sentence is not None
    assert "migration none" in sentence
    assert "`tocsin db upgrade`" in sentence
    upgrade(empty.engine)
    assert behind(empty.engine) is None


def test_upgrading_again_changes_nothing(empty: Database) -> None:
    upgrade(empty.engine)
    upgrade(empty.engine)
    assert behind(empty.engine) is None


def test_the_changed_time_limit_of_migrations_does_not_stay(empty: Database) -> None:
    upgrade(empty.engine)
    with empty.engine.connect() as connection:
        assert connection.execute(text("show statement_timeout")).scalar_one() == "15s"


def test_an_upgrade_beside_another_waits_for_it(empty: Database) -> None:
    with create_engine(driver_url(empty.url)).connect() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text("select pg_advisory_lock(7331001)"))
        waiting = pool.submit(upgrade, empty.engine)
        with pytest.raises(NotYet):  # longer than a request may wait for a lock
            waiting.result(3)
        other.execute(text("select pg_advisory_unlock(7331001)"))
        waiting.result(60)
    assert behind(empty.engine) is None


def test_a_table_in_use_gives_one_sentence(empty: Database) -> None:
    upgrade(empty.engine)
    with create_engine(driver_url(empty.url)).connect() as other:
        other.execute(text("lock table alembic_version in access exclusive mode"))
        with pytest.raises(InvalidSettings, match="another session holds a lock"):
            upgrade(empty.engine)


def test_a_migration_and_somebody_at_work_who_wait_for_each_other_both_get_through(empty: Database) -> None:
    upgrade(empty.engine)
    taken, tries = threading.Event(), []

    def works(connection: Connection) -> None:
        connection.execute(text("lock table reports in row exclusive mode"))
        taken.set()
        connection.execute(text("lock table incidents in row exclusive mode"))
        connection.rollback()

    def migrates(connection: Connection, pool: ThreadPoolExecutor, other: Connection) -> None:
        tries.append(connection.execute(text("lock table incidents in access exclusive mode")))
        if len(tries) == 1:
            working.append(pool.submit(works, other))
            taken.wait()
        connection.execute(text("lock table reports in access exclusive mode"))

    working: list[Future[None]] = []
    with empty.engine.connect() as ours, empty.engine.connect() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text("set deadlock_timeout = '1h'"))  # it is the migration that PostgreSQL ends
        other.commit()
        migrations._repeated_at_deadlocks(lambda: migrates(ours, pool, other), ours)
        ours.rollback()
        working[0].result(60)
    assert len(tries) == 2


def test_a_database_that_is_newer_is_told_to_upgrade_the_program(empty: Database) -> None:
    upgrade(empty.engine)
    with empty.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999_later'"))
        connection.execute(text("comment on table alembic_version is 'needs 9998'"))
    sentence = behind(empty.engine)
    assert sentence is not None
    assert "upgrade the program" in sentence
    assert "db upgrade" not in sentence
    with pytest.raises(InvalidSettings, match="upgrade the program"):
        upgrade(empty.engine)


def test_the_version_before_starts_on_an_upgraded_database_that_took_nothing_from_it(empty: Database) -> None:
    upgrade(empty.engine)
    assert not ahead(empty.engine)
    with empty.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999_later'"))
    assert ahead(empty.engine)
    assert behind(empty.engine) is None
    upgrade(empty.engine)
    assert ahead(empty.engine), "it goes back by itself, and leaves the tables as they are"


_VERSIONS = [script.module for script in scripts().walk_revisions() if script.revision > "0002"]


@pytest.mark.parametrize("migration", _VERSIONS, ids=lambda migration: migration.revision)
def test_a_migration_only_adds_or_says_which_code_can_do_without(migration: ModuleType) -> None:
    found = contractions(statements(migration))
    needs = getattr(migration, "NEEDS", None)
    assert bool(found) is (needs is not None), f"only what takes away or demands has NEEDS: {found}"
    assert needs is None or needs <= migration.revision


@pytest.mark.parametrize(
    "statement",
    [
        "alter table incidents drop column told_at",
        "alter table incidents rename column told_at to heard_at",
        "alter table incidents rename to troubles",
        "alter table incidents alter column ref type varchar(20)",
        "alter table incidents alter column told_at set not null",
        "alter table incidents add column owner text not null",
        "alter table incidents add constraint ck_severity check (severity <> 'p9')",
        "alter table incidents add constraint fk_told_by foreign key(told_by) references people (user_id)",
        "create unique index uq_incidents_title on incidents (title)",
        "alter table incidents add constraint uq_incidents_title unique (title)",
        "drop index ix_incidents_declared_at",
        "drop table used_links",
        "create trigger frozen before update on incidents for each row execute function refuse_change()",
        "update incidents set status = 'open' where status = 'investigating'",
    ],
)
def test_what_the_version_before_would_trip_over_is_no_addition(statement: str) -> None:
    fine = [
        "create table owners (name text not null)",
        "create unique index uq_owners_name on owners (name)",
        "alter table incidents add column owned_by text",
        "alter table incidents add constraint fk_owned_by foreign key(owned_by) references owners (name)",
        "alter table incidents add constraint uq_incidents_owned_by unique (owned_by)",
        "alter table incidents add column watched boolean default false not null",
    ]
    assert contractions([*fine, statement]) == [statement]


_OBJECTS = text(
    """
    select 'table ' || relname from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace and relname like 'procrastinate%'
    union all
    select 'column ' || attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
        from pg_attribute join pg_class on pg_class.oid = attrelid
        where relkind = 'r' and relname like 'procrastinate%' and attnum > 0
    union all
    select 'function ' || proname || ' ' || md5(prosrc) from pg_proc where proname like 'procrastinate%'
    union all
    select 'trigger ' || tgname from pg_trigger where tgname like 'procrastinate%'
    """
)


def _queue_objects(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(_OBJECTS).scalars())


def test_the_job_queue_s_schema_is_the_installed_library_s(empty: Database, database: Database) -> None:
    with empty.engine.begin() as connection:
        connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    wanted = _queue_objects(empty.engine)
    assert len(wanted) > 50
    assert _queue_objects(database.engine) == wanted
