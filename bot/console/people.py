"""People: signing them out of the pages."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.console.terminal import load_settings

app = typer.Typer(no_args_is_help=True, help="People: their sessions on the pages.")


@app.command("sign-out")
def sign_out(
    user_id: Annotated[str, typer.Argument(help="A Slack id such as U024BE7LH; empty with --all.")] = "",
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who is signed in.")] = False,
) -> None:
    """End somebody's sessions on the pages. The personal links that they were sent no longer open anything."""
    if bool(user_id) == everybody:
        raise typer.BadParameter("give one Slack id, or --all")
    settings = load_settings()
    from bot.web import queries
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        people = queries.list_people_with_sessions(session) if everybody else [user_id]
        ended = sum(queries.end_all_sessions(session, person) for person in people)
    print(f"{ended} session{'s' if ended != 1 else ''} ended.")
