"""Socket Mode with the real clients: delivery, repetition, several connections, disconnection, outage."""

import http.client
import queue
import threading
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.workspace import Timing
from tests.fixtures.slack import Control, close_quickly
from tests.slack_playground.test_messages_api import INCIDENTS, refusal


class Listener:
    """A real Socket Mode client that keeps what it gets; `answers` says whether it acknowledges."""

    def __init__(self, playground: Playground, *, answers: bool = True) -> None:
        web = WebClient("xoxb-playground", base_url=playground.api_url)
        self.client = SocketModeClient("xapp-playground", web_client=web)
        self.got: queue.Queue[SocketModeRequest] = queue.Queue()
        self.answers = answers
        self.playground = playground
        self.client.socket_mode_request_listeners.append(self._listen)  # type: ignore[arg-type]
        self.client.connect()

    def _listen(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.got.put(request)
        if self.answers:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    def close(self) -> None:
        """Go away."""
        close_quickly(self.client, self.playground)

    def next_event(self, kind: str = "message") -> SocketModeRequest:
        """The next event of a kind."""
        while True:
            request = self.got.get(timeout=60)
            if request.payload.get("event", {}).get("type") == kind:
                return request


def test_a_message_arrives_as_an_event_with_its_context(playground: Playground, responder: Person) -> None:
    listener = Listener(playground)
    ts = responder.say(INCIDENTS, "checkout is down")
    request = listener.next_event()
    event = request.payload["event"]
    assert request.type == "events_api"
    assert (event["ts"], event["channel"], event["channel_type"]) == (ts, INCIDENTS, "channel")
    assert request.payload["event_id"].startswith("Ev")
    assert request.payload["authorizations"][0]["user_id"] == "U0TOCSIN"
    listener.close()


def test_an_unacknowledged_event_comes_again_three_times_under_its_own_id() -> None:
    timing = Timing(ack=0.05, retries=(0.01, 0.02, 0.03))
    with Playground(seed_workspace(timing=timing)) as playground:
        listener = Listener(playground, answers=False)
        Person(playground.url, "U0RESPONDER").say(INCIDENTS, "x")
        requests = [listener.next_event() for _ in range(4)]
        assert len({request.payload["event_id"] for request in requests}) == 1
        assert [request.retry_attempt for request in requests] == [0, 1, 2, 3]
        assert requests[1].retry_reason == "timeout"
        listener.close()


def test_a_redelivered_event_is_the_same_event(playground: Playground, responder: Person, control: Control) -> None:
    listener = Listener(playground)
    responder.say(INCIDENTS, "x")
    first = listener.next_event()
    control.redeliver(first.payload["event_id"])
    again = listener.next_event()
    assert again.payload == first.payload
    assert again.retry_attempt == 1
    listener.close()


def test_each_event_goes_to_one_of_several_connections(playground: Playground, responder: Person) -> None:
    listeners = [Listener(playground) for _ in range(3)]
    for number in range(6):
        responder.say(INCIDENTS, str(number))
    got = [[listener.next_event().payload["event"]["text"] for _ in range(2)] for listener in listeners]
    assert sorted(text for texts in got for text in texts) == ["0", "1", "2", "3", "4", "5"]
    for listener in listeners:
        listener.close()


def test_an_event_waits_for_a_connection(playground: Playground, responder: Person) -> None:
    responder.say(INCIDENTS, "said before")
    listener = Listener(playground)
    assert listener.next_event().payload["event"]["text"] == "said before"
    listener.close()


def test_an_app_that_is_asked_to_reconnect_does_and_misses_nothing(
    playground: Playground, responder: Person, control: Control
) -> None:
    listener = Listener(playground)
    mark = responder.mark()
    control.sockets("disconnect")
    responder.wait_for_event(lambda event: event["type"] == "app" and event["connected"], since=mark)
    responder.say(INCIDENTS, "afterwards")
    assert listener.next_event().payload["event"]["text"] == "afterwards"
    listener.close()


def test_an_edit_and_a_deletion_arrive_with_what_was_there_before(playground: Playground, responder: Person) -> None:
    listener = Listener(playground)
    ts = responder.say(INCIDENTS, "befor")
    responder.edit(INCIDENTS, ts, "before")
    responder.delete(INCIDENTS, ts)
    listener.next_event()
    changed = listener.next_event().payload["event"]
    assert changed["subtype"] == "message_changed"
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("befor", "before")
    deleted = listener.next_event().payload["event"]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    listener.close()


def test_a_reaction_arrives_and_so_does_taking_it_back(playground: Playground, responder: Person) -> None:
    listener = Listener(playground)
    ts = responder.say(INCIDENTS, "key finding")
    responder.react(INCIDENTS, ts, "pushpin")
    responder.unreact(INCIDENTS, ts, "pushpin")
    added = listener.next_event("reaction_added").payload["event"]
    assert (added["reaction"], added["item"]["ts"], added["user"]) == ("pushpin", ts, "U0RESPONDER")
    assert listener.next_event("reaction_removed").payload["event"]["item"]["ts"] == ts
    listener.close()


def test_what_happens_where_the_bot_is_not_stays_unknown_to_it(playground: Playground, responder: Person) -> None:
    listener = Listener(playground)
    responder.say("C0GENERAL", "elsewhere")
    responder.say(INCIDENTS, "here")
    assert listener.next_event().payload["event"]["text"] == "here"
    listener.close()


def test_only_subscribed_events_are_sent_and_only_granted_methods_answered(manifest_playground: Playground) -> None:
    web_client = WebClient("xoxb-playground", base_url=manifest_playground.api_url)
    with pytest.raises(SlackApiError) as caught:
        web_client.team_info()
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "team:read"
    listener = Listener(manifest_playground)
    responder = Person(manifest_playground.url, "U0RESPONDER")
    slack_said = responder.say(INCIDENTS, "<@U0TOCSIN> app_mention is not subscribed")
    assert listener.next_event().payload["event"]["ts"] == slack_said
    assert listener.got.empty()
    listener.close()


def test_an_outage_drops_calls_and_connections_and_ends(
    playground: Playground, responder: Person, control: Control, web_client: WebClient
) -> None:
    listener = Listener(playground)
    mark = responder.mark()
    control.outage(on=True)
    responder.wait_for_event(lambda event: event["type"] == "app" and not event["connected"], since=mark)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        web_client.auth_test()
    responder.say(INCIDENTS, "during the outage")
    control.outage(on=False)
    assert web_client.auth_test()["ok"]
    listener.client.connect_to_new_endpoint(force=True)
    assert listener.next_event().payload["event"]["text"] == "during the outage"
    listener.close()


def test_the_app_token_opens_connections_and_nothing_else(playground: Playground) -> None:
    anybody = WebClient(base_url=playground.api_url)
    assert refusal(anybody.apps_connections_open, app_token="xoxb-playground") == "not_allowed_token_type"
    assert refusal(anybody.apps_connections_open, app_token="xapp-other") == "invalid_auth"
    assert refusal(anybody.auth_test) == "not_authed"
    assert refusal(anybody.auth_test, token="xapp-playground") == "not_allowed_token_type"


def test_a_bolt_app_answers_in_the_thread(app: App, connected: SocketModeHandler, responder: Person) -> None:
    answered = threading.Event()

    @app.event("message")
    def report(event: dict[str, Any], client: WebClient) -> None:
        client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="P1 · because of `down`")
        answered.set()

    ts = responder.say(INCIDENTS, "checkout is down")
    assert responder.wait_for_message(INCIDENTS, "P1", thread_ts=ts)["user"] == "U0TOCSIN"
    assert answered.is_set()
