"""The local Slack is as strict as Slack: rates, ejection, refusals by their names, text as it is stored, guests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.seed import seed_workspace
from slack_playground.api.web_api import WebApi
from slack_playground.app import Playground
from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.delivery.faults import Faults, read_fault
from slack_playground.delivery.sockets import SocketMode
from slack_playground.delivery.tiers import DOCUMENTED, Limit, Tiers
from slack_playground.delivery.wire import Wire
from slack_playground.page.composer import composed
from slack_playground.page.rich_text import rich_text
from slack_playground.person import Person
from slack_playground.starter import starter_workspace
from slack_playground.workspace.records import User
from slack_playground.workspace.strictness import Strictness
from tests.fixtures.slack import Control
from tests.slack_playground.test_messages_api import INCIDENTS, refusal
from tests.slack_playground.test_sockets import Listener

# -- rates -------------------------------------------------------------------------------------------------------------


class Watch:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_method_may_be_called_as_often_in_a_minute_as_its_tier_says() -> None:
    watch = Watch()
    tiers = Tiers(watch)
    for method, calls in (("conversations.list", 20), ("conversations.replies", 50), ("users.info", 100)):
        assert [tiers.wait(method, {}) for _ in range(calls)] == [0] * calls
        assert tiers.wait(method, {}) == 60
        watch.now += 45
        assert tiers.wait(method, {}) == 15, "a refused call is not counted"
        watch.now += 15
        assert tiers.wait(method, {}) == 0


def test_a_channel_takes_a_short_burst_of_messages_and_then_one_a_second() -> None:
    watch = Watch()
    tiers = Tiers(watch)
    assert [tiers.wait("chat.postMessage", {"channel": "C1"}) for _ in range(6)] == [0] * 5 + [5]
    assert tiers.wait("chat.postMessage", {"channel": "C2"}) == 0, "another channel has a rate of its own"
    sent = 0
    for _ in range(600):
        watch.now += 0.1
        sent += tiers.wait("chat.postMessage", {"channel": "C1"}) == 0
    assert 55 <= sent <= 65


def test_every_method_of_the_web_api_has_a_rate() -> None:
    workspace, faults = seed_workspace(), Faults()
    methods = WebApi(workspace, faults, SocketMode(Dispatcher(workspace), faults), Wire()).methods
    assert set(methods) - set(DOCUMENTED) == set()


@pytest.fixture
def strict() -> Iterator[Playground]:
    """A playground as anybody gets it: nothing is switched off."""
    with Playground(starter_workspace()) as running:
        yield running


def test_too_many_calls_are_answered_with_429_and_the_wait(strict: Playground) -> None:
    client = WebClient("xoxb-playground", base_url=strict.api_url, retry_handlers=[])
    channel = client.conversations_list()["channels"][2]["id"]
    Control(strict.url).rate("chat.postMessage", 2, 30)
    client.chat_postMessage(channel=channel, text="1")
    client.chat_postMessage(channel=channel, text="2")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=channel, text="3")
    assert caught.value.response.status_code == 429
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 30
    assert Control(strict.url).journal("chat.postMessage")[-1]["error"] == "ratelimited"
    Control(strict.url).strictness(tiers=False)
    assert client.chat_postMessage(channel=channel, text="3")["ok"]


def test_a_test_may_give_a_method_another_rate_and_forget_it() -> None:
    tiers = Tiers(Watch())
    tiers.set("auth.test", [Limit(1, 10)])
    assert [tiers.wait("auth.test", {}) for _ in range(2)] == [0, 10]
    tiers.reset()
    assert tiers.wait("auth.test", {}) == 0


def test_all_habits_hold_unless_they_are_switched_off(control: Control) -> None:
    assert all(asdict(Strictness()).values())
    switched = control.strictness(canvases=False)
    assert switched == {"ok": True, **asdict(Strictness(tiers=False, canvases=False))}
    with pytest.raises(urllib.error.HTTPError):
        control.strictness(kindness=True)


# -- archiving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("private", "kind"), [(False, "channel"), (True, "group")])
def test_archiving_puts_the_bot_out_and_opening_does_not_bring_it_back(
    playground: Playground, web_client: WebClient, responder: Person, private: bool, kind: str
) -> None:
    channel = web_client.conversations_create(name="inc-1", is_private=private)["channel"]["id"]
    web_client.conversations_invite(channel=channel, users="U0RESPONDER")
    ts = web_client.chat_postMessage(channel=channel, text="card")["ts"]
    listener = Listener(playground)
    responder.archive(channel)
    archived = listener.next_event(f"{kind}_archive").payload["event"]
    assert (archived["channel"], archived["user"]) == (channel, "U0RESPONDER")
    assert archived["event_ts"]
    left = listener.next_event("member_left_channel").payload["event"]
    assert (left["user"], left["channel"]) == ("U0TOCSIN", channel)
    assert listener.next_event(f"{kind}_left").payload["event"]["actor_id"] == "U0RESPONDER"
    closed = "channel_not_found" if private else "is_archived"
    assert refusal(web_client.chat_update, channel=channel, ts=ts, text="x") == closed
    assert refusal(web_client.chat_postMessage, channel=channel, text="x") == closed
    assert refusal(web_client.conversations_invite, channel=channel, users="U0VP") == closed
    gone = "channel_not_found" if private else "not_in_channel"
    assert refusal(web_client.conversations_unarchive, channel=channel) == gone
    responder.unarchive(channel)
    assert "U0TOCSIN" not in playground.workspace.channels[channel].members
    listener.close()


def test_of_a_public_channel_every_app_hears_that_it_is_renamed_and_opened_again(
    playground: Playground, responder: Person
) -> None:
    listener = Listener(playground)
    responder.rename("C0UPDATES", "news")
    renamed = listener.next_event("channel_rename").payload["event"]
    assert (renamed["channel"]["id"], renamed["channel"]["name"]) == ("C0UPDATES", "news")
    responder.archive("C0UPDATES")
    responder.unarchive("C0UPDATES")
    assert listener.next_event("channel_unarchive").payload["event"]["channel"] == "C0UPDATES"
    listener.close()


def test_a_bot_that_was_removed_cannot_change_what_it_posted(web_client: WebClient, responder: Person) -> None:
    channel = web_client.conversations_create(name="inc-1", is_private=True)["channel"]["id"]
    web_client.conversations_invite(channel=channel, users="U0RESPONDER")
    ts = web_client.chat_postMessage(channel=channel, text="card")["ts"]
    responder.remove_member(channel, "U0TOCSIN")
    assert refusal(web_client.chat_update, channel=channel, ts=ts, text="x") == "channel_not_found"


def test_in_a_public_channel_changing_asks_for_membership_or_for_the_scope(manifest_playground: Playground) -> None:
    client = WebClient("xoxb-playground", base_url=manifest_playground.api_url)
    ts = client.chat_postMessage(channel=INCIDENTS, text="x")["ts"]
    Person(manifest_playground.url, "U0RESPONDER").remove_member(INCIDENTS, "U0TOCSIN")
    assert refusal(client.chat_update, channel=INCIDENTS, ts=ts, text="y") == "not_in_channel"
    assert refusal(client.chat_delete, channel=INCIDENTS, ts=ts) == "not_in_channel"


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "error", "arguments"),
    [
        ("conversations.create", "restricted_action", {"name": "inc-1"}),
        ("conversations.create", "missing_scope", {"name": "inc-1"}),
        ("conversations.create", "team_access_not_granted", {"name": "inc-1"}),
        ("conversations.invite", "cant_invite", {"channel": INCIDENTS, "users": "U0VP"}),
        ("conversations.setTopic", "restricted_action", {"channel": INCIDENTS, "topic": "x"}),
        ("canvases.create", "canvas_creation_failed", {}),
        ("conversations.canvases.create", "channel_canvas_creation_failed", {"channel_id": INCIDENTS}),
        ("canvases.edit", "canvas_editing_failed", {"canvas_id": "F1"}),
        ("chat.postMessage", "restricted_action_read_only_channel", {"channel": INCIDENTS, "text": "x"}),
        ("chat.postMessage", "is_inactive", {"channel": INCIDENTS, "text": "x"}),
        ("chat.postMessage", "msg_too_long", {"channel": INCIDENTS, "text": "x"}),
        ("chat.postMessage", "message_limit_exceeded", {"channel": INCIDENTS, "text": "x"}),
        ("chat.postMessage", "rate_limited", {"channel": INCIDENTS, "text": "x"}),
    ],
)
def test_a_refusal_lasts_until_it_is_taken_back_and_is_no_http_error(
    web_client: WebClient, control: Control, method: str, error: str, arguments: dict[str, Any]
) -> None:
    control.refuse(method, error)
    for _ in range(3):
        with pytest.raises(SlackApiError) as caught:
            web_client.api_call(method, params=arguments)
        assert (caught.value.response.status_code, caught.value.response["error"]) == (200, error)
    control.clear_faults()
    if method.startswith("chat"):
        assert web_client.api_call(method, params=arguments)["ok"]


def test_a_refusal_may_be_that_of_one_channel(web_client: WebClient, control: Control) -> None:
    control.refuse("chat.postMessage", "restricted_action_read_only_channel", channel="C0UPDATES")
    assert web_client.chat_postMessage(channel=INCIDENTS, text="x")["ok"]
    assert refusal(web_client.chat_postMessage, channel="C0UPDATES", text="x") == "restricted_action_read_only_channel"


def test_what_slack_never_answers_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match=r"Slack never answers pins\.add with name_taken"):
        read_fault({"method": "pins.add", "kind": "refusal", "error": "name_taken"})


def guests(playground: Playground) -> None:
    """People as Slack has them, beside the full members."""
    for user in (
        User("U0GUEST", "guest", "Guest", "", "", "#000000", is_restricted=True),
        User("U0ONE", "one-channel", "Guest of one channel", "", "", "#000000", is_ultra_restricted=True),
        User("U0PARTNER", "partner", "Partner", "", "", "#000000", is_stranger=True, team="T0000PARTNER"),
        User("W0GRID", "grid", "Of another workspace", "", "", "#000000", is_stranger=True, team="T0000OTHER"),
        User("U0GONE", "gone", "Deactivated", "", "", "#000000", deleted=True),
        User("U0OTHERBOT", "monitor", "Monitor", "", "", "#000000", is_bot=True),
    ):
        playground.workspace.add_user(user)
    playground.workspace.channels[INCIDENTS].members["U0ONE"] = None


@pytest.mark.parametrize(
    ("user", "error"),
    [
        ("U0GUEST", "user_is_restricted"),
        ("U0ONE", "ura_max_channels"),
        ("U0PARTNER", "cant_invite"),
        ("W0GRID", "org_user_not_in_team"),
        ("U0GONE", "user_not_found"),
    ],
)
def test_who_is_no_full_member_cannot_be_invited_and_the_list_says_who(
    playground: Playground, web_client: WebClient, user: str, error: str
) -> None:
    guests(playground)
    channel = web_client.conversations_create(name="inc-1")["channel"]["id"]
    with pytest.raises(SlackApiError) as caught:
        web_client.conversations_invite(channel=channel, users=f"U0VP,{user}")
    assert caught.value.response["error"] == error
    assert caught.value.response["errors"] == [{"user": user, "ok": False, "error": error}]
    partly = web_client.conversations_invite(channel=channel, users=f"U0VP,{user}", force=True)
    assert [entry["error"] for entry in partly["errors"]] == [error]
    assert set(web_client.conversations_members(channel=channel)["members"]) == {"U0TOCSIN", "U0VP"}


def test_people_are_shown_as_slack_shows_them(playground: Playground, web_client: WebClient) -> None:
    guests(playground)
    playground.workspace.users["U0GUEST"].tz = "Asia/Kolkata"
    shown = {user["id"]: user for user in web_client.users_list()["members"]}
    assert (shown["U0GUEST"]["is_restricted"], shown["U0GUEST"]["is_ultra_restricted"]) == (True, False)
    assert (shown["U0ONE"]["is_restricted"], shown["U0ONE"]["is_ultra_restricted"]) == (True, True)
    assert shown["W0GRID"]["is_stranger"] and shown["W0GRID"]["team_id"] == "T0000OTHER"
    assert shown["U0GONE"]["deleted"] and shown["U0OTHERBOT"]["is_bot"]
    assert shown["U0GUEST"]["tz_offset"] == 19800


def test_somebody_who_left_gets_no_direct_message(playground: Playground, web_client: WebClient) -> None:
    channel = web_client.conversations_open(users="U0VP")["channel"]["id"]
    playground.workspace.users["U0VP"].deleted = True
    assert refusal(web_client.chat_postMessage, channel=channel, text="x") == "is_inactive"


# -- canvases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "line"),
    [
        ("# a\n\n#### b", "line 3: Unsupported heading depth (4)"),
        ("1. a\n   - b", "line 2: Unsupported nested list"),
        ("- a\n    1. b", "line 2: Unsupported nested list"),
        ("> - a", "line 1: Unsupported block type (List) within block quote"),
        ("- a\n  > b", "line 2: Unsupported block type (Quote) within list item"),
        ("- > a", "line 1: Unsupported block type (Quote) within list item"),
    ],
)
def test_a_canvas_refuses_what_slack_cannot_show(web_client: WebClient, markdown: str, line: str) -> None:
    content = {"type": "markdown", "markdown": markdown}
    with pytest.raises(SlackApiError) as caught:
        web_client.canvases_create(document_content=content)
    assert caught.value.response["error"] == "canvas_creation_failed"
    assert line in caught.value.response["detail"]
    canvas = web_client.canvases_create()["canvas_id"]
    change = {"operation": "insert_at_end", "document_content": content}
    assert refusal(web_client.canvases_edit, canvas_id=canvas, changes=[change]) == "canvas_editing_failed"


@pytest.mark.parametrize(
    "markdown",
    [
        "### a\n\n- b\n  - c\n- d\n\n1. e\n   1. f\n\n> g\n\n---",
        "```\n#### a\n> - b\n```",
        "- a\n\n1. b",
        "- a\n- b\n\n> c",
        "#hashtag and a > b",
    ],
)
def test_a_canvas_takes_what_slack_takes(web_client: WebClient, markdown: str) -> None:
    assert web_client.canvases_create(document_content={"type": "markdown", "markdown": markdown})["canvas_id"]


# -- what people write -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("api.example.com is down", "<http://api.example.com|api.example.com> is down"),
        (
            "see status.example.org/eu?a=1&b=2.",
            "see <http://status.example.org/eu?a=1&amp;b=2|status.example.org/eu?a=1&amp;b=2>.",
        ),
        ("db.internal, app.py, 10.0.0.1, v1.2", "db.internal, app.py, 10.0.0.1, v1.2"),
        ("write to ops@example.com", "write to <mailto:ops@example.com|ops@example.com>"),
        ("https://example.com/a", "<https://example.com/a>"),
        ("`api.example.com`", "`api.example.com`"),
        ("🔥 on 🚨, 1️⃣, ⚠️", ":fire: on :rotating_light:, :one:, :warning:"),
        ("👍🏽 from all", ":+1::skin-tone-4: from all"),
        ("it\u2019s \u201cdown\u201d \u2014 50\u00a0% © → ½", "it\u2019s \u201cdown\u201d \u2014 50\u00a0% © → ½"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("@oncall #general @here", "<!subteam^S0ONCALL> <#C0GENERAL> <!here>"),
    ],
)
def test_what_is_typed_is_stored_as_slack_stores_it(typed: str, stored: str) -> None:
    assert composed(seed_workspace(), typed) == stored


def test_in_a_command_mentions_have_their_names() -> None:
    assert composed(seed_workspace(), "#general @oncall", named=True) == (
        "<#C0GENERAL|general> <!subteam^S0ONCALL|@oncall>"
    )


def test_a_persons_message_carries_what_their_client_adds(playground: Playground, responder: Person) -> None:
    listener = Listener(playground)
    ts = responder.say(INCIDENTS, "api.example.com 🔥 @team-lead `x<y` *now*")
    event = listener.next_event("message").payload["event"]
    assert len(event["client_msg_id"]) == 36
    (block,) = event["blocks"]
    (section,) = block["elements"]
    kinds = [piece["type"] for piece in section["elements"]]
    assert (block["type"], section["type"]) == ("rich_text", "rich_text_section")
    assert kinds == ["link", "text", "emoji", "text", "user", "text", "text", "text", "text"]
    assert {"type": "text", "text": "x<y", "style": {"code": True}} in section["elements"]
    responder.edit(INCIDENTS, ts, "over")
    changed = listener.next_event("message").payload["event"]["message"]
    assert changed["blocks"][0]["elements"][0]["elements"] == [{"type": "text", "text": "over"}]
    listener.close()


def test_quotes_and_code_are_elements_of_their_own() -> None:
    block = rich_text("before\n&gt; said\n&gt; more\nafter\n```\na &lt; b\n```")
    kinds = [(element["type"], element["elements"][0]["text"]) for element in block["elements"]]
    assert kinds == [
        ("rich_text_section", "before"),
        ("rich_text_quote", "said\nmore"),
        ("rich_text_section", "after"),
        ("rich_text_preformatted", "a < b"),
    ]


def test_files_pins_and_broadcasts_have_their_subtypes(playground: Playground, responder: Person) -> None:
    listener = Listener(playground)
    ts = responder.say(INCIDENTS, "key")
    responder.act("upload_file", channel=INCIDENTS, name="log.txt", content="x")
    responder.act("post_message", channel=INCIDENTS, text="also here", thread_ts=ts, broadcast=True)
    responder.pin(INCIDENTS, ts)
    subtypes = {listener.next_event("message").payload["event"].get("subtype") for _ in range(4)}
    assert subtypes == {None, "file_share", "thread_broadcast", "pinned_item"}
    listener.close()


def test_a_forwarded_message_stands_in_an_attachment_with_or_without_words(responder: Person) -> None:
    ts = responder.say("general", "checkout is down")
    responder.forward("general", ts, INCIDENTS)
    responder.forward("general", ts, INCIDENTS, "is this ours?")
    bare, commented = responder.messages(INCIDENTS)[-2:]
    assert (bare["text"], commented["text"]) == ("", "is this ours?")
    for message in (bare, commented):
        (quoted,) = message["attachments"]
        assert (quoted["text"], quoted["is_share"], quoted["author_id"]) == ("checkout is down", True, "U0RESPONDER")


def test_a_pasted_permalink_unfurls_a_moment_later(playground: Playground, responder: Person) -> None:
    ts = responder.say("general", "checkout is down")
    link = responder.messages("general")[-1]["permalink"]
    listener = Listener(playground)
    responder.say(INCIDENTS, f"see {link}")
    assert "attachments" not in listener.next_event("message").payload["event"]
    changed = listener.next_event("message").payload["event"]
    assert changed["subtype"] == "message_changed"
    assert "edited" not in changed["message"]
    assert changed["message"]["attachments"][0]["ts"] == ts
    listener.close()


def test_another_bots_alert_may_have_no_text_at_all(playground: Playground, responder: Person) -> None:
    shown = {"color": "danger", "title": "HighErrorRate", "fields": [{"title": "service", "value": "checkout"}]}
    body = {"channel": INCIDENTS, "bot": "alerts", "attachments": [shown]}
    request = urllib.request.Request(f"{playground.url}/control/message", data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10):
        message = responder.messages(INCIDENTS)[-1]
    assert (message["text"], message["subtype"], message["attachments"]) == ("", "bot_message", [shown])


# -- connections -------------------------------------------------------------------------------------------------------


def test_a_warning_leaves_the_connection_open(playground: Playground, responder: Person, control: Control) -> None:
    listener = Listener(playground)
    control.sockets("warn")
    responder.say(INCIDENTS, "still here")
    assert listener.next_event("message").payload["event"]["text"] == "still here"
    listener.close()


def test_a_reason_that_slack_does_not_give_is_refused(control: Control) -> None:
    with pytest.raises(urllib.error.HTTPError):
        control.sockets("disconnect", "tired")
