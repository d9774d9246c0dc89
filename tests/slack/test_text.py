"""Text for Slack: escaped, cut and said as people say it."""

from __future__ import annotations

import pytest

from bot.slack.text import as_typed, bold, code, fit, person, plain, shorten
from bot.text.markup import escape, instant, plain_text
from tests.support.rows import NOON


@pytest.mark.parametrize(
    "text", ["<!channel>", "<@U1>", "a & b", "&lt;", "5 < 6 > 4", "<https://example.com|x>", "ü🔥"]
)
def test_what_is_escaped_is_shown_as_it_was_written(text: str) -> None:
    assert "<" not in escape(text)
    assert plain_text(escape(text)) == text


def test_a_title_cannot_break_out_of_its_line() -> None:
    assert plain("a *b* `c` ~d~\n\te <!here> \u202eturned") == "a ∗b∗ 'c' ∼d∼ e &lt;!here&gt; turned"


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf /var/log/*.gz",
        "rm *.gz *.log",
        "snake_case_name and __init__.py",
        "**kwargs and **both**",
        "~/bin and ~root",
        "5 * 3 * 2",
        "a*b*c",
        "1*",
        "_",
        "see https://example.com/_a_/*b*/~c~ for it",
        "*.checkout.example.com",
    ],
)
def test_marks_that_format_nothing_stay_as_they_were_typed(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("mark", ["*", "_", "~"])
@pytest.mark.parametrize("text", ["{0}all{0}", "so {0}all of it{0}.", "({0}x{0})", "{0}a {0}b{0} c{0}", "“{0}x{0}”"])
def test_marks_that_would_format_become_others_that_look_alike(mark: str, text: str) -> None:
    shown = plain(text.format(mark))
    assert mark not in shown and len(shown) == len(text.format(mark))


def test_our_own_bold_ends_where_we_end_them() -> None:
    assert bold("delete /logs/*.gz* now") == "*delete /logs/∗.gz∗ now*"


def test_what_is_to_be_typed_is_told_as_it_is_typed() -> None:
    assert code("note *x* _y_ `z` <&>") == "`note *x* _y_ 'z' &lt;&amp;&gt;`"


@pytest.mark.parametrize(
    "text",
    ["*a* _b_ ~c~ `d` ```e```", "<!channel> <@U1> &amp; :fire:", "two\nlines", "rm -rf *.gz | grep -v 'x*'", "مرحبا"],
)
def test_rich_text_holds_what_was_typed_character_by_character(text: str) -> None:
    assert as_typed(text) == [{"type": "text", "text": text}]


def test_addresses_in_rich_text_are_links_and_odd_ones_stay_words() -> None:
    assert as_typed("see https://example.com/a?b=1, or (http://10.0.0.1:8080).") == [
        {"type": "text", "text": "see "},
        {"type": "link", "url": "https://example.com/a?b=1"},
        {"type": "text", "text": ", or ("},
        {"type": "link", "url": "http://10.0.0.1:8080"},
        {"type": "text", "text": ")."},
    ]
    assert as_typed("http:// and https://_ and javascript:alert(1)")[0]["type"] == "text"
    assert as_typed("") == []


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


def test_an_instant_has_its_time_in_utc_for_those_who_see_no_date() -> None:
    assert instant(NOON) == f"<!date^{int(NOON.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-20 12:00 UTC>"


def test_nobody_is_said_to_be_nobody() -> None:
    assert person(None) == "nobody yet"
    assert person("U1") == "<@U1>"
