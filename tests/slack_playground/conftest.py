"""The playground's own tests use the fixtures that all other tests use, and a small Bolt app."""

from collections.abc import Iterator

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from slack_playground.app import Playground
from tests.fixtures.slack import close_quickly


@pytest.fixture
def app(web_client: WebClient) -> App:
    """A Bolt app without listeners; tests add their own before they ask for `connected`."""
    return App(client=web_client, raise_error_for_unhandled_request=False)


@pytest.fixture
def connected(app: App, playground: Playground) -> Iterator[SocketModeHandler]:
    """The Bolt app over one Socket Mode connection."""
    handler = SocketModeHandler(app, "xapp-playground")
    handler.client.connect()
    yield handler
    close_quickly(handler.client, playground)
