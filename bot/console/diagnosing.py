"""What AWS shows about a resource, and how an alarm would be read, in the shell."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console.terminal import load_settings, say
from bot.errors import BadRequest, InvalidSettings

if TYPE_CHECKING:  # `tocsin --help` needs none of them
    from bot.aws.accounts import Aws
    from bot.diagnostics.policy import DiagnosticsPolicy
    from bot.diagnostics.rules.finding import Diagnosis
    from bot.diagnostics.rules.request import DiagnosisRequest
    from bot.settings import Settings

_SIMILAR = 3  # entries of the past shown with an alarm

app = typer.Typer()


@app.command()
def diagnose(
    what: Annotated[
        list[str], typer.Argument(help="Such as lambda orders-api, an ARN, or a service of services.yaml.")
    ],
    at: Annotated[str | None, typer.Option(help="Look at the hour around this time, such as 14:05.")] = None,
    account: Annotated[str | None, typer.Option(help="An account of the policy, such as prod.")] = None,
    region: Annotated[str | None, typer.Option(help="Another region than AWS_REGION.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per resource.")] = False,
) -> None:
    """Check an AWS resource with read-only calls, and say which known failure it looks like."""
    settings = load_settings()
    from dataclasses import replace

    from bot.diagnostics.checks.asking import targets
    from bot.diagnostics.policy import load_services
    from bot.diagnostics.rules.request import parse
    from bot.wiring.access.aws import build_aws
    from bot.wiring.clock import Clock

    asked = parse(" ".join(what))
    asked = replace(asked, account=account or asked.account, region=region or asked.region)
    policy = load_services(settings.knowledge_folder / "policy" / "services.yaml")
    aws = build_aws(settings.model_copy(update={"aws_region": settings.aws_region or asked.region}), policy)
    if aws is None:
        raise InvalidSettings("AWS isn't configured: set AWS_REGION, or name a region with --region.")
    now = Clock(settings.clock_file).now()
    moment = _instant(settings, at or asked.at, now)
    for number, one in enumerate(targets(asked, policy)):
        _print(_last(aws, one, moment, now, policy, quiet=as_json), as_json, first=number == 0)


def _last(
    aws: Aws, asked: DiagnosisRequest, at: datetime | None, now: datetime, policy: DiagnosticsPolicy, *, quiet: bool
) -> Diagnosis:
    """The whole diagnosis, with a line on stderr for each step unless `quiet`."""
    from bot.diagnostics.checks.asking import diagnose as ask

    known = None
    for known in ask(aws, asked, at, now, policy.budget, policy.insights):
        if known.waiting and not quiet:
            say(f"{len(known.findings)} found, checking {', '.join(known.waiting)} …")
    assert known is not None  # the first comes before any look
    return known


def _print(found: Diagnosis, as_json: bool, *, first: bool) -> None:
    from bot.diagnostics.messages import as_text

    if not as_json and not first:
        print()
    print(json.dumps(found.as_document(), ensure_ascii=False) if as_json else as_text(found))


def _instant(settings: Settings, typed: str | None, now: datetime) -> datetime | None:
    if typed is None:
        return None
    from bot.text.instants import parse_past
    from bot.wiring.policy import load_escalation_policy

    return parse_past(typed, now, load_escalation_policy(settings.knowledge_folder / "policy").calendar.zone)


aws = typer.Typer(no_args_is_help=True, help="What Tocsin needs of AWS.")


@aws.command("policy")
def aws_policy(
    cloudformation: Annotated[bool, typer.Option("--cloudformation", help="A CloudFormation template.")] = False,
    terraform: Annotated[bool, typer.Option("--terraform", help="A Terraform resource.")] = False,
) -> None:
    """Print the least IAM policy: the reads of diagnoses and alarms, and what the settings switch on."""
    settings = load_settings()
    if cloudformation and terraform:
        raise typer.BadParameter("choose --cloudformation or --terraform", param_hint="--terraform")
    from bot.aws import least_policy
    from bot.aws.operations import partition_of
    from bot.aws.queues import queue_place
    from bot.diagnostics.policy import load_services

    known = load_services(settings.knowledge_folder / "policy" / "services.yaml")
    document = least_policy.policy_document(
        partition_of(settings.aws_region or ""),
        settings.archive_bucket,
        settings.archive_prefix,
        site=(settings.status_bucket, settings.status_prefix) if settings.status_bucket else None,
        mail=settings.mail_from is not None,
        text_messages=settings.text_messages,
        roles=[account.role.arn for account in known.accounts.values() if account.role],
        queues=[queue_place(address, settings.aws_region)[1] for address in settings.alarm_queues],
    )
    if cloudformation:
        print(least_policy.as_cloudformation(document), end="")
    elif terraform:
        print(least_policy.as_terraform(document), end="")
    else:
        print(least_policy.as_json(document))


alarms = typer.Typer(no_args_is_help=True, help="Alarms of CloudWatch, Alertmanager, Grafana and other senders.")


@alarms.command("list")
def alarms_list(
    everything: Annotated[bool, typer.Option("--all", help="Include alarms that are OK, and events.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per alarm.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of alarms.")] = 50,
) -> None:
    """List the alarms that fire or have no data, the latest delivery first. Findings about security are included."""
    settings = load_settings()
    from bot.alarms import queries
    from bot.alarms.messages.listing import NONE, NONE_FIRING, document, line
    from bot.wiring.building import open_database

    with open_database(settings) as database, database.transaction() as session:
        found = queries.list_latest(session, limit, firing=not everything)
        for alarm, thread, ref in found:
            if as_json:
                print(json.dumps(document(alarm, thread, ref), ensure_ascii=False))
            else:
                print(line(alarm, thread, ref))
        if not found and not as_json:
            print(NONE if everything else NONE_FIRING)


@alarms.command("replay")
def alarms_replay(
    file: Annotated[typer.FileBinaryRead, typer.Argument(help="What was delivered: a file, or - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per alarm.")] = False,
) -> None:
    """Show how a payload would be read, judged and compared with the past. Nothing is kept, posted or asked."""
    from bot.alarms.messages.replay import NOTHING, Judged, lines_of, record_of, too_large
    from bot.alarms.rules.reading import LARGEST, read_alarms

    delivered = file.read(LARGEST + 1)
    if len(delivered) > LARGEST:
        raise BadRequest(too_large(LARGEST))
    found = read_alarms(delivered.decode("utf-8-sig", "replace"))
    if not found:
        raise BadRequest(NOTHING)
    settings = load_settings()
    from bot.memory.meaning.encoder import encoder_in
    from bot.severity.judge.judge import judge_of
    from bot.wiring.building import build_memory

    encoder = encoder_in(settings.embeddings_folder)
    judge, matrix = judge_of(settings.knowledge_folder, settings.data_folder / "cache", encoder)
    memory = build_memory(settings)
    for alarm in found:
        matches = memory.index.search(alarm.words, limit=_SIMILAR)
        similar = [(match.ref, memory.entries[match.ref].title) for match in matches if match.ref in memory.entries]
        judgement = judge.judge(alarm.words)
        judged = Judged(alarm, judgement, matrix.outcome(judgement), similar)
        print(json.dumps(record_of(judged), ensure_ascii=False) if as_json else "\n".join(lines_of(judged)))
