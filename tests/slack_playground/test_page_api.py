"""The page's protocol: what a page is given, what it is told, what a person may do."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from slack_sdk import WebClient
from websockets.sync.client import ClientConnection, connect

from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.page.composer import composed
from slack_playground.person import NotDone, Person
from tests.fixtures.slack import PersonNamed
from tests.slack_playground.test_messages_api import INCIDENTS


def next_of(page: ClientConnection, kind: str) -> dict[str, Any]:
    """The next event of a kind on a page's web socket."""
    while True:
        event: dict[str, Any] = json.loads(page.recv(timeout=60))
        if event["type"] == kind:
            return event


def open_page(playground: Playground, user_id: str) -> ClientConnection:
    """A page's web socket."""
    return connect(f"{playground.url.replace('http', 'ws')}/page/events?user={user_id}", proxy=None)


def test_a_page_starts_with_people_channels_commands_and_the_clock(responder: Person) -> None:
    start = responder.bootstrap()
    assert start["me"] == "U0RESPONDER"
    assert {"general", "incident-response", "incident-updates"} <= {c["name"] for c in start["channels"]}
    assert start["commands"][0]["command"] == "/incident"
    assert {"declare_global", "declare_message"} <= {s["callback_id"] for s in start["shortcuts"]}
    assert start["app"]["connected"] is False
    assert set(start["clock"]) == {"virtual", "rate", "real"}


def test_a_page_is_told_what_happens(playground: Playground, responder: Person, web_client: WebClient) -> None:
    with open_page(playground, "U0MANAGER") as page:
        ts = responder.say(INCIDENTS, "checkout is down")
        assert next_of(page, "message")["message"]["text"] == "checkout is down"
        responder.edit(INCIDENTS, ts, "checkout is up")
        assert next_of(page, "message_changed")["message"]["edited"]["user"] == "U0RESPONDER"
        responder.react(INCIDENTS, ts, "eyes")
        assert next_of(page, "reaction")["reactions"][0]["name"] == "eyes"
        web_client.pins_add(channel=INCIDENTS, timestamp=ts)
        assert next_of(page, "pins")["pins"] == [ts]
        web_client.conversations_setTopic(channel=INCIDENTS, topic="busy")
        assert next_of(page, "channel")["channel"]["topic"] == "busy"
        responder.delete(INCIDENTS, ts)
        assert next_of(page, "message_deleted")["ts"] == ts
        responder.act("set_rate", rate=60)
        assert next_of(page, "clock")["rate"] == 60


def test_what_one_person_sees_alone_is_told_to_nobody_else(
    playground: Playground, web_client: WebClient, responder: Person
) -> None:
    with open_page(playground, "U0MANAGER") as manager, open_page(playground, "U0RESPONDER") as own:
        web_client.chat_postEphemeral(channel=INCIDENTS, user="U0RESPONDER", text="secret")
        web_client.chat_postMessage(channel="U0RESPONDER", text="private")
        web_client.chat_postMessage(channel=INCIDENTS, text="public")
        assert next_of(own, "message")["message"]["text"] == "secret"
        assert next_of(manager, "message")["message"]["text"] == "public"


