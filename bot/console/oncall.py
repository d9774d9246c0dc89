"""Who is paged when, and who is on call."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.console.terminal import load_settings
from bot.errors import BadRequest
from bot.severity.rules import Severity

escalation = typer.Typer(no_args_is_help=True, help="Who is paged when.")
roster = typer.Typer(no_args_is_help=True, help="Who is on call.")
oncall = typer.Typer(no_args_is_help=True, help="How people are paged.")


@escalation.command("preview")
def escalation_preview(
    severity: Annotated[str, typer.Argument(help="P0, P1, P2 or P3.")],
    at: Annotated[
        str | None, typer.Option(help="Time of the declaration in ISO 8601; UTC unless it names a zone.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per step.")] = False,
) -> None:
    """Show who would be paged when, if nobody resolved it. Reads the policy only."""
    settings = load_settings()
    from bot.escalation.rules.plan import preview
    from bot.wiring.policy import load_escalation_policy

    policy = load_escalation_policy(settings.knowledge_folder / "policy")
    for line in preview(policy, _severity(severity), _instant(at)):
        if as_json:
            print(json.dumps({"role": line.role.value, "rule": line.rule, "due_at": line.due_at.isoformat()}))
        else:
            print(f"{line.role.value:20} {line.rule:15} {line.due_at:%a %Y-%m-%d %H:%M} UTC")


def _severity(typed: str) -> Severity:
    try:
        return Severity(typed.strip().upper())
    except ValueError:
        raise BadRequest(f"{typed} isn't a severity. Use P0, P1, P2 or P3.") from None


def _instant(typed: str | None) -> datetime:
    if typed is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise typer.BadParameter(
            f"{typed!r} isn't an ISO 8601 time. Use for example 2026-11-22T03:00", param_hint="--at"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@roster.command("import")
def roster_import(
    file: Annotated[Path, typer.Argument(help="An iCalendar file, as exported by PagerDuty, Opsgenie or a calendar.")],
    role: Annotated[str, typer.Option(help="The role it is for: on-call engineer, secondary on-call, team lead …")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check it; change nothing.")] = False,
) -> None:
    """Import a role's schedule for the next year. It replaces the role's earlier import."""
    settings = load_settings()
    from bot.wiring.roster import import_schedule

    for line in import_schedule(settings, file, role, dry_run=dry_run):
        print(line)


@oncall.callback()
def _oncall() -> None:
    """How people are paged."""


@oncall.command("test")
def oncall_test(person: Annotated[str, typer.Argument(help="A name of contacts.yaml.")]) -> None:
    """Send a page marked TEST by every method outside Slack, and say what came back. It makes no incident."""
    settings = load_settings()
    from bot.wiring.roster import test_methods

    taken = [_printed(line, ok) for ok, line in test_methods(settings, person, datetime.now(UTC))]
    if not all(taken):
        raise typer.Exit(1)


def _printed(line: str, ok: bool) -> bool:
    print(f"{'✓' if ok else '✗'} {line}")
    return ok
