"""What was deployed, and what AWS says of itself: CloudFormation, CodeDeploy, ECS and Health."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.aws.accounts import Aws
from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.account.trail import CHECK
from bot.diagnostics.checks.asking import window_of
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.finding import Finding, Weight
from tests.diagnostics.account import ACCOUNT, REGION, Answers, client, now, played, refuse
from tests.diagnostics.cases import ago
from tests.diagnostics.commands import assert_valid


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with played():
        yield


def looked(aws: Aws, which: str, name: str = "account") -> list[Finding]:
    """What one look finds. Each command that it shows exists and reads."""
    found = list(CHECK.looks[which](Probe(aws.reader(60), name, window_of(None, now()), now())))
    for one in found:
        assert_valid(one.command)
    return found


STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/1"


def stack_event(status: str, minutes: float, logical: str = "shop", reason: str = "") -> dict[str, Any]:
    own = logical == "shop"
    return {
        "StackId": STACK,
        "EventId": f"{logical}-{minutes}",
        "StackName": "shop",
        "LogicalResourceId": logical,
        "PhysicalResourceId": STACK if own else f"{logical.lower()}-id",
        "ResourceType": "AWS::CloudFormation::Stack" if own else "AWS::Lambda::Function",
        "Timestamp": now() - ago(minutes),
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def stacks(*events: dict[str, Any], updated: float = 30) -> Aws:
    aws = Aws(REGION)
    summary = {"StackName": "shop", "StackId": STACK, "StackStatus": "UPDATE_COMPLETE"}
    times = {"CreationTime": now() - ago(90_000), "LastUpdatedTime": now() - ago(updated)}
    Answers(aws.client("cloudformation"), "list_stacks", {"StackSummaries": [summary | times]})
    Answers(aws.client("cloudformation"), "describe_stack_events", {"StackEvents": list(events)})
    return aws


ROLLED_BACK = (
    stack_event("UPDATE_ROLLBACK_COMPLETE", 20),
    stack_event("UPDATE_FAILED", 24, "Topic", "Resource update cancelled"),
    stack_event("UPDATE_FAILED", 25, "Orders", "Runtime nodejs14.x is no longer supported"),
    stack_event("UPDATE_IN_PROGRESS", 30, reason="User Initiated"),
)


def test_a_stack_that_was_rolled_back_names_the_resource_that_failed_first_and_why() -> None:
    (one,) = looked(stacks(*ROLLED_BACK), "CloudFormation stacks")
    assert (one.check, one.weight) == ("stack.failed", Weight.PROBLEM)
    assert "UPDATE_ROLLBACK_COMPLETE" in one.seen
    assert one.seen.endswith("first to fail: Orders (AWS::Lambda::Function): Runtime nodejs14.x is no longer supported")
    assert one.at == ROLLED_BACK[-1]["Timestamp"], "the change is when it began"


def test_a_stack_that_changed_names_the_resource_that_was_asked_for_first() -> None:
    aws = stacks(
        stack_event("UPDATE_COMPLETE", 20),
        stack_event("UPDATE_COMPLETE", 21, "Alarm"),
        stack_event("UPDATE_COMPLETE", 22, "Orders"),
        stack_event("UPDATE_IN_PROGRESS", 30),
    )
    resource = {
        "StackName": "shop",
        "LogicalResourceId": "Orders",
        "ResourceType": "x",
        "Timestamp": now(),
        "ResourceStatus": "UPDATE_COMPLETE",
    }
    Answers(aws.client("cloudformation"), "describe_stack_resources", {"StackResources": [resource]})
    (one,) = looked(aws, "CloudFormation stacks", "orders-id")
    assert (one.check, one.weight) == ("stack.changed", Weight.CHANGE)
    assert one.seen.endswith("it changed orders-id, alarm-id")


def test_of_a_resource_of_no_stack_and_of_stacks_that_rest_nothing_is_said() -> None:
    aws = stacks(*ROLLED_BACK)
    refuse(aws.client("cloudformation"), "DescribeStackResources", "ValidationError", "Stack for other does not exist")
    assert looked(aws, "CloudFormation stacks", "other") == []
    assert looked(stacks(*ROLLED_BACK, updated=600), "CloudFormation stacks") == []


def deployments(*deployed: dict[str, Any], aws: Aws | None = None) -> Aws:
    """What moto has of CodeDeploy never fails, and has no time at which it began."""
    aws = aws or Aws(REGION)
    info = {"applicationName": "orders", "deploymentGroupName": "live", "createTime": now() - ago(20)}
    listed = [{"deploymentId": f"d-{number}"} | info | one for number, one in enumerate(deployed)]
    Answers(aws.client("codedeploy"), "list_deployments", {"deployments": [one["deploymentId"] for one in listed]})
    Answers(aws.client("codedeploy"), "batch_get_deployments", {"deploymentsInfo": listed})
    return aws


def test_deployments_say_who_began_them_and_why_they_failed() -> None:
    error = {"code": "HEALTH_CONSTRAINTS", "message": "Too few healthy instances"}
    done, failed = looked(
        deployments(
            {"status": "Succeeded", "creator": "CloudFormation"},
            {"status": "Failed", "creator": "user", "errorInformation": error},
        ),
        "CodeDeploy deployments",
    )
    assert (done.check, done.weight) == ("codedeploy.deployment", Weight.CHANGE)
    assert "Deployment d-0 of orders to live" in done.seen
    assert "by CloudFormation, is Succeeded" in done.seen
    assert (failed.check, failed.weight) == ("codedeploy.failed", Weight.PROBLEM)
    assert failed.seen.endswith("is Failed: HEALTH_CONSTRAINTS Too few healthy instances")


def test_a_function_is_found_in_the_appspec_that_deployed_it_and_its_namesakes_are_not() -> None:
    def deployed(function: str) -> dict[str, Any]:
        spec = json.dumps({"Resources": [{"f": {"Properties": {"Name": function}}}]})
        return {
            "status": "Succeeded",
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": spec}},
        }

    found = looked(
        deployments(deployed("orders-api-old"), deployed("orders-api")), "CodeDeploy deployments", "orders-api"
    )
    assert [one.seen.split()[1] for one in found] == ["d-1"]


def ecs_service(**more: Any) -> dict[str, Any]:
    """A service as ECS describes it, deployed 15 minutes ago."""
    deployed = {"createdAt": now() - ago(15), "taskDefinition": "x:task-definition/checkout:42"}
    return {
        "serviceName": "checkout",
        "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop",
        "desiredCount": 4,
        "runningCount": 1,
        "deployments": [deployed | {"rolloutState": "IN_PROGRESS", "failedTasks": 3}],
        **more,
    }


@pytest.fixture(scope="module")
def _cluster(account: None) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="shop")
    ecs.register_task_definition(family="checkout", containerDefinitions=[{"name": "c", "image": "i", "memory": 64}])
    for name in ("checkout", "carts"):
        ecs.create_service(cluster="shop", serviceName=name, taskDefinition="checkout", desiredCount=1)


@pytest.mark.usefixtures("_cluster")
def test_services_that_were_deployed_are_seen_and_one_can_be_asked_for() -> None:
    aws = Aws(REGION)
    Answers(aws.client("ecs"), "list_service_deployments", {"serviceDeployments": []})
    every = looked(aws, "ECS services")
    assert {one.check for one in every} == {"ecs.deployment"}
    assert sorted(one.seen.split()[2] for one in every) == ["carts", "checkout"]
    (one,) = looked(aws, "ECS services", "carts")
    assert "ECS service carts (cluster shop): checkout:1 deployed at" in one.seen


@pytest.mark.usefixtures("_cluster")
def test_tasks_that_stay_ill_and_deployments_that_were_rolled_back_are_problems() -> None:
    aws = Aws(REGION)
    said = "(service checkout) (task 1) failed container health checks."
    events = [{"id": "1", "createdAt": now() - ago(3), "message": said}]
    Answers(aws.client("ecs"), "describe_services", {"services": [ecs_service(events=events)]})
    back = {
        "createdAt": now() - ago(12),
        "status": "ROLLBACK_SUCCESSFUL",
        "statusReason": "circuit breaker threshold exceeded",
    }
    Answers(aws.client("ecs"), "list_service_deployments", {"serviceDeployments": [back]})
    ill, deployed, rolled_back = looked(aws, "ECS services")
    assert (ill.check, ill.likely) == ("ecs.events", ("INC-2023-3421",))
    assert "1 of 4 tasks run; 1 event of trouble" in ill.seen
    assert ill.seen.endswith("(task 1) failed container health checks.")
    assert "checkout:42 deployed at" in deployed.seen
    assert "IN_PROGRESS, 3 tasks failed" in deployed.seen
    assert (rolled_back.check, rolled_back.weight) == ("ecs.failed", Weight.PROBLEM)
    assert rolled_back.seen.endswith("is ROLLBACK_SUCCESSFUL: circuit breaker threshold exceeded")


def test_more_services_than_are_read_are_said_after_what_was_found() -> None:
    aws = Aws(REGION)
    arns = [f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/s{number}" for number in range(41)]
    Answers(aws.client("ecs"), "list_clusters", {"clusterArns": ["shop"]})
    Answers(aws.client("ecs"), "list_services", {"serviceArns": arns})
    Answers(aws.client("ecs"), "describe_services", {"services": [ecs_service()]})
    Answers(aws.client("ecs"), "list_service_deployments", {"serviceDeployments": []})
    probe = Probe(aws.reader(60), "account", window_of(None, now()), now())
    found: list[Finding] = []
    with pytest.raises(Unread, match="not called for 11 clusters or services beyond") as raised:
        found.extend(CHECK.looks["ECS services"](probe))
    assert raised.value.reason is Reason.LATE
    assert len(probe.reader.asked) <= 24


def health(*listed: dict[str, Any], aws: Aws | None = None) -> Aws:
    aws = aws or Aws(REGION)
    known = [
        {
            "arn": f"arn:aws:health:{REGION}::event/LAMBDA/X/{number}",
            "service": "LAMBDA",
            "region": REGION,
            "eventTypeCode": "AWS_LAMBDA_OPERATIONAL_ISSUE",
            "eventTypeCategory": "issue",
            "eventScopeCode": "ACCOUNT_SPECIFIC",
            "statusCode": "open",
            "startTime": now() - ago(200),
        }
        | one
        for number, one in enumerate(listed)
    ]
    said = {"latestDescription": "Increased error rates for\n invocations."}
    detail = {"successfulSet": [{"event": {"arn": known[0]["arn"]}, "eventDescription": said}]}
    entity = {"eventArn": known[0]["arn"], "entityValue": "orders-api"}
    Answers(aws.client("health"), "describe_events", {"events": known})
    Answers(aws.client("health"), "describe_event_details", detail)
    Answers(aws.client("health"), "describe_affected_entities", {"entities": [entity]})
    return aws


def test_what_aws_says_of_itself_is_quoted_with_whom_it_affects() -> None:
    (one,) = looked(health({}), "AWS Health", "carts-api")
    assert (one.check, one.weight, one.likely) == ("health.issue", Weight.PROBLEM, ("NFI-2024-0001",))
    assert "AWS_LAMBDA_OPERATIONAL_ISSUE of LAMBDA in eu-central-1, open, since" in one.seen
    assert one.seen.endswith("affected: orders-api")
    assert one.why == "AWS says: Increased error rates for invocations. carts-api is not among them."


def test_an_issue_that_was_over_before_and_a_change_of_yesterday_are_not_shown() -> None:
    over = {"endTime": now() - ago(90), "statusCode": "closed"}
    assert looked(health(over, {"eventTypeCategory": "scheduledChange"}), "AWS Health") == []


def test_an_account_without_the_support_plan_is_told_plainly() -> None:
    aws = Aws(REGION)
    refuse(aws.client("health"), "DescribeEvents", "SubscriptionRequiredException")
    with pytest.raises(Unread, match=r"health:DescribeEvents is not in the support plan of this account\. AWS answers"):
        looked(aws, "AWS Health")
