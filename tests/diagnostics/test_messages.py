"""A diagnosis as people read it: within what Slack takes, whatever AWS says, and in the order of its weight."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.diagnostics import messages
from bot.diagnostics.rules.evidence import evidence_of
from bot.diagnostics.rules.finding import Diagnosis, Finding, NotRead, Weight, Window, in_order
from slack_playground.blockkit.blocks import check_message_blocks
from slack_playground.person import content_of
from tests.support.rows import NOON

WINDOW = Window(NOON - timedelta(hours=1), NOON)


def finding(number: int, size: int = 10, weight: Weight = Weight.PROBLEM) -> Finding:
    words = " ".join(["<!here> & *bold* `x`"] * size)
    return Finding(
        f"x.{number}",
        weight,
        f"{number} {words}",
        words,
        ("GUIDE-eni",) * 5,
        ("LESSON-01",),
        words,
        f"aws x --y '{words}'",
    )


def diagnosis(findings: int, unread: int, size: int) -> Diagnosis:
    return Diagnosis(
        "lambda " + "x" * size,
        "eu-central-1",
        WINDOW,
        tuple(finding(number, size) for number in range(findings)),
        tuple(NotRead(f"look {number}", "was denied " * size) for number in range(unread)),
        tuple(f"look {number}" for number in range(size)),
        calls=25,
        cost=0.0005,
    )


@pytest.mark.parametrize(("findings", "unread", "size"), [(0, 0, 1), (3, 1, 3), (30, 30, 80), (200, 0, 1), (1, 300, 5)])
def test_any_diagnosis_fits_a_message_of_slack(findings: int, unread: int, size: int) -> None:
    known = diagnosis(findings, unread, size)
    message = messages.diagnosed(known, lambda ref: f"title of {ref} " * size)
    check_message_blocks(list(message.blocks))
    shown = content_of({"text": message.text, "blocks": list(message.blocks)})
    assert "<!here>" not in shown, "what AWS says pings nobody"
    sections = sum(block["type"] == "section" for block in message.blocks) - 1
    assert sections == findings or f"{findings - sections} more finding" in shown


def test_what_weighs_more_comes_first_and_facts_before_likenesses() -> None:
    likely = Finding("b", Weight.PROBLEM, "b", "", (), ("LESSON-01",))
    fact = Finding("c", Weight.PROBLEM, "c", "", ("LESSON-01",))
    found = in_order([finding(1, weight=Weight.NOTICE), likely, finding(2, weight=Weight.CHANGE), fact])
    assert [one.check for one in found] == ["c", "b", "x.2", "x.1"]


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (Diagnosis("lambda x", "r", WINDOW, clean=("errors",)), "Nothing wrong found."),
        (
            Diagnosis("lambda x", "r", WINDOW, clean=("errors",), unread=(NotRead("network", "denied"),)),
            "Nothing wrong found in what could be checked.",
        ),
        (Diagnosis("lambda x", "r", WINDOW, unread=(NotRead("network", "denied"),)), "Nothing could be checked."),
        (Diagnosis("lambda x", "r", WINDOW, waiting=("errors",)), "Nothing so far; still checking errors …"),
        (Diagnosis("lambda x", "r", WINDOW, findings=(finding(1), finding(2))), "2 problems."),
    ],
)
def test_the_summary_says_what_is_known_and_no_more(known: Diagnosis, says: str) -> None:
    assert says in messages.diagnosed(known).blocks[0]["text"]["text"]
    assert says in messages.as_text(known)


def kept(at: int, key: str, *found: Finding, resource: str = "lambda x", **more: Any) -> list[Any]:
    data = {"resource": resource, "where": "r", "unread": 0, "read": True} | more
    return [(key, NOON + timedelta(minutes=at), {"finding": one.as_document()} | data) for one in found] or [
        (key, NOON + timedelta(minutes=at), {"finding": None} | data)
    ]


def on_card(*diagnoses: list[Any], page: str | None = None) -> str:
    known = evidence_of([entry for one in diagnoses for entry in one])
    return messages.on_card(known, page) if known else ""


LIKELY = Finding("b", Weight.PROBLEM, "12 errors.", "", (), ("LESSON-01",))
FACT = Finding("c", Weight.PROBLEM, "400 throttles", "", ("LESSON-02",), ("LESSON-03",))
RISK = Finding("d", Weight.RISK, "Alias on $LATEST: LIVE", "")


def test_the_card_has_three_findings_facts_first_and_says_where_the_others_are() -> None:
    found = kept(0, "1", finding(1, weight=Weight.CHANGE), RISK, LIKELY, FACT)
    head, *lines, last = on_card(found).splitlines()
    assert head.startswith("*What AWS shows*, diagnosed <!date^") and "|2026" in head
    assert lines == [
        ":red_circle: *lambda x*: 400 throttles. See LESSON-02.",
        ":red_circle: *lambda x*: 12 errors. Possibly as in LESSON-01.",
        ":large_orange_circle: *lambda x*: Alias on $LATEST: LIVE.",
    ]
    assert last == "1 more finding on the timeline: `/incident timeline`"
    assert "<https://x.example/i|the incident's page>" in on_card(found, page="https://x.example/i")


def test_a_later_diagnosis_of_the_same_resource_replaces_what_the_one_before_found() -> None:
    before, other = kept(0, "1", FACT, RISK), kept(1, "2", LIKELY, resource="rds y")
    shown = on_card(before, other, kept(2, "3", RISK))
    assert "400 throttles" not in shown and shown.count("Alias on") == 1
    assert "*rds y*: 12 errors. Possibly as in LESSON-01. _(diagnosed <!date^" in shown, "older than the head says"
    assert "Nothing wrong found with *lambda x*." in on_card(before, kept(2, "3"))
    assert "not everything could be checked" in on_card(before, kept(2, "3", unread=2))
    assert "400 throttles" in on_card(before, kept(2, "3", unread=9, read=False)), "what read nothing denies nothing"
    assert on_card() == ""


def test_a_finding_on_the_timeline_says_what_it_points_to() -> None:
    one = Finding("x", Weight.RISK, "Alias on $LATEST: LIVE", "why", ("NFI-2024-0018",), ("LESSON-01",), "before: 0")
    said = messages.entry(one, "lambda orders-api")
    assert said == (
        "AWS, lambda orders-api: Alias on $LATEST: LIVE (before: 0). See NFI-2024-0018. Possibly as in LESSON-01."
    )
