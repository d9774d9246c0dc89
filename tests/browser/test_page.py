"""The page in a real browser, with a small app of the test's own behind it that speaks Slack's protocol."""

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.wiring.service import hang_up
from slack_playground.app import PAGE, Playground

from .conftest import PATIENCE_MS, OpenPage

INCIDENTS = "C0INCIDENTS"
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
Json = dict[str, Any]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def app(playground: Playground) -> App:
    """A Bolt app that nothing is registered on yet."""
    client = WebClient(token="xoxb-playground", base_url=playground.api_url)
    return App(client=client, signing_secret="playground", token_verification_enabled=False)


@pytest.fixture
def connect(app: App) -> Iterator[Callable[[], SocketModeHandler]]:
    """Connects the app over Socket Mode, once its listeners are registered."""
    handlers: list[SocketModeHandler] = []

    def connect() -> SocketModeHandler:
        handler = SocketModeHandler(app, app_token="xapp-playground")
        handlers.append(handler)
        handler.connect()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        return handler

    yield connect
    for handler in handlers:
        hang_up(handler)


def plain(text: str) -> Json:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def button(text: str, action_id: str, **more: Any) -> Json:
    """A button."""
    return {"type": "button", "text": plain(text), "action_id": action_id, "value": "1", **more}


def field(block_id: str, label: str, **element: Any) -> Json:
    """An input block with a text field."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"type": "plain_text_input", "action_id": "value", **element},
    }


def modal(*blocks: Json, title: str = "Declare incident", **more: Any) -> Json:
    """A modal with a submit button."""
    return {
        "type": "modal",
        "callback_id": "declare",
        "title": plain(title),
        "submit": plain("Declare"),
        "close": plain("Cancel"),
        "blocks": list(blocks),
        **more,
    }


def say(app: App, text: str = "card", **more: Any) -> str:
    """Post as the app; the ts."""
    return str(app.client.chat_postMessage(channel=INCIDENTS, text=text, **more)["ts"])


def write(page: Page, text: str) -> None:
    """Type into the channel's composer and send."""
    composer = page.locator("#composer")
    composer.fill(text)
    composer.press("Enter")


def message(page: Page, text: str) -> Locator:
    """The row of the channel that contains this text."""
    return page.locator("#main .message", has_text=text)


# ---- the files themselves ----


@pytest.mark.parametrize("path", sorted(PAGE.iterdir()), ids=lambda path: str(path.name))
def test_no_file_of_the_page_writes_markup_runs_text_or_loads_from_elsewhere(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert re.search(markup, source) is None
    assert re.search(r"@import|url\(|(?:src|href)=.https?:", source) is None


# ---- writing ----


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


# ---- reading ----


def test_tokens_of_the_apps_text_are_shown_and_only_web_addresses_are_links(open_page: OpenPage, app: App) -> None:
    page = open_page()
    say(
        app,
        "*bold* _soft_ ~gone~ `<b>code</b>` <https://example.com/a|runbook> <javascript:alert(1)|trap> <b> "
        "(see https://example.com/b?c=1&amp;d=2). "
        "<@U0TEAMLEAD> <#C0UPDATES> <!subteam^S0ONCALL> :rotating_light: :no_such: "
        "<!date^1700000000^{date_num}|then>\n&gt; quoted\n• one\n• two",
    )
    row = message(page, "runbook")
    expect(row.locator("strong")).to_have_text("bold")
    expect(row.locator("em")).to_have_text("soft")
    expect(row.locator("s")).to_have_text("gone")
    expect(row.locator("code")).to_have_text("<b>code</b>")
    expect(row.locator("a")).to_have_text(["runbook", "https://example.com/b?c=1&d=2"])
    expect(row.locator("a").first).to_have_attribute("href", "https://example.com/a")
    expect(row.locator(".mention")).to_have_text(["@Team Lead", "#incident-updates", "@oncall"])
    expect(row.get_by_role("img", name="rotating light")).to_have_text("🚨")
    expect(row).to_contain_text(":no_such: 2023-11-1")
    expect(row.locator("blockquote")).to_have_text("quoted")
    expect(row.locator("li")).to_have_text(["one", "two"])


def test_every_block_and_element_is_shown(open_page: OpenPage, app: App) -> None:
    page = open_page()
    options = [{"text": plain(name), "value": name} for name in ("P0", "P1")]
    say(
        app,
        blocks=[
            {"type": "header", "text": plain("INC-2026-0001 :fire:")},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "*Checkout*"},
                "accessory": button("Open", "open", url="https://example.com/"),
            },
            {"type": "section", "fields": [plain("Severity"), plain("P1")]},
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "since _two_"}]},
            {"type": "image", "image_url": DOT, "alt_text": "Error rate"},
            {
                "type": "markdown",
                "text": "## Steps\n1. **Roll back**\n2. [Look](https://example.com/look) at &lt;b&gt; \\$5",
            },
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "text", "text": "rich", "style": {"bold": True}}],
                    },
                    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "<pre>"}]},
                ],
            },
            {
                "type": "actions",
                "elements": [
                    {"type": "static_select", "action_id": "a1", "placeholder": plain("Severity"), "options": options},
                    {"type": "users_select", "action_id": "a2", "placeholder": plain("Person")},
                    {"type": "channels_select", "action_id": "a3", "placeholder": plain("Channel")},
                    {"type": "conversations_select", "action_id": "a4", "placeholder": plain("Conversation")},
                    {
                        "type": "multi_static_select",
                        "action_id": "a5",
                        "placeholder": plain("Several"),
                        "options": options,
                    },
                    {"type": "overflow", "action_id": "a6", "options": options},
                    {"type": "datepicker", "action_id": "a7", "initial_date": "2026-11-20"},
                    {"type": "timepicker", "action_id": "a8", "initial_time": "14:05"},
                    {"type": "checkboxes", "action_id": "a9", "options": options},
                    {"type": "radio_buttons", "action_id": "a10", "options": options},
                ],
            },
        ],
    )
    row = message(page, "INC-2026-0001")
    expect(row.locator(".block-unknown")).to_have_count(0)
    expect(row.get_by_role("heading", name="INC-2026-0001")).to_contain_text("🔥")
    expect(row.get_by_role("listitem").nth(1)).to_have_text("Look at <b> $5")
    expect(row.get_by_role("link", name="Open")).to_have_attribute("href", "https://example.com/")
    expect(row.locator(".field")).to_have_text(["Severity", "P1"])
    expect(row.get_by_role("img", name="Error rate")).to_be_visible()
    expect(row.get_by_role("heading", name="Steps")).to_be_visible()
    expect(row.locator("pre")).to_have_text("<pre>")
    expect(row.get_by_label("Person").locator("option")).to_contain_text(
        ["Person", "Responder", "Secondary", "Team Lead"]
    )
    expect(row.locator("input[type=date]")).to_have_value("2026-11-20")
    expect(row.get_by_role("radio")).to_have_count(2)


