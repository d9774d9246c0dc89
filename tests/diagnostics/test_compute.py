"""Instances, groups and caches that are wrong in the ways of the knowledge."""

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
        answers_of_elasticache(aws)
        yield aws


def answers_of_elasticache(aws: Aws, policy: str = "allkeys-lru", *events: dict[str, Any]) -> None:
    """What moto does not have of ElastiCache."""
    parameter = {"ParameterName": "maxmemory-policy", "ParameterValue": policy}
    Answers(aws.client("elasticache"), "describe_cache_parameters", {"Parameters": [parameter]})
    Answers(aws.client("elasticache"), "describe_events", {"Events": list(events)})


def network() -> tuple[str, str, str]:
    """A VPC, a subnet and a security group without rules."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="x", Description="x", VpcId=vpc)["GroupId"]
    return vpc, subnet, group


def instance(*ports: int, **series: dict[timedelta, float]) -> Callable[[str], str]:
    """An instance into which these ports lead."""

    def seed(name: str) -> str:
        ec2 = client("ec2")
        _, subnet, group = network()
        for port in ports:
            everybody = [{"CidrIp": "0.0.0.0/0"}]
            rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": everybody}
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        image = new_image()
        run = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group])
        made = str(run["Instances"][0]["InstanceId"])
        ec2.create_tags(Resources=[made], Tags=[{"Key": "Name", "Value": name}])
        for metric, values in series.items():
            put_metric("AWS/EC2", metric, {"InstanceId": made}, values, now())
        return made

    return seed


def stopped(name: str) -> str:
    made = instance(22)(name)
    client("ec2").stop_instances(InstanceIds=[made])
    return made


def behind_a_deny(name: str) -> str:
    """The typo of the knowledge: the deny came before what allows."""
    made = instance(22)(name)
    ec2 = client("ec2")
    subnet = ec2.describe_instances(InstanceIds=[made])["Reservations"][0]["Instances"][0]["SubnetId"]
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=50,
        Protocol="-1",
        RuleAction="deny",
        Egress=False,
        CidrBlock="0.0.0.0/0",
    )
    return made


EC2 = {
    "locked out": Case(instance(443), "ec2.no-shell", "no rule for port 22", set(), {"CASE-2026-0203", "LESSON-10"}),
    "nobody in": Case(instance(), "ec2.nobody-in", "let nobody in", {"PB-network"}, {"CASE-2026-0203", "LESSON-10"}),
    "denied before it is allowed": Case(
        behind_a_deny, "ec2.nacl-denies", "rule 50 denies everything first", {"NFI-2023-0013", "PB-network"}, set()
    ),
    "asks for metadata all day": Case(
        instance(22, MetadataNoToken={ago(5): 50_000}), "ec2.metadata", "50,000 calls", set(), {"NFI-2024-0015"}
    ),
    "never backed up": Case(instance(22), "ec2.no-backup-tag", "No backup tag", set(), {"NFI-2024-0003"}),
    "stopped": Case(stopped, "ec2.state", "is stopped", set(), {"PB-autoscaling"}),
}


@pytest.mark.parametrize("label", EC2)
def test_ec2(aws: Aws, label: str) -> None:
    verify(aws, "ec2", label, EC2[label])


def answered(service: str, operation: str, answer: dict[str, Any]) -> Aws:
    asked = Aws(REGION)
    answer_changes(asked)
    Answers(asked.client(service), operation, answer)
    return asked


STATUS = {"InstanceStatus": {"Status": "ok"}, "SystemStatus": {"Status": "ok"}}
IMPAIRED = {"Status": "impaired"}
ROUTE = {"DestinationCidrBlock": "10.9.0.0/16", "State": "blackhole"}


@pytest.mark.parametrize(
    ("operation", "answer", "case"),
    [
        (
            "describe_instance_status",
            {"InstanceStatuses": [STATUS | {"SystemStatus": IMPAIRED}]},
            Case(instance(22), "ec2.impaired", "system status check", set(), {"NFI-2024-0011"}),
        ),
        (
            "describe_instance_status",
            {"InstanceStatuses": [STATUS | {"InstanceStatus": IMPAIRED}]},
            Case(instance(22), "ec2.impaired", "instance status check", set(), {"NFI-2023-0010"}),
        ),
        (
            "describe_route_tables",
            {"RouteTables": [{"RouteTableId": "rtb-1", "Routes": [ROUTE]}]},
            Case(instance(22), "ec2.blackhole", "10.9.0.0/16 in rtb-1", {"PB-network"}, set()),
        ),
    ],
)
def test_instances_that_moto_cannot_play(aws: Aws, operation: str, answer: dict[str, Any], case: Case) -> None:
    verify(answered("ec2", operation, answer), "ec2", case.says, case)


def group(*, desired: int = 1, most: int = 3, version: str = "$Default", cpu: float = 10) -> Callable[[str], None]:
    def seed(name: str) -> None:
        _, subnet, _ = network()
        ec2 = client("ec2")
        image = new_image()
        data = {"ImageId": image, "InstanceType": "t3.micro"}
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=most,
            DesiredCapacity=desired,
            LaunchTemplate={"LaunchTemplateName": name, "Version": version},
            VPCZoneIdentifier=subnet,
        )
        put_metric("AWS/EC2", "CPUUtilization", {"AutoScalingGroupName": name}, {ago(5): cpu}, now())

    return seed


def suspended(name: str) -> None:
    group()(name)
    client("autoscaling").suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])


ASG = {
    "at its maximum": Case(
        group(desired=2, most=2, cpu=95), "asg.at-maximum", "maximum is 2", {"PB-autoscaling"}, set()
    ),
    "does not grow": Case(group(cpu=95), "asg.not-scaling", "CPU was at 95 %", {"PB-autoscaling"}, {"INC-2023-2890"}),
    "suspended": Case(suspended, "asg.suspended", "Suspended: Launch", {"PB-autoscaling"}, set()),
    "on latest": Case(group(version="$Latest"), "asg.latest-template", "at $Latest", set(), {"NFI-2023-0010"}),
}


@pytest.mark.parametrize("label", ASG)
def test_asg(aws: Aws, label: str) -> None:
    verify(aws, "asg", label, ASG[label])


SICK = "taken out of service in response to an ELB system health check failure"


def activity(description: str, cause: str, status: str) -> dict[str, Any]:
    return {
        "ActivityId": "1",
        "AutoScalingGroupName": "x",
        "Description": description,
        "Cause": cause,
        "StatusCode": status,
        "StatusMessage": "You have requested more instances than your current limit",
        "StartTime": now() - ago(20),
    }


@pytest.mark.parametrize(
    ("activities", "case"),
    [
        (
            [activity("Launching a new EC2 instance", "a user request", "Failed")],
            Case(group(), "asg.failed", "You have requested more instances", {"PB-autoscaling"}, set()),
        ),
        (
            [activity("Terminating EC2 instance: i-1", SICK, "Successful")] * 3,
            Case(group(), "asg.cycling", "3 instances were taken out", {"PB-autoscaling"}, {"NFI-2023-0010"}),
        ),
    ],
)
def test_activities_of_groups(aws: Aws, activities: list[dict[str, Any]], case: Case) -> None:
    verify(answered("autoscaling", "describe_scaling_activities", {"Activities": activities}), "asg", case.check, case)


def cluster(**series: dict[timedelta, float]) -> Callable[[str], None]:
    def seed(name: str) -> None:
        client("elasticache").create_cache_cluster(
            CacheClusterId=name,
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            NumCacheNodes=1,
            CacheParameterGroupName="ours",
        )
        for metric, values in series.items():
            put_metric("AWS/ElastiCache", metric, {"CacheClusterId": name}, values, now())

    return seed


ELASTICACHE = {
    "carts are empty": Case(
        cluster(Evictions={ago(5): 900}, DatabaseMemoryUsagePercentage={ago(5): 99}),
        "elasticache.evictions",
        "900 keys thrown out",
        {"PB-cache"},
        {"NFI-2024-0002"},
    ),
    "nearly full": Case(
        cluster(DatabaseMemoryUsagePercentage={ago(5): 91}),
        "elasticache.memory",
        "Memory was at 91 %",
        {"PB-cache"},
        {"NFI-2024-0002"},
    ),
    "busy": Case(cluster(EngineCPUUtilization={ago(5): 99}), "elasticache.cpu", "CPU was at 99 %", set(), {"PB-cache"}),
}


@pytest.mark.parametrize("label", ELASTICACHE)
def test_elasticache(aws: Aws, label: str) -> None:
    verify(aws, "elasticache", label, ELASTICACHE[label])


def test_eviction_policy_and_failovers(aws: Aws) -> None:
    asked = Aws(REGION)
    answer_changes(asked)
    failed_over = {"SourceIdentifier": "volatile", "Message": "Failover to replica node 0002 completed"}
    failed_over_at: dict[str, Any] = {**failed_over, "Date": now() - ago(20)}
    answers_of_elasticache(asked, "volatile-lru", failed_over_at)
    described = {"CacheClusterId": "volatile", "CacheParameterGroup": {"CacheParameterGroupName": "ours"}}
    Answers(asked.client("elasticache"), "describe_cache_clusters", {"CacheClusters": [described]})
    case = Case(cluster(), "elasticache.volatile", "maxmemory-policy is volatile-lru", {"NFI-2024-0002"}, set())
    found = verify(asked, "elasticache", "volatile", case)
    (one,) = [one for one in found.findings if one.check == "elasticache.failover"]
    assert one.likely == ("INC-2023-1654", "PB-cache") and "Failover to replica" in one.seen
