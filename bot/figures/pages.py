"""Pages of figures for those who hold a role above the on-call engineer: the numbers, and the incidents behind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import BadRequest
from bot.figures import charts, messages
from bot.figures.flows.metrics import buckets_section, figures_section, write_csv
from bot.figures.flows.readers import list_readers
from bot.figures.flows.report import by_bucket, report, scope_of, type_named
from bot.figures.queries import behind
from bot.figures.queries.times import BY
from bot.figures.rules import definitions as d
from bot.figures.rules.figure import Definition, Figure, Unit, length
from bot.figures.rules.periods import Period, parse_period
from bot.figures.rules.report import Report
from bot.figures.rules.requests import DEFAULT, MetricsRequest
from bot.severity.rules import Severity
from bot.slack import queries as slack_queries
from bot.web.auth import PageHandler, WebContext, page_route
from bot.web.rendering import user_page
from bot.web.responses import headers, notice, page
from bot.web.sessions import CurrentUser

_LISTED = 200
_SEVERITIES = tuple(severity.value for severity in Severity)
_PERIODS = ("month", "last month", "quarter", "last quarter", DEFAULT, "all")
_BLOCK = 3  # hours in one cell of the page's grid
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DEFINITIONS = {each.name: each for each in vars(d).values() if isinstance(each, Definition)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for, as it was typed, and the period that it means."""

    request: MetricsRequest
    period: Period
    by: str
    type: str | None  # its name

    def path(self, page: str = "/figures", **more: str) -> str:
        named = {
            "period": self.request.period,
            "severity": self.request.severity or "",
            "service": self.request.service or "",
            "type": self.request.type or "",
            "by": self.by,
        }
        return f"{page}?" + urlencode({name: value for name, value in (named | more).items() if value})


def figures_routes(web: WebContext) -> list[Route]:
    """The routes of these pages."""
    handlers: tuple[tuple[str, _Handler], ...] = (
        ("/figures", _figures),
        ("/figures/incidents", _behind),
        ("/figures/chart.png", _chart),
        ("/figures/figures.csv", _csv),
    )
    return [page_route(web, path, _for_readers(handler)) for path, handler in handlers]


_Handler = Callable[[WebContext, Session, Request, CurrentUser, _Asked], Response]


def _for_readers(handler: _Handler) -> PageHandler:
    """The handler in a transaction of its own, for those who may read figures and ask for a period that there is."""

    def answer(web: WebContext, request: Request, user: CurrentUser) -> Response:
        policy, now = web.context.policy, web.context.now()
        with web.context.database.transaction() as session:
            if user.user_id not in list_readers(session, policy, now):
                return notice(403, "Figures are for managers", messages.NOT_FOR_YOU)
            try:
                return handler(web, session, request, user, _asked(web, request))
            except BadRequest as refused:
                return notice(400, "That can't be shown", str(refused).replace("`", ""))

    return answer


def _asked(web: WebContext, request: Request) -> _Asked:
    """Raises BadRequest for a period, severity, type or table that there is not."""
    asked = request.query_params
    severity, by = asked.get("severity", "").upper(), asked.get("by") or "month"
    if severity and severity not in _SEVERITIES:
        raise BadRequest(f"{severity[:20]} isn't a severity. Use {', '.join(_SEVERITIES)}.")
    if by not in BY:
        raise BadRequest(f"There is no table by {by[:20]}. Use {', '.join(BY)}.")
    policy, service, typed = web.context.policy, asked.get("service", "")[:100], asked.get("type", "")[:100]
    wanted = MetricsRequest(asked.get("period") or DEFAULT, severity or None, service or None, typed or None)
    period = parse_period(wanted.period, web.context.now(), policy.calendar.zone)
    return _Asked(wanted, period, by, type_named(policy, wanted.type))


def _report(web: WebContext, session: Session, asked: _Asked) -> Report:
    return report(session, asked.period, web.context.policy, asked.request.severity, asked.request.service, asked.type)


def _figures(web: WebContext, session: Session, request: Request, user: CurrentUser, asked: _Asked) -> Response:
    found, policy = _report(web, session, asked), web.context.policy
    names = slack_queries.names_of(session, {figure.of for figure in found.figures if figure.of})
    buckets = [
        {
            "name": bucket.name,
            "incidents": bucket.incidents,
            "acknowledge": messages.in_words(bucket.acknowledge),
            "resolve": messages.in_words(bucket.resolve),
        }
        for bucket in by_bucket(session, found, policy, asked.by)
    ]
    context = {
        "report": found,
        "asked": asked.request,
        "by": asked.by,
        "bys": BY,
        "severities": _SEVERITIES,
        "types": [(one.name, one.title) for one in policy.fields.types.values()],
        "type": asked.type,
        "periods": [(name.capitalize(), asked.path(period=name)) for name in _PERIODS],
        "groups": _groups(found, asked, names),
        "buckets": buckets,
        "heat": _heat(found.hours),
        "chart": asked.path("/figures/chart.png"),
        "csv": asked.path("/figures/figures.csv"),
    }
    return page(user_page("figures.html", request, user, "/figures", **context))


