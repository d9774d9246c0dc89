"""Reports: judged once, answered when sure, decided once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused, UnknownIncident
from bot.incidents.queries import timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows import change
from bot.lifecycle.flows.declare import Declaration
from bot.memory.flows import recall
from bot.memory.flows.live import Memory
from bot.memory.rules.similar import SimilarItem
from bot.reports import queries as store
from bot.reports.flows import corrections, reports
from bot.reports.flows.reports import Heard
from bot.reports.messages import decisions
from bot.reports.rules import IN_WORDS
from bot.reports.tables import ReportRow
from bot.settings import REPOSITORY, Settings
from bot.severity.judge.judge import load_judge
from bot.severity.rules import Evidence, Judgement, Severity
from bot.text import markup
from bot.wiring.building import build_memory
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

SURE = Judgement(Severity.P1, 0.9, (Evidence("502", "5xx"), Evidence("a third", "many")), Severity.P0, "a major part")
SIMILAR = (SimilarItem("NFI-2023-0010", "incident", "t", happened_on=date(2023, 2, 1)),)
_stamps = iter(f"1795176{number:03d}.000100" for number in range(1000))


def heard(text: str = "checkout returns 502 for a third of users") -> Heard:
    return Heard("C0INCIDENTS", next(_stamps), "U0SUPPORT", text)


@pytest.fixture
def report(session: Session, policy: Policy) -> ReportRow:
    """A report that was answered."""
    row = reports.judge_report(session, heard(), SURE, SIMILAR, policy, NOON)
    assert row is not None
    empty_queue(session)
    return row


def test_a_sure_verdict_is_kept_and_answered(session: Session, policy: Policy) -> None:
    message = heard()
    row = reports.judge_report(session, message, SURE, SIMILAR, policy, NOON)
    assert row is not None
    assert (row.severity, row.text, row.answered, row.similar) == ("P1", message.text, True, SIMILAR)
    assert reports.judgement_of(row) == replace(SURE, runner_up=None)
    (job,) = queued(session, "slack.answer", report_id=row.report_id)
    assert job.lock == f"report-{row.report_id}"
    assert reports.judge_report(session, message, SURE, SIMILAR, policy, NOON + minutes(1)) is None
    assert len(queued(session, "slack.answer", report_id=row.report_id)) == 1


def test_a_verdict_at_the_threshold_is_answered_and_one_below_is_asked_about(session: Session, policy: Policy) -> None:
    threshold = policy.severity.reply_threshold
    at = reports.judge_report(session, heard(), replace(SURE, confidence=threshold), (), policy, NOON)
    below = reports.judge_report(session, heard(), replace(SURE, confidence=threshold - 0.01), (), policy, NOON)
    assert at is not None and below is not None
    assert ((at.answered, at.asked), (below.answered, below.asked)) == ((True, False), (True, True))
    assert len(queued(session, "slack.answer", report_id=below.report_id)) == 1


def test_chatter_is_kept_in_silence(session: Session, policy: Policy) -> None:
    verdict = Judgement(None, 0.99, (), None, "nothing is wrong")
    row = reports.judge_report(session, heard("lunch?"), verdict, (), policy, NOON)
    assert row is not None
    assert (row.severity, row.answered) == (None, False)
    assert queued(session, "slack.answer", report_id=row.report_id) == []


def test_talk_that_may_tell_of_trouble_is_asked_about_from_the_threshold_on(session: Session, policy: Policy) -> None:
    threshold = policy.severity.ask_threshold
    asked, silent = [], Judgement(None, 0.6, (), None, "nothing is wrong")
    for trouble in (threshold, threshold - 0.01):
        row = reports.judge_report(session, heard("hm, odd"), replace(silent, trouble=trouble), (), policy, NOON)
        assert row is not None
        asked.append((row.severity, row.answered, row.asked))
    assert asked == [(None, True, True), (None, False, False)]


def test_two_hundred_messages_in_a_minute_are_each_answered_asked_about_or_left_alone(
    session: Session, policy: Policy, fitted: Path
) -> None:
    judge = load_judge(policy.severity, REPOSITORY / "knowledge" / "training", fitted)
    odd = [
        "🔥",
        ":fire:",
        "\ufffd\x01\x02 PK\x03\x04" * 40,
        "down " * 8_000,
        "lunch at noon?",
        "checkout is down for everybody",
    ]
    outcomes: dict[str, set[tuple[bool, bool]]] = {}
    before = len(queued(session, "slack.answer"))
    for number in range(200):
        text = odd[number % len(odd)]
        judgement = judge.judge(text)
        row = reports.judge_report(session, heard(text), judgement, (), policy, NOON + minutes(1) * number / 200)
        assert row is not None
        outcomes.setdefault(text, set()).add((row.answered, row.asked))
    assert all(len(found) == 1 for found in outcomes.values()), "the same words, another outcome"
    assert outcomes[odd[-1]] == {(True, False)}
    assert all(outcomes[text] == {(False, False)} for text in (odd[0], odd[1], odd[4]))
    assert len(queued(session, "slack.answer")) - before == sum(
        next(iter(outcomes[odd[number % len(odd)]]))[0] for number in range(200)
    )


def test_in_the_shadow_nothing_is_answered_or_asked(session: Session, policy: Policy) -> None:
    shadow = replace(policy, severity=replace(policy.severity, shadow=True))
    for judged in (SURE, replace(SURE, confidence=0.1)):
        row = reports.judge_report(session, heard(), judged, (), shadow, NOON)
        assert row is not None
        assert (row.answered, row.asked) == (False, False)
        assert queued(session, "slack.answer", report_id=row.report_id) == []


@pytest.mark.parametrize("severity", [None, Severity.P3])
def test_what_was_asked_about_can_be_declared_at_any_severity(
    session: Session, policy: Policy, severity: Severity | None
) -> None:
    unsure = Judgement(severity, 0.1, (), None, "unsure", trouble=0.9)
    report = reports.judge_report(session, heard("hm, odd"), unsure, (), policy, NOON)
    assert report is not None and report.asked
    row, _ = reports.declare_report(session, report.report_id, Severity.P0, "U0RESPONDER", policy, NOON)
    assert (row.severity, row.title, report.decision) == ("P0", "hm, odd", "declared")
    assert corrections.choices_for(report) == {}, "nobody disagreed"


def test_a_question_answered_with_no_asks_for_no_reason(session: Session, policy: Policy) -> None:
    report = reports.judge_report(session, heard("hm, odd"), replace(SURE, confidence=0.1), (), policy, NOON)
    assert report is not None and report.asked
    reports.dismiss_report(session, report.report_id, "U0RESPONDER", NOON)
    assert report.decision == "not_incident"
    assert corrections.choices_for(report) == {}
    with pytest.raises(TransitionRefused, match="Nothing to explain"):
        corrections.explain(session, report.report_id, "chatter")


def test_an_edit_turns_the_question_into_an_answer(session: Session, policy: Policy) -> None:
    message = heard("hm, checkout")
    report = reports.judge_report(session, message, replace(SURE, confidence=0.1), (), policy, NOON)
    assert report is not None and report.asked
    edited = replace(message, text="checkout is down for everybody", edit_ts="1795176060.0")
    assert reports.judge_again(session, edited, SURE, (), policy, NOON + minutes(20))
    assert (report.answered, report.asked, report.severity) == (True, False, "P1")


def test_a_report_is_declared_with_the_judged_severity(session: Session, policy: Policy, report: ReportRow) -> None:
    row, fresh = reports.declare_report(session, report.report_id, None, "U0RESPONDER", policy, NOON)
    assert fresh
    assert (row.severity, row.title) == ("P1", "checkout returns 502 for a third of users")
    assert (row.report_channel_id, row.report_ts, row.similar) == (report.channel_id, report.ts, SIMILAR)
    assert (report.decision, report.chosen_severity, report.decided_by) == ("declared", "P1", "U0RESPONDER")
    assert (report.decided_at, report.incident_id) == (NOON, row.incident_id)
    assert len(queued(session, "slack.answer", report_id=report.report_id)) == 1
    row.channel_id = f"C{row.incident_id}"
    said = f"Declared as P1 by <@U0RESPONDER>: {row.ref} in <#{row.channel_id}>."
    assert decisions.sentence(reports.decision_of(session, report)) == said


def test_another_severity_can_be_chosen(session: Session, policy: Policy, report: ReportRow) -> None:
    row, _ = reports.declare_report(session, report.report_id, Severity.P3, "U0RESPONDER", policy, NOON)
    assert (row.severity, report.chosen_severity, report.severity) == ("P3", "P3", "P1")


TITLES = {
    "first line\nsecond line": "first line",
    "Checkout answers 502 in all of Europe for cards. Calls began ten minutes ago.": "Checkout answers 502 in all of "
    "Europe for cards",
    "Search, i.e. the new one, e.g. with filters, is slow. 2,300 complaints by now": "Search, i.e. the new one, e.g. "
    "with filters, is slow",
    "Is it down? Yes, since the release.": "Is it down? Yes, since the release.",
    "\n\n  third line": "third line",
    "<@U0VP|vp> checkout &amp; cart are down": "@vp checkout & cart are down",
    "word " * 60: ("word " * 23).strip() + "…",
}


@pytest.mark.parametrize(("text", "title"), TITLES.items())
def test_the_title_is_the_first_line_in_plain_words(session: Session, policy: Policy, text: str, title: str) -> None:
    report = reports.judge_report(session, heard(text), SURE, (), policy, NOON)
    assert report is not None
    row, _ = reports.declare_report(session, report.report_id, None, "U0RESPONDER", policy, NOON)
    assert row.title == title
    assert len(row.title) <= 120


def test_a_report_can_be_dismissed(session: Session, report: ReportRow) -> None:
    reports.dismiss_report(session, report.report_id, "U0RESPONDER", NOON)
    assert (report.decision, report.decided_by, report.incident_id) == ("not_incident", "U0RESPONDER", None)
    said = "Marked as not an incident by <@U0RESPONDER>."
    assert decisions.sentence(reports.decision_of(session, report)) == said
    assert len(queued(session, "slack.answer", report_id=report.report_id)) == 1


def test_a_report_can_join_an_open_incident(session: Session, report: ReportRow, declared: Declare) -> None:
    row = declared()
    assert reports.join_report(session, report.report_id, row.ref, "U0RESPONDER", NOON) == row.ref
    entry = timeline.list_entries(session, row.incident_id)[-1]
    assert (entry.kind, entry.author) == (Kind.NOTED, "U0SUPPORT")
    assert entry.text == f"Report added by <@U0RESPONDER>: {report.text}"
    assert len(queued(session, "slack.say", entry_id=entry.entry_id)) == 1
    assert (report.decision, report.incident_id) == ("part_of", row.incident_id)
    assert decisions.sentence(reports.decision_of(session, report)) == f"Added to {row.ref} by <@U0RESPONDER>."


def test_a_report_cannot_join_what_is_over_or_unknown(
    session: Session, report: ReportRow, declared: Declare, policy: Policy
) -> None:
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, NOON)
    with pytest.raises(TransitionRefused, match=f"{row.ref} is already {Status.RESOLVED}"):
        reports.join_report(session, report.report_id, row.ref, "U0RESPONDER", NOON)
    with pytest.raises(UnknownIncident):
        reports.join_report(session, report.report_id, "INC-1990-0001", "U0RESPONDER", NOON)
    assert report.decision is None


def test_a_decision_stands_whatever_is_pressed_next(
    session: Session, report: ReportRow, declared: Declare, policy: Policy
) -> None:
    row, _ = reports.declare_report(session, report.report_id, None, "U0RESPONDER", policy, NOON)
    sentence = f"Already decided. Declared as P1 by <@U0RESPONDER>: {row.ref}"
    with pytest.raises(TransitionRefused, match=sentence):
        reports.declare_report(session, report.report_id, Severity.P0, "U0TEAMLEAD", policy, NOON)
    with pytest.raises(TransitionRefused, match=sentence):
        reports.dismiss_report(session, report.report_id, "U0TEAMLEAD", NOON)
    with pytest.raises(TransitionRefused, match=sentence):
        reports.join_report(session, report.report_id, row.ref, "U0TEAMLEAD", NOON)
    assert (report.decision, report.decided_by) == ("declared", "U0RESPONDER")


def test_a_report_that_is_not_known_says_what_to_type(session: Session, policy: Policy) -> None:
    with pytest.raises(BadRequest, match=r"`/incident declare …`"):
        reports.declare_report(session, -1, None, "U0RESPONDER", policy, NOON)


@pytest.fixture(scope="module")
def memory(data_folder: Path) -> Memory:
    """The shipped knowledge."""
    return build_memory(
        Settings.model_validate({"TOCSIN_DATA": data_folder, "TOCSIN_KNOWLEDGE": REPOSITORY / "knowledge"})
    )


def test_what_is_recalled_is_plain_facts_ready_to_be_shown(memory: Memory) -> None:
    found = recall.recall(memory, "lambda cannot reach the database, connection pool exhausted")
    assert 1 <= len(found) <= 4
    assert [item.kind for item in found] == sorted(item.kind for item in found)  # incidents, then the playbook
    for item in found:
        assert memory.entries[item.ref].title == item.title
        assert item.words
        assert item.kind == "playbook" or (item.cause and item.fix)


def test_nothing_is_recalled_for_what_looks_like_nothing(memory: Memory) -> None:
    assert recall.recall(memory, "who wants to join for lunch?") == ()


def by_shortcut(report: ReportRow, key: str = "view:V1") -> Declaration:
    """What the form sends that was opened from the report's message."""
    return Declaration(
        request_key=f"{key}:{report.report_id}",
        title="checkout is down",
        severity=Severity.P0,
        by="U0TEAMLEAD",
        report_channel_id=report.channel_id,
        report_ts=report.ts,
    )


