"""What a look has at hand: the resource, the window, figures of CloudWatch, and commands that repeat a read."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.aws.reading import Reader
from bot.diagnostics.rules.figures import Figures, Series
from bot.diagnostics.rules.finding import Finding, Window
from bot.diagnostics.rules.picture import Drawn
from bot.diagnostics.rules.prices import HIGHEST

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
DRAWN = timedelta(hours=3)  # what a picture shows
PERIOD = 300  # seconds of one value
PRICE_OF_METRIC = 0.01 / 1000  # US dollars for each metric that GetMetricData is asked for


@dataclass(frozen=True, slots=True)
class Metric:
    """One series of CloudWatch; `key` is how the look calls it: a lower-case word."""

    key: str
    namespace: str
    name: str
    stat: str
    dimensions: Mapping[str, str]
    period: int = PERIOD  # seconds of one value

    def query(self) -> dict[str, Any]:
        named = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": named}
        return {"Id": self.key, "MetricStat": {"Metric": metric, "Period": self.period, "Stat": self.stat}}


@dataclass(frozen=True)
class Probe:
    """One diagnosis of one resource."""

    reader: Reader
    name: str
    window: Window
    now: datetime
    qualifier: str | None = None
    measured: list[Drawn] = field(default_factory=list)  # each series that was read, with its instants
    insights_price: float = HIGHEST  # US dollars for each GB that Logs Insights scans here
    scanned: list[float] = field(default_factory=list)  # bytes, one for each query of Logs Insights
    priced: list[float] = field(default_factory=list)  # US dollars, one for each call that costs

    def read(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """See Reader.read. Raises Unread."""
        return self.reader.read(service, operation, **arguments)

    def figures(self, metrics: Sequence[Metric]) -> Figures:
        """These series in the window, the hour before it and the same hour a week before: two calls. Raises Unread.

        What is asked for begins an hour earlier still, for the picture: CloudWatch charges by the metric, not the hour.
        """
        recent = self._series(metrics, self.window.end - DRAWN, self.window.end)
        self.measured.extend(Drawn(one.name, one.stat, tuple(recent[one.key])) for one in metrics)
        week = self._series(metrics, self.window.begin - WEEK, self.window.end - WEEK)
        begin = self.window.begin
        return Figures(
            now={key: Series(tuple(value for at, value in points if at >= begin)) for key, points in recent.items()},
            before={
                key: Series(tuple(value for at, value in points if begin - HOUR <= at < begin))
                for key, points in recent.items()
            },
            week={key: Series(tuple(value for _, value in points)) for key, points in week.items()},
        )

    def daily(self, metrics: Sequence[Metric], begin: datetime) -> dict[str, list[tuple[datetime, float]]]:
        """What is measured once a day, from then to the end of the window, by key: one call. Raises Unread."""
        return self._series(metrics, begin, self.window.end)

    def _series(
        self, metrics: Sequence[Metric], begin: datetime, end: datetime
    ) -> dict[str, list[tuple[datetime, float]]]:
        queries = [metric.query() for metric in metrics]
        answers = self.reader.read_all(
            "cloudwatch",
            "GetMetricData",
            "MetricDataResults",
            pages=2,
            MetricDataQueries=queries,
            StartTime=begin,
            EndTime=end,
            ScanBy="TimestampAscending",
        )
        self.priced.append(len(queries) * PRICE_OF_METRIC)
        found: dict[str, list[tuple[datetime, float]]] = {metric.key: [] for metric in metrics}
        for answer in answers:
            points = zip(answer["Timestamps"], answer["Values"], strict=True)
            found[answer["Id"]] += [(at.astimezone(UTC), value) for at, value in points if value is not None]
        return found

    def command(self, service: str, operation: str, /, **arguments: Any) -> str:
        """The AWS CLI command that asks the same."""
        from botocore import xform_name

        words = ["aws", service, xform_name(operation, "-")]
        for name, value in arguments.items():
            words += [f"--{xform_name(name, '-')}", *_typed(value)]
        return shlex.join([*words, "--region", self.reader.region])

    def metric_command(self, metric: Metric, begin: datetime | None = None) -> str:
        """The AWS CLI command that prints a series of the window, or from `begin` to its end."""
        named = [f"Name={name},Value={value}" for name, value in metric.dimensions.items()]
        which = (
            ["--statistics", metric.stat] if not metric.stat.startswith("p") else ["--extended-statistics", metric.stat]
        )
        words = ["aws", "cloudwatch", "get-metric-statistics", "--namespace", metric.namespace]
        words += ["--metric-name", metric.name, "--dimensions", *named, *which, "--period", str(metric.period)]
        span = ["--start-time", _instant(begin or self.window.begin), "--end-time", _instant(self.window.end)]
        return shlex.join([*words, *span, "--region", self.reader.region])


def _typed(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return list(value)
    if isinstance(value, list | dict):
        return [json.dumps(value, separators=(",", ":"))]
    return [_instant(value) if isinstance(value, datetime) else str(value)]


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


Look = Callable[[Probe], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """All looks at one kind of resource. `exists` raises Unread where it is not there; `names` lists what there is."""

    word: str
    what: str  # for people: "Lambda function"
    example: str
    exists: Callable[[Probe], object]
    names: Callable[[Probe], Sequence[str]]
    looks: Mapping[str, Look]
    aliases: tuple[str, ...] = ()
