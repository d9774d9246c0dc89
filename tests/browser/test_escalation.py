"""Escalation with time sped up, on the page: nobody answers a P0, and two hours later the VP is paged.

`pytest tests/browser/test_escalation.py --pictures docs/images` also takes a picture of what the VP sees.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from slack_playground.app import Playground
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.journeys.story import ask, pings_of
from tests.support.stage import Stage

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def playground(stage: Stage) -> Playground:
    """The playground on which the real bot listens, instead of an empty one."""
    return stage.playground


def test_the_page_shows_an_escalation_up_to_the_vp_with_time_sped_up(
    open_page: OpenPage, stage: Stage, request: pytest.FixtureRequest
) -> None:
    ref, channel = stage.declare("P0 nobody can pay anywhere")
    page = open_page("U0VP", channel["id"])
    stage.clock.set_rate(1200)  # two hours in six seconds
    page.locator("#sidebar .place", has_text="Tocsin").click()
    page.get_by_role("tab", name="Messages").click()
    main = page.locator("#main")
    # A page every quarter of a second is late by minutes: which of the two makes the VP's due first is not certain.
    expect(main.get_by_text("you are the VP engineering")).to_be_visible()
    stage.clock.set_rate(1)
    folder = request.config.getoption("--pictures")
    if folder:
        Path(str(folder)).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(str(folder)) / "vp.png")
    main.get_by_role("button", name="Why me").click()
    expect(main.get_by_text("VP engineering: 2 h")).to_be_visible()
    main.get_by_role("button", name="Take over").click()
    expect(main.get_by_text("Acknowledged by")).to_be_visible()
    expect(main.get_by_role("button", name="Why me")).to_have_count(0)
    page.close()
    paged = [ping.role for ping in pings_of(stage, ref) if ping.kind == "page" and ping.state == "sent"]
    assert paged == ["on-call engineer", "team lead", "engineering manager", "VP engineering"]
    told = ask(stage.responder, channel["id"], "/incident escalation")
    assert "<@U0VP>" in told
