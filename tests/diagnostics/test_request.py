"""What people type or paste to have diagnosed."""

from __future__ import annotations

import pytest

from bot.diagnostics.checks.asking import targets, window_of
from bot.diagnostics.policy import DiagnosticsPolicy, Service
from bot.diagnostics.rules.request import WORDS, DiagnosisRequest, did_you_mean, parse
from bot.errors import BadRequest
from tests.support.rows import NOON, minutes

ARN = "arn:aws:{0}:eu-central-1:123456789012:{1}"


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("lambda orders-api", DiagnosisRequest("orders-api", "lambda")),
        ("Lambda `orders-api`", DiagnosisRequest("orders-api", "lambda")),
        ("lambda orders-api:LIVE", DiagnosisRequest("orders-api", "lambda", "LIVE")),
        ("checkout", DiagnosisRequest("checkout")),
        ("lambda x --at 14:05 --account prod", DiagnosisRequest("x", "lambda", at="14:05", account="prod")),
        ("lambda x —at yesterday 14:05 CET", DiagnosisRequest("x", "lambda", at="yesterday 14:05 CET")),
        ("lambda x at 14:05", DiagnosisRequest("x", "lambda", at="14:05")),
        ("lambda x --region=us-east-1", DiagnosisRequest("x", "lambda", region="us-east-1")),
        (
            ARN.format("lambda", "function:orders-api:7"),
            DiagnosisRequest("orders-api", "lambda", "7", region="eu-central-1", account_id="123456789012"),
        ),
        (
            "rds " + ARN.format("rds", "db:shop") + " --at 9:00",
            DiagnosisRequest("shop", "rds", at="9:00", region="eu-central-1", account_id="123456789012"),
        ),
        ("arn:aws-cn:s3:::pictures/a/b.png", DiagnosisRequest("pictures", "s3")),
        (
            ARN.format("elasticloadbalancing", "loadbalancer/app/shop/50dc6c495c0c9188"),
            DiagnosisRequest("shop", "alb", region="eu-central-1", account_id="123456789012"),
        ),
        (
            ARN.format("dynamodb", "table/orders/stream/2026"),
            DiagnosisRequest("orders", "dynamodb", region="eu-central-1", account_id="123456789012"),
        ),
    ],
)
def test_what_is_typed_is_read(typed: str, asked: DiagnosisRequest) -> None:
    assert parse(typed) == asked


# As consoles, policies, alarms and error messages write them.
PASTED = {
    "lambda": ("lambda:R:A:function:x", "lambda:R:A:function:x:LIVE"),
    "sqs": ("sqs:R:A:x",),
    "dynamodb": ("dynamodb:R:A:table/x", "dynamodb:R:A:table/x/index/by-day"),
    "rds": ("rds:R:A:db:x", "rds:R:A:cluster:x"),
    "alb": (
        "elasticloadbalancing:R:A:loadbalancer/net/x/50dc6c495c0c9188",
        "elasticloadbalancing:R:A:targetgroup/x/73e2d6bc24d8a067",
        "elasticloadbalancing:R:A:listener/app/x/50dc6c495c0c9188/f2f7dc8efc522ab2",
    ),
    "s3": ("s3:::x", "s3:::x/a/b.png"),
    "asg": ("autoscaling:R:A:autoScalingGroup:1f3b:autoScalingGroupName/x",),
    "elasticache": ("elasticache:R:A:cluster:x", "elasticache:R:A:replicationgroup:x"),
    "msk": ("kafka:R:A:cluster/x/1f3b-7", "kafka:R:A:topic/x/1f3b-7/orders"),
    "cloudfront": ("cloudfront::A:distribution/x",),
    "apigw": ("apigateway:R::/restapis/x/stages/prod", "apigateway:R::/apis/x", "execute-api:R:A:x/prod/GET/orders"),
    "route53": ("route53:::hostedzone/x", "route53:::healthcheck/x"),
    "ec2": ("ec2:R:A:instance/x",),
    "iam": ("iam::A:role/x", "iam::A:role/service-role/x", "sts::A:assumed-role/x/session"),
    "logs": ("logs:R:A:log-group:x", "logs:R:A:log-group:x:*", "logs:R:A:log-group:x:log-stream:y"),
    "sns": ("sns:R:A:x", "sns:R:A:x:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"),
    "states": ("states:R:A:stateMachine:x", "states:R:A:stateMachine:x:LIVE", "states:R:A:execution:x:1f3b"),
    "opensearch": ("es:R:A:domain/x",),
}


