"""Deliveries of alarms as rows and jobs: repeats, flapping, storms, and what declares by itself."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.alarms import queries
from bot.alarms.flows.intake import Taken, take_delivery
from bot.alarms.policy.file import AlarmsPolicy
from bot.alarms.rules.alarm import Alarm, State
from bot.alarms.rules.reading import delivery_of, read_alarms
from bot.alarms.tables import AlarmDeliveryRow, AlarmRow, AlarmStormRow, AlarmThreadRow
from bot.context import Policy
from bot.escalation.tables import PingRow
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.text.masking import MASK
from tests.alarms.test_reading import ALERTMANAGER, GUARDDUTY, METRIC, by_sns
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

ALARM = Alarm("CloudWatch", "checkout-5xx", State.FIRING, identity="arn:aws:cloudwatch:eu-west-1:1:alarm:checkout-5xx")
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _alone(session: Session) -> None:
    """Without the alarms of the test before."""
    for table in (AlarmThreadRow, AlarmStormRow, AlarmRow, AlarmDeliveryRow):
        session.query(table).delete()
    empty_queue(session)


def with_rules(policy: Policy, *rules: dict[str, Any], **more: Any) -> Policy:
    """The shipped policy with these rules of alarms.yaml, as typed there."""
    return replace(policy, alarms=AlarmsPolicy.model_validate({"rules": list(rules)} | more))


def take(session: Session, policy: Policy, *alarms: Alarm, after: float = 0) -> Taken:
    """A delivery of its own, so many minutes after noon."""
    at = NOON + minutes(after)
    return take_delivery(session, at, policy, source="test", delivery=str(next(_numbers)), alarms=alarms)


def threads(session: Session) -> list[AlarmThreadRow]:
    session.flush()
    return list(session.scalars(select(AlarmThreadRow).order_by(AlarmThreadRow.thread_id)))


def ok(alarm: Alarm = ALARM) -> Alarm:
    return replace(alarm, state=State.OK)


def test_the_same_delivery_twice_changes_nothing(session: Session, policy: Policy) -> None:
    delivered = json.dumps(by_sns(METRIC))
    for fresh in (True, False):
        taken = take_delivery(
            session, NOON, policy, source="sns", delivery=delivery_of(delivered), alarms=read_alarms(delivered)
        )
        assert taken == Taken(fresh, new=1 if fresh else 0)
    (row,) = session.scalars(select(AlarmRow))
    assert (row.firings, row.name, row.region, row.state) == (1, "checkout-5xx", "eu-central-1", "firing")
    assert len(queued(session, "alarms.post")) == 1


def test_words_without_an_id_are_news_again_after_a_while(session: Session, policy: Policy) -> None:
    def deliver(after: float) -> bool:
        now = NOON + minutes(after)
        return take_delivery(
            session, now, policy, source="x", delivery="d", alarms=[ALARM], again_after=minutes(5)
        ).fresh

    assert [deliver(after) for after in (0, 4, 6, 7)] == [True, False, True, False]
    assert [one.firings for one in threads(session)] == [2]


def test_repeats_and_flapping_go_on_in_one_thread_until_it_was_quiet_for_long(session: Session, policy: Policy) -> None:
    for after, alarm in ((0, ALARM), (10, ALARM), (11, ok()), (12, ok()), (20, ALARM), (30, ok())):
        take(session, policy, alarm, after=after)
    (first,) = threads(session)
    assert (first.firings, first.recovered_at) == (3, NOON + minutes(30))
    take(session, policy, ALARM, after=20 + 6 * 60 + 1)
    assert [one.firings for one in threads(session)] == [3, 1]
    posts = queued(session, "alarms.post")
    assert [one.arguments["thread_id"] for one in posts if one.once is None] == [
        one.thread_id for one in threads(session)
    ]
    assert len([one for one in posts if one.once]) == 1, "edits of one message wait as one"


def test_a_sender_that_always_names_one_instant_is_heard(session: Session, policy: Policy) -> None:
    fixed = replace(ALARM, at="2026-11-01T00:00:00Z")
    for after, alarm in ((0, fixed), (1, ok(fixed)), (60 * 12, fixed)):
        take(session, policy, alarm, after=after)
    assert [one.recovered_at is None for one in threads(session)] == [False, True]


def test_a_recovery_that_comes_before_its_alarm_stays_the_last_word(session: Session, policy: Policy) -> None:
    later, earlier = replace(ok(), at="2026-11-20T11:50:00Z"), replace(ALARM, at="2026-11-20T11:40:00.5+0000")
    assert take(session, policy, earlier).new == 1
    assert take(session, policy, later).recovered == 1
    assert take(session, policy, earlier) == Taken(True)
    (row,), (thread,) = session.scalars(select(AlarmRow)), threads(session)
    assert (row.state, thread.recovered_at) == ("ok", NOON - minutes(10))


def test_what_was_over_when_it_is_heard_of_declares_nothing(session: Session, policy: Policy) -> None:
    declares = with_rules(policy, {"names": "*", "severity": "P1", "declare": "true"})
    take(session, declares, replace(ok(), at="2026-11-20T11:50:00Z"))
    assert take(session, declares, replace(ALARM, at="2026-11-20T11:40:00Z")).new == 1
    (thread,) = threads(session)
    assert (thread.recovered_at, thread.incident_id) == (NOON - minutes(10), None)
    assert take(session, declares, replace(ALARM, at="2026-11-20T11:55:00Z")).new == 1
    assert threads(session)[-1].incident_id is not None, "it fires again"


def test_an_alarm_is_known_by_what_its_sender_knows_it_by(session: Session, policy: Policy) -> None:
    one, other = (replace(ALARM, identity=arn) for arn in ("arn:1", "arn:2"))
    nameless = [replace(ALARM, identity="", name=f"queue {number} is old", source="Text") for number in (17, 18)]
    assert take(session, policy, one, other, *nameless) == Taken(True, new=3, again=1)


def test_no_data_is_noted_or_fires_as_the_policy_says(session: Session, policy: Policy) -> None:
    blind = replace(ALARM, state=State.NO_DATA)
    assert take(session, policy, blind) == Taken(True)
    assert session.scalar(select(AlarmRow.state)) == "no data"
    fires = with_rules(policy, {"names": "checkout-*", "no_data": "alarm"})
    assert take(session, fires, blind).new == 1


def test_a_rule_may_ignore_alarms(session: Session, policy: Policy) -> None:
    quiet = with_rules(policy, {"sources": "cloud*", "accounts": ["1*"], "ignore": "true"})
    assert take(session, quiet, replace(ALARM, account="123"), replace(ALARM, account="456")).ignored == 1
    assert session.query(AlarmRow).count() == 1


def test_a_rule_declares_at_once_and_once_for_a_service(session: Session, policy: Policy) -> None:
    rule = {"names": ["checkout-*", "cart-*"], "severity": "P1", "declare": "true", "service": "shop"}
    declares = with_rules(policy, rule)
    take(session, declares, replace(ALARM, summary="too many errors"))
    take(session, declares, replace(ALARM, name="cart-5xx", identity="cart"))
    first, second = threads(session)
    assert first.incident_id == second.incident_id and (first.declared, second.declared) == (True, False)
    row = session.get_one(IncidentRow, first.incident_id)
    assert (row.severity, row.title, row.ref[:3]) == ("P1", "checkout-5xx: too many errors", "INC")
    assert session.scalars(select(PingRow).where(PingRow.incident_id == row.incident_id)).all(), "it pages"
    said = session.scalars(select(TimelineEntry.text).where(TimelineEntry.incident_id == row.incident_id)).all()
    assert any("*cart-5xx* is firing too" in text for text in said)


def test_of_an_incident_that_is_open_another_firing_begins_no_thread(session: Session, policy: Policy) -> None:
    declares = with_rules(policy, {"names": "*", "severity": "P2", "declare": "true"})
    take(session, declares, ALARM)
    take(session, declares, ok(), after=1)
    assert take(session, declares, ALARM, after=60 * 24).again == 1
    (job,) = queued(session, "alarms.ended")
    assert job.arguments == {"incident_id": threads(session)[0].incident_id}


def test_once_its_incident_is_over_the_next_firing_begins_anew(session: Session, policy: Policy) -> None:
    declares = with_rules(policy, {"names": "*", "severity": "P2", "declare": "true"})

    def close() -> None:
        session.query(IncidentRow).filter_by(incident_id=threads(session)[-1].incident_id).update({"status": "closed"})

    take(session, declares, ALARM)
    close()
    assert take(session, declares, ALARM, after=1).again == 1, "it never was over: people resolved it knowing that"
    take(session, declares, ok(), after=2)
    assert take(session, declares, ALARM, after=3).new == 1
    first, second = threads(session)
    assert second.incident_id not in (None, first.incident_id), "it pages again"
    close()
    take(session, policy, ok(), after=4)
    assert take(session, policy, ALARM, after=5).new == 1, "what was an incident is asked about again"
    take(session, policy, ok(), after=6)
    assert take(session, policy, ALARM, after=7).again == 1, "what nobody declared flaps on"


def test_after_a_quiet_night_what_declares_by_itself_does_so_at_its_next_firing(
    session: Session, policy: Policy
) -> None:
    night = with_rules(policy, {"names": "*", "severity": "P1", "declare": "true", "quiet": "22:00-06:00"})
    for hours, alarm in ((17, ALARM), (17.5, ok()), (18.5, ALARM)):
        take(session, night, alarm, after=hours * 60)
    held, day = threads(session)
    assert held.incident_id is None and day.incident_id is not None


def test_a_finding_that_is_repeated_after_its_incident_was_closed_declares_no_other_for_a_while(
    session: Session, policy: Policy
) -> None:
    (finding,) = read_alarms(json.dumps(GUARDDUTY))
    take(session, policy, finding)
    session.query(IncidentRow).filter_by(incident_id=threads(session)[0].incident_id).update({"status": "closed"})
    assert take(session, policy, finding, after=15).again == 1
    assert take(session, policy, finding, after=15 + 7 * 60).new == 1


def test_a_finding_declares_a_private_incident_and_the_next_of_its_account_joins_it(
    session: Session, policy: Policy
) -> None:
    (finding,) = read_alarms(json.dumps(GUARDDUTY))
    take(session, policy, finding)
    take(session, policy, replace(finding, identity="another"))
    first, second = threads(session)
    row = session.get_one(IncidentRow, first.incident_id)
    assert row.ref.startswith("SEC-") and row.severity == "P1"
    assert second.incident_id == row.incident_id
    (post,) = queued(session, "alarms.post")
    assert post.arguments["thread_id"] == first.thread_id, "of the second nothing is said in public"


def test_secrets_in_what_is_delivered_are_masked(session: Session, policy: Policy) -> None:
    secret = "ghp_" + "a1B2" * 9
    declares = with_rules(policy, {"names": "*", "severity": "P2", "declare": "true"})
    take(session, declares, replace(ALARM, name=f"job {secret}", reason=secret, resources=(("token", secret),)))
    session.flush()
    session.expire_all()
    (row,), (incident,) = (
        session.scalars(select(AlarmRow)),
        session.scalars(
            select(IncidentRow).join(AlarmThreadRow, AlarmThreadRow.incident_id == IncidentRow.incident_id)
        ),
    )
    assert MASK in row.name and MASK in row.reason and MASK in row.resources[0]["name"]
    assert MASK in incident.title and "a1b2" not in incident.channel_name


def test_in_quiet_hours_nothing_is_said_or_declared(session: Session, policy: Policy) -> None:
    night = with_rules(policy, {"names": "*", "severity": "P1", "declare": "true", "quiet": "22:00-06:00"})
    take(session, night, ALARM, after=11 * 60)
    (thread,) = threads(session)
    assert (thread.held_until, thread.incident_id) == (NOON + timedelta(hours=18), None)
    assert queued(session) == []


def test_too_many_at_once_are_a_storm_and_one_incident(session: Session, policy: Policy) -> None:
    stormy = with_rules(policy, storm={"alarms": "3", "within": "1 min"})
    many = [replace(ALARM, identity=str(number)) for number in range(5)]
    take(session, stormy, *many[:2])
    take(session, stormy, *many[2:])
    found = threads(session)
    assert [one.storm_id is not None for one in found] == [False, False, True, True, True]
    assert len(queued(session, "alarms.post")) == 2 and len(queued(session, "alarms.storm")) == 1
    take(session, stormy, replace(ALARM, identity="later"), after=3)
    assert threads(session)[-1].storm_id is None, "the storm is over"

    declares = with_rules(policy, {"names": "*", "severity": "P1", "declare": "true"}, storm={"alarms": "2"})
    take(session, declares, *[replace(ALARM, identity=f"b{number}") for number in range(6)], after=60)
    (incident_id,) = {one.incident_id for one in threads(session)[-6:]}
    said = session.scalars(select(TimelineEntry.text).where(TimelineEntry.incident_id == incident_id)).all()
    assert sum("5 more alarms are firing too" in text for text in said) == 1 and len(said) == 3


def test_a_thousand_alarms_of_one_delivery_cost_few_statements(session: Session, policy: Policy) -> None:
    many = [replace(ALARM, identity=str(number)) for number in range(1000)]
    assert take(session, policy, *many).new == 1000
    assert len(queued(session)) == 1, "one message for the storm"


def test_the_delivery_is_known_by_its_inner_envelope() -> None:
    inner = {"TopicArn": "arn", "MessageId": "m-1", "Message": json.dumps(METRIC)}
    for number in (1, 2):
        envelope = {"Records": [{"messageId": f"sqs-{number}", "body": json.dumps(inner)}]}
        assert delivery_of(json.dumps(envelope)) == "sns:m-1"
    assert delivery_of(json.dumps({"messageId": "q", "body": "plain"})) == "sqs:q"
    assert delivery_of(json.dumps({"id": "e", "detail-type": "x", "detail": {}})) == "event:e"
    assert delivery_of(json.dumps(ALERTMANAGER)) != delivery_of(json.dumps(ALERTMANAGER | {"version": "5"}))
    assert delivery_of("{" * 100_000).startswith("text:")


def test_alarms_that_were_not_heard_of_are_forgotten_but_for_those_of_open_incidents(
    session: Session, policy: Policy
) -> None:
    declaring = with_rules(policy, {"names": ["kept*"], "severity": "P2", "declare": "true"})
    take(session, declaring, replace(ALARM, name="kept-open", identity="a"))
    for number in range(3):
        take(session, policy, replace(ALARM, name=f"old {number}", identity=f"old-{number}"))
    take(session, policy, replace(ALARM, name="fresh", identity="f"), after=60)
    assert [queries.forget_alarms(session, NOON + minutes(30), 2) for _ in range(3)] == [2, 1, 0]
    session.expire_all()
    assert sorted(session.scalars(select(AlarmRow.name))) == ["fresh", "kept-open"]
    assert len(threads(session)) == 2
