"""Real headless Chromium, a playground of its own for each test, and pages that must not log an error."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.demo.seed import seed_workspace
from bot.wiring.access.socket_mode import hang_up
from slack_playground.app import Playground
from slack_playground.workspace.manifest import AppManifest, Command, Shortcut

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 60_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of a module. Playwright's event loop runs while it does, so that no other module may have it."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: install Debian's package `chromium` to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def playground() -> Iterator[Playground]:
    """A fresh playground whose app has one command, two shortcuts and a home."""
    manifest = AppManifest(
        commands=(
            Command(
                "/incident", "Declare and run incidents", "declare | status | severity P0-P3 | help", should_escape=True
            ),
        ),
        shortcuts=(
            Shortcut("Declare incident", "global", "declare_global"),
            Shortcut("Declare incident", "message", "declare_message"),
        ),
        events=None,
        scopes=None,
        home_tab=True,
        messages_tab=True,
    )
    with Playground(seed_workspace(manifest=manifest)) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser, playground: Playground) -> Iterator[OpenPage]:
    """Opens the page as somebody; fails the test if the page logged an error."""
    contexts = []
    problems: list[str] = []

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "WebSocket" not in message.text:
            problems.append(message.text)

    def note_error(error: Error) -> None:
        problems.append(str(error))

    def open_page(
        person: str = "U0RESPONDER", channel: str = "C0INCIDENTS", *, width: int = 1280, height: int = 800
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, has_touch=width < 500, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", note_console)
        page.on("pageerror", note_error)
        page.goto(f"{playground.url}/?as={person}&channel={channel}")
        page.get_by_role("combobox").or_(page.locator(".closed")).first.wait_for()
        page.locator("html[data-line=up]").wait_for(state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


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
