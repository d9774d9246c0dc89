"""The room in a real browser: the checklist and its ticks, the notice before it goes, catching up, App Home, security.

`pytest tests/browser/test_room.py --pictures FOLDER` also takes pictures.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from slack_playground.app import Playground
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.journeys.story import ask
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


def test_the_room_from_update_to_checklist(open_page: OpenPage, stage: Stage, picture: Path | None) -> None:
    responder = stage.responder
    _, channel = stage.declare("P1 half of all card payments fail")
    ask(responder, channel["id"], "/incident ack")
    ask(responder, channel["id"], "/incident role comms @team-lead")
    ask(responder, channel["id"], "/incident impact half of the orders of the last hour")
    ask(responder, channel["id"], "/incident note 25 min ago build 212 went out")
    page = open_page(channel=channel["id"])
    main = page.locator("#main")
    card = main.locator(".message").first
    typed = "half of `kubectl logs api-*` -n *shop* says _a_ ~b~"
    ask(responder, channel["id"], f"/incident impact {typed}")
    expect(card.get_by_text(f"Impact: {typed}")).to_be_visible()
    card.scroll_into_view_if_needed()
    _take(page, picture, "card")
    _write(page, "found it: the pool of the payment service is full")
    expect(main.get_by_role("button", name="Mark as key")).to_be_visible()
    main.get_by_role("button", name="Mark as key").click()
    expect(main.get_by_text("Marked as key")).to_be_visible()
    _write(page, "/incident catchup")
    expect(main.get_by_text("So far")).to_be_visible()
    _take(page, picture, "catchup")
    _write(page, "/incident update we are rolling back build 212")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("[UPDATE] P1 incident")).to_be_visible()
    news = dialog.get_by_label("What is new?")
    news.press("End")
    news.press_sequentially(", half of the servers are done")
    news.press("Home")
    news.press_sequentially("so far ")
    preview = dialog.locator(".block-section").first
    expect(preview).to_contain_text("News: so far we are rolling back build 212, half of the servers are done")
    expect(news).to_have_value("so far we are rolling back build 212, half of the servers are done")
    expect(news).to_be_focused()
    dialog.get_by_label("Next steps").fill("the rest within the hour")
    expect(preview).to_contain_text("Next steps: the rest within the hour")
    _take(page, picture, "notice-form")
    dialog.get_by_role("button", name="Send").click()
    expect(main.get_by_text("Stakeholders were notified")).to_be_visible()
    _write(page, "/incident cause the pool was too small for the new query")
    expect(main.get_by_text("Cause of INC-", exact=False).first).to_be_visible()
    _write(page, "/incident resolve rolled back build 212")
    expect(main.get_by_text("5 to check by")).to_be_visible()
    main.get_by_role("button", name="Done").first.click()
    expect(main.get_by_text("4 to check by")).to_be_visible()
    _take(page, picture, "checklist")
    page.close()

    reader = open_page("U0SUPPORT", channel="C0UPDATES", width=390, height=760)
    expect(reader.get_by_text("we are rolling back build 212")).to_be_visible()
    _take(reader, picture, "notice")
    reader.close()


def test_a_security_incident_and_home(open_page: OpenPage, stage: Stage, picture: Path | None) -> None:
    responder = stage.responder
    stage.declare("P2 the newsletter is sent twice")
    ask(responder, INCIDENTS, "/incident declare security P1 a stranger uses the partner's key")
    channel = responder.wait_for_channel("sec-")
    page = open_page(channel=channel["id"])
    expect(page.locator("#main").get_by_text("preserve the evidence")).to_be_visible()
    _take(page, picture, "security")
    page.locator("#sidebar .place", has_text="Tocsin").click()
    page.get_by_role("tab", name="Home").click()
    home = page.locator(".home-frame")
    expect(home.get_by_text("Waiting on you")).to_be_visible()
    expect(home.get_by_text("a stranger uses").first).to_be_visible()
    _take(page, picture, "home")
    page.close()


def test_the_answer_to_ones_own_command_is_shown_below_a_tall_one(open_page: OpenPage, stage: Stage) -> None:
    _, channel = stage.declare("P3 the lamp in the lobby flickers")
    page = open_page(channel=channel["id"])
    page.set_viewport_size({"width": 390, "height": 844})
    _write(page, "/incident help")
    main = page.locator("#main")
    expect(main.get_by_text("What you can type")).to_be_in_viewport()
    _write(page, "/incident title")
    expect(main.get_by_text("is called “the lamp in the lobby flickers”")).to_be_in_viewport()
