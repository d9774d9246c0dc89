"""conversations.*, users.*, usergroups.*, bookmarks.*, files.*, canvases.* through the real client."""

import urllib.request
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.person import Person
from tests.slack_playground.test_messages_api import INCIDENTS, refusal


def test_a_created_channel_can_be_filled_described_and_closed(web_client: WebClient, responder: Person) -> None:
    channel = web_client.conversations_create(name="inc-1")["channel"]["id"]
    web_client.conversations_invite(channel=channel, users="U0RESPONDER,U0TEAMLEAD")
    web_client.conversations_setTopic(channel=channel, topic="P1 · investigating")
    web_client.conversations_setPurpose(channel=channel, purpose="Work on it")
    seen = responder.channel("inc-1")
    assert (seen["is_member"], seen["topic"], seen["num_members"]) == (True, "P1 · investigating", 3)
    web_client.conversations_archive(channel=channel)
    assert responder.channel("inc-1")["is_archived"]
    assert refusal(web_client.conversations_archive, channel=channel) == "already_archived"
    assert refusal(web_client.conversations_unarchive, channel=channel) == "not_in_channel"
    responder.unarchive("inc-1")
    assert not web_client.conversations_info(channel=channel)["channel"]["is_archived"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("general", "name_taken"),
        ("Loud", "invalid_name_specials"),
        ("with space", "invalid_name_specials"),
        ("with.period", "invalid_name_specials"),
        ("x" * 81, "invalid_name_maxlength"),
        ("---", "invalid_name_punctuation"),
        ("", "invalid_name_required"),
    ],
)
def test_a_channel_name_that_slack_would_not_take_is_refused(web_client: WebClient, name: str, error: str) -> None:
    assert refusal(web_client.conversations_create, name=name) == error


def test_a_renamed_channel_frees_its_old_name(web_client: WebClient) -> None:
    channel = web_client.conversations_create(name="inc-1")["channel"]["id"]
    web_client.conversations_rename(channel=channel, name="inc-2")
    assert web_client.conversations_create(name="inc-1")["ok"]
    assert refusal(web_client.conversations_rename, channel=channel, name="inc-1") == "name_taken"


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("U0RESPONDER", "already_in_channel"),
        ("U0NOBODY", "user_not_found"),
        ("U0TOCSIN", "cant_invite_self"),
    ],
)
def test_an_invitation_that_cannot_work_is_refused(web_client: WebClient, users: str, error: str) -> None:
    assert refusal(web_client.conversations_invite, channel=INCIDENTS, users=users) == error


def test_a_forced_invitation_takes_whom_it_can(web_client: WebClient) -> None:
    channel = web_client.conversations_create(name="inc-1")["channel"]["id"]
    answer = web_client.conversations_invite(channel=channel, users="U0VP,U0NOBODY", force=True)
    assert [entry["user"] for entry in answer["errors"]] == ["U0NOBODY"]
    assert web_client.conversations_members(channel=channel)["members"] == ["U0TOCSIN", "U0VP"]


def test_a_private_channel_is_invisible_to_others(web_client: WebClient, responder: Person) -> None:
    web_client.conversations_create(name="sec-1", is_private=True)
    assert "sec-1" not in [channel["name"] for channel in responder.channels()]
    private = web_client.conversations_list(types="private_channel")["channels"]
    assert [channel["name"] for channel in private] == ["sec-1"]


def test_lists_come_in_pages(web_client: WebClient) -> None:
    for number in range(7):
        web_client.conversations_create(name=f"inc-{number}")
    names: list[str] = []
    for page in web_client.conversations_list(limit=4):
        assert len(page["channels"]) <= 4
        names += [channel["name"] for channel in page["channels"]]
    assert len(names) == len(set(names)) == 10


def test_a_history_comes_in_pages_newest_first_between_its_bounds(web_client: WebClient) -> None:
    stamps = [web_client.chat_postMessage(channel=INCIDENTS, text=str(n))["ts"] for n in range(9)]
    found: list[str] = []
    for page in web_client.conversations_history(channel=INCIDENTS, oldest=stamps[1], latest=stamps[8], limit=3):
        found += [message["ts"] for message in page["messages"]]
    assert found == list(reversed(stamps[2:8]))
    both = web_client.conversations_history(channel=INCIDENTS, oldest=stamps[1], latest=stamps[2], inclusive=True)
    assert [message["ts"] for message in both["messages"]] == [stamps[2], stamps[1]]


def test_a_channel_is_read_by_its_members_only(web_client: WebClient) -> None:
    assert refusal(web_client.conversations_history, channel="C0GENERAL") == "not_in_channel"
    web_client.conversations_join(channel="C0GENERAL")
    assert web_client.conversations_history(channel="C0GENERAL")["ok"]


