"""The Incident Helper: how soon a diagnosis of a function says something, how long it takes, what it asks and costs.

    python -m bench diagnose

It reads the demo's broken shop, which moto plays in a process of its own, by HTTP; each call takes 100 ms more, as over
a network. The first diagnosis of a process loads boto3 and makes its clients.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.figures import figure, percentile
from bot.aws.accounts import Aws
from bot.aws.operations import DIAGNOSTICS
from bot.demo.cloud.process import Cloud
from bot.demo.cloud.shop import REGION
from bot.demo.demo import free_port
from bot.diagnostics.checks.asking import diagnose
from bot.diagnostics.rules.finding import Diagnosis
from bot.diagnostics.rules.request import parse
from slack_playground.workspace.clock import DemoClock

_LATENCY = 0.1  # seconds for each call
_TIMES = 20
_BUDGET = 20.0  # seconds, as policy has it
_OPENS = 120.0  # seconds for the shop to stand
_SERVICES = ("lambda", "cloudwatch", "logs", "cloudtrail", "ec2", "sqs", "sts")
_FUNCTION = "lambda orders-api"


def measure() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as name, _shop(Path(name).resolve()):
        aws = _slow()
        cold, _, _ = _once(aws)
        first, whole, last = zip(*(_once(aws) for _ in range(_TIMES)), strict=True)
    figure("first finding, the first diagnosis of a process", cold, "s")
    figure("first finding, median", percentile(first, 0.5), "s")
    figure("first finding, p95", percentile(first, 0.95), "s", 2)
    figure("whole diagnosis, median", percentile(whole, 0.5), "s")
    figure("whole diagnosis, p95", percentile(whole, 0.95), "s", _BUDGET)
    figure("calls of a diagnosis, the most", max(one.calls for one in last), "", 25)
    figure("cost of a diagnosis, the most", max(one.cost for one in last) * 100, "cents", 1)
    figure("findings, the fewest", min(len(one.findings) for one in last), "")
    figure("looks that could not be read", max(len(one.unread) for one in last), "", 0)


def _once(aws: Aws) -> tuple[float, float, Diagnosis]:
    """Seconds until something was found and until all was, and what that is."""
    began, first, last = time.perf_counter(), None, None
    for last in diagnose(aws, parse(_FUNCTION), None, datetime.now(UTC), _BUDGET):
        if first is None and last.findings:
            first = time.perf_counter() - began
    assert last is not None and first is not None, "nothing was found"
    return first, time.perf_counter() - began, last


def _slow() -> Aws:
    """The shop's account, each call to which takes longer."""

    def wait(**_event: object) -> None:
        time.sleep(_LATENCY)

    aws = Aws(REGION)
    for service in _SERVICES:
        if service in DIAGNOSTICS.operations or service == "sts":
            aws.client(service).meta.events.register("before-send", wait)
    return aws


@contextmanager
def _shop(folder: Path) -> Iterator[None]:
    """The demo's AWS, and the environment that leads to it."""
    DemoClock(folder / "clock.json")
    cloud, stands, said = Cloud(folder, free_port(0)), threading.Event(), list[bool]()

    def heard(open_now: bool) -> None:
        said.append(open_now)
        stands.set()

    before = dict(os.environ)
    cloud.start(heard)
    try:
        if not stands.wait(_OPENS) or not said[0]:
            raise RuntimeError(f"moto's shop does not stand: {cloud.log.read_text()[-2000:]}")
        os.environ.update(cloud.environment())
        yield
    finally:
        cloud.stop()
        _restore(before)


def _restore(before: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
