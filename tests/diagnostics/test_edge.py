"""What requests pass on their way in, wrong in the ways of the knowledge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.aws.accounts import Aws
from tests.diagnostics.account import REGION, Answers, answer_changes, client, new_image, now, played, put_metric
from tests.diagnostics.cases import Case, ago, verify


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with played():
        aws = Aws(REGION)
        answer_changes(aws)
        yield aws


def balancer(
    *, interval: int = 30, timeout: int = 5, delay: int = 300, targets: int = 1, **series: dict[timedelta, float]
) -> Callable[[str], None]:
    def seed(name: str) -> None:
        name = name[:32]
        ec2, elb = client("ec2"), client("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
                "SubnetId"
            ]
            for n, zone in enumerate("ab")
        ]
        made = elb.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]
        group = elb.create_target_group(
            Name=name,
            Protocol="HTTP",
            Port=80,
            VpcId=vpc,
            HealthCheckIntervalSeconds=interval,
            HealthCheckTimeoutSeconds=timeout,
        )["TargetGroups"][0]["TargetGroupArn"]
        attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}
        elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[attribute])
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        elb.create_listener(LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward)
        if targets:
            image = new_image()
            run = ec2.run_instances(ImageId=image, MinCount=targets, MaxCount=targets, SubnetId=subnets[0])
            there = [{"Id": one["InstanceId"]} for one in run["Instances"]]
            elb.register_targets(TargetGroupArn=group, Targets=there)
        named = {"LoadBalancer": made["LoadBalancerArn"].partition("loadbalancer/")[2]}
        for metric, values in series.items():
            put_metric("AWS/ApplicationELB", metric, named, values, now())

    return seed


ALB = {
    "too tight": Case(
        balancer(interval=5, timeout=2), "alb.tight-health-check", "every 5 s and waits 2 s", {"LESSON-06"}, set()
    ),
    "cut off": Case(
        balancer(delay=30, TargetResponseTime={ago(5): 61.0}),
        "alb.draining",
        "is 30 s, and requests took up to 61 s",
        {"LESSON-09"},
        set(),
    ),
    "without targets": Case(balancer(targets=0), "alb.no-targets", "has no targets", {"PB-alb"}, set()),
    "bad gateway": Case(
        balancer(RequestCount={ago(5): 1000}, HTTPCode_ELB_502_Count={ago(5): 150}),
        "alb.bad-gateway",
        "150 answers of 502",
        set(),
        {"LESSON-02", "PB-alb"},
    ),
}


@pytest.mark.parametrize("label", ALB)
def test_alb(aws: Aws, label: str) -> None:
    verify(aws, "alb", label, ALB[label])


@pytest.mark.parametrize(
    ("states", "likely"), [(("unhealthy", "unhealthy"), {"INC-2023-3421"}), (("unhealthy", "healthy"), {"LESSON-06"})]
)
def test_targets_that_are_unhealthy_say_why(aws: Aws, states: tuple[str, ...], likely: set[str]) -> None:
    asked = Aws(REGION)
    answer_changes(asked)
    described = [
        {"Target": {"Id": f"i-{n}"}, "TargetHealth": {"State": state, "Reason": "Target.ResponseCodeMismatch"}}
        for n, state in enumerate(states)
    ]
    Answers(asked.client("elbv2"), "describe_target_health", {"TargetHealthDescriptions": described})
    seed = balancer()
    sick = states.count("unhealthy")
    case = Case(seed, "alb.unhealthy", f"{sick} of 2 targets", {"PB-alb"}, likely)
    verify(asked, "alb", f"sick {sick}", case)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Aws]:
    """APIs, of which moto plays none without half a dozen packages more."""
    with played():
        aws = Aws(REGION)
        answer_changes(aws)
        Answers(aws.client("apigateway"), "get_rest_apis", {"items": [{"id": "a1", "name": name} for name in APIGW]})
        both = {"ProtocolType": "HTTP", "RouteSelectionExpression": "$request.method $request.path"}
        closed = {**both, "ApiId": "h1", "Name": "without-cors"}
        wide = {**both, "ApiId": "h2", "Name": "open-to-all", "CorsConfiguration": {"AllowOrigins": ["*"]}}
        Answers(aws.client("apigatewayv2"), "get_apis", {"Items": [closed, wide]})
        yield aws


def api(series: dict[str, dict[timedelta, float]]) -> Callable[[str], None]:
    def seed(name: str) -> None:
        for metric, values in series.items():
            put_metric("AWS/ApiGateway", metric, {"ApiName": name}, values, now())

    return seed


APIGW = {
    "answers-too-large": Case(
        api({"Count": {ago(5): 1000}, "5XXError": {ago(5): 80}, "IntegrationLatency": {ago(5): 700}}),
        "apigw.5xx",
        "80 of 1,000 requests answered 5xx (8 %)",
        {"GUIDE-5xx"},
        {"CASE-2026-0256", "NFI-2023-0016"},
    ),
    "times-out": Case(
        api({"Count": {ago(5): 1000}, "5XXError": {ago(5): 80}, "IntegrationLatency": {ago(5): 29_000}}),
        "apigw.5xx",
        "the slowest integration took 29.0 s",
        {"GUIDE-5xx"},
        {"LESSON-02"},
    ),
    "refuses-old-clients": Case(
        api({"Count": {ago(5): 1000, ago(65): 1000}, "4XXError": {ago(5): 300, ago(65): 20}}),
        "apigw.4xx",
        "300 of 1,000 requests answered 4xx (30 %)",
        set(),
        {"LESSON-01"},
    ),
    "slow": Case(api({"Latency": {ago(5): 28_900}}), "apigw.latency", "28.9 s", {"LESSON-02"}, {"GUIDE-high-latency"}),
}
HTTP_APIS = {
    "without cors": Case(api({}), "apigw.cors", "CORS is not configured", set(), {"GUIDE-cors"}),
    "open to all": Case(api({}), "apigw.cors", "CORS allows every origin", set(), {"GUIDE-cors"}),
}


@pytest.mark.parametrize("label", [*APIGW, *HTTP_APIS])
def test_apigw(gateway: Aws, label: str) -> None:
    verify(gateway, "apigw", label, (APIGW | HTTP_APIS)[label])


def distribution(*paths: str) -> Callable[[str], str]:
    def seed(name: str) -> str:
        cloudfront = client("cloudfront")
        origin = {"Id": "o", "DomainName": "shop.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        behavior = {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "allow-all",
            "MinTTL": 0,
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}},
        }
        made = cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": name,
                "Comment": name,
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": behavior,
            }
        )["Distribution"]["Id"]
        batch = {"CallerReference": name, "Paths": {"Quantity": len(paths), "Items": list(paths)}}
        cloudfront.create_invalidation(DistributionId=made, InvalidationBatch=batch)
        return str(made)

    return seed


CLOUDFRONT = {
    "emptied at once": Case(
        distribution("/*"), "cloudfront.everything", "/* was invalidated", {"NFI-2023-0014"}, set()
    ),
    "not quite": Case(
        distribution("/index.html"),
        "cloudfront.query-strings",
        "/index.html was invalidated",
        set(),
        {"CASE-2026-0312"},
    ),
}


@pytest.mark.parametrize("label", CLOUDFRONT)
def test_cloudfront(aws: Aws, label: str) -> None:
    found = verify(aws, "cloudfront", label, CLOUDFRONT[label])
    assert len({one.check for one in found.findings}) == 1


def zone(name: str) -> str:
    client("route53").create_hosted_zone(Name=f"{name}.example.com", CallerReference=name)
    return f"{name}.example.com"


def slow_check(name: str) -> str:
    config = {
        "Type": "HTTPS",
        "FullyQualifiedDomainName": f"www.{zone(name)}",
        "FailureThreshold": 5,
        "RequestInterval": 30,
    }
    client("route53").create_health_check(CallerReference=name, HealthCheckConfig=config)
    return f"{name}.example.com"


ROUTE53 = {
    "fails too late": Case(slow_check, "route53.slow-check", "150 s in all", {"NFI-2024-0007"}, set()),
}


@pytest.mark.parametrize("label", ROUTE53)
def test_route53(aws: Aws, label: str) -> None:
    verify(aws, "route53", label, ROUTE53[label])


NO_RECORDS: dict[str, Any] = {"ResourceRecordSets": [], "IsTruncated": False, "MaxItems": "100"}
FOREIGN = {
    "Name": "other.example.com.",
    "Type": "NS",
    "TTL": 60,
    "ResourceRecords": [{"Value": "ns.example.org"}],
}
FAILING = {"HealthCheckObservations": [{"StatusReport": {"Status": "Failure: timeout"}}]}


@pytest.mark.parametrize(
    ("operation", "answer", "check", "says", "refs", "likely"),
    [
        ("list_resource_record_sets", NO_RECORDS, "route53.no-ns", "has no NS records", {"NFI-2024-0004"}, set()),
        (
            "list_resource_record_sets",
            NO_RECORDS | {"ResourceRecordSets": [FOREIGN]},
            "route53.foreign-ns",
            "name ns.example.org, none of which",
            set(),
            {"NFI-2024-0004"},
        ),
        ("get_health_check_status", FAILING, "route53.failing", "1 of 1 checkers", set(), {"LESSON-03"}),
    ],
)
def test_records_and_health_that_moto_cannot_play(
    aws: Aws, operation: str, answer: dict[str, Any], check: str, says: str, refs: set[str], likely: set[str]
) -> None:
    asked = Aws(REGION)
    answer_changes(asked)
    Answers(asked.client("route53"), operation, answer)
    seed = slow_check if check == "route53.failing" else zone
    verify(asked, "route53", "other" if "foreign" in check else check, Case(seed, check, says, refs, likely))