def test_people_are_found_by_id_and_by_address(web_client: WebClient) -> None:
    assert web_client.users_info(user="U0VP")["user"]["profile"]["title"].startswith("Vice president")
    assert web_client.users_lookupByEmail(email="Team-Lead@example.com")["user"]["id"] == "U0TEAMLEAD"
    assert refusal(web_client.users_lookupByEmail, email="nobody@example.com") == "users_not_found"
    assert refusal(web_client.users_info, user="U0NOBODY") == "user_not_found"
    assert len(web_client.users_list()["members"]) == 7


def test_the_on_call_group_has_its_people(web_client: WebClient) -> None:
    assert web_client.usergroups_list(include_users=True)["usergroups"][0]["users"] == ["U0RESPONDER"]
    assert web_client.usergroups_users_list(usergroup="S0ONCALL")["users"] == ["U0RESPONDER"]
    assert refusal(web_client.usergroups_users_list, usergroup="S0NONE") == "no_such_subteam"


def test_direct_messages_are_opened_once(web_client: WebClient) -> None:
    first = web_client.conversations_open(users="U0VP")
    again = web_client.conversations_open(users="U0VP")
    assert first["channel"]["id"] == again["channel"]["id"]
    assert again["already_open"]


def test_bookmarks_are_added_changed_and_removed(web_client: WebClient) -> None:
    bookmark = web_client.bookmarks_add(
        channel_id=INCIDENTS, title="Board", type="link", link="https://example.com/board"
    )["bookmark"]
    web_client.bookmarks_edit(channel_id=INCIDENTS, bookmark_id=bookmark["id"], title="Dashboard")
    assert web_client.bookmarks_list(channel_id=INCIDENTS)["bookmarks"][0]["title"] == "Dashboard"
    web_client.bookmarks_remove(channel_id=INCIDENTS, bookmark_id=bookmark["id"])
    assert web_client.bookmarks_list(channel_id=INCIDENTS)["bookmarks"] == []
    wrong: dict[str, Any] = {"channel_id": INCIDENTS, "title": "x", "type": "link", "link": "nowhere"}
    assert refusal(web_client.bookmarks_add, **wrong) == "invalid_link"


def test_an_uploaded_file_is_shared_and_can_be_fetched_with_the_token(web_client: WebClient, responder: Person) -> None:
    answer = web_client.files_upload_v2(
        channel=INCIDENTS, content="# Review", filename="review.md", title="Review", initial_comment="The draft"
    )
    shared = responder.wait_for_message(INCIDENTS, "The draft")
    assert shared["files"][0]["title"] == "Review"
    address = answer["file"]["url_private"]
    request = urllib.request.Request(address, headers={"Authorization": "Bearer xoxb-playground"})
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.read() == b"# Review"


def test_a_file_is_deleted_once_and_only_by_whose_it_is(web_client: WebClient, responder: Person) -> None:
    file = web_client.files_upload_v2(channel=INCIDENTS, content="key", filename="a.txt", initial_comment="here")[
        "file"
    ]
    assert web_client.files_delete(file=file["id"])["ok"]
    assert refusal(web_client.files_delete, file=file["id"]) == "file_deleted"
    (kept,) = responder.wait_for_message(INCIDENTS, "here")["files"]
    assert kept["mode"] == "tombstone" and "url_private" not in kept, "the message stays, the file does not"
    request = urllib.request.Request(file["url_private"], headers={"Authorization": "Bearer xoxb-playground"})
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(request, timeout=60)
    responder.act("upload_file", channel=INCIDENTS, name="log.txt", content="ERROR")
    theirs = responder.messages(INCIDENTS)[-1]["files"][0]["id"]
    assert refusal(web_client.files_delete, file=theirs) == "cant_delete_file"


def test_a_canvas_is_a_channel_tab_once_and_can_be_rewritten(web_client: WebClient, responder: Person) -> None:
    content = {"type": "markdown", "markdown": "# Review\n\nfirst"}
    canvas = web_client.conversations_canvases_create(channel_id=INCIDENTS, document_content=content)["canvas_id"]
    again = refusal(web_client.conversations_canvases_create, channel_id=INCIDENTS, document_content=content)
    assert again == "channel_canvas_already_exists"
    section = web_client.canvases_sections_lookup(canvas_id=canvas, criteria={"contains_text": "first"})["sections"][0]
    change = {"operation": "replace", "section_id": section["id"], "document_content": {**content, "markdown": "new"}}
    web_client.canvases_edit(canvas_id=canvas, changes=[change])
    assert responder.canvas(canvas)["markdown"] == "# Review\n\nnew"


def test_a_free_plan_has_no_canvas_on_its_own() -> None:
    with Playground(seed_workspace(free_plan=True)) as playground:
        web_client = WebClient("xoxb-playground", base_url=playground.api_url)
        assert refusal(web_client.canvases_create, title="x") == "free_teams_cannot_create_non_tabbed_canvases"
        assert web_client.canvases_create(title="x", channel_id=INCIDENTS)["canvas_id"]
