"""Faults on request and the journal."""

import http.client

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_playground.person import Person
from tests.fixtures.slack import Control
from tests.slack_playground.test_messages_api import INCIDENTS, refusal


def test_a_rate_limit_names_its_wait_and_ends(web_client: WebClient, control: Control) -> None:
    control.fault("chat.postMessage", "ratelimited", times=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            web_client.chat_postMessage(channel=INCIDENTS, text="x")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["retry-after"] == "7"
    assert web_client.chat_postMessage(channel=INCIDENTS, text="x")["ok"]
    assert control.faults() == []


def test_a_chosen_error_hits_the_chosen_method_only(web_client: WebClient, control: Control) -> None:
    control.fault("pins.add", "error", error="fatal_error")
    ts = web_client.chat_postMessage(channel=INCIDENTS, text="x")["ts"]
    assert refusal(web_client.pins_add, channel=INCIDENTS, timestamp=ts) == "fatal_error"
    assert web_client.pins_add(channel=INCIDENTS, timestamp=ts)["ok"]


def test_a_status_is_answered_without_json(web_client: WebClient, control: Control) -> None:
    control.fault("*", "status", status=503)
    with pytest.raises(SlackApiError) as caught:
        web_client.auth_test()
    assert caught.value.response.status_code == 503


@pytest.fixture
def direct(web_client: WebClient) -> WebClient:
    """A client that does not call again by itself when a connection breaks, as the usual one does."""
    return WebClient(web_client.token, base_url=web_client.base_url, retry_handlers=[])


def test_a_dropped_call_has_no_effect(direct: WebClient, control: Control, responder: Person) -> None:
    control.fault("chat.postMessage", "drop")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        direct.chat_postMessage(channel=INCIDENTS, text="lost")
    assert responder.messages(INCIDENTS) == []


def test_a_call_dropped_afterwards_has_its_effect_and_no_answer(
    direct: WebClient, control: Control, responder: Person
) -> None:
    control.fault("chat.postMessage", "drop_after")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        direct.chat_postMessage(channel=INCIDENTS, text="done all the same")
    assert [message["text"] for message in responder.messages(INCIDENTS)] == ["done all the same"]


def test_a_call_that_hangs_ends_with_the_callers_patience(control: Control, web_client: WebClient) -> None:
    control.fault("auth.test", "timeout")
    impatient = WebClient("xoxb-playground", base_url=web_client.base_url, timeout=1)
    with pytest.raises(TimeoutError):
        impatient.auth_test()
    assert control.wait_journal("auth.test")[0]["error"] == "timeout"


def test_faults_can_be_taken_back_and_nonsense_is_refused(web_client: WebClient, control: Control) -> None:
    control.fault("*", "error", times=99)
    control.clear_faults()
    assert web_client.auth_test()["ok"]
    with pytest.raises(OSError, match="400"):
        control.fault("*", "explode")


def test_the_journal_has_every_call_with_its_outcome(web_client: WebClient, control: Control) -> None:
    web_client.chat_postMessage(channel=INCIDENTS, text="x")
    refusal(web_client.chat_postMessage, channel="C0NOWHERE", text="y")
    first, second = control.journal("chat.postMessage")
    assert (first["ok"], first["args"]["text"]) == (True, "x")
    assert (second["ok"], second["error"]) == (False, "channel_not_found")
    assert control.journal(since=second["n"]) == []


def test_an_unknown_method_is_named_as_such(web_client: WebClient) -> None:
    assert refusal(web_client.api_call, api_method="chat.shout") == "unknown_method"


def test_another_bots_message_is_posted_for_tests(control: Control, responder: Person) -> None:
    control.message(INCIDENTS, "CPU high", bot="monitor")
    message = responder.messages(INCIDENTS)[-1]
    assert (message["subtype"], message["username"], message["text"]) == ("bot_message", "monitor", "CPU high")
