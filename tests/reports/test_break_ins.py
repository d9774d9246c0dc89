"""Reports of break-ins, and what of the past people are told who may not read incidents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.context import AppContext
from bot.escalation.queries import pings
from bot.incidents.policy import LikelyPolicy
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.authority import Standing
from bot.incidents.rules.incident import is_drill
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import may_see
from bot.lifecycle.flows.declare import kind_of
from bot.reports.flows import reports as suggest
from bot.reports.flows.reports import Heard
from bot.reports.jobs import answers as reports
from bot.reports.listeners.judging import judge_message
from bot.reports.queries import find_report_of_message as report_of
from bot.severity.judge.judge import load_judge
from bot.severity.rules import Severity
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person
from tests.fixtures.job import Declared
from tests.support.queue import queued

INCIDENTS = "C0INCIDENTS"
Named = Callable[[str], Person]


def answers(person: Person, ts: str) -> list[dict[str, Any]]:
    return person.replies(INCIDENTS, ts)[1:]


BREAK_INS = (
    "someone is exfiltrating data from the payments bucket with a stolen key",
    "somebody is copying our customer table to an outside server right now",
    "our prod database is being downloaded by an IP in a country where we have nobody",
    "there is a person in our AWS console creating users and none of us knows who it is",
    "an ex-employee still has a working key and is deleting buckets as we speak",
    "a process we never installed is sending gigabytes to an address abroad",
    "CI runner pushed a commit none of us wrote and it deploys to production",
    "card numbers of our customers are showing up on a forum",
    "an attacker is inside our VPN and moving from host to host",
    "the S3 bucket with invoices is being emptied by a key we revoked yesterday",
    "the finance bot transferred 40k to an iban that is not in our books",
)
# In no word that the policy lists: the judge's own model of break-ins finds them.
UNFORESEEN = (
    "somebody I don't know has been downloading our customer table from a laptop in Romania with Jonas's login",
    "Jonas is on holiday, yet his login has pulled the whole client register to a notebook in Bucharest since lunch",
)
ORDINARY = (
    "Login is down for all customers, nobody can sign in since 9:40",
    "admin console is unreachable for all shops, nobody can change prices",
    "password reset mails do not arrive for any customer since this morning",
    "Users cannot change their password, the account service times out for everybody",
    "admin page shows 500",
    "login with [secret masked] fails for everybody",
)
TALK = (
    "security awareness week: talk on ransomware, Wednesday noon, recording afterwards",
    "A large retailer was hacked, story in the news",
    "someone pushed to main and broke the build",
    "to whom do I report a phishing mail? not that I got one",
)


def heard(context: AppContext, person: Person, text: str) -> tuple[IncidentRow | None, str]:
    """The incident that a report became by itself, and what its thread says."""
    ts = person.say(INCIDENTS, text)
    judge_message(context, Heard(INCIDENTS, ts, person.user_id, text))
    with context.database.transaction() as session:
        report = report_of(session, INCIDENTS, ts)
        return (incidents.get(session, report.incident_id) if report and report.incident_id else None), ts


@pytest.fixture
def no_break_in(context: AppContext) -> None:
    """None that a report of the last hour began."""
    with context.database.transaction() as session:
        session.query(IncidentRow).update({"report_ts": None, "report_channel_id": None})


@pytest.mark.usefixtures("no_break_in")
@pytest.mark.parametrize("text", BREAK_INS + UNFORESEEN)
def test_a_report_of_a_break_in_is_private_and_pages_at_once_and_whoever_wrote_it_is_asked(
    context: AppContext, slack: Slack, poster: Poster, responder: Person, text: str
) -> None:
    row, ts = heard(context, responder, text)
    assert row is not None and row.ref.startswith("SEC-") and row.severity in ("P0", "P1"), "not a mere question"
    assert row.kind_asked_at is not None and row.declared_by == "U0RESPONDER"
    with context.database.transaction() as session:
        assert pings.list_of_incident(session, row.incident_id)[0].due_at == row.declared_at, (
            "the on-call engineer, now"
        )
        assert [job.arguments["incident_id"] for job in queued(session, "slack.ask_kind")] == [row.incident_id]
        report_id = report_of(session, INCIDENTS, ts).report_id  # type: ignore[union-attr]  # it was judged
    reports.answer(context, slack, poster, report_id=report_id)
    [said] = answers(responder, ts)
    assert row.ref not in str(said) and "Similar" not in str(said) and "Looks like" not in str(said)


@pytest.mark.usefixtures("no_break_in")
@pytest.mark.parametrize("text", UNFORESEEN)
def test_without_its_probability_in_the_policy_or_a_fitted_judge_the_words_decide_alone(
    context: AppContext, responder: Person, text: str
) -> None:
    assert not context.policy.security.smells(text), "what words find tests no model"
    words_alone = context.policy.security.model_copy(update={"likely": LikelyPolicy()})
    policy = replace(context.policy, security=words_alone)
    assert heard(replace(context, policy=policy), responder, text)[0] is None
    assert load_judge(context.policy.severity, None, None).judge(text).break_in == 0


@pytest.mark.usefixtures("no_break_in")
@pytest.mark.parametrize("text", ORDINARY)
def test_an_outage_with_the_words_of_a_break_in_stays_public(context: AppContext, responder: Person, text: str) -> None:
    judged = context.judge.judge(text)
    assert judged.severity in (Severity.P0, Severity.P1)
    assert heard(context, responder, text)[0] is None
    assert not kind_of(context.policy, text, judged.row_name, probability=judged.break_in).security


@pytest.mark.usefixtures("no_break_in")
@pytest.mark.parametrize("text", TALK)
def test_talk_of_break_ins_pages_nobody(context: AppContext, responder: Person, text: str) -> None:
    assert heard(context, responder, text)[0] is None


@pytest.mark.usefixtures("no_break_in")
def test_many_who_report_a_break_in_page_once(context: AppContext, responder: Person, person: Named) -> None:
    first, _ = heard(context, responder, BREAK_INS[0])
    second, _ = heard(context, person("U0SUPPORT"), BREAK_INS[1])
    assert first is not None and second is not None
    assert second.incident_id == first.incident_id
    with context.database.transaction() as session:
        assert any(BREAK_INS[1] in entry.text for entry in timeline.list_entries(session, first.incident_id))


@pytest.mark.usefixtures("no_break_in")
def test_a_drill_hides_no_break_in(context: AppContext, responder: Person, declared_incident: Declared) -> None:
    declared_incident(security=True, drill=True, report_channel_id=INCIDENTS, report_ts="5.5")
    row, _ = heard(context, responder, BREAK_INS[0])
    assert row is not None and not is_drill(row.ref)


@pytest.mark.usefixtures("no_break_in")
@pytest.mark.parametrize("standing", [Standing.GUEST, Standing.STRANGER])
def test_a_break_in_that_an_outsider_reports_is_declared_in_tocsins_name_and_shows_them_nothing(
    context: AppContext, person: Named, standing: Standing
) -> None:
    outsider = person("U0SUPPORT")
    row, _ = heard(replace(context, standing_of=lambda user_id: standing), outsider, BREAK_INS[0])
    assert row is not None and row.ref.startswith("SEC-") and row.declared_by == "U0TOCSIN"
    assert row.kind_asked_at is None, "nobody is there to be asked"
    with context.database.transaction() as session:
        row = session.merge(row)
        assert incidents.declarer(row) is None and not may_see(session, row, "U0SUPPORT")


@pytest.mark.usefixtures("no_break_in")
def test_without_its_line_in_the_policy_a_report_of_a_break_in_is_only_answered(
    context: AppContext, responder: Person
) -> None:
    silent = context.policy.security.model_copy(update={"reports": None})
    policy = replace(context.policy, security=silent)
    assert heard(replace(context, policy=policy), responder, BREAK_INS[0])[0] is None


THROTTLED = "Lambda orders-api throws errors in production, DynamoDB throttles, customers cannot check out"


@pytest.mark.parametrize("who", [Standing.MEMBER, Standing.GUEST, Standing.STRANGER, "shared"])
def test_past_causes_and_fixes_are_for_those_who_may_read_incidents(
    context: AppContext, slack: Slack, poster: Poster, person: Named, who: object
) -> None:
    """A person of another company who reports something would learn what failed here before, and how."""
    standing = who if isinstance(who, Standing) else Standing.MEMBER
    told = replace(context, standing_of=lambda user_id: standing, is_shared=lambda channel_id: who == "shared")
    reporter = person("U0SUPPORT")
    _, ts = heard(told, reporter, THROTTLED)
    with context.database.transaction() as session:
        report_id = report_of(session, INCIDENTS, ts).report_id  # type: ignore[union-attr]  # it was judged
    reports.answer(told, slack, poster, report_id=report_id)
    with context.database.transaction() as session:
        suggest.dismiss_report(session, report_id, "U0TEAMLEAD", context.now())
    undecided = str(answers(reporter, ts))
    reports.answer(told, slack, poster, report_id=report_id)
    assert ("Cause" in undecided) is (who is Standing.MEMBER), undecided
    assert who is Standing.MEMBER or "Similar" not in undecided + str(answers(reporter, ts))
