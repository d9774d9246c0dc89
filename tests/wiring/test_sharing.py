"""Whether a channel is shared: believed for a while, and at once where an event says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.context import AppContext
from bot.slack.client import Slack
from bot.wiring.access.sharing import Sharing
from bot.wiring.listeners import EVENTS, _event

CHANNEL = "C0INCIDENTS"


@pytest.mark.parametrize(
    ("name", "body"),
    [("channel_shared", {"is_ext_shared_channel": False}), ("channel_rename", {"is_ext_shared_channel": True})],
)
def test_a_channel_that_slack_says_is_shared_is_believed_to_be_at_once(
    context: AppContext, slack: Slack, name: str, body: dict[str, Any]
) -> None:
    sharing = Sharing(slack, lambda: 1000.0)
    assert not sharing(CHANNEL), "asked, and believed for five minutes"
    told = replace(context, is_shared=sharing, learn_shared=sharing.learn)
    event = {"type": name, "channel": CHANNEL}
    if name == "channel_shared":
        EVENTS[name](told, body, event)
    else:
        _event(told, lambda *_given: None)(body, event, lambda: None)
    assert sharing(CHANNEL)
