"""chat.*, reactions.*, pins.* through the real client."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_playground.person import Person
from tests.fixtures.slack import PersonNamed

INCIDENTS = "C0INCIDENTS"


def refusal(call: Any, **arguments: Any) -> str:
    """The error with which Slack refuses a call."""
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def test_a_posted_message_is_seen_by_people_and_in_the_history(web_client: WebClient, responder: Person) -> None:
    posted = web_client.chat_postMessage(channel=INCIDENTS, text="hello")
    assert responder.messages(INCIDENTS)[-1]["ts"] == posted["ts"]
    history = web_client.conversations_history(channel=INCIDENTS)
    assert history["messages"][0]["text"] == "hello"
    assert history["messages"][0]["bot_id"] == "B0TOCSIN"


def test_blocks_get_ids_so_that_they_can_be_acted_on(web_client: WebClient) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    posted = web_client.chat_postMessage(
        channel=INCIDENTS, text="t", blocks=[{"type": "actions", "elements": [button]}]
    )
    block = posted["message"]["blocks"][0]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]


@pytest.mark.filterwarnings("ignore:The top-level `text`")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": INCIDENTS, "text": ""}, "no_text"),
        ({"channel": INCIDENTS, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": INCIDENTS, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": INCIDENTS, "text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"channel": INCIDENTS, "text": "x", "blocks": "{"}, "invalid_blocks_format"),
    ],
)
def test_a_message_that_cannot_be_posted_is_refused(
    web_client: WebClient, arguments: dict[str, Any], error: str
) -> None:
    assert refusal(web_client.chat_postMessage, **arguments) == error


def test_an_archived_channel_takes_no_messages(web_client: WebClient) -> None:
    web_client.conversations_archive(channel=INCIDENTS)
    assert refusal(web_client.chat_postMessage, channel=INCIDENTS, text="x") == "is_archived"


def test_blocks_beyond_a_limit_are_refused_with_their_place(web_client: WebClient) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    with pytest.raises(SlackApiError) as caught:
        web_client.chat_postMessage(channel=INCIDENTS, text="t", blocks=[section])
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


def test_an_update_without_blocks_keeps_them_and_with_an_empty_list_takes_them_away(web_client: WebClient) -> None:
    posted = web_client.chat_postMessage(channel=INCIDENTS, text="t", blocks=[{"type": "divider"}])
    ts = posted["ts"]
    assert web_client.chat_update(channel=INCIDENTS, ts=ts, text="u")["message"]["blocks"]
    assert "blocks" not in web_client.chat_update(channel=INCIDENTS, ts=ts, text="u", blocks=[])["message"]


def test_only_its_own_messages_can_be_changed_by_the_app(web_client: WebClient, responder: Person) -> None:
    ts = responder.say(INCIDENTS, "mine")
    assert refusal(web_client.chat_update, channel=INCIDENTS, ts=ts, text="x") == "cant_update_message"
    assert refusal(web_client.chat_delete, channel=INCIDENTS, ts=ts) == "cant_delete_message"


def test_a_thread_counts_its_replies_and_forgets_a_deleted_one(web_client: WebClient, responder: Person) -> None:
    ts = responder.say(INCIDENTS, "trouble")
    first = web_client.chat_postMessage(channel=INCIDENTS, text="a", thread_ts=ts)["ts"]
    web_client.chat_postMessage(channel=INCIDENTS, text="b", thread_ts=ts)
    assert responder.messages(INCIDENTS)[-1]["reply_count"] == 2
    web_client.chat_delete(channel=INCIDENTS, ts=first)
    thread = web_client.conversations_replies(channel=INCIDENTS, ts=ts)["messages"]
    assert [message["text"] for message in thread] == ["trouble", "b"]
    assert thread[0]["reply_count"] == 1


def test_the_deleted_parent_of_a_thread_leaves_a_tombstone(web_client: WebClient, responder: Person) -> None:
    ts = web_client.chat_postMessage(channel=INCIDENTS, text="parent")["ts"]
    responder.reply(INCIDENTS, ts, "child")
    web_client.chat_delete(channel=INCIDENTS, ts=ts)
    assert responder.messages(INCIDENTS)[-1]["subtype"] == "tombstone"
    assert refusal(web_client.chat_update, channel=INCIDENTS, ts=ts, text="x") == "message_not_found"


def test_an_ephemeral_message_is_seen_by_one_person_only(
    web_client: WebClient, responder: Person, person: PersonNamed
) -> None:
    web_client.chat_postEphemeral(channel=INCIDENTS, user="U0RESPONDER", text="for you")
    assert [message["text"] for message in responder.ephemerals(INCIDENTS)] == ["for you"]
    assert person("U0MANAGER").ephemerals(INCIDENTS) == []
    history = web_client.conversations_history(channel=INCIDENTS)["messages"]
    assert "for you" not in [message["text"] for message in history]


def test_a_message_to_a_person_goes_to_their_direct_messages(web_client: WebClient, responder: Person) -> None:
    channel = web_client.chat_postMessage(channel="U0RESPONDER", text="psst")["channel"]
    assert responder.dm_with("U0TOCSIN") == channel
    assert responder.messages(channel)[-1]["text"] == "psst"


def test_a_bare_ampersand_is_stored_as_an_entity(web_client: WebClient) -> None:
    posted = web_client.chat_postMessage(channel=INCIDENTS, text="a & b &amp; c <@U0VP>")
    assert posted["message"]["text"] == "a &amp; b &amp; c <@U0VP>"


def test_reactions_are_counted_once_per_person(web_client: WebClient, responder: Person) -> None:
    ts = responder.say(INCIDENTS, "x")
    web_client.reactions_add(channel=INCIDENTS, timestamp=ts, name="eyes")
    responder.react(INCIDENTS, ts, "eyes")
    assert refusal(web_client.reactions_add, channel=INCIDENTS, timestamp=ts, name="eyes") == "already_reacted"
    reactions = web_client.reactions_get(channel=INCIDENTS, timestamp=ts)["message"]["reactions"]
    assert reactions == [{"name": "eyes", "users": ["U0TOCSIN", "U0RESPONDER"], "count": 2}]
    web_client.reactions_remove(channel=INCIDENTS, timestamp=ts, name="eyes")
    assert refusal(web_client.reactions_remove, channel=INCIDENTS, timestamp=ts, name="eyes") == "no_reaction"
    assert refusal(web_client.reactions_add, channel=INCIDENTS, timestamp=ts, name="no such") == "invalid_name"


def test_pins_are_listed_until_they_are_taken_away(web_client: WebClient) -> None:
    ts = web_client.chat_postMessage(channel=INCIDENTS, text="card")["ts"]
    web_client.pins_add(channel=INCIDENTS, timestamp=ts)
    assert refusal(web_client.pins_add, channel=INCIDENTS, timestamp=ts) == "already_pinned"
    assert [item["message"]["ts"] for item in web_client.pins_list(channel=INCIDENTS)["items"]] == [ts]
    web_client.pins_remove(channel=INCIDENTS, timestamp=ts)
    assert refusal(web_client.pins_remove, channel=INCIDENTS, timestamp=ts) == "no_pin"


def test_a_permalink_leads_to_the_message(web_client: WebClient) -> None:
    ts = web_client.chat_postMessage(channel=INCIDENTS, text="x")["ts"]
    link = web_client.chat_getPermalink(channel=INCIDENTS, message_ts=ts)["permalink"]
    assert link.endswith(f"/archives/{INCIDENTS}/p{ts.replace('.', '')}")


def test_metadata_is_shown_on_request_only(web_client: WebClient) -> None:
    metadata = {"event_type": "incident_card", "event_payload": {"id": "1"}}
    web_client.chat_postMessage(channel=INCIDENTS, text="x", metadata=metadata)
    assert "metadata" not in web_client.conversations_history(channel=INCIDENTS)["messages"][0]
    shown = web_client.conversations_history(channel=INCIDENTS, include_all_metadata=True)["messages"][0]
    assert shown["metadata"] == metadata
