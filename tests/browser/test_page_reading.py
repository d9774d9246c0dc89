"""Reading the page, in a real browser: text, blocks, marks, threads, reactions, pins.

A small app of the tests' own is behind it, which speaks Slack's protocol.
"""

import re

from playwright.sync_api import expect
from slack_bolt import App

from tests.browser.conftest import OpenPage
from tests.browser.elements import DOT, INCIDENTS, button, message, plain, say, write


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
