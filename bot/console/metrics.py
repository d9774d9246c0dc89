"""`tocsin metrics`: figures as text, JSON, CSV and pictures."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from bot.figures import messages
from bot.figures.charts import draw_confusion, draw_report, write_picture
from bot.figures.flows.metrics import Section, buckets_section, figures_section, measure, write_csv
from bot.figures.flows.report import by_bucket, report, type_named
from bot.figures.queries.times import BY
from bot.figures.rules.periods import Period, last_months, parse_period
from bot.figures.rules.report import Bucket, Report
from bot.figures.rules.requests import MetricsRequest, parse_request
from bot.settings import Settings
from bot.slack import queries as slack_queries
from bot.wiring.building import build_policy, open_database
from bot.wiring.clock import Clock


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command."""

    request: str
    months: int
    by: str
    as_json: bool
    as_csv: bool
    picture: Path | None
    chart: Path | None


@dataclass(frozen=True, slots=True)
class _Measured:
    report: Report
    buckets: list[Bucket]
    sections: list[Section]
    names: dict[str, str]
    hours: Mapping[tuple[int, int], int]


def show_metrics(settings: Settings, asked: Asked) -> None:
    """Measure and print. Raises BadRequest for a period that is none, BadParameter for an unknown `by`."""
    if asked.by not in BY:
        raise typer.BadParameter(f"must be one of {', '.join(BY)}", param_hint="--by")
    found = _measure(settings, asked)
    if asked.picture:
        judged = next(section.figures for section in found.sections if section.name == "judgement")
        draw_confusion(judged, f"Judgement, {found.report.period.title}", asked.picture)
        print(f"Wrote {asked.picture}.", file=sys.stderr)
    if asked.chart:
        write_picture(asked.chart, draw_report(found.report, found.buckets, asked.by, found.hours))
        print(f"Wrote {asked.chart}.", file=sys.stderr)
    if asked.as_csv:
        figures = [figures_section(found.report), buckets_section(found.buckets, asked.by)]
        sys.stdout.write(write_csv([*figures, *found.sections]))
    elif asked.as_json:
        print(json.dumps(_document(found, asked.by), ensure_ascii=False))
    else:
        print("\n".join([*messages.lines(found.report, found.names), *messages.bucket_lines(found.buckets, asked.by)]))
        for section in found.sections:
            print("\n".join(["", section.title, *(f"  {line}" for line in section.lines)]))


def _measure(settings: Settings, asked: Asked) -> _Measured:
    policy, now = build_policy(settings), Clock(settings.clock_file).now()
    request = parse_request(asked.request)
    kind = type_named(policy, request.type)
    period = _period(asked, request, now, policy.calendar.zone)
    with open_database(settings) as database, database.transaction() as session:
        found = report(session, period, policy, request.severity, request.service, kind)
        buckets = by_bucket(session, found, policy, asked.by)
        sections = measure(session, period.since, period.until)
        people = {figure.of for figure in found.figures if figure.of}
        names = slack_queries.names_of(session, people)
        return _Measured(found, buckets, sections, names, found.hours)


def _period(asked: Asked, request: MetricsRequest, now: datetime, zone: ZoneInfo) -> Period:
    """What was typed; else this month and the months before it, as many as `months` says."""
    if asked.request.strip():
        return parse_period(request.period, now, zone)
    return last_months(asked.months, now, zone)


def _document(found: _Measured, by: str) -> dict[str, object]:
    sections = {section.name: section.figures for section in found.sections}
    return {**found.report.document(), "by": by, "buckets": [each.document() for each in found.buckets], **sections}
