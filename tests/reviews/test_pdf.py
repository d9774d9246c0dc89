"""The review as a PDF: whole, the same each time, whatever people wrote."""

from __future__ import annotations

import re

from bot.reviews.messages.drafting import draft
from bot.reviews.pages.pdf import column_after, drawable, new_sheet, render_pdf, shortened
from tests.reviews.review_facts import full_facts, full_incident, hostile_facts, minute


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", content))


def test_a_full_review_is_two_pages_and_the_same_each_time() -> None:
    review = draft(full_facts(), minute(51))
    content = render_pdf(review)
    assert content.startswith(b"%PDF") and pages(content) == 2
    assert render_pdf(review) == content
    for link in (b"https://example.slack.com/archives/C1/p4", b"https://example.slack.com/archives/C1/p6"):
        assert link in content


def test_whatever_people_wrote_makes_a_pdf_without_links_of_theirs() -> None:
    content = render_pdf(draft(hostile_facts(), minute(51)))
    assert pages(content) > 2
    assert b"javascript" not in content
    assert b"evil.example.com" not in content


def test_words_that_the_library_would_replace_and_signs_without_a_glyph_do_no_harm() -> None:
    title = "{nb} pages of 漢字, שלום and 🚀 " + "x" * 5_000
    assert render_pdf(draft(full_facts(incident=full_incident(title=title)), minute(51))).startswith(b"%PDF")


def test_right_to_left_words_are_drawn_so_that_they_are_read_from_the_right() -> None:
    assert drawable("checkout שלום (502)") == "checkout םולש (502)"
    assert drawable("שלום לכם, ok") == "םכל םולש, ok"
    assert drawable("שלום ok לכם") == "םולש ok םכל"


def test_what_stands_before_a_line_has_room_whatever_it_is() -> None:
    sheet = new_sheet(draft(full_facts(), minute(51)))
    for leads in (["•"], ["9.", "500."], ["14:28", "2026-11-21 09:05"]):
        column = column_after(sheet, leads)
        assert [shortened(sheet, lead, column - 18.0 - 2) for lead in leads] == leads
