"""Looks run at once, within a budget; what fails or is late is said, and takes nothing from the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import pytest

from bot.aws.reading import Reader, Reason, Unread
from bot.aws.session import Client
from bot.diagnostics.checks.probe import Check, Look, Probe
from bot.diagnostics.checks.running import run
from bot.diagnostics.rules.finding import Diagnosis, Finding, Weight, Window
from tests.support.rows import NOON


def probe() -> Probe:
    reader = Reader(cast(Client, None), "eu-central-1", 20.0, lambda: 0.0)
    return Probe(reader, "x", Window(NOON - timedelta(hours=1), NOON), NOON)


def check(**looks: Look) -> Check:
    return Check("lambda", "Lambda function", "lambda x", lambda _probe: None, lambda _probe: [], looks)


def wrong(_probe: Probe) -> Iterator[Finding]:
    yield Finding("x.wrong", Weight.PROBLEM, "7 of 9 fail", "they should not")


def fine(_probe: Probe) -> Iterator[Finding]:
    yield from ()


def denied(_probe: Probe) -> Iterator[Finding]:
    yield Finding("x.before", Weight.RISK, "seen before the refusal", "")
    raise Unread(Reason.DENIED, "lambda:ListAliases was denied", "lambda:ListAliases")


def broken(_probe: Probe) -> Iterator[Finding]:
    answer: dict[str, list[Finding]] = {}
    yield from answer["Aliases"]


def last(known: Iterator[Diagnosis]) -> Diagnosis:
    *_, found = known
    return found


def test_each_look_is_accounted_for_found_clean_or_not_read() -> None:
    steps = list(run(check(wrong=wrong, fine=fine, denied=denied, also_denied=denied, broken=broken), probe(), 30.0))
    assert steps[0].waiting == ("wrong", "fine", "denied", "also_denied", "broken")
    found = steps[-1]
    assert [one.check for one in found.findings] == ["x.wrong", "x.before", "x.before"]
    assert found.clean == ("fine",)
    assert [(one.look, one.action) for one in found.unread] == [
        ("broken", None),
        ("also_denied, denied", "lambda:ListAliases"),
    ]
    assert "KeyError" in found.unread[0].why and found.is_over


def test_what_is_not_there_in_time_is_named_and_what_came_is_kept() -> None:
    release = threading.Event()

    def hangs(_probe: Probe) -> Iterator[Finding]:
        release.wait(60)
        yield from ()

    try:
        found = last(run(check(wrong=wrong, hangs=hangs), probe(), 0.2))
    finally:
        release.set()
    assert [(one.look, one.why) for one in found.unread] == [("hangs", "not finished within 0.2 s")]
    assert [one.check for one in found.findings] == ["x.wrong"] and found.is_over


def test_credentials_that_are_gone_end_it_at_once() -> None:
    def gone(_probe: Probe) -> None:
        raise Unread(Reason.CREDENTIALS, "The AWS credentials have expired")

    started = Check("lambda", "Lambda function", "", gone, lambda _probe: [], {"wrong": wrong})
    with pytest.raises(Unread, match="have expired"):
        last(run(started, probe(), 20.0))
