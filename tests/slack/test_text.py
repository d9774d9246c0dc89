"""Text for Slack: escaped, cut and said as people say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.comms import escape, plain_text
from bot.slack.text import fit, instant, person, plain, shorten, span
from tests.rows import NOON


@pytest.mark.parametrize(
    "text", ["<!channel>", "<@U1>", "a & b", "&lt;", "5 < 6 > 4", "<https://example.com|x>", "ü🔥"]
)
def test_what_is_escaped_is_shown_as_it_was_written(text: str) -> None:
    assert "<" not in escape(text)
    assert plain_text(escape(text)) == text


def test_a_title_cannot_break_out_of_its_line() -> None:
    assert plain("a*b* `c` ~d~\n\te <!here> \u202eturned") == "a∗b∗ 'c' ∼d∼ e &lt;!here&gt; turned"


@pytest.mark.parametrize("limit", range(1, 40))
def test_a_cut_leaves_no_half_entity_and_no_half_mention(limit: int) -> None:
    text = "ab &amp; <@U0RESPONDER> &lt;x&gt; cd"
    cut = fit(text, limit)
    assert len(cut) <= limit
    if len(text) <= limit:
        assert cut == text
        return
    assert cut.endswith("…")
    rest = cut[:-1].replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").replace("<@U0RESPONDER>", "")
    assert not set(rest) & set("&<>;@")


def test_shortening_says_that_something_is_missing() -> None:
    assert shorten("twelve chars", 12) == "twelve chars"
    assert shorten("twelve chars", 8) == "twelve…"
    assert shorten("twelve chars", 11) == "twelve cha…"


SPANS = {
    timedelta(seconds=-5): "0 min",
    timedelta(seconds=29): "0 min",
    timedelta(minutes=1): "1 min",
    timedelta(minutes=59, seconds=29): "59 min",
    timedelta(minutes=60): "1 h",
    timedelta(hours=3, minutes=20): "3 h 20 min",
    timedelta(hours=47, minutes=59): "47 h 59 min",
    timedelta(days=2): "2 days",
    timedelta(days=2, hours=5, minutes=10): "2 days 5 h",
}


@pytest.mark.parametrize(("length", "said"), SPANS.items())
def test_a_span_is_said_as_people_say_it(length: timedelta, said: str) -> None:
    assert span(length) == said


def test_an_instant_has_its_time_in_utc_for_those_who_see_no_date() -> None:
    assert instant(NOON) == f"<!date^{int(NOON.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-20 12:00 UTC>"


def test_nobody_is_said_to_be_nobody() -> None:
    assert person(None) == "nobody yet"
    assert person("U1") == "<@U1>"
