"""The status machine by every pair, and the names of channels."""

from __future__ import annotations

import re

import pytest

from bot.errors import TransitionRefused
from bot.incidents.rules.incident import ALLOWED, Status, channel_name, check_transition, slug

OPEN = ("investigating", "identified", "mitigated")
ALREADY = "INC-2026-0001 is already {}."
RESOLVE_FIRST = "INC-2026-0001 is {}. Resolve it first: `/incident resolve`, then `/incident close`."
REOPEN_FIRST = "INC-2026-0001 is {}. Reopen it first: `/incident reopen`."

# Every pair: None where the way is open, else the sentence that the person reads.
PAIRS: dict[tuple[str, str], str | None] = {
    ("investigating", "investigating"): ALREADY,
    ("investigating", "identified"): None,
    ("investigating", "mitigated"): None,
    ("investigating", "resolved"): None,
    ("investigating", "closed"): RESOLVE_FIRST,
    ("identified", "investigating"): None,
    ("identified", "identified"): ALREADY,
    ("identified", "mitigated"): None,
    ("identified", "resolved"): None,
    ("identified", "closed"): RESOLVE_FIRST,
    ("mitigated", "investigating"): None,
    ("mitigated", "identified"): None,
    ("mitigated", "mitigated"): ALREADY,
    ("mitigated", "resolved"): None,
    ("mitigated", "closed"): RESOLVE_FIRST,
    ("resolved", "investigating"): None,
    ("resolved", "identified"): REOPEN_FIRST,
    ("resolved", "mitigated"): REOPEN_FIRST,
    ("resolved", "resolved"): ALREADY,
    ("resolved", "closed"): None,
    ("closed", "investigating"): None,
    ("closed", "identified"): REOPEN_FIRST,
    ("closed", "mitigated"): REOPEN_FIRST,
    ("closed", "resolved"): REOPEN_FIRST,
    ("closed", "closed"): ALREADY,
}


def test_the_table_below_names_every_pair_of_statuses() -> None:
    assert set(PAIRS) == {(before.value, after.value) for before in Status for after in Status}
    assert set(ALLOWED) == set(Status)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_pair_of_statuses_is_allowed_or_refused_with_its_sentence(before: str, after: str) -> None:
    sentence = PAIRS[before, after]
    if sentence is None:
        check_transition("INC-2026-0001", Status(before), Status(after))
        return
    with pytest.raises(TransitionRefused) as caught:
        check_transition("INC-2026-0001", Status(before), Status(after))
    assert str(caught.value) == sentence.format(before)


@pytest.mark.parametrize("status", Status)
def test_an_incident_is_open_until_it_is_resolved(status: Status) -> None:
    assert status.is_open == (status.value in OPEN)


TITLES = {
    "checkout returns 502 for a third of users": "checkout-returns-502-for-a-third-of-users",
    "Émilie's café: paiement échoué!": "emilie-s-cafe-paiement-echoue",
    "ＡＰＩ gateway — 5xx": "api-gateway-5xx",
    "  spaces\tand\nlines  ": "spaces-and-lines",
    "A.B_C/D#E": "a-b-c-d-e",
}


@pytest.mark.parametrize(("title", "tail"), TITLES.items())
def test_a_channel_is_named_after_its_incident(title: str, tail: str) -> None:
    assert channel_name("INC-2026-0001", title) == f"inc-2026-0001-{tail}"


@pytest.mark.parametrize("title", ["", "   ", "🔥🔥🔥", "支付失败", "оплата не проходит", "—"])
def test_a_title_without_latin_letters_leaves_the_reference_alone(title: str) -> None:
    assert channel_name("INC-2026-0001", title) == "inc-2026-0001"


HOSTILE = ["x" * 500, "word " * 200, "a b" * 100, "<!channel> & <@U1>", "payments " + "y" * 300, "é" * 250, "1" * 61]


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("ref", ["INC-2026-0001", "SEC-2026-123456"])
def test_a_channel_name_fits_what_slack_allows(ref: str, title: str) -> None:
    name = channel_name(ref, title)
    assert len(name) <= 80
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert name.startswith(ref.lower())


def test_a_long_title_is_cut_between_words_and_a_long_word_inside() -> None:
    assert slug("one two three", 8) == "one-two"
    assert slug("one two three", 7) == "one-two"
    assert slug("one two three", 6) == "one"
    assert slug("extraordinary", 5) == "extra"
    assert slug("extraordinary things", 5) == "extra"
