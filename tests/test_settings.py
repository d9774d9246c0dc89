"""Settings: several secrets, defaults that work alone, one clear line for each mistake, no secret in any of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.errors import InvalidSettings
from bot.settings import REPOSITORY, Settings, missing_for_slack, read_settings

SECRETS = {
    "DATABASE_URL": "postgresql://tocsin:database-secret@db.example.com/tocsin",
    "SLACK_BOT_TOKEN": "xoxb-bot-secret",
    "SLACK_APP_TOKEN": "xapp-app-secret",
    "SLACK_SIGNING_SECRET": "signing-secret-old, signing-secret-new",
    "TOCSIN_SECRET_KEY": "a-key-secret-of-enough-length",
}


def environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def refusal() -> list[str]:
    with pytest.raises(InvalidSettings) as refused:
        read_settings()
    return str(refused.value).splitlines()


def test_nothing_need_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings()
    assert settings.database_url is None
    assert settings.slack_base_url == "https://slack.com/api/"
    assert settings.knowledge_folder == REPOSITORY / "knowledge" and settings.knowledge_folder.is_dir()
    assert settings.data_folder == Path(".tocsin")
    assert settings.web_host == "127.0.0.1", "pages are shown to this machine alone unless somebody says otherwise"
    assert settings.link_key is None


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [str(field.validation_alias) for field in Settings.model_fields.values()]
    environment(monkeypatch, **dict.fromkeys(names, ""))
    assert read_settings() == Settings.model_validate({})


def test_several_signing_secrets_are_taken_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, SLACK_SIGNING_SECRET=" one , two,,")
    assert [secret.get_secret_value() for secret in read_settings().slack_signing_secrets] == ["one", "two"]
    environment(monkeypatch, SLACK_SIGNING_SECRET="only")
    assert [secret.get_secret_value() for secret in read_settings().slack_signing_secrets] == ["only"]


def test_every_wrong_setting_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(
        monkeypatch,
        DATABASE_URL="mysql://tocsin:database-secret@db.example.com/tocsin",
        SLACK_BASE_URL="slack.com/api",
        TOCSIN_WEB_PORT="70000",
        TOCSIN_SECRET_KEY="short-secret",
        TOCSIN_LOG_LEVEL="LOUD",
        TOCSIN_LOG_JSON="perhaps",
    )
    lines = refusal()
    said = dict(line.split(": ", 1) for line in lines)
    assert said["DATABASE_URL"] == "must start with postgresql://"
    assert said["SLACK_BASE_URL"] == "must be an http(s) address such as https://slack.com/api/"
    assert said["TOCSIN_LOG_LEVEL"] == "must be DEBUG, INFO, WARNING or ERROR"
    assert "65535" in said["TOCSIN_WEB_PORT"] and "16" in said["TOCSIN_SECRET_KEY"]
    assert said.keys() == {
        "DATABASE_URL",
        "SLACK_BASE_URL",
        "TOCSIN_WEB_PORT",
        "TOCSIN_SECRET_KEY",
        "TOCSIN_LOG_LEVEL",
        "TOCSIN_LOG_JSON",
    }
    assert "secret" not in " ".join(said.values())


@pytest.mark.parametrize("spelled", ["postgres://h/x", "postgresql://h/x", "postgresql+psycopg://h/x"])
def test_every_usual_spelling_of_a_postgres_address_is_taken(monkeypatch: pytest.MonkeyPatch, spelled: str) -> None:
    environment(monkeypatch, DATABASE_URL=spelled)
    assert read_settings().database_url == spelled


def test_slacks_address_ends_with_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, SLACK_BASE_URL="http://127.0.0.1:8000/api")
    assert read_settings().slack_base_url == "http://127.0.0.1:8000/api/"


def test_no_secret_is_shown_by_the_settings_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, **SECRETS)
    settings = read_settings()
    shown = f"{settings!r} {settings} {settings.model_dump(exclude={'database_url'})}"
    assert "secret" not in shown.replace("slack_signing_secrets", "").replace("secret_key", "")
    assert settings.slack_bot_token is not None and settings.slack_bot_token.get_secret_value() == "xoxb-bot-secret"


def test_settings_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError):
        read_settings().web_port = 1  # type: ignore[misc]  # that it is refused is the point


def test_missing_tokens_are_named_together_with_where_to_find_them() -> None:
    lines = missing_for_slack(Settings.model_validate({}))
    assert [line.partition(" ")[0] for line in lines] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    assert all("your app's page" in line for line in lines)


def test_tokens_in_each_others_place_are_told_without_showing_them() -> None:
    swapped = {"SLACK_BOT_TOKEN": "xapp-app-secret", "SLACK_APP_TOKEN": "xoxb-bot-secret"}
    lines = missing_for_slack(Settings.model_validate(swapped))
    assert [re.sub(":.*", "", line) for line in lines] == [
        "SLACK_BOT_TOKEN does not start with xoxb-",
        "SLACK_APP_TOKEN does not start with xapp-",
    ]
    assert "secret" not in " ".join(lines)


def test_what_is_needed_depends_on_how_slack_is_heard() -> None:
    posting = Settings.model_validate({"SLACK_BOT_TOKEN": "xoxb-1"})
    assert missing_for_slack(posting, listening=False) == []
    assert len(missing_for_slack(posting)) == 1
    over_http = Settings.model_validate({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"})
    assert missing_for_slack(over_http) == []


def test_links_are_signed_by_the_key_or_by_one_made_of_the_bot_token() -> None:
    derived = Settings.model_validate({"SLACK_BOT_TOKEN": "xoxb-bot-secret"}).link_key
    assert derived and "secret" not in derived
    chosen = Settings.model_validate({"SLACK_BOT_TOKEN": "xoxb-bot-secret", "TOCSIN_SECRET_KEY": "k" * 16}).link_key
    assert chosen == "k" * 16


@pytest.mark.parametrize("command", ["run", "listen"])
def test_a_start_without_tokens_says_all_that_is_missing(command: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", command],
        env={"TOCSIN_DATA": str(tmp_path)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1 and ended.stdout == ""
    assert "SLACK_BOT_TOKEN is not set" in ended.stderr and "SLACK_APP_TOKEN is not set" in ended.stderr
    assert "make demo" in ended.stderr and "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == [], "no database is made for a bot that cannot start"


def test_a_start_with_wrong_settings_prints_their_lines(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env={"TOCSIN_WEB_PORT": "many", "SLACK_BASE_URL": "x"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == ["SLACK_BASE_URL", "TOCSIN_WEB_PORT"]


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "bot").rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b|\bimport environ\b", path.read_text(encoding="utf-8"))
        and path.name != "settings.py"
    ]
    # The demo is a way in of its own: it hands the bot's settings to the processes that it starts.
    assert [path for path in readers if not path.startswith("bot/demo/")] == []
