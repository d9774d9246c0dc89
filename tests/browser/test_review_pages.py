"""The pages of a review in a real browser: edit, comment, ask for changes, approve, on a phone and on a desk.

`--pictures FOLDER` also takes pictures of them.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.store.engine import Database
from bot.wiring.service import Parts, Service
from slack_playground.person import content_of
from tests.browser.conftest import PATIENCE_MS
from tests.support.stage import BOT, Stage, running, staged

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose pages are really served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    changes = {"data_folder": data_folder, "web_port": port}
    folder = Path(tmp_path_factory.mktemp("stage"))
    with staged(database, folder, lambda settings: settings.model_copy(update=changes)) as built:
        pages = Service(built.settings, built.context, Parts(listen=False, work=False, serve=True))
        with running(pages):
            yield built


def end(stage: Stage, title: str) -> str:
    """An incident that is over; the manager's own link to its review."""
    return draft(stage, title)[0]


def draft(stage: Stage, title: str) -> tuple[str, str]:
    """An incident that is over; the manager's own link to its review, and its reference."""
    ref, channel = stage.declare(title)
    responder = stage.responder
    responder.command(channel["id"], "/incident impact a third of checkouts failed")
    responder.command(channel["id"], "/incident resolve raised the pool size")
    responder.command(channel["id"], "/incident close raised the pool size")
    sent = stage.manager.wait_for_message(stage.manager.dm_with(BOT), f"Review draft of *{ref}*")
    found = re.search(r"<(http[^|>]+)\|", content_of(sent))
    assert found
    return found[1], ref


@pytest.mark.parametrize("width", [390, 1280])
def test_a_manager_edits_comments_asks_for_changes_and_approves(
    chromium: Browser, stage: Stage, width: int, request: pytest.FixtureRequest
) -> None:
    link = end(stage, f"P1 checkout fails on {width}")
    context = chromium.new_context(viewport={"width": width, "height": 844}, has_touch=width < 500)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(link)
    _take(page, request, f"sign-in-{width}")
    page.get_by_role("button", name="Continue as eng-manager").click()
    expect(page.get_by_role("heading", name="Next step")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing sticks out of a phone's screen"

    page.get_by_role("link", name="Edit What went well").click()
    field = page.get_by_label(re.compile("What went well: one point per line"))
    field.fill(field.input_value() + "\nSupport answered every caller")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.locator("#went_well")).to_contain_text("Support answered every caller written by eng-manager")

    page.locator("#root_cause summary").click()
    page.get_by_label("Comment on “Root cause analysis”").fill("Which <release>?")
    page.locator("#root_cause").get_by_role("button", name="Comment").click()
    expect(page.locator("#root_cause .comments")).to_contain_text("Which <release>?")

    page.get_by_text("Request changes", exact=True).first.click()
    page.get_by_label("What should change?").fill("Name the release")
    page.get_by_role("button", name="Request changes").click()
    expect(page.locator(".decide")).to_contain_text("Changes requested by eng-manager")
    _take(page, request, f"changes-{width}")

    page.get_by_text("Add an action item").click()
    page.get_by_label("What needs to be done?").fill("Alarm on the pool")
    page.get_by_label("Priority").select_option("high")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#action_items")).to_contain_text("Alarm on the pool")

    page.get_by_role("button", name="Send for review").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("Still open: Detected")
    _take(page, request, f"open-points-{width}")
    page.get_by_role("button", name="Approve anyway").click()
    expect(page.get_by_role("heading", name="Approved")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Edit "))).to_have_count(0)
    _take(page, request, f"approved-{width}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body"), "the keyboard reaches the page"
    page.get_by_role("link", name="Action items", exact=True).first.click()
    expect(page.get_by_role("heading", name="Action items")).to_be_visible()
    bar = page.locator(".bar").bounding_box()
    assert bar is not None and bar["height"] < (100 if width < 500 else 70), "the menu takes two rows at most"
    links = [link.bounding_box() for link in page.locator(".bar nav a").all()]
    assert links and all(link and link["x"] + link["width"] <= width for link in links), "no part of it is cut off"
    page.get_by_role("button", name="Sign out").click()
    page.goto(link.split("/enter")[0] + "/reviews")
    expect(page.get_by_role("heading", name="Please sign in")).to_be_visible()
    context.close()
    assert [text for text in problems if "401" not in text] == []


def test_of_two_who_edit_one_section_on_phones_the_second_has_both_texts_before_them(
    chromium: Browser, stage: Stage, request: pytest.FixtureRequest
) -> None:
    link, ref = draft(stage, "P1 search fails for two who write of it")
    path = f"/reviews/{ref}?edit=could_improve#could_improve"
    lead = stage.context.personal_link("/reviews", stage.team_lead.user_id, "team-lead")
    assert lead
    first, second = _phone(chromium, link), _phone(chromium, lead)
    for page in (first, second):
        page.goto(link.split("/enter")[0] + path)
    both = "The alarm came late and nobody was paged by it, which is why customers told us first"
    _write(first, f"{both}\nThe runbook named a host that is gone")
    expect(first.get_by_role("status")).to_contain_text("Saved.")
    _write(second, f"{both}\nThe pool was too small")

    warning, theirs = second.get_by_role("alert"), second.locator(".theirs")
    expect(warning).to_be_in_viewport(ratio=1)
    expect(warning).to_be_focused()
    expect(warning).to_contain_text("eng-manager saved this section")
    expect(theirs).to_be_in_viewport(ratio=1)
    expect(theirs).to_contain_text("The runbook named a host that is gone not in yours")
    field = second.get_by_label(re.compile("Your version, not saved yet"))
    expect(field).to_be_in_viewport()
    expect(field).to_have_value(re.compile("The pool was too small"))
    assert second.evaluate("document.documentElement.scrollWidth") <= 390, "nothing sticks out of a phone's screen"
    _take(second, request, "both-texts-390", whole=False)

    _write(second, f"{both}\nThe pool was too small\nThe runbook named a host that is gone")
    expect(second.get_by_role("status")).to_contain_text("Saved.")
    second.get_by_role("link", name="Versions of What could be improved").click()
    expect(second.get_by_text("Saved by eng-manager")).to_be_visible()
    expect(second.get_by_text("Saved by team-lead")).to_be_visible()
    _take(second, request, "versions-390")
    for page in (first, second):
        page.context.close()


def _phone(chromium: Browser, link: str) -> Page:
    """Somebody's phone, come in with their link."""
    page = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(link)
    page.get_by_role("button", name=re.compile("^Continue as ")).click()
    return page


def _write(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.get_by_role("button", name="Save").click()


def _take(page: Page, request: pytest.FixtureRequest, name: str, whole: bool = True) -> None:
    folder = request.config.getoption("--pictures")
    if folder:
        Path(str(folder)).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(str(folder)) / f"{name}.png", full_page=whole)
