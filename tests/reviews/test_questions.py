"""What a review asks of people: whom, once each, and how their answers become lines of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.errors import BadRequest
from bot.incidents.flows import record
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow, MemberRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.reviews.flows import answers, drafting, editing, learning, reminders
from bot.reviews.jobs import questions as asking
from bot.reviews.messages.drafting import draft
from bot.reviews.messages.questions import answer_form
from bot.reviews.queries import reviews
from bot.reviews.rules.document import Nature
from bot.reviews.rules.merging import lines_of
from bot.reviews.rules.questions import QUESTIONS, join_root_cause, open_of, split_by_person, split_root_cause
from bot.slack import queries as messages
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person
from tests.fixtures.flow import Declare
from tests.fixtures.job import Declared
from tests.reviews.review_facts import full_facts, full_incident, minute
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

BARE = draft(full_facts(incident=full_incident(cause=None), services=(), contributing=(), whys=()), minute(51))


def test_the_questions_are_those_that_the_review_still_asks() -> None:
    assert [one.name for one in open_of(BARE)] == ["services", "cause", "whys", "factors", "went_well", "improve"]
    assert open_of(draft(full_facts(false_alarm=True), minute(51))) == (QUESTIONS[-1],)


def test_who_declared_is_asked_what_it_looked_like_and_who_led_it_why_it_happened() -> None:
    asked = split_by_person(open_of(BARE), "U1", "U2", "U3")
    assert {who: [one.name for one in theirs] for who, theirs in asked.items()} == {
        "U2": ["cause", "whys", "factors", "went_well", "improve"],
        "U3": ["went_well", "improve"],
        "U1": ["services", "went_well", "improve"],
    }
    assert split_by_person(open_of(BARE), "U1", None, None) == {"U1": open_of(BARE)}
    assert split_by_person((), "U1", "U2", "U3") == {}


@pytest.mark.parametrize(
    "text",
    [
        "Primary cause: the pool\n  of the replica\nWhy 1: no limit\nWhy 2: nobody knew\nContributing factor: a sale\n"
        "Contributing factor: no alarm\nResolution: raised it\nPlaybook: PB-1, of 5 steps 3 done\nmore: than that",
        "just words",
        "",
    ],
)
def test_the_root_cause_is_edited_field_by_field_and_unchanged_lines_stay_as_they_were(text: str) -> None:
    fields = split_root_cause(lines_of(text))
    form = {"cause": fields.cause, "factors": fields.factors, "resolution": fields.resolution, "rest": fields.rest}
    form |= {f"why_{number}": why for number, why in enumerate(fields.whys, 1)}
    assert lines_of(join_root_cause(form)) == lines_of(text)


@pytest.fixture
def closed(session: Session, declared: Declare, policy: Policy) -> IncidentRow:
    """Closed and drafted without cause, impact or services."""
    row = declared()
    row.channel_id = f"C{row.incident_id}"
    for user_id, name in (("U0RESPONDER", "Responder"), ("U0TEAMLEAD", "Lead")):
        messages.record_name(session, user_id, name, NOON)
    change.acknowledge(session, row, "U0TEAMLEAD", policy, NOON + minutes(3))
    record.note(session, row, "why: the limit was never raised", "U0TEAMLEAD", NOON + minutes(4), f"why:{row.ref}")
    change.resolve(session, row, "U0TEAMLEAD", policy, NOON + minutes(20), "rolled back")
    change.close(session, row, "U0TEAMLEAD", Closing(), policy, NOON + minutes(22))
    drafting.draft_once(session, row, policy, NOON + minutes(22))
    empty_queue(session)
    return row


def said(session: Session, row: IncidentRow, section: str) -> list[tuple[str | None, str, str | None]]:
    review = editing.assemble(session, row)
    assert review is not None
    lines = review.section(section).lines
    return [(line.label, line.text, line.by) for line in lines if line.nature is Nature.WRITTEN]


def test_answers_are_lines_in_their_authors_words_that_a_new_draft_leaves_and_the_memory_learns(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    given = {"cause": "the pool\nof the replica", "whys": "nobody measured it\nit was new", "improve": "measure it"}
    answers.answer(session, closed, given, "U0TEAMLEAD", "V1", NOON + minutes(60))
    answers.answer(session, closed, given, "U0TEAMLEAD", "V1", NOON + minutes(61))
    drafting.draft_review(session, closed, policy, NOON + minutes(70))
    assert said(session, closed, "root_cause") == [
        ("Primary cause", "the pool\nof the replica", "Lead"),
        ("Why 2", "nobody measured it", "Lead"),
        ("Why 3", "it was new", "Lead"),
    ]
    assert said(session, closed, "could_improve") == [(None, "measure it", "Lead")]
    review = editing.assemble(session, closed)
    assert review is not None
    why = next(line for line in review.section("root_cause").lines if line.label == "Why 1")
    assert (why.text, why.nature, len(why.entries)) == ("the limit was never raised", Nature.RECORDED, 1)
    entry = learning.entry_of_review(closed, review)
    assert "- the pool\n  of the replica\n- the limit was never raised\n- nobody measured it" in entry.section(
        "Root cause"
    )


def test_what_somebody_else_answered_first_stays_theirs_and_the_second_answer_is_a_comment(
    session: Session, closed: IncidentRow
) -> None:
    answers.answer(session, closed, {"cause": "the pool"}, "U0TEAMLEAD", "V1", NOON + minutes(60))
    for _ in range(2):
        answers.answer(session, closed, {"cause": "a deploy"}, "U0RESPONDER", "V2", NOON + minutes(61))
    assert said(session, closed, "root_cause") == [("Primary cause", "the pool", "Lead")]
    (comment,) = editing.comments_of(session, closed.incident_id)
    assert (comment.section, comment.text, comment.by) == ("root_cause", "Primary cause: a deploy", "Responder")


def test_more_whys_than_five_are_refused_with_how_many_there_are(session: Session, closed: IncidentRow) -> None:
    with pytest.raises(BadRequest, match="room for 5 whys, one a line"):
        answers.answer(session, closed, {"whys": "\n".join("abcde")}, "U0TEAMLEAD", "V1", NOON + minutes(60))


def test_people_are_asked_after_twenty_hours_and_the_manager_is_reminded_after_that(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    counts = []
    for hour in (19, 20, 21, 24):
        reminders.remind(session, policy.review, NOON + minutes(20) + timedelta(hours=hour))
        jobs = (queued(session, f"slack.review_{what}", incident_id=closed.incident_id) for what in _JOBS)
        counts.append([len(found) for found in jobs])
    assert counts == [[0, 0], [1, 0], [1, 0], [2, 1]]


_JOBS = ("questions", "reminder")


def test_each_is_asked_once_by_direct_message_and_nobody_who_may_not_see_a_security_incident(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Callable[[str], Person]
) -> None:
    for ref in ("", "SEC-2031-0001"):
        row = declared_incident()
        with context.database.transaction() as session:
            row = incidents.get_for_change(session, row.incident_id)
            change.acknowledge(session, row, "U0TEAMLEAD", context.policy, context.now())
            change.resolve(session, row, "U0TEAMLEAD", context.policy, context.now())
            change.close(session, row, "U0TEAMLEAD", Closing(), context.policy, context.now())
            drafting.draft_once(session, row, context.policy, context.now())
            if ref:
                row.ref = ref
                left = {"user_id": "U0RESPONDER", "present": False, "as_of": context.now() + timedelta(hours=1)}
                session.add(MemberRow(incident_id=row.incident_id, **left))
        for _ in range(2):
            asking.review_questions(context, slack, poster, incident_id=row.incident_id)
        lead, responder = (_heard(person(user_id), row.ref) for user_id in ("U0TEAMLEAD", "U0RESPONDER"))
        assert len(lead) == 1 and "What was the root cause?" in lead[0] and "review_answer" in lead[0]
        assert len(responder) == (0 if ref else 1), ref
        assert not responder or "What was the root cause?" not in responder[0]


def _heard(one: Person, ref: str) -> list[str]:
    found = [str(message) for message in one.messages(one.dm_with("U0TOCSIN"))]
    return [message for message in found if ref in message and "for the review of" in message]


def test_nobody_is_asked_for_an_approved_review_or_one_whose_incident_is_open_again(
    context: AppContext, declared_incident: Declared
) -> None:
    number = declared_incident().incident_id
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, number)
        change.resolve(session, row, "U0TEAMLEAD", context.policy, context.now())
        change.close(session, row, "U0TEAMLEAD", Closing(), context.policy, context.now())
        drafting.draft_once(session, row, context.policy, context.now())
        assert set(answers.whom_to_ask(session, context, row, context.now())) == {"U0RESPONDER"}
        stage = reviews.get_stage_for_change(session, number)
        stage.stage = "approved"
        assert answers.whom_to_ask(session, context, row, context.now()) == {}
        stage.stage = "draft"
        change.reopen(session, row, "U0TEAMLEAD", context.policy, context.now())
        assert answers.whom_to_ask(session, context, row, context.now()) == {}


def test_the_form_has_a_field_for_each_question_and_one_below_which_refusals_stand() -> None:
    incident = replace(full_incident(), title="<!channel> & more")
    view = answer_form(incident, QUESTIONS[:2])
    assert [block["block_id"] for block in view["blocks"][1:]] == ["detected", "services", "improve"]
    assert "<!channel>" not in str(view)
