"""Lambda functions that are wrong in the ways of the knowledge, in an account that moto plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from bot.aws.accounts import Aws
from bot.diagnostics.rules.finding import Finding, Weight
from bot.errors import BadRequest
from tests.diagnostics.account import (
    ACCOUNT,
    REGION,
    Answers,
    answers_of_lambda,
    client,
    function,
    now,
    played,
    put_lines,
    put_metric,
    refuse,
    role,
)
from tests.diagnostics.cases import Case, ago, look, verify
from tests.diagnostics.commands import assert_valid


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with played():
        aws = Aws(REGION)
        answers_of_lambda(aws, unreserved=100)
        role("orders")
        yield aws


ROLE = f"arn:aws:iam::{ACCOUNT}:role/orders"


def metric(name: str, series: str, values: dict[timedelta, float]) -> None:
    put_metric("AWS/Lambda", series, {"FunctionName": name}, values, now())


def on_latest(name: str) -> None:
    function(name, ROLE)
    client("lambda").create_alias(FunctionName=name, Name="LIVE", FunctionVersion="$LATEST")


def at_the_limit(name: str) -> None:
    function(name, ROLE)
    metric(name, "Throttles", {ago(5): 400, ago(8): 12, ago(70): 3, ago(7 * 24 * 60 + 5): 1})
    metric(name, "ConcurrentExecutions", {ago(5): 100})


def below_the_limit(name: str) -> None:
    function(name, ROLE)
    metric(name, "Throttles", {ago(5): 2})
    metric(name, "ConcurrentExecutions", {ago(5): 20})


def nearly_full(name: str) -> None:
    function(name, ROLE)
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=10)
    metric(name, "ConcurrentExecutions", {ago(5): 9})


def switched_off(name: str) -> None:
    function(name, ROLE)
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


def failing(name: str) -> None:
    function(name, ROLE)
    metric(name, "Invocations", {ago(5): 1000, ago(65): 1000})
    metric(name, "Errors", {ago(5): 150, ago(65): 2})


def near_timeout(name: str) -> None:
    function(name, ROLE, Timeout=30)
    metric(name, "Duration", {ago(5): 30_000, ago(6): 200})


def lines(*said: str) -> Callable[[str], None]:
    def seed(name: str) -> None:
        function(name, ROLE)
        put_lines(f"/aws/lambda/{name}", list(said), now())

    return seed


def cold(name: str) -> None:
    report = "REPORT RequestId: 1 Duration: 2.0 ms Billed Duration: 3 ms Memory Size: 512 MB Max Memory Used: 90 MB"
    function(name, ROLE)
    metric(name, "Invocations", {ago(5): 40})
    put_lines(f"/aws/lambda/{name}", [f"{report} Init Duration: {ms} ms" for ms in ("810.5", "6120.4")], now())


def full(name: str) -> None:
    report = "REPORT RequestId: 1 Duration: 2.0 ms Billed Duration: 3 ms Memory Size: 128 MB\tMax Memory Used: 128 MB"
    function(name, ROLE)
    put_lines(f"/aws/lambda/{name}", [f"{report} Init Duration: 100 ms"], now())


def queue(visibility: int) -> Callable[[str], None]:
    def seed(name: str) -> None:
        function(name, ROLE, Timeout=30)
        client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(visibility)})
        client("lambda").create_event_source_mapping(
            FunctionName=name, EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", BatchSize=10
        )

    return seed


def late_kinesis(name: str) -> None:
    function(name, ROLE)
    client("kinesis").create_stream(StreamName=name, ShardCount=1)
    client("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn=f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}", StartingPosition="LATEST"
    )
    metric(name, "IteratorAge", {ago(5): 700_000})


def late_stream(name: str) -> None:
    function(name, ROLE)
    table = client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    client("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn=table["TableDescription"]["LatestStreamArn"], StartingPosition="LATEST"
    )
    metric(name, "IteratorAge", {ago(5): 900_000})


def paused(name: str) -> None:
    queue(60)(name)
    (source,) = client("lambda").list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client("lambda").update_event_source_mapping(UUID=source["UUID"], Enabled=False)


def without_a_way_out(name: str) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc)["GroupId"]
    function(name, ROLE, VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})


CASES = {
    "alias on $LATEST": Case(on_latest, "lambda.alias-latest", "Alias on $LATEST: LIVE", {"NFI-2024-0018"}, set()),
    "at its limit": Case(
        at_the_limit,
        "lambda.throttles",
        "412 invocations throttled",
        {"NFI-2023-0016", "GUIDE-concurrency"},
        set(),
    ),
    "throttled below its limit": Case(
        below_the_limit,
        "lambda.throttles",
        "at most 20 ran at once",
        {"GUIDE-concurrency"},
        {"NFI-2023-0016"},
    ),
    "nearly at its limit": Case(
        nearly_full,
        "lambda.concurrency",
        "its reserved concurrency is 10",
        set(),
        {"GUIDE-concurrency", "NFI-2023-0016"},
    ),
    "switched off": Case(
        switched_off,
        "lambda.switched-off",
        "Reserved concurrency is 0",
        {"GUIDE-async-throttling", "GUIDE-concurrency"},
        set(),
    ),
    "failing": Case(
        failing,
        "lambda.errors",
        "150 of 1,000 invocations failed (15 %)",
        set(),
        {"GUIDE-function-errors", "PB-lambda"},
    ),
    "near its timeout": Case(
        near_timeout,
        "lambda.timeout",
        "took 30.0 s",
        set(),
        {"CASE-2026-0142", "GUIDE-high-latency", "GUIDE-function-errors"},
    ),
    "timed out": Case(
        lines("2026-11-28 Task timed out after 30.03 seconds"),
        "lambda.log-timeout",
        "Task timed out after 30.03",
        {"GUIDE-function-errors"},
        {"CASE-2026-0142"},
    ),
    "denied by DynamoDB": Case(
        lines("AccessDeniedException: not authorized to perform: dynamodb:Query on resource: table/birthday-users"),
        "lambda.log-denied",
        "dynamodb:Query",
        {"PB-lambda", "GUIDE-function-errors"},
        {"INC-2023-1247", "INC-2023-1456"},
    ),
    "denied by S3": Case(
        lines("ClientError: An error occurred (AccessDenied) when calling the GetObject operation: s3 Access Denied"),
        "lambda.log-denied",
        "1 line",
        {"PB-lambda", "GUIDE-function-errors"},
        {"INC-2023-0892"},
    ),
    "killed": Case(
        lines("RequestId: 1 Error: Runtime exited with error: signal: killed Runtime.ExitError"),
        "lambda.log-memory",
        "Runtime.ExitError",
        set(),
        {"GUIDE-function-errors"},
    ),
    "rate exceeded": Case(
        lines("[ERROR] ThrottlingException: Rate exceeded", "[ERROR] ThrottlingException: Rate exceeded"),
        "lambda.log-rate",
        "2 lines",
        set(),
        {"LESSON-05", "GUIDE-concurrency", "NFI-2024-0001"},
    ),
    "capacity of a table": Case(
        lines("[ERROR] ProvisionedThroughputExceededException: The level of configured"),
        "lambda.log-capacity",
        "1 line",
        set(),
        {"CASE-2026-0178", "LESSON-08"},
    ),
    "no connections left": Case(
        lines("[ERROR] OperationalError: FATAL: remaining connection slots are reserved"),
        "lambda.log-connections",
        "1 line",
        {"PB-database"},
        {"CASE-2026-0142", "LESSON-04", "INC-2023-2156"},
    ),
    "no addresses": Case(
        lines("[ERROR] ENILimitReachedException: Lambda was not able to create an ENI"),
        "lambda.log-addresses",
        "ENILimitReached",
        {"GUIDE-eni"},
        set(),
    ),
    "a response of 7 MB": Case(
        lines("[ERROR] Response payload size exceeded maximum allowed payload size (6291556 bytes)."),
        "lambda.log-response-size",
        "6291556",
        {"CASE-2026-0256"},
        set(),
    ),
    "a rotated password": Case(
        lines('[ERROR] FATAL: password authentication failed for user "orders"'),
        "lambda.log-secret",
        "1 line",
        set(),
        {"NFI-2024-0009"},
    ),
    "cold": Case(
        cold,
        "lambda.cold-starts",
        "2 invocations of 40 (5 %) began cold",
        {"LESSON-07", "GUIDE-high-latency", "LESSON-02"},
        set(),
    ),
    "out of memory": Case(full, "lambda.memory", "128 of 128 MB", {"GUIDE-function-errors"}, set()),
    "a queue that is impatient": Case(
        queue(10),
        "lambda.visibility",
        "is 10 s, the function's timeout 30 s",
        {"GUIDE-esm-sqs"},
        set(),
    ),
    "a stream that is late": Case(
        late_stream,
        "lambda.iterator-age",
        "waited up to 900.0 s",
        {"GUIDE-esm-dynamodb-streams"},
        set(),
    ),
    "a shard that is late": Case(
        late_kinesis, "lambda.iterator-age", "waited up to 700.0 s", {"GUIDE-esm-kinesis"}, set()
    ),
    "a source that is off": Case(
        paused,
        "lambda.source-state",
        "is Disabled",
        {"GUIDE-esm-sqs"},
        {"NFI-2023-0018"},
    ),
    "in a closed VPC": Case(without_a_way_out, "lambda.no-way-out", "no route leads out", {"GUIDE-vpc"}, set()),
    "without a log": Case(
        on_latest, "lambda.no-log", "There is no log group", set(), {"GUIDE-debugging-workflow", "PB-lambda"}
    ),
    "just deployed": Case(on_latest, "lambda.deployed", "last changed at", set(), {"NFI-2024-0006", "LESSON-01"}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_found_and_points_to_the_failure_that_is_known(aws: Aws, case: str) -> None:
    assert verify(aws, "lambda", case, CASES[case]).calls <= 25


def test_the_busiest_function_takes_at_most_25_calls(aws: Aws) -> None:
    """In a VPC, throttled, with a long log whose search takes too long, queues and a stream, asked for by its ARN."""
    without_a_way_out("busiest")
    for number in range(4):
        client("sqs").create_queue(QueueName=f"busiest-{number}")
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:busiest-{number}"
        client("lambda").create_event_source_mapping(FunctionName="busiest", EventSourceArn=arn, BatchSize=10)
    client("kinesis").create_stream(StreamName="busiest", ShardCount=1)
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/busiest"
    client("lambda").create_event_source_mapping(
        FunctionName="busiest", EventSourceArn=stream, StartingPosition="LATEST"
    )
    metric("busiest", "Throttles", {ago(5): 5})
    metric("busiest", "ConcurrentExecutions", {ago(5): 5})
    put_lines("/aws/lambda/busiest", ["[ERROR] Init Duration: 2.0 ms"] * 1200, now())
    asked = Aws(REGION)
    answers_of_lambda(asked)
    Answers(asked.client("logs"), "get_query_results", {"status": "Running", "results": []})
    Answers(asked.client("logs"), "stop_query", {"success": True})
    found = look(asked, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:busiest")
    assert {one.look: one.why for one in found.unread} == {
        "error lines": "logs:GetQueryResults: the query was not done in time (Running)",
        "event sources": "To limit calls, not all were checked. Diagnose the rest: `sqs busiest-2`, `sqs busiest-3`",
    }
    assert 20 <= found.calls <= 25
    assert 0 < found.cost < 0.001


def test_a_finding_is_compared_with_the_hour_and_the_week_before(aws: Aws) -> None:
    at_the_limit("compared")
    (one,) = [one for one in look(aws, "lambda compared").findings if one.check == "lambda.throttles"]
    assert one.compared == "the hour before: 3; a week before: 1"


def test_a_healthy_function_has_no_problem_and_says_what_was_looked_at(aws: Aws) -> None:
    function("healthy", ROLE)
    put_lines("/aws/lambda/healthy", ["START", "[INFO] 200 OK", "END"], now())
    metric("healthy", "Invocations", {ago(5): 100})
    metric("healthy", "ConcurrentExecutions", {ago(5): 3})
    found = look(aws, "lambda healthy", at=now() - timedelta(hours=-2))
    assert [one for one in found.findings if one.weight < Weight.CHANGE] == []
    assert {"errors", "concurrency", "aliases", "error lines", "cold starts", "network"} <= set(found.clean)
    assert found.unread == ()


def test_two_kinds_of_durations_are_told_from_slow_ones(aws: Aws) -> None:
    function("bimodal", ROLE)
    measured = now() - timedelta(minutes=5)
    results = [
        {"Id": key, "Timestamps": [measured], "Values": [value], "StatusCode": "Complete"}
        for key, value in (("median", 200.0), ("slowest", 8000.0))
    ]
    asked = Aws(REGION)
    answers_of_lambda(asked)
    Answers(asked.client("cloudwatch"), "get_metric_data", {"MetricDataResults": results})
    findings = {one.check: one for one in look_only(asked, "bimodal", "spread of durations")}
    assert "8.0 s, the median 200 ms" in findings["lambda.bimodal"].seen
    assert findings["lambda.bimodal"].likely == ("LESSON-07", "GUIDE-high-latency")
    assert_valid(findings["lambda.bimodal"].command)


SNAP = {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
BASE = {"Role": ROLE, "Timeout": 3, "LastModified": "2026-01-01T00:00:00.000+0000"}


@pytest.mark.parametrize(
    ("configured", "which", "check", "says", "refs"),
    [
        ({"SnapStart": SNAP}, "SnapStart", "lambda.snapstart", "alias LIVE is on $LATEST", ("GUIDE-snapstart",)),
        (
            {"SnapStart": SNAP, "EphemeralStorage": {"Size": 1024}},
            "SnapStart",
            "lambda.snapstart",
            "ephemeral storage is 1024 MB",
            ("GUIDE-snapstart",),
        ),
        (
            {"State": "Failed", "StateReason": "no addresses left", "StateReasonCode": "SubnetOutOfIPAddresses"},
            "state",
            "lambda.state",
            "State is Failed (SubnetOutOfIPAddresses): no addresses left",
            ("GUIDE-eni",),
        ),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "image gone"},
            "state",
            "lambda.state",
            "image gone",
            (),
        ),
    ],
)
def test_configurations_that_moto_cannot_play(
    aws: Aws, configured: dict[str, Any], which: str, check: str, says: str, refs: tuple[str, ...]
) -> None:
    name = f"configured-{len(client('lambda').list_functions()['Functions'])}"
    on_latest(name)
    asked = Aws(REGION)
    Answers(asked.client("lambda"), "get_function_configuration", BASE | configured)
    (one,) = look_only(asked, name, which)
    assert (one.check, one.refs) == (check, refs)
    assert says in one.seen
    assert_valid(one.command)


def test_kafka_that_cannot_be_reached_points_to_its_guide(aws: Aws) -> None:
    function("from-kafka", ROLE)
    asked = Aws(REGION)
    broken = {
        "UUID": "00000000-0000-0000-0000-000000000000",
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["kafka.example.com:9094"]}},
        "Topics": ["orders"],
        "State": "Enabled",
        "LastProcessingResult": "PROBLEM: Connection error. Please check your event source connection configuration.",
    }
    Answers(asked.client("lambda"), "list_event_source_mappings", {"EventSourceMappings": [broken]})
    (one,) = look_only(asked, "from-kafka", "event sources")
    assert (one.check, one.refs) == ("lambda.source-state", ("GUIDE-esm-kafka",))
    assert "Connection error" in one.seen


def look_only(aws: Aws, name: str, which: str) -> list[Finding]:
    """One look, where the answers of the account fit no other."""
    from bot.diagnostics.checks.asking import window_of
    from bot.diagnostics.checks.lambda_ import CHECK
    from bot.diagnostics.checks.probe import Probe

    probe = Probe(aws.reader(60), name, window_of(None, now()), now())
    return list(CHECK.looks[which](probe))


def test_changes_that_cloudtrail_saw_are_listed_nearest_first_and_refused_ones_not(aws: Aws) -> None:
    function("changed", ROLE)
    asked = Aws(REGION)
    event: dict[str, Any] = {"ReadOnly": "false", "Username": "deployer", "CloudTrailEvent": "{}"}
    events = [
        {**event, "EventName": "UpdateFunctionCode", "EventTime": now() - timedelta(minutes=40)},
        {**event, "EventName": "UpdateFunctionConfiguration", "EventTime": now() - timedelta(minutes=20)},
        {
            **event,
            "EventName": "DeleteFunction",
            "EventTime": now() - timedelta(minutes=10),
            "CloudTrailEvent": '{"errorCode": "AccessDenied"}',
        },
    ]
    answers_of_lambda(asked, events=events)
    found = look_only(asked, "changed", "changes in CloudTrail")
    of_function = [one.seen for one in found if "of changed by" in one.seen]
    assert [said.split()[0] for said in of_function] == ["UpdateFunctionConfiguration", "UpdateFunctionCode"]
    assert "by deployer at" in of_function[0]
    assert [one for one in found if one.refs] == [], "that a change is the cause is never more than likely"
    for one in found:
        assert_valid(one.command)


def test_a_name_that_is_not_there_gets_the_nearest(aws: Aws) -> None:
    function("orders-api", ROLE)
    with pytest.raises(BadRequest, match=r"no Lambda function order-api in eu-central-1\. Did you mean orders-api"):
        look(aws, "lambda order-api")


def test_what_is_denied_names_the_action_and_the_other_looks_go_on(aws: Aws) -> None:
    on_latest("half-denied")
    asked = Aws(REGION)
    answers_of_lambda(asked)
    refuse(asked.client("logs"), "FilterLogEvents", "AccessDeniedException")
    refuse(asked.client("logs"), "StartQuery", "LimitExceededException")
    found = look(asked, "lambda half-denied")
    assert "lambda.alias-latest" in {one.check for one in found.findings}
    (unread,) = found.unread
    assert (unread.look, unread.action) == ("cold starts, error lines", "logs:FilterLogEvents")
    assert "lacks the IAM action logs:FilterLogEvents" in unread.why


def test_credentials_that_expire_meanwhile_are_one_sentence_and_what_was_found_before_is_kept(aws: Aws) -> None:
    on_latest("expiring")
    asked = Aws(REGION)
    answers_of_lambda(asked)
    for operation in ("StartQuery", "FilterLogEvents"):
        refuse(asked.client("logs"), operation, "ExpiredTokenException")
    refuse(asked.client("cloudwatch"), "GetMetricData", "ExpiredToken")
    refuse(asked.client("lambda"), "GetFunctionConcurrency", "ExpiredTokenException")
    found = look(asked, "lambda expiring")
    assert "lambda.alias-latest" in {one.check for one in found.findings}
    assert "SnapStart" in found.clean
    whys = {one.why.replace("ExpiredTokenException", "ExpiredToken") for one in found.unread}
    (why,) = whys
    assert why.startswith("The AWS credentials have expired (ExpiredToken). Sign in again (`aws sso login`)")


def test_an_arn_is_understood_and_one_of_another_account_is_refused(aws: Aws) -> None:
    on_latest("by-arn")
    found = look(aws, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:by-arn:LIVE")
    assert (found.resource, found.where) == ("lambda by-arn", REGION)
    with pytest.raises(BadRequest, match=r"account 210987654321; Tocsin reads account 123456789012"):
        look(aws, f"arn:aws:lambda:{REGION}:210987654321:function:by-arn")


def test_a_region_without_any_and_one_that_does_not_exist_say_what_to_type(aws: Aws) -> None:
    with pytest.raises(BadRequest, match=r"in us-west-2\. There is none at all\. Is it in another region or account\?"):
        look(aws, "lambda orders-api --region us-west-2")

    def nobody_there(**_event: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://lambda.eu-centrl-1.amazonaws.com")

    events = aws.client("lambda", region="eu-centrl-1").meta.events
    events.register_first("before-call.lambda.GetFunctionConfiguration", nobody_there)
    with pytest.raises(BadRequest, match=r"eu-centrl-1 isn't a region .* Did you mean eu-central-1\?"):
        look(aws, "lambda orders-api --region eu-centrl-1")
