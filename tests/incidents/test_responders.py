"""Parts are read in any order and under the names that people use."""

from __future__ import annotations

import pytest

from bot.errors import BadRequest
from bot.incidents.rules.responders import EXPECTED, ResponderRole, mentioned_person, parse_responder_role


@pytest.mark.parametrize(
    ("typed", "part", "whom"),
    [
        ("scribe", ResponderRole.SCRIBE, ""),
        ("IC", ResponderRole.COMMANDER, ""),
        ("comms", ResponderRole.COMMUNICATIONS, ""),
        ("communications to team lead", ResponderRole.COMMUNICATIONS, "team lead"),
        ("engineering manager as commander", ResponderRole.COMMANDER, "engineering manager"),
        ("note taker: VP engineering", ResponderRole.SCRIBE, "VP engineering"),
    ],
)
def test_part_and_person_are_told_apart(typed: str, part: ResponderRole, whom: str) -> None:
    assert parse_responder_role(typed) == (part, whom)


def test_no_part_and_two_people_are_refused() -> None:
    with pytest.raises(BadRequest, match="commander, communications, scribe"):
        parse_responder_role("somebody")
    with pytest.raises(BadRequest, match="only one person can hold a role"):
        mentioned_person("<@U1ABC> <@U2ABC>")
    assert mentioned_person("scribe <@U1ABC|somebody>") == "U1ABC"
    assert mentioned_person("scribe") is None


def test_each_part_says_what_it_expects() -> None:
    assert EXPECTED.keys() == set(ResponderRole)