def test_a_message_is_declared_once_by_its_report_or_by_the_shortcut(
    session: Session, policy: Policy, report: ReportRow
) -> None:
    row, fresh = reports.declare_message(session, by_shortcut(report), policy, NOON)
    assert fresh
    assert (report.decision, report.decided_by, report.incident_id) == ("declared", "U0TEAMLEAD", row.incident_id)
    assert len(queued(session, "slack.answer", report_id=report.report_id)) == 1
    assert reports.declare_message(session, by_shortcut(report), policy, NOON) == (row, False)
    with pytest.raises(TransitionRefused, match=f"^This message was already declared as {row.ref}.$"):
        reports.declare_message(session, by_shortcut(report, "view:V2"), policy, NOON)
    with pytest.raises(TransitionRefused, match="Already decided"):
        reports.declare_report(session, report.report_id, None, "U0RESPONDER", policy, NOON)


def test_the_shortcut_refuses_what_the_report_declared(session: Session, policy: Policy, report: ReportRow) -> None:
    row, _ = reports.declare_report(session, report.report_id, None, "U0RESPONDER", policy, NOON)
    with pytest.raises(TransitionRefused, match=f"^This message was already declared as {row.ref}.$"):
        reports.declare_message(session, by_shortcut(report), policy, NOON)


