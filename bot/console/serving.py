"""Running Tocsin: all in one process, in parts, or as a demo; and checking an installation."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console.terminal import load_settings, say

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer()
_ENDS_WITHIN = 14.0  # seconds after SIGTERM or Ctrl-C: a busy machine adds some, and Kubernetes kills after 30
db = typer.Typer(no_args_is_help=True, help="The database.")


def _slack_settings(listening: bool) -> Settings:
    from bot.settings import missing_for_slack

    settings = load_settings()
    lines = missing_for_slack(settings, listening=listening)
    if lines:
        print("\n".join(lines), file=sys.stderr)
        print("To try it without Slack: `make demo`.", file=sys.stderr)
        raise typer.Exit(1)
    return settings


def _serve(listen: bool, work: bool, serve: bool, *, wait: bool = False) -> None:
    """Run these parts until SIGTERM or Ctrl-C, with `wait` from when the judge has been fitted."""
    settings = _slack_settings(listen)
    from bot.wiring.building import open_database
    from bot.wiring.service import Parts, Service, build_context

    early: list[None] = []
    late = partial(_end_at_once, settings)
    # An embedded PostgreSQL can only be stopped once it has started.
    _when_asked_to_end(lambda: early.append(None), late)
    with open_database(settings, lost=_end_without_a_database) as database:
        _when_asked_to_end(sys.exit, late)
        if early:
            return
        service = Service(settings, build_context(settings, database, wait=wait), Parts(listen, work, serve))
        # In a thread: a handler that runs while the main thread enters `wait` would wait for the event's lock for ever.
        _when_asked_to_end(lambda: threading.Thread(target=service.stop).start(), late)
        service.run(say)
    if service.left_behind():
        late()


def _when_asked_to_end(end: Callable[[], object], late: Callable[[], None]) -> None:
    def asked(*_: object) -> None:
        latest = threading.Timer(_ENDS_WITHIN, late)
        latest.daemon = True
        latest.start()
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)


def _end_at_once(settings: Settings) -> None:
    """Some thread waits for a peer that is silent. Nothing is lost: every job is done again that was not recorded."""
    print("Shutdown timed out; unfinished jobs will run again.", file=sys.stderr)
    sys.stderr.flush()
    if settings.database_url is None:
        from bot.store.embedded import leave_at_once

        leave_at_once(settings.data_folder / "postgres")
    os._exit(0)


def _end_without_a_database(sentence: str) -> None:
    """Nothing can be done without one, and nothing is lost by ending: systemd, Docker or Kubernetes starts anew."""
    print(sentence, file=sys.stderr)
    sys.stderr.flush()
    os._exit(1)


@app.command()
def run(
    wait: Annotated[bool, typer.Option("--wait", help="Start only when the severity judge is fitted.")] = False,
) -> None:
    """Run everything in one process: listeners, worker and pages."""
    _serve(listen=True, work=True, serve=True, wait=wait)


@app.command()
def listen() -> None:
    """Run the Slack listeners and pages only; run `tocsin worker` elsewhere for the rest."""
    _serve(listen=True, work=False, serve=True)


@app.command()
def worker() -> None:
    """Run the worker only: posts, pages, escalation."""
    _serve(listen=False, work=True, serve=False)


@app.command()
def web() -> None:
    """Serve the review pages and health checks only."""
    _serve(listen=False, work=False, serve=True)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with all checks.")] = False,
) -> None:
    """Check settings, database, knowledge, policy and Slack, with a fix for each problem. Exit status 1 if any."""
    from bot.logs import configure_logs

    configure_logs("ERROR", False)
    from bot.wiring.doctor.doctor import all_ok, examine

    stream = getattr(sys.stdout, "stream", sys.stdout)
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="replace")  # a terminal without ✓ must not end the checks
    findings = []
    for finding in examine(datetime.now(UTC)):
        findings.append(finding)
        if not as_json:
            print(finding, flush=True)
    if as_json:
        print(json.dumps({"ok": all_ok(findings), "checks": [finding.as_document() for finding in findings]}))
    if not all_ok(findings):
        raise typer.Exit(1)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; the next free one if taken.")] = 8000,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data between runs.")] = Path(".tocsin/demo"),
    rate: Annotated[
        float | None,
        typer.Option(min=0.1, max=3600, help="Demo seconds per real second: 1, or 60 with --play."),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start without the data of earlier runs.")] = False,
    aws: Annotated[
        bool, typer.Option("--aws/--no-aws", help="Play an AWS with a broken shop, for /incident diagnose.")
    ] = True,
    play: Annotated[bool, typer.Option("--play", help="Play one P1 automatically and print its review.")] = False,
) -> None:
    """Run Tocsin with a local Slack in the browser: no account needed."""
    if not all(find_spec(name) for name in ("bot.demo", "slack_playground", "websockets")):
        say("The demo is not installed here. Install it with: pip install 'tocsin[demo]'")
        raise typer.Exit(1)
    if play:
        from bot.demo.play import run_play

        raise typer.Exit(run_play(rate or 60.0, getattr(sys.stdout, "stream", sys.stdout)))
    from bot.demo.demo import CannotStart, Wishes, run_demo

    try:
        status = run_demo(Wishes(data, port, rate or 1.0, browser, fresh, aws), say)
    except CannotStart as reason:
        say(str(reason))
        status = 1
    except KeyboardInterrupt:  # before there was anything to end
        status = 0
    raise typer.Exit(status)


@db.command("upgrade")
def db_upgrade() -> None:
    """Apply all database migrations."""
    settings = load_settings()
    from bot.wiring.building import open_database

    with open_database(settings, migrate=True):
        print("The database is up to date.")
