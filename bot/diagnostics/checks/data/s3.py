"""S3: who is kept out by policy and public access block, replication against lifecycle, tags, growth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import listed, number
from bot.diagnostics.rules.finding import Finding, Weight
from bot.diagnostics.rules.growth import stands_out
from bot.text.wording import counted

_ARCHIVES = ("GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "INTELLIGENT_TIERING")
# Where objects arrive; others hold what lifecycle rules moved.
_STORAGE = (
    *("StandardStorage", "IntelligentTieringFAStorage", "StandardIAStorage", "OneZoneIAStorage"),
    "GlacierInstantRetrievalStorage",
)
_DAY = 86_400  # seconds of one value
_HISTORY = timedelta(days=16)
_SOON = 7  # days within which a copy may not be made yet, as of a backlog
_MUCH, _MANY = 50e9, 100_000  # bytes and objects of one day, below which nobody asks
_BLOCKS = ("BlockPublicPolicy", "RestrictPublicBuckets")


def _names(probe: Probe) -> Sequence[str]:
    return [one["Name"] for one in probe.read("s3", "ListBuckets").get("Buckets", ())]


def _exists(probe: Probe) -> None:
    """Listing needs no permission on the bucket, which its own policy may deny to everybody."""
    if probe.name not in _names(probe):
        raise Unread(Reason.MISSING, f"s3:ListBuckets does not list {probe.name}")


def _policy(probe: Probe) -> list[dict[str, Any]]:
    """The statements of the bucket's policy; none where it has none. Raises Unread."""
    try:
        document = json.loads(probe.read("s3", "GetBucketPolicy", Bucket=probe.name)["Policy"])
    except Unread as unread:
        if unread.reason is Reason.MISSING:
            return []
        raise
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _everybody(statement: dict[str, Any]) -> bool:
    return statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _actions(statement: dict[str, Any]) -> list[str]:
    found = statement.get("Action", [])
    return [found] if isinstance(found, str) else list(found)


def _optional(probe: Probe, operation: str) -> dict[str, Any]:
    """The answer; empty where nothing of it is configured. Raises Unread."""
    try:
        return probe.read("s3", operation, Bucket=probe.name)
    except Unread as unread:
        if unread.reason is Reason.MISSING:
            return {}
        raise


def policy(probe: Probe) -> Iterator[Finding]:
    """A Deny for everybody, and what a policy allows but the public access block forbids."""
    command = probe.command("s3api", "GetBucketPolicy", Bucket=probe.name)
    try:
        statements = _policy(probe)
    except Unread as unread:
        if unread.reason is Reason.DENIED:
            yield _locked(command)
        raise
    for statement in statements:
        wide = [action for action in _actions(statement) if action in ("*", "s3:*", "s3:Get*", "s3:GetObject")]
        if statement.get("Effect") == "Deny" and _everybody(statement) and wide and not statement.get("Condition"):
            yield Finding(
                "s3.denies-all",
                Weight.PROBLEM,
                f"The bucket policy denies {listed(wide)} to everybody, without a condition",
                "That includes the account's own administrators; only its root user can delete the policy.",
                ("CASE-2026-0089", "PB-s3"),
                command=command,
            )
    public = [one for one in statements if one.get("Effect") == "Allow" and _everybody(one)]
    block = _optional(probe, "GetPublicAccessBlock").get("PublicAccessBlockConfiguration", {})
    on = [name for name in _BLOCKS if block.get(name)]
    if public and on:
        yield Finding(
            "s3.public-blocked",
            Weight.PROBLEM,
            f"The policy allows everybody to read, but the public access block is on ({listed(on)})",
            "Anonymous reads, such as of pictures on a page, answer 403.",
            ("PB-s3",),
            ("INC-2023-0987",),
            command=probe.command("s3api", "GetPublicAccessBlock", Bucket=probe.name),
        )


