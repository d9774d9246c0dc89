"""Figures just below, at and above what counts, missing ones, and healthy resources: no finding but what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.aws.accounts import Aws
from bot.diagnostics.rules.finding import Finding, Weight
from bot.diagnostics.rules.log_signs import SIGNS
from tests.diagnostics import test_account, test_compute, test_data, test_edge
from tests.diagnostics.account import (
    ACCOUNT,
    REGION,
    Answers,
    answer_changes,
    answers_of_lambda,
    client,
    function,
    now,
    played,
    put_metric,
    role,
)
from tests.diagnostics.cases import WEEK_AGO, ago, look

Values = dict[timedelta, float]
UUID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with played():
        yield


@pytest.fixture
def aws() -> Aws:
    aws = Aws(REGION)
    answer_changes(aws)
    return aws


def weights(aws: Aws, what: str, check: str) -> list[Weight]:
    return [one.weight for one in found(aws, what, check)]


def found(aws: Aws, what: str, check: str) -> list[Finding]:
    seen = look(aws, what)
    assert seen.unread == ()
    return [one for one in seen.findings if one.check.startswith(check)]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("doubled", {ago(5): 40.0, ago(65): 20.0}, []),
        ("tripled", {ago(5): 60.0, ago(65): 20.0}, [Weight.RISK]),
        ("small", {ago(5): 19.0, ago(65): 1.0}, []),
        ("new", {ago(5): 60.0}, []),
    ],
)
def test_connections_that_grow(aws: Aws, name: str, values: Values, expected: list[Weight]) -> None:
    test_data.instance(DatabaseConnections=values)(f"grow-{name}")
    assert weights(aws, f"rds grow-{name}", "rds.connections-grow") == expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("steady", {ago(5): 4.9e8, WEEK_AGO: 1e8}, []),
        ("grown", {ago(5): 5e8, WEEK_AGO: 1e8}, [Weight.RISK]),
        ("small", {ago(5): 9.9e7, WEEK_AGO: 1.0}, []),
        ("new", {ago(5): 7e9}, []),
        ("of-today", {ago(5): 7e9, ago(65): 1e9}, [Weight.RISK]),
    ],
)
def test_the_volume_of_a_log(aws: Aws, name: str, values: Values, expected: list[Weight]) -> None:
    test_account.log("START", IncomingBytes=values)(f"volume-{name}")
    assert weights(aws, f"logs volume-{name}", "logs.volume") == expected


@pytest.mark.parametrize(
    ("name", "count", "refused", "expected"),
    [
        ("quiet", {ago(5): 9}, {ago(5): 4}, []),
        ("usual", {ago(5): 700, ago(65): 800}, {ago(5): 21, ago(65): 13}, []),
        ("twice", {ago(5): 700, ago(65): 700}, {ago(5): 26, ago(65): 13}, [Weight.PROBLEM]),
        ("below-noise", {ago(5): 700, ago(65): 700}, {ago(5): 6}, []),
        ("asleep", {ago(5): 700, WEEK_AGO: 700}, {ago(5): 70, WEEK_AGO: 70}, []),
        ("new", {ago(5): 70}, {ago(5): 7}, [Weight.NOTICE]),
    ],
)
def test_refused_requests(aws: Aws, name: str, count: Values, refused: Values, expected: list[Weight]) -> None:
    Answers(aws.client("apigateway"), "get_rest_apis", {"items": [{"id": "a1", "name": name}]})
    Answers(aws.client("apigatewayv2"), "get_apis", {"Items": []})
    test_edge.api({"Count": count, "4XXError": refused})(name)
    assert weights(aws, f"apigw {name}", "apigw.4xx") == expected


@pytest.mark.parametrize(
    ("reached", "config", "expected"),
    [
        ((16, 16), {}, []),
        ((4, 16), {}, [Weight.NOTICE]),
        ((18, 100), {}, [Weight.PROBLEM]),
        ((0, 16), {}, [Weight.PROBLEM]),
        ((0, 16), {"Inverted": True}, [Weight.NOTICE]),
        ((0, 16), {"Disabled": True}, []),
        ((0, 16), {"Type": "CALCULATED"}, []),
        ((1, 1), {"FailureThreshold": 3}, []),
        ((1, 1), {"FailureThreshold": 4}, [Weight.RISK]),
        ((1, 1), {"FailureThreshold": 10, "RequestInterval": 10}, []),
    ],
)
def test_health_checks(aws: Aws, reached: tuple[int, int], config: dict[str, Any], expected: list[Weight]) -> None:
    good, all_of_them = reached
    usual = {"Type": "HTTPS", "FullyQualifiedDomainName": "shop.example.com", "RequestInterval": 30}
    one = {"Id": UUID, "CallerReference": "x", "HealthCheckVersion": 1, "HealthCheckConfig": usual | config}
    listed = {"HealthChecks": [one], "Marker": "", "IsTruncated": False, "MaxItems": "100"}
    said = ["Success: HTTP Status Code 200"] * good + ["Failure: timeout"] * (all_of_them - good)
    Answers(aws.client("route53"), "list_health_checks", listed)
    seen = {"HealthCheckObservations": [{"StatusReport": {"Status": one}} for one in said]}
    Answers(aws.client("route53"), "get_health_check_status", seen)
    assert weights(aws, f"route53 {UUID}", "route53.") == expected


@pytest.mark.parametrize(
    ("used", "evicted", "expected"),
    [
        ((79.9, 79.9), (0, 0), {}),
        ((12, 80), (0, 0), {"memory": "grown-0002-001"}),
        ((12, 31), (3, 1), {"evictions": "4 keys"}),
    ],
)
def test_every_shard_of_a_cache_counts(
    aws: Aws, used: tuple[float, float], evicted: tuple[int, int], expected: dict[str, str]
) -> None:
    nodes = ["grown-0001-001", "grown-0002-001"]
    group = {"ReplicationGroupId": "grown", "MemberClusters": nodes}
    Answers(aws.client("elasticache"), "describe_replication_groups", {"ReplicationGroups": [group]})
    Answers(aws.client("elasticache"), "describe_cache_clusters", {"CacheClusters": [{"CacheClusterId": nodes[0]}]})
    Answers(aws.client("elasticache"), "describe_events", {"Events": []})
    results = [
        {"Id": f"{key}{place}", "Timestamps": [now() - ago(5)], "Values": [values[place]], "StatusCode": "Complete"}
        for key, values in (("memory", used), ("evictions", evicted))
        for place in range(2)
    ]
    Answers(aws.client("cloudwatch"), "get_metric_data", {"MetricDataResults": results})
    seen = {one.check.partition(".")[2]: one.seen for one in found(aws, "elasticache grown", "elasticache.")}
    assert seen.keys() == expected.keys()
    assert all(says in seen[check] for check, says in expected.items())


@pytest.mark.parametrize(
    ("name", "status", "days", "expected"),
    [
        ("at-once", "Enabled", 7, [Weight.RISK]),
        ("later", "Enabled", 90, [Weight.NOTICE]),
        ("not-copied", "Disabled", 1, []),
    ],
)
def test_what_is_archived_long_after_it_was_copied(
    aws: Aws, name: str, status: str, days: int, expected: list[Weight]
) -> None:
    test_data.bucket()(name)
    copies = {"Status": status, "Destination": {"Bucket": "arn:aws:s3:::copy"}}
    replicated = {"ReplicationConfiguration": {"Role": f"arn:aws:iam::{ACCOUNT}:role/copy", "Rules": [copies]}}
    moves = {"Status": "Enabled", "Transitions": [{"Days": days, "StorageClass": "DEEP_ARCHIVE"}]}
    Answers(aws.client("s3"), "get_bucket_replication", replicated)
    Answers(aws.client("s3"), "get_bucket_lifecycle_configuration", {"Rules": [moves]})
    assert weights(aws, f"s3 {name}", "s3.replication") == expected


HEALTHY, UNCHECKED = {"State": "healthy"}, {"State": "unavailable", "Reason": "Target.HealthCheckDisabled"}
SICK = {"State": "unavailable", "Reason": "Elb.InternalError"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([HEALTHY], [HEALTHY], []),
        ([UNCHECKED], [UNCHECKED], []),
        ([HEALTHY, SICK], [HEALTHY], [("alb.unhealthy", Weight.PROBLEM)]),
        ([HEALTHY], [], [("alb.no-targets", Weight.RISK)]),
        ([], [], [("alb.no-targets", Weight.PROBLEM)] * 2),
    ],
)
def test_targets(aws: Aws, first: list[Any], second: list[Any], expected: list[tuple[str, Weight]]) -> None:
    from bot.diagnostics.checks.asking import window_of
    from bot.diagnostics.checks.edge.alb import targets
    from bot.diagnostics.checks.probe import Probe

    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
    balancer = {"LoadBalancerArn": f"{arn}:loadbalancer/app/shop/1", "LoadBalancerName": "shop"}
    groups = [{"TargetGroupArn": f"{arn}:targetgroup/{name}/1", "TargetGroupName": name} for name in ("blue", "green")]
    elb = aws.client("elbv2")
    Answers(elb, "describe_load_balancers", {"LoadBalancers": [balancer]})
    Answers(elb, "describe_target_groups", {"TargetGroups": groups})
    answers = {
        group["TargetGroupArn"]: {"TargetHealthDescriptions": [{"TargetHealth": one} for one in said]}
        for group, said in zip(groups, (first, second), strict=True)
    }
    health = Answers(elb, "describe_target_health", answers[groups[0]["TargetGroupArn"]])
    elb.meta.events.register(
        "provide-client-params.elastic-load-balancing-v2.DescribeTargetHealth",
        lambda params, **_event: health.change(answers[params["TargetGroupArn"]]),
    )
    probe = Probe(aws.reader(60), "shop", window_of(None, now()), now())
    assert [(one.check, one.weight) for one in targets(probe)] == expected


def test_a_rule_of_ipv6_that_denies_leaves_ipv4_alone(aws: Aws) -> None:
    name = test_compute.instance(22)("six")
    entries = [
        {"RuleNumber": 90, "Protocol": "-1", "RuleAction": "deny", "Ipv6CidrBlock": "::/0"},
        {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"},
        {"RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"},
    ]
    both_ways = [one | {"Egress": way} for one in entries for way in (False, True)]
    Answers(
        aws.client("ec2"), "describe_network_acls", {"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": both_ways}]}
    )
    assert found(aws, f"ec2 {name}", "ec2.nacl") == []


@pytest.mark.parametrize(("age", "expected"), [(59_999.0, []), (60_000.0, ["at least one of late, orders waited"])])
def test_of_several_streams_none_is_blamed_alone(aws: Aws, age: float, expected: list[str]) -> None:
    name = f"streams-{age:.0f}"
    function(name, role(name))
    answers_of_lambda(aws)
    arns = (
        f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/orders",
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/late/stream/2",
    )
    sources = [{"UUID": UUID, "EventSourceArn": arn, "State": "Enabled"} for arn in arns]
    Answers(aws.client("lambda"), "list_event_source_mappings", {"EventSourceMappings": sources})
    put_metric("AWS/Lambda", "IteratorAge", {"FunctionName": name}, {ago(5): age}, now())
    seen = found(aws, f"lambda {name}", "lambda.iterator-age")
    assert [one.seen for one in seen if expected and expected[0] in one.seen] == [one.seen for one in seen]
    assert len(seen) == len(expected)


@pytest.mark.parametrize(
    ("line", "signs"),
    [
        ("ERROR 1045 (28000): Access denied for user 'shop'@'10.0.0.7' (using password: YES)", {"secret"}),
        ("An error occurred (AccessDenied) when calling GetObject: Access Denied", {"denied"}),
        ("User: arn:aws:sts::1:assumed-role/x is not authorized to perform: sqs:SendMessage", {"denied"}),
        ("[INFO] access denied page rendered in 3 ms", set()),
    ],
)
def test_a_refused_password_is_no_missing_permission(line: str, signs: set[str]) -> None:
    assert {sign.name for sign in SIGNS if sign.pattern.search(line)} == signs


@pytest.mark.parametrize(
    ("receives", "dead", "expected"), [(5, 0, []), (4, 0, ["sqs.receives"]), (10, 1, ["sqs.dead-letters"])]
)
def test_how_often_a_message_is_tried(aws: Aws, receives: int, dead: int, expected: list[str]) -> None:
    sqs, name = client("sqs"), f"tried-{receives}"
    lost = sqs.create_queue(QueueName=f"{name}-lost")["QueueUrl"]
    for _ in range(dead):
        sqs.send_message(QueueUrl=lost, MessageBody="x")
    policy = f'{{"maxReceiveCount": {receives}, "deadLetterTargetArn": "arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-lost"}}'
    sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})
    assert [one.check for one in found(aws, f"sqs {name}", "sqs.")] == expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("few", {ago(5): 99}, []),
        ("cleaned-daily", {ago(5): 2000, WEEK_AGO: 401}, []),
        ("by-mistake", {ago(5): 2000, WEEK_AGO: 400}, [Weight.RISK]),
    ],
)
def test_deletions(aws: Aws, name: str, values: Values, expected: list[Weight]) -> None:
    test_data.table()(name)
    windows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}  # the week before, and now
    for at, value in values.items():
        measured = {"Id": "deletes", "Timestamps": [now() - at], "Values": [value], "StatusCode": "Complete"}
        windows[at > timedelta(days=1)].append(measured)
    answer = Answers(aws.client("cloudwatch"), "get_metric_data", {"MetricDataResults": windows[False]})
    aws.client("cloudwatch").meta.events.register(
        "provide-client-params.cloudwatch.GetMetricData",
        lambda params, **_event: answer.change(
            {"MetricDataResults": windows[params["StartTime"] < now() - timedelta(days=1)]}
        ),
    )
    Answers(aws.client("dynamodb"), "get_resource_policy", {})
    assert weights(aws, f"dynamodb {name}", "dynamodb.deletions") == expected