def test_the_shortcut_declares_in_silence_what_was_not_answered(session: Session, policy: Policy) -> None:
    quiet = reports.judge_report(session, heard(), Judgement(None, 0.9, (), None, "nothing"), (), policy, NOON)
    assert quiet is not None
    reports.declare_message(session, by_shortcut(quiet), policy, NOON)
    assert quiet.decision == "declared"
    assert queued(session, "slack.answer", report_id=quiet.report_id) == []


def test_what_was_no_incident_can_be_declared_after_all(session: Session, policy: Policy, report: ReportRow) -> None:
    with pytest.raises(BadRequest, match="no longer has this report"):
        reports.declare_after_all(session, -1, "U0TEAMLEAD", policy, NOON)
    reports.dismiss_report(session, report.report_id, "U0RESPONDER", NOON)
    corrections.explain(session, report.report_id, "test")
    row, fresh = reports.declare_after_all(session, report.report_id, "U0TEAMLEAD", policy, NOON + minutes(5))
    assert fresh
    assert (report.decision, report.decided_by, report.reason) == ("declared", "U0TEAMLEAD", None)
    (before,) = report.history
    assert (before["decision"], before["by"], before["at"]) == ("not_incident", "U0RESPONDER", NOON.isoformat())
    assert before["reason"] == "test"
    said = decisions.sentence(reports.decision_of(session, report))
    assert said.endswith("<@U0RESPONDER> had marked it as not an incident.")
    with pytest.raises(TransitionRefused, match=f"Already decided. Declared as P1 by <@U0TEAMLEAD>: {row.ref}"):
        reports.declare_after_all(session, report.report_id, "U0RESPONDER", policy, NOON + minutes(6))


