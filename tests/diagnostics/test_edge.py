"""What requests pass on their way in, wrong in the ways of the knowledge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bot.aws.accounts import Aws
from tests.diagnostics.account import REGION, Answers, client, now, played, put_metric
from tests.diagnostics.cases import Case, ago, verify


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with played():
        aws = Aws(REGION)
        Answers(aws.client("cloudtrail"), "lookup_events", {"Events": []})
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
            image = ec2.describe_images()["Images"][0]["ImageId"]
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
    Answers(asked.client("cloudtrail"), "lookup_events", {"Events": []})
    described = [
        {"Target": {"Id": f"i-{n}"}, "TargetHealth": {"State": state, "Reason": "Target.ResponseCodeMismatch"}}
        for n, state in enumerate(states)
    ]
    Answers(asked.client("elbv2"), "describe_target_health", {"TargetHealthDescriptions": described})
    seed = balancer()
    sick = states.count("unhealthy")
    case = Case(seed, "alb.unhealthy", f"{sick} of 2 targets", {"PB-alb"}, likely)
    verify(asked, "alb", f"sick {sick}", case)
