"""What a function's log says: why invocations failed, and how many began cold. At most so many lines are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.lambda_.configuration import configuration_of
from bot.diagnostics.checks.lambda_.traffic import figures_of
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.figures import number, share
from bot.diagnostics.rules.finding import Finding, Weight
from bot.diagnostics.rules.log_signs import SIGNS, Sign
from bot.text.masking import mask
from bot.text.wording import counted

_PAGES = 2
_LINES = 500  # of one page
_QUOTED = 160  # characters of a line that is shown
_TROUBLE = (
    '?ERROR ?Error ?Exception ?"timed out" ?AccessDenied ?"not authorized" ?"Rate exceeded" ?ENILimit '
    '?"too many" ?"signal:" ?"payload size"'
)
_COLD = '"Init Duration"'
_INIT = re.compile(r"Init Duration: ([\d.]+) ms")
_MEMORY = re.compile(r"Memory Size: (\d+) MB\s+Max Memory Used: (\d+) MB")
_SLOW_START = 1000.0  # ms
_FULL = 0.95  # of the memory


def _group(probe: Probe) -> str:
    configured = configuration_of(probe).get("LoggingConfig", {}).get("LogGroup")
    return str(configured or f"/aws/lambda/{probe.name}")


def _asked(probe: Probe, pattern: str) -> dict[str, Any]:
    return {
        "logGroupName": _group(probe),
        "filterPattern": pattern,
        "startTime": int(probe.window.begin.timestamp() * 1000),
        "endTime": int(probe.window.end.timestamp() * 1000),
        "limit": _LINES,
    }


def _lines(probe: Probe, pattern: str) -> list[str]:
    events = probe.reader.read_all("logs", "FilterLogEvents", "events", pages=_PAGES, **_asked(probe, pattern))
    return [event["message"] for event in events]


def errors(probe: Probe) -> Iterator[Finding]:
    """Lines of known failures, each kind once with its count and its first line."""
    try:
        lines = _lines(probe, _TROUBLE)
    except Unread as unread:
        if unread.reason is not Reason.MISSING:
            raise
        yield _no_log(probe)
        return
    for sign in SIGNS:
        said = [line for line in lines if sign.pattern.search(line)]
        if said:
            yield _of_sign(probe, sign, said)


def _of_sign(probe: Probe, sign: Sign, said: Sequence[str]) -> Finding:
    first = " ".join(mask(said[0]).split())
    quoted = first if len(first) <= _QUOTED else f"{first[: _QUOTED - 1]}…"
    times = counted(len(said), "line")
    return Finding(
        f"lambda.log-{sign.name}",
        Weight.PROBLEM,
        f"{times} of “{sign.what}” {probe.window.short}, the first: {quoted}",
        sign.why,
        sign.refs,
        sign.likely_for(said[0]),
        command=probe.command("logs", "FilterLogEvents", **_asked(probe, sign.search)),
    )


def _no_log(probe: Probe) -> Finding:
    return Finding(
        "lambda.no-log",
        Weight.RISK,
        f"There is no log group {_group(probe)}",
        "The function never ran under this name, or its role may not write logs.",
        likely=("GUIDE-debugging-workflow", "PB-lambda"),
        command=probe.command("logs", "DescribeLogGroups", logGroupNamePrefix=_group(probe)),
    )


def cold_starts(probe: Probe) -> Iterator[Finding]:
    """How many invocations began cold, how long that took, and whether memory was full."""
    try:
        reports = _lines(probe, _COLD)
    except Unread as unread:
        if unread.reason is Reason.MISSING:
            return  # the look at error lines says so
        raise
    starts = [float(found[1]) for line in reports if (found := _INIT.search(line))]
    if starts and max(starts) >= _SLOW_START:
        invoked = figures_of(probe)["invocations"].total
        of_all = f" of {number(invoked)} ({number(share(len(starts), invoked), '%')})" if invoked >= len(starts) else ""
        more = "At least " if len(reports) >= _PAGES * _LINES else ""
        yield Finding(
            "lambda.cold-starts",
            Weight.RISK,
            f"{more}{counted(len(starts), 'invocation')}{of_all} began cold {probe.window.short}; the slowest start "
            f"took {number(max(starts), 'ms')}",
            "Callers wait that long before the function's own time begins; CloudWatch's Duration does not count it.",
            ("LESSON-07", "GUIDE-high-latency", "LESSON-02"),
            command=probe.command("logs", "FilterLogEvents", **_asked(probe, _COLD)),
        )
    yield from _memory(probe, reports)


def _memory(probe: Probe, reports: Sequence[str]) -> Iterator[Finding]:
    used = [(int(found[2]), int(found[1])) for line in reports if (found := _MEMORY.search(line))]
    full = [(most, size) for most, size in used if most >= size * _FULL]
    if full:
        most, size = max(full)
        yield Finding(
            "lambda.memory",
            Weight.PROBLEM,
            f"{counted(len(full), 'invocation')} used all memory {probe.window.short}: {most} of {size} MB",
            "The process is killed at the limit, which shows as Runtime.ExitError.",
            ("GUIDE-function-errors",),
            command=probe.command("logs", "FilterLogEvents", **_asked(probe, _COLD)),
        )
