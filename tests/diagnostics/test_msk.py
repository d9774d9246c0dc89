"""MSK clusters that are wrong, by themselves and as what a function reads from. moto lists no nodes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.aws.accounts import Aws
from bot.diagnostics.rules.finding import Diagnosis, Weight
from bot.errors import BadRequest
from tests.diagnostics.account import (
    ACCOUNT,
    REGION,
    Answers,
    answer_changes,
    answers_of_lambda,
    function,
    now,
    played,
    put_metric,
    refuse,
    role,
)
from tests.diagnostics.cases import ago, look
from tests.diagnostics.commands import assert_valid

UUID = "00000000-0000-0000-0000-000000000000"
STANDARD: dict[str, Any] = {
    "BrokerNodeGroupInfo": {
        "ClientSubnets": ["subnet-1"],
        "InstanceType": "kafka.m7g.large",
        "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 1000}},
    },
    "NumberOfBrokerNodes": 3,
}
EXPRESS = STANDARD | {
    "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1"], "InstanceType": "express.m7g.large"},
}


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with played():
        role("orders")
        yield


def cluster(name: str, aws: Aws, brokers: int = 3, **more: Any) -> str:
    """A cluster with brokers 1 to 3, of which MSK lists so many: its ARN."""
    arn = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/{name}/00000000-0000-0000-0000-000000000000-1"
    described = {"ClusterArn": arn, "ClusterName": name, "State": "ACTIVE", "Provisioned": STANDARD} | more
    described = {key: value for key, value in described.items() if value is not None}
    nodes = [{"NodeType": "BROKER", "BrokerNodeInfo": {"BrokerId": float(number + 1)}} for number in range(brokers)]
    controller = {"ControllerNodeInfo": {"Endpoints": ["c-1.example.com"]}}
    Answers(aws.client("kafka"), "list_clusters_v2", {"ClusterInfoList": [described]})
    Answers(aws.client("kafka"), "describe_cluster_v2", {"ClusterInfo": described})
    Answers(aws.client("kafka"), "list_nodes", {"NodeInfoList": [*nodes, controller]})
    return arn


def measured(name: str, series: str, values: dict[timedelta, float], **dimensions: str) -> None:
    named = {key.replace("_", " "): value for key, value in dimensions.items()}
    put_metric("AWS/Kafka", series, {"Cluster Name": name} | named, values, now())


def seen(name: str, brokers: int = 3, **more: Any) -> Diagnosis:
    aws = Aws(REGION)
    answer_changes(aws)
    cluster(name, aws, brokers, **more)
    found = look(aws, f"msk {name}")
    assert found.unread == ()
    for one in found.findings:
        assert_valid(one.command)
    return found


def test_a_healthy_cluster_has_no_finding() -> None:
    measured("healthy", "KafkaDataLogsDiskUsed", {ago(5): 79.9}, Broker_ID="1")
    measured("healthy", "UnderReplicatedPartitions", {ago(5): 0}, Broker_ID="2")
    measured("healthy", "OfflinePartitionsCount", {ago(5): 0, ago(65): 4})
    found = seen("healthy")
    assert found.findings == ()
    assert found.clean == ("brokers", "changes in CloudTrail", "partitions", "state", "storage")
    assert found.calls == 6


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"Provisioned": EXPRESS},
        {"Provisioned": None, "ClusterType": "SERVERLESS", "Serverless": {"VpcConfigs": [{"SubnetIds": ["subnet-1"]}]}},
    ],
    ids=["without data", "Express", "serverless"],
)
def test_what_is_not_measured_is_no_finding(more: dict[str, Any]) -> None:
    found = seen("unmeasured", **more)
    assert found.findings == ()
    assert (found.cost == 0) == bool(more), "nothing is asked of CloudWatch that it cannot have"


@pytest.mark.parametrize(
    ("used", "weight", "says"),
    [
        (80.0, Weight.RISK, "Storage of broker 2 of filling was at 80 % of 1,000 GiB"),
        (94.9, Weight.RISK, "at 94.9 % of"),
        (95.0, Weight.PROBLEM, "at 95 % of"),
    ],
)
def test_the_fullest_broker_is_named(used: float, weight: Weight, says: str) -> None:
    name = f"filling-{used}".replace(".", "-")
    measured(name, "KafkaDataLogsDiskUsed", {ago(5): 30.0}, Broker_ID="1")
    measured(name, "KafkaDataLogsDiskUsed", {ago(5): used, ago(65): 61.0}, Broker_ID="2")
    (one,) = seen(name).findings
    assert (one.check, one.weight) == ("msk.storage", weight)
    assert says.replace("filling", name) in one.seen
    assert one.compared == "the hour before: 61 %; a week before: no data"


def test_offline_and_under_replicated_partitions_are_told_apart() -> None:
    measured("split", "OfflinePartitionsCount", {ago(5): 7})
    measured("split", "UnderReplicatedPartitions", {ago(5): 12}, Broker_ID="1")
    measured("split", "UnderReplicatedPartitions", {ago(5): 31}, Broker_ID="3")
    offline, under = seen("split").findings
    assert (offline.check, offline.weight) == ("msk.offline", Weight.PROBLEM)
    assert offline.seen.startswith("Up to 7 partitions of split were offline")
    assert (under.check, under.weight) == ("msk.under-replicated", Weight.RISK)
    assert under.seen.startswith("Up to 31 partitions that broker 3 of split leads")


@pytest.mark.parametrize(
    ("more", "check", "weight", "says"),
    [
        ({"State": "REBOOTING_BROKER"}, "msk.state", Weight.RISK, "troubled is REBOOTING_BROKER"),
        (
            {"State": "FAILED", "StateInfo": {"Code": "x", "Message": "no  addresses"}},
            "msk.state",
            Weight.PROBLEM,
            "is FAILED: no addresses",
        ),
        (
            {"Provisioned": STANDARD | {"CustomerActionStatus": "CRITICAL_ACTION_REQUIRED"}},
            "msk.action",
            Weight.PROBLEM,
            "needs your action",
        ),
        ({"brokers": 2}, "msk.brokers", Weight.PROBLEM, "MSK lists 2 of the 3 brokers of troubled"),
    ],
)
def test_what_msk_says_of_itself(more: dict[str, Any], check: str, weight: Weight, says: str) -> None:
    (one,) = seen("troubled", **more).findings
    assert (one.check, one.weight) == (check, weight)
    assert says in one.seen


def test_an_arn_is_understood_and_a_name_that_only_begins_like_it_is_another() -> None:
    aws = Aws(REGION)
    answer_changes(aws)
    arn = cluster("events", aws)
    assert look(aws, arn).resource == "msk events"
    with pytest.raises(BadRequest, match=r"There is no MSK cluster event in eu-central-1\. Did you mean events\?"):
        look(aws, "msk event")


def reading(name: str, aws: Aws, arn: str, *others: dict[str, Any], **more: Any) -> None:
    """A function of that name that reads topic orders of a cluster, and from other sources."""
    function(name, f"arn:aws:iam::{ACCOUNT}:role/orders")
    answers_of_lambda(aws)
    source = {"UUID": UUID, "EventSourceArn": arn, "Topics": ["orders"], "State": "Enabled"} | more
    Answers(aws.client("lambda"), "list_event_source_mappings", {"EventSourceMappings": [*others, source]})


def test_a_function_that_reads_from_msk_says_how_far_it_is_behind_and_why() -> None:
    aws = Aws(REGION)
    reading("reader", aws, cluster("shop", aws), AmazonManagedKafkaEventSourceConfig={"ConsumerGroupId": "readers"})
    group = {"Consumer_Group": "readers", "Topic": "orders"}
    measured("shop", "EstimatedMaxTimeLag", {ago(5): 840, ago(65): 2}, **group)
    measured("shop", "SumOffsetLag", {ago(5): 120_000}, **group)
    measured("shop", "OfflinePartitionsCount", {ago(5): 3})
    found = look(aws, "lambda reader")
    checks = [one.check for one in found.findings if one.weight is Weight.PROBLEM]
    assert checks == ["lambda.kafka-lag", "msk.offline"]
    (lag,) = [one for one in found.findings if one.check == "lambda.kafka-lag"]
    assert lag.seen.startswith("The function was up to 840 s behind topic orders of shop")
    assert lag.seen.endswith("with 120,000 records waiting")
    assert lag.compared == "the hour before: 2 s; a week before: no data"
    assert found.calls <= 25 and found.unread == ()
    assert_valid(lag.command)


def test_a_function_that_keeps_up_with_a_healthy_cluster_has_no_finding_of_it() -> None:
    aws = Aws(REGION)
    reading("keeping-up", aws, cluster("calm", aws))
    measured("calm", "EstimatedMaxTimeLag", {ago(5): 59.9}, Consumer_Group=UUID, Topic="orders")
    found = look(aws, "lambda keeping-up")
    assert not [one for one in found.findings if one.check.startswith(("msk.", "lambda.kafka"))]
    assert "event sources" in found.clean


def test_where_msk_denies_the_lag_is_said_and_the_action_named() -> None:
    aws = Aws(REGION)
    refuse(aws.client("kafka"), "DescribeClusterV2", "AccessDeniedException")
    reading("denied", aws, cluster("closed", aws))
    measured("closed", "EstimatedMaxTimeLag", {ago(5): 60}, Consumer_Group=UUID, Topic="orders")
    found = look(aws, "lambda denied")
    assert "lambda.kafka-lag" in {one.check for one in found.findings}
    assert [(one.look, one.action) for one in found.unread] == [("event sources", "kafka:DescribeClusterV2")]


def test_with_a_cluster_there_is_no_room_for_queues_and_it_says_what_to_ask() -> None:
    aws = Aws(REGION)
    queue = {"UUID": UUID, "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:both", "State": "Enabled"}
    reading("both", aws, cluster("beside", aws), queue)
    (unread,) = look(aws, "lambda both").unread
    assert unread.why.endswith("not all were checked. Diagnose the rest: `sqs both`")
