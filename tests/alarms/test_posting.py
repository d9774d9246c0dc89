"""Alarms in Slack: one thread each, answered as a report is, edited while they repeat and when they end."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.alarms import jobs, queries
from bot.alarms.flows.intake import Taken, take_delivery
from bot.alarms.messages.listing import document, line
from bot.alarms.policy.file import AlarmsPolicy
from bot.alarms.rules.alarm import Alarm, State
from bot.alarms.rules.reading import read_alarms
from bot.alarms.tables import AlarmDeliveryRow, AlarmRow, AlarmStormRow, AlarmThreadRow
from bot.context import AppContext
from bot.figures.queries import commitments, verdicts
from bot.figures.queries.scope import Scope
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.lifecycle.flows.privacy import make_private
from bot.reports.flows import reports as flows
from bot.reports.jobs import answers
from bot.reports.tables import ReportRow
from bot.severity.rules import Severity
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person, content_of
from tests.alarms.test_reading import GUARDDUTY
from tests.fixtures.job import later
from tests.support.queue import empty_queue, queued

INCIDENTS = "C0INCIDENTS"
DOWN = Alarm(
    "CloudWatch",
    "checkout-5xx",
    State.FIRING,
    summary="Checkout is down for every customer <!channel>",
    metric="ApiGateway 5XXError > 5",
    resources=(("ApiName", "checkout"),),
    account="111122223333",
    region="eu-central-1",
    identity="arn:aws:cloudwatch:eu-central-1:1:alarm:checkout-5xx",
)
_numbers = itertools.count(1)


@pytest.fixture
def clean(context: AppContext) -> Iterator[AppContext]:
    """Without the alarms of the test before."""
    with context.database.transaction() as session:
        for table in (AlarmThreadRow, AlarmStormRow, AlarmRow, AlarmDeliveryRow):
            session.query(table).delete()
    yield context
    with context.database.transaction() as session:
        for table in (AlarmThreadRow, AlarmStormRow):
            session.query(table).delete()


def ruled(context: AppContext, **policy: Any) -> AppContext:
    """With this in alarms.yaml."""
    return replace(context, policy=replace(context.policy, alarms=AlarmsPolicy.model_validate(policy)))


class Told:
    """What came of deliveries: their jobs are done at once."""

    def __init__(self, context: AppContext, slack: Slack, poster: Poster, person: Person) -> None:
        self.context, self.slack, self.poster, self.person = context, slack, poster, person

    def take(self, *alarms: Alarm) -> None:
        with self.context.database.transaction() as session:
            number = str(next(_numbers))
            take_delivery(
                session, self.context.now(), self.context.policy, source="test", delivery=number, alarms=alarms
            )
        self.work()

    def work(self) -> None:
        """Do the jobs of alarms and answers that wait, and those that they enqueue."""
        tasks = {**jobs.TASKS, "slack.answer": answers.answer}
        while True:
            with self.context.database.transaction() as session:
                waiting = [job for job in queued(session) if job.task in tasks]
                empty_queue(session)
            if not waiting:
                return
            for job in waiting:
                tasks[job.task](self.context, self.slack, self.poster, **job.arguments)

    def threads(self) -> list[list[str]]:
        """Each message of the announcement channel, with its replies."""
        found = self.person.messages(INCIDENTS)
        return [[content_of(one) for one in self.person.replies(INCIDENTS, message["ts"])] for message in found]

    def reports(self) -> list[ReportRow]:
        with self.context.database.transaction() as session:
            session.expire_on_commit = False
            return list(session.scalars(select(ReportRow).order_by(ReportRow.report_id)))


@pytest.fixture
def told(clean: AppContext, slack: Slack, poster: Poster, responder: Person) -> Told:
    return Told(clean, slack, poster, responder)


def test_an_alarm_is_one_thread_with_the_answer_of_a_report(told: Told) -> None:
    told.take(DOWN)
    ((post, answer),) = told.threads()
    assert post[:5] in ("P0 · ", "P1 · ") and ("*P0* · *check" in post or "*P1* · *check" in post), "severity first"
    assert "*checkout-5xx* is firing" in post and "ApiName checkout · account 111122223333" in post
    assert "console.aws.amazon.com/cloudwatch" in post and "<!channel>" not in post
    assert "Looks like *P" in answer and "Not an incident" in answer and "Declare P" in answer
    told.take(DOWN)
    told.take(replace(DOWN, state=State.OK))
    ((post, _),) = told.threads()
    assert "is OK again since" in post and "Fired 2 times" in post


def pressed(told: Told) -> list[str]:
    """The actions of the answer below the one alarm, in order."""
    (message,) = told.person.messages(INCIDENTS)
    return re.findall(r'"action_id": "(report_\w+)"', json.dumps(told.person.replies(INCIDENTS, message["ts"])[1]))


@pytest.mark.parametrize("name", ["checkout-5xx", "p17 drift"], ids=["judged", "asked about"])
def test_what_is_ok_again_no_longer_asks_first_to_declare_it_until_it_fires_again(told: Told, name: str) -> None:
    alarm = DOWN if name == DOWN.name else Alarm("Grafana", name, State.FIRING, identity=name)
    told.take(alarm)
    before = pressed(told)
    assert before.index("report_declare_as") < before.index("report_dismiss")
    told.take(replace(alarm, state=State.OK))
    ((_, answer),) = told.threads()
    assert "OK again since" in answer and "Declare anyway" in answer and "Respond within" not in answer
    assert pressed(told) == ["report_dismiss", "report_declare_as"]
    told.take(alarm)
    assert pressed(told) == before
    (report,) = told.reports()
    assert report.recovered_at is None


def test_what_was_over_before_it_could_be_posted_is_answered_so(told: Told) -> None:
    real = told.context
    told.context = replace(real, announcement_channel=lambda: None)
    told.take(DOWN)
    told.context = real
    with told.context.database.transaction() as session:
        thread = session.scalars(select(AlarmThreadRow)).one()
        thread.recovered_at, thread_id = told.context.now(), thread.thread_id
    jobs.post(told.context, told.slack, told.poster, thread_id=thread_id)
    told.work()
    assert pressed(told) == ["report_dismiss", "report_declare_as"]


def test_a_post_whose_record_was_lost_is_not_made_twice(told: Told) -> None:
    told.take(DOWN)
    with told.context.database.transaction() as session:
        thread_id = session.scalars(select(AlarmThreadRow.thread_id)).one()
    jobs.post(told.context, told.slack, told.poster, thread_id=thread_id)
    assert len(told.threads()) == 1 and len(told.reports()) == 1


def test_two_replicas_that_take_the_same_delivery_at_once_take_it_once(clean: AppContext) -> None:
    def deliver(number: int) -> Taken:
        with clean.database.transaction() as session:
            name = str(number // 4)
            return take_delivery(session, clean.now(), clean.policy, source="both", delivery=name, alarms=[DOWN])

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(deliver, range(8)))
    assert sorted((one.new, one.again) for one in taken if one.fresh) == [(0, 1), (1, 0)]


def test_what_the_judge_makes_nothing_of_is_asked_about_and_a_rule_is_sure(told: Told) -> None:
    vague = Alarm("Grafana", "p17 drift", State.FIRING, identity="w", link="javascript:alert(1)")
    told.take(vague)
    ((post, question),) = told.threads()
    assert post.startswith("p17 drift is firing") and "javascript" not in post
    assert "Is this an incident?" in question
    told.context = ruled(told.context, rules=[{"names": "gadget*", "severity": "P2"}])
    told.take(replace(vague, name="gadget count", identity="g"))
    post, answer = told.threads()[-1]
    assert "*P2* · *gadget" in post and "Looks like *P2" in answer and "alarms.yaml" in answer
    with told.context.database.transaction() as session:
        judged = [report.text for report, _ in verdicts.list_reports(session)]
        counted = verdicts.count_verdicts(session, told.context.now() - timedelta(days=1), later(told.context, 1).now())
    assert judged == ["p17 drift"] and counted.total() == 1, "what a rule says teaches the judge nothing"


def test_what_declares_by_itself_says_so_in_its_thread_and_proposes_to_resolve_when_it_is_over(told: Told) -> None:
    told.context = ruled(told.context, rules=[{"names": "*", "severity": "P1", "declare": "true"}])
    pool = replace(DOWN, name="orders-pool", summary="Database connections exhausted, queries time out")
    told.take(pool)
    ((_, answer),) = told.threads()
    (report,) = told.reports()
    assert "declared" in answer.lower() and "INC-" in answer and report.decision == "declared"
    assert "playbook_start" in json.dumps(told.person.replies(INCIDENTS, report.ts)), (
        "the playbook is started from here"
    )
    with told.context.database.transaction() as session:
        row = session.get_one(IncidentRow, report.incident_id)
        assert (row.report_ts, row.severity) == (report.ts, "P1")
        assert "PB-database" in [one.ref for one in row.similar], "its card offers the playbook"
        row.channel_id = "C0GENERAL"
        incident_id = row.incident_id
    told.take(replace(pool, state=State.OK))
    said = [message for message in told.person.messages("C0GENERAL") if "OK again" in content_of(message)]
    assert "resolve the incident" in content_of(said[0]) and '"incident_resolve"' in json.dumps(said[0])
    told.take(pool)
    (edited,) = [message for message in told.person.messages("C0GENERAL") if message["ts"] == said[0]["ts"]]
    assert "Firing again" in content_of(edited)
    with told.context.database.transaction() as session:
        assert session.get_one(IncidentRow, incident_id).status == "investigating", "nothing resolves by itself"


def test_a_finding_is_one_neutral_sentence_in_public(told: Told) -> None:
    (finding,) = read_alarms(json.dumps(GUARDDUTY))
    told.take(finding)
    ((said,),) = told.threads()
    assert set(said.splitlines()) == {"A security alarm came in. The security on-call has it."}
    assert told.reports() == []


def test_a_storm_is_one_message_whose_thread_is_answered(told: Told) -> None:
    told.context = ruled(told.context, storm={"alarms": "2"})
    many = [replace(DOWN, name=f"node-{number % 30:02} down", identity=str(number)) for number in range(60)]
    told.take(*many)
    ((post, answer),) = told.threads()
    assert "*Alarm storm:* 60 alarms since" in post and "all still firing" in post
    assert "node-00 down (2 alarms)" in post and "… and 20 more names" in post
    assert ("Declare" in answer and "Not an incident" in answer) or "Is this an incident?" in answer
    told.take(*(replace(one, state=State.OK) for one in many[:15]))
    ((post, _),) = told.threads()
    assert "45 still firing" in post
    (report,) = told.reports()
    assert report.recovered_at is None, "some still fire"
    with told.context.database.transaction() as session:
        row, _ = flows.declare_report(
            session, report.report_id, Severity.P1, "U0RESPONDER", told.context.policy, told.context.now()
        )
        assert row.title.startswith("Alarm storm: 60 alarms, such as node-00 down")
        incident_id = row.incident_id
        row.channel_id = "C0GENERAL"
    told.take(*(replace(one, state=State.OK) for one in many[15:]))
    (report,) = told.reports()
    assert report.recovered_at is not None
    assert any("All 60 alarms are OK again" in content_of(one) for one in told.person.messages("C0GENERAL"))
    assert incident_id


def test_in_shadow_mode_an_alarm_is_posted_and_not_judged_in_public(told: Told) -> None:
    quiet = replace(told.context.policy.severity, shadow=True)
    told.context = replace(told.context, policy=replace(told.context.policy, severity=quiet))
    told.take(DOWN)
    ((post,),) = told.threads()
    assert post.startswith("checkout-5xx is firing")
    assert told.reports()[0].severity is not None


def test_after_quiet_hours_what_still_fires_is_declared_and_posted(told: Told) -> None:
    rule = {"names": "*", "severity": "P2", "declare": "true", "quiet": "00:00-23:59"}
    told.context = ruled(told.context, rules=[rule])
    told.take(DOWN, replace(DOWN, identity="over"))
    told.take(replace(DOWN, identity="over", state=State.OK))
    assert told.threads() == []
    jobs.look_after(told.context)
    told.work()
    assert told.threads() == [], "they are not over"
    jobs.look_after(later(told.context, 24 * 60))
    told.work()
    ((post, answer),) = told.threads()
    assert "*P2* · " in post and "INC-" in answer


def test_where_there_is_no_channel_yet_the_alarm_waits_for_it(told: Told) -> None:
    real = told.context
    told.context = replace(real, announcement_channel=lambda: None)
    told.take(DOWN)
    assert told.threads() == []
    told.context = real
    jobs.look_after(later(real, 6))
    told.work()
    assert len(told.threads()) == 1


@pytest.fixture
def noisy(told: Told) -> Told:
    """An alarm that was an incident the first time, and none the five times after."""
    told.context = ruled(
        told.context, same_within="1 min", rules=[{"names": "checkout-*", "owner": "engineering manager"}]
    )
    real = told.context
    for number in range(6):
        told.context = later(real, number * 10)
        told.take(DOWN)
        told.take(replace(DOWN, state=State.OK))
        report_id, now = told.reports()[-1].report_id, told.context.now()
        with told.context.database.transaction() as session:
            if number:
                flows.dismiss_report(session, report_id, "U0RESPONDER", now)
            else:
                row, _ = flows.declare_report(session, report_id, None, "U0RESPONDER", real.policy, now)
                row.status = "closed"
    told.context = later(real, 70)
    return told


def test_an_alarm_that_was_seldom_an_incident_says_so(noisy: Told) -> None:
    noisy.take(DOWN)
    assert "It was not an incident 5 of the last 6 times." in noisy.threads()[-1][0]
    with noisy.context.database.transaction() as session:
        session.query(IncidentRow).update({"false_alarm": True})
        now = noisy.context.now() + timedelta(hours=1)
        scope = Scope(now - timedelta(days=1), now, "UTC")
        assert [(one.decided, one.dismissed) for one in commitments.alarms(session, scope, 5)] == [(6, 6)]
        (row,) = queries.list_latest(session, 10, firing=True)
        assert "FIRING" in line(*row) and "7×" in line(*row) and document(*row)["firings"] == 7
        session.query(AlarmRow).update({"state": "ok"})
        assert queries.list_latest(session, 10, firing=True) == []


def test_its_owner_hears_of_it_on_the_first_business_morning_of_the_month(noisy: Told) -> None:
    def heard(day: int, hour: int) -> list[str]:
        noisy.context = replace(noisy.context, now=lambda: datetime(2026, 12, day, hour, 30, tzinfo=UTC))
        jobs.plan_owners(noisy.context)
        noisy.work()
        manager = Person(noisy.person.url, "U0MANAGER")
        return [content_of(one) for one in manager.messages(manager.dm_with("U0TOCSIN"))]

    assert heard(1, 3) == []
    (said,) = heard(1, 9)
    assert "*checkout-5xx* (CloudWatch): not an incident 5 of the last 6 times" in said
    assert len(heard(1, 10)) == 1 and len(heard(2, 9)) == 1, "once a month"


@pytest.mark.parametrize("stormy", [False, True], ids=["an alarm", "a storm"])
def test_of_an_incident_that_was_made_private_its_alarms_say_nothing_any_more(told: Told, stormy: bool) -> None:
    told.context = ruled(told.context, storm={"alarms": "2"} if stormy else {"alarms": "50"})
    told.take(*[replace(DOWN, identity=str(number)) for number in range(3 if stormy else 1)])
    assert "checkout-5xx" in str(told.threads())
    (report,) = told.reports()
    with told.context.database.transaction() as session:
        wanted = Declaration(f"made-private:{stormy}", "checkout key leaked", Severity.P1, "U0RESPONDER")
        row, _ = declare(session, wanted, told.context.policy, told.context.now())
        session.get_one(ReportRow, report.report_id).incident_id = row.incident_id
        row = incidents.get_for_change(session, row.incident_id)
        make_private(session, row, "U0RESPONDER", told.context.policy, told.context.now())
    told.work()
    assert "checkout-5xx" not in str([thread[0] for thread in told.threads()])
    assert "worked on in private" in str(told.threads())
    told.take(*[replace(DOWN, identity=str(number), state=State.OK) for number in range(3 if stormy else 1)])
    assert "checkout-5xx" not in str([thread[0] for thread in told.threads()])
