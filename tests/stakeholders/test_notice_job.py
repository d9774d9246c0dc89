"""A notice counts as sent once it was posted or mailed; every other outcome is said to whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.aws.session import Denied
from bot.context import AppContext
from bot.escalation.jobs.contact_methods import send_notice
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.stakeholders import jobs
from bot.stakeholders.flows import notify
from bot.stakeholders.rules import Notice
from slack_playground.app import Playground
from slack_playground.delivery.refusals import DOCUMENTED
from slack_playground.person import Person
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.lifecycle.test_refused_channel import direct, told, work
from tests.support.queue import queued

UPDATES = "C0UPDATES"
NOTICE = Notice("P1 checkout", (("News", "rolling back"),))
AGAIN = "Stakeholders were not notified. Fix this, then send it again: `/incident update …`"
REFUSED = [error for error in DOCUMENTED["chat.postMessage"].split() if error != "no_permission"]


def in_channel(context: AppContext, name: str) -> AppContext:
    """The same, with another stakeholder channel in contacts.yaml."""
    contacts = context.policy.contacts
    channels = replace(contacts.channels, stakeholder=name)
    return replace(context, policy=replace(context.policy, contacts=replace(contacts, channels=channels)))


def send(context: AppContext, slack: Slack, poster: Poster, row: IncidentRow) -> None:
    """Somebody presses Send, and all that follows is done."""
    with context.database.transaction() as session:
        found, key = incidents.get_for_change(session, row.incident_id), f"view:{row.ref}"
        notify.notify_stakeholders(session, found, NOTICE, "U0MANAGER", context.now(), key)
    work(context, slack, poster)


def told_at(context: AppContext, row: IncidentRow) -> object:
    with context.database.transaction() as session:
        return incidents.get(session, row.incident_id).told_at


def posted(playground: Playground, channel_id: str) -> list[str]:
    return [str(message["text"]) for message in playground.workspace.channels[channel_id].messages.values()]


@pytest.mark.parametrize("error", REFUSED)
def test_a_notice_that_slack_refuses_is_not_sent_and_its_writer_hears_why(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
    control: Control,
    error: str,
) -> None:
    row = declared_incident()
    work(context, slack, poster)
    control.refuse("chat.postMessage", error, channel=UPDATES)
    send(context, slack, poster, row)
    (said,) = told(context, row)
    assert said.startswith("Tocsin couldn't post the stakeholder update in #incident-updates: ")
    assert f"({error}). " in said
    assert said.endswith(AGAIN)
    assert direct(slack, playground, "U0MANAGER")[-1] == said
    assert told(context, row, Kind.STAKEHOLDERS_TOLD) == []
    assert told_at(context, row) is None, "the reminders go on"
    with context.database.transaction() as session:
        every = {severity: timedelta(0) for severity in context.policy.notices.remind_every}
        due = replace(context.policy.notices, remind_every=every)
        assert notify.remind_to_notify(session, due, context.now()) >= 1


def test_a_notice_goes_to_a_private_channel_by_its_name_or_its_id(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
    responder: Person,
) -> None:
    channel_id = slack.call("conversations.create", name="board", is_private=True)["channel"]["id"]
    for name in ("board", channel_id):
        row = declared_incident()
        send(in_channel(context, name), slack, poster, row)
        assert told(context, row) == []
        (said,) = told(context, row, Kind.STAKEHOLDERS_TOLD)
        assert said == f"Notified stakeholders in <#{channel_id}>: News: rolling back"
        assert told_at(context, row) is not None
    assert posted(playground, channel_id).count("P1 checkout") == 2


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "nowhere",
            "#nowhere: Tocsin is in no channel of that name (not_among_ours). Type `/invite @tocsin` there,",
        ),
        ("general", "#general: Tocsin is in no channel of that name (not_among_ours)."),
        ("C0GENERAL", "<#C0GENERAL>: Tocsin isn't in the channel (not_in_channel). Someone in the channel has to type"),
        ("C0NOWHERE", "<#C0NOWHERE>: Tocsin can't see the channel (channel_not_found)."),
    ],
)
def test_where_tocsin_is_not_in_the_channel_the_advice_says_so(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, name: str, why: str
) -> None:
    row = declared_incident()
    send(in_channel(context, name), slack, poster, row)
    (said,) = told(context, row)
    assert said.startswith(f"Tocsin couldn't post the stakeholder update in {why}")


def test_an_archived_stakeholder_channel_says_who_can_open_it(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    row = declared_incident()
    work(context, slack, poster)
    responder.archive(UPDATES)
    send(in_channel(context, UPDATES), slack, poster, row)
    (said,) = told(context, row)
    assert "<#C0UPDATES>: the channel is archived (is_archived). Bots can't unarchive: someone in the workspace" in said


def test_a_mail_counts_once_it_was_taken_and_a_refused_one_is_named(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    def mail(address: str, subject: str, body: str) -> None:
        if address == "b@example.com":
            raise Denied("the address is suppressed")

    notices = replace(context.policy.notices, mail_to=("a@example.com", "b@example.com"))
    mailing = replace(
        in_channel(context, "nowhere"),
        send_mail=mail,
        policy=replace(in_channel(context, "nowhere").policy, notices=notices),
    )
    row = declared_incident()
    work(mailing, slack, poster)
    with mailing.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        notify.notify_stakeholders(session, found, NOTICE, "U0MANAGER", context.now(), f"view:{row.ref}")
        entry_id = queued(session, "slack.notice")[-1].arguments["entry_id"]
    jobs.notice(mailing, slack, poster, entry_id=entry_id)
    with mailing.database.transaction() as session:
        mails = [job.arguments["notice_id"] for job in queued(session, "aws.notice")]
    assert told_at(context, row) is None
    for notice_id in mails:
        send_notice(mailing, slack, poster, notice_id=notice_id)
    work(mailing, slack, poster)
    assert told(context, row, Kind.STAKEHOLDERS_TOLD) == ["Notified stakeholders by mail: News: rolling back"]
    assert told(context, row)[-1] == (
        "Tocsin couldn't mail the stakeholder update to b@example.com: the address is suppressed"
    )
    assert told_at(context, row) is not None
    with context.database.transaction() as session:
        assert timeline.get(session, entry_id).kind == Kind.NOTICE_WRITTEN
