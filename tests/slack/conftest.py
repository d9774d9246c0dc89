"""The client as the bot has it, against the playground."""

import pytest

from bot.slack.client import Slack, web_client
from slack_playground.app import Playground


@pytest.fixture
def bot(playground: Playground) -> Slack:
    """The bot's calls."""
    return Slack(web_client(playground.api_url, "xoxb-playground", timeout=5))
