"""Incidents, reviews and metrics, as recorded."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.console.terminal import account, load_settings

app = typer.Typer()
incident = typer.Typer(no_args_is_help=True, help="Incidents, as recorded.")


@incident.command("list")
def incident_list(
    everything: Annotated[bool, typer.Option("--all", help="Include closed incidents.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per incident.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of incidents.")] = 50,
) -> None:
    """List open incidents, the most severe first. Security incidents are included, with their titles."""
    settings = load_settings()
    from bot.incidents.queries import incidents
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        rows = incidents.list_recent(session, limit) if everything else incidents.list_open(session, limit)
        for row in rows:
            if as_json:
                print(json.dumps(incidents.as_document(row), ensure_ascii=False))
            else:
                print(f"{row.severity}  {row.ref}  {row.status:13}  {row.declared_at:%Y-%m-%d %H:%M}  {row.title}")
        if not rows and not as_json:
            print("No open incidents." if not everything else "No incidents yet.")


@incident.command("show")
def incident_show(
    ref: Annotated[str, typer.Argument(help="INC-2026-0001")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show one incident with its timeline."""
    settings = load_settings()
    from bot.incidents.flows.access import note_access
    from bot.incidents.queries import incidents, timeline
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
            print(json.dumps(incidents.as_document(row) | {"timeline": lines}, ensure_ascii=False))
            return
        print(f"{row.severity}  {row.ref}  {row.title}\n{row.status}, declared {row.declared_at:%Y-%m-%d %H:%M} UTC")
        for entry in entries:
            print(f"{entry.at:%Y-%m-%d %H:%M:%S}  {'*' if entry.key else ' '} {entry.kind.value:18} {entry.text}")


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
        typer.Argument(help="month, last quarter, last 90 days, 2026-10, 2026-Q3, 2026, all; P1; service NAME."),
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=120, help="Without a period: this month and those before.")] = 12,
    by: Annotated[str, typer.Option(help="Also by month, quarter, severity, kind or service.")] = "month",
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
    format: Annotated[str, typer.Option(help="md, html, json or pdf.")] = "md",
) -> None:
    """Print an incident's current review. A PDF is written to stdout."""
    settings = load_settings()
    if format not in ("md", "html", "json", "pdf"):
        raise typer.BadParameter("must be md, html, json or pdf", param_hint="--format")
    from bot.incidents.flows.access import note_access
    from bot.incidents.queries import incidents
    from bot.reviews.flows.drafting import gather
    from bot.reviews.pages.rendering import render_review_html
    from bot.reviews.rules.drafting import draft
    from bot.reviews.rules.renderings import to_markdown
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
        from bot.reviews.pages.pdf import render_pdf

        sys.stdout.buffer.write(render_pdf(found))
    else:
        print(to_markdown(found) if format == "md" else render_review_html(found))