def _locked(command: str) -> Finding:
    return Finding(
        "s3.locked",
        Weight.RISK,
        "The bucket's policy cannot be read",
        "Either Tocsin's role lacks s3:GetBucketPolicy, or the policy denies it to everybody.",
        (),
        ("CASE-2026-0089",),
        command=command,
    )


def replication(probe: Probe) -> Iterator[Finding]:
    """Lifecycle rules that move objects to where replication does not take them from."""
    copies = _optional(probe, "GetBucketReplication").get("ReplicationConfiguration", {}).get("Rules", ())
    if not any(rule.get("Status") == "Enabled" for rule in copies):
        return
    rules = _optional(probe, "GetBucketLifecycleConfiguration").get("Rules", ())
    moved = [
        (rule.get("ID", "unnamed"), transition["StorageClass"], transition.get("Days", 0))
        for rule in rules
        if rule.get("Status") == "Enabled"
        for transition in rule.get("Transitions", ())
        if transition.get("StorageClass") in _ARCHIVES
    ]
    if moved:
        shown = listed([f"{name} to {where} after {counted(days, 'day')}" for name, where, days in moved])
        yield Finding(
            "s3.replication-lifecycle",
            Weight.RISK if min(days for _, _, days in moved) <= _SOON else Weight.NOTICE,
            f"The bucket is replicated, and lifecycle rules move objects: {shown}",
            "Objects that were moved before they were replicated are not replicated.",
            ("NFI-2024-0010",),
            command=probe.command("s3api", "GetBucketLifecycleConfiguration", Bucket=probe.name),
        )


def tags(probe: Probe) -> Iterator[Finding]:
    """Tags that rules go by."""
    found = _optional(probe, "GetBucketTagging").get("TagSet", ())
    if not any(tag["Key"].lower() in ("env", "environment", "stage") for tag in found):
        yield Finding(
            "s3.no-env-tag",
            Weight.NOTICE,
            "The bucket has no tag env",
            "Config rules and policies that go by this tag do not apply to it.",
            ("NFI-2024-0017",),
            command=probe.command("s3api", "GetBucketTagging", Bucket=probe.name),
        )


def growth(probe: Probe) -> Iterator[Finding]:
    """The day on which far more came in than usual: CloudWatch measures buckets once a day."""
    begin = probe.window.end - _HISTORY
    sizes = [_daily(f"size{place}", "BucketSizeBytes", kind, probe.name) for place, kind in enumerate(_STORAGE)]
    objects = _daily("objects", "NumberOfObjects", "AllStorageTypes", probe.name)
    measured = probe.daily([*sizes, objects], begin)
    bytes_by_day: dict[datetime, float] = {}
    for metric in sizes:
        for at, value in measured[metric.key]:
            bytes_by_day[at] = bytes_by_day.get(at, 0.0) + value
    for points, least, unit, metric in (
        (sorted(bytes_by_day.items()), _MUCH, "B", sizes[0]),
        (measured["objects"], _MANY, "objects", objects),
    ):
        grown = stands_out(points, least)
        if grown is not None:
            yield Finding(
                "s3.growth",
                Weight.RISK,
                f"The bucket grew by {number(grown.added, unit)} in the day to {grown.at:%Y-%m-%d %H:%M} UTC; "
                f"it holds {number(grown.total, unit)}",
                "A loop or a job that writes without deleting shows so; storage and requests are charged.",
                likely=("NFI-2023-0015",),
                compared=f"on a usual day: {number(grown.usual, unit)}",
                command=probe.metric_command(metric, begin),
            )


def _daily(key: str, name: str, storage: str, bucket: str) -> Metric:
    return Metric(key, "AWS/S3", name, "Average", {"BucketName": bucket, "StorageType": storage}, _DAY)


CHECK = Check(
    word="s3",
    what="S3 bucket",
    example="s3 product-images",
    exists=_exists,
    names=_names,
    looks={
        "access": policy,
        "replication": replication,
        "tags": tags,
        "growth": growth,
        "changes in CloudTrail": changes_look(lambda probe: probe.name, ("CASE-2026-0089", "INC-2023-0987")),
    },
    aliases=("bucket",),
)
