"""What Prometheus scrapes. One query a scrape; no name of anything that people wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.severity.rules import Severity
from bot.wiring.monitoring.health import DatabaseCheck
from bot.wiring.monitoring.state import State

JOB_STATES = ("waiting", "running", "failed")


class Figures(Collector):
    """The figures of one process and of the database that all replicas share. Collected anew for each scrape."""

    def __init__(
        self,
        database: DatabaseCheck,
        ages: Callable[[], Mapping[str, float | None]],
        slack: Callable[[], tuple[float | None, bool]],
        reasons: Callable[[], list[str]],
    ) -> None:
        """`ages` are seconds since this process did something, by its name; `slack` is the age of its last word, and
        whether it refuses our token; `reasons` are those not to be ready."""
        self._database, self._ages, self._slack, self._reasons = database, ages, slack, reasons

    def collect(self) -> Iterable[Metric]:
        reasons = self._reasons()
        age, refused = self._slack()
        checked = self._database.last
        yield _gauge("tocsin_ready", "1 while /readyz answers 200.", float(not reasons))
        yield _gauge("tocsin_database_up", "1 while the database answers.", float(checked.answers))
        yield _gauge("tocsin_database_writable", "1 while the database may be written to.", float(checked.writable))
        if checked.bytes_free is not None:
            text = "Bytes left on the disk of the embedded PostgreSQL."
            yield _gauge("tocsin_database_disk_free_bytes", text, checked.bytes_free)
        yield _gauge("tocsin_slack_token_refused", "1 while Slack refuses the bot token.", float(refused))
        if age is not None:
            yield _gauge("tocsin_slack_age_seconds", "Seconds since this process last heard from Slack.", age)
        yield from _ages(self._ages())
        if checked.state is not None:
            yield from _of_state(checked.state)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _ages(ages: Mapping[str, float | None]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "tocsin_worker_age_seconds", "Seconds since this process last swept or fetched jobs.", labels=["part"]
    )
    for part, age in ages.items():
        if age is not None:
            family.add_metric([part], age)
    yield family


def _of_state(state: State) -> Iterator[Metric]:
    opened = GaugeMetricFamily("tocsin_open_incidents", "Open incidents.", labels=["severity"])
    for severity in Severity:
        opened.add_metric([severity.value], state.open_incidents.get(severity.value, 0))
    yield opened
    yield _gauge("tocsin_pages_due", "Pages that are due and were not sent yet.", state.pages_due)
    yield _gauge("tocsin_pages_late", "Those that are later than escalation.yaml allows.", state.pages_late)
    yield _gauge("tocsin_oldest_due_page_seconds", "For how long the oldest of them is due.", state.oldest_page)
    jobs = GaugeMetricFamily("tocsin_jobs", "Jobs in the queue.", labels=["queue", "state"])
    for queue, numbers in sorted(state.jobs.items()):
        for name in JOB_STATES:
            jobs.add_metric([queue, name], numbers.get(name, 0))
    yield jobs
    yield _gauge("tocsin_oldest_job_seconds", "How long the oldest job waits that could run.", state.oldest_job)


def write_metrics(figures: Figures) -> bytes:
    """The figures as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(figures)
    return generate_latest(registry)
