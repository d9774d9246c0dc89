"""Steps and code that somebody recorded line by line stay so, where a review is read and when it is drafted again."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from bot.incidents.rules.timeline import Kind
from bot.reviews.messages.drafting import draft
from bot.reviews.messages.renderings import to_markdown
from bot.reviews.pages.pdf import drawable
from bot.reviews.rules.document import Review
from bot.reviews.rules.merging import Edit, as_written, in_field, lines_of, merge
from bot.text.wording import tidied_lines
from tests.reviews.review_facts import BEGAN, ENTRIES, full_facts, full_incident, minute

RECORDED = (
    "Steps:\n1. stop the consumer\n2. ```\nkubectl rollout undo deploy/api\n    --to-revision=12\n```\n\n3) # check"
)
READS = "Steps:\n1. stop the consumer\n2.\nkubectl rollout undo deploy/api\n    --to-revision=12\n3) # check"
NOTED = replace(ENTRIES[0], entry_id=900, kind=Kind.NOTED, at=minute(3), text=RECORDED)
REVIEW = draft(full_facts(incident=full_incident(resolution=RECORDED), entries=(*ENTRIES, NOTED)), minute(51))


def resolution_of(review: Review) -> str:
    return next(line.text for line in review.section("root_cause").lines if line.label == "Resolution")


def test_recorded_lines_stay_lines_in_the_document() -> None:
    assert resolution_of(REVIEW) == READS
    assert next(line.text for line in REVIEW.section("timeline").lines if line.entries[0].entry_id == 900) == READS


def test_markdown_breaks_the_lines_and_makes_no_list_or_heading_of_them() -> None:
    page = MarkdownIt().render(to_markdown(REVIEW))
    assert re.search(r"Steps:<br />\s*1\. stop the consumer<br />\s*2\.<br />\s*kubectl rollout undo", page)
    assert "\u00a0\u00a0\u00a0\u00a0--to-revision=12" in page and "<h1># check" not in page
    assert page.count("<ol>") == MarkdownIt().render(to_markdown(draft(full_facts(), minute(51)))).count("<ol>")


def test_the_pdf_draws_line_ends() -> None:
    assert drawable(READS) == READS


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_untouched_field_gives_the_same_lines_back_and_follows_the_next_draft(ends: str) -> None:
    base = tuple(as_written(line) for line in REVIEW.section("root_cause").lines if line.command is None)
    text = in_field(*base).replace("\n", ends)
    assert lines_of(text) == base
    edit = Edit("root_cause", 1, f"{text}{ends}our own words{ends}  1. one{ends}  2. two", base, "Lead", BEGAN)
    again = draft(full_facts(incident=full_incident(resolution=f"{RECORDED}\n4. done")), minute(60))
    merged = merge(again, [edit])
    assert resolution_of(merged) == f"{READS}\n4. done"
    assert any(line.text == "our own words\n1. one\n2. two" for line in merged.section("root_cause").lines)


def test_blank_lines_separate_and_marks_that_nobody_sees_are_left_out() -> None:
    assert lines_of("- one\n\n  two\n  - three") == ("one", "two\n- three")
    assert tidied_lines("\u200b\n\ta\u202e b\n\u200b\n  c") == "a b\n  c"
