"""Mail and text messages beside pings: planned even when Slack is away, sent once, refused with the reason kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from bot.aws.session import Denied, Unavailable
from bot.context import AppContext
from bot.escalation.jobs import contact_methods, paging
from bot.escalation.queries import pings
from bot.escalation.rules.roster import Person
from bot.escalation.tables import NoticeRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.severity.rules import Severity
from bot.slack.client import Slack, TryAgain
from bot.slack.poster import Poster
from tests.fixtures.slack import Control
from tests.support.queue import queued
from tests.support.rows import NOON


@dataclass
class Post:
    """Stands for AWS: keeps what it was given, or raises what it was told to."""

    mails: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    trouble: Exception | None = None

    def mail(self, address: str, subject: str, text: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.mails.append((address, subject, text))

    def text(self, number: str, text: str) -> None:
        self.texts.append((number, text))


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def mailing(context: AppContext, post: Post) -> AppContext:
    """A desk that mails and texts, two minutes after noon, and whose responder has a telephone too."""
    responder = replace(context.policy.contacts.people["responder"], phone="+491701234567")
    return replace(
        _on_call(context, responder), now=lambda: NOON + timedelta(minutes=2), send_mail=post.mail, send_text=post.text
    )


def _on_call(context: AppContext, person: Person) -> AppContext:
    rotation = replace(cast(Any, context.policy.contacts.on_call), primary=(person,))
    return replace(context, policy=replace(context.policy, contacts=replace(context.policy.contacts, on_call=rotation)))


@pytest.fixture
def ping_id(mailing: AppContext, request: pytest.FixtureRequest) -> int:
    """A claimed page to the on-call engineer."""
    wanted = Declaration(f"notices:{request.node.name}", "checkout <is> down", Severity.P0, "U0SUPPORT")
    with mailing.database.transaction() as session:
        row, _ = declare(session, wanted, mailing.policy, NOON)
        return pings.list_of_incident(session, row.incident_id)[0].ping_id


def planned(context: AppContext, ping_id: int) -> list[NoticeRow]:
    with context.database.transaction() as session:
        return (
            session.query(NoticeRow)
            .filter(NoticeRow.key.startswith(f"ping:{ping_id}:"))
            .order_by(NoticeRow.notice_id)
            .all()
        )


def test_mail_and_text_message_go_beside_the_ping_even_when_slack_is_away(
    mailing: AppContext, slack: Slack, control: Control, post: Post, ping_id: int
) -> None:
    poster = Poster(mailing.database, slack, mailing.now)
    control.outage(on=True)
    for _ in range(2):
        with pytest.raises(TryAgain):
            paging.page(mailing, slack, poster, ping_id=ping_id)
    found = planned(mailing, ping_id)
    assert [(row.way, row.address) for row in found] == [
        ("mail", "platform-oncall@example.com"),
        ("text", "+491701234567"),
    ]
    with mailing.database.transaction() as session:
        assert len([job for row in found for job in queued(session, "aws.notice", notice_id=row.notice_id)]) == 2
    for row in [*found, *found]:
        contact_methods.send_notice(mailing, slack, poster, notice_id=row.notice_id)
    ((address, subject, text),) = post.mails
    assert address == "platform-oncall@example.com"
    assert subject.startswith("P0 INC-") and subject.endswith("checkout <is> down")
    assert "You are paged as on-call engineer (at once)." in text and "/incident ack INC-" in text
    ((_, short),) = post.texts
    assert "you are paged as on-call engineer" in short and len(short) <= 160
    assert short.endswith(" Next page 12:05 UTC.")
    assert {row.state for row in planned(mailing, ping_id)} == {"sent"}
    control.outage(on=False)
    paging.page(mailing, slack, poster, ping_id=ping_id)
    assert len(planned(mailing, ping_id)) == 2


def test_what_aws_refuses_is_kept_with_the_reason_and_not_tried_again(
    mailing: AppContext, slack: Slack, post: Post, ping_id: int
) -> None:
    poster = Poster(mailing.database, slack, mailing.now)
    paging.page(mailing, slack, poster, ping_id=ping_id)
    mail = planned(mailing, ping_id)[0]
    post.trouble = Denied("SES: MessageRejected")
    contact_methods.send_notice(mailing, slack, poster, notice_id=mail.notice_id)
    post.trouble = None
    contact_methods.send_notice(mailing, slack, poster, notice_id=mail.notice_id)
    (kept, _) = planned(mailing, ping_id)
    assert (kept.state, kept.reason, post.mails) == ("failed", "SES: MessageRejected", [])


def test_when_aws_does_not_answer_it_is_tried_again(
    mailing: AppContext, slack: Slack, post: Post, ping_id: int
) -> None:
    poster = Poster(mailing.database, slack, mailing.now)
    paging.page(mailing, slack, poster, ping_id=ping_id)
    mail = planned(mailing, ping_id)[0]
    post.trouble = Unavailable("SES: Throttling")
    with pytest.raises(Unavailable):
        contact_methods.send_notice(mailing, slack, poster, notice_id=mail.notice_id)
    post.trouble = None
    contact_methods.send_notice(mailing, slack, poster, notice_id=mail.notice_id)
    assert len(post.mails) == 1


def test_without_aws_nothing_is_planned(mailing: AppContext, slack: Slack, ping_id: int) -> None:
    bare = replace(mailing, send_mail=None, send_text=None)
    paging.page(bare, slack, Poster(mailing.database, slack, mailing.now), ping_id=ping_id)
    assert planned(mailing, ping_id) == []


def test_somebody_known_by_mail_alone_is_mailed(mailing: AppContext, slack: Slack, post: Post, ping_id: int) -> None:
    outside = Person("contractor", email="contractor@example.com")
    other = _on_call(mailing, outside)
    paging.page(other, slack, Poster(mailing.database, slack, mailing.now), ping_id=ping_id)
    assert [row.address for row in planned(mailing, ping_id)] == ["contractor@example.com"]
    with mailing.database.transaction() as session:
        assert pings.get(session, ping_id).user_ids == ["U0SECONDARY"], "and the next who is in Slack is pinged there"
