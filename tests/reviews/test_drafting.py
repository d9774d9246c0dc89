"""The draft of the review: what a full record becomes, what is asked for, and where text of people stays."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from markdown_it import MarkdownIt

from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.messages.drafting import draft, draft_actions, without_terms
from bot.reviews.messages.renderings import summary_for_slack, to_markdown
from bot.reviews.messages.sections.gaps import open_questions
from bot.reviews.rules.document import (
    ActionItem,
    Line,
    Nature,
    PastIncident,
    PingFact,
    PlaybookFact,
    Report,
    Review,
    ReviewFacts,
    SeverityChange,
)
from bot.reviews.rules.merging import Edit, merge
from bot.reviews.rules.stages import Stage
from bot.reviews.tables import from_json, to_json
from bot.severity.rules import Severity
from bot.stakeholders.messages import NO_ALARMS_TO_CHECK, checked_by_notice
from bot.text.wording import Wording, mentioned
from tests.reviews.review_facts import (
    BEGAN,
    ENTRIES,
    LEAD,
    PINGS,
    RESPONDER,
    SECONDARY,
    SUPPORT,
    entry,
    full_facts,
    full_incident,
    hostile_facts,
    messy_facts,
    minute,
)

EXPECTED = """\
# Post-incident review: INC-2026-0001

**Checkout returns 502 for a third of users**

_Draft from the record as of 2026-11-20 15:21 UTC; the incident is closed._

## Executive summary

- **Impact**: 15 % of requests failed
- **Cause**: Database connection pool exhausted
- **Resolution**: Memory raised, pool size doubled
- **Duration**: 43 min (declared 14:30, resolved 15:13)
- **Next steps**: Watch the connection pool (owner: Team lead, due: 2026-11-27); \
Review memory allocations (no owner yet, due: 2026-12-04)

## Incident summary

- **Date and time**: 2026-11-20 14:30 to 15:13 UTC; mitigated 14:45
- **Detected**: 14:28, 2 min before it was declared
- **Duration**: 43 min (declared 14:30, resolved 15:13)
- **Severity**: P1 (declared P2, raised to P1 at 14:38 by Team lead)
- **Services affected**: checkout, payments
- **Customer impact**: 15 % of requests failed

## Timeline

_Times are UTC._