def _groups(found: Report, asked: _Asked, names: Mapping[str, str]) -> list[dict[str, Any]]:
    groups = []
    for title, definitions in d.GROUPS:
        lines = [_lines_of(definition, found, asked, names) for definition in definitions if found.of(definition)]
        if lines:
            groups.append({"title": title, "lines": lines})
    return groups


def _lines_of(definition: Definition, found: Report, asked: _Asked, names: Mapping[str, str]) -> dict[str, Any]:
    """One definition with the figure of everything, and those of parts that have anything to say."""
    figures = found.of(definition)
    return {
        "title": definition.title,
        "sentence": definition.sentence.replace("`", ""),
        "whole": next((_shown(figure, asked, names) for figure in figures if not figure.of), None),
        "parts": [_shown(each, asked, names) for each in figures if each.of and (each.count or each.change)],
    }


def _shown(figure: Figure, asked: _Asked, names: Mapping[str, str]) -> dict[str, Any]:
    path = None
    if figure.definition.name in behind.FIGURES and _listed(figure):
        severity = {"severity": figure.of} if figure.of in _SEVERITIES else {}
        of = {"of": figure.of} if figure.of and not severity else {}
        path = asked.path("/figures/incidents", figure=figure.definition.name, **severity, **of)
    return {"figure": figure, "label": messages.label(figure, names), "path": path}


def _listed(figure: Figure) -> int:
    """How many the list behind a figure has: of shares those that the figure is named for, or those that missed it."""
    if figure.part is None:
        return figure.count
    return figure.count - figure.part if figure.definition.name in behind.MISSED else figure.part


def _heat(pages: Mapping[tuple[int, int], int]) -> dict[str, Any]:
    """The grid of pages by weekday and block of hours; level 0 is none, 4 the most."""
    starts = range(0, 24, _BLOCK)
    cells = {
        (day, start): sum(pages.get((day, hour), 0) for hour in range(start, start + _BLOCK))
        for day in range(7)
        for start in starts
    }
    most = max(cells.values()) or 1
    rows = [
        {
            "day": name,
            "cells": [{"pages": cells[day, start], "level": -(-4 * cells[day, start] // most)} for start in starts],
        }
        for day, name in enumerate(_DAYS)
    ]
    return {"hours": [f"{start:02}" for start in starts], "rows": rows}


def _behind(web: WebContext, session: Session, request: Request, user: CurrentUser, asked: _Asked) -> Response:
    name, of = request.query_params.get("figure", ""), request.query_params.get("of", "")[:200]
    if name not in behind.FIGURES:
        raise BadRequest("There are no incidents behind that figure. Open one of the numbers on /figures.")
    definition, policy = _DEFINITIONS[name], web.context.policy
    scope = scope_of(asked.period, policy, asked.request.severity, asked.request.service, asked.type)
    late = policy.escalation.late_after.total_seconds()
    found = behind.list_behind(session, scope, name, of, late, user.user_id, _LISTED)
    who = slack_queries.names_of(session, [of]).get(of, of)
    described = filter(
        None, (asked.period.title, asked.request.severity, asked.request.service, asked.request.type, who)
    )
    context = {
        "title": definition.title,
        "of": ", ".join(described),
        "sentence": definition.sentence.replace("`", ""),
        "missed": name in behind.MISSED,
        "rows": [{"row": row, "value": _value(definition, value)} for row, value in found.rows],
        "more": found.more,
        "hidden": found.hidden,
        "back": asked.path(),
    }
    return page(user_page("figures_behind.html", request, user, "/figures", **context))


def _value(definition: Definition, value: float | None) -> str:
    """What a figure says of one incident; empty where it says nothing beyond that it counts."""
    if value is None or (definition.unit is not Unit.SECONDS and definition is not d.PAGES):
        return ""
    return length(value) if definition.unit is Unit.SECONDS else f"{value:,.0f} sent"


def _chart(web: WebContext, session: Session, request: Request, user: CurrentUser, asked: _Asked) -> Response:
    found = _report(web, session, asked)
    buckets = by_bucket(session, found, web.context.policy, asked.by)
    content = charts.draw_report(found, buckets, asked.by, found.hours)
    return Response(content, media_type="image/png", headers=headers())


def _csv(web: WebContext, session: Session, request: Request, user: CurrentUser, asked: _Asked) -> Response:
    found = _report(web, session, asked)
    buckets = by_bucket(session, found, web.context.policy, asked.by)
    content = write_csv([figures_section(found), buckets_section(buckets, asked.by)])
    named = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers() | named)
