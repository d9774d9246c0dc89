"""The acknowledgement that is given in time: who waits for it is woken, and it is given once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_bolt import Respond
from slack_sdk import WebClient

from bot.slack.client import Slack
from bot.slack.replies import late as answers
from bot.slack.replies.late import WORKING, Asked, TimedAck

COMMAND = {"command": "/incident", "text": "status", "user_id": "U0RESPONDER", "channel_id": "C1", "trigger_id": "1.a"}


def make_ack(ended: list[TimedAck]) -> TimedAck:
    slack = Slack(WebClient("xoxb-none", base_url="http://127.0.0.1:9/"))
    return TimedAck(Asked(COMMAND, opens=False), Respond(response_url=None), slack, ended.append)


def test_whoever_dispatched_a_payload_is_woken_by_its_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_LOOK_EVERY", 60.0)
    ack, reading = make_ack([]), threading.Event()

    def listener() -> None:
        assert reading.wait(60)
        assert ack.response is None, "only the dispatcher waits"
        ack(text="P2")

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(listener)
        reading.set()
        given = ack.response
        running.result(60)
    assert given is not None and "P2" in given.body


def test_an_acknowledgement_is_given_once_whoever_comes_first() -> None:
    ended: list[TimedAck] = []
    with ThreadPoolExecutor(1) as pool:
        in_time, late = make_ack(ended), make_ack(ended)
        in_time(text="P2")
        in_time.give_up_waiting(pool)
        late.give_up_waiting(pool)
        assert ended == [in_time]
        late(text="P2")
    assert ended == [in_time, late]
    assert (in_time.late, late.late) == (False, True)
    bodies = [ack.response.body for ack in (in_time, late) if ack.response is not None]
    assert "P2" in bodies[0] and WORKING[:20] in bodies[1]


def test_the_same_is_what_the_same_person_typed_or_chose_in_the_same_place() -> None:
    def pressed(**more: Any) -> tuple[str, ...]:
        action = {"action_id": "incident_severity", "action_ts": "1.1", "selected_option": {"value": "P1:7"}}
        place = {"type": "message", "message_ts": "5.5"}
        body = {"type": "block_actions", "user": {"id": "U1"}, "container": place, "actions": [action]}
        return Asked(body | more, opens=False).key

    first = pressed()
    chosen = {"action_id": "incident_severity", "selected_option": {"value": "P2:7"}}
    again = {"action_id": "incident_severity", "action_ts": "1.9", "selected_option": {"value": "P1:7"}}
    assert first
    assert pressed(actions=[again]) == first
    assert pressed(actions=[chosen]) != first
    assert pressed(user={"id": "U2"}) != first
    assert pressed(container={"type": "view", "view_id": "V1"}) != first
    assert pressed(type="view_submission", view={"id": "V1"}) == ()
    typed = Asked(COMMAND | {"text": " severity  P1"}, opens=False).key
    assert typed == Asked(COMMAND | {"text": "severity P1", "trigger_id": "2.b"}, opens=False).key
    assert typed != Asked(COMMAND | {"text": "severity P1", "channel_id": "C2"}, opens=False).key
