"""The embedded PostgreSQL dies under a living bot: it runs again, or the process ends and says why."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.seed import seed_workspace
from bot.settings import REPOSITORY
from slack_playground.app import Playground
from slack_playground.workspace.manifest import read_manifest
from tests.faults.children import child
from tests.faults.readiness import free_port, wait_for_readiness
from tests.store.test_embedded import kill_server


@pytest.fixture
def home(fitted: Path) -> Iterator[Path]:
    """A data folder with nothing to fit. Not in pytest's own, which the server's user may not enter."""
    with tempfile.TemporaryDirectory(prefix="tocsin-home-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        (Path(name) / "cache").symlink_to(fitted)
        yield Path(name)


def test_a_bot_outlives_its_embedded_database_or_ends_with_a_sentence(home: Path) -> None:
    port, log = free_port(), home / "log.txt"
    with Playground(seed_workspace(manifest=read_manifest(REPOSITORY / "slack-manifest.yaml"))) as playground:
        environment = {
            "SLACK_BASE_URL": playground.api_url,
            "SLACK_BOT_TOKEN": "xoxb-playground",
            "SLACK_SIGNING_SECRET": "playground",
            "TOCSIN_DATA": str(home),
            "TOCSIN_WEB_PORT": str(port),
        }
        with child("run", environment, log) as bot:
            wait_for_readiness(port, True)
            kill_server(home / "postgres")
            assert any(reason.startswith("database: ") for reason in wait_for_readiness(port, False))
            assert wait_for_readiness(port, True) == []
            kill_server(home / "postgres")
            assert bot.stop(within=20) == 0, "also before it runs again"
        with child("run", environment, log) as bot:
            wait_for_readiness(port, True)
            (home / "postgres" / "PG_VERSION").write_text("7\n")
            kill_server(home / "postgres")
            assert bot.wait() == 1
    last = log.read_text().splitlines()[-1]
    assert last.startswith("The embedded PostgreSQL died and does not start again.")
