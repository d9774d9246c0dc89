"""The draft of the review: what a full record becomes, what is asked for, and where text of people stays."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from markdown_it import MarkdownIt

from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import ActionItem, Nature, PastIncident, PingFact, PlaybookFact, Review
from bot.reviews.rules.drafting import draft, draft_actions, without_terms
from bot.reviews.rules.renderings import summary_for_slack, to_markdown
from bot.reviews.tables import from_json, to_json
from bot.text.wording import Wording, mentioned
from tests.reviews.review_facts import (
    BEGAN,
    ENTRIES,
    LEAD,
    PINGS,
    RESPONDER,
    entry,
    full_facts,
    full_incident,
    hostile_facts,
    minute,
)

EXPECTED = """\
# Post-incident review: INC-2026-0001

**Checkout returns 502 for a third of users**

_Draft from the record as of 2026-11-20 15:21 UTC; the incident is closed._

## Incident summary

- **Date and time**: 2026-11-20 14:28 UTC (entry 1)
- **Duration**: 45 min (detected 14:28, declared 14:30, resolved 15:13) (entry 1) (entry 12)
- **Severity**: P1 (raised from P2 to P1 at 14:38 by Team lead) (entry 1) (entry 5)
- **Services affected**: checkout, payments
- **Customer impact**: 15 % of requests failed (entry 10)

## Timeline

_Times are UTC._