def test_why_it_was_no_incident_is_kept_when_the_shortcut_declares_it(
    session: Session, policy: Policy, report: ReportRow
) -> None:
    reports.dismiss_report(session, report.report_id, "U0RESPONDER", NOON)
    corrections.explain(session, report.report_id, IN_WORDS, "a drill of the new people")
    reports.declare_message(session, by_shortcut(report), policy, NOON)
    (before,) = report.history
    assert (before["reason"], before["reason_text"]) == (IN_WORDS, "a drill of the new people")
    assert (report.reason, report.reason_text) == (None, None)


@pytest.mark.parametrize(("after", "answered"), [(minutes(3), True), (minutes(11), False)])
def test_talk_that_its_author_turns_into_a_report_a_moment_later_is_answered_once(
    session: Session, policy: Policy, after: timedelta, answered: bool
) -> None:
    said = heard("wait")
    talk = reports.judge_report(session, said, Judgement(None, 0.9, (), None, "nothing is wrong"), (), policy, NOON)
    assert talk is not None
    assert not talk.answered
    posted_at = markup.at_of(talk.ts)
    first, again = (replace(said, text=words) for words in ("checkout is down for all", "checkout is down for all!"))
    assert reports.judge_again(session, first, SURE, SIMILAR, policy, posted_at + after)
    assert (talk.severity, talk.answered) == ("P1", answered)
    assert not reports.was_edited(talk), "the answer is the first"
    assert len(queued(session, "slack.answer", report_id=talk.report_id)) == int(answered)
    assert not reports.judge_again(session, first, SURE, SIMILAR, policy, posted_at + after), "once"
    if answered:
        assert reports.judge_again(session, again, SURE, SIMILAR, policy, posted_at + after + minutes(20))
        assert reports.was_edited(talk)


