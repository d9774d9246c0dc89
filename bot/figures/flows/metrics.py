"""The figures of `tocsin metrics`: one function a section, each from what was recorded between two instants.

A further section is a further function in SECTIONS; text and JSON follow by themselves.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.figures import messages
from bot.figures.queries import commitments, verdicts
from bot.figures.rules.agreement import agree
from bot.figures.rules.report import Bucket, Report
from bot.memory.flows.recall import SHOWN
from bot.severity import queries as fits
from bot.severity.tables import JudgeFit
from bot.text.control import inert


@dataclass(frozen=True, slots=True)
class Section:
    """Some figures: `lines` for people, `figures` for machines."""

    name: str
    title: str
    lines: tuple[str, ...]
    figures: dict[str, Any]


def measure(session: Session, since: datetime, until: datetime) -> list[Section]:
    """All sections for the time from `since` up to `until`, both aware."""
    return [section(session, since, until) for section in SECTIONS]


def records(section: Section) -> Iterator[tuple[str, str, object]]:
    """For spreadsheets: (section, figure, value), one line a figure, such as `rows.slow.judged`."""
    for name, value in _flat("", section.figures):
        yield section.name, name, "" if value is None else value


def figures_section(found: Report) -> Section:
    """All figures by name, as the records of a spreadsheet."""
    return Section("figures", "", (), found.by_name())


def buckets_section(buckets: Sequence[Bucket], by: str) -> Section:
    """The figures by month, severity and so on, likewise."""
    return Section(f"by_{by}", "", (), {each.name: each.document() for each in buckets})


def write_csv(sections: Sequence[Section]) -> str:
    """section,figure,value: one line a figure. A text that a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("section", "figure", "value"))
    for section in sections:
        for name, figure, value in records(section):
            rows.writerow((name, inert(figure), inert(value) if isinstance(value, str) else value))
    return out.getvalue()


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    """The plain values inside, each with its way there. A record of a list goes by its first field."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            named = isinstance(inner, dict) and inner
            yield from _flat(f"{name}.{next(iter(inner.values())) if named else number}", inner)
    else:
        yield name, value


def suggestions(session: Session, since: datetime, until: datetime) -> Section:
    """precision@3: of the past incidents shown in the first three places and voted on, the share that helped.

    A suggestion is one past incident shown for one report, incident or search. People who disagree are settled by
    majority, and an even split counts as not helped. Months are those of the first vote.
    """
    months = commitments.suggestions_by_month(session, since, until, SHOWN)
    rows = [{"month": month, **_precision(helped, judged)} for month, judged, helped in months]
    whole = _precision(sum(helped for *_, helped in months), sum(judged for _, judged, _ in months))
    lines = [_line(row["month"], row) for row in rows]
    lines.append(_line("total", whole) if months else messages.NO_VOTES)
    return Section("suggestions", "Similar incidents: precision@3", tuple(lines), {**whole, "months": rows})


def _precision(helped: int, judged: int) -> dict[str, Any]:
    return {"precision_at_3": round(helped / judged, 4) if judged else None, "helped": helped, "judged": judged}


def _line(month: str, row: dict[str, Any]) -> str:
    return messages.precision_line(month, row["precision_at_3"], row["helped"], row["judged"])


def judgement(session: Session, since: datetime, until: datetime) -> Section:
    """How far people agreed with the judged severity, row by row of the matrix, of the reports judged in that time."""
    found = agree(verdicts.count_verdicts(session, since, until))
    return Section("judgement", "Judgement: agreement with the judged severity", tuple(found.lines()), found.document())


def learnt(session: Session, since: datetime, until: datetime) -> Section:
    """What the judge learnt from people's decisions, and how it did on decisions that it had not learnt from."""
    latest = next(iter(fits.list_latest(session, 1)), None)
    figures = fit_figures(latest) if latest else {"state": "none"}
    return Section("learning", "Judgement: what was learned here", (messages.fit_line(latest),), figures)


def fit_figures(fit: JudgeFit) -> dict[str, Any]:
    """For machines."""
    return {"state": fit.state, "fitted_at": fit.fitted_at.isoformat(), **fit.figures}


SECTIONS: tuple[Callable[[Session, datetime, datetime], Section], ...] = (suggestions, judgement, learnt)
