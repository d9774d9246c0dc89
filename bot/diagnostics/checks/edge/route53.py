"""Route 53: zones whose name servers are gone, health checks that fail or cannot fail in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import Check, Probe
from bot.diagnostics.rules.figures import listed, share
from bot.diagnostics.rules.finding import Finding, Weight

_SLOW = 120  # seconds until a failover may begin
_HEALTHY = 18.0  # percent of the checkers that must reach it for Route 53 to take it for healthy, and more
_WITHOUT_CHECKERS = ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")
_MOST = 5  # health checks whose state is asked for


def _zones(probe: Probe) -> list[dict[str, Any]]:
    return probe.reader.read_all("route53", "ListHostedZones", "HostedZones", pages=2)


def _checks(probe: Probe) -> list[dict[str, Any]]:
    return probe.reader.read_all("route53", "ListHealthChecks", "HealthChecks", pages=2)


def _zone(probe: Probe) -> dict[str, Any] | None:
    name = probe.name.rstrip(".")
    return next((one for one in _zones(probe) if name in (one["Name"].rstrip("."), one["Id"].rpartition("/")[2])), None)


def _health_checks(probe: Probe) -> list[dict[str, Any]]:
    """The one of that id; of a zone, those of hosts in it."""
    zone = _zone(probe)
    if zone is None:
        return [one for one in _checks(probe) if one["Id"] == probe.name]
    domain = zone["Name"].rstrip(".")
    hosts = [(one, one["HealthCheckConfig"].get("FullyQualifiedDomainName", "")) for one in _checks(probe)]
    return [one for one, host in hosts if host == domain or host.endswith(f".{domain}")][:_MOST]


def _exists(probe: Probe) -> None:
    if _zone(probe) is None and not _health_checks(probe):
        raise Unread(Reason.MISSING, f"route53 lists neither a zone nor a health check {probe.name}")


def _names(probe: Probe) -> Sequence[str]:
    return [*(zone["Name"].rstrip(".") for zone in _zones(probe)), *(one["Id"] for one in _checks(probe))]


def name_servers(probe: Probe) -> Iterator[Finding]:
    """NS and SOA records at the top of the zone, which must be there and name the zone's own servers."""
    zone = _zone(probe)
    if zone is None or zone.get("Config", {}).get("PrivateZone"):
        return
    zone_id = zone["Id"].rpartition("/")[2]
    asked = {"HostedZoneId": zone_id, "StartRecordName": zone["Name"], "StartRecordType": "NS"}
    records = probe.read("route53", "ListResourceRecordSets", **asked)["ResourceRecordSets"]
    command = probe.command("route53", "ListResourceRecordSets", **asked)
    top = {one["Type"]: one for one in records if one["Name"] == zone["Name"]}
    servers = probe.read("route53", "GetHostedZone", Id=zone_id).get("DelegationSet", {}).get("NameServers", ())
    named = {one["Value"].rstrip(".") for one in top.get("NS", {}).get("ResourceRecords", ())}
    if not named:
        yield Finding(
            "route53.no-ns",
            Weight.PROBLEM,
            f"{zone['Name']} has no NS records",
            "Resolvers find no name servers: the domain and everything below it stops resolving.",
            ("NFI-2024-0004",),
            command=command,
        )
    elif servers and not named & {server.rstrip(".") for server in servers}:
        yield Finding(
            "route53.foreign-ns",
            Weight.RISK,
            f"The NS records name {listed(sorted(named))}, none of which serves this zone",
            "Resolvers are sent to servers that do not know the zone.",
            (),
            ("NFI-2024-0004",),
            command=command,
        )


def health_checks(probe: Probe) -> Iterator[Finding]:
    """Health checks that fail now, and those that take too long to fail."""
    for one in _health_checks(probe):
        config = one["HealthCheckConfig"]
        where = config.get("FullyQualifiedDomainName") or config.get("IPAddress") or one["Id"]
        seconds = int(config.get("RequestInterval", 30)) * int(config.get("FailureThreshold", 3))
        if seconds >= _SLOW:
            yield Finding(
                "route53.slow-check",
                Weight.RISK,
                f"The health check of {where} fails after {config.get('FailureThreshold')} failures "
                f"{config.get('RequestInterval', 30)} s apart, {seconds} s in all",
                "Failover begins only then; a shorter outage never triggers it.",
                ("NFI-2024-0007",),
                command=probe.command("route53", "GetHealthCheck", HealthCheckId=one["Id"]),
            )
        if config.get("Disabled") or config.get("Type") in _WITHOUT_CHECKERS:
            continue  # it counts as healthy, or as what it is made of
        seen = probe.read("route53", "GetHealthCheckStatus", HealthCheckId=one["Id"])["HealthCheckObservations"]
        failing = [item for item in seen if not item["StatusReport"]["Status"].startswith("Success")]
        if failing:
            # Upside down, the check is healthy while its host is not: somebody wants it so.
            down = share(len(seen) - len(failing), len(seen)) <= _HEALTHY and not config.get("Inverted")
            yield Finding(
                "route53.failing",
                Weight.PROBLEM if down else Weight.NOTICE,
                f"{len(failing)} of {len(seen)} checkers cannot reach {where}: {failing[0]['StatusReport']['Status']}",
                "Either it is down, or a security group or NACL no longer lets Route 53's checkers in.",
                (),
                ("LESSON-03",),
                command=probe.command("route53", "GetHealthCheckStatus", HealthCheckId=one["Id"]),
            )


def _zone_id(probe: Probe) -> str:
    zone = _zone(probe)
    return zone["Id"].rpartition("/")[2] if zone else probe.name


CHECK = Check(
    word="route53",
    what="hosted zone or health check",
    example="route53 example.com",
    exists=_exists,
    names=_names,
    looks={
        "name servers": name_servers,
        "health checks": health_checks,
        "changes in CloudTrail": changes_look(_zone_id, ("NFI-2024-0004", "LESSON-03"), worldwide=True),
    },
    aliases=("r53", "dns"),
)
