"""Webhooks of Alertmanager (version 4) and of Grafana's alerting, which has the same shape and says more."""

from __future__ import annotations

import json
from typing import Any

from bot.alarms.rules.alarm import Alarm, State, at, first, items, text

_MOST = 8  # labels
_TOLD = ("alertname", "severity", "__name__", "grafana_folder")  # labels that are said otherwise, or mean nothing
_SECURITY = ("security", "soc")


def is_webhook(payload: dict[str, Any]) -> bool:
    """Whether this has the shape of both."""
    return isinstance(payload.get("alerts"), list) and ("version" in payload or "groupLabels" in payload)


def from_webhook(payload: dict[str, Any]) -> tuple[Alarm, ...]:
    """Each of its alerts, in their order."""
    return tuple(_alert(payload, one) for one in items(payload, "alerts") if isinstance(one, dict))


def _alert(payload: dict[str, Any], alert: dict[str, Any]) -> Alarm:
    labels, notes = at(alert, "labels"), at(alert, "annotations")
    pairs = [(text(name), text(value)) for name, value in labels.items()] if isinstance(labels, dict) else []
    state = State.OK if text(alert, "status").lower() == "resolved" else State.FIRING
    if text(labels, "alertname") in ("DatasourceNoData", "NoData"):
        state = State.NO_DATA if state is State.FIRING else state
    summary = ". ".join(dict.fromkeys(one for one in (text(notes, "summary"), text(notes, "description")) if one))
    return Alarm(
        source="Grafana" if "orgId" in payload or "valueString" in alert else "Alertmanager",
        name=first(text(labels, "alertname"), text(labels, "rulename"), text(payload, "title"), "unnamed alert"),
        state=state,
        summary=first(summary, text(notes, "message")),
        reason=text(alert, "valueString"),
        resources=tuple(pair for pair in pairs if all(pair) and pair[0] not in _TOLD)[:_MOST],
        region=text(labels, "region"),
        at=text(alert, "endsAt" if state is State.OK else "startsAt"),
        link=first(*(text(alert, one) for one in ("panelURL", "dashboardURL", "generatorURL"))),
        security=any(text(labels, one).lower() in _SECURITY for one in ("category", "team", "severity")),
        identity=first(text(alert, "fingerprint"), json.dumps(sorted(pairs)) if pairs else ""),
    )
