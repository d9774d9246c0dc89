"""Writing on the page, in a real browser: messages, commands, edits.

A small app of the tests' own is behind it, which speaks Slack's protocol.
"""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from slack_bolt import App

from slack_playground.app import PAGE
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.browser.elements import Json, message, write


@pytest.mark.parametrize("path", sorted(PAGE.iterdir()), ids=lambda path: str(path.name))
def test_no_file_of_the_page_writes_markup_runs_text_or_loads_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert re.search(markup, source) is None
    assert re.search(r"@import|url\(|(?:src|href)=.https?:", source) is None


def test_what_one_person_writes_another_reads_as_text(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    connect()
    writer, reader = open_page(), open_page("U0TEAMLEAD")
    write(writer, "checkout is <img src=x onerror=document.title='hit'> & *down* for @team-lead")
    row = message(reader, "checkout is")
    expect(row).to_contain_text("<img src=x onerror=document.title='hit'> & down for @Team Lead")
    expect(row.locator("strong")).to_have_text("down")
    expect(row.locator("img")).to_have_count(0)
    expect(row.locator(".mention-me")).to_have_text("@Team Lead")
    expect(reader).not_to_have_title("hit")
    expect(writer.locator("#composer")).to_have_value("")


def test_shift_enter_breaks_the_line_and_enter_sends(open_page: OpenPage) -> None:
    page = open_page()
    composer = page.locator("#composer")
    composer.press_sequentially("first")
    composer.press("Shift+Enter")
    composer.press_sequentially("second")
    composer.press("Enter")
    expect(message(page, "first").locator(".line")).to_have_text(["first", "second"])


def test_a_command_is_completed_with_its_subcommand_and_sent_by_keyboard(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    received = []

    @app.command("/incident")
    def incident(ack: Any, command: Json) -> None:
        received.append(command["text"])
        ack(f"You said {command['text']}")

    connect()
    page, other = open_page(), open_page("U0TEAMLEAD")
    composer = page.locator("#composer")
    composer.press_sequentially("/inc")
    expect(page.get_by_role("option")).to_contain_text(["/incident"])
    composer.press("Tab")
    expect(page.get_by_role("option")).to_have_count(4)
    composer.press("ArrowDown")
    composer.press("ArrowDown")
    composer.press("Tab")
    expect(composer).to_have_value("/incident severity ")
    expect(page.locator("#main .composer-hint")).to_have_text("severity P0-P3")
    composer.press_sequentially("P1")
    composer.press("Enter")
    answer = message(page, "You said severity P1")
    expect(answer).to_contain_text("Only visible to you")
    assert received == ["severity P1"]
    expect(message(other, "You said")).to_have_count(0)


def test_what_is_sent_while_the_last_command_is_on_its_way_goes_after_it(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    may_answer = threading.Event()

    @app.command("/incident")
    def incident(ack: Any, command: Json) -> None:
        may_answer.wait(PATIENCE_MS / 1000)
        ack(f"You said {command['text']}")

    connect()
    page = open_page()
    for text in ("/incident first", "/incident second", "and a message"):
        write(page, text)
        expect(page.locator("#composer")).to_have_value("")
    may_answer.set()
    expect(message(page, "and a message")).to_be_visible()
    said = page.locator("#main .message").all_inner_texts()
    places = [next(at for at, text in enumerate(said) if words in text) for words in ("first", "second", "and a")]
    assert places == sorted(places)


def test_a_command_that_nobody_takes_says_so_and_keeps_the_text(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#banner")).to_contain_text("Tocsin is not connected")
    write(page, "/incident status")
    expect(page.get_by_role("alert").filter(has_text="nothing was sent")).to_be_visible()
    expect(page.locator(".toast")).to_have_count(1)
    expect(page.locator("#composer")).to_have_value("/incident status")


def test_an_unknown_command_is_not_posted_as_a_message(open_page: OpenPage) -> None:
    page = open_page()
    write(page, "/incidnt status")
    expect(page.get_by_role("alert")).to_contain_text("/incidnt is not a command here. Try /incident")
    expect(page.locator("#main .message .content")).to_have_count(0)


def test_ones_own_message_is_edited_and_deleted(open_page: OpenPage) -> None:
    page, other = open_page(), open_page("U0TEAMLEAD")
    write(page, "errors on basket")
    row = message(page, "errors on basket")
    row.hover()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Edit message").click()
    page.get_by_label("Edit message").fill("errors on checkout")
    page.get_by_label("Edit message").press("Enter")
    expect(message(other, "errors on checkout")).to_contain_text("(edited)")
    message(page, "errors on checkout").click(button="right")
    page.get_by_role("menuitem", name="Delete message").click()
    page.get_by_role("button", name="Delete").click()
    expect(message(other, "errors on checkout")).to_have_count(0)
