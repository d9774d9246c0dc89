"""What a function's log says: why invocations failed, and how many began cold. At most so many lines are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.account.insights import LogLines, Search, filter_arguments, filtered, search
from bot.diagnostics.checks.lambda_.configuration import log_group
from bot.diagnostics.checks.lambda_.traffic import figures_of
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.figures import number, share
from bot.diagnostics.rules.finding import Finding, Weight
from bot.diagnostics.rules.log_signs import KNOWN, SIGNS, Sign
from bot.text.masking import mask
from bot.text.wording import counted

_PAGES = 2  # of FilterLogEvents
_MOST = 1000  # lines of so many pages
_QUOTED = 160  # characters of a line that is shown
_TROUBLE = Search(
    KNOWN,
    '?ERROR ?Error ?Exception ?"timed out" ?AccessDenied ?"not authorized" ?"Rate exceeded" ?ENILimit '
    '?"too many" ?"signal:" ?"payload size"',
)
_COLD = '"Init Duration"'
_INIT = re.compile(r"Init Duration: ([\d.]+) ms")
_MEMORY = re.compile(r"Memory Size: (\d+) MB\s+Max Memory Used: (\d+) MB")
_SLOW_START = 1000.0  # ms
_FULL = 0.95  # of the memory


def errors(probe: Probe) -> Iterator[Finding]:
    """Lines of known failures, each kind once with its count and its first line."""
    try:
        found = search(probe, log_group(probe), _TROUBLE, _logged(probe), _PAGES)
    except Unread as unread:
        if unread.reason is not Reason.MISSING:
            raise
        yield _no_log(probe)
        return
    for sign in SIGNS:
        said = [line for line in found.lines if sign.pattern.search(line)]
        if said:
            yield _of_sign(probe, sign, said, found)
    if found.instead is not None:
        raise found.instead


def _logged(probe: Probe) -> float:
    """Bytes that came in, 0 where that cannot be read: then the query is stopped by what it scanned."""
    try:
        return figures_of(probe)["logged"].total
    except Unread:
        return 0.0


def _of_sign(probe: Probe, sign: Sign, said: Sequence[str], found: LogLines) -> Finding:
    first = " ".join(mask(said[0]).split())
    quoted = first if len(first) <= _QUOTED else f"{first[: _QUOTED - 1]}…"
    times = counted(len(said), "line")
    return Finding(
        f"lambda.log-{sign.name}",
        Weight.PROBLEM,
        f"{found.count()}{times} of “{sign.what}” {found.when(probe)}, the first: {quoted}",
        sign.why,
        sign.refs,
        sign.likely_for(said[0]),
        command=probe.command("logs", "FilterLogEvents", **_asked(probe, sign.search)),
    )


def _asked(probe: Probe, pattern: str) -> dict[str, Any]:
    return filter_arguments(probe, log_group(probe), pattern)


def _no_log(probe: Probe) -> Finding:
    return Finding(
        "lambda.no-log",
        Weight.RISK,
        f"There is no log group {log_group(probe)}",
        "The function never ran under this name, or its role may not write logs.",
        likely=("GUIDE-debugging-workflow", "PB-lambda"),
        command=probe.command("logs", "DescribeLogGroups", logGroupNamePrefix=log_group(probe)),
    )


def cold_starts(probe: Probe) -> Iterator[Finding]:
    """How many invocations began cold, how long that took, and whether memory was full."""
    try:
        reports = filtered(probe, log_group(probe), _COLD, _PAGES)
    except Unread as unread:
        if unread.reason is Reason.MISSING:
            return  # the look at error lines says so
        raise
    starts = [float(found[1]) for line in reports if (found := _INIT.search(line))]
    if starts and max(starts) >= _SLOW_START:
        invoked = figures_of(probe)["invocations"].total
        of_all = f" of {number(invoked)} ({number(share(len(starts), invoked), '%')})" if invoked >= len(starts) else ""
        more = "At least " if len(reports) >= _MOST else ""
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
