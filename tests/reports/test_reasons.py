"""Why a report was judged so: the words that decided, in their sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reports.messages.reasons import reasons
from bot.severity.rules import Evidence, Judgement, Severity


def judged(*words: str, row: str = "A large part fails") -> Judgement:
    evidence = tuple(Evidence(word, "how.down") for word in words)
    return Judgement(Severity.P1, 0.9, evidence, None, row)


QUOTED = {
    "the words in bold, as typed": (
        "Checkout returns 502 for a third of users",
        ("502", "checkout", "a third"),
        "> *Checkout* returns *502* for *a third* of users",
    ),
    "one after the other, or over each other, they are one": (
        "for a third of users",
        ("a third", "third of"),
        "> for *a third of* users",
    ),
    "the sentence that decided, not the others": (
        "Morning all. Search is down for everybody! Anyone else? Coffee is ready.",
        ("down", "everybody"),
        "> Search is *down* for *everybody*!",
    ),
    "two sentences, in their order": (
        "All of Spain.\nHello.\nPayments are down",
        ("down", "All of"),
        "> *All of* Spain. Payments are *down*",
    ),
    "whole words": ("download is down", ("down",), "> download is *down*"),
    "mentions and links as words": (
        "<@U0VP|vp> <https://example.com|example.com> is down",
        ("down",),
        "> @vp example.com is *down*",
    ),
    "nobody is pinged, nothing is formatted": (
        "<!channel> *everything* & all is down",
        ("down",),
        "> @channel ∗everything∗ &amp; all is *down*",
    ),
}


@pytest.mark.parametrize(("text", "words", "line"), QUOTED.values(), ids=QUOTED)
def test_a_report_is_quoted(text: str, words: tuple[str, ...], line: str) -> None:
    assert reasons(text, judged(*words)) == [line, "A large part fails."]


def test_a_long_sentence_is_cut_around_the_words() -> None:
    line, _ = reasons(f"{'and so on ' * 40}the till is dead {'and so on ' * 40}", judged("dead"))
    assert line.startswith("> …") and line.endswith("…") and "the till is *dead* and" in line
    assert len(line) < 180


def test_words_that_were_masked_are_quoted_by_themselves() -> None:
    assert reasons("token [masked] leaked", judged("sk_live_1")) == ["> “sk_live_1”", "A large part fails."]


def test_without_words_the_row_alone_explains() -> None:
    assert reasons("hm", judged(row="It reads like reports of P1: a major feature is unavailable")) == [
        "It reads like reports of P1: a major feature is unavailable."
    ]
    assert reasons("hm", judged(row="")) == []


@settings(deadline=None)
@given(st.text(max_size=400), st.lists(st.text(max_size=20), max_size=6))
def test_whatever_was_written_each_reason_is_one_line_and_pings_nobody(text: str, words: list[str]) -> None:
    for line in reasons(text, judged(*words)):
        assert "\n" not in line and "<" not in line
        assert len(line) < 2000
