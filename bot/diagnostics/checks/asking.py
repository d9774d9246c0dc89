"""From what somebody asked to the diagnosis as it comes: which check, which hour, which account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.aws.accounts import Aws
from bot.aws.reading import Reader, Reason, Unread
from bot.aws.session import check_region
from bot.diagnostics.checks import lambda_
from bot.diagnostics.checks.account import iam, logs, quotas, sns, states, trail
from bot.diagnostics.checks.compute import asg, ec2
from bot.diagnostics.checks.data import dynamodb, elasticache, msk, opensearch, rds, s3, sqs
from bot.diagnostics.checks.edge import alb, apigw, cloudfront, route53
from bot.diagnostics.checks.probe import HOUR, PERIOD, Check, Probe
from bot.diagnostics.checks.running import run
from bot.diagnostics.policy import DiagnosticsPolicy
from bot.diagnostics.rules.finding import Diagnosis, Window
from bot.diagnostics.rules.prices import InsightsPrices
from bot.diagnostics.rules.request import EXAMPLE, DiagnosisRequest, did_you_mean
from bot.errors import BadRequest

_NO_PRICES = InsightsPrices()
CHECKS: tuple[Check, ...] = (
    lambda_.CHECK,
    apigw.CHECK,
    alb.CHECK,
    rds.CHECK,
    dynamodb.CHECK,
    sqs.CHECK,
    s3.CHECK,
    elasticache.CHECK,
    msk.CHECK,
    ec2.CHECK,
    asg.CHECK,
    route53.CHECK,
    cloudfront.CHECK,
    opensearch.CHECK,
    states.CHECK,
    sns.CHECK,
    logs.CHECK,
    iam.CHECK,
    quotas.CHECK,
    trail.CHECK,
)


def find_check(asked: DiagnosisRequest) -> Check:
    """The check of the service that was asked for. Raises BadRequest with the nearest word."""
    words = {word: check for check in CHECKS for word in (check.word, *check.aliases)}
    typed = asked.service or ""
    check = words.get(typed.lower())
    if check is None:
        raise BadRequest(f"There is no check for {typed}.{did_you_mean(typed, _words(), all_of_them=True)}")
    return check


def targets(asked: DiagnosisRequest, policy: DiagnosticsPolicy) -> tuple[DiagnosisRequest, ...]:
    """What to look at: the resource that was asked for, or all of one of our services. Raises BadRequest."""
    if asked.service is not None:
        return (replace(asked, service=find_check(asked).word),)
    service = policy.find_service(asked.name)
    if service is None:
        known = did_you_mean(asked.name, tuple(policy.services))
        hint = known or f" Type the service too, as in `diagnose {EXAMPLE}`; known: {', '.join(_words())}."
        raise BadRequest(f"{asked.name} isn't a service of knowledge/policy/services.yaml.{hint}")
    if not service.resources:
        raise BadRequest(f"{service.name} names no resources in knowledge/policy/services.yaml. Add them there.")
    return tuple(
        replace(one, service=find_check(one).word, at=asked.at, account=asked.account or one.account)
        for one in service.resources
    )


def _words() -> list[str]:
    return [check.word for check in CHECKS]


def window_of(at: datetime | None, now: datetime) -> Window:
    """The last hour; or the hour around an instant, as far as it is over. Both aware UTC, on whole periods."""
    end = min(now, at + HOUR / 2) if at else now
    begin = (at - HOUR / 2) if at else now - HOUR
    begin -= timedelta(seconds=begin.timestamp() % PERIOD)
    return Window(begin, max(end, begin + timedelta(seconds=PERIOD)))


def diagnose(
    aws: Aws,
    asked: DiagnosisRequest,
    at: datetime | None,
    now: datetime,
    budget: float,
    prices: InsightsPrices = _NO_PRICES,
) -> Iterator[Diagnosis]:
    """The diagnosis again after each result, the last one over; `budget` in seconds, `at` and `now` aware UTC.

    Raises BadRequest where what was asked for is unknown or not there, and Unread where AWS cannot be asked.
    """
    check = find_check(asked)
    reader = aws.reader(budget, asked.account or _account_of(aws, asked), asked.region)
    try:
        _check_number(aws, asked, reader)
        price = prices.of(reader.region)
        probe = Probe(reader, asked.name, window_of(at, now), now, asked.qualifier, insights_price=price)
        yield from run(check, probe, budget)
    except Unread as unread:
        if unread.reason is Reason.SILENT:
            check_region(reader.region)  # nobody answers for one that is misspelled
        raise


def _account_of(aws: Aws, asked: DiagnosisRequest) -> str | None:
    return aws.account_of_number(asked.account_id) if asked.account_id else None


def _check_number(aws: Aws, asked: DiagnosisRequest, reader: Reader) -> None:
    """An ARN of another account than the one that is read would find a namesake, or nothing. Raises BadRequest."""
    if asked.account_id is None:
        return
    ours = reader.read("sts", "GetCallerIdentity")["Account"]
    if ours != asked.account_id:
        raise BadRequest(
            f"That ARN is of account {asked.account_id}; Tocsin reads account {ours} in {reader.region}. "
            "Add the account to knowledge/policy/services.yaml with a role that Tocsin may assume."
        )
