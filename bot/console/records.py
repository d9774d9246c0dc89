"""Incidents, reviews, metrics and the status page, as recorded."""

from __future__ import annotations

import csv
import io
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console.terminal import account, load_settings
from bot.errors import BadRequest

if TYPE_CHECKING:
    from bot.context import Policy
    from bot.settings import Settings

app = typer.Typer()
incident = typer.Typer(no_args_is_help=True, help="Incidents, as recorded.")


@incident.command("list")
def incident_list(
    everything: Annotated[bool, typer.Option("--all", help="Include closed incidents.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per incident.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="For spreadsheets: a column for each custom field.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of incidents.")] = 50,
) -> None:
    """List open incidents, the most severe first. Security incidents are included, with their titles."""
    settings = load_settings()
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv", param_hint="--csv")
    from bot.fields.queries import values_by_incident
    from bot.incidents.queries import incidents
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        rows = incidents.list_recent(session, limit) if everything else incidents.list_open(session, limit, drills=True)
        values = values_by_incident(session, [row.incident_id for row in rows]) if as_json or as_csv else {}
        documents = [(incidents.as_document(row), values.get(row.incident_id, {})) for row in rows]
        if as_csv:
            sys.stdout.write(write_table(documents))
            return
        for row, (document, held) in zip(rows, documents, strict=True):
            if as_json:
                print(json.dumps(document | {"fields": held}, ensure_ascii=False))
            else:
                print(f"{row.severity}  {row.ref}  {row.status:13}  {row.declared_at:%Y-%m-%d %H:%M}  {row.title}")
        if not rows and not as_json:
            print("No open incidents." if not everything else "No incidents yet.")


def write_table(documents: Sequence[tuple[Mapping[str, object], Mapping[str, str]]]) -> str:
    """A line an incident; custom fields are the last columns. What a spreadsheet would take for a formula is quoted."""
    from bot.text.control import inert

    fields = sorted({name for _, held in documents for name in held})
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([*(documents[0][0] if documents else ["ref"]), *(f"field.{name}" for name in fields)])
    for document, held in documents:
        cells = [*document.values(), *(held.get(name) for name in fields)]
        table.writerow(["" if cell is None else inert(str(cell)) for cell in cells])
    return out.getvalue()


@incident.command("show")
def incident_show(
    ref: Annotated[str, typer.Argument(help="INC-2026-0001")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show one incident with its timeline."""
    settings = load_settings()
    from bot.fields.queries import values_by_incident
    from bot.incidents.flows.access import note_access
    from bot.incidents.queries import incidents, timeline
    from bot.slack.queries import names_in
    from bot.text.markup import plain_text, without_emoji
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        row = incidents.get_by_ref(session, ref)
        note_access(session, row, account(), "printed the timeline", datetime.now(UTC))
        entries = timeline.list_entries(session, row.incident_id)
        if as_json:
            lines = [
                {"at": e.at.isoformat(), "kind": e.kind.value, "author": e.author, "text": e.text, "key": e.key}
                for e in entries
            ]
            held = values_by_incident(session, [row.incident_id]).get(row.incident_id, {})
            print(json.dumps(incidents.as_document(row) | {"fields": held, "timeline": lines}, ensure_ascii=False))
            return
        print(f"{row.severity}  {row.ref}  {row.title}\n{row.status}, declared {row.declared_at:%Y-%m-%d %H:%M} UTC")
        names = _contact_names(settings) | names_in(session, *(entry.text for entry in entries))
        for entry in entries:
            said = without_emoji(plain_text(entry.text, names))
            print(f"{entry.at:%Y-%m-%d %H:%M:%S}  {'*' if entry.key else ' '} {entry.kind.value:18} {said}")


def _contact_names(settings: Settings) -> dict[str, str]:
    """What contacts.yaml calls people, for those whom Slack has not named; empty where it can't be read."""
    from bot.errors import InvalidPolicy
    from bot.escalation.policy.contacts import load_contacts

    try:
        contacts = load_contacts(settings.knowledge_folder / "policy" / "contacts.yaml")
    except InvalidPolicy:  # `tocsin doctor` says what is wrong; the timeline is read in trouble
        return {}
    return {person.slack: person.name for person in contacts.people.values() if person.slack}


@incident.command("access")
def incident_access(
    ref: Annotated[str, typer.Argument(help="SEC-2026-0001")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line of the log.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Maximum number of lines.")] = 1000,
) -> None:
    """Show who saw and did what on a security incident, the newest first."""
    settings = load_settings()
    from bot.incidents.queries import access, incidents
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        row = incidents.get_by_ref(session, ref)
        lines = access.list_latest(session, row.incident_id, limit)
        for line in lines:
            if as_json:
                print(json.dumps({"at": line.at.isoformat(), "who": line.who, "what": line.what}, ensure_ascii=False))
            else:
                print(f"{line.at:%Y-%m-%d %H:%M:%S}  {line.who:14}  {line.what}")
        if not lines and not as_json:
            print(f"Nothing is kept of {row.ref}: it is kept for security incidents, by the retention policy.")


@app.command()
def metrics(
    period: Annotated[
        list[str] | None,
        typer.Argument(
            help="month, last quarter, last 90 days, 2026-10, 2026-Q3, 2026, all; P1; service NAME; type NAME."
        ),
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=120, help="Without a period: this month and those before.")] = 12,
    by: Annotated[str, typer.Option(help="Also by month, quarter, severity, kind, type or service.")] = "month",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line per figure: section,figure,value.")] = False,
    picture: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write a chart of agreement with the judge to this PNG."),
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write a chart of the figures to this PNG.")
    ] = None,
) -> None:
    """Show incident metrics and Tocsin's accuracy, each figure with its definition."""
    settings = load_settings()
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv", param_hint="--csv")
    from bot.console.metrics import Asked, show_metrics

    show_metrics(settings, Asked(" ".join(period or ()), months, by, as_json, as_csv, picture, chart))


@app.command()
def review(
    ref: Annotated[str, typer.Argument(help="INC-2026-0001")],
    format: Annotated[str, typer.Option(help="md, html, json, pdf, confluence, gdocs or notion.")] = "md",
) -> None:
    """Print an incident's current review. A PDF is written to stdout."""
    settings = load_settings()
    from bot.reviews.pages.documents import EXPORTS

    if format not in EXPORTS and format not in ("html", "json", "pdf"):
        names = ", ".join([*EXPORTS, "html", "json"])
        raise typer.BadParameter(f"must be {names} or pdf", param_hint="--format")
    from bot.incidents.flows.access import note_access
    from bot.incidents.queries import incidents
    from bot.reviews.flows.drafting import chart, gather
    from bot.reviews.messages.drafting import draft
    from bot.reviews.pages.rendering import render_review_html
    from bot.reviews.tables import to_json
    from bot.wiring.building import build_policy, open_database, review_finder
    from bot.wiring.clock import Clock

    policy = build_policy(settings)
    with open_database(settings) as database:
        with database.transaction() as session:
            note_access(
                session, incidents.find_by_ref(session, ref), account(), "printed the review", datetime.now(UTC)
            )
        found = review_finder(database)(ref)
        if found is None:
            with database.transaction() as session:
                found = draft(
                    gather(session, incidents.get_by_ref(session, ref), policy), Clock(settings.clock_file).now()
                )
    if format == "json":
        print(json.dumps(to_json(found), ensure_ascii=False, indent=2))
    elif format == "pdf":
        from bot.diagnostics.queries import list_pictures
        from bot.reviews.pages.pdf import drawn, render_pdf

        with open_database(settings) as database, database.transaction() as session:
            row = incidents.get_by_ref(session, ref)
            timeline = chart(session, row, policy, Clock(settings.clock_file).now())
            measured = list_pictures(session, row).values()
        sys.stdout.buffer.write(render_pdf(found, drawn(timeline, measured)))
    else:
        print(render_review_html(found) if format == "html" else EXPORTS[format].make(found))


status_page = typer.Typer(no_args_is_help=True, help="The public status page.")


@status_page.callback()
def status_page_commands() -> None:
    """The public status page."""


@status_page.command("export")
def status_page_export(folder: Annotated[Path, typer.Argument(help="Where to; made where it is missing.")]) -> None:
    """Write the status page as files that any web server can serve: index.html, JSON and RSS."""
    settings = load_settings()
    from bot.status_page import queries
    from bot.status_page.messages.page import files
    from bot.status_page.messages.snapshot import Snapshot
    from bot.status_page.policy import components
    from bot.status_page.rules.published import DAYS
    from bot.wiring.building import build_policy, open_database

    policy, now = build_policy(settings), datetime.now(UTC)
    with open_database(settings) as database, database.transaction() as session:
        posts = queries.list_shown(session, now - timedelta(days=DAYS))
    address = policy.status_page.address or f"{settings.public_url}/status"
    found = files(Snapshot(policy.status_page, address, now, components(policy.diagnostics), posts))
    try:
        for name, file in found.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(file.content)
    except OSError as error:
        raise BadRequest(f"{error.filename}: {error.strerror}. Name a folder that you may write to.") from error
    print(f"{len(found)} files are in {folder}.")


drill = typer.Typer(no_args_is_help=True, help="Exercises.")


@drill.callback()
def drill_commands() -> None:
    """Exercises."""


@drill.command("replay")
def drill_replay(
    ref: Annotated[str, typer.Argument(help="A past incident: INC-2026-0007")],
    speed: Annotated[float, typer.Option(help="How many times as fast as it was.")] = 1.0,
    by: Annotated[
        str | None, typer.Option(help="Who runs it: a name of contacts.yaml. Without one, Tocsin does.")
    ] = None,
) -> None:
    """Play a past incident as a drill: real pages, marked DRILL. What came from outside then is put in as it came.

    The running bot plays it.
    """
    settings = load_settings()
    from bot.drills import flows, messages
    from bot.drills.rules import Asked, check_speed, parse_replay
    from bot.incidents.queries.incidents import BY_CONSOLE
    from bot.memory.flows.recall import recall
    from bot.text.markup import plain_text
    from bot.wiring.building import build_live_memory, build_policy, open_database
    from bot.wiring.clock import Clock

    asked = Asked(parse_replay(ref).ref, check_speed(speed))
    policy, now = build_policy(settings), Clock(settings.clock_file).now()
    declarer = _declarer_named(policy, by) if by is not None else None
    with open_database(settings) as database:
        memory = build_live_memory(settings, database).current()
        with database.transaction() as session:
            source = flows.source_of(session, asked.ref, None, memory.entries)
            title, known_as = flows.first_title(session, source), source.ref
        similar = recall(memory, title, without=known_as)
        with database.transaction() as session:
            key = f"{BY_CONSOLE if by is None else 'drill:'}{secrets.token_hex(8)}"
            row, replays = flows.begin(session, asked, declarer, None, key, similar, policy, now)
            said = messages.begun(row.ref, row.severity, replays, asked.speed, f"#{row.channel_name}")
            print(plain_text(said).replace("*", ""))


def _declarer_named(policy: Policy, name: str) -> str:
    """Raises BadRequest for somebody who is not listed."""
    from bot.policy.values import did_you_mean

    people = policy.contacts.people
    person = people.get(name)
    if person is None or not person.slack:
        raise BadRequest(f'Nobody called "{name}" with a Slack id is in contacts.yaml.{did_you_mean(name, people)}')
    return person.slack
