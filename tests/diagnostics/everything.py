"""One of everything that is diagnosed, furnished so that every call of every look is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.aws.accounts import Aws
from tests.diagnostics import test_data, test_edge
from tests.diagnostics.account import (
    ACCOUNT,
    REGION,
    answers_of_lambda,
    client,
    function,
    now,
    put_lines,
    put_metric,
    role,
)
from tests.diagnostics.cases import ago


def seed_everything(aws: Aws) -> tuple[str, ...]:
    """What to diagnose afterwards."""
    seeds: tuple[tuple[str, Callable[[str], None]], ...] = (
        ("rds", test_data.instance(DatabaseConnections={ago(5): 9})),
        ("dynamodb", test_data.table(units=5)),
        ("sqs", test_data.queue(5)),
        ("s3", test_data.archived),
        ("alb", test_edge.balancer()),
    )
    for word, seed in seeds:
        seed(f"every-{word}")
    return (_function(aws), *(f"{word} every-{word}" for word, _ in seeds))


def vpc() -> tuple[str, str, str]:
    """A VPC with a subnet and a security group: their ids."""
    ec2 = client("ec2")
    made: dict[str, Any] = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]
    subnet = ec2.create_subnet(VpcId=made["VpcId"], CidrBlock="10.8.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="shop", Description="x", VpcId=made["VpcId"])["GroupId"]
    return made["VpcId"], subnet, group


def _function(aws: Aws) -> str:
    answers_of_lambda(aws)
    _, subnet, group = vpc()
    function("orders-api", role("orders"), VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})
    client("sqs").create_queue(QueueName="orders")
    client("lambda").create_event_source_mapping(
        FunctionName="orders-api", EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders", BatchSize=10
    )
    named = {"FunctionName": "orders-api"}
    put_metric("AWS/Lambda", "ConcurrentExecutions", named, {timedelta(minutes=5): 10}, now())
    put_lines("/aws/lambda/orders-api", ["START"], now())
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders-api"
