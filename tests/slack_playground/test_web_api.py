"""The Web API as a whole: all methods, any arguments, all ways to send them."""

import json
import urllib.request
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.seed import seed_workspace
from slack_playground.api.web_api import WebApi
from slack_playground.app import Playground, create_app
from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.delivery.faults import Faults
from slack_playground.delivery.sockets import SocketMode
from slack_playground.delivery.wire import Wire

# fmt: off
PROMISED = [
    "api.test", "auth.test", "apps.connections.open", "team.info", "users.info", "users.list",
    "users.lookupByEmail", "usergroups.list", "usergroups.users.list", "conversations.create",
    "conversations.list", "conversations.info", "conversations.join", "conversations.invite",
    "conversations.members", "conversations.history", "conversations.replies", "conversations.open",
    "conversations.setTopic", "conversations.setPurpose", "conversations.rename", "conversations.archive",
    "conversations.unarchive", "chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral",
    "chat.getPermalink", "views.open", "views.update", "views.push", "views.publish", "reactions.add",
    "reactions.remove", "reactions.get", "pins.add", "pins.remove", "pins.list", "bookmarks.add",
    "bookmarks.edit", "bookmarks.list", "bookmarks.remove", "files.getUploadURLExternal",
    "files.completeUploadExternal", "canvases.create", "canvases.edit", "conversations.canvases.create",
]
# fmt: on

# fmt: off
NAMES = [
    "channel", "channel_id", "user", "users", "user_id", "text", "blocks", "thread_ts", "ts", "timestamp",
    "message_ts", "name", "topic", "purpose", "limit", "cursor", "oldest", "latest", "types", "view", "view_id",
    "trigger_id", "hash", "files", "filename", "length", "canvas_id", "changes", "document_content", "criteria",
    "bookmark_id", "title", "type", "link", "metadata", "attachments", "is_private", "username", "force",
    "usergroup", "email",
]
# fmt: on

odd = st.recursive(
    st.sampled_from(["", "C0INCIDENTS", "U0RESPONDER", "1700000000.000001", "[{}]", "{", "-1", "9" * 30, "\x00", "é"])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "blocks", "elements", "id", "title"]), part, max_size=3)
    ),
    max_leaves=6,
)


def api_of_a_fresh_workspace() -> WebApi:
    """The Web API without a server."""
    workspace, faults = seed_workspace(), Faults()
    return WebApi(workspace, faults, SocketMode(Dispatcher(workspace), faults), Wire())


def test_every_promised_method_is_there() -> None:
    assert set(PROMISED) <= set(api_of_a_fresh_workspace().methods)


@given(method=st.sampled_from(sorted(api_of_a_fresh_workspace().methods)), arguments=st.data())
def test_no_argument_breaks_a_method(method: str, arguments: st.DataObject) -> None:
    api = api_of_a_fresh_workspace()
    given_arguments: dict[str, Any] = arguments.draw(st.dictionaries(st.sampled_from(NAMES), odd, max_size=8))
    token = "xapp-playground" if method.startswith("apps.") else "xoxb-playground"
    answer = api.invoke(method, given_arguments, token)
    assert answer["ok"] in (True, False)
    json.dumps(answer)


@pytest.mark.parametrize("way", ["query", "form", "json", "multipart"])
def test_arguments_are_taken_from_wherever_slack_takes_them(playground: Playground, way: str) -> None:
    multipart = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
    bodies = {
        "query": (None, ""),
        "form": (b"a=1", "application/x-www-form-urlencoded"),
        "json": (b'{"a": "1"}', "application/json; charset=utf-8"),
        "multipart": (multipart, "multipart/form-data; boundary=x"),
    }
    body, content_type = bodies[way]
    address = f"{playground.api_url}api.test" + ("?a=1" if way == "query" else "")
    headers = {"Content-Type": content_type} if content_type else {}
    request = urllib.request.Request(address, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        assert json.loads(response.read()) == {"ok": True, "args": {"a": "1"}}


def test_a_token_may_come_as_an_argument_and_stays_out_of_the_journal(playground: Playground) -> None:
    address = f"{playground.api_url}auth.test?token=xoxb-playground"
    with urllib.request.urlopen(address, timeout=60) as response:
        assert json.loads(response.read())["user_id"] == "U0TOCSIN"
    with urllib.request.urlopen(f"{playground.url}/control/journal", timeout=60) as response:
        assert json.loads(response.read())["entries"][-1]["args"] == {}


def test_the_application_is_made_for_one_workspace_and_leads_to_its_app() -> None:
    workspace = seed_workspace()
    application = create_app(workspace)
    assert application.state.dispatcher is workspace.sink
