"""`tocsin doctor` says whose token is missing, and shows none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.alarms.policy.file import AlarmsPolicy
from bot.context import Policy
from bot.settings import Settings
from bot.wiring.doctor.alarms import alarms
from bot.wiring.doctor.findings import Known, State
from tests.support.rows import NOON


def test_each_webhook_needs_its_token(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    def examined(*names: str) -> list[tuple[State, str]]:
        webhooks = {name: {"token": f"TOCSIN_{name.upper()}_TOKEN", "map": {"name": "n"}} for name in names}
        known = Known(Settings.model_validate({}), NOON)
        known.policy = replace(policy, alarms=AlarmsPolicy.model_validate({"webhooks": webhooks}))
        return [(finding.state, finding.says + finding.fix) for finding in alarms(known)]

    monkeypatch.setenv("TOCSIN_FIRST_TOKEN", "a token of enough characters")
    monkeypatch.setenv("TOCSIN_SECOND_TOKEN", "s3cr3t")
    assert [state for state, _ in examined()] == [State.OK]
    first, second, third = examined("first", "second", "third")
    assert first == (State.OK, "first: its token is set")
    assert second[0] is State.FAILED and "fewer than 16 characters" in second[1] and "s3cr3t" not in second[1]
    assert third[0] is State.FAILED and "TOCSIN_THIRD_TOKEN is not set" in third[1] and "openssl rand" in third[1]
