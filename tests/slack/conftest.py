"""The client as the bot has it, against the playground."""

import pytest

from bot.slack.client import Slack, web_client
from slack_playground.app import Playground
from tests.slack_fixtures import (  # noqa: F401 (fixtures)
    control,
    manifest_playground,
    person,
    playground,
    responder,
)


@pytest.fixture
def bot(playground: Playground) -> Slack:  # noqa: F811
    """The bot's calls."""
    return Slack(web_client(playground.api_url, "xoxb-playground", timeout=5))
