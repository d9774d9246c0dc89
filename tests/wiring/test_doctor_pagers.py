"""Doctor and the command line on pagers: which secret is missing, which host is silent, what a test page brought."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.settings import REPOSITORY, Settings
from bot.wiring.doctor.findings import Finding, Known
from bot.wiring.doctor.pagers import pagers
from bot.wiring.policy import load_policy
from tests.support.pager_services import ROUTING_KEY, Pager
from tests.support.rows import NOON

Folder = Callable[[str], Path]
_OLD = "email: platform-oncall@example.com}"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A knowledge folder whose on-call engineer has these methods."""

    def make(methods: str) -> Path:
        knowledge = tmp_path / "knowledge"
        shutil.copytree(REPOSITORY / "knowledge" / "policy", knowledge / "policy")
        file = knowledge / "policy" / "contacts.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(_OLD, f"{_OLD[:-1]}, methods: [{methods}]}}"), encoding="utf-8")
        return knowledge

    return make


def look(knowledge: Path, **settings: str) -> list[Finding]:
    read = Settings.model_validate({"TOCSIN_KNOWLEDGE": str(knowledge), **settings})
    return list(pagers(Known(read, NOON, policy=load_policy(knowledge / "policy"))))


def test_doctor_names_the_secret_that_is_missing_and_the_host_that_is_silent(
    folder: Folder, pager_server: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_PAGER_PD", ROUTING_KEY)
    monkeypatch.setenv("TOCSIN_PAGER_DOWN", "http://127.0.0.1:9/secret-topic")
    monkeypatch.setenv("TOCSIN_PAGER_BARE", "https://ntfy.example.com")
    pager_server.taken.clear()
    knowledge = folder(
        f"{{by: pagerduty, key: TOCSIN_PAGER_PD, url: '{pager_server.url}'}}, {{by: opsgenie, key: TOCSIN_PAGER_NONE}},"
        "{by: ntfy, key: TOCSIN_PAGER_DOWN}, {by: ntfy, key: TOCSIN_PAGER_BARE}, {by: mail}"
    )
    said = [f"{finding.state}: {finding.says}" for finding in look(knowledge)]
    assert said == [
        "ok: PagerDuty (TOCSIN_PAGER_PD): its secret is set, and its host answers",
        "failed: Opsgenie: TOCSIN_PAGER_NONE is not set",
        "failed: ntfy (TOCSIN_PAGER_DOWN): its host could not be reached",
        "failed: ntfy: TOCSIN_PAGER_BARE must be a topic's whole address, such as "
        "https://ntfy.sh/a-topic-nobody-guesses",
        "failed: mail: TOCSIN_MAIL_FROM is not set",
        "ok: acknowledging there does not reach Tocsin, as TOCSIN_PAGERDUTY_WEBHOOK_SECRET, "
        "TOCSIN_OPSGENIE_WEBHOOK_TOKEN, TOCSIN_WEB_URL are not set",
    ]
    assert "secret-topic" not in str(said) and pager_server.taken == [], "nobody is paged"


def test_doctor_without_pagers_says_so() -> None:
    (finding,) = look(REPOSITORY / "knowledge")
    assert finding.state == "ok" and finding.says.startswith("none: people are paged in Slack")


def test_the_command_line_makes_a_test_page_and_fails_where_one_method_does(
    folder: Folder, pager_server: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_PAGER_PD", ROUTING_KEY)
    pager_server.taken.clear()
    knowledge = folder(
        f"{{by: pagerduty, key: TOCSIN_PAGER_PD, url: '{pager_server.url}'}}, {{by: opsgenie, key: TOCSIN_PAGER_NONE}}"
    )
    monkeypatch.setenv("TOCSIN_KNOWLEDGE", str(knowledge))
    ended = CliRunner().invoke(app, ["oncall", "test", "responder"])
    assert ended.exit_code == 1, ended.output
    assert ended.output.splitlines() == [
        "✓ PagerDuty: taken; where it stays open, resolve it there",
        "✗ Opsgenie: TOCSIN_PAGER_NONE is not set. See docs/paging.md.",
    ]
    assert [each.document["payload"]["severity"] for each in pager_server.taken] == ["info"]
