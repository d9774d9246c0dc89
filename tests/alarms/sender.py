"""Alertmanager, as it delivers to the endpoints of a bot that runs."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

from starlette.testclient import TestClient

from bot.alarms.pages import alarm_routes
from bot.alarms.policy.file import AlarmsPolicy
from bot.context import AppContext
from bot.web.app import create_web

TOKEN = "a token of enough characters"


class Alertmanager:
    """One alert, and how it stands: each call is one delivery; `again` is the last one, sent again."""

    def __init__(self, context: AppContext, alert: dict[str, Any]) -> None:
        policy = AlarmsPolicy.model_validate({"webhooks": {"alertmanager": {"token": "TOCSIN_ALERTMANAGER_TOKEN"}}})
        context = replace(context, policy=replace(context.policy, alarms=policy))
        self._web = TestClient(create_web(ready=list, routes=alarm_routes(context, {"alertmanager": TOKEN})))
        self._alert = alert
        self._numbers = itertools.count(1)
        self._last = ""

    def fires(self) -> dict[str, Any]:
        return self._deliver({"status": "firing"})

    def ends(self, at: str) -> dict[str, Any]:
        return self._deliver({"status": "resolved", "endsAt": at})

    def _deliver(self, more: dict[str, Any]) -> dict[str, Any]:
        group = f"{{}}:{{n='{next(self._numbers)}'}}"
        self._last = json.dumps({"version": "4", "groupKey": group, "alerts": [self._alert | more]})
        return self.again()

    def again(self) -> dict[str, Any]:
        answer = self._web.post(
            "/alarms/alertmanager", content=self._last, headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found
