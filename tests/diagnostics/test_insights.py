"""Logs Insights: what it finds, what it may scan, what that costs, and what is read where it cannot be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.aws.accounts import Aws
from bot.diagnostics.checks.account.insights import MOST_SCANNED
from bot.diagnostics.checks.asking import diagnose
from bot.diagnostics.messages import as_text
from bot.diagnostics.rules.log_signs import KNOWN, SIGNS
from bot.diagnostics.rules.prices import InsightsPrices
from bot.diagnostics.rules.request import parse
from tests.diagnostics.account import REGION, Answers, now, played, put_lines, put_metric, refuse
from tests.diagnostics.cases import ago, look

SAID = "[ERROR] Task timed out after 30.03 seconds"


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    with played():
        for group in ("shop", "loud"):
            put_lines(group, [SAID], now())
        put_metric("AWS/Logs", "IncomingBytes", {"LogGroupName": "loud"}, {ago(5): 4 * MOST_SCANNED}, now())
        yield


def answering(status: str, lines: int, **statistics: float) -> tuple[Aws, list[dict[str, Any]]]:
    """An account whose query answers so, and what it is asked."""
    aws, asked = Aws(REGION), list[dict[str, Any]]()
    rows = [[{"field": "said", "value": SAID}]] * lines
    Answers(aws.client("logs"), "get_query_results", {"status": status, "results": rows, "statistics": statistics})
    Answers(aws.client("logs"), "stop_query", {"success": True})
    aws.client("logs").meta.events.register(
        "before-parameter-build.cloudwatch-logs.StartQuery", lambda params, **_event: asked.append(params)
    )
    return aws, asked


def test_what_is_scanned_is_counted_said_and_priced() -> None:
    aws, _ = answering("Complete", 500, recordsMatched=180_000.0, recordsScanned=200_000.0, bytesScanned=2e9)
    found = look(aws, "logs shop")
    (one,) = found.findings
    assert one.seen.startswith("At least 500 lines of “Task timed out”"), "200,000 lines are searched, 500 are read"
    assert found.as_document()["scanned_bytes"] == 2_000_000_000
    assert 0.02 <= found.cost < 0.021, "at the highest price, where nothing says that of the region"
    assert as_text(found).endswith(", estimated at $0.02 (Logs Insights scanned 2.0 GB).")
    prices = InsightsPrices({REGION: 0.005})
    *_, found = diagnose(aws, parse("logs shop"), None, now(), 60, prices)
    assert 0.01 <= found.cost < 0.011


def test_of_more_than_may_be_scanned_the_last_part_of_the_hour_is_searched() -> None:
    aws, (asked) = answering("Complete", 1, recordsMatched=1.0, bytesScanned=MOST_SCANNED)
    (one,) = [one for one in look(aws, "logs loud").findings if one.check == "logs.timeout"]
    (params,) = asked
    searched = params["endTime"] - params["startTime"]
    assert 3600 / 4 - 2 <= searched <= 3900 / 4 + 2
    begin, end = re.findall(r"(\d\d:\d\d)", one.seen)[:2]
    assert begin != end and one.seen.startswith("1 line of")


@pytest.mark.parametrize(
    ("scanned", "lines", "says"),
    [(MOST_SCANNED * 1.1, 3, "At least 3 lines of"), (1e6, 0, "")],
    ids=["scans too much", "takes too long"],
)
def test_a_query_that_scans_too_much_or_takes_too_long_is_stopped(scanned: float, lines: int, says: str) -> None:
    aws, _ = answering("Running", lines, bytesScanned=scanned)
    stopped: list[str] = []
    aws.client("logs").meta.events.register_first(
        "before-parameter-build.cloudwatch-logs.StopQuery", lambda params, **_event: stopped.append(params["queryId"])
    )
    found = look(aws, "logs shop")
    assert len(stopped) == 1
    assert [one.seen[: len(says)] for one in found.findings] == [says] * bool(lines)
    assert [one.why for one in found.unread] == ["logs:GetQueryResults: the query was not done in time (Running)"] * (
        not lines
    )


def test_where_insights_is_denied_filtering_reads_instead_and_the_missing_action_is_named() -> None:
    aws = Aws(REGION)
    refuse(aws.client("logs"), "StartQuery", "AccessDeniedException")
    found = look(aws, "logs shop")
    assert [one.check for one in found.findings] == ["logs.timeout"]
    (unread,) = found.unread
    assert unread.action == "logs:StartQuery"
    assert unread.why.endswith("The first 1,000 lines were read by FilterLogEvents instead.")


def test_the_query_finds_every_line_that_is_the_mark_of_a_failure() -> None:
    examples = ("Task timed out after 3 s", "FATAL: too many clients already", "Runtime.ExitError", "rate EXCEEDED")
    for line in examples:
        assert re.search(KNOWN, line) and any(sign.pattern.search(line) for sign in SIGNS)
    assert "/" not in KNOWN, "Insights ends an expression there"
