"""Which words acknowledge."""

from __future__ import annotations

import pytest

from bot.lifecycle.rules.acknowledging import acknowledges, ref_in


@pytest.mark.parametrize(
    "text",
    ["ack", "ACK!", "acked", "on it", "I'm on it.", "i’m looking into it", "Im on it", "got it", "I've got this",
     "looking…", ":eyes:", "👀", "ack INC-2026-0001", "inc-2026-0001 on it", " acknowledged \n", "I am on my way"],
)  # fmt: skip
def test_a_short_answer_acknowledges(text: str) -> None:
    assert acknowledges(text)


@pytest.mark.parametrize(
    "text",
    ["", "INC-2026-0001", "not on it", "who is on it?", "on it goes the blame", "back on it later", "ack that, but who",
     "ok", "mine is broken too", "is anybody looking at it", "looking at orders-db: 500 of 500 connections"],
)  # fmt: skip
def test_talk_does_not(text: str) -> None:
    assert not acknowledges(text)


def test_the_incident_is_named_in_any_case() -> None:
    assert (ref_in("ack sec-2026-0012"), ref_in("ack")) == ("SEC-2026-0012", None)
