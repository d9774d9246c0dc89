"""`tocsin playbooks`: how playbooks and their steps did here, beside what their sources claim."""

from __future__ import annotations

import csv
import json
import sys
from typing import Annotated

import typer

from bot.console.terminal import load_settings

app = typer.Typer()


@app.command()
def playbooks(
    ref: Annotated[str | None, typer.Argument(help="Only this one, with its steps: PB-lambda")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per playbook.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One row per playbook, and one per step.")] = False,
) -> None:
    """Show playbook usage: runs, incidents resolved, steps that didn't help, and times against their windows."""
    settings = load_settings()
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv", param_hint="--csv")
    from bot.errors import BadRequest
    from bot.playbooks.flows.ledger import read_ledger
    from bot.playbooks.messages import ledger
    from bot.text.control import inert
    from bot.wiring.building import open_database
    from bot.wiring.clock import Clock
    from bot.wiring.knowledge import list_known

    entries = [known.entry for known in list_known(settings)]
    with open_database(settings) as database, database.transaction() as session:
        found = read_ledger(session, entries, Clock(settings.clock_file).now())
    if ref is not None:
        found = [line for line in found if line.ref.casefold() == ref.casefold()]
        if not found:
            raise BadRequest(f"There is no playbook {ref}. `tocsin playbooks` shows those there are.")
    if as_csv:
        rows = csv.DictWriter(sys.stdout, ledger.COLUMNS)
        rows.writeheader()
        for line in found:
            rows.writerows(
                {name: inert(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
                for row in ledger.rows(line)
            )
    elif as_json:
        for line in found:
            print(json.dumps(ledger.document(line), ensure_ascii=False))
    else:
        print("\n".join(ledger.lines(found, steps=ref is not None)))
