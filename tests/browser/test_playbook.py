"""A playbook in a real browser, on a desk and on a phone: what one sees, presses, fills in, and how it ends.

`pytest tests/browser/test_playbook.py --pictures FOLDER` also takes pictures.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from slack_playground.app import Playground
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.journeys.story import ask
from tests.support.stage import Stage

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def playground(stage: Stage) -> Playground:
    """The playground on which the real bot listens, instead of an empty one."""
    return stage.playground


def take(page: Page, request: pytest.FixtureRequest, name: str) -> None:
    folder = request.config.getoption("--pictures")
    if folder:
        Path(str(folder)).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(str(folder)) / f"{name}.png")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_playbook_is_worked_through_with_the_mouse(
    open_page: OpenPage, stage: Stage, request: pytest.FixtureRequest, width: int
) -> None:
    responder = stage.responder
    _, channel = stage.declare(f"P2 Lambda function is denied by DynamoDB, AccessDenied on {width}")
    room = channel["id"]
    ask(responder, room, "/incident note services: orders-api, orders-db")
    page = open_page(channel=room, width=width, height=900)
    main = page.locator("#main")
    take(page, request, f"card-{width}")
    ask(responder, room, "/incident playbook")
    expect(main.get_by_text("best first")).to_be_visible()
    take(page, request, f"list-{width}")
    main.get_by_role("button", name="Start", exact=True).first.click()
    run = main.locator(".message", has_text="Step 1 of 5")
    expect(run.get_by_text("--function-name orders-api").first).to_be_visible()
    run.scroll_into_view_if_needed()
    take(page, request, f"step-1-{width}")
    run.get_by_role("button", name="Done", exact=True).click()
    run = main.locator(".message", has_text="Step 2 of 5")
    run.get_by_role("button", name="With a note…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What did you see?").fill("the table policy lost the role")
    take(page, request, f"note-{width}")
    dialog.get_by_role("button", name="Save").click()
    run = main.locator(".message", has_text="Step 3 of 5")
    expect(run.get_by_text("the table policy lost the role")).to_be_visible()
    run.scroll_into_view_if_needed()
    take(page, request, f"missing-{width}")
    run.get_by_role("button", name="Fill in").click()
    dialog.get_by_label("table").fill("birthday-users")
    take(page, request, f"fill-{width}")
    dialog.get_by_role("button", name="Save").click()
    expect(run.get_by_text("--table-name birthday-users")).to_be_visible()
    run.get_by_role("button", name="Did not help").click()
    run = main.locator(".message", has_text="Step 4 of 5")
    expect(run.get_by_text("Changes production", exact=True)).to_be_visible()
    run.scroll_into_view_if_needed()
    take(page, request, f"changes-{width}")
    run.get_by_role("button", name="Did not help").click()
    expect(main.get_by_text("Two steps of PB-lambda did not help.")).to_be_visible()
    take(page, request, f"offer-{width}")
    run = main.locator(".message", has_text="Step 5 of 5")
    run.get_by_role("button", name="Done", exact=True).click()
    run = main.locator(".message", has_text="Finished by")
    run.scroll_into_view_if_needed()
    take(page, request, f"finished-{width}")
    run.get_by_role("button", name="Resolve").click()
    expect(dialog.get_by_label("What fixed it?")).to_have_value(
        "Invoke, watch, roll back if it still fails (PB-lambda, step 5)"
    )
    take(page, request, f"resolve-{width}")
    dialog.get_by_role("button", name="Resolve").click()
    expect(main.get_by_text("Resolved by").first).to_be_visible()
