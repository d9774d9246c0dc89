"""Who cannot take part, and a channel that Tocsin is kept out of: what is read by whoever types a command."""

from __future__ import annotations

import pytest

from tests.journeys.story import ask, entries, row, settle
from tests.slack_playground.test_strictness import guests
from tests.support.stage import INCIDENTS, Stage

WHY = {
    "U0GUEST": "this person is a guest (user_is_restricted). Only a workspace admin can add a guest to a channel.",
    "U0ONE": "this person is a guest of a single channel (ura_max_channels). Only a workspace admin can change that.",
    "U0PARTNER": "this person belongs to another organization (cant_invite). "
    "Someone in the channel can share it with them through Slack Connect.",
    "W0GRID": "this person is not in this workspace (org_user_not_in_team). A workspace admin has to add them first.",
    "U0GONE": "this person's account is deactivated (user_disabled). Choose someone else.",
    "U0OTHERBOT": "this is a bot (cannot_dm_bot). Choose a person.",
}
NAMES = {
    "U0GUEST": "@guest",
    "U0ONE": "@one-channel",
    "U0PARTNER": "@partner",
    "W0GRID": "@grid",
    "U0GONE": "@gone",
    "U0OTHERBOT": "@monitor",
}


@pytest.fixture(scope="module")
def peopled(stage: Stage) -> Stage:
    """With guests, strangers, somebody deactivated and a bot."""
    stage.playground.on_loop(lambda: guests(stage.playground))
    return stage


def test_nobody_gets_a_part_who_is_no_person_or_cannot_be_let_in(peopled: Stage) -> None:
    responder = peopled.responder
    ref, channel = peopled.declare("P2 the scales in the warehouse are stuck")
    for user_id, why in WHY.items():
        refused = f"<@{user_id}> can't be assigned: {why} Nothing was changed."
        for command in ("role scribe", "role commander", "handover"):
            assert ask(responder, channel["id"], f"/incident {command} {NAMES[user_id]}") == refused, command
    assert row(peopled, ref).commander is None
    for user_id in ("U0GONE", "U0OTHERBOT"):
        said = ask(responder, INCIDENTS, f"/incident oncall override {NAMES[user_id]} until tomorrow 10:00 as manager")
        assert said == f"<@{user_id}> can't be assigned: {WHY[user_id]} Nothing was changed."
    assert "<@U0VP> is scribe of" in ask(responder, channel["id"], "/incident role scribe @vp-engineering")


def test_in_a_channel_that_tocsin_is_kept_out_of_every_answer_says_so(peopled: Stage) -> None:
    responder = peopled.responder
    ref, channel = peopled.declare("P2 the lift in the depot is stuck")
    responder.archive(channel["id"])
    why = (
        ":warning: What people say in this channel is not recorded: the channel is archived (is_archived). "
        "Bots can't unarchive: someone in the workspace has to open the channel's details and press Unarchive."
    )
    responder.wait_for(lambda: row(peopled, ref).channel_archived or None, what="the archived channel")
    assert ask(responder, INCIDENTS, f"/incident note {ref} rope replaced").endswith(
        why.replace("this channel is", f"<#{channel['id']}> is").replace("in this channel", f"in <#{channel['id']}>")
    )
    settle(peopled.database)
    assert any("the channel is archived" in entry.text for entry in entries(peopled, ref))
    ask(responder, INCIDENTS, f"/incident resolve {ref} fixed")
    responder.unarchive(channel["id"])
    settle(peopled.database)
    assert not ask(responder, INCIDENTS, f"/incident reopen {ref}").endswith(why)
