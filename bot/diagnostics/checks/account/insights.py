"""Lines of a log group: searched by Logs Insights within a bound on what it scans, else by FilterLogEvents."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.figures import number

MOST_SCANNED = 5e9  # bytes of one query
WAITS = (0.4, 1.2)  # seconds before each look at how far a query has come
_LINES = 500  # that a query answers, or a page of FilterLogEvents
_LONGEST = 4000  # characters of a line
_OVER = frozenset({"Complete", "Failed", "Cancelled", "Timeout"})


@dataclass(frozen=True, slots=True)
class Search:
    """`pattern` is a regular expression as Insights reads it; `words` a filter pattern that finds the same or more."""

    pattern: str
    words: str


@dataclass(frozen=True, slots=True)
class LogLines:
    """What was found, in order. `more`: there may be more lines than these. `since`: from when, where that is not the
    beginning of the window. `instead`: why Insights was not asked.
    """

    lines: Sequence[str]
    more: bool = False
    since: datetime | None = None
    instead: Unread | None = None

    def count(self) -> str:
        """`At least ` before the number of lines."""
        return "At least " if self.more else ""

    def when(self, probe: Probe) -> str:
        """The time that was searched, as it stands beside a figure."""
        return replace(probe.window, begin=self.since).short if self.since else probe.window.short


def search(probe: Probe, group: str, wanted: Search, logged: float, pages: int) -> LogLines:
    """The lines of the window. `logged`: bytes that came into the group in it, 0 where that is unknown; `pages` of
    FilterLogEvents are read at most where Insights cannot be asked. Raises Unread where neither can.
    """
    begin, end = probe.window.begin.timestamp(), probe.window.end.timestamp()
    if logged > MOST_SCANNED:
        begin = end - (end - begin) * MOST_SCANNED / logged
    asked = {"logGroupName": group, "startTime": int(begin), "endTime": int(end)}
    try:
        query_id = probe.read("logs", "StartQuery", **asked, queryString=_query(wanted.pattern))["queryId"]
    except Unread as unread:
        if unread.reason in (Reason.MISSING, Reason.CREDENTIALS, Reason.LATE):
            raise
        return _filtered(probe, group, wanted.words, pages, unread)
    return _read(_waited_for(probe, query_id), datetime.fromtimestamp(begin, UTC) if logged > MOST_SCANNED else None)


def _query(pattern: str) -> str:
    said = f"fields @timestamp, @message, substr(@message, 0, {_LONGEST}) as said"
    return f"{said} | filter @message like /{pattern}/ | sort @timestamp asc | limit {_LINES} | display said"


def filter_arguments(probe: Probe, group: str, words: str) -> dict[str, Any]:
    """What FilterLogEvents is asked."""
    return {
        "logGroupName": group,
        "filterPattern": words,
        "startTime": int(probe.window.begin.timestamp() * 1000),
        "endTime": int(probe.window.end.timestamp() * 1000),
        "limit": _LINES,
    }


def filtered(probe: Probe, group: str, words: str, pages: int) -> list[str]:
    """The first lines by FilterLogEvents. Raises Unread."""
    asked = filter_arguments(probe, group, words)
    events = probe.reader.read_all("logs", "FilterLogEvents", "events", pages=pages, **asked)
    return [event["message"] for event in events]


def _filtered(probe: Probe, group: str, words: str, pages: int, unread: Unread) -> LogLines:
    lines = filtered(probe, group, words, pages)
    read = f"{str(unread).rstrip('.')}. The first {number(pages * _LINES)} lines were read by FilterLogEvents instead."
    return LogLines(lines, len(lines) >= pages * _LINES, instead=Unread(unread.reason, read, unread.action))


def _read(answer: dict[str, Any], since: datetime | None) -> LogLines:
    lines, status = [_said(row) for row in answer.get("results", ())], answer.get("status")
    if status != "Complete" and not lines:
        raise Unread(Reason.BUSY, f"logs:GetQueryResults: the query was not done in time ({status})")
    matched = answer.get("statistics", {}).get("recordsMatched", len(lines))
    return LogLines(lines, status != "Complete" or matched > len(lines), since)


def _waited_for(probe: Probe, query_id: str) -> dict[str, Any]:
    """The last answer; a query that goes on, or scans more than it may, is stopped. What it scanned is priced."""
    answer: dict[str, Any] = {}
    for wait in WAITS:
        time.sleep(wait)
        answer = probe.reader.read_anew("logs", "GetQueryResults", queryId=query_id)
        if answer.get("status") in _OVER or _scanned(answer) > MOST_SCANNED:
            break
    probe.scanned.append(_scanned(answer))
    probe.priced.append(_scanned(answer) / 1e9 * probe.insights_price)
    if answer.get("status") not in _OVER:
        with suppress(Unread):  # it ended meanwhile, or ends by itself
            probe.reader.read_anew("logs", "StopQuery", queryId=query_id)
    return answer


def _scanned(answer: dict[str, Any]) -> float:
    return float(answer.get("statistics", {}).get("bytesScanned", 0.0))


def _said(row: Sequence[dict[str, str]]) -> str:
    fields = {one.get("field"): one.get("value", "") for one in row}
    return fields.get("said") or fields.get("@message") or ""
