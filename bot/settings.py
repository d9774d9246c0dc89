"""The environment as one frozen Settings. The only reader of os.environ; imported by the wiring alone."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import InvalidSettings

SHORTEST_TOKEN = 16  # characters
REPOSITORY = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Every setting with its environment variable. Absent DATABASE_URL means: the embedded PostgreSQL."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True)

    database_url: str | None = Field(None, validation_alias="DATABASE_URL", repr=False)  # may hold a password
    slack_base_url: str = Field("https://slack.com/api/", validation_alias="SLACK_BASE_URL")
    slack_bot_token: SecretStr | None = Field(None, validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(None, validation_alias="SLACK_APP_TOKEN")
    slack_signing_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), validation_alias="SLACK_SIGNING_SECRET"
    )
    data_folder: Path = Field(Path(".tocsin"), validation_alias="TOCSIN_DATA")
    knowledge_folder: Path = Field(REPOSITORY / "knowledge", validation_alias="TOCSIN_KNOWLEDGE")
    embeddings_folder: Path | None = Field(None, validation_alias="TOCSIN_EMBEDDINGS")
    web_host: str = Field("127.0.0.1", validation_alias="TOCSIN_WEB_HOST")
    web_port: int = Field(8080, ge=0, le=65535, validation_alias="TOCSIN_WEB_PORT")
    web_url: str | None = Field(None, validation_alias="TOCSIN_WEB_URL")
    secret_key: SecretStr | None = Field(None, min_length=16, validation_alias="TOCSIN_SECRET_KEY")
    pagerduty_webhook_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), validation_alias="TOCSIN_PAGERDUTY_WEBHOOK_SECRET"
    )
    opsgenie_webhook_token: SecretStr | None = Field(
        None, min_length=16, validation_alias="TOCSIN_OPSGENIE_WEBHOOK_TOKEN"
    )
    aws_region: str | None = Field(None, validation_alias="AWS_REGION")
    mail_from: str | None = Field(None, validation_alias="TOCSIN_MAIL_FROM")
    text_messages: bool = Field(False, validation_alias="TOCSIN_TEXT_MESSAGES")
    archive_bucket: str | None = Field(None, validation_alias="TOCSIN_ARCHIVE_BUCKET")
    archive_prefix: str = Field("incidents", validation_alias="TOCSIN_ARCHIVE_PREFIX")
    status_page: bool = Field(False, validation_alias="TOCSIN_STATUS_PAGE")
    status_bucket: str | None = Field(None, validation_alias="TOCSIN_STATUS_BUCKET")
    status_prefix: str = Field("", validation_alias="TOCSIN_STATUS_PREFIX")
    alarm_queues: Annotated[tuple[str, ...], NoDecode] = Field((), validation_alias="TOCSIN_ALARM_QUEUES")
    clock_file: Path | None = Field(None, validation_alias="TOCSIN_CLOCK_FILE")
    log_level: str = Field("INFO", validation_alias="TOCSIN_LOG_LEVEL")
    log_json: bool = Field(False, validation_alias="TOCSIN_LOG_JSON")

    @field_validator("slack_signing_secrets", "pagerduty_webhook_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Several secrets, comma-separated, while one is being rotated out."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("alarm_queues", mode="before")
    @classmethod
    def _each(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"postgres(ql)?(\+psycopg)?://", value):
            raise ValueError("must start with postgresql://")
        return value

    @field_validator("slack_base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("must be an http(s) address such as https://slack.com/api/")
        return value if value.endswith("/") else value + "/"

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"([^<>@]*<)?[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>?", value):
            raise ValueError("must be an address such as tocsin@example.com or Tocsin <tocsin@example.com>")
        return value

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @property
    def public_url(self) -> str:
        """Where people's browsers reach the pages, without a slash at the end."""
        return (self.web_url or f"http://127.0.0.1:{self.web_port}").rstrip("/")

    @property
    def link_key(self) -> str | None:
        """The key that signs links to pages: the setting, or one made of the bot token (rotating it ends old links)."""
        if self.secret_key:
            return self.secret_key.get_secret_value()
        if self.slack_bot_token:
            return hashlib.sha256(b"tocsin-links:" + self.slack_bot_token.get_secret_value().encode()).hexdigest()
        return None


def read_tokens(variables: Mapping[str, str]) -> dict[str, str]:
    """The secrets that policy names by environment variable, by the same keys; "" for one that is not set.

    Raises InvalidSettings for one that could be guessed.
    """
    found = {name: os.environ.get(variable, "").strip() for name, variable in variables.items()}
    short = [variables[name] for name, token in found.items() if 0 < len(token) < SHORTEST_TOKEN]
    if short:
        raise InvalidSettings(
            f"{short[0]} has fewer than {SHORTEST_TOKEN} characters: make one by `openssl rand -hex 32`."
        )
    return found


_REMEDIES = {
    "SLACK_BOT_TOKEN": "copy it from your app's page, OAuth & Permissions → Bot User OAuth Token (xoxb-…)",
    "SLACK_APP_TOKEN": (
        "create it on your app's page, Basic Information → App-Level Tokens, scope connections:write (xapp-…)"
    ),
}


def read_settings() -> Settings:
    """The settings of this process. InvalidSettings has one line for each wrong value."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [f"{item['loc'][0]}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()]
        raise InvalidSettings("\n".join(lines)) from None


PAGER_SECRETS = "TOCSIN_PAGER_"


def read_pager_secret(name: str) -> str | None:
    """The secret of a pager that contacts.yaml names. Other variables are not read, so that no policy file can."""
    return os.environ.get(name) if name.startswith(PAGER_SECRETS) else None


TRACKER_SECRETS = "TOCSIN_TRACKER_"


def read_tracker_secret(name: str) -> str | None:
    """The secret of an issue tracker that trackers.yaml names, and no other variable."""
    return os.environ.get(name) if name.startswith(TRACKER_SECRETS) else None


def missing_for_slack(settings: Settings, *, listening: bool = True) -> list[str]:
    """What has to be set before the bot can talk to Slack: one line each with the way to set it.

    Who only posts needs no way in; who listens needs Socket Mode's app token, or signing secrets for HTTP.
    """
    lines = [_wrong("SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-")]
    if listening and not (settings.slack_signing_secrets and settings.slack_app_token is None):
        lines.append(_wrong("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-"))
    return [line for line in lines if line]


def _wrong(name: str, value: SecretStr | None, prefix: str) -> str | None:
    if value is None:
        return f"{name} is not set: {_REMEDIES[name]}"
    if not value.get_secret_value().startswith(prefix):
        return f"{name} does not start with {prefix}: {_REMEDIES[name]}"
    return None
