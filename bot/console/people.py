"""People: signing them out of the pages, and erasing them."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console.terminal import load_settings
from bot.text.wording import counted

if TYPE_CHECKING:
    from bot.retention.flows.erase import Erasure

app = typer.Typer(no_args_is_help=True, help="People: their sessions on the pages, and erasing them.")


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
    print(f"{counted(ended, 'session')} ended.")


class _OnlyShown(Exception):
    """A dry run ends here."""


@app.command("erase")
def erase_person(
    user_id: Annotated[str, typer.Argument(help="A Slack id such as U024BE7LH.")],
    also: Annotated[
        list[str] | None, typer.Option(help="Another name, address or telephone number of theirs; may be repeated.")
    ] = None,
    really: Annotated[bool, typer.Option("--yes", help="Do it. Without, only show what would go.")] = False,
) -> None:
    """Take a person's words and names out of the database. The facts stay, as done by "a responder"."""
    from bot.incidents.rules.authority import is_id

    if not is_id(user_id) or user_id.startswith("S"):
        raise typer.BadParameter("must be the Slack id of a person, such as U024BE7LH", param_hint="USER_ID")
    short = [name for name in also or () if len(name.strip()) < 3]
    if short:
        raise typer.BadParameter(
            f"{short[0]!r} stands in too many words: give at least 3 characters", param_hint="--also"
        )
    settings = load_settings()
    from bot.retention.flows.erase import erase
    from bot.wiring.building import build_policy, open_database
    from bot.wiring.clock import Clock

    policy, now = build_policy(settings), Clock(settings.clock_file).now()
    listed = any(person.slack == user_id for person in policy.contacts.people.values())
    with open_database(settings) as database, suppress(_OnlyShown), database.transaction() as session:
        found = erase(session, user_id, also or (), listed, secrets.token_hex(4), now)
        if not really:
            raise _OnlyShown  # nothing is committed
    _print_erased(found, really)
    print("\n".join(_still_held(user_id, found, settings.knowledge_folder, bool(settings.archive_bucket))))
    if not really:
        print("\nNothing was changed. Look at the names and figures above, then type it again with --yes.")


def _print_erased(found: Erasure, really: bool) -> None:
    print(f"Names that {'were' if really else 'would be'} taken out: {', '.join(found.names) or 'none but the id'}.")
    print(f"Messages, notes and other words of theirs: {found.own}.")
    for column, rows in found.rows.items():
        print(f"  {column}: {counted(rows, 'row')}")


def _still_held(user_id: str, found: Erasure, knowledge: Path, archives: bool) -> list[str]:
    """What others still hold, which Tocsin cannot or must not remove."""
    needles = [one.casefold() for one in (user_id, *found.names)]
    files = [path for path in sorted(knowledge.rglob("*")) if path.suffix in (".md", ".yaml", ".yml", ".ics")]
    naming = [path for path in files if any(one in path.read_text("utf-8", "replace").casefold() for one in needles)]
    reviews = ", ".join(found.approved)
    lines = ["", "What still holds them, and where to remove it:"]
    lines += [f"  Slack: {count} messages of theirs in #{name}" for name, count in found.in_slack]
    lines += ["  Slack: what Tocsin posted about them: cards, pages, reminders, notices"]
    lines += [f"  Slack: canvases and files of the reviews of {reviews}"] if reviews else []
    lines += [f"  S3: the archived reviews of {reviews}"] if reviews and archives else []
    lines += ["  Mail and text messages that they or others were sent"]
    lines += [f"  {path}: a file of yours that names them" for path in naming]
    lines += ["  Backups of the database, and logs that you keep of Tocsin and PostgreSQL"]
    return [
        *lines,
        "Restart every replica, and delete the folder cache in TOCSIN_DATA of each: both hold past incidents.",
    ]
