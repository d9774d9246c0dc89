"""One of everything that is diagnosed, furnished so that every call of every look is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.aws.accounts import Aws
from tests.diagnostics import test_account, test_compute, test_data, test_deployments, test_edge, test_msk
from tests.diagnostics.account import (
    ACCOUNT,
    REGION,
    Answers,
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
    seeds: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("rds", test_data.instance(DatabaseConnections={ago(5): 9})),
        ("dynamodb", test_data.table(units=5)),
        ("sqs", test_data.queue(5)),
        ("s3", test_data.archived),
        ("alb", test_edge.balancer()),
        ("elasticache", test_compute.cluster()),
        ("asg", test_compute.group(cpu=95)),
        ("opensearch", lambda name: test_data.domain(name, {})),
        ("states", test_account.machine("ExecutionsFailed")),
        ("sns", test_account.topic(subscribed=True)),
        ("logs", test_account.log("x")),
        ("iam", test_account.roles()),
    )
    for word, seed in seeds:
        seed(f"every-{word}")
    test_account.answers_of_quotas(aws)
    test_msk.cluster("every-msk", aws)
    Answers(aws.client("apigateway"), "get_rest_apis", {"items": [{"id": "a1", "name": "every-apigw"}]})
    Answers(aws.client("apigatewayv2"), "get_apis", {"Items": []})
    parameter = {"ParameterName": "maxmemory-policy", "ParameterValue": "volatile-lru"}
    Answers(aws.client("elasticache"), "describe_cache_parameters", {"Parameters": [parameter]})
    Answers(aws.client("elasticache"), "describe_events", {"Events": []})
    grouped = {"CacheClusterId": "every-elasticache", "CacheParameterGroup": {"CacheParameterGroupName": "ours"}}
    Answers(aws.client("elasticache"), "describe_cache_clusters", {"CacheClusters": [grouped]})
    more = (
        f"ec2 {test_compute.instance(22)('every-ec2')}",
        f"cloudfront {test_edge.distribution('/*')('every-cloudfront')}",
        f"route53 {test_edge.slow_check('every-route53')}",
        "apigw every-apigw",
        "msk every-msk",
        "quotas lambda",
        "changes",
        "changes orders-api",
    )
    _deployments(aws)
    Answers(aws.client("logs"), "get_query_results", {"status": "Running", "results": []})
    Answers(aws.client("logs"), "stop_query", {"success": True})
    return (_function(aws), *(f"{word} every-{word}" for word, _ in seeds), *more)


def _deployments(aws: Aws) -> None:
    """What moto does not have of what was deployed."""
    stack = {"StackName": "shop", "StackId": test_deployments.STACK, "StackStatus": "UPDATE_IN_PROGRESS"}
    times = {"CreationTime": now(), "LastUpdatedTime": now()}
    Answers(aws.client("cloudformation"), "list_stacks", {"StackSummaries": [stack | times]})
    Answers(aws.client("cloudformation"), "describe_stack_events", {"StackEvents": []})
    Answers(aws.client("cloudformation"), "describe_stack_resources", {"StackResources": []})
    test_deployments.deployments({"status": "Succeeded"}, aws=aws)
    Answers(aws.client("ecs"), "list_clusters", {"clusterArns": ["shop"]})
    Answers(aws.client("ecs"), "list_services", {"serviceArns": ["checkout"]})
    Answers(aws.client("ecs"), "describe_services", {"services": [test_deployments.ecs_service()]})
    Answers(aws.client("ecs"), "list_service_deployments", {"serviceDeployments": []})
    test_deployments.health({}, aws=aws)


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
