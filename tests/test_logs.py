"""What is logged holds no secret and opens no page, at any level and of any library."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.logs import configure_logs
from bot.store.engine import Database

SECRET = "Xk3vQ9tR" + "z7LmB2wY"
WORDS = "the leaked\nkey of checkout"  # a traceback quotes lines of the program, which must not hold them


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The loggers as they were, for the tests that follow."""
    root = logging.getLogger()
    handlers, level, made = root.handlers[:], root.level, structlog.get_config()
    quiet = {name: logging.getLogger(name).level for name in ("slack_bolt", "slack_sdk")}
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**made)
    for name, was in quiet.items():
        logging.getLogger(name).setLevel(was)


@pytest.mark.parametrize("as_json", [False, True])
def test_secrets_and_personal_links_are_masked_in_every_line(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    configure_logs("DEBUG", as_json)
    logging.getLogger("slack_bolt").setLevel(logging.DEBUG)
    ours, link = structlog.get_logger("bot.of_this_test"), "https://t.example.com/enter?t=abcdefghijklmnop.qrst"
    ours.debug("said", text=f"DB_PASSWORD={SECRET}", deep={"view": [f"token={SECRET}"]}, link=link)
    logging.getLogger("slack_bolt").debug("payload %s", {"text": f"password: {SECRET}", "link": link})
    try:
        raise ValueError(f"cannot use password={SECRET}")
    except ValueError:
        ours.exception("failed")
    said = capsys.readouterr().err
    assert said.count("[secret masked]") >= 4 and "cannot use" in said
    assert SECRET not in said and "qrst" not in said


@pytest.mark.parametrize(
    "statement",
    [
        "insert into pg_temp.said (line, words) values (null, :words)",  # quotes the row that it refuses
        "insert into pg_temp.said (line, words) values (1, :words), (1, :words)",
        "select cast(:words as integer)",
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_what_the_database_refuses_is_logged_without_what_people_wrote(
    capsys: pytest.CaptureFixture[str], database: Database, statement: str, as_json: bool
) -> None:
    """Security incidents are in those rows, too."""
    configure_logs("INFO", as_json)
    ours = structlog.get_logger("bot.of_this_test")
    try:
        with database.transaction() as session:
            session.execute(text("create temp table said (line integer not null, words text unique) on commit drop"))
            session.execute(text(statement), {"words": WORDS})
    except SQLAlchemyError:
        ours.exception("failed")
    said = capsys.readouterr().err
    assert "sqlalchemy.exc" in said and "failed" in said
    assert "leaked" not in said and "checkout" not in said