def test_an_older_wording_that_is_heard_of_late_changes_nothing(
    session: Session, policy: Policy, report: ReportRow
) -> None:
    message = Heard(report.channel_id, report.ts, report.user_id, "checkout returns 502 for everybody", "1795176060.0")
    assert reports.judge_again(session, message, replace(SURE, severity=Severity.P0), (), policy, NOON)
    older = replace(message, text="checkout returns 50", edit_ts="1795176030.0")
    assert not reports.judge_again(session, older, SURE, (), policy, NOON)
    assert (report.severity, report.text) == ("P0", "checkout returns 502 for everybody")


@pytest.mark.parametrize(("after", "kept"), [(minutes(3), True), (minutes(11), False)])
def test_an_edit_that_comes_before_its_message_is_judged_while_it_is_fresh(
    session: Session, policy: Policy, after: timedelta, kept: bool
) -> None:
    message = replace(heard("checkout returns 502 for everybody"), edit_ts="1795176060.0")
    reports.keep_judged(session, message, SURE, SIMILAR, policy, markup.at_of(message.ts) + after)
    row = store.find_report_of_message(session, message.channel_id, message.ts)
    assert (row is not None and row.answered) == kept


def test_a_message_that_comes_after_its_edit_changes_nothing(session: Session, policy: Policy) -> None:
    posted = heard("checkout returns")
    edited = replace(posted, text="checkout returns 502 for everybody", edit_ts="1795176060.0")
    for message in (edited, posted, edited):
        reports.keep_judged(session, message, SURE, SIMILAR, policy, markup.at_of(posted.ts) + minutes(1))
    row = store.find_report_of_message(session, posted.channel_id, posted.ts)
    assert row is not None
    assert (row.text, row.history) == (edited.text, [])


def test_an_edited_report_is_judged_again_until_it_is_decided(
    session: Session, policy: Policy, report: ReportRow
) -> None:
    def edited(text: str, verdict: Judgement) -> bool:
        message = Heard(report.channel_id, report.ts, report.user_id, text)
        return reports.judge_again(session, message, verdict, (), policy, NOON + minutes(3))

    assert not edited(report.text, SURE)
    assert edited("checkout returns 502 for everybody", replace(SURE, severity=Severity.P0))
    assert (report.severity, report.text) == ("P0", "checkout returns 502 for everybody")
    assert reports.was_edited(report)
    assert report.history[0]["severity"] == "P1"
    assert len(queued(session, "slack.answer", report_id=report.report_id)) == 1
    assert edited("all is well", Judgement(None, 0.9, (), None, "nothing is wrong"))
    assert (report.severity, report.answered) == (None, True)
    reports.dismiss_report(session, report.report_id, "U0RESPONDER", NOON + minutes(4))
    assert not edited("checkout is down", SURE)
    assert report.text == "all is well"
