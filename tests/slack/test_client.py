"""The calls: repeated without harm, and every failure told apart as "again" or "never"."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from structlog.testing import capture_logs

from bot.slack.client import Message, Refused, Slack, TryAgain, web_client
from slack_playground.app import Playground
from slack_playground.person import Person
from tests.fixtures.slack import Control

INCIDENTS, BOT = "C0INCIDENTS", "U0TOCSIN"
SAID = Message("it burns", ({"type": "section", "text": {"type": "mrkdwn", "text": "it *burns*"}},))

Answer = tuple[int, dict[str, str], bytes]
Answering = Callable[[int, dict[str, str], bytes], Slack]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A client of a server that answers every call so."""
    servers: list[HTTPServer] = []

    def serve(status: int, headers: dict[str, str], body: bytes) -> Slack:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(status)
                for name, value in ({"content-type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the test says what it expects."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return Slack(web_client(f"http://127.0.0.1:{server.server_port}/api/", "xoxb-test", timeout=5))

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def no(error: str) -> bytes:
    return json.dumps({"ok": False, "error": error}).encode()


AGAIN: dict[str, tuple[int, dict[str, str], bytes, float | None]] = {
    "rate limit": (429, {"retry-after": "7"}, no("ratelimited"), 7.0),
    "rate limit in other letters": (429, {"Retry-After": "30"}, no("ratelimited"), 30.0),
    "rate limit without a time": (429, {}, no("ratelimited"), None),
    "rate limit until a date": (429, {"retry-after": "Fri, 20 Nov 2026 12:00:00 GMT"}, no("ratelimited"), None),
    "trouble at Slack": (503, {}, no("service_unavailable"), None),
    "trouble told with 200": (200, {}, no("internal_error"), None),
    "fatal for now": (200, {}, no("fatal_error"), None),
    "a proxy's page": (502, {"content-type": "text/html"}, b"<h1>Bad gateway</h1>", None),
    "a proxy's page as success": (200, {"content-type": "text/html"}, b"<h1>Log in</h1>", None),
    "nothing at all": (200, {}, b"", None),
    "half an answer": (200, {}, b'{"ok": tr', None),
}


@pytest.mark.parametrize(("status", "headers", "body", "after"), AGAIN.values(), ids=AGAIN)
def test_what_passes_is_tried_again(
    answering: Answering, status: int, headers: dict[str, str], body: bytes, after: float | None
) -> None:
    with pytest.raises(TryAgain) as caught:
        answering(status, headers, body).post(INCIDENTS, SAID, "key")
    assert caught.value.after == after
    assert str(caught.value).startswith("chat.postMessage: ")


NEVER = ["channel_not_found", "is_archived", "not_in_channel", "invalid_auth", "msg_too_long", "something_new"]


@pytest.mark.parametrize("error", NEVER)
def test_what_slack_refuses_is_refused(answering: Answering, error: str) -> None:
    with pytest.raises(Refused) as caught:
        answering(200, {}, no(error)).post(INCIDENTS, SAID, "key")
    assert (caught.value.method, caught.value.error) == ("chat.postMessage", error)


def test_a_refusal_says_what_slack_found(answering: Answering) -> None:
    details = {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": ["[ERROR] too long"]}}
    with pytest.raises(Refused, match=r"chat.postMessage: invalid_blocks \[ERROR\] too long"):
        answering(200, {}, json.dumps(details).encode()).post(INCIDENTS, SAID, "key")


def test_nobody_at_home_is_tried_again() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        client = Slack(web_client(f"http://127.0.0.1:{reserved.getsockname()[1]}/api/", "xoxb-test", timeout=2))
        with pytest.raises(TryAgain):
            client.who_am_i()


@pytest.mark.parametrize("kind", ["drop", "drop_after", "timeout"])
def test_a_lost_answer_is_tried_again_and_never_by_itself(
    playground: Playground, control: Control, responder: Person, kind: str
) -> None:
    client = Slack(web_client(playground.api_url, "xoxb-playground", timeout=1))
    control.fault("chat.postMessage", kind)
    with pytest.raises(TryAgain):
        client.post(INCIDENTS, SAID, "key")
    assert len(control.journal("chat.postMessage")) == 1
    assert len(responder.messages(INCIDENTS)) == (1 if kind == "drop_after" else 0)


def test_a_message_is_posted_found_and_edited(bot: Slack, responder: Person) -> None:
    before = bot.post(INCIDENTS, SAID, "another key")
    ts = bot.post(INCIDENTS, SAID, "card:1")
    assert bot.find_by_key(INCIDENTS, "card:1") == ts
    assert bot.find_by_key(INCIDENTS, "card:2") is None
    bot.update(INCIDENTS, ts, Message("it is out"))
    found = {message["ts"]: message["text"] for message in responder.messages(INCIDENTS)}
    assert found == {before: "it burns", ts: "it is out"}


def test_an_edited_message_is_still_found_by_its_key(bot: Slack) -> None:
    ts = bot.post(INCIDENTS, SAID, "card:1")
    bot.update(INCIDENTS, ts, Message("it is out"))
    assert bot.find_by_key(INCIDENTS, "card:1") == ts


def test_a_reply_is_found_in_its_thread(bot: Slack, responder: Person) -> None:
    parent = responder.say(INCIDENTS, "checkout is down")
    ts = bot.post(INCIDENTS, SAID, "report:1", thread_ts=parent)
    assert [message["ts"] for message in responder.replies(INCIDENTS, parent)] == [parent, ts]
    assert bot.find_by_key(INCIDENTS, "report:1", thread_ts=parent) == ts
    assert bot.find_by_key(INCIDENTS, "report:1") is None


def test_a_message_is_found_behind_many_others(bot: Slack, person: Callable[[str], Person]) -> None:
    ts = bot.post(INCIDENTS, SAID, "card:1")
    people = ["U0RESPONDER", "U0SECONDARY", "U0TEAMLEAD", "U0MANAGER", "U0VP", "U0SUPPORT"]

    def chat(user_id: str) -> None:
        for number in range(34):
            person(user_id).say(INCIDENTS, f"line {number}")

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(chat, people))
    assert bot.find_by_key(INCIDENTS, "card:1") == ts


def test_editing_what_is_gone_is_no_error(bot: Slack, responder: Person) -> None:
    bot.update(INCIDENTS, "1.000001", SAID)
    with pytest.raises(Refused, match="channel_not_found"):
        bot.update("C0NOWHERE", "1.000001", SAID)


def test_a_channel_is_made_once(bot: Slack) -> None:
    made = bot.open_channel("inc-2026-0001-checkout", BOT)
    assert made[1] == "inc-2026-0001-checkout"
    assert bot.open_channel("inc-2026-0001-checkout", BOT) == made


def test_a_name_that_others_took_gets_a_number(bot: Slack, playground: Playground) -> None:
    for name in ("inc-2026-0002-cart", "inc-2026-0002-cart-2"):
        playground.workspace.add_channel(name, "channel", creator="U0MANAGER")
    made, name = bot.open_channel("inc-2026-0002-cart", BOT)
    assert name == "inc-2026-0002-cart-3"
    assert bot.open_channel("inc-2026-0002-cart", BOT) == (made, name)


def test_the_longest_name_keeps_room_for_its_number(bot: Slack, playground: Playground) -> None:
    playground.workspace.add_channel("x" * 80, "channel", creator="U0MANAGER")
    _, name = bot.open_channel("x" * 80, BOT)
    assert name == "x" * 77 + "-2"


def test_names_do_not_run_out_in_silence(bot: Slack, playground: Playground) -> None:
    for name in ("inc-1", *(f"inc-1-{number}" for number in range(2, 10))):
        playground.workspace.add_channel(name, "channel", creator="U0MANAGER")
    with pytest.raises(Refused, match="name_taken"):
        bot.open_channel("inc-1", BOT)


def test_only_one_s_own_channels_are_looked_through(bot: Slack, control: Control) -> None:
    assert bot.find_channel("incident-response") == INCIDENTS
    assert bot.find_channel("#incident-response") == INCIDENTS
    assert bot.find_channel(INCIDENTS) == INCIDENTS
    for name in ("general", "C0GENERAL", "C0NOWHERE"):
        with pytest.raises(Refused, match=r"not_among_ours|not_in_channel|channel_not_found"):
            bot.find_channel(name)
    assert control.journal("conversations.list") == []


def test_a_long_listing_is_read_to_its_end(bot: Slack, playground: Playground) -> None:
    for number in range(450):
        playground.workspace.add_channel(f"team-{number}", "channel", creator="U0MANAGER")
    names = [channel["name"] for channel in bot.pages("conversations.list", "channels", types="public_channel")]
    assert len(names) == len(set(names)) == 453


def test_one_who_cannot_be_invited_keeps_nobody_out(bot: Slack, control: Control) -> None:
    channel_id, _ = bot.open_channel("inc-3", BOT)
    bot.invite(channel_id, ["U0NOBODY", BOT, "U0RESPONDER", "U0RESPONDER", "U0TEAMLEAD"])
    (channel,) = (c for c in bot.pages("conversations.list", "channels") if c["id"] == channel_id)
    members = bot.call("conversations.members", channel=channel_id)["members"]
    assert set(members) == {BOT, "U0RESPONDER", "U0TEAMLEAD"}
    assert channel["name"] == "inc-3"


def test_pinning_again_is_no_error(bot: Slack) -> None:
    ts = bot.post(INCIDENTS, SAID, "card:1")
    bot.pin(INCIDENTS, ts)
    bot.pin(INCIDENTS, ts)
    with pytest.raises(Refused):
        bot.pin(INCIDENTS, "1.000001")


def test_an_endless_topic_is_cut(bot: Slack, responder: Person) -> None:
    bot.set_topic(INCIDENTS, "x" * 400)
    assert responder.channel("incident-response")["topic"] in ("x" * 250, {"value": "x" * 250})


def test_people_and_groups_are_looked_up(bot: Slack) -> None:
    assert bot.profile_of("U0TEAMLEAD") == ("team-lead", "Etc/UTC", "Team Lead")
    assert bot.profile_of("U0NOBODY") == ("U0NOBODY", None, "")
    assert bot.members_of_group("S0ONCALL") == ["U0RESPONDER"]
    assert bot.open_direct("U0VP") == bot.open_direct("U0VP")


def test_who_was_here_is_believed_to_be_for_a_minute_and_then_asked_about_again(playground: Playground) -> None:
    shown = 1000.0
    client = Slack(web_client(playground.api_url, "xoxb-playground"), lambda: shown)
    assert client.is_here("U0SUPPORT")
    playground.workspace.users["U0SUPPORT"].deleted = True
    shown += 59.9
    assert client.is_here("U0SUPPORT"), "what Slack said less than a minute ago is believed"
    shown += 0.1
    assert not client.is_here("U0SUPPORT")
    playground.workspace.users["U0SUPPORT"].deleted = False
    assert client.is_here("U0SUPPORT"), "that somebody is away is not kept"


def test_a_refusal_that_is_not_about_a_person_says_nothing_of_them(playground: Playground, control: Control) -> None:
    shown = 1000.0
    client = Slack(web_client(playground.api_url, "xoxb-playground"), lambda: shown)
    playground.workspace.users["U0VP"].deleted = True
    assert client.is_here("U0SUPPORT") and not client.is_here("U0VP")
    shown += 61
    with capture_logs() as logged:
        control.fault("users.info", kind="error", times=3, error="invalid_auth")
        assert client.is_here("U0SUPPORT"), "the last word"
        assert not client.is_here("U0VP"), "the last word"
        assert client.is_here("U0TEAMLEAD"), "nobody ever said otherwise"
    assert [(line["log_level"], line["error"]) for line in logged] == [("warning", "invalid_auth")] * 3
    assert not client.is_here("U0NOBODY")
    playground.workspace.users["U0VP"].deleted = False
    assert client.is_here("U0VP"), "as soon as Slack says so"


def test_the_scopes_are_those_that_slack_names(manifest_playground: Playground) -> None:
    client = Slack(web_client(manifest_playground.api_url, "xoxb-playground"))
    assert {"chat:write", "channels:history"} <= client.granted_scopes()


def test_a_whisper_reaches_one_person(bot: Slack, person: Callable[[str], Person]) -> None:
    bot.reply_privately(INCIDENTS, "U0VP", "for you alone")
    assert [message["text"] for message in person("U0VP").ephemerals(INCIDENTS)] == ["for you alone"]
    assert person("U0TEAMLEAD").ephemerals(INCIDENTS) == []


def test_the_text_of_a_notification_turns_nothing_around(slack: Slack, playground: Playground) -> None:
    ts = slack.post(INCIDENTS, Message("INC-2026-0001 \u202egnp.exe is down", SAID.blocks), "turned")
    slack.reply_privately(INCIDENTS, "U0RESPONDER", "\u2066said\u2069")
    assert playground.workspace.channels[INCIDENTS].messages[ts]["text"] == "INC-2026-0001 gnp.exe is down"
    slack.update(INCIDENTS, ts, Message("now \u202eup", SAID.blocks))
    assert playground.workspace.channels[INCIDENTS].messages[ts]["text"] == "now up"
