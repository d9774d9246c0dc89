"""API Gateway, REST and HTTP APIs: errors by class, latency at its limit, CORS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, number, share, total
from bot.diagnostics.rules.finding import Finding, Weight

_NOISE = 1.0  # percent of requests
_FEW = 5  # refused requests that say nothing
_LIMIT = 29_000.0  # ms after which the gateway answers 504 by itself
_NEAR = 0.9
_QUICK = 3_000.0  # ms; what fails so fast did not time out


@dataclass(frozen=True, slots=True)
class Api:
    """What both kinds have in common; `http` is what an HTTP API says of itself, None for a REST API."""

    api_id: str
    name: str
    http: dict[str, Any] | None = None


def _apis(probe: Probe) -> list[Api]:
    rest = probe.reader.read_all("apigateway", "GetRestApis", "items", pages=2)
    http = probe.reader.read_all("apigatewayv2", "GetApis", "Items", pages=2)
    return [
        *(Api(one["id"], one["name"]) for one in rest),
        *(Api(one["ApiId"], one["Name"], one) for one in http),
    ]


def _api(probe: Probe) -> Api:
    """By name or id. Raises Unread."""
    for api in _apis(probe):
        if probe.name in (api.api_id, api.name):
            return api
    raise Unread(Reason.MISSING, f"apigateway lists no API {probe.name}")


def _names(probe: Probe) -> Sequence[str]:
    return [api.name for api in _apis(probe)]


def _metrics(probe: Probe) -> dict[str, Metric]:
    api = _api(probe)
    rest = api.http is None
    named = {"ApiName": api.name} if rest else {"ApiId": api.api_id}
    wanted = (
        ("requests", "Count", "Sum"),
        ("client_errors", "4XXError" if rest else "4xx", "Sum"),
        ("server_errors", "5XXError" if rest else "5xx", "Sum"),
        ("latency", "Latency", "Maximum"),
        ("integration", "IntegrationLatency", "Maximum"),
    )
    return {key: Metric(key, "AWS/ApiGateway", series, stat, named) for key, series, stat in wanted}


def _figures(probe: Probe) -> Figures:
    return probe.figures(tuple(_metrics(probe).values()))


def _command(probe: Probe, key: str) -> str:
    return probe.metric_command(_metrics(probe)[key])


def server_errors(probe: Probe) -> Iterator[Finding]:
    """5xx: what is behind the gateway fails, or answers what it cannot pass on."""
    figures = _figures(probe)
    failed, asked = figures["server_errors"].total, figures["requests"].total
    if not failed:
        return
    quick = figures["integration"].highest < _QUICK
    yield Finding(
        "apigw.5xx",
        Weight.PROBLEM if share(failed, asked) >= _NOISE else Weight.NOTICE,
        f"{number(failed)} of {number(asked)} requests answered 5xx ({number(share(failed, asked), '%')}) "
        f"{probe.window.short}; the slowest integration took {number(figures['integration'].highest, 'ms')}",
        "502 is an answer the gateway cannot read or one above its size limit, 503 a throttled function, 504 a timeout."
        + (" None was slow, so nothing timed out." if quick else ""),
        ("GUIDE-5xx",),
        ("CASE-2026-0256", "NFI-2023-0016") if quick else ("LESSON-02",),
        figures.compare("server_errors", total),
        _command(probe, "server_errors"),
    )


def client_errors(probe: Probe) -> Iterator[Finding]:
    """4xx that were fewer before: often a deployment that validates more strictly."""
    figures = _figures(probe)
    failed, asked = figures["client_errors"].total, figures["requests"].total
    usual = next((one for one in (figures.before, figures.week) if one["requests"].total), None)
    before = share(usual["client_errors"].total, usual["requests"].total) if usual else 0.0
    percent = share(failed, asked)
    if failed >= _FEW and percent >= _NOISE and percent >= 2 * before:
        yield Finding(
            "apigw.4xx",
            Weight.PROBLEM if usual else Weight.NOTICE,
            f"{number(failed)} of {number(asked)} requests answered 4xx ({number(percent, '%')}) {probe.window.short}",
            "More are refused than before: compare with what was deployed to authorizers and validation."
            if usual
            else "There were no requests before to compare with: clients may be wrong, or authorizers and validation.",
            (),
            ("LESSON-01",),
            figures.compare("client_errors", total),
            _command(probe, "client_errors"),
        )


def latency(probe: Probe) -> Iterator[Finding]:
    """Answers near the limit of the gateway itself."""
    figures = _figures(probe)
    longest = figures["latency"].highest
    if longest >= _LIMIT * _NEAR:
        yield Finding(
            "apigw.latency",
            Weight.PROBLEM,
            f"The slowest answer took {number(longest, 'ms')} {probe.window.short}; the gateway gives up at "
            f"{number(_LIMIT, 'ms')}",
            "What takes longer is answered 504, although the function goes on.",
            ("LESSON-02",),
            ("GUIDE-high-latency",),
            figures.compare("latency", highest, "ms"),
            _command(probe, "latency"),
        )


def cors(probe: Probe) -> Iterator[Finding]:
    """HTTP APIs say what browsers may do; REST APIs leave it to each method."""
    api = _api(probe)
    if api.http is None:
        return
    allowed = api.http.get("CorsConfiguration")
    origins = (allowed or {}).get("AllowOrigins", ())
    if allowed is None or "*" in origins:
        yield Finding(
            "apigw.cors",
            Weight.NOTICE,
            "CORS allows every origin" if allowed else "CORS is not configured",
            "Any page may call it from a browser."
            if allowed
            else "Browsers refuse its answers to pages of other origins, unless the integration sends the headers.",
            (),
            ("GUIDE-cors",),
            command=probe.command("apigatewayv2", "GetApi", ApiId=api.api_id),
        )


CHECK = Check(
    word="apigw",
    what="API Gateway API",
    example="apigw orders",
    exists=_api,
    names=_names,
    looks={
        "5xx": server_errors,
        "4xx": client_errors,
        "latency": latency,
        "CORS": cors,
        "changes in CloudTrail": changes_look(lambda probe: _api(probe).api_id, ("LESSON-01",)),
    },
    aliases=("apigateway", "api", "gateway"),
)
