"""Databases, tables, queues and buckets that are wrong in the ways of the knowledge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.aws.accounts import Aws
from tests.diagnostics.account import ACCOUNT, REGION, Answers, answer_changes, client, now, played, put_metric, refuse
from tests.diagnostics.cases import WEEK_AGO, Case, ago, look, verify


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with played():
        aws = Aws(REGION)
        answer_changes(aws)
        yield aws


def instance(**series: dict[timedelta, float]) -> Callable[[str], None]:
    def seed(name: str) -> None:
        client("rds").create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=100,
            MasterUsername="shop",
            MasterUserPassword="not-a-secret",
        )
        for metric, values in series.items():
            put_metric("AWS/RDS", metric, {"DBInstanceIdentifier": name}, values, now())

    return seed


def limited(name: str) -> None:
    """100 connections by the parameter group, 95 of them used."""
    rds = client("rds")
    rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="postgres16", Description="x")
    parameter = {"ParameterName": "max_connections", "ParameterValue": "100", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=[parameter])
    instance(DatabaseConnections={ago(5): 95, ago(65): 40})(name)
    rds.modify_db_instance(DBInstanceIdentifier=name, DBParameterGroupName=name)


def stopped(name: str) -> None:
    instance()(name)
    client("rds").stop_db_instance(DBInstanceIdentifier=name)


DATABASE = {"INC-2023-2156", "CASE-2026-0142", "INC-2023-0445", "LESSON-04"}
RDS = {
    "connections used up": Case(limited, "rds.connections", "95 connections", {"PB-database"}, DATABASE),
    "connections that memory permits": Case(
        instance(DatabaseConnections={ago(5): 90}),
        "rds.connections",
        "about 112 that postgres permits on db.t3.micro",
        {"PB-database"},
        DATABASE,
    ),
    "zombie connections": Case(
        instance(DatabaseConnections={ago(5): 40, ago(65): 10}),
        "rds.connections-grow",
        "40 connections",
        set(),
        {"LESSON-04", "INC-2023-2156"},
    ),
    "a full scan": Case(
        instance(CPUUtilization={ago(5): 97}),
        "rds.cpu",
        "CPU was at 97 %",
        {"PB-database"},
        {"NFI-2023-0012", "INC-2023-1789"},
    ),
    "a replica behind": Case(
        instance(ReplicaLag={ago(5): 320}),
        "rds.replica-lag",
        "up to 320 s behind",
        set(),
        {"NFI-2024-0016", "PB-database"},
    ),
    "no space": Case(
        instance(FreeStorageSpace={ago(5): 1024**3}), "rds.storage", "1.1 GB of 107.4 GB", set(), {"PB-database"}
    ),
    "stopped": Case(stopped, "rds.state", "is stopped", {"PB-database"}, set()),
}


@pytest.mark.parametrize("label", RDS)
def test_rds(aws: Aws, label: str) -> None:
    verify(aws, "rds", label, RDS[label])


def test_the_name_of_a_cluster_is_its_writer(aws: Aws) -> None:
    rds = client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="orders",
        Engine="aurora-postgresql",
        MasterUsername="shop",
        MasterUserPassword="not-a-secret",
    )
    rds.create_db_instance(
        DBInstanceIdentifier="orders-1",
        DBClusterIdentifier="orders",
        DBInstanceClass="db.r5.large",
        Engine="aurora-postgresql",
    )
    put_metric("AWS/RDS", "CPUUtilization", {"DBInstanceIdentifier": "orders-1"}, {ago(5): 99}, now())
    assert "rds.cpu" in {one.check for one in look(aws, "aurora orders").findings}


def test_what_rds_says_happened_is_a_change(aws: Aws) -> None:
    instance()("failed-over")
    asked = Aws(REGION)
    answer_changes(asked)
    told = [
        {"Date": now() - ago(20), "Message": "Multi-AZ instance failover started."},
        {"Date": now() - ago(20), "Message": "Backing up DB instance"},
    ]
    Answers(asked.client("rds"), "describe_events", {"Events": told})
    said = [one.seen for one in look(asked, "rds failed-over").findings if one.check == "rds.event"]
    assert len(said) == 1 and said[0].endswith("UTC: Multi-AZ instance failover started.")


def table(*, units: int = 0, **series: dict[timedelta, float]) -> Callable[[str], None]:
    def seed(name: str) -> None:
        mode: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST"}
        if units:
            mode = {"ProvisionedThroughput": {"ReadCapacityUnits": units, "WriteCapacityUnits": units}}
        client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            **mode,
        )
        for metric, values in series.items():
            put_metric("AWS/DynamoDB", metric, {"TableName": name}, values, now())

    return seed


def at_its_maximum(name: str) -> None:
    table(units=5000)(name)
    client("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId=f"table/{name}",
        ScalableDimension="dynamodb:table:WriteCapacityUnits",
        MinCapacity=1000,
        MaxCapacity=5000,
    )


def operations(operation: str, count: int) -> Callable[[str], None]:
    def seed(name: str) -> None:
        table()(name)
        named = [{"Name": "TableName", "Value": name}, {"Name": "Operation", "Value": operation}]
        statistics = {"SampleCount": count, "Sum": 5.0 * count, "Minimum": 5.0, "Maximum": 5.0}
        datum = {
            "MetricName": "SuccessfulRequestLatency",
            "Dimensions": named,
            "Timestamp": now() - ago(5),
            "StatisticValues": statistics,
        }
        client("cloudwatch").put_metric_data(Namespace="AWS/DynamoDB", MetricData=[datum])

    return seed


def denying(name: str) -> None:
    table()(name)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:*", "Resource": arn}
    client("dynamodb").put_resource_policy(
        ResourceArn=arn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )


DYNAMODB = {
    "writes at capacity": Case(
        table(units=10, WriteThrottleEvents={ago(5): 300}, ConsumedWriteCapacityUnits={ago(5): 3000}),
        "dynamodb.write-throttles",
        "300 write throttles",
        {"CASE-2026-0178"},
        {"LESSON-08", "LESSON-05"},
    ),
    "a hot partition": Case(
        table(units=100, ReadThrottleEvents={ago(5): 40}, ConsumedReadCapacityUnits={ago(5): 3000}),
        "dynamodb.read-throttles",
        "40 read throttles",
        set(),
        {"CASE-2026-0178", "LESSON-08", "LESSON-05"},
    ),
    "without auto scaling": Case(
        table(units=5), "dynamodb.no-autoscaling", "without auto scaling", set(), {"LESSON-08", "CASE-2026-0178"}
    ),
    "as much as it may": Case(
        at_its_maximum, "dynamodb.at-maximum", "Write capacity is 5000", {"CASE-2026-0178"}, set()
    ),
    "scanned": Case(operations("Scan", 12), "dynamodb.scans", "12 Scan requests", set(), {"LESSON-08"}),
    "emptied": Case(operations("DeleteItem", 5000), "dynamodb.deletions", "5,000 DeleteItem", set(), {"NFI-2023-0019"}),
    "without recovery": Case(table(), "dynamodb.no-recovery", "is off", set(), {"NFI-2023-0019"}),
    "denied by its policy": Case(denying, "dynamodb.policy-denies", "Deny", set(), {"INC-2023-1456"}),
}


@pytest.mark.parametrize("label", DYNAMODB)
def test_dynamodb(aws: Aws, label: str) -> None:
    verify(aws, "dynamodb", label, DYNAMODB[label])


def domain(name: str, series: dict[str, dict[timedelta, float]]) -> None:
    client("opensearch").create_domain(DomainName=name)
    for metric, values in series.items():
        put_metric("AWS/ES", metric, {"DomainName": name, "ClientId": ACCOUNT}, values, now())


OPENSEARCH = {
    "red": Case(
        lambda name: domain(name, {"ClusterStatus.red": {ago(5): 1}, "Nodes": {ago(5): 2}}),
        "opensearch.red",
        "The cluster was red",
        set(),
        {"NFI-2024-0011"},
    ),
    "yellow": Case(
        lambda name: domain(name, {"ClusterStatus.yellow": {ago(5): 1}, "Nodes": {ago(5): 2}}),
        "opensearch.yellow",
        "with 2 nodes at least",
        set(),
        {"NFI-2024-0011"},
    ),
    "pressed": Case(
        lambda name: domain(name, {"JVMMemoryPressure": {ago(5): 92}}),
        "opensearch.heap",
        "92 %",
        set(),
        {"NFI-2024-0011"},
    ),
}


@pytest.mark.parametrize("label", OPENSEARCH)
def test_opensearch(aws: Aws, label: str) -> None:
    verify(aws, "opensearch", label, OPENSEARCH[label])


def queue(receives: int, letters: int = 0) -> Callable[[str], None]:
    def seed(name: str) -> None:
        sqs = client("sqs")
        dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dead", "maxReceiveCount": receives}
        sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)})
        for _ in range(letters):
            sqs.send_message(QueueUrl=dead, MessageBody="x")
        age = {ago(5): 4000.0} if letters else {}
        put_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": name}, age or {ago(5): 1.0}, now())

    return seed


SQS = {
    "given up": Case(queue(5, 3), "sqs.dead-letters", "3 messages lie", {"GUIDE-esm-sqs"}, set()),
    "given up soon": Case(queue(1), "sqs.receives", "maxReceiveCount is 1", {"GUIDE-esm-sqs"}, set()),
    "a backlog": Case(queue(5, 1), "sqs.backlog", "waited 4,000 s", set(), {"GUIDE-esm-sqs", "GUIDE-concurrency"}),
}


@pytest.mark.parametrize("label", SQS)
def test_sqs(aws: Aws, label: str) -> None:
    verify(aws, "sqs", label, SQS[label])


def bucket(*statements: dict[str, Any]) -> Callable[[str], None]:
    def seed(name: str) -> None:
        client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if statements:
            document = {
                "Version": "2012-10-17",
                "Statement": [{**one, "Resource": f"arn:aws:s3:::{name}/*"} for one in statements],
            }
            client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(document))

    return seed


def blocked(name: str) -> None:
    bucket({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"})(name)
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)


def archived(name: str) -> None:
    s3 = client("s3")
    for one in (name, f"{name}-copy"):
        bucket()(one)
        s3.put_bucket_versioning(Bucket=one, VersioningConfiguration={"Status": "Enabled"})
    rule = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{name}-copy"}}
    role = f"arn:aws:iam::{ACCOUNT}:role/copy"
    s3.put_bucket_replication(Bucket=name, ReplicationConfiguration={"Role": role, "Rules": [rule]})
    moves = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Transitions": [{"Days": 1, "StorageClass": "GLACIER_IR"}],
    }
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [moves]})


def looped(name: str) -> None:
    """Ten days of 20 GB each; then a night that wrote three terabytes, and a day of nothing."""
    bucket()(name)
    total, by_day = 0.0, [20e9] * 10 + [3.3e12, 0.0]
    sizes = {}
    for place, added in enumerate(by_day):
        total += added
        sizes[timedelta(days=len(by_day) - place)] = total
    put_metric("AWS/S3", "BucketSizeBytes", {"BucketName": name, "StorageType": "StandardStorage"}, sizes, now())


S3 = {
    "denied to everybody": Case(
        bucket({"Effect": "Deny", "Principal": "*", "Action": "s3:*"}),
        "s3.denies-all",
        "denies s3:* to everybody",
        {"CASE-2026-0089", "PB-s3"},
        set(),
    ),
    "pictures that are blocked": Case(blocked, "s3.public-blocked", "BlockPublicPolicy", {"PB-s3"}, {"INC-2023-0987"}),
    "archived before it is copied": Case(
        archived, "s3.replication-lifecycle", "old to GLACIER_IR", {"NFI-2024-0010"}, set()
    ),
    "a script that looped all weekend": Case(
        looped, "s3.growth", "grew by 3,300.0 GB in the day", set(), {"NFI-2023-0015"}
    ),
    "without a tag": Case(bucket(), "s3.no-env-tag", "no tag env", {"NFI-2024-0017"}, set()),
}


@pytest.mark.parametrize("label", S3)
def test_s3(aws: Aws, label: str) -> None:
    verify(aws, "s3", label, S3[label])


def test_a_policy_that_keeps_everybody_out_may_keep_tocsin_out_too(aws: Aws) -> None:
    bucket()("locked")
    asked = Aws(REGION)
    answer_changes(asked)

    refuse(asked.client("s3"), "GetBucketPolicy", "AccessDenied")
    found = look(asked, "s3 locked")
    (one,) = [one for one in found.findings if one.check == "s3.locked"]
    assert one.likely == ("CASE-2026-0089",)
    assert ("access", "s3:GetBucketPolicy") in {(item.look, item.action) for item in found.unread}


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("rds zombie-connection", "Did you mean zombie-connections"),
        ("dynamodb hot-partition", "Did you mean a-hot-partition"),
        ("sqs given", "Did you mean given-up"),
        ("s3 without-tag", "Did you mean without-a-tag"),
    ],
)
def test_a_name_that_is_not_there_gets_the_nearest(aws: Aws, what: str, says: str) -> None:
    from bot.errors import BadRequest

    seeds = {"rds": instance(), "dynamodb": table(), "sqs": queue(5), "s3": bucket()}
    word, _ = what.split()
    known = says.removeprefix("Did you mean ")
    try:
        seeds[word](known)
    except client(word).exceptions.ClientError:
        pass  # another test made it
    with pytest.raises(BadRequest, match=says):
        look(aws, what)


def test_what_is_measured_is_compared_with_the_week_before(aws: Aws) -> None:
    table(units=10, ReadThrottleEvents={ago(5): 7, ago(65): 2, WEEK_AGO: 1})("compared")
    (one,) = [one for one in look(aws, "ddb compared").findings if one.check == "dynamodb.read-throttles"]
    assert one.compared == "the hour before: 2; a week before: 1"
