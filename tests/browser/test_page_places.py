"""Being somebody, somewhere, some time: people, speed, phones, permalinks, hints.

A small app of the tests' own is behind it, which speaks Slack's protocol.
"""

import re
from collections.abc import Callable

from playwright.sync_api import CDPSession, Locator, expect
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.wiring.access.socket_mode import hang_up
from tests.browser.conftest import OpenPage
from tests.browser.elements import INCIDENTS, message, say, write


def test_another_person_is_chosen_and_the_channel_stays(open_page: OpenPage) -> None:
    page = open_page(channel="C0UPDATES")
    page.get_by_role("button", name="You are Responder").click()
    page.get_by_role("menuitemradio", name="Team Lead").click()
    expect(page.get_by_role("button", name="You are Team Lead")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?as=U0TEAMLEAD&channel=C0UPDATES$"))
    write(page, "I am here")
    expect(message(page, "I am here").locator(".author")).to_have_text("Team Lead")


def test_time_runs_faster_for_everybody(open_page: OpenPage) -> None:
    page, other = open_page(), open_page("U0TEAMLEAD")
    page.get_by_role("radio", name="600×").click()
    expect(other.get_by_role("radio", name="600×")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("radio", name="600×")).to_have_attribute("aria-checked", "true")


def test_a_banner_stands_while_the_app_is_away(
    open_page: OpenPage, app: App, connect: Callable[[], SocketModeHandler]
) -> None:
    handler = connect()
    page = open_page()
    expect(page.locator("#banner")).to_be_hidden()
    hang_up(handler)
    expect(page.locator("#banner")).to_contain_text("Tocsin is not connected")


def test_the_first_visit_shows_three_steps_that_are_ticked_off_by_what_comes_of_them(
    open_page: OpenPage, app: App
) -> None:
    page = open_page()
    hints = page.get_by_role("region", name="What to try")
    expect(hints.get_by_role("listitem")).to_have_count(3)
    hints.get_by_role("button", name="Write an example").click()
    expect(page.locator("#composer")).to_have_value(re.compile("Checkout"))
    expect(page.locator("#composer")).to_be_focused()
    page.locator("#composer").press("Enter")
    expect(message(page, "Checkout answers 502")).to_be_visible()
    expect(hints.locator("li.done")).to_have_count(0)
    said = app.client.conversations_history(channel=INCIDENTS, limit=1)["messages"][0]
    say(app, "That is a P1", thread_ts=said["ts"])
    expect(hints.locator("li.done")).to_have_count(1)
    hints.get_by_role("button", name="Switch").click()
    expect(page.get_by_role("button", name="You are Team Lead")).to_be_visible()
    expect(hints.locator("li.done")).to_have_count(2)
    hints.get_by_role("button", name="Close the hints").click()
    page.reload()
    expect(page.locator("#composer")).to_be_visible()
    expect(hints).to_be_hidden()


def test_a_permalink_opens_the_page_at_its_message(open_page: OpenPage, app: App) -> None:
    page = open_page("U0TEAMLEAD", "C0GENERAL")
    ts = say(app, "the one that is meant")
    page.goto(str(app.client.chat_getPermalink(channel=INCIDENTS, message_ts=ts)["permalink"]))
    expect(message(page, "the one that is meant")).to_have_class(re.compile("glow"))
    expect(page.get_by_role("button", name="You are Team Lead")).to_be_visible()


def test_on_a_phone_channels_are_a_drawer_and_a_thread_covers_the_page(open_page: OpenPage, app: App) -> None:
    page = open_page(width=390, height=844)
    ts = say(app, "a long one: " + "https://example.com/" + "x" * 200)
    say(app, "an answer", thread_ts=ts)
    places = page.get_by_role("navigation", name="Channels")
    expect(places).to_be_hidden()
    page.get_by_role("button", name="Channels").click()
    expect(places).to_be_visible()
    page.keyboard.press("Escape")
    expect(places).to_be_hidden()
    page.get_by_role("button", name="1 reply").click()
    box = page.locator("#thread").bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["height"])) == (390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Close thread").click()
    expect(page.locator("#thread")).to_be_hidden()


def test_messages_are_reached_by_keyboard(open_page: OpenPage, app: App) -> None:
    page = open_page()
    say(app, "first of all")
    say(app, "second of all")
    expect(message(page, "second of all")).to_be_visible()
    page.locator("#composer").focus()
    page.get_by_role("button", name="Close the hints").focus()
    page.keyboard.press("Shift+Tab")
    expect(message(page, "second of all")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(message(page, "first of all")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#thread .message", has_text="first of all")).to_be_visible()


def test_the_hints_open_where_one_is_and_stay_out_of_other_channels(open_page: OpenPage, app: App) -> None:
    other = app.client.conversations_create(name="inc-2026-0001-" + "checkout-answers-" * 3)["channel"]["id"]
    app.client.conversations_invite(channel=other, users="U0RESPONDER")
    app.client.conversations_setTopic(channel=other, topic="P1, investigating")
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{page.url.partition('?')[0]}?as=U0RESPONDER&channel={other}")
    page.locator("html[data-line=up]").wait_for(state="attached")
    hints = page.get_by_role("region", name="What to try")
    expect(page.locator(".channel-head .topic").first).to_be_in_viewport()
    height = page.locator(".channel-head .name").first.evaluate("name => name.getBoundingClientRect().height")
    assert 0 < height < 30
    expect(page.locator("#composer")).to_have_attribute("placeholder", "Message")
    expect(hints).to_be_hidden()
    page.get_by_role("button", name="What to try").click()
    expect(hints).to_be_visible()
    assert f"channel={other}" in page.url


def test_pinned_messages_far_up_are_listed_with_their_text(open_page: OpenPage, app: App) -> None:
    ts = app.client.chat_postMessage(channel=INCIDENTS, text="the card far up")["ts"]
    app.client.pins_add(channel=INCIDENTS, timestamp=ts)
    for number in range(60):
        app.client.chat_postMessage(channel=INCIDENTS, text=f"line {number}")
    page = open_page()
    page.get_by_role("button", name="1 pinned").click()
    expect(page.get_by_role("dialog", name="Pinned messages")).to_contain_text("the card far up")


def test_on_a_phone_a_held_message_opens_its_menu_and_lifting_the_finger_presses_nothing(
    open_page: OpenPage, app: App
) -> None:
    page = open_page(width=390, height=844)
    say(app, "the queue is at 97")
    row = message(page, "the queue is at 97")
    expect(row).to_be_visible()
    touch = page.context.new_cdp_session(page)
    at = hold(touch, row)
    menu = page.get_by_role("menu", name="Message actions")
    expect(menu).to_be_visible()
    jittery = {"x": at["x"] + 3, "y": at["y"] + 2}
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [jittery]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(menu).to_have_count(1)
    expect(page.locator("#thread")).to_be_hidden()
    page.get_by_role("menuitem", name="Reply in thread").tap()  # the next touch counts again
    expect(page.locator("#thread")).to_be_visible()


def hold(touch: CDPSession, row: Locator) -> dict[str, float]:
    """Put a finger down where the sheet with the menu opens under it."""
    box = row.bounding_box()
    assert box is not None
    at = {"x": box["x"] + 150, "y": box["y"] + box["height"] / 2}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    return at


def test_on_a_phone_a_thread_leads_back_and_into_other_channels(open_page: OpenPage, app: App) -> None:
    page = open_page(width=390, height=844)
    ts = say(app, "the first one")
    say(app, "an answer", thread_ts=ts)
    thread = page.locator("#thread")
    page.get_by_role("button", name="1 reply").tap()
    expect(thread).to_be_visible()
    page.get_by_role("button", name="Back to #incident-response").tap()
    expect(thread).to_be_hidden()
    page.get_by_role("button", name="1 reply").tap()
    page.go_back()
    expect(thread).to_be_hidden()
    expect(message(page, "the first one")).to_be_visible()
    page.get_by_role("button", name="1 reply").tap()
    thread.get_by_role("button", name="All channels").tap()
    page.get_by_role("navigation", name="Channels").get_by_role("button", name="general").tap()
    expect(thread).to_be_hidden()
    expect(page.get_by_role("heading", name="general")).to_be_visible()


def test_the_speed_buttons_stay_the_same_ones_while_time_runs(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(
        "window.made = 0; new MutationObserver(seen => { window.made += seen.length; })"
        ".observe(document.querySelector('.rates'), {childList: true})"
    )
    for rate in ("60", "10", "600", "1"):
        button = page.locator(f".rates [data-rate='{rate}']")
        button.click()
        expect(button).to_have_attribute("aria-checked", "true")
    assert page.evaluate("window.made") == 0


def test_a_step_of_the_hints_is_not_done_where_no_answer_came(
    open_page: OpenPage, app: App, connect: Callable[[], SocketModeHandler]
) -> None:
    app.action("go")(lambda ack: ack())
    connect()
    page = open_page()
    done = page.get_by_role("region", name="What to try").locator("li.done")
    ts = say(app, "something of mine")
    expect(message(page, "something of mine")).to_be_visible()
    say(app, "an answer to nobody", thread_ts=ts)
    expect(page.get_by_role("button", name="1 reply")).to_be_visible()
    expect(done).to_have_count(0)
    page.locator("#composer").fill("checkout is down")
    page.locator("#composer").press("Enter")
    said = app.client.conversations_history(channel=INCIDENTS, limit=1)["messages"][0]
    expect(done).to_have_count(0)
    blocks = [
        {
            "type": "actions",
            "block_id": "b",
            "elements": [
                {
                    "type": "button",
                    "action_id": "go",
                    "value": "1",
                    "text": {"type": "plain_text", "text": "Declare P1"},
                }
            ],
        }
    ]
    answer = say(app, "Looks like P1", thread_ts=said["ts"], blocks=blocks)
    expect(done).to_have_count(1)
    page.locator(".message", has_text="checkout is down").get_by_role("button", name="1 reply").click()
    page.locator("#thread").get_by_role("button", name="Declare P1").click()
    expect(page.locator("#thread .button.busy")).to_have_count(0)
    expect(done).to_have_count(1)
    app.client.chat_update(channel=INCIDENTS, ts=answer, text="Declared as P1")
    expect(done).to_have_count(2)
