"""The policy files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.console.terminal import load_settings
from bot.errors import BadRequest

app = typer.Typer(no_args_is_help=True, help="The policy files.")


@app.callback()
def policy() -> None:
    """The policy files."""


@app.command("schema")
def policy_schema(
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; knowledge/policy/schema unless said otherwise.")
    ] = None,
) -> None:
    """Write the JSON Schema of each policy file, by which editors complete and check it as you type."""
    settings = load_settings()
    from bot.wiring.policy import write_schemas

    try:
        written = write_schemas(folder or settings.knowledge_folder / "policy" / "schema")
    except OSError as error:
        raise BadRequest(f"{error.filename}: {error.strerror}. Name a folder that you may write to.") from error
    for path in written:
        print(path)
