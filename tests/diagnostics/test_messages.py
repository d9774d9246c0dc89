"""A diagnosis as people read it: within what Slack takes, whatever AWS says, and in the order of its weight."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.diagnostics import messages
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


def test_a_finding_on_the_timeline_says_what_it_points_to() -> None:
    one = Finding("x", Weight.RISK, "Alias on $LATEST: LIVE", "why", ("NFI-2024-0018",), ("LESSON-01",), "before: 0")
    said = messages.entry(one, "lambda orders-api")
    assert said == (
        "AWS, lambda orders-api: Alias on $LATEST: LIVE (before: 0). See NFI-2024-0018. Possibly as in LESSON-01."
    )