- 14:30 Declared as P2 by Responder: Checkout returns 502 (entry 1)
- 14:30 Paged Responder as on-call engineer (at once). (entry 2)
- 14:34 Acknowledged by Responder after 4 min. (entry 3)
- [14:36](https://example.slack.com/archives/C1/p4) **Responder**: see the board (https://grafana.example.com/d/1)
- 14:38 Severity raised from P2 to P1 by Team lead. (entry 5)
- [14:42](https://example.slack.com/archives/C1/p6) 📌 **Responder**: found it: \\*pool\\*, @\u200bTeam lead
- 14:42 **Cause** by Responder: Database connection pool exhausted (entry 7)
- 14:43 Status investigating → identified by Responder. (entry 8)
- 14:45 Status identified → mitigated by Responder. (entry 9)
- 15:10 **Impact** by Team lead: 15 % of requests failed (entry 10)
- 15:13 **Resolution** by Responder: Memory raised, pool size doubled (entry 11)
- 15:13 Resolved by Responder after 43 min. (entry 12)
- 15:20 Closed by Team lead. (entry 13)

## Root cause analysis

- **Primary cause**: Database connection pool exhausted (entry 7)
- **Contributing factor**: Pool size never matched to the load
- **Resolution**: Memory raised, pool size doubled (entry 11)
- **Playbook**: resolved it (entry 13)

## What went well

_Calculated by Tocsin from the figures and their targets. Add what the team found._

- Acknowledged within 4 min by Responder; the target for P1 is 1 h. (entry 3)
- The playbook resolved it. (entry 13)
- Not recorded: what the people involved found went well. Type `/incident note went well: …`

## What could be improved

_Calculated by Tocsin from the figures and their targets. Add what the team found._

- Resolved after 43 min; the target for P1 is under 30 min. (entry 12)
- Most of the time, 28 min of 43 min, passed between mitigating it and resolving it. (entry 12)
- Severity was raised from P2 to P1, 8 min after the declaration. (entry 5)
- Not recorded: what the people involved would change. Type `/incident note improve: …`

## Action items

_Proposals come from similar incidents. They count once somebody accepts them._

1. **HIGH**: Watch the connection pool (owner: Team lead, due: 2026-11-27)
2. **MEDIUM**: Review memory allocations (no owner yet, due: 2026-12-04)
3. **Proposed**: Alert on pool use (from a similar incident)

## Response figures

_Times count from the declaration._

- **Time to declare**: 2 min after it was detected
- **Time to acknowledge**: 4 min by Responder; target 1 h ✓ met (entry 3)
- **Time to identify**: 13 min (entry 8)
- **Time to mitigate**: 15 min (entry 9)
- **Time to resolve**: 43 min; target under 30 min ✗ missed (entry 12)
- **People involved**: 2 people
- **Messages in the channel**: 2 messages

## Escalations

- **On-call engineer**: due 14:30 (at once); sent 14:30 to Responder; acknowledged 14:34 by Responder (entry 2)
- **Not sent**: team lead (due 16:30, 2 h): resolved before it was due

## Similar past incidents

_Matched by words. Whether the cause is the same is for you to judge._

- **INC-2023-0445**: Database connection pool exhaustion ended by resetting the pools. \
Cause: Connections were not released. Fix: Pools reset.

## Gaps in the record

- 25 min without an entry (14:45 to 15:10). (entry 9)
"""


def texts(review: Review, section: str) -> list[str]:
    return [f"{line.label}: {line.text}" if line.label else line.text for line in review.section(section).lines]


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
        actions=(),
        playbook_helped=None,
    )
    review = draft(bare, minute(51))
    asked = [line for line in review.section("gaps").lines if line.nature is Nature.ASKED]
    assert [line.text for line in asked] == [
        "Nobody recorded when it was detected.",
        "Nobody recorded who acknowledged it.",
        "Nobody recorded who was in command.",
        "Nobody recorded the services affected.",
        "Nobody recorded the customer impact.",
        "Nobody recorded the root cause.",
        "Nobody recorded what resolved it.",
    ]
    commands = {line.label: line.command for name in ("summary", "root_cause") for line in review.section(name).lines}
    assert commands["Customer impact"] == "/incident impact …"
    assert commands["Primary cause"] == "/incident cause …"
    assert "- **Customer impact**: Not recorded. Type `/incident impact …`" in to_markdown(review)
    assert texts(review, "figures")[0] == "Time to acknowledge: not acknowledged; target 1 h"
    assert review.section("similar").note == "None found in the knowledge base."
    assert review.section("escalations").note == "No escalation was planned for this incident."
    assert all(line.nature is Nature.ASKED for line in review.section("went_well").lines)


def test_a_record_without_entries_still_makes_a_document() -> None:
    review = draft(full_facts(entries=(), pings=()), minute(51))
    assert review.section("timeline").lines == ()
    assert "43 min without an entry (14:30 to 15:13)." in texts(review, "gaps")


def test_an_incident_that_is_still_open_says_so() -> None:
    incident = full_incident(status=Status.MITIGATED, resolved_at=None, closed_at=None)
    review = draft(full_facts(incident=incident, entries=ENTRIES[:9]), minute(20))
    assert "Duration: 22 min (detected 14:28, declared 14:30, not resolved)" in texts(review, "summary")
    assert "Time to resolve: not resolved, open for 20 min; target under 30 min" in texts(review, "figures")
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


def test_after_reopening_the_last_acknowledgement_counts_and_the_first_is_named() -> None:
    entries = (*ENTRIES[:12], entry(20, Kind.REOPENED, minute(44), LEAD, "Reopened."))
    incident = full_incident(acknowledged_at=minute(70), acknowledged_by=LEAD, resolved_at=minute(90))
    review = draft(full_facts(incident=incident, entries=entries), minute(100))
    assert texts(review, "figures")[1] == (
        "Time to acknowledge: 26 min by Team lead after reopening"
        " (first acknowledged after 4 min by Responder); target 1 h"
    )
    assert "Resolved too early: reopened once." in texts(review, "could_improve")


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
        "On-call engineer: due 14:30 (at once); sent 14:39 to Responder, 9 min late; Responder took part from 14:42",
        "Team lead: due 14:50 (20 min); not sent: no reason recorded",
        "Not sent: engineering manager (due 15:00, 30 min): Slack answered user_not_found",
    ]


def test_repeated_pages_are_one_line_of_the_timeline_save_those_of_another_opening_or_marked() -> None:
    paged = f"Paged <@{RESPONDER}> as on-call engineer (every 5 min until acknowledged)"
    said = [
        entry(100 + n, Kind.PING_SENT, minute(5 + n), None, f"{paged}{', 9 min late' * (n % 2)}.") for n in range(6)
    ]
    said.append(entry(110, Kind.PING_SENT, minute(12), None, f"{paged}.", key=True))
    said.append(entry(111, Kind.REOPENED, minute(60), LEAD, "Reopened."))
    said.append(entry(112, Kind.PING_SENT, minute(61), None, f"{paged}."))
    review = draft(full_facts(entries=(*ENTRIES, *said)), minute(70))
    told = [text for text in texts(review, "timeline") if "every 5 min" in text]
    assert [text.partition("acknowledged)")[2] for text in told] == [", 9 min late. (6 times so far)", ".", "."]


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
    assert len([text for text in gaps if "without an entry (" in text]) == 3
    assert "4 shorter stretches of more than 15 min without an entry." in gaps


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
        "40 min without an entry (15:30 to 16:10).",
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


def test_incidents_alike_in_the_same_quarter_are_counted() -> None:
    def past(ref: str, on: date | None) -> PastIncident:
        return PastIncident(ref, "Pool exhausted", "", "", on)

    similar = (
        past("A-1", date(2026, 10, 1)),
        past("A-2", date(2026, 9, 30)),
        past("A-3", None),
        past("A-4", BEGAN.date()),
        past("A-5", date(2026, 12, 1)),  # later than this one: no precedent
    )
    review = draft(full_facts(similar=similar), minute(51))
    assert texts(review, "similar")[-1] == "3 similar incidents this quarter, including this one (A-1, A-4)."
    assert texts(review, "similar")[0] == "A-1: Pool exhausted (2026-10-01)."


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
        "summary",
        "timeline",
        "root_cause",
        "went_well",
        "could_improve",
        "action_items",
        "figures",
        "escalations",
        "similar",
        "gaps",
    ]
    assert document["sections"][1]["lines"][3] == {
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
    assert facts["Primary cause"] == "Database connection pool exhausted"
    assert [line.text for line in summary.asked] == ["Nobody recorded when it was detected."]


def test_a_false_alarm_is_said_first() -> None:
    review = draft(full_facts(false_alarm=True, playbook_helped=None), minute(51))
    assert texts(review, "summary")[0] == "Outcome: False alarm"


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
    gaps = texts(draft(full_facts(entries=(*ENTRIES, late)), minute(301)), "gaps")
    assert gaps == ["25 min without an entry (14:45 to 15:10)."]


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
    assert cited["2026-11-20 14:28 UTC"] == [21]
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
