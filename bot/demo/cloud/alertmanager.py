"""The demo's Alertmanager: what it delivers to the bot's webhook when an alert fires and when it is over."""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

POLICY = "webhooks:\n  alertmanager: {token: TOCSIN_ALERTMANAGER_TOKEN}\n"
ADDRESS, TOKEN = "TOCSIN_DEMO_ALERTS", "TOCSIN_ALERTMANAGER_TOKEN"  # environment variables
_WAIT = 5.0  # seconds for the bot's answer
# When the alert fires and is over, from the opening on.
_FIRES, _ENDS = timedelta(minutes=4), timedelta(minutes=24)


class Alertmanager:
    """Delivers when the demo's time has come, again until the bot has taken it. Times are aware UTC."""

    def __init__(self, address: str, token: str, opened: datetime) -> None:
        self._address, self._token = address, token
        self._fires, self._ends = opened + _FIRES, opened + _ENDS
        self._to_come = [(self._fires, False), (self._ends, True)]

    def go_on(self, now: datetime) -> None:
        """Deliver what is due."""
        while self._to_come and self._to_come[0][0] <= now:
            _, over = self._to_come[0]
            if not self._deliver(over):
                return  # the bot starts, or starts again
            self._to_come.pop(0)

    def _deliver(self, over: bool) -> bool:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._address, json.dumps(self._payload(over)).encode(), headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=_WAIT):
                return True
        except (OSError, HTTPException):
            return False

    def _payload(self, over: bool) -> dict[str, Any]:
        status = "resolved" if over else "firing"
        labels = {"alertname": "SearchLatencyHigh", "severity": "warning", "service": "search", "namespace": "shop"}
        alert = {
            "status": status,
            "labels": labels,
            "annotations": {"summary": "Search takes 4 s instead of 300 ms; some shoppers give up"},
            "startsAt": self._fires.isoformat(),
            "endsAt": self._ends.isoformat() if over else "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": "5ea4c41a7e9c1001",
        }
        return {
            "version": "4",
            "groupKey": '{}:{alertname="SearchLatencyHigh"}',
            "status": status,
            "receiver": "tocsin",
            "groupLabels": {"alertname": "SearchLatencyHigh"},
            "commonLabels": labels,
            "commonAnnotations": alert["annotations"],
            "externalURL": "http://alertmanager.example.com",
            "truncatedAlerts": 0,
            "alerts": [alert],
        }
