"""Nothing is public without somebody's press: publishing, correcting, withdrawing, and what is never published."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, privacy
from bot.severity.rules import Severity
from bot.status_page import flows, queries
from bot.status_page.flows import Wanted
from bot.status_page.rules.published import Condition, Post, State
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, add_incident, minutes

WANTED = Wanted("Checkout fails", State.INVESTIGATING, "We are looking into it.", {"checkout": Condition.MAJOR})
BY = "U0RESPONDER"
_numbers = itertools.count(1)


def key() -> str:
    return f"view:V{next(_numbers)}"


def shown(session: Session, of: str = "Checkout fails") -> list[Post]:
    return [post for post in queries.list_shown(session, NOON - timedelta(days=90)) if post.title == of]


def said(session: Session, row: IncidentRow) -> list[str]:
    kinds = (Kind.STATUS_PUBLISHED, Kind.STATUS_WITHDRAWN)
    return [entry.text for entry in timeline.list_rows(session, row.incident_id, kinds)]


def test_nothing_is_public_of_an_incident_that_nobody_published(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(Severity.P0, title="search is down for all")
    change.resolve(session, row, BY, policy, NOON + minutes(5), "restarted", "the index was full")
    change.close(session, row, BY, change.Closing(), policy, NOON + minutes(6))
    assert shown(session, row.title) == []
    assert queued(session, "aws.status_page") == []
    assert queued(session, "slack.status_proposal") == []


def test_updates_are_one_post_each_form_counts_once_and_stands_on_the_timeline(
    session: Session, declared: Declare
) -> None:
    row = declared()
    wanted, first = replace(WANTED, title="one post"), key()
    assert flows.publish(session, row, wanted, BY, NOON, first)
    assert not flows.publish(session, row, wanted, BY, NOON, first)
    over = replace(wanted, state=State.RESOLVED, text="It is over.", components={})
    assert flows.publish(session, row, over, BY, NOON + minutes(9), key())
    (post,) = shown(session, "one post")
    assert [update.state for update in post.updates] == [State.INVESTIGATING, State.RESOLVED]
    assert post.ended_at == NOON + minutes(9)
    assert said(session, row) == [
        "Published on the status page by <@U0RESPONDER>: one post · Investigating: We are looking into it.",
        "Published on the status page by <@U0RESPONDER>: one post · Resolved: It is over.",
    ]
    assert len(queued(session, "aws.status_page")) == 1, "many changes are written at once"
    flows.publish(session, row, wanted, BY, NOON + minutes(20), key())
    assert len(shown(session, "one post")) == 2, "what comes after the end is another one"


def test_a_correction_replaces_the_words_and_keeps_the_time(session: Session, declared: Declare) -> None:
    row = declared()
    with pytest.raises(BadRequest, match=r"Nothing of INC-.* is on the status page"):
        flows.correct(session, row, WANTED, BY, NOON)
    flows.publish(session, row, replace(WANTED, title="tpyo"), BY, NOON, key())
    flows.correct(session, row, replace(WANTED, title="typo", text="Better words."), BY, NOON + minutes(3))
    assert shown(session, "tpyo") == []
    (post,) = shown(session, "typo")
    (update,) = post.updates
    assert (update.text, update.at, update.changed_at) == ("Better words.", NOON, NOON + minutes(3))
    assert said(session, row)[-1].startswith("Corrected on the status page by <@U0RESPONDER>: typo")


def test_what_is_withdrawn_is_gone_and_can_be_published_anew(session: Session, declared: Declare) -> None:
    row, wanted = declared(), replace(WANTED, title="too early")
    assert not flows.withdraw(session, row, BY, NOON)
    flows.publish(session, row, wanted, BY, NOON, key())
    assert flows.withdraw(session, row, BY, NOON)
    assert shown(session, "too early") == []
    assert said(session, row)[-1] == "Taken off the status page by <@U0RESPONDER>: too early"
    flows.publish(session, row, wanted, BY, NOON, key())
    assert len(shown(session, "too early")) == 1


def test_a_security_incident_is_refused_and_one_that_becomes_one_is_withdrawn(
    session: Session, declared: Declare, policy: Policy
) -> None:
    secret = add_incident(session, ref="SEC-1999-0801")
    with pytest.raises(BadRequest, match="SEC-1999-0801 is a security incident"):
        flows.publish(session, secret, WANTED, BY, NOON, key())
    row, wanted = declared(), replace(WANTED, title="leak")
    flows.publish(session, row, wanted, BY, NOON, key())
    privacy.make_private(session, row, BY, policy, NOON)
    assert shown(session, "leak") == []
    assert said(session, row)[-1] == "Taken off the status page by <@U0RESPONDER>: leak"
    change.resolve(session, row, BY, policy, NOON + minutes(5), "rotated", "a key leaked")
    assert queued(session, "slack.status_proposal", incident_id=row.incident_id) == []


def test_resolving_what_is_published_as_open_has_the_channel_asked(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    flows.publish(session, row, replace(WANTED, title="asked"), BY, NOON, key())
    empty_queue(session)
    change.resolve(session, row, BY, policy, NOON + minutes(5), "restarted", "the index was full")
    assert len(queued(session, "slack.status_proposal", incident_id=row.incident_id)) == 1
    (post,) = shown(session, "asked")
    assert post.is_open(NOON + minutes(6)), "nothing is published by itself"


def test_what_is_published_of_a_duplicate_goes_on_with_the_incident_it_was_merged_into(
    session: Session, declared: Declare
) -> None:
    row, other = declared(), declared()
    flows.publish(session, other, replace(WANTED, title="merged"), BY, NOON, key())
    other.merged_into = row.incident_id
    session.flush()
    flows.publish(session, row, replace(WANTED, title="merged", state=State.MONITORING), BY, NOON + minutes(2), key())
    (post,) = shown(session, "merged")
    assert [update.state for update in post.updates] == [State.INVESTIGATING, State.MONITORING]


def test_maintenance_is_scheduled_ended_early_and_withdrawn_once(session: Session) -> None:
    window = replace(WANTED, title="upgrade", state=State.SCHEDULED, begins_at=NOON + minutes(60))
    with pytest.raises(BadRequest, match="begins before it ends"):
        flows.schedule(session, replace(window, ends_at=NOON + minutes(30)), BY, NOON, key())
    for _ in range(2):
        flows.schedule(session, replace(window, ends_at=NOON + minutes(120)), BY, NOON, "view:twice")
    (row,) = queries.list_maintenance(session, NOON)
    assert flows.end_maintenance(session, row.post_id, BY, NOON + minutes(90)) == "upgrade"
    assert flows.end_maintenance(session, row.post_id, BY, NOON + minutes(91)) is None
    (post,) = shown(session, "upgrade")
    assert post.state(NOON + minutes(91)) is State.COMPLETED
    assert flows.withdraw_maintenance(session, row.post_id, BY, NOON) == "upgrade"
    assert flows.withdraw_maintenance(session, row.post_id, BY, NOON) is None
    assert shown(session, "upgrade") == []
    assert flows.end_maintenance(session, 987654321, BY, NOON) is None
