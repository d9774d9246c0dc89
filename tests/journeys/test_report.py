"""From a report to the declared incident, over Slack's own protocol."""

from __future__ import annotations

from tests.stage import INCIDENTS, Stage, press, texts


def test_a_report_is_answered_in_its_thread_and_can_be_declared(stage: Stage) -> None:
    responder = stage.responder
    ts = responder.say(INCIDENTS, "checkout is down for everyone, every payment fails with 502")
    answer = responder.wait_for(lambda: next(iter(responder.replies(INCIDENTS, ts)[1:]), None), what="the answer")
    assert "Looks like" in texts([answer])[0]
    press(responder, INCIDENTS, answer, "report_declare")
    channel = responder.wait_for_channel("inc-")
    card = responder.wait_for(lambda: next(iter(responder.messages(channel["id"])), None), what="the card")
    assert "checkout is down" in texts([card])[0]
    decided = responder.wait_for_message(INCIDENTS, "declared as", thread_ts=ts)
    assert not any(block["type"] == "actions" for block in decided["blocks"])


def test_chatter_gets_silence(stage: Stage) -> None:
    responder = stage.responder
    ts = responder.say(INCIDENTS, "who wants to join for lunch?")
    marker = responder.say(INCIDENTS, "login is completely broken for all customers, nobody gets in")
    responder.wait_for(lambda: responder.replies(INCIDENTS, marker)[1:] or None, what="the answer to the later report")
    assert responder.replies(INCIDENTS, ts)[1:] == []
