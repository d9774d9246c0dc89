"""Fixtures for all tests: a real PostgreSQL a worker, a migrated database a module."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from bot.settings import REPOSITORY
from bot.severity.judge.judge import load_judge
from bot.severity.policy import load_severity
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database, driver_url
from bot.store.migrations import upgrade
from tests.support.examples import copy_a_tenth
from tests.support.guard import guarded
from tests.support.stage import Stage, staged

# Fixtures of several folders; each module says what they are.
pytest_plugins = [
    "tests.fixtures.slack",
    "tests.fixtures.policy",
    "tests.fixtures.flow",
    "tests.fixtures.job",
    "tests.fixtures.web",
    "tests.fixtures.door",
    "tests.fixtures.pager",
]

# No deadline: how long an example takes says how busy the machine is. `--hypothesis-profile=thorough` searches longer.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("tests"), max_examples=2000)
settings.load_profile("tests")

# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What the developer's own shell says must not reach the tests.
for name in [name for name in os.environ if name.startswith(("SLACK_", "TOCSIN_")) or name == "DATABASE_URL"]:
    del os.environ[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-refusals", action="store_true", help="write docs/slack-refusals.md anew")
    parser.addoption("--pictures", default="", help="a folder into which the browser story puts its pictures")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The last folder has long modules: begun last, they would keep one process at work while the others idle."""
    items.sort(key=lambda item: "tests/wiring/" not in item.nodeid)


@pytest.fixture(scope="session", autouse=True)
def unconfigured_logs() -> Iterator[None]:
    """A command that a test runs in this process would decide for all tests after it which lines are logged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.logs.configure_logs", lambda *_settings: None)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real server that lives as long as this test process.

    Not in pytest's own folder: run as root, the server is another user, whom each start of pytest locks out of there.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-", ignore_cleanup_errors=True) as name,
        guarded(Path(name)),
        embedded_postgres(_enterable(Path(name)) / "pg") as url,
    ):
        forget_at_a_crash(url)
        yield url


def _enterable(folder: Path) -> Path:
    """The folder, which the account of PostgreSQL may enter where the tests are root's."""
    folder.chmod(0o711)
    return folder


def forget_at_a_crash(url: str) -> None:
    """No test pulls the plug of the machine, so nothing has to reach the disk; and nothing is old enough to vacuum."""
    quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "jit": "off"}
    with create_engine(driver_url(url), isolation_level="AUTOCOMMIT").connect() as admin:
        for name, value in quick.items():
            admin.execute(text(f"alter system set {name} = {value}"))
        admin.execute(text("select pg_reload_conf()"))


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """A migrated database to copy, which takes a tenth of migrating each anew."""
    with create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text("create database template_tocsin"))
    url = postgres.replace("/postgres?", "/template_tocsin?")
    database = Database(url, connections=2)
    upgrade(database.engine)
    database.close()
    return url


@pytest.fixture(scope="module")
def database(postgres: str, template: str) -> Iterator[Database]:
    """An empty, migrated database of this module's own."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text(f"create database {name} template template_tocsin"))
    database = Database(postgres.replace("/postgres?", f"/{name}?"), connections=20)
    yield database
    database.close()


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was fitted once, which all test processes share.

    The first process fits the judge, the others wait. The next run finds it again: its name says what it was made of.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "fitted"
    folder.mkdir(exist_ok=True)
    kept = Path(tempfile.gettempdir()) / f"tocsin-tests-{os.getuid()}"
    kept.mkdir(exist_ok=True)
    knowledge = REPOSITORY / "knowledge"
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        load_judge(load_severity(knowledge / "policy" / "severity.yaml"), knowledge / "training", kept)
        for model in sorted(kept.glob("judge-*.npz"), key=lambda each: each.stat().st_mtime)[-3:]:
            shutil.copy(model, folder)
    return folder


@pytest.fixture(scope="session")
def little_knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The knowledge folder with a tenth of the examples: a judge that has to be fitted anew is so in a moment."""
    little = tmp_path_factory.mktemp("knowledge")
    for path in (REPOSITORY / "knowledge").iterdir():
        if path.name != "training":
            (little / path.name).symlink_to(path)
    copy_a_tenth(REPOSITORY / "knowledge" / "training", little / "training")
    return little


@pytest.fixture(scope="module")
def data_folder(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of this module's own, where nothing needs to be fitted again."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "cache").symlink_to(fitted)
    return folder


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The bot running against the playground."""
    folder = Path(tmp_path_factory.mktemp("stage"))
    with staged(database, folder, lambda settings: settings.model_copy(update={"data_folder": data_folder})) as built:
        yield built
