"""The review for Confluence, Google Docs and Notion: read back by parsers, hostile words included."""

from __future__ import annotations

import html.parser
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.reviews.messages.drafting import draft
from bot.reviews.messages.exports.confluence import to_confluence
from bot.reviews.messages.exports.gdocs import to_gdocs
from bot.reviews.messages.exports.notion import to_notion
from bot.reviews.rules.document import ActionItem, Line, Nature, Review
from tests.reviews.review_facts import ACTIONS, full_facts, hostile_facts, minute

AC = "{http://atlassian.com/content}"
DONE = ActionItem("Raise the pool", "low", None, None, done=True)
FULL = draft(full_facts(actions=(*ACTIONS, DONE)), minute(51))
HOSTILE_REVIEW = draft(hostile_facts(), minute(51))
REVIEWS = pytest.mark.parametrize("review", [FULL, HOSTILE_REVIEW], ids=["full", "hostile"])


def words_of(review: Review) -> set[str]:
    """What has to be readable in every export: each word of letters of each line."""
    lines = [line.text for section in review.sections for line in section.lines]
    return {word for line in lines for word in re.findall(r"[A-Za-z]{3,}", line)}


def stored(review: Review) -> ElementTree.Element:
    """Confluence's storage format in a root that declares its prefixes, as Confluence reads it."""
    root = '<root xmlns:ac="http://atlassian.com/content" xmlns:ri="http://atlassian.com/resource/identifier">'
    return ElementTree.fromstring(f"{root}{to_confluence(review)}</root>")


@REVIEWS
def test_confluence_gets_well_formed_storage_with_known_elements_and_macros(review: Review) -> None:
    page = stored(review)
    assert {one.tag for one in page.iter()} - {"root"} <= {
        *("p", "h2", "strong", "em", "table", "tbody", "tr", "th", "td", "ul", "li", "a", "br", "span"),
        *(f"{AC}{name}" for name in ("structured-macro", "parameter", "rich-text-body")),
        *(f"{AC}{name}" for name in ("task-list", "task", "task-id", "task-status", "task-body")),
    }
    macros = [one.get(f"{AC}name") for one in page.iter(f"{AC}structured-macro")]
    assert macros[:3] == ["status", "info", "toc"] and set(macros[3:]) == {"expand"}
    assert all(one.get("href", "").startswith("https://") for one in page.iter("a"))
    assert words_of(review) <= set(re.findall(r"[A-Za-z]{3,}", " ".join(page.itertext())))


def test_confluence_gets_agreed_items_as_tasks_done_or_not() -> None:
    tasks = list(stored(FULL).iter(f"{AC}task"))
    assert [one.findtext(f"{AC}task-status") for one in tasks] == ["incomplete", "incomplete", "complete"]
    assert "Alert on pool use" not in "".join("".join(one.itertext()) for one in tasks), "a proposal is no task"


class Tags(html.parser.HTMLParser):
    """The elements of a document, each opened and closed in order, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert {name for name, _ in attrs} <= {"style", "href", "lang", "charset"}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@REVIEWS
def test_google_docs_gets_html_of_headings_tables_lists_and_links_alone(review: Review) -> None:
    page = Tags(to_gdocs(review))
    assert page.open == []
    assert page.seen <= {
        *("html", "head", "meta", "title", "body", "h1", "h2", "p", "b", "i"),
        *("table", "tr", "td", "ul", "ol", "li", "a", "br"),
    }
    assert all(link.startswith("https://") for link in page.links)
    assert words_of(review) <= set(re.findall(r"[A-Za-z]{3,}", " ".join(page.words)))


def parsed(review: Review) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(to_notion(review))


@REVIEWS
def test_notion_gets_markdown_without_html_that_reads_back_as_it_was_written(review: Review) -> None:
    tokens = [one for token in parsed(review) for one in (token, *(token.children or ()))]
    assert {one.type for one in tokens} & {"html_block", "html_inline", "image", "code_block", "fence", "hr"} == set()
    assert [one.tag for one in tokens if one.type == "heading_open"] == ["h1"] + ["h2"] * len(review.sections)
    assert all(str(one.attrs["href"]).startswith("https://") for one in tokens if one.type == "link_open")
    inline = [token for token in tokens if token.type == "inline"]
    shown = " ".join("".join(one.content or " " for one in token.children or ()) for token in inline)
    assert words_of(review) <= set(re.findall(r"[A-Za-z]{3,}", shown))
    assert not re.search(r"(?<![\w.+-])@\w", to_notion(review)), "nobody is mentioned"


def test_notion_gets_agreed_items_as_to_dos_and_marks_as_they_were_typed() -> None:
    markdown = to_notion(FULL)
    assert markdown.count("- [ ] ") == 2 and markdown.count("- [x] ") == 1
    odd = replace(FULL.section("went_well"), lines=(Line("1. a|b <c> &lt; *d* # e 3-4 f_g", Nature.RECORDED),))
    review = replace(FULL, sections=(*FULL.sections[:-1], odd))
    (text,) = [one.content for one in parsed(review)[-6:] if one.type == "inline"]
    children = [one.content for token in parsed(review)[-6:] for one in token.children or () if one.type == "text"]
    assert "".join(children) == "1. a|b <c> &lt; *d* # e 3-4 f_g"
    assert "3-4" in text, "a dash between figures stays as it was typed"
