"""Functions in a VPC: addresses that are left, and ways out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.diagnostics.checks.lambda_.configuration import configuration_of
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.figures import listed, number
from bot.diagnostics.rules.finding import Finding, Weight

_FEW = 10  # free addresses of a subnet
_OUT = ("NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "InstanceId", "NetworkInterfaceId")


def network(probe: Probe) -> Iterator[Finding]:
    """Nothing for functions outside of VPCs."""
    vpc = configuration_of(probe).get("VpcConfig") or {}
    subnets = sorted(vpc.get("SubnetIds") or ())
    if not subnets:
        return
    yield from _addresses(probe, subnets)
    yield from _ways_out(probe, vpc["VpcId"], subnets)


def _addresses(probe: Probe, subnets: list[str]) -> Iterator[Finding]:
    found = probe.read("ec2", "DescribeSubnets", SubnetIds=subnets)["Subnets"]
    few = [one for one in found if one["AvailableIpAddressCount"] < _FEW]
    if few:
        left = [f"{one['SubnetId']} ({number(one['AvailableIpAddressCount'])} left)" for one in few]
        yield Finding(
            "lambda.addresses",
            Weight.PROBLEM if len(few) == len(found) else Weight.RISK,
            f"{len(few)} of {len(found)} subnets are short of addresses: {listed(left)}",
            "New execution environments need an interface in one of these subnets and fail to start without.",
            ("GUIDE-eni",),
            command=probe.command("ec2", "DescribeSubnets", SubnetIds=subnets),
        )


def _ways_out(probe: Probe, vpc: str, subnets: list[str]) -> Iterator[Finding]:
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    tables = probe.read("ec2", "DescribeRouteTables", Filters=here)["RouteTables"]
    closed = [subnet for subnet in subnets if not _leads_out(_table_of(subnet, tables))]
    if not closed:
        return
    ends = probe.read("ec2", "DescribeVpcEndpoints", Filters=here)["VpcEndpoints"]
    served = sorted({end["ServiceName"].rpartition(".")[2] for end in ends if end.get("State") in (None, "available")})
    only = f"only the endpoints of {listed(served)} are there" if served else "the VPC has no endpoints either"
    yield Finding(
        "lambda.no-way-out",
        Weight.RISK,
        f"{listed(closed)}: no route leads out of the VPC, and {only}",
        "Calls to AWS services without an endpoint here, and to the internet, hang until the timeout.",
        () if served else ("GUIDE-vpc",),
        ("GUIDE-vpc",) if served else (),
        command=probe.command("ec2", "DescribeRouteTables", Filters=here),
    )


def _table_of(subnet: str, tables: list[dict[str, Any]]) -> dict[str, Any]:
    """The route table of a subnet: its own, or the main one of the VPC."""
    main: dict[str, Any] = {}
    for table in tables:
        for association in table.get("Associations", ()):
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main"):
                main = table
    return main


def _leads_out(table: dict[str, Any]) -> bool:
    """An internet gateway is no way out for a function: it has no public address, except over IPv6."""
    for route in table.get("Routes", ()):
        if route.get("State") == "blackhole":
            continue
        anywhere = "0.0.0.0/0" in (route.get("DestinationCidrBlock"),)
        if anywhere and any(route.get(key) for key in _OUT):
            return True
        if route.get("DestinationIpv6CidrBlock") == "::/0" and (
            route.get("EgressOnlyInternetGatewayId") or route.get("GatewayId")
        ):
            return True
    return False
