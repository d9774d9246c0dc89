"""Log groups: whether somebody writes far more than usual, and the known failures that their lines show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.account.insights import Search, filter_arguments, search
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import number, total
from bot.diagnostics.rules.finding import Finding, Weight
from bot.diagnostics.rules.log_signs import KNOWN, SIGNS
from bot.text.masking import mask
from bot.text.wording import counted

_TIMES = 5.0  # more than a week before
_LARGE = 100e6  # bytes in an hour
_PAGES = 2
_QUOTED = 160
_TROUBLE = Search(KNOWN, '?ERROR ?Error ?Exception ?"timed out" ?AccessDenied ?"not authorized" ?"Rate exceeded"')


def _group(probe: Probe) -> dict[str, Any]:
    found = probe.reader.read_all("logs", "DescribeLogGroups", "logGroups", pages=1, logGroupNamePrefix=probe.name)
    for group in found:
        if group["logGroupName"] == probe.name:
            exact: dict[str, Any] = group
            return exact
    raise Unread(Reason.MISSING, f"logs:DescribeLogGroups does not know {probe.name}")


def _names(probe: Probe) -> Sequence[str]:
    return [one["logGroupName"] for one in probe.reader.read_all("logs", "DescribeLogGroups", "logGroups", pages=2)]


def _metric(probe: Probe) -> Metric:
    return Metric("bytes", "AWS/Logs", "IncomingBytes", "Sum", {"LogGroupName": probe.name})


def volume(probe: Probe) -> Iterator[Finding]:
    """Bytes that came in, against the same hour of the week before, or where there was none the hour before."""
    figures = probe.figures((_metric(probe),))
    came = figures["bytes"].total
    usual = (figures.week["bytes"].total or figures.before["bytes"].total) or came  # a new group has no usual hour
    if came >= _LARGE and came >= _TIMES * usual:
        yield Finding(
            "logs.volume",
            Weight.RISK,
            f"{number(came, 'B')} were written {probe.window.short}",
            "Often somebody logs whole payloads; Insights queries read all of it and may run into their time limit.",
            (),
            ("NFI-2024-0019",),
            figures.compare("bytes", total, "B"),
            probe.metric_command(_metric(probe)),
        )


def _logged(probe: Probe) -> float:
    """Bytes that came in, 0 where that cannot be read: then the query is stopped by what it scanned."""
    try:
        return probe.figures((_metric(probe),))["bytes"].total
    except Unread:
        return 0.0


def lines(probe: Probe) -> Iterator[Finding]:
    """Lines of known failures."""
    found = search(probe, probe.name, _TROUBLE, _logged(probe), _PAGES)
    for sign in SIGNS:
        said = [line for line in found.lines if sign.pattern.search(line)]
        if said:
            yield Finding(
                f"logs.{sign.name}",
                Weight.PROBLEM,
                f"{found.count()}{counted(len(said), 'line')} of “{sign.what}” {found.when(probe)}, the first: "
                f"{' '.join(mask(said[0]).split())[:_QUOTED]}",
                sign.why,
                sign.refs,
                sign.likely_for(said[0]),
                command=probe.command("logs", "FilterLogEvents", **filter_arguments(probe, probe.name, sign.search)),
            )
    if found.instead is not None:
        raise found.instead


CHECK = Check(
    word="logs",
    what="log group",
    example="logs /ecs/checkout",
    exists=_group,
    names=_names,
    looks={"volume": volume, "error lines": lines},
    aliases=("log",),
)