def test_an_arn_of_every_service_that_has_checks_is_understood() -> None:
    assert set(PASTED) == set(WORDS) - {"changes", "quotas"}, "what is changed has ARNs of its own, quotas have none"
    for word, arns in PASTED.items():
        for arn in arns:
            asked = parse(f"<arn:aws:{arn.replace(':R:', ':eu-central-1:').replace(':A:', ':123456789012:')}>")
            assert (asked.service, asked.name) == (word, "x"), arn
            assert asked.region == ("eu-central-1" if ":R:" in arn else None), arn
            assert asked.account_id == ("123456789012" if ":A:" in arn else None), arn


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Say what to check: `diagnose lambda orders-api`"),
        ("--at 14:05", "Say what to check"),
        ("lambda my orders api", "Type one service and one name"),
        ("lambda x --att 14:05", "--att isn't an option of diagnose. Did you mean --at?"),
        ("lambda x --at", "--at needs a value"),
        ("lambda " + "x" * 400, "isn't the name of a resource"),
    ],
)
def test_what_cannot_be_read_says_what_to_type(typed: str, says: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(typed)
    assert says in str(refused.value)


SHOP = DiagnosticsPolicy(
    services={
        "checkout": Service(
            "checkout",
            (
                DiagnosisRequest("orders-api", "lambda", account="prod"),
                DiagnosisRequest("pay", "function", region="us-east-1"),
            ),
        )
    }
)


def test_one_of_our_services_stands_for_its_resources() -> None:
    assert targets(parse("Checkout --at 14:05"), SHOP) == (
        DiagnosisRequest("orders-api", "lambda", at="14:05", account="prod"),
        DiagnosisRequest("pay", "lambda", at="14:05", region="us-east-1"),
    )
    assert targets(parse("fn orders-api"), SHOP) == (DiagnosisRequest("orders-api", "lambda"),)
    with pytest.raises(BadRequest, match="Type the service too, as in `diagnose lambda orders-api`"):
        targets(parse("checkout"), DiagnosticsPolicy())


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("lamda orders-api", "There is no check for lamda. Did you mean lambda?"),
        ("chekout", "chekout isn't a service of knowledge/policy/services.yaml. Did you mean checkout?"),
        (ARN.format("braket", "job/1"), "There is no check for braket. There are lambda"),
    ],
)
def test_a_service_without_a_check_gets_the_nearest(typed: str, says: str) -> None:
    with pytest.raises(BadRequest) as refused:
        targets(parse(typed), SHOP)
    assert says in str(refused.value)


def test_names_that_are_near_come_before_those_that_only_exist() -> None:
    assert did_you_mean("order-api", ["billing", "orders-api"]) == " Did you mean orders-api?"
    assert did_you_mean("api", ["orders-api", "billing"]) == " Did you mean orders-api?"
    assert did_you_mean("zzz", ["a", "b", "c", "d"]) == " There are a, b, c and 1 more."
    assert did_you_mean("zzz", ["a", "b", "c", "d"], all_of_them=True) == " There are a, b, c and d."
    assert did_you_mean("zzz", []) == ""


def test_the_window_is_the_last_hour_or_the_hour_around_an_instant_as_far_as_it_is_over() -> None:
    assert (window_of(None, NOON).begin, window_of(None, NOON).end) == (NOON - minutes(60), NOON)
    around = window_of(NOON - minutes(120), NOON)
    assert (around.begin, around.end) == (NOON - minutes(150), NOON - minutes(90))
    assert window_of(NOON - minutes(10), NOON).end == NOON


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:ecs:eu-central-1:123456789012:service/shop/checkout", "checkout"),
        ("arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/3f2a", "shop"),
        ("arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:orders/live", "live"),
    ],
)
def test_of_what_is_deployed_the_changes_are_looked_at(arn: str, name: str) -> None:
    asked = parse(arn)
    assert (asked.service, asked.name, asked.region) == ("changes", name, "eu-central-1")
