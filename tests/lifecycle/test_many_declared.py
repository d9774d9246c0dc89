"""Whoever declares many incidents in a row is asked before the next one pages people: by command, form and button."""

from __future__ import annotations

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt import Ack

from bot.context import AppContext
from bot.escalation.rules.matrix import Burst
from bot.incidents.commands import run_command
from bot.incidents.queries import incidents
from bot.lifecycle.flows.declare import DeclaringMany
from bot.lifecycle.listeners import declaring
from bot.reports.flows.reports import declare_report
from bot.reports.listeners.declare_form import declared as declared_by_form
from bot.reports.tables import ReportRow
from bot.slack.client import Slack
from bot.wiring.listeners import REGISTRY

MINUTE = timedelta(minutes=1)
_numbers = itertools.count(1)


@pytest.fixture
def strict(context: AppContext) -> AppContext:
    """As shipped: the fourth within a minute is asked about."""
    escalation = replace(context.policy.escalation, ask_after=Burst(3, MINUTE))
    return replace(context, policy=replace(context.policy, escalation=escalation))


def typed(context: AppContext, slack: Slack, user_id: str, text: str) -> dict[str, Any]:
    """What somebody is answered."""
    ack = Ack()  # type: ignore[no-untyped-call]  # the library leaves it bare
    payload = {"text": text, "user_id": user_id, "channel_id": "C0ELSEWHERE", "trigger_id": f"many.{next(_numbers)}"}
    run_command(REGISTRY, context, slack, ack, payload)
    assert ack.response is not None
    body = ack.response.body
    answer: dict[str, Any] = json.loads(body) if body.startswith("{") else {"text": body}
    return answer


def declared_by(context: AppContext, user_id: str) -> list[str]:
    with context.database.transaction() as session:
        return [
            row.title for row in incidents.list_declared_since(session, user_id, context.now() - timedelta(hours=1))
        ]


def test_twenty_declarations_at_once_page_three_times_and_ask_seventeen_times(strict: AppContext, slack: Slack) -> None:
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda n: typed(strict, slack, "U0MANY", f"declare! P0 shop {n} is down"), range(20)))
    asked = [answer for answer in said if "Nothing has been declared yet" in str(answer)]
    assert (len(declared_by(strict, "U0MANY")), len(asked)) == (3, 17)
    assert "You declared 3 incidents within 1 min" in str(asked[0])
    typed(strict, slack, "U0OTHER", "declare! P0 the cellar is flooded")
    assert declared_by(strict, "U0OTHER") == ["the cellar is flooded"], "somebody else is not asked"


def test_who_is_asked_declares_it_too_with_one_press_or_after_the_minute(strict: AppContext, slack: Slack) -> None:
    for number in range(3):
        typed(strict, slack, "U0SURE", f"declare! P0 region {number} is down")
    question = typed(strict, slack, "U0SURE", "declare P0 region 4 is down")
    pressed = next(one for one in question["blocks"][1]["elements"] if one["action_id"] == "declare_anyway")
    wanted, ref = declaring._unpacked(pressed["value"])
    assert "declared" in str(declaring.declare_anyway(strict, wanted, ref, "U0SURE"))
    assert declared_by(strict, "U0SURE")[-1] == "region 4 is down"
    later = replace(strict, now=lambda: strict.now() + 2 * MINUTE)
    assert "declared" in str(typed(later, slack, "U0SURE", "declare! P0 region 5 is down"))


def test_the_form_and_the_button_of_an_answer_ask_too(strict: AppContext, slack: Slack) -> None:
    for number in range(3):
        typed(strict, slack, "U0FORM", f"declare! P0 depot {number} is down")
    values = {"title": "parcels are weighed in ounces", "severity": "P0"}  # like nothing that is open
    with pytest.raises(DeclaringMany, match="each pages people"):
        declared_by_form(strict, values, {"id": "V0MANY", "private_metadata": ""}, "U0FORM", strict.now())
    with strict.database.transaction() as session:
        report = ReportRow(channel_id="C0INCIDENTS", ts="1700000000.000001", user_id="U0FORM", text="depot 5 is down")
        report.judged_at, report.severity, report.confidence, report.row = strict.now(), "P0", 0.9, "outage"
        report.evidence, report.similar, report.answered = [], (), True
        session.add(report)
        session.flush()
        with pytest.raises(DeclaringMany):
            declare_report(session, report.report_id, None, "U0FORM", strict.policy, strict.now())


def test_words_about_security_are_not_offered_to_a_public_incident(strict: AppContext, slack: Slack) -> None:
    for number in range(3):
        typed(strict, slack, "U0LEAK", f"declare! P0 gate {number} is down")
    question = typed(strict, slack, "U0LEAK", "declare security P1 somebody reads our calendar")
    offered = [one["action_id"] for one in question["blocks"][1]["elements"]]
    assert offered == ["declare_anyway", "declare_cancel"]


class _Meeting:
    """A judge whom two must reach before either goes on: both are under way then, as at two replicas."""

    def __init__(self, judge: Any) -> None:
        self._judge, self._both = judge, threading.Barrier(2)

    def judge(self, text: str) -> Any:
        self._both.wait(60)
        return self._judge.judge(text)


@pytest.mark.parametrize(
    ("user_id", "pasted", "second", "declared"),
    [
        ("U0TWICE", "", "declare! P2 the kiosk is dark", 1),
        ("U0SPACED", "", " declare!  P2   the kiosk is dark ", 1),
        ("U0OTHERWORDS", "", "declare! P2 the kiosk is loud", 2),
        ("U0OTHERSEVERITY", "", "declare! P1 the kiosk is dark", 2),
        ("U0PASTED", "\nat <gate> 4", "declare! P2 the kiosk is dark\nat <gate> 4", 1),
        ("U0PASTEDOTHERS", "\nat gate 4", "declare! P2 the kiosk is dark\nat gate 5", 2),
    ],
)
def test_what_is_sent_again_while_it_is_under_way_elsewhere_declares_once(
    context: AppContext, slack: Slack, user_id: str, pasted: str, second: str, declared: int
) -> None:
    replicas = replace(context, judge=_Meeting(context.judge))  # type: ignore[arg-type]  # stands before the judge
    with ThreadPoolExecutor(2) as pool:
        words = [f"declare! P2 the kiosk is dark{pasted}", second]
        said = list(pool.map(lambda text: typed(replicas, slack, user_id, text), words))
    assert len(declared_by(context, user_id)) == declared
    assert all("declared" in str(answer) for answer in said)
    typed(context, slack, user_id, words[0])  # once the first is answered, it is meant
    assert len(declared_by(context, user_id)) == declared + 1
