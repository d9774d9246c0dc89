"""Test pages: by every method, marked as such, seldom, never an incident; what came back is told for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from bot.errors import BadRequest
from bot.escalation.flows.page_tests import plan_test, ways_beside
from bot.escalation.jobs import calls as jobs
from bot.escalation.tables import PageCallRow
from bot.incidents.tables import IncidentRow
from bot.lifecycle.pages.pagers import Hooks, pager_routes
from bot.slack.poster import Poster
from bot.web.app import create_web
from slack_playground.person import Person
from tests.fixtures.door import UNHURRIED, Doors
from tests.fixtures.pager import KEY, NTFY, PAGERDUTY, Paging
from tests.support.queue import queued

Named = Callable[[str], Person]


def ask(paging: Paging, request: str, ways: tuple[str, ...] = ()) -> list[str]:
    person = paging.context.policy.contacts.people["responder"]
    with paging.context.database.transaction() as session:
        return list(plan_test(session, person, ways, "U0RESPONDER", request, paging.now))


def report(paging: Paging, person: Named) -> str:
    """What the direct message says, once its job ran."""
    poster = Poster(paging.context.database, paging.slack, paging.context.now)
    with paging.context.database.transaction() as session:
        (job,) = queued(session, "slack.pages_tested")
    jobs.tested(paging.context, paging.slack, poster, **job.arguments)
    asker = person("U0RESPONDER")
    return str(asker.messages(asker.dm_with("U0TOCSIN"))[-1]["text"])


def test_every_method_is_tried_at_once_and_each_answer_is_told(paging: Paging, person: Named) -> None:
    before = paging.context.database
    with before.transaction() as session:
        count = session.query(IncidentRow).count()
    paging.secrets["TOCSIN_PAGER_NTFY_TOKEN"] = "tk_wrong"
    assert ask(paging, "one") == ["pagerduty:TOCSIN_PAGER_PAGERDUTY", "ntfy:TOCSIN_PAGER_NTFY"]
    paging.run()
    (taken,) = paging.pager.taken
    assert taken.document["payload"]["summary"] == "TEST page from Tocsin for responder: nothing is wrong"
    assert taken.document["payload"]["severity"] == "info"
    said = report(paging, person)
    assert ":white_check_mark: PagerDuty: accepted" in said and ":x: ntfy: it answered 403 “forbidden”" in said
    with before.transaction() as session:
        assert session.query(IncidentRow).count() == count
    paging.pass_time(minutes=5)
    paging.run()
    assert paging.pager.open_keys("pagerduty") == set(), "a test does not stay open"


def test_mail_and_text_messages_are_tried_too(paging: Paging) -> None:
    mails: list[tuple[str, str]] = []
    paging.context = replace(paging.context, send_mail=lambda address, subject, text: mails.append((address, subject)))
    responder = paging.context.policy.contacts.people["responder"]
    assert ways_beside(responder, mail=True, text=True) == ["mail"], "there is no telephone number"
    ask(paging, "two", ("mail",))
    paging.run()
    assert mails == [("platform-oncall@example.com", "TEST page from Tocsin for responder: nothing is wrong")]


def test_the_same_request_is_one_test_and_more_are_few(paging: Paging) -> None:
    assert ask(paging, "three") == ask(paging, "three")
    with pytest.raises(BadRequest, match="less than a minute ago"):
        ask(paging, "four")
    for number in (5, 6):
        paging.pass_time(minutes=2)
        ask(paging, str(number))
    paging.pass_time(minutes=2)
    with pytest.raises(BadRequest, match="three times within the hour"):
        ask(paging, "seven")
    paging.pass_time(minutes=60)
    ask(paging, "eight")


def test_who_has_no_method_is_told_how_to_get_one(paging: Paging) -> None:
    paging.with_methods()
    with pytest.raises(BadRequest, match=r"docs/paging\.md"):
        ask(paging, "nine")


def test_a_service_that_does_not_answer_a_test_is_given_up_soon(paging: Paging, person: Named) -> None:
    paging.with_methods(PAGERDUTY)
    paging.pager.faults += [(503, "")] * 2
    ask(paging, "ten")
    paging.run()
    assert ":hourglass: PagerDuty: it answered 503 “later”; trying again" in report(paging, person)
    paging.pass_time(minutes=3)
    paging.run()
    assert "no answer for two minutes" in report(paging, person)


def test_a_test_page_is_acknowledged_by_its_link_and_says_so(paging: Paging, person: Named) -> None:
    paging.with_methods(replace(NTFY, after=timedelta()))
    ask(paging, "eleven")
    paging.run()
    (link,) = [each["url"] for each in paging.pager.taken[0].document["actions"] if each["action"] == "http"]
    web = TestClient(create_web(ready=list, routes=pager_routes(paging.context, Hooks(link_key=KEY))))
    assert web.post(link.partition("example.com")[2]).json() == {"result": "The test page is acknowledged."}
    assert "ntfy: accepted" in (said := report(paging, person)) and "acknowledged there by responder" in said


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("oncall test", "Sending a TEST page to &lt;@U0RESPONDER&gt; by PagerDuty, ntfy."),
        ("oncall test me", "by PagerDuty, ntfy."),
        ("oncall test responder", "by PagerDuty, ntfy."),
        ("oncall test <@U0RESPONDER|responder>", "by PagerDuty, ntfy."),
        ("oncall test team lead", "has no way to be paged outside Slack"),
        ("oncall test <@U0SUPPORT>", "is not in `contacts.yaml`"),
        ("oncall test <!channel>", "channel"),
    ],
)
def test_it_is_typed_in_slack(paging: Paging, doors: Doors, typed: str, heard: str) -> None:
    from slack_bolt import App

    from bot.wiring.listeners import register

    app = App(client=doors.app.client, token_verification_enabled=False, request_verification_enabled=False)
    register(app, paging.context, paging.slack, UNHURRIED)
    said = replace(doors, app=app, context=paging.context).command(typed, "U0RESPONDER")
    assert heard.replace("&lt;", "<").replace("&gt;", ">") in said.replace("&lt;", "<").replace("&gt;", ">"), said
    with paging.context.database.transaction() as session:
        made = session.query(PageCallRow).count()
    assert (made == 2) is ("by PagerDuty" in heard)


def test_who_is_not_on_the_roster_tests_nobody(paging: Paging, doors: Doors) -> None:
    said = doors.command("oncall test responder", "U0SUPPORT")
    assert "can override on-call" in said or "Only" in said
