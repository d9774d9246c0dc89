"""What a small app of the tests' own shows on the page, and where the page has it."""

from typing import Any

from playwright.sync_api import Locator, Page, expect
from slack_bolt import App

from tests.browser.conftest import PATIENCE_MS

INCIDENTS = "C0INCIDENTS"
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
Json = dict[str, Any]

expect.set_options(timeout=PATIENCE_MS)


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
