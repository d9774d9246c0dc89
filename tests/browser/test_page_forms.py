"""Pressing and filling in forms on the page, in a real browser.

A small app of the tests' own is behind it, which speaks Slack's protocol.
"""

import threading
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect
from slack_bolt import App
from slack_sdk import WebClient

from tests.browser.conftest import OpenPage
from tests.browser.elements import Json, button, field, message, modal, plain, say, write


def test_a_button_waits_for_the_app_and_is_not_sent_twice(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    presses: list[str] = []
    answer = threading.Event()

    @app.action("declare")
    def declare(ack: Any, action: Json) -> None:
        presses.append(action["value"])
        answer.wait(2)
        ack()

    connect()
    page = open_page()
    say(app, blocks=[{"type": "actions", "block_id": "b", "elements": [button("Declare", "declare", style="primary")]}])
    pressed = page.get_by_role("button", name="Declare", exact=True)
    pressed.click()
    expect(pressed).to_have_attribute("aria-busy", "true")
    pressed.click(force=True)
    pressed.press("Enter")
    answer.set()
    expect(pressed).not_to_have_attribute("aria-busy", "true")
    assert presses == ["1"]


def test_an_answer_to_a_press_for_oneself_is_scrolled_to(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    @app.action("private")
    def private(ack: Any, respond: Any) -> None:
        ack()
        respond(text="Make it a security incident?", replace_original=False)

    connect()
    page = open_page()
    say(app, blocks=[{"type": "actions", "block_id": "b", "elements": [button("Make private", "private")]}])
    for number in range(30):
        say(app, text=f"line {number}")
    expect(message(page, "line 29")).to_be_visible()
    pressed = page.get_by_role("button", name="Make private")
    pressed.scroll_into_view_if_needed()
    pressed.click()
    expect(message(page, "Make it a security incident?")).to_be_in_viewport()


def test_a_press_that_asks_first_is_sent_only_after_yes(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    presses: list[str] = []

    @app.action("dismiss")
    def dismiss(ack: Any, respond: Any) -> None:
        presses.append("dismiss")
        ack()
        respond(text="noted", replace_original=True)

    connect()
    page = open_page()
    question = {
        "title": plain("Not an incident?"),
        "text": plain("It is kept."),
        "confirm": plain("Yes, sure"),
        "deny": plain("Back"),
    }
    say(app, blocks=[{"type": "actions", "elements": [button("Not an incident", "dismiss", confirm=question)]}])
    page.get_by_role("button", name="Not an incident").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert presses == []
    page.get_by_role("button", name="Not an incident").click()
    page.get_by_role("button", name="Yes, sure").click()
    expect(message(page, "noted")).to_be_visible()
    assert presses == ["dismiss"]


def test_a_choice_is_sent_as_slack_sends_it(open_page: OpenPage, app: App, connect: Callable[[], object]) -> None:
    chosen: list[str] = []
    seen = threading.Event()

    @app.action("severity")
    def severity(ack: Any, action: Json) -> None:
        chosen.append(action["selected_option"]["value"])
        ack()
        seen.set()

    connect()
    page = open_page()
    options = [{"text": plain(name), "value": name.lower()} for name in ("P0", "P1")]
    select = {
        "type": "static_select",
        "action_id": "severity",
        "placeholder": plain("Another severity"),
        "options": options,
    }
    say(app, blocks=[{"type": "actions", "elements": [select]}])
    page.get_by_label("Another severity").select_option("P1")
    assert seen.wait(10)
    assert chosen == ["p1"]


def test_a_form_tells_what_is_missing_shows_the_apps_errors_and_is_sent(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    sent: list[Json] = []

    @app.shortcut("declare_global")
    def opened(ack: Any, client: WebClient, body: Json) -> None:
        ack()
        client.views_open(
            trigger_id=body["trigger_id"],
            view=modal(
                field("title", "What is wrong?", min_length=5),
                {**field("impact", "Impact", multiline=True, initial_value="many"), "optional": True},
                {
                    "type": "input",
                    "block_id": "severity",
                    "label": plain("Severity"),
                    "element": {
                        "type": "radio_buttons",
                        "action_id": "value",
                        "options": [{"text": plain(name), "value": name} for name in ("P0", "P1")],
                        "initial_option": {"text": plain("P1"), "value": "P1"},
                    },
                },
            ),
        )

    @app.view("declare")
    def declared(ack: Any, view: Json) -> None:
        sent.append(view["state"]["values"])
        if len(sent) == 1:
            ack(response_action="errors", errors={"title": "Say where."})
        else:
            ack()

    connect()
    page = open_page()
    opener = page.get_by_role("button", name="Declare incident")
    opener.click()
    form = page.get_by_role("dialog", name="Declare incident")
    title = form.get_by_label("What is wrong?")
    expect(title).to_be_focused()
    form.get_by_role("button", name="Declare").click()
    expect(form).to_contain_text("Fill this in to go on.")
    expect(title).to_have_attribute("aria-invalid", "true")
    title.fill("down")
    form.get_by_role("button", name="Declare").click()
    expect(form).to_contain_text("Write at least 5 characters.")
    assert sent == []
    title.fill("it is down")
    title.press("Enter")
    expect(form).to_contain_text("Say where.")
    expect(title).to_be_focused()
    title.fill("checkout is down")
    form.get_by_role("button", name="Declare").click()
    expect(form).to_have_count(0)
    assert sent[1]["title"]["value"]["value"] == "checkout is down"
    assert sent[1]["impact"]["value"]["value"] == "many"
    assert sent[1]["severity"]["value"]["selected_option"]["value"] == "P1"
    expect(opener).to_be_focused()


def test_an_update_keeps_what_was_typed_and_esc_goes_back_one_form(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    more = {"type": "actions", "block_id": "more", "elements": [button("More fields", "more"), button("Who?", "who")]}

    @app.shortcut("declare_global")
    def opened(ack: Any, client: WebClient, body: Json) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(field("title", "What is wrong?"), more))

    @app.action("more")
    def extend(ack: Any, client: WebClient, body: Json) -> None:
        ack()
        view = modal(field("title", "What is wrong?"), field("since", "Since when?"), more)
        client.views_update(view_id=body["view"]["id"], view=view)

    @app.action("who")
    def push(ack: Any, client: WebClient, body: Json) -> None:
        ack()
        client.views_push(trigger_id=body["trigger_id"], view=modal(field("who", "Commander"), title="Who leads?"))

    connect()
    page = open_page()
    page.get_by_role("button", name="Declare incident").click()
    page.get_by_label("What is wrong?").fill("checkout")
    page.get_by_role("button", name="More fields").click()
    expect(page.get_by_label("Since when?")).to_be_visible()
    expect(page.get_by_label("What is wrong?")).to_have_value("checkout")
    page.get_by_role("button", name="Who?").click()
    expect(page.get_by_role("dialog", name="Who leads?")).to_be_visible()
    expect(page.get_by_label("Commander")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Who leads?")).to_have_count(0)
    expect(page.get_by_label("What is wrong?")).to_have_value("checkout")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_message_shortcut_names_its_message(open_page: OpenPage, app: App, connect: Callable[[], object]) -> None:
    @app.shortcut("declare_message")
    def opened(ack: Any, client: WebClient, body: Json) -> None:
        ack()
        view = modal(field("title", "What is wrong?", initial_value=body["message"]["text"]))
        client.views_open(trigger_id=body["trigger_id"], view=view)

    connect()
    page = open_page()
    write(page, "logins time out")
    message(page, "logins time out").hover()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Declare incident").click()
    expect(page.get_by_label("What is wrong?")).to_have_value("logins time out")


def test_the_apps_home_is_shown_as_it_is_published(
    open_page: OpenPage, app: App, connect: Callable[[], object]
) -> None:
    @app.event("app_home_opened")
    def opened(client: WebClient, event: Json) -> None:
        blocks = [{"type": "section", "text": plain("No open incidents")}]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    connect()
    page = open_page()
    page.locator("#sidebar .place", has_text="Tocsin").click()
    expect(page.locator(".home")).to_have_text("No open incidents")
