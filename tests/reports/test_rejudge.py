"""A suggested severity: at most one open, never twice the same after Keep, overtaken by what people do."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries import severity_suggestions as suggestions_store
from bot.reports.flows import rejudge
from bot.reports.flows.reports import Heard
from bot.settings import Settings
from bot.severity.judge.judge import Judge
from bot.severity.rules import Severity
from bot.wiring.building import build_judge
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON

WORSE = "now all regions, nobody can pay"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def judge(data_folder: Path) -> Judge:
    return build_judge(Settings.model_validate({"TOCSIN_DATA": str(data_folder)}))


@pytest.fixture
def room(session: Session, declared: Declare) -> IncidentRow:
    """A P1 with its channel."""
    row = declared(Severity.P1, title="checkout fails in EU")
    row.channel_id = f"C0ROOM{next(_numbers)}"
    session.flush()
    empty_queue(session)
    return row


def heard(row: IncidentRow, text: str = WORSE) -> Heard:
    return Heard(row.channel_id or "", f"1795178000.{next(_numbers):06d}", "U0RESPONDER", text)


def test_a_new_fact_is_suggested_and_changes_nothing(
    session: Session, room: IncidentRow, judge: Judge, policy: Policy
) -> None:
    suggestion_id = rejudge.consider(session, heard(room), judge, policy, NOON)
    assert suggestion_id is not None
    held = suggestions_store.find(session, suggestion_id)
    assert held is not None
    assert (held.before, held.suggested, held.state, room.severity) == ("P1", "P0", "open", "P1")
    assert {"text": "all regions", "signal": "reach.everyone"} in held.evidence
    assert len(queued(session, "slack.suggest_severity", suggestion_id=suggestion_id)) == 1


def test_one_is_open_at_most_and_one_message_makes_one(
    session: Session, room: IncidentRow, judge: Judge, policy: Policy
) -> None:
    message = heard(room)
    first = rejudge.consider(session, message, judge, policy, NOON)
    assert first is not None
    assert rejudge.consider(session, message, judge, policy, NOON) is None
    assert rejudge.consider(session, heard(room, "payments are down for everybody"), judge, policy, NOON) is None
    rejudge.keep(session, first, "U0TEAMLEAD", NOON)
    assert rejudge.consider(session, message, judge, policy, NOON) is None


def test_kept_is_not_suggested_again(session: Session, room: IncidentRow, judge: Judge, policy: Policy) -> None:
    first = rejudge.consider(session, heard(room), judge, policy, NOON)
    assert first is not None
    assert sentence(rejudge.keep(session, first, "U0TEAMLEAD", NOON)) == "<@U0TEAMLEAD> kept P1."
    assert rejudge.consider(session, heard(room), judge, policy, NOON) is None
    assert sentence(rejudge.take(session, first, "U0RESPONDER", policy, NOON)) == "<@U0TEAMLEAD> kept P1."
    assert room.severity == "P1"


def test_taken_raises_once_and_says_who(session: Session, room: IncidentRow, judge: Judge, policy: Policy) -> None:
    first = rejudge.consider(session, heard(room), judge, policy, NOON)
    assert first is not None
    assert sentence(rejudge.take(session, first, "U0TEAMLEAD", policy, NOON)).startswith(f"{room.ref} is now P0")
    assert room.severity == "P0"
    assert (
        sentence(rejudge.take(session, first, "U0RESPONDER", policy, NOON)) == "<@U0TEAMLEAD> changed it from P1 to P0."
    )
    assert sentence(rejudge.keep(session, first, "U0RESPONDER", NOON)) == "<@U0TEAMLEAD> changed it from P1 to P0."


def test_a_change_by_people_or_the_end_overtakes_it(
    session: Session, room: IncidentRow, judge: Judge, policy: Policy
) -> None:
    first = rejudge.consider(session, heard(room), judge, policy, NOON)
    assert first is not None
    change.set_severity(session, room, Severity.P2, "U0RESPONDER", policy, NOON)
    assert sentence(rejudge.take(session, first, "U0TEAMLEAD", policy, NOON)) == "This suggestion is out of date."
    assert room.severity == "P2"
    second = rejudge.consider(session, heard(room), judge, policy, NOON)
    assert second is not None
    change.resolve(session, room, "U0RESPONDER", policy, NOON)
    assert sentence(rejudge.keep(session, second, "U0TEAMLEAD", NOON)) == "This suggestion is out of date."
    assert rejudge.consider(session, heard(room), judge, policy, NOON) is None


def test_chatter_other_channels_and_shadow_stay_unsaid(
    session: Session, room: IncidentRow, judge: Judge, policy: Policy
) -> None:
    shadow = replace(policy, severity=replace(policy.severity, shadow=True))
    assert rejudge.consider(session, heard(room), judge, shadow, NOON) is None
    assert rejudge.consider(session, heard(room, "coffee?"), judge, policy, NOON) is None
    elsewhere = Heard("C0ELSEWHERE", "1795178000.000001", "U0RESPONDER", WORSE)
    assert rejudge.consider(session, elsewhere, judge, policy, NOON) is None


def test_an_unknown_suggestion_says_what_to_type(session: Session, policy: Policy) -> None:
    with pytest.raises(BadRequest, match="/incident severity"):
        rejudge.take(session, 10**9, "U0RESPONDER", policy, NOON)


def test_after_the_end_nothing_can_be_taken(session: Session, room: IncidentRow, judge: Judge, policy: Policy) -> None:
    first = rejudge.consider(session, heard(room), judge, policy, NOON)
    assert first is not None
    room.status = "closed"  # as a race would have it: the suggestion is still open
    with pytest.raises(TransitionRefused):
        rejudge.take(session, first, "U0RESPONDER", policy, NOON)
