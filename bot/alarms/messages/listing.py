"""Alarms as `tocsin alarms list` prints them. Pure."""

from __future__ import annotations

from typing import Any

from bot.alarms.tables import AlarmRow, AlarmThreadRow

NONE, NONE_FIRING = "No alarms yet.", "No alarm is firing. `tocsin alarms list --all` shows those that were."


def line(alarm: AlarmRow, thread: AlarmThreadRow | None, ref: str | None) -> str:
    """How it stands, since when, how often it fired, and the incident that it is about."""
    since, often = f"{alarm.changed_at:%Y-%m-%d %H:%M}", f"{alarm.firings}×"
    parts = (f"{alarm.state.upper():7}", since, f"{often:>5}", alarm.source, alarm.name, ref or "")
    return "  ".join(part for part in parts if part)


def document(alarm: AlarmRow, thread: AlarmThreadRow | None, ref: str | None) -> dict[str, Any]:
    """For scripts: keys are stable."""
    return {
        "source": alarm.source,
        "name": alarm.name,
        "state": alarm.state,
        "account": alarm.account,
        "region": alarm.region,
        "service": alarm.service,
        "security": alarm.security,
        "summary": alarm.summary,
        "metric": alarm.metric,
        "reason": alarm.reason,
        "resources": {str(one["kind"]): str(one["name"]) for one in alarm.resources},
        "link": alarm.link,
        "first_at": alarm.first_at.isoformat(),
        "last_at": alarm.last_at.isoformat(),
        "changed_at": alarm.changed_at.isoformat(),
        "firings": alarm.firings,
        "fired_in_thread": thread.firings if thread is not None else 0,
        "incident": ref,
    }
