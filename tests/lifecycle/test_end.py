"""False alarms and duplicates: nothing more is asked of anybody, and the record goes where the work goes on."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.incidents.flows import record
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, end
from bot.lifecycle.flows.severity_suggestions import outcome
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries import severity_suggestions as suggestions_store
from bot.reviews.flows import reminders
from bot.reviews.queries import reviews
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

BY = "U0RESPONDER"
_numbers = itertools.count(1)

Ending = Callable[[Session, IncidentRow, Policy, Declare], None]


def as_false_alarm(session: Session, row: IncidentRow, policy: Policy, declared: Declare) -> None:
    end.false_alarm(session, row, BY, policy, NOON + minutes(30))


def as_duplicate(session: Session, row: IncidentRow, policy: Policy, declared: Declare) -> None:
    end.merge(session, row.incident_id, declared().incident_id, BY, policy, NOON + minutes(30))


def suggested(session: Session, row: IncidentRow) -> int:
    """A severity suggested in its channel that nobody decided on yet."""
    suggestion_id = suggestions_store.add(
        session, incident_id=row.incident_id, message_ts=f"1795176000.{next(_numbers):06d}", user_id=BY, text="all",
        before="P1", suggested="P0", row_name="", row="", evidence=[], made_at=NOON,
    )  # fmt: skip
    assert suggestion_id is not None
    return suggestion_id


def reminded(session: Session, row: IncidentRow, policy: Policy, hours: float) -> list[str]:
    """The reminders of its review that were sent by then."""
    while reminders.remind(session, policy.review, NOON + timedelta(hours=hours), 200):
        pass
    jobs = queued(session, "slack.review_reminder", incident_id=row.incident_id)
    return [str(job.arguments["reminder"]) for job in jobs]


@pytest.mark.parametrize("ending", [as_false_alarm, as_duplicate])
def test_a_suggested_severity_is_out_of_date_with_the_end(
    session: Session, declared: Declare, policy: Policy, ending: Ending
) -> None:
    row = declared()
    suggestion_id = suggested(session, row)
    empty_queue(session)
    ending(session, row, policy, declared)
    held = suggestions_store.find(session, suggestion_id)
    assert held is not None
    assert sentence(outcome(held)) == "This suggestion is out of date."
    assert len(queued(session, "slack.suggest_severity", suggestion_id=suggestion_id)) == 1, "its buttons go"


@pytest.mark.parametrize("ending", [as_false_alarm, as_duplicate])
def test_nobody_is_reminded_of_a_review_until_it_is_taken_up_again(
    session: Session, declared: Declare, policy: Policy, ending: Ending
) -> None:
    row = declared()
    change.resolve(session, row, BY, policy, NOON + minutes(20))
    ending(session, row, policy, declared)
    assert reminded(session, row, policy, hours=90) == []
    assert row.incident_id not in {stage.incident_id for stage, _ in reviews.list_unfinished(session, None)}
    change.reopen(session, row, BY, policy, NOON + timedelta(hours=91))
    change.resolve(session, row, BY, policy, NOON + timedelta(hours=92))
    assert reminded(session, row, policy, hours=117) == ["24 h"]


def test_the_timeline_of_a_duplicate_follows_through_every_merge(
    session: Session, declared: Declare, policy: Policy
) -> None:
    first, second, third = declared(), declared(), declared()
    for row, words in ((first, "the gateway answers 500"), (second, "the bank is not reached"), (third, "looking")):
        row.channel_id = f"C0END{next(_numbers)}"
        session.flush()
        record.message_posted(session, row.channel_id, f"1795176000.{next(_numbers):06d}", BY, words, NOON)

    def said(row: IncidentRow) -> set[str]:
        shown = timeline.list_entries(session, row.incident_id)
        return {entry.text for entry in shown if entry.kind is Kind.MESSAGE_POSTED}

    end.merge(session, first.incident_id, second.incident_id, BY, policy, NOON + minutes(1))
    end.merge(session, second.incident_id, third.incident_id, BY, policy, NOON + minutes(2))
    assert said(third) == {"the gateway answers 500", "the bank is not reached", "looking"}
    assert said(second) == {"the gateway answers 500", "the bank is not reached"}
    change.reopen(session, second, BY, policy, NOON + minutes(3))
    assert said(third) == {"looking"}


def test_incidents_that_were_merged_in_a_circle_can_still_be_read(
    session: Session, declared: Declare, policy: Policy
) -> None:
    first, second = declared(), declared()
    first.merged_into, second.merged_into = second.incident_id, first.incident_id
    session.flush()
    assert timeline.list_entries(session, first.incident_id)
