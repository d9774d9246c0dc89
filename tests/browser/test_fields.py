"""Type and custom fields in a real browser, on a phone's width: forms, the card, the list, the menu.

`pytest tests/browser/test_fields.py --pictures FOLDER` also takes pictures.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.fields.queries import values_of
from slack_playground.app import Playground
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.journeys.story import ask, row
from tests.support.stage import INCIDENTS, Stage

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


def _take(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")


def _write(page: Page, text: str) -> None:
    composer = page.locator("#composer")
    composer.fill(text)
    composer.press("Enter")


@pytest.mark.parametrize("width", [390, 1280])
def test_fields_are_filled_in_on_any_width(open_page: OpenPage, stage: Stage, picture: Path | None, width: int) -> None:
    who = stage.responder
    ref, channel = stage.declare(f"P2 the tills freeze at {width}")
    page = open_page(channel=channel["id"])
    page.set_viewport_size({"width": width, "height": 844})
    _write(page, "/incident type")
    menu = page.locator("#main .message", has_text="no type yet")
    expect(menu).to_be_visible()
    _take(page, picture, f"type-{width}")
    assert "Type is now Third party" in ask(who, channel["id"], "/incident type third party")
    _write(page, "/incident field")
    form = page.get_by_role("dialog")
    expect(form.get_by_text("Customers affected")).to_be_visible()
    _take(page, picture, f"fields-{width}")
    form.get_by_label("Customers affected").fill("120")
    form.get_by_label("Vendor").fill("Acme")
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()
    expect(page.locator("#main .message").first).to_contain_text("Customers affected: 120")
    page.locator("#main .message").first.scroll_into_view_if_needed()
    _take(page, picture, f"card-{width}")
    with stage.database.transaction() as session:
        held = {name: one.value for name, one in values_of(session, row(stage, ref).incident_id).items()}
    assert held == {"customers-affected": "120", "vendor": "Acme"}


@pytest.mark.parametrize("width", [390, 1280])
def test_the_forms_that_declare_and_resolve_ask(
    open_page: OpenPage, stage: Stage, picture: Path | None, width: int
) -> None:
    who = stage.responder
    _, channel = stage.declare(f"P3 the kiosks freeze at {width}")
    page = open_page(channel=channel["id"])
    page.set_viewport_size({"width": width, "height": 844})
    _write(page, "/incident declare")
    form = page.get_by_role("dialog")
    expect(form.get_by_text("Who may see it?").first).to_be_visible()
    form.get_by_label("Type").first.scroll_into_view_if_needed()
    _take(page, picture, f"declare-{width}")
    page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    page.locator("#main .message").first.get_by_role("button", name="Resolve").click()
    form.get_by_label("Found by").scroll_into_view_if_needed()
    _take(page, picture, f"resolve-{width}")
    page.keyboard.press("Escape")
    ask(who, channel["id"], "/incident field found-by customer")
    _write(page, "/incident list found-by:customer")
    expect(page.locator("#main .message", has_text="found-by:customer").last).to_be_visible()
    _take(page, picture, f"list-{width}")
    _write(page, "/incident")
    expect(page.get_by_role("button", name="Type and fields")).to_be_visible()
    _take(page, picture, f"menu-{width}")
    assert who.channel_id(INCIDENTS)
