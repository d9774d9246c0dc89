"""What of a past incident is put into a drill, how it is told, and what may be typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.drills.rules import Asked, Origin, Past, choose, evidence, parse_replay, responders
from bot.errors import BadRequest
from bot.incidents.rules.timeline import Kind
from bot.reviews.rules.past.retelling import Cast
from tests.support.rows import NOON, minutes

SHOP, ENGINEER, LEAD = "U0SHOP", "U0ENGINEER", "U0LEAD"


def past(number: int, kind: Kind, at: float, author: str | None, text: str, **more: object) -> Past:
    return Past(number, kind, NOON + minutes(at), author, text, **more)  # type: ignore[arg-type]


STORY = (
    past(1, Kind.DECLARED, 0, SHOP, "Declared as P2 by <@U0SHOP>: tills time out"),
    past(2, Kind.NOTED, 0, SHOP, "pasted alert, second line", cause="words:command:1"),
    past(3, Kind.ACKNOWLEDGED, 4, ENGINEER, "Acknowledged by <@U0ENGINEER> after 4 min."),
    past(4, Kind.MESSAGE_POSTED, 5, SHOP, "queue of thirty people at the tills in Lyon"),
    past(5, Kind.MESSAGE_POSTED, 6, ENGINEER, "looking at the pool"),
    past(6, Kind.ALARMS_CHECKED, 7, None, "The alarm *tills-p99* fires too.", cause="alarm-joined:8"),
    past(7, Kind.ALARMS_CHECKED, 8, None, "The alarm *tills-p99* is OK again.", cause="alarm-recovered:8:1"),
    past(8, Kind.SEVERITY_RAISED, 9, LEAD, "Severity raised from P2 to P1 by <@U0LEAD>: every till in France"),
    past(9, Kind.SEVERITY_LOWERED, 10, LEAD, "Severity lowered from P1 to P2 by <@U0LEAD>."),
    past(10, Kind.DIAGNOSED, 11, ENGINEER, "AWS, tills-db: 500 of 500 connections."),
    past(11, Kind.DIAGNOSED, 11, ENGINEER, "AWS, tills-api: nothing found.", found=False),
    past(12, Kind.NOTED, 12, ENGINEER, "restarting the pooler"),
    past(13, Kind.NOTED, 13, "U0OTHER", "loyalty cards fail too", cause="join:command:2"),
    past(14, Kind.MESSAGE_POSTED, 14, "U0OTHER", "Root cause is the new pooler, I rolled it back"),
    past(15, Kind.MESSAGE_POSTED, 15, "U0OTHER", ":eyes:"),
    past(16, Kind.DECLARED, 16, "U0OTHER", "card payments hang", of_duplicate=True),
    past(17, Kind.IMPACT_RECORDED, 17, ENGINEER, "a third of sales lost"),
    past(18, Kind.MESSAGE_POSTED, 18, "U0OTHER", "Message, removed: its author was erased."),
    past(19, Kind.STATUS_CHANGED, 20, ENGINEER, "Status …", status="mitigated"),
    past(20, Kind.MESSAGE_POSTED, 21, SHOP, "works here"),
    past(21, Kind.STATUS_CHANGED, 25, ENGINEER, "Status …", status="investigating"),
    past(22, Kind.MESSAGE_POSTED, 26, SHOP, "tills time out once more"),
    past(23, Kind.RESOLVED, 40, ENGINEER, "Resolved by <@U0ENGINEER> after 40 min"),
    past(24, Kind.MESSAGE_POSTED, 41, SHOP, "thank you all, coffee is on us"),
)


def test_what_came_from_outside_is_put_in_until_it_was_mended() -> None:
    team = responders(STORY, {LEAD})
    assert team == {ENGINEER, LEAD}  # who reported it is none, nor who only added a report
    found = choose(STORY, NOON, team)
    assert [(one.entry_id, one.origin, one.after) for one in found] == [
        (2, Origin.REPORT, timedelta()),
        (4, Origin.MESSAGE, minutes(5)),
        (6, Origin.ALARM, minutes(7)),
        (8, Origin.SEVERITY, minutes(9)),
        (10, Origin.DIAGNOSIS, minutes(11)),
        (13, Origin.FURTHER_REPORT, minutes(13)),
        (16, Origin.FURTHER_REPORT, minutes(16)),
        (17, Origin.IMPACT, minutes(17)),
        (22, Origin.MESSAGE, minutes(26)),
    ]
    assert evidence(STORY[7].text) == "every till in France" and evidence(STORY[8].text) == ""


def test_what_was_seen_before_it_was_declared_comes_first() -> None:
    early = [past(1, Kind.IMPACT_RECORDED, -30, None, "no orders from Spain")]
    assert [one.after for one in choose(early, NOON, ())] == [timedelta()]


@pytest.mark.parametrize(
    ("typed", "ref", "speed"),
    [
        ("INC-2026-0007", "INC-2026-0007", 1),
        ("inc-2026-0007 --speed 4", "INC-2026-0007", 4),
        ("INC-2026-0007 --speed=0.5", "INC-2026-0007", 0.5),
        ("INC-2026-0007 \u2014speed 10", "INC-2026-0007", 10),  # what telephones make of two hyphens
        ("4x INC-2026-0007", "INC-2026-0007", 4),
        ("INC-2026-0007 speed x2.5", "INC-2026-0007", 2.5),
        ("LESSON-01", "LESSON-01", 1),
    ],
)
def test_a_replay_is_read_as_people_type_it(typed: str, ref: str, speed: float) -> None:
    assert parse_replay(typed) == Asked(ref, speed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Say which past incident"),
        ("queue is stuck", "Say which past incident"),
        ("INC-2026-0007 INC-2026-0008", "One incident is replayed at a time"),
        ("INC-2026-0007 fast", "“fast” isn't a speed. Use a number from 0.25 to 60"),
        ("INC-2026-0007 --speed -4", "isn't a speed"),
        ("INC-2026-0007 --speed 0", "0 is no speed"),
        ("INC-2026-0007 --speed 1000", "1000 is no speed"),
        ("INC-2026-0007 <!channel>", "“!channel” isn't a speed"),
    ],
)
def test_what_is_no_replay_is_answered_with_what_to_type(typed: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        parse_replay(typed)


def test_words_are_told_again_without_names_mentions_and_the_way_back() -> None:
    cast = Cast(
        {ENGINEER: "the on-call engineer", LEAD: "the commander"},
        {ENGINEER: "Responder One", SHOP: "Shop Floor", LEAD: "Li"},
        ("INC-2026-0007", "inc-2026-0007-tills-time-out"),
    )
    words = (
        "<@U0ENGINEER|one> <!channel> <!subteam^S01|@web> ask responder one and <@U0SHOP>; Linz is down. "
        "See <#C012AB|inc-2026-0007-tills-time-out>, #inc-2026-0007-tills-time-out, inc-2026-0007, "
        "<https://acme.slack.com/archives/C1/p2|here> and <https://status.example.com|status>"
    )
    assert cast.retell(words) == (
        "the on-call engineer @channel @web ask the on-call engineer and a colleague; Linz is down. "
        "See a channel, that incident, that incident, (a message) and <https://status.example.com|status>"
    )
    assert cast.role(None) == "an app" and cast.role("U0NEW") == "a colleague"