def test_unread_messages_and_mentions_are_counted_until_they_are_read(
    web_client: WebClient, person: PersonNamed
) -> None:
    lead = person("U0TEAMLEAD")
    web_client.chat_postMessage(channel=INCIDENTS, text="one")
    ts = web_client.chat_postMessage(channel=INCIDENTS, text="<@U0TEAMLEAD> two")["ts"]
    web_client.chat_postMessage(channel=INCIDENTS, text="<!subteam^S0ONCALL> three")
    seen = lead.channel(INCIDENTS)
    assert (seen["unread"], seen["mentions"]) == (3, 1)
    assert person("U0RESPONDER").channel(INCIDENTS)["mentions"] == 1
    lead.act("mark_read", channel=INCIDENTS, ts=ts)
    seen = lead.channel(INCIDENTS)
    assert (seen["unread"], seen["mentions"]) == (1, 0)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("🔥 and 🙈", ":fire: and 🙈"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("@team-lead look", "<@U0TEAMLEAD> look"),
        ("@nobody look", "@nobody look"),
        ("mail me@team-lead", "mail me@team-lead"),
        ("@here and @oncall", "<!here> and <!subteam^S0ONCALL>"),
        ("see #general, #nowhere", "see <#C0GENERAL>, #nowhere"),
        ("see https://example.com/a?b=1&c=@vp.", "see <https://example.com/a?b=1&amp;c=@vp>."),
        ("`@team-lead <x>`", "`@team-lead &lt;x&gt;`"),
    ],
)
def test_typed_text_is_stored_as_slack_stores_it(typed: str, stored: str) -> None:
    assert composed(seed_workspace(), typed) == stored


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"action": "post_message", "channel": INCIDENTS, "text": "  "}, "no_text"),
        ({"action": "post_message", "channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"action": "post_message", "channel": INCIDENTS, "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ({"action": "dance"}, "unknown_action"),
        ({"action": "submit_view", "view_id": "V0NONE"}, "view_not_found"),
        ({"action": "shortcut", "callback_id": "none"}, "unknown_shortcut"),
        ({"action": "set_rate", "rate": "fast"}, "invalid_rate"),
        ({"action": "leave", "channel": "C0GENERAL"}, "cant_leave"),
    ],
)
def test_an_act_that_cannot_be_done_says_why(responder: Person, arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(NotDone) as caught:
        responder.act(**arguments)
    assert caught.value.code == error
    assert caught.value.sentence.endswith(".")


def test_somebody_elses_message_cannot_be_edited(responder: Person, person: PersonNamed) -> None:
    ts = responder.say(INCIDENTS, "mine")
    with pytest.raises(NotDone, match="cant_update_message"):
        person("U0VP").edit(INCIDENTS, ts, "yours")


def test_a_person_may_leave_and_join_and_needs_to_be_in_to_write(responder: Person) -> None:
    responder.act("leave", channel=INCIDENTS)
    with pytest.raises(NotDone, match="not_in_channel"):
        responder.say(INCIDENTS, "x")
    responder.act("join", channel=INCIDENTS)
    assert responder.say(INCIDENTS, "x")


def test_a_long_channel_is_read_backwards_in_pages(responder: Person, web_client: WebClient) -> None:
    for number in range(12):
        web_client.chat_postMessage(channel=INCIDENTS, text=str(number))
    last = responder.messages(INCIDENTS, limit=5)
    assert [message["text"] for message in last] == ["7", "8", "9", "10", "11"]
    address = f"{responder.url}/page/messages?user=U0RESPONDER&channel={INCIDENTS}&limit=5&before={last[0]['ts']}"
    with urllib.request.urlopen(address, timeout=60) as response:
        answer = json.loads(response.read())
    assert [message["text"] for message in answer["messages"]] == ["2", "3", "4", "5", "6"]
    assert answer["has_more"]


def test_a_shared_file_carries_its_content(responder: Person) -> None:
    responder.act("upload_file", channel=INCIDENTS, name="log.txt", content="ERROR at 03:00")
    shared = responder.messages(INCIDENTS)[-1]["files"][0]
    request = urllib.request.Request(shared["url_private"], headers={"Sec-Fetch-Site": "same-origin"})
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.read() == b"ERROR at 03:00"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(shared["url_private"], timeout=60)


def test_nothing_outside_the_pages_folder_is_served(playground: Playground) -> None:
    for path in ("/static/..%2Fapp.py", "/static/%2Fetc%2Fpasswd", "/static/none.js"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(playground.url + path, timeout=60)


def test_stopping_with_open_pages_leaves_nothing_behind() -> None:
    playground = Playground(seed_workspace()).start()
    with open_page(playground, "U0VP"):
        playground.stop()
        playground.stop()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{playground.url}/page/bootstrap?user=U0VP", timeout=2)
