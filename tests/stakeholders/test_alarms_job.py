"""Looking alarms up for the checklist: with no transaction open, and never tried again behind people's backs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.aws.alarm_states import Alarm, AlarmState, Reading
from bot.aws.session import Denied, Unavailable
from bot.context import AppContext
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows.change import resolve
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.stakeholders import jobs as updates
from bot.stakeholders import messages as stakeholder_messages
from bot.stakeholders.flows import alarm_checks
from bot.stakeholders.messages import Found
from tests.fixtures.job import Declared
from tests.support.queue import queued
from tests.support.rows import NOON, minutes


def resolved(context: AppContext, declared_incident: Declared) -> int:
    row = declared_incident(title="checkout-5xx is red")
    with context.database.transaction() as session:
        held = incidents.get_for_change(session, row.incident_id)
        held.channel_id = "C0INCIDENTS"
        resolve(session, held, "U0RESPONDER", context.policy, context.now())
    return row.incident_id


def seen(context: AppContext, incident_id: int) -> str | None:
    with context.database.transaction() as session:
        found = alarm_checks.find_lookup(session, incident_id, 1)
    return found.text if found else None


def test_cloudwatch_is_asked_while_no_connection_is_held(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    held = []

    def read(names: Sequence[str], prefixes: Sequence[str]) -> Reading:
        held.append(context.database.engine.pool.checkedout())  # type: ignore[attr-defined]  # of the pool that we use
        return Reading(tuple(Alarm(name, AlarmState.OK, NOON) for name in names))

    looking = replace(context, read_alarms=read)
    incident_id = resolved(looking, declared_incident)
    updates.checklist(looking, slack, poster, incident_id=incident_id, episode=1)
    updates.checklist(looking, slack, poster, incident_id=incident_id, episode=1)
    with context.database.transaction() as session:
        assert len(queued(session, "aws.alarms", incident_id=incident_id)) == 1, "planned once until it was done"
    updates.alarms(looking, slack, poster, incident_id=incident_id, episode=1)
    assert held == [0]
    assert seen(context, incident_id) == "The CloudWatch alarm is OK."


@pytest.mark.parametrize("trouble", [Unavailable("CloudWatch: Throttling"), Denied("CloudWatch: AccessDenied")])
def test_what_fails_is_said_at_once_and_not_tried_again(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, trouble: Exception
) -> None:
    def read(names: Sequence[str], prefixes: Sequence[str]) -> Reading:
        raise trouble

    incident_id = resolved(context, declared_incident)
    updates.alarms(replace(context, read_alarms=read), slack, poster, incident_id=incident_id, episode=1)
    assert str(trouble) in str(seen(context, incident_id))


def test_without_aws_the_list_is_as_it_was(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    incident_id = resolved(context, declared_incident)
    updates.checklist(context, slack, poster, incident_id=incident_id, episode=1)
    updates.alarms(context, slack, poster, incident_id=incident_id, episode=1)
    assert seen(context, incident_id) is None
    with context.database.transaction() as session:
        assert queued(session, "aws.alarms") == []


def test_a_look_whose_job_runs_twice_is_recorded_once_and_each_press_by_itself(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    looking = replace(context, read_alarms=lambda names, prefixes: Reading(()))
    incident_id = resolved(looking, declared_incident)
    for asked in ({}, {}, {"asked": "a press"}, {"asked": "a press"}, {"asked": "another"}):
        updates.alarms(looking, slack, poster, incident_id=incident_id, episode=1, **asked)
    with context.database.transaction() as session:
        assert len(timeline.list_rows(session, incident_id, (Kind.ALARMS_CHECKED,))) == 3


def test_presses_are_told_apart_by_their_time_and_wait_once(context: AppContext, declared_incident: Declared) -> None:
    incident_id = resolved(context, declared_incident)
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        for at in (NOON, NOON + minutes(1)):
            alarm_checks.look_up_again(session, row, 1, at)
        (job,) = queued(session, "aws.alarms", incident_id=incident_id)
        assert job.arguments["asked"] == NOON.isoformat()


def found_on_list(context: AppContext, incident_id: int, episode: int) -> Found | None:
    with context.database.transaction() as session:
        return updates._find_or_plan_look(session, context, incidents.get(session, incident_id), episode)


def test_one_can_look_again_where_the_first_look_was_lost(context: AppContext, declared_incident: Declared) -> None:
    looking = replace(context, read_alarms=lambda names, prefixes: Reading(()))
    incident_id = resolved(looking, declared_incident)
    found = found_on_list(looking, incident_id, 1)
    assert found is not None and (found.at, found.again) == (None, True)
    with context.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    shown = stakeholder_messages.checklist(incident, 1, {found.point: "metrics"}, {}, NOON, found)
    assert "Check again" in str(shown.blocks)
    sent = stakeholder_messages.checklist(incident, 1, {"one": "metrics"}, {}, NOON, told=True)
    assert "Send another RESOLVED notice" in str(sent.blocks) and "primary" not in str(sent.blocks)
    over = replace(incident, status=Status.CLOSED, closed_at=NOON)
    closed = stakeholder_messages.checklist(over, 1, {found.point: "metrics", "one": "x"}, {}, NOON, found)
    assert "'button'" not in str(closed.blocks) and "2 left unchecked" in str(closed.blocks)


def test_the_list_of_an_earlier_resolution_promises_no_look(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    looking = replace(context, read_alarms=lambda names, prefixes: Reading(()))
    incident_id = resolved(looking, declared_incident)
    with context.database.transaction() as session:
        incidents.get_for_change(session, incident_id).episode = 2
    assert found_on_list(looking, incident_id, 1) is None
    updates.alarms(looking, slack, poster, incident_id=incident_id, episode=1)
    found = found_on_list(looking, incident_id, 1)
    assert found is not None and found.at is not None and not found.again
