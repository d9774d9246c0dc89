"""What AWS shows about a resource, in the shell."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console.terminal import load_settings, say
from bot.errors import InvalidSettings

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer()


@app.command()
def diagnose(
    what: Annotated[list[str], typer.Argument(help="A service and a name, such as lambda orders-api, or an ARN.")],
    at: Annotated[str | None, typer.Option(help="Look at the hour around this time, such as 14:05.")] = None,
    account: Annotated[str | None, typer.Option(help="An account of the policy, such as prod.")] = None,
    region: Annotated[str | None, typer.Option(help="Another region than AWS_REGION.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check an AWS resource with read-only calls, and say which known failure it looks like."""
    settings = load_settings()
    from dataclasses import replace

    from bot.diagnostics.checks.asking import diagnose as ask
    from bot.diagnostics.jobs import BUDGET
    from bot.diagnostics.messages import as_text
    from bot.diagnostics.rules.request import parse
    from bot.wiring.clock import Clock
    from bot.wiring.service import build_aws

    asked = parse(" ".join(what))
    asked = replace(asked, account=account or asked.account, region=region or asked.region)
    aws = build_aws(settings.model_copy(update={"aws_region": settings.aws_region or asked.region}))
    if aws is None:
        raise InvalidSettings("AWS isn't configured: set AWS_REGION, or name a region with --region.")
    now = Clock(settings.clock_file).now()
    known = None
    for known in ask(aws, asked, _instant(settings, at or asked.at, now), now, BUDGET):
        if known.waiting and not as_json:
            say(f"{len(known.findings)} found, checking {', '.join(known.waiting)} …")
    assert known is not None  # the first comes before any look
    print(json.dumps(known.as_document(), ensure_ascii=False) if as_json else as_text(known))


def _instant(settings: Settings, typed: str | None, now: datetime) -> datetime | None:
    if typed is None:
        return None
    from bot.text.instants import parse_past
    from bot.wiring.policy import load_escalation_policy

    return parse_past(typed, now, load_escalation_policy(settings.knowledge_folder / "policy").calendar.zone)