- 14:30 Declared as P2 by Responder: Checkout returns 502
- 14:30 Paged Responder as on-call engineer (at once).
- 14:34 Acknowledged by Responder after 4 min.
- [14:36](https://example.slack.com/archives/C1/p4) **Responder**: see the board (https://grafana.example.com/d/1)
- 14:38 Severity raised from P2 to P1 by Team lead.
- [14:42](https://example.slack.com/archives/C1/p6) 📌 **Responder**: found it: \\*pool\\*, @\u200bTeam lead
- 14:42 **Cause** by Responder: Database connection pool exhausted
- 14:43 Status investigating → identified by Responder.
- 14:45 Status identified → mitigated by Responder.
- 15:10 **Impact** by Team lead: 15 % of requests failed
- 15:13 Resolved by Responder: Memory raised, pool size doubled
- 15:20 Closed by Team lead.

## Root cause analysis

- **Primary cause**: Database connection pool exhausted
- **Why 1**: A sale doubled the load
- **Contributing factor**: Pool size never matched to the load
- **Resolution**: Memory raised, pool size doubled

## What went well

_Calculated by Tocsin from the figures and their targets. Add what the team found._

- A playbook resolved it, Team lead said when closing it.
- Not recorded: what went well, from those involved. Type `/incident note went well: …`

## What could be improved

_Calculated by Tocsin from the figures and their targets. Add what the team found._

- Resolved late; the target was under 30 min for P1.
- Most of the time, 28 min, passed between mitigation and resolution.
- Severity was raised from P2 to P1, 8 min after the declaration.
- Not recorded: what to improve, from those involved. Type `/incident note improve: …`

## Action items

_Proposals come from similar incidents. They count once somebody accepts them._

1. **HIGH**: Watch the connection pool (owner: Team lead, due: 2026-11-27)
2. **MEDIUM**: Review memory allocations (no owner yet, due: 2026-12-04)
3. **Proposed**: Alert on pool use (from a similar incident)

## Response figures

_Times count from the declaration._

- **Time to declare**: 2 min after it was detected
- **Time to acknowledge**: 4 min by Responder; target 1 h for P2 ✓ met
- **Time to identify**: 13 min
- **Time to mitigate**: 15 min
- **Time to resolve**: 43 min; target under 30 min for P1 ✗ missed

## Escalations

- **On-call engineer**: paged 14:30 (at once): Responder; acknowledged 14:34
- **Not paged**: team lead: it was acknowledged or over before their pages were due

## Similar past incidents

_Matched by words. Check whether it is the same problem._

- **INC-2023-0445**: Database connection pool exhaustion ended by resetting the pools. \
Cause: Connections were not released. Fix: Pools reset.
"""


def texts(review: Review, name: str) -> list[str]:
    """The lines of a section; none where it is left out as it has nothing to say."""
    lines = [line for section in review.sections if section.name == name for line in section.lines]
    return [f"{line.label}: {line.text}" if line.label else line.text for line in lines]


def test_a_full_record_becomes_the_expected_document() -> None:
    assert to_markdown(draft(full_facts(), minute(51))).splitlines() == EXPECTED.splitlines()


def test_drafting_the_same_facts_again_gives_the_same_document() -> None:
    shuffled = full_facts(entries=tuple(reversed(ENTRIES)), pings=tuple(reversed(PINGS)))
    assert draft(shuffled, minute(51)) == draft(full_facts(), minute(51))


def test_what_nobody_recorded_is_asked_for_and_not_made_up() -> None:
    bare = full_facts(
        incident=full_incident(
            impact=" ",
            cause=None,
            resolution=None,
            commander=None,
            acknowledged_at=None,
            acknowledged_by=None,
            identified_at=None,
            mitigated_at=None,
        ),
        entries=(ENTRIES[0], ENTRIES[-2]),
        pings=(),
        severity_changes=(),
        similar=(),
        names={},
        services=("",),
        detected_at=None,
        contributing=(),
        whys=(),
        actions=(),
        playbook_helped=None,
    )
    review = draft(bare, minute(51))
    assert [line.label or line.text for line in open_questions(review)] == [
        "Detected",
        "Services affected",
        "Customer impact",
        "Primary cause",
        "Five whys",
        "Contributing factors",
        "Resolution",
        "Not recorded: what went well, from those involved.",
        "Not recorded: what to improve, from those involved.",
        "No action item is agreed yet.",
        "Nobody recorded who acknowledged it.",
        "Nobody recorded who was in command.",
    ], "each once, where its answer will stand"
    assert [line.label for line in review.section("executive").lines if line.nature is Nature.ASKED] == [
        "Impact",
        "Cause",
        "Resolution",
        "Next steps",
    ]
    commands = {line.label: line.command for name in ("summary", "root_cause") for line in review.section(name).lines}
    assert commands["Customer impact"] == "/incident impact …"
    assert commands["Primary cause"] == "/incident cause …"
    assert "- **Customer impact**: Not recorded. Type `/incident impact …`" in to_markdown(review)
    assert texts(review, "figures")[0] == "Time to acknowledge: not acknowledged; target 1 h for P1"
    assert "similar" not in [section.name for section in review.sections], "what has nothing to say is left out"
    assert review.section("escalations").note == "No escalation was planned for this incident."
    assert all(line.nature is Nature.ASKED for line in review.section("went_well").lines)


def test_a_record_without_entries_still_makes_a_document() -> None:
    review = draft(full_facts(entries=(), pings=()), minute(51))
    assert review.section("timeline").lines == ()
    assert "No activity recorded for 43 min (14:30 to 15:13)." in texts(review, "gaps")


def test_an_incident_that_is_still_open_says_so() -> None:
    incident = full_incident(status=Status.MITIGATED, resolved_at=None, closed_at=None)
    review = draft(full_facts(incident=incident, entries=ENTRIES[:9]), minute(20))
    assert "Duration: 20 min (declared 14:30, not resolved)" in texts(review, "summary")
    assert "Time to resolve: not resolved, open for 20 min; target under 30 min for P1" in texts(review, "figures")
    assert all(line.met is None for line in review.section("figures").lines if line.label == "Time to resolve")
    assert "Nobody recorded when it was resolved." in texts(review, "gaps")


@pytest.mark.parametrize(("taken", "met"), [(29.9, True), (30, False)])
def test_the_target_for_resolving_is_to_stay_under_it(taken: float, met: bool) -> None:
    review = draft(full_facts(incident=full_incident(resolved_at=minute(taken))), minute(51))
    assert [line.met for line in review.section("figures").lines if line.label == "Time to resolve"] == [met]


@pytest.mark.parametrize(("taken", "met"), [(60, True), (60.1, False)])
def test_acknowledging_at_the_last_moment_meets_the_response_time(taken: float, met: bool) -> None:
    facts = full_facts(incident=full_incident(acknowledged_at=minute(taken)), entries=())
    review = draft(facts, minute(90))
    assert review.section("figures").lines[1].met is met


def test_without_a_policy_target_no_verdict_is_given() -> None:
    review = draft(full_facts(resolve_within=None), minute(51))
    line = next(line for line in review.section("figures").lines if line.label == "Time to resolve")
    assert (line.text, line.met) == ("43 min", None)


def test_each_opening_is_measured_against_the_severity_that_it_had() -> None:
    entries = (*ENTRIES[:12], entry(20, Kind.REOPENED, minute(44), LEAD, "Reopened."))
    incident = full_incident(acknowledged_at=minute(70), acknowledged_by=LEAD, resolved_at=minute(90), reopened=1)
    changes = (
        SeverityChange(minute(8), Severity.P2, Severity.P1, LEAD),
        SeverityChange(minute(44), Severity.P1, Severity.P0, LEAD),
        SeverityChange(minute(80), Severity.P0, Severity.P1, LEAD),
    )
    review = draft(full_facts(incident=incident, entries=entries, severity_changes=changes), minute(100))
    assert texts(review, "figures")[1:3] == [
        "Time to acknowledge: 4 min by Responder; target 1 h for P2",
        "Time to acknowledge the reopening: 26 min by Team lead; target 15 min for P0",
    ]
    assert [line.met for line in review.section("figures").lines[1:3]] == [True, False]
    improve = texts(review, "could_improve")
    assert "Team lead acknowledged after 26 min, counted from the reopening; the target was 15 min for P0." in improve
    assert "It was resolved and had to be reopened once (15:14)." in improve
    assert "Duration: 1 h 30 min (declared 14:30, resolved 16:00, reopened once)" in texts(review, "summary")


def test_late_unsent_and_failed_pings_are_named() -> None:
    pings = (
        PingFact("on-call engineer", (RESPONDER,), BEGAN, minute(9), None, None, "at once", None),
        PingFact("team lead", (), minute(20), None, None, None, "20 min", None),
        PingFact(
            "engineering manager", (LEAD,), minute(30), None, None, None, "30 min", "Slack answered user_not_found"
        ),
    )
    failed = entry(20, Kind.PING_FAILED, minute(30), None, "Could not page the engineering manager.")
    review = draft(full_facts(pings=pings, entries=(*ENTRIES, failed)), minute(51))
    improve = texts(review, "could_improve")
    assert "The page to the on-call engineer was sent 9 min late." in improve
    assert "The page to the team lead, due 14:50, was never sent, and no reason is recorded." in improve
    assert "1 page could not be delivered." in improve
    assert texts(review, "escalations") == [
        "On-call engineer: paged 14:39, 9 min late (at once): Responder; Responder took part from 14:42",
        "Team lead: due 14:50 (20 min), not sent, no reason recorded",
        "Not paged: engineering manager (due 15:00, 30 min): Slack answered user_not_found",
    ]


def test_repeated_pages_are_one_line_of_the_timeline_save_those_of_another_opening_or_marked() -> None:
    paged = f"Paged <@{RESPONDER}> as on-call engineer (repeated until acknowledged)"
    said = [
        entry(100 + n, Kind.PING_SENT, minute(5 + n), None, f"{paged}{', 9 min late' * (n % 2)}.") for n in range(6)
    ]
    said.append(entry(110, Kind.PING_SENT, minute(12), None, f"{paged}.", key=True))
    said.append(entry(111, Kind.REOPENED, minute(60), LEAD, "Reopened."))
    said.append(entry(112, Kind.PING_SENT, minute(61), None, f"{paged}."))
    review = draft(full_facts(entries=(*ENTRIES, *said)), minute(70))
    told = [text for text in texts(review, "timeline") if "repeated until" in text]
    assert [text.partition("acknowledged)")[2] for text in told] == [
        ", 9 min late, 6 times, the last at 14:40.",
        ".",
        ".",
    ]


def test_much_chatter_is_left_out_and_the_document_says_how_much() -> None:
    chatter = tuple(
        entry(100 + index, Kind.MESSAGE_POSTED, minute(5 + index / 10), LEAD, f"message {index}") for index in range(80)
    )
    review = draft(full_facts(entries=(*ENTRIES, *chatter)), minute(51))
    said = [line.text for line in review.section("timeline").lines if line.by and not line.label]
    # Before: 14:38 severity raised, 14:43 identified; the others follow on the same last words. Plus the key message.
    assert said == ["message 29", "found it: *pool*, @Team lead", "message 79"]
    note = review.section("timeline").note
    assert note is not None
    assert "3 messages of 82 shown" in note
    assert "79 left out here" in note


def test_little_chatter_is_shown_whole() -> None:
    chatter = tuple(
        entry(100 + index, Kind.MESSAGE_POSTED, minute(16), LEAD, f"message {index}") for index in range(19)
    )
    review = draft(full_facts(entries=(*ENTRIES, *chatter)), minute(51))
    assert len([line for line in review.section("timeline").lines if line.by and not line.label]) == 21
    assert review.section("timeline").note == "Times are UTC."


def test_only_the_longest_silences_are_listed() -> None:
    entries = tuple(
        entry(index, Kind.NOTED, minute(20 * index + index), LEAD, "still looking") for index in range(1, 8)
    )
    incident = full_incident(resolved_at=minute(150))
    gaps = texts(draft(full_facts(incident=incident, entries=entries), minute(151)), "gaps")
    assert len([text for text in gaps if text.startswith("No activity recorded for ")]) == 3
    assert "4 shorter silences of over 15 min." in gaps


def test_an_action_item_and_a_notice_end_a_silence_though_the_timeline_does_not_show_them() -> None:
    entries = (
        entry(1, Kind.DECLARED, BEGAN, RESPONDER, "Declared as P1."),
        entry(2, Kind.ACTION_ADDED, minute(14), LEAD, "Action item 1: refund 312 customers"),
        entry(3, Kind.PING_SENT, minute(15), None, "Paged."),
        entry(4, Kind.NOTICE_WRITTEN, minute(28), RESPONDER, "A notice."),
        entry(5, Kind.RESOLVED, minute(41), RESPONDER, "Resolved."),
    )
    review = draft(full_facts(incident=full_incident(resolved_at=minute(41)), entries=entries), minute(42))
    assert not [text for text in texts(review, "gaps") if text.startswith("No activity")]
    assert not [text for text in texts(review, "timeline") if "refund" in text]


def test_the_findings_of_a_diagnosis_are_one_line_of_the_story_and_a_section_of_their_own() -> None:
    many = tuple(
        entry(60 + at, Kind.DIAGNOSED, minute(9), LEAD, f"AWS, orders-api: finding {at}.", key=at == 3)
        for at in range(5)
    )
    few = (entry(70, Kind.DIAGNOSED, minute(20), LEAD, "AWS, orders-db: 500 of 500 connections."),)
    two = tuple(entry(80 + at, Kind.DIAGNOSED, minute(21), LEAD, f"AWS, sqs orders: queue {at}.") for at in range(2))
    review = draft(full_facts(entries=(*ENTRIES, *many, *few, *two)), minute(51))
    story = texts(review, "timeline")
    assert "AWS showed 4 findings of orders-api, asked by Team lead; see What AWS showed." in story
    assert [text for text in story if "finding 3" in text] == ["AWS, orders-api: finding 3."], "it was marked as key"
    assert not [text for text in story if "finding 1" in text]
    assert any("500 of 500 connections" in text for text in story)
    assert any(text.startswith("AWS showed 2 findings of sqs orders,") for text in story)
    found = [f"AWS, orders-api: finding {at}." for at in (0, 1, 2, 4)]
    assert texts(review, "findings") == [*found, "AWS, sqs orders: queue 0.", "AWS, sqs orders: queue 1."]
    assert "findings" not in [section.name for section in draft(full_facts(), minute(51)).sections]


def test_a_check_that_had_no_alarm_to_check_is_no_event_of_the_story() -> None:
    checked = (
        entry(50, Kind.ALARMS_CHECKED, minute(44), None, NO_ALARMS_TO_CHECK),
        entry(51, Kind.ALARMS_CHECKED, minute(45), None, "All 2 CloudWatch alarms are OK."),
    )
    told = texts(draft(full_facts(entries=(*ENTRIES, *checked)), minute(51)), "timeline")
    assert NO_ALARMS_TO_CHECK not in told
    assert "All 2 CloudWatch alarms are OK." in told


def test_a_false_alarm_that_was_closed_as_one_says_why_and_was_not_resolved() -> None:
    why = f"Closed as a false alarm by <@{RESPONDER}>: the exporter: restarted"
    entries = (*ENTRIES[:4], entry(20, Kind.FALSE_ALARM, minute(7), RESPONDER, why))
    bare = full_incident(resolved_at=minute(7), closed_at=minute(7), cause=None, resolution=None)
    review = draft(full_facts(incident=bare, false_alarm=True, entries=entries), minute(8))
    said = {
        line.label: line.text for name in ("executive", "root_cause", "figures") for line in review.section(name).lines
    }
    assert said["Outcome"] == "False alarm: the exporter: restarted"
    assert said["Primary cause"] == "the exporter: restarted"
    assert "Cause" not in said, "the outcome says it"
    assert said["Duration"].endswith("closed 14:37)")
    assert said["Time to close"] == "7 min" and "Time to resolve" not in said


def test_a_false_alarm_that_was_reopened_gives_no_reason_of_before() -> None:
    why = f"Closed as a false alarm by <@{RESPONDER}>: it was a test"
    entries = (
        *ENTRIES[:4],
        entry(20, Kind.FALSE_ALARM, minute(7), RESPONDER, why),
        entry(21, Kind.REOPENED, minute(9), RESPONDER, "Reopened."),
        entry(22, Kind.RESOLVED, minute(12), RESPONDER, "Resolved."),
        entry(23, Kind.CLOSED, minute(14), RESPONDER, "Closed as a false alarm."),
    )
    bare = full_incident(resolved_at=minute(12), cause=None)
    review = draft(full_facts(incident=bare, false_alarm=True, entries=entries), minute(15))
    said = {line.label: line.text for line in review.section("summary").lines}
    assert said["Outcome"] == "False alarm"


def test_the_time_between_resolving_and_reopening_is_no_gap_and_who_acknowledged_is_asked_of_the_reopening() -> None:
    entries = (
        entry(1, Kind.DECLARED, BEGAN, RESPONDER, "Declared as P1."),
        entry(2, Kind.ACKNOWLEDGED, minute(4), RESPONDER, "Acknowledged."),
        entry(3, Kind.RESOLVED, minute(10), RESPONDER, "Resolved."),
        entry(4, Kind.MESSAGE_POSTED, minute(12), LEAD, "thanks"),
        entry(5, Kind.REOPENED, minute(60), RESPONDER, "Reopened."),
        entry(6, Kind.RESOLVED, minute(100), RESPONDER, "Resolved."),
    )
    incident = full_incident(resolved_at=minute(100), acknowledged_at=None, acknowledged_by=None)
    gaps = texts(draft(full_facts(incident=incident, entries=entries), minute(101)), "gaps")
    assert gaps == [
        "Nobody recorded who acknowledged it after it was reopened.",
        "No activity recorded for 40 min (15:30 to 16:10).",
    ]


@pytest.mark.parametrize("owner", [None, LEAD, "Ops (night)"])
@pytest.mark.parametrize("due_on", [None, date(2026, 11, 27)])
@pytest.mark.parametrize("done", [False, True])
def test_what_is_to_be_done_is_told_without_its_terms(owner: str | None, due_on: date | None, done: bool) -> None:
    item = ActionItem("watch the pool (all of it)", "high", owner, due_on, done=done)
    (line, *_) = draft_actions([item], {LEAD: "Team lead"}, BEGAN.date()).lines
    assert line.text != item.text
    assert without_terms(line.text) == item.text


def test_instants_of_another_day_carry_their_date() -> None:
    later = entry(20, Kind.NOTED, datetime(2026, 11, 21, 9, 5, tzinfo=UTC), LEAD, "looked again")
    review = draft(full_facts(entries=(*ENTRIES, later)), datetime(2026, 11, 21, 10, 0, tzinfo=UTC))
    assert [line.clock for line in review.section("timeline").lines][-2:] == ["15:20", "2026-11-21 09:05"]


def past(ref: str, on: date | None, cause: str) -> PastIncident:
    """One that looked the same by its words."""
    return PastIncident(ref, "Checkout fails", cause, "", on, same=True)


def test_only_the_same_cause_on_an_earlier_day_counts_as_a_repetition() -> None:
    similar = (
        past("A-1", date(2026, 9, 4), "The connection pool of the database was exhausted after a sale"),
        past("A-2", date(2026, 10, 1), "Disk of the database full"),
        past("A-3", BEGAN.date(), "Database connection pool exhausted"),  # other trouble of the same day
        past("A-4", None, "Database connection pool exhausted"),
        past("A-5", date(2026, 12, 1), "Database connection pool exhausted"),
        past("A-6", date(2026, 10, 2), ""),
    )
    lines = texts(draft(full_facts(similar=similar), minute(51)), "similar")
    assert lines[6:] == ["2nd time since September by the recorded causes, which say the same: A-1."]
    unknown = full_facts(similar=similar, incident=full_incident(cause=None))
    assert len(texts(draft(unknown, minute(51)), "similar")) == 6, "without a cause nothing is a repetition"


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ("this is the same trouble as A-2", True),
        ("A-2 is recurring", True),
        ("see A-2 for the dashboard", False),
        ("not the same as A-2", False),
        ("A-2 was different. Same as A-9 though", False),
        ("same as A-22", False),
    ],
)
def test_a_person_may_call_it_the_same_trouble_whatever_the_day(words: str, counts: bool) -> None:
    similar = (past("A-2", BEGAN.date(), "Disk full"),)
    entries = (*ENTRIES, entry(30, Kind.MESSAGE_POSTED, minute(20), LEAD, words))
    said = draft(full_facts(similar=similar, entries=entries), minute(51)).section("similar").lines[1:]
    assert [(line.text, line.entries[0].entry_id) for line in said] == (
        [("Team lead called A-2 the same problem.", 30)] if counts else []
    )


def test_pages_that_come_again_end_no_silence_of_people() -> None:
    paged = [entry(100 + n, Kind.PING_SENT, minute(15 + 5 * n), None, f"Paged number {n}.") for n in range(5)]
    review = draft(full_facts(entries=(*ENTRIES[:8], *paged, *ENTRIES[9:])), minute(51))
    assert texts(review, "gaps") == ["No activity recorded for 27 min (14:43 to 15:10)."]
    review = draft(full_facts(entries=(*ENTRIES, *paged)), minute(51))
    assert texts(review, "gaps") == [], "who watches what is mitigated leaves no gap"


def test_each_role_is_one_line_of_the_escalations_and_an_answer_counts_for_its_own_opening() -> None:
    def page(at: float, rule: str, role: str = "on-call engineer", who: str = RESPONDER) -> PingFact:
        return PingFact(role, (who,), minute(at), minute(at), minute(75), RESPONDER, rule, None)

    pings = (
        page(0, "at once"),
        *(page(5 * n, "repeated until acknowledged") for n in range(1, 9)),
        PingFact("VP engineering", (LEAD,), minute(20), minute(20), None, None, "20 min", None),
        page(60, "at once"),
        page(65, "repeated until acknowledged"),
        PingFact("on-call engineer", (), minute(90), None, None, None, "every 5 min", "acknowledged before it was due"),
        PingFact("team lead", (), minute(90), None, None, None, "30 min", "acknowledged before it was due"),
    )
    quiet = (entry(1, Kind.DECLARED, BEGAN, LEAD, "Declared."), entry(20, Kind.REOPENED, minute(60), LEAD, "Reopened."))
    facts = full_facts(pings=pings, entries=quiet, incident=full_incident(resolved_at=minute(100)))
    assert texts(draft(facts, minute(101)), "escalations") == [
        "On-call engineer: paged 9 times, 14:30 to 15:10 (at once; repeated until acknowledged): Responder; "
        "no answer; after the reopening at 15:30 paged 2 times, 15:30 to 15:35 "
        "(at once; repeated until acknowledged): Responder; acknowledged 15:45",
        "VP engineering: paged 14:50 (due after 20 min): Team lead; no answer",
        "Not paged: team lead: it was acknowledged or over before their pages were due",
    ]


def test_of_a_notice_only_its_news_is_told_and_emoji_codes_are_left_out() -> None:
    said = (
        entry(
            30,
            Kind.STAKEHOLDERS_TOLD,
            minute(9),
            LEAD,
            "Notified stakeholders in <#C9|status>; 2 mails on the way: Incident: INC-1; Impact: not known yet",
        ),
        entry(31, Kind.MESSAGE_POSTED, minute(10), LEAD, ":eyes: at 10:30:45 it was :fire:"),
        entry(32, Kind.MESSAGE_POSTED, minute(11), LEAD, ":+1:"),
        entry(33, Kind.NOTED, minute(12), None, "Earlier cause, before reopening: Disk full"),
        entry(34, Kind.STAKEHOLDERS_TOLD, minute(13), LEAD, told_of("identified", "; News: build 7; half done")),
        entry(35, Kind.STAKEHOLDERS_TOLD, minute(43), LEAD, told_of("RESOLVED", "; Duration: 43 min")),
        entry(36, Kind.CHECK_DONE, minute(43), LEAD, checked_by_notice(LEAD)),
    )
    lines = {line.entries[0].entry_id: line.text for line in told(full_facts(entries=(*ENTRIES, *said)))}
    assert lines[30] == "Team lead notified stakeholders in #status and by 2 mails."
    assert (lines[31], lines[32]) == ("at 10:30:45 it was", "(a message without words)")
    assert 33 not in lines, "the cause stands on the timeline when it was recorded"
    assert lines[34] == "Team lead notified stakeholders in #status: “build 7; half done”"
    assert lines[35] == "Team lead notified stakeholders in #status that it is resolved."
    assert 36 not in lines, "the line before says it"


def told_of(status: str, rest: str) -> str:
    return f"Notified stakeholders in <#C9|status>: Incident: INC-1; Status: {status}{rest}; Next steps: not known yet"


def test_when_it_began_and_was_detected_stands_at_that_time_with_what_else_the_note_says() -> None:
    began = entry(30, Kind.NOTED, minute(12), LEAD, "began at 2026-11-20 13:40 UTC: first double order 88121")
    found = entry(31, Kind.NOTED, minute(13), LEAD, "detected at 2026-11-20 14:28 UTC: by customers' calls")
    lines = told(full_facts(entries=(*ENTRIES, began, found)))
    assert [(line.clock, line.text) for line in lines[:2]] == [
        ("13:40", "Began, as noted by Team lead at 14:42: first double order 88121"),
        ("14:28", "Detected, as noted by Team lead at 14:43: by customers' calls"),
    ]
    assert not {30, 31} & {line.entries[0].entry_id for line in lines[2:]}


def test_a_severity_that_was_raised_and_taken_back_says_both() -> None:
    changes = (
        SeverityChange(minute(5), Severity.P1, Severity.P0, LEAD),
        SeverityChange(minute(9), Severity.P0, Severity.P1, LEAD),
    )
    review = draft(full_facts(severity_changes=changes), minute(51))
    raised = "Severity was raised from P1 to P0, 5 min after the declaration; lowered to P1 at 14:39."
    assert raised in texts(review, "could_improve")
    assert "Severity: P0 at its worst (14:35 to 14:39); declared P1 and again from 14:39" in texts(review, "summary")
    lowered = (SeverityChange(minute(5), Severity.P0, Severity.P2, LEAD),)
    review = draft(full_facts(incident=full_incident(severity=Severity.P2), severity_changes=lowered), minute(51))
    assert "Severity: P2 (declared P0, lowered to P2 at 14:35 by Team lead)" in texts(review, "summary")


def test_an_instant_of_slacks_is_read_as_its_words() -> None:
    wording = Wording({}, BEGAN.date())
    assert (
        wording.plain("promised by <!date^1795935663^{time}|2026-11-29 07:01 UTC>")
        == "promised by 2026-11-29 07:01 UTC"
    )


def test_what_nobody_did_is_no_numbered_action_item() -> None:
    assert "\n- No action item is agreed yet. Type" in to_markdown(draft(full_facts(actions=()), minute(51)))


def told(facts: ReviewFacts) -> tuple[Line, ...]:
    return draft(facts, minute(51)).section("timeline").lines


def test_what_was_recorded_before_reopening_is_offered_where_nothing_is_recorded_since() -> None:
    aside = entry(33, Kind.NOTED, minute(12), None, "Earlier cause, before reopening: Disk full")
    review = draft(full_facts(entries=(*ENTRIES, aside), incident=full_incident(cause=None)), minute(51))
    (cause,) = [line for line in review.section("root_cause").lines if line.label == "Primary cause"]
    assert (cause.nature, cause.text) == (Nature.ASKED, "Not recorded since it was reopened. Before: Disk full.")


@pytest.mark.parametrize(
    ("alarm", "said"),
    [
        (True, "14:27, when the alarm fired, 3 min before it was declared; no other time was noted"),
        (False, "14:27, when Team lead reported it, 3 min before it was declared; no other time was noted"),
    ],
)
def test_the_alarm_or_report_says_when_it_was_detected_where_nobody_noted_it(alarm: bool, said: str) -> None:
    report = Report(minute(-3), LEAD, alarm, "https://example.slack.com/archives/C0/p1")
    review = draft(full_facts(detected_at=None, report=report), minute(51))
    (line,) = [line for line in review.section("summary").lines if line.label == "Detected"]
    assert (line.nature, line.text) == (Nature.DERIVED, said)
    assert review.section("timeline").lines[0].clock == "14:27"
    assert texts(review, "figures")[0] == f"Time to declare: 3 min after the {'alarm' if alarm else 'report'}"
    noted = draft(full_facts(report=report), minute(51)).section("summary")
    assert "when it was detected" not in str(noted) and "14:28, 2 min before it was declared" in str(noted)


def test_a_false_alarm_is_asked_only_what_raised_it() -> None:
    bare = full_incident(impact=None, cause=None, resolution=None)
    facts = full_facts(false_alarm=True, incident=bare, services=(), contributing=(), detected_at=None, actions=())
    review = draft(facts, minute(51))
    assert [line.label for line in open_questions(review) if line.label] == ["Primary cause"]
    assert all(line.met is None for line in review.section("figures").lines if line.label == "Time to resolve")


def test_ten_thousand_entries_make_a_readable_timeline() -> None:
    many = tuple(
        entry(
            index,
            Kind.MESSAGE_POSTED,
            BEGAN + timedelta(seconds=index / 5),
            LEAD,
            f"line {index}",
            key=index % 500 == 0,
        )
        for index in range(100, 10_100)
    )
    review = draft(full_facts(entries=(*ENTRIES, *many)), minute(51))
    assert len(review.section("timeline").lines) < 50
    assert "left out here" in (review.section("timeline").note or "")


def rendered(markdown: str) -> str:
    """As CommonMark shows it, raw HTML, tables and strike-through allowed: the least safe of the usual settings."""
    page: str = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    return page


def test_hostile_text_breaks_neither_markdown_nor_html_and_pings_nobody() -> None:
    review = draft(hostile_facts(), minute(51))
    markdown = to_markdown(review)
    page = rendered(markdown)
    assert set(re.findall(r"<([a-z0-9]+)", page)) == {
        "h1",
        "h2",
        "p",
        "strong",
        "em",
        "ul",
        "ol",
        "li",
        "a",
        "br",
        "code",
    }
    assert all(link.startswith("https://x.example.com/") for link in re.findall(r'href="([^"]*)"', page))
    assert not re.search(r"<[!@#]", markdown)
    assert not re.search(r"(?<![\w.+-])@\w", markdown)
    assert not re.search("[\u202a-\u202e\x00\x1b]", markdown)
    assert markdown.count("\n## ") == len(review.sections)
    markdown.encode("utf-8")


def test_hostile_text_is_cut_and_the_line_says_by_how_much() -> None:
    review = draft(hostile_facts(), minute(51))
    assert max(len(line.text) for section in review.sections for line in section.lines) < 3_000
    assert "more characters in the record" in review.title


def test_json_is_stable_and_comes_back_as_the_same_review() -> None:
    for facts in (full_facts(), hostile_facts()):
        review = draft(facts, minute(51))
        document = json.loads(json.dumps(to_json(review)))
        assert from_json(document) == review
    document = to_json(draft(full_facts(), minute(51)))
    assert list(document) == [
        "format",
        "ref",
        "title",
        "severity",
        "status",
        "began_at",
        "resolved_at",
        "drafted_at",
        "stage",
        "steps",
        "sections",
    ]
    assert [section["name"] for section in document["sections"]] == [
        "executive",
        "summary",
        "timeline",
        "root_cause",
        "went_well",
        "could_improve",
        "action_items",
        "figures",
        "escalations",
        "similar",
    ]
    assert document["sections"][2]["lines"][3] == {
        "text": "see the board (https://grafana.example.com/d/1)",
        "nature": "recorded",
        "label": None,
        "by": "Responder",
        "at": "2026-11-20T14:36:00+00:00",
        "clock": "14:36",
        "command": None,
        "met": None,
        "key": False,
        "fresh": False,
        "entries": [{"entry_id": 4, "permalink": "https://example.slack.com/archives/C1/p4"}],
    }


def test_a_document_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 99"):
        from_json(to_json(draft(full_facts(), minute(51))) | {"format": 99})


def test_the_summary_for_slack_holds_facts_targets_and_questions() -> None:
    summary = summary_for_slack(draft(full_facts(detected_at=None), minute(51)))
    facts = dict(summary.facts)
    assert facts["Duration"] == "43 min (declared 14:30, resolved 15:13)"
    assert facts["Cause"] == "Database connection pool exhausted"
    assert facts["Time to resolve"] == "43 min; target under 30 min for P1", "of the figures, what was missed"
    assert [line.label for line in summary.asked if line.label] == ["Detected"]


def test_a_false_alarm_is_said_first() -> None:
    review = draft(full_facts(false_alarm=True, playbook_helped=None), minute(51))
    assert texts(review, "summary")[0] == "Outcome: False alarm: Database connection pool exhausted", "its cause"
    assert review.title == "False alarm: Checkout returns 502 for a third of users"
    bare = full_facts(false_alarm=True, incident=full_incident(impact=None))
    assert "Customer impact: none recorded (false alarm)" in texts(draft(bare, minute(51)), "summary")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U1> and <@U2|two> and <@U3>", "@One and @two and @somebody"),
        ("in <#C1|general> or <#C2>", "in #general or a private channel"),
        ("<!channel> <!subteam^S1|@oncall> <!subteam^S2>", "@channel @oncall @group"),
        ("<https://example.com/a|a> <https://example.com/b>", "a (https://example.com/a) https://example.com/b"),
        ("<https://example.com/a|example.com/a>", "https://example.com/a"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("one\n\n two\ttabs\u200b", "one two tabs"),
    ],
)
def test_slack_text_is_made_plain(text: str, words: str) -> None:
    assert Wording({"U1": "One"}, BEGAN.date()).plain(text, mention="@") == words


def test_people_mentioned_in_texts_are_found_so_that_their_names_can_be_looked_up() -> None:
    assert mentioned(["<@U1> asks <@W2|two>", "nobody, <!here>", "<@U1>"]) == {"U1", "W2"}


def test_what_comes_after_the_resolution_leaves_no_gap() -> None:
    late = entry(20, Kind.NOTED, minute(300), LEAD, "looked again")
    gaps = texts(draft(full_facts(entries=(*ENTRIES[:8], *ENTRIES[9:], late)), minute(301)), "gaps")
    assert gaps == ["No activity recorded for 27 min (14:43 to 15:10)."]


def test_an_acknowledgement_after_a_breach_never_counts_as_in_time() -> None:
    breach = entry(20, Kind.RESPONSE_BREACHED, minute(3), None, "Nobody acknowledged within 3 min.")
    review = draft(full_facts(entries=(*ENTRIES, breach)), minute(51))
    (line,) = [line for line in review.section("figures").lines if line.label == "Time to acknowledge"]
    assert line.met is False


def test_detection_services_factors_and_severity_cite_the_notes_that_said_them() -> None:
    # The factor told first was noted last, for an earlier time.
    notes = (
        entry(21, Kind.NOTED, minute(5), RESPONDER, "detected at 14:28"),
        entry(22, Kind.NOTED, minute(6), RESPONDER, "contributing: no alarm"),
        entry(23, Kind.NOTED, minute(2), RESPONDER, "contributing: a sale"),
        entry(24, Kind.NOTED, minute(7), RESPONDER, "services: checkout"),
        entry(25, Kind.NOTED, minute(8), RESPONDER, "detected at 25:99"),
    )
    facts = full_facts(entries=(*ENTRIES, *notes), contributing=("no alarm", "a sale"), services=("checkout",))
    review = draft(facts, minute(51))
    cited = {
        line.text: [one.entry_id for one in line.entries]
        for name in ("summary", "root_cause", "figures")
        for line in review.section(name).lines
    }
    assert (cited["no alarm"], cited["a sale"], cited["checkout"]) == ([22], [23], [24])
    assert cited["14:28, 2 min before it was declared, noted by Responder"] == [21]
    assert cited["2 min after it was detected"] == [21]
    severity = next(line for line in review.section("summary").lines if line.label == "Severity")
    assert [one.entry_id for one in severity.entries] == [1, 5]
    timeline = [(line.clock, line.label, line.text) for line in review.section("timeline").lines]
    assert timeline[0] == ("14:28", None, "Detected, as noted by Responder at 14:35.")
    assert ("14:32", "Contributing factor", "a sale") in timeline
    assert not [line for line in timeline if "services" in line[2] or "25:99" in line[2]]


def test_what_people_noted_as_good_or_bad_fills_its_section_with_their_names() -> None:
    notes = (
        entry(21, Kind.NOTED, minute(45), LEAD, f"went well: support & <@{RESPONDER}> had a workaround"),
        entry(22, Kind.NOTED, minute(46), RESPONDER, "improve: a test of the pool"),
        entry(23, Kind.NOTED, minute(47), LEAD, "Could be improved: who owns the pool"),
    )
    review = draft(full_facts(entries=(*ENTRIES, *notes)), minute(51))
    said = {
        name: [(line.by, line.text) for line in review.section(name).lines if line.nature is Nature.RECORDED]
        for name in ("went_well", "could_improve")
    }
    assert said == {
        "went_well": [("Team lead", "support & Responder had a workaround")],
        "could_improve": [("Responder", "a test of the pool"), ("Team lead", "who owns the pool")],
    }
    assert not [line for name in said for line in review.section(name).lines if line.nature is Nature.ASKED]
    assert not [line for line in review.section("timeline").lines if "pool" in line.text and line.by == "Team lead"]


def test_what_was_run_of_playbooks_is_said_with_the_step_that_ended_it() -> None:
    ran = (
        PlaybookFact("PB-lambda", "Lambda is <denied>", 5, 3, 1, 1, "step 4, Put the permissions back"),
        PlaybookFact("GUIDE-cors", "CORS", 2, 0, 0, 0),
    )
    started = Entry(99, Kind.PLAYBOOK_STARTED, minute(3), RESPONDER, "Playbook PB-lambda started by …", False, None)
    review = draft(full_facts(playbooks=ran, entries=(*ENTRIES, started)), minute(51))
    lines = [line for line in review.section("root_cause").lines if line.label == "Playbook"]
    assert [line.text for line in lines] == [
        "PB-lambda, Lambda is <denied>: of 5 steps 3 done, 1 did not help, 1 skipped; "
        "step 4, Put the permissions back ended it",
        "GUIDE-cors, CORS: of 2 steps none decided",
    ]
    assert [origin.entry_id for origin in lines[0].entries] == [99]


def test_a_cause_that_was_misread_first_is_told_and_the_time_to_identify_counts_to_the_one_that_stands() -> None:
    incident = full_incident(identified_at=minute(12), mitigated_at=minute(40), resolved_at=minute(50))
    entries = (
        entry(1, Kind.DECLARED, BEGAN, LEAD, "Declared."),
        entry(2, Kind.CAUSE_RECORDED, minute(10), RESPONDER, "the payment provider is down"),
        entry(3, Kind.STATUS_CHANGED, minute(12), RESPONDER, "Status investigating → identified."),
        entry(4, Kind.CAUSE_RECORDED, minute(30), RESPONDER, "build 88 keeps transactions open"),
        entry(5, Kind.CAUSE_RECORDED, minute(49), RESPONDER, "a missing review of build 88's schema"),
    )
    review = draft(full_facts(entries=entries, incident=incident), minute(51))
    improve = texts(review, "could_improve")
    assert "The cause recorded first, “the payment provider is down” (14:40), was replaced at 15:00." in improve
    assert (
        "Most of the time, 30 min, passed between the declaration and finding the cause: "
        "4 min until it was acknowledged, 26 min from then on." in improve
    )
    assert "Time to identify: 30 min" in texts(review, "figures")
    worded = (*entries[:3], entry(4, Kind.CAUSE_RECORDED, minute(30), RESPONDER, "the payment provider was down again"))
    review = draft(full_facts(entries=worded, incident=incident), minute(51))
    assert not any("The cause recorded first" in line for line in texts(review, "could_improve"))


MESSY = draft(messy_facts(), minute(171))


def test_an_impact_that_is_older_than_a_raise_says_so_and_is_asked_for_anew() -> None:
    said = "card payments fail for about 40 % of customers (as of 15:49); raised to P0 at 16:20: “nobody can pay”"
    assert f"Customer impact: {said}" in texts(MESSY, "summary")
    assert f"Impact: {said}" in texts(MESSY, "executive")
    asked = "Impact at its worst: The impact (15:49) is older than the raise to P0 (16:20)."
    assert asked in texts(MESSY, "gaps")
    later = entry(90, Kind.IMPACT_RECORDED, minute(115), SECONDARY, "nobody could pay by card from 16:10 to 16:40")
    facts = messy_facts(
        entries=(*messy_facts().entries, later), incident=replace(messy_facts().incident, impact=later.text)
    )
    again = draft(facts, minute(171))
    assert f"Customer impact: {later.text}" in texts(again, "summary") and asked not in texts(again, "gaps")
    edit = Edit("summary", 1, "Customer impact: nobody could pay", (), "Lead", minute(180))
    assert asked not in texts(merge(MESSY, [edit]), "gaps"), "somebody wrote it in the review"


def test_the_worst_severity_is_said_and_every_raise_is_named() -> None:
    severity = "Severity: P0 at its worst (16:20 to 16:40); declared P2, P1 from 14:38 and again from 16:40"
    assert severity in texts(MESSY, "summary")
    assert [text for text in texts(MESSY, "could_improve") if text.startswith("Severity was")] == [
        "Severity was raised from P2 to P1, 8 min after the declaration.",
        "Severity was raised from P1 to P0, 1 h 50 min after the declaration; lowered to P1 at 16:40.",
    ]


def test_taking_command_is_no_acknowledgement() -> None:
    (line,) = [text for text in texts(MESSY, "escalations") if text.startswith("Secondary on-call")]
    assert line.endswith("secondary; did not acknowledge; took part from 16:05, in command from 16:10")


def test_what_nobody_had_acknowledged_is_not_put_down_to_diagnosis() -> None:
    improve = texts(MESSY, "could_improve")
    assert (
        "Most of the time, 1 h 38 min, passed between the declaration and finding the cause: "
        "1 h 15 min until it was acknowledged, 23 min from then on." in improve
    )
    assert "Nobody wrote or answered for 1 h 7 min (14:38 to 15:45), while Tocsin sent 6 pages." in improve
    silences = [text for text in texts(MESSY, "gaps") if text.startswith("No activity")]
    assert silences == ["No activity recorded for 18 min (16:22 to 16:40)."], "later pages only inform"


def test_what_stakeholders_were_promised_and_did_not_get_is_said() -> None:
    (line,) = [text for text in texts(MESSY, "could_improve") if "Stakeholders" in text]
    assert line == (
        "Stakeholders got one update, at 16:22, 1 h 52 min after the declaration; Tocsin asked for it once. "
        "The next, promised by 16:52, never came, nor did a notice that it was resolved."
    )
    assert "The stakeholder update promised by 16:52 had not come." in texts(MESSY, "timeline")
    masked = tuple(
        replace(one, text=re.sub(r"<!date\S+", "<[secret masked]", one.text)) for one in messy_facts().entries
    )
    assert texts(draft(messy_facts(entries=masked), minute(171)), "could_improve") == texts(MESSY, "could_improve")
    ended = entry(91, Kind.STAKEHOLDERS_TOLD, minute(165), SUPPORT, "Notified: x; Status: RESOLVED; Duration: 1 h")
    review = draft(messy_facts(entries=(*messy_facts().entries, ended)), minute(171))
    (line,) = [text for text in texts(review, "could_improve") if "Stakeholders" in text]
    assert line.endswith("Tocsin asked for it once. The next, promised by 16:52, came at 17:15.")


def test_spans_are_the_difference_of_the_clocks_that_are_shown() -> None:
    declared = BEGAN + timedelta(seconds=1)
    incident = full_incident(
        declared_at=declared, acknowledged_at=minute(2.99), resolved_at=minute(10.9), mitigated_at=None
    )
    figures = texts(draft(full_facts(incident=incident, entries=()), minute(51)), "figures")
    assert "Time to acknowledge: 2 min by Responder; target 1 h for P2" in figures
    assert "Time to resolve: 10 min; target under 30 min for P1" in figures
    late = replace(incident, acknowledged_at=declared + timedelta(minutes=60, seconds=20))
    figures = texts(draft(full_facts(incident=late, entries=()), minute(90)), "figures")
    assert "Time to acknowledge: just over 1 h by Responder; target 1 h for P1" in figures, "missed by seconds"


def test_the_story_tells_pages_roles_and_the_end_as_they_were() -> None:
    story = texts(MESSY, "timeline")
    assert "Paged eng-manager (engineering manager) when it became P0." in story
    assert "Paged vp-engineering as VP engineering (2 h)." in story, "its own time had come"
    assert "responder handed command to secondary." in story
    assert not [line for line in story if "offers command" in line or "accepts command" in line]
    assert "support-agent took over communications, assigned by secondary." in story
    assert "Resolved by secondary: build 89 ends the transaction before the call" in story
    assert not [line for line in story if line.startswith("Resolution")]
    (line,) = [text for text in texts(MESSY, "escalations") if text.startswith("Engineering manager")]
    assert line == "Engineering manager: paged 16:20 (when it became P0): eng-manager; no answer"


def test_an_offer_of_command_that_nobody_accepted_stays_an_event() -> None:
    entries = tuple(one for one in messy_facts().entries if "accepts command" not in one.text)
    story = texts(draft(messy_facts(entries=entries), minute(171)), "timeline")
    assert "responder offers command to secondary." in story


def test_a_try_that_failed_is_asked_about_until_a_factor_is_recorded() -> None:
    (line,) = [text for text in texts(MESSY, "root_cause") if text.startswith("Contributing factors")]
    assert line.endswith("Not recorded. Did this contribute? “rollback fails: column missing” (16:18)")
    assert not [
        text
        for text in texts(draft(messy_facts(contributing=("no test",)), minute(171)), "root_cause")
        if "rollback" in text
    ]


def test_nobody_was_paged_is_one_line_and_who_declared_it_is_not_praised_for_knowing() -> None:
    pings = (replace(PINGS[1], due_at=minute(10), reason_not_sent="acknowledged before it was due"), PINGS[1])
    review = draft(full_facts(pings=pings), minute(51))
    assert texts(review, "escalations") == ["Nobody was paged: it was acknowledged before the first page was due."]
    assert not [text for text in texts(review, "went_well") if "acknowledged" in text.lower()]
    declared = full_facts(incident=full_incident(declared_by=LEAD))
    assert "The on-call engineer acknowledged after 4 min; the target was 1 h for P2." in texts(
        draft(declared, minute(51)), "went_well"
    )


def test_an_incident_that_only_reads_alike_is_not_listed_where_the_causes_are_others() -> None:
    other = PastIncident("A-1", "Checkout returned 502", "A certificate of the balancer ran out", "Renewed", None)
    assert "similar" not in [one.name for one in draft(full_facts(similar=(other,)), minute(51)).sections]
    unknown = full_facts(similar=(other,), incident=full_incident(cause=None))
    assert texts(draft(unknown, minute(51)), "similar"), "no cause to compare by"


def test_what_is_approved_asks_nobody_to_type_and_bare_numbers_are_left_out() -> None:
    drafted = to_markdown(MESSY)
    assert "Type `/incident" in drafted and "(entry " not in drafted
    approved = to_markdown(replace(MESSY, stage=Stage.APPROVED))
    assert "Type `" not in approved and "**Services affected**: Not recorded." in approved


def test_findings_that_no_action_item_speaks_of_are_named_below_the_action_items() -> None:
    assert MESSY.section("action_items").note == "No action item yet for: acknowledged late, stakeholders updated late."
    items = (*messy_facts().actions, ActionItem("page by telephone, too", "high", LEAD, None))
    note = draft(messy_facts(actions=items), minute(171)).section("action_items").note
    assert note == "No action item yet for: stakeholders updated late."
    assert draft(full_facts(actions=()), minute(51)).section("action_items").note is None
