"""The main story with the real bot, in a real browser: report, declare, acknowledge, resolve, close, read the review.

`pytest tests/browser/test_story.py --pictures docs/images` also takes the pictures that the README shows.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from slack_playground.app import Playground
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.support.stage import Stage

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def playground(stage: Stage) -> Playground:
    """The playground on which the real bot listens, instead of an empty one."""
    return stage.playground


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Path | None:
    """The folder for pictures, where somebody asked for them."""
    folder = request.config.getoption("--pictures")
    return Path(str(folder)) if folder else None


def _write(page: Page, text: str) -> None:
    composer = page.locator("#composer")
    composer.fill(text)
    composer.press("Enter")


def _fill(page: Page, label: str, text: str) -> None:
    page.get_by_role("dialog").get_by_label(label).fill(text)


def test_an_incident_from_report_to_review_without_touching_anything_but_the_page(
    open_page: OpenPage, stage: Stage, picture: Path | None
) -> None:
    page = open_page()
    _write(page, "checkout is down for all customers since 10:40, every payment fails with 502")
    page.get_by_role("button", name="1 reply").click()
    thread = page.locator("#thread")
    expect(thread.get_by_text("Looks like")).to_be_visible()
    declare = thread.get_by_role("button", name=re.compile(r"Declare P\d"))
    _take(page, picture, "answer")
    declare.click()
    expect(thread.get_by_text("Declared as")).to_be_visible()
    page.keyboard.press("Escape")

    page.locator("#sidebar .place", has_text="inc-").click()
    main = page.locator("#main")
    expect(main.get_by_role("button", name="Acknowledge").first).to_be_visible()
    main.get_by_role("button", name="Acknowledge").first.click()
    expect(main.get_by_role("button", name="Acknowledge")).to_have_count(0)
    _write(page, "found it: the 10:35 deploy exhausts the connection pool of the payments service")
    _write(page, "/incident impact every payment failed, about 4,000 orders were lost")
    expect(main.get_by_text("Impact of INC-", exact=False).first).to_be_visible()

    main.get_by_role("button", name="Resolve").click()
    _fill(page, "What fixed it?", "rolled back the deploy and raised the pool size")
    page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    main.get_by_role("button", name="Close and draft review").click()
    _fill(page, "Cause", "the deploy opened a connection for each request")
    page.get_by_role("dialog").get_by_role("button", name="Close and draft review").click()
    expect(main.get_by_text("Review draft of")).to_be_visible()
    _take(page, picture, "closed")
    page.close()

    manager = open_page("U0MANAGER")
    manager.locator("#sidebar .place", has_text="Tocsin").click()
    expect(manager.locator("#main").get_by_text("Review draft of")).to_be_visible()
    expect(manager.locator("#main").get_by_text("every payment failed")).to_be_visible()
    manager.close()


def _take(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")
