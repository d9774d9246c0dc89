"""What a command imports: those that people wait for make no import that they do not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# All that `tocsin --help` imports beside Python's own; each costs everybody who types it.
HELP = {"annotated_doc", "bot", "shellingham", "typer", "typing_extensions"}
# What takes long to import, and which these commands never need.
HEAVY = {
    "alembic", "bashlex", "boto3", "botocore", "fpdf", "holidays", "icalendar", "mako", "markdown_it", "matplotlib",
    "procrastinate", "psycopg", "pypandoc", "recurring_ical_events", "scipy", "sklearn", "slack_bolt", "slack_sdk",
    "sqlalchemy", "sqlglot", "starlette", "uvicorn",
}  # fmt: skip
# What a bot needs only for an upgrade, a fit, a schedule, a PDF or AWS.
OF_SOME_BOTS = HEAVY & {
    "alembic", "bashlex", "boto3", "botocore", "icalendar", "mako", "matplotlib", "scipy", "sklearn", "sqlglot",
}  # fmt: skip

SCRIPT = """
import sys
from bot.__main__ import app
try:
    app({words!r})
except SystemExit as ended:
    assert not ended.code, ended.code
print("imported:", *sorted({{name.split(".")[0] for name in sys.modules}} - sys.stdlib_module_names))
"""


def imported(script: str, **environment: str) -> set[str]:
    """The packages, beside Python's own, that a process of its own has imported after this."""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    last = run.stdout.splitlines()[-1]
    return {name for name in last.removeprefix("imported:").split() if not name.startswith("_")}


def test_help_imports_what_shows_it_and_nothing_else() -> None:
    found = imported(SCRIPT.format(words=["--help"]))
    assert "typer" in found
    assert found <= HELP


def test_searching_imports_no_database_no_slack_and_no_learning(data_folder: Path) -> None:
    found = imported(SCRIPT.format(words=["similar", "carts are empty after checkout"]), TOCSIN_DATA=str(data_folder))
    assert "numpy" in found
    assert not found & (HEAVY - {"markdown_it"})


def test_judging_imports_no_database_no_slack_and_no_learning_once_the_judge_is_fitted(data_folder: Path) -> None:
    found = imported(SCRIPT.format(words=["classify", "checkout is down"]), TOCSIN_DATA=str(data_folder))
    assert "numpy" in found
    assert not found & HEAVY


def test_a_bot_imports_no_part_that_few_need() -> None:
    names = "print('imported:', *sorted({name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    found = imported(f"import sys; import bot.wiring.service; {names}")
    assert "sqlalchemy" in found
    assert not found & OF_SOME_BOTS