def test_marks_show_what_is_unread_and_where_one_is_named(open_page: OpenPage, app: App) -> None:
    page = open_page(channel="C0GENERAL")
    place = page.locator("#sidebar .place", has_text="incident-response")
    say(app, "all quiet")
    expect(place).to_have_class(re.compile("unread"))
    say(app, "<@U0RESPONDER> look")
    expect(place.get_by_label("1 mentions")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("look")
    place.click()
    expect(message(page, "look")).to_be_visible()
    expect(place).not_to_have_class(re.compile("unread"))
    page.reload()
    expect(message(page, "look")).to_be_visible()
    expect(place).not_to_have_class(re.compile("unread"))


def test_a_reply_goes_into_its_thread_and_is_counted(open_page: OpenPage) -> None:
    page, other = open_page(), open_page("U0TEAMLEAD")
    write(page, "search is slow")
    row = message(other, "search is slow")
    row.hover()
    other.get_by_role("button", name="Reply in thread").click()
    reply = other.get_by_label("Reply in thread").and_(other.get_by_role("combobox"))
    expect(reply).to_be_focused()
    reply.fill("on it")
    reply.press("Enter")
    expect(other.locator("#thread .message", has_text="on it")).to_be_visible()
    page.get_by_role("button", name="1 reply").click()
    expect(page.locator("#thread .message", has_text="on it")).to_be_visible()
    expect(message(page, "on it")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_be_hidden()


def test_a_reaction_is_toggled_and_seen_by_others(open_page: OpenPage) -> None:
    page, other = open_page(), open_page("U0TEAMLEAD")
    write(page, "payments fail")
    message(other, "payments fail").hover()
    other.get_by_role("button", name="Add a reaction").click()
    other.get_by_role("menuitem", name="pushpin", exact=True).click()
    mark = message(page, "payments fail").get_by_role("button", name="pushpin: Team Lead")
    expect(mark).to_have_attribute("aria-pressed", "false")
    mark.click()
    expect(page.locator(".reaction.mine span")).to_have_text("2")
    page.locator(".reaction.mine").click()
    expect(message(other, "payments fail").locator(".reaction.mine span")).to_have_text("1")


def test_pins_are_marked_and_listed(open_page: OpenPage, app: App) -> None:
    page = open_page()
    ts = say(app, "the card")
    app.client.pins_add(channel=INCIDENTS, timestamp=ts)
    expect(message(page, "the card").locator(".pin-mark")).to_be_visible()
    page.get_by_role("button", name="1 pinned").click()
    expect(page.get_by_role("dialog", name="Pinned messages")).to_contain_text("the card")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


# ---- pressing ----


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


# ---- forms ----


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


# ---- being somebody, somewhere, some time ----


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
