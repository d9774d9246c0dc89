"""What feeds a function: queues, streams, Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.lambda_.configuration import configuration_of
from bot.diagnostics.checks.lambda_.kafka import from_msk
from bot.diagnostics.checks.lambda_.traffic import figures_of, metric_command
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.figures import highest, listed, number
from bot.diagnostics.rules.finding import Finding, Weight

_ROOM = 4  # calls for what the sources themselves say, of the 25 that a diagnosis may take
_PER_QUEUE, _PER_CLUSTER = 2, 4
_LATE = 60_000.0  # ms that a stream's oldest record may wait
_FEW_RECEIVES = 5
_ATTRIBUTES = ["VisibilityTimeout", "RedrivePolicy", "ApproximateNumberOfMessages"]
_GUIDES = {"dynamodb": "GUIDE-esm-dynamodb-streams", "kinesis": "GUIDE-esm-kinesis", "kafka": "GUIDE-esm-kafka"}


def sources(probe: Probe) -> Iterator[Finding]:
    """Each event source: whether it works, and whether its settings fit the function."""
    found = probe.reader.read_all(
        "lambda", "ListEventSourceMappings", "EventSourceMappings", pages=1, FunctionName=probe.name
    )
    for source in found:
        yield from _state(probe, source)
    streams = [one for one in found if _kind(one) in ("dynamodb", "kinesis")]
    if streams:
        yield from _streams(probe, streams)
    queues = [one for one in found if _kind(one) == "sqs"]
    clusters = [one for one in found if ":kafka:" in one.get("EventSourceArn", "")]
    fitting = _ROOM // _PER_CLUSTER
    for source in clusters[:fitting]:
        yield from from_msk(probe, source)
    room = max(0, _ROOM - _PER_CLUSTER * len(clusters)) // _PER_QUEUE
    for source in queues[:room]:
        yield from _queue(probe, source)
    left = [f"`{kind} {_name(one)}`" for kind, one in (*_of("msk", clusters[fitting:]), *_of("sqs", queues[room:]))]
    if left:
        raise Unread(Reason.LATE, f"To limit calls, not all were checked. Diagnose the rest: {listed(left)}")


def _of(kind: str, sources: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, source) for source in sources]


def _kind(source: dict[str, Any]) -> str:
    arn = source.get("EventSourceArn", "")
    return next((kind for kind in ("sqs", "dynamodb", "kinesis", "kafka") if f":{kind}:" in arn), "kafka")


def _name(source: dict[str, Any]) -> str:
    arn = source.get("EventSourceArn") or ", ".join(source.get("Topics", ())) or source["UUID"]
    return (
        str(arn).split(":", 5)[-1].removeprefix("table/").removeprefix("stream/").removeprefix("cluster/").split("/")[0]
    )


def _command(probe: Probe) -> str:
    return probe.command("lambda", "ListEventSourceMappings", FunctionName=probe.name)


def _state(probe: Probe, source: dict[str, Any]) -> Iterator[Finding]:
    state, result = str(source.get("State", "")), str(source.get("LastProcessingResult", ""))
    broken = state in ("Failed", "Creating", "Disabled", "Disabling") or "PROBLEM" in result.upper()
    if not broken:
        return
    guide = _GUIDES.get(_kind(source), "GUIDE-esm-sqs")
    said = f"; it last said: {' '.join(result.split())[:160]}" if result and "No records" not in result else ""
    yield Finding(
        "lambda.source-state",
        Weight.PROBLEM if state != "Disabled" else Weight.RISK,
        f"The event source {_name(source)} is {state or 'in trouble'}{said}",
        "Records wait where they are, and nothing invokes the function for them.",
        (guide,),
        ("NFI-2023-0018",) if state == "Disabled" else (),
        command=_command(probe),
    )


def _queue(probe: Probe, source: dict[str, Any]) -> Iterator[Finding]:
    arn = source["EventSourceArn"].split(":")
    url = probe.read("sqs", "GetQueueUrl", QueueName=arn[5], QueueOwnerAWSAccountId=arn[4])["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": _ATTRIBUTES}
    attributes = probe.read("sqs", "GetQueueAttributes", **asked).get("Attributes", {})
    command = probe.command("sqs", "GetQueueAttributes", **asked)
    visible, timeout = int(attributes.get("VisibilityTimeout", 30)), int(configuration_of(probe)["Timeout"])
    if visible < timeout:
        yield Finding(
            "lambda.visibility",
            Weight.RISK,
            f"VisibilityTimeout of {arn[5]} is {visible} s, the function's timeout {timeout} s",
            "Messages come back while they are being worked on: they run twice and end in the dead-letter queue.",
            ("GUIDE-esm-sqs",),
            command=command,
        )
    receives = json.loads(attributes.get("RedrivePolicy") or "{}").get("maxReceiveCount")
    if receives is not None and int(receives) < _FEW_RECEIVES:
        yield Finding(
            "lambda.receives",
            Weight.NOTICE,
            f"maxReceiveCount of {arn[5]} is {receives}",
            "A throttled or failing invocation counts: few of them and a message is given up.",
            likely=("GUIDE-esm-sqs",),
            command=command,
        )
    if source.get("BatchSize", 1) > 1 and "ReportBatchItemFailures" not in source.get("FunctionResponseTypes", ()):
        yield Finding(
            "lambda.whole-batches",
            Weight.NOTICE,
            f"{arn[5]} gives batches of {source['BatchSize']}, and ReportBatchItemFailures is off",
            "One bad message returns its whole batch to the queue.",
            likely=("GUIDE-esm-sqs",),
            command=_command(probe),
        )


def _streams(probe: Probe, streams: list[dict[str, Any]]) -> Iterator[Finding]:
    figures = figures_of(probe)
    oldest = figures["age"].highest
    if oldest < _LATE:
        return
    names = listed(sorted({_name(source) for source in streams}))
    which = names if len(streams) == 1 else f"at least one of {names}"  # CloudWatch has one age for the function
    settings = f"; {_settings(streams[0])}" if len(streams) == 1 else ""
    yield Finding(
        "lambda.iterator-age",
        Weight.PROBLEM,
        f"Records of {which} waited up to {number(oldest, 'ms')} {probe.window.short}{settings}",
        "The function does not keep up, or one record blocks its shard.",
        tuple(sorted({_GUIDES[_kind(source)] for source in streams})),
        compared=figures.compare("age", highest, "ms"),
        command=metric_command(probe, "age"),
    )


def _settings(source: dict[str, Any]) -> str:
    """What decides how a stream goes on after a failure."""
    settings = [f"ParallelizationFactor is {source.get('ParallelizationFactor', 1)}"]
    if not source.get("BisectBatchOnFunctionError"):
        settings.append("BisectBatchOnFunctionError is off")
    if source.get("MaximumRetryAttempts", -1) == -1:
        settings.append("a failing record is retried until it expires")
    return ", ".join(settings)
