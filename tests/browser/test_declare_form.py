"""The form that declares in a real browser: it judges while one types, and what is typed and the cursor stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from slack_playground.app import Playground
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.support.stage import INCIDENTS, Stage

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def playground(stage: Stage) -> Playground:
    """The playground on which the real bot listens, instead of an empty one."""
    return stage.playground


def test_the_verdict_comes_while_one_types_and_the_cursor_stays(
    open_page: OpenPage, stage: Stage, request: pytest.FixtureRequest
) -> None:
    stage.declare("P1 checkout returns 502 for a third of the customers")
    page = open_page("U0RESPONDER", INCIDENTS, width=390, height=760)
    page.locator("#composer").fill("/incident declare")
    page.locator("#composer").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("show here as you type")).to_be_visible()
    title = dialog.get_by_label("What is wrong?")
    title.press_sequentially("returns 502 for customers")
    title.press("Home")
    title.press_sequentially("checkout ")
    expect(dialog.get_by_text("Possible match, still open")).to_be_visible()
    expect(title).to_have_value("checkout returns 502 for customers")
    expect(title).to_be_focused()
    title.press_sequentially("page ")
    expect(title).to_have_value("checkout page returns 502 for customers")
    folder = request.config.getoption("--pictures")
    if folder:
        Path(str(folder)).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(str(folder)) / "declare-typed.png")
