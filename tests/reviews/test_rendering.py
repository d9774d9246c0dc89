"""Pages as HTML: complete, self-contained, and deaf to whatever people typed."""

from __future__ import annotations

from html.parser import HTMLParser

from bot.reviews.messages.drafting import draft
from bot.reviews.pages.rendering import render_review_html
from bot.web.rendering import render_notice_html
from tests.reviews.review_facts import full_facts, full_incident, hostile_facts, minute

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Collects elements, attributes and text, and whether elements close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def attributes(self, name: str) -> list[str]:
        return [value for _, attrs in self.elements if (value := attrs.get(name)) is not None]


def test_every_section_and_every_line_is_on_the_page() -> None:
    review = draft(full_facts(), minute(51))
    reader = Reader(render_review_html(review))
    words = " ".join(" ".join(reader.words).split())
    for section in review.sections:
        assert section.title in words
        for line in section.lines:
            assert line.text in words
    assert reader.open == []


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    reader = Reader(render_review_html(draft(full_facts(), minute(51))))
    assert not reader.tags() & {"script", "img", "link", "iframe", "form", "object"}
    assert not reader.attributes("src")
    assert not reader.attributes("style")
    assert "url(" not in "".join(reader.words)


def test_every_link_within_the_page_has_its_target() -> None:
    reader = Reader(render_review_html(draft(full_facts(), minute(51))))
    inside = {link[1:] for link in reader.attributes("href") if link.startswith("#")}
    ids = reader.attributes("id")
    assert inside
    assert inside <= set(ids)
    assert len(ids) == len(set(ids))


def test_lines_link_to_their_message_in_slack() -> None:
    reader = Reader(render_review_html(draft(full_facts(), minute(51))))
    assert "https://example.slack.com/archives/C1/p4" in reader.attributes("href")


def test_hostile_text_stays_text() -> None:
    calm = Reader(render_review_html(draft(full_facts(), minute(51))))
    page = render_review_html(draft(hostile_facts(), minute(51)))
    page.encode("utf-8")
    reader = Reader(page)
    assert reader.tags() <= calm.tags()
    assert {name for _, attrs in reader.elements for name in attrs} <= {
        name for _, attrs in calm.elements for name in attrs
    } | {"rel", "title"}
    assert all(link.startswith(("#", "https://x.example.com/")) for link in reader.attributes("href"))
    assert "{{ 7*7 }}" in "".join(reader.words)
    assert reader.open == []


def test_a_page_names_what_is_missing_and_leads_there() -> None:
    asks = render_review_html(draft(full_facts(incident=full_incident(cause=None), detected_at=None), minute(51)))
    assert '<a href="#summary">detected</a>, <a href="#root_cause">primary cause</a>' in asks
    assert ">primary cause</a>" not in render_review_html(draft(full_facts(), minute(51)))


def test_a_notice_escapes_what_it_is_given() -> None:
    page = render_notice_html("<b>", ("<script>alert(1)</script>",))
    assert "<script>" not in page
    assert "<h1>&lt;b&gt;</h1>" in page
