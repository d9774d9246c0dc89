"""Documents in Slack: the canvas of a channel, and files where the plan has no canvases. Each call may be repeated."""

from __future__ import annotations

import http.client
import json
import urllib.request
from typing import Any
from urllib.error import HTTPError, URLError

from bot.slack.client import Refused, Slack, TryAgain

# The plan or the workspace's settings have no canvas for us, and will not have one at the next try.
NO_CANVAS = frozenset(
    {
        "channel_canvas_already_exists",
        "free_team_canvas_tab_already_exists",
        "free_teams_cannot_create_non_tabbed_canvases",
        "free_teams_cannot_edit_standalone_canvases",
        "team_tier_cannot_create_channel_canvases",
        "canvas_disabled_user_team",
        "canvas_disabled_file_team",
        "canvas_tab_creation_failed",
        "canvas_creation_failed",
        "canvas_editing_failed",
        "channel_canvas_creation_failed",
        "restricted_action",
        "slack_connect_canvas_sharing_blocked",
        "canvas_globally_disabled",
        "canvas_content_too_long",
        "not_allowed_token_type",
        "missing_scope",
    }
)
TAKEN = frozenset({"channel_canvas_already_exists", "free_team_canvas_tab_already_exists"})
_GONE = frozenset({"canvas_not_found", "canvas_deleted"})


def write_canvas(slack: Slack, channel_id: str, canvas_id: str | None, markdown: str, tried: bool) -> str:
    """Make the channel's canvas, or have it say something else; its id.

    `canvas_id`: the one we made. `tried`: an earlier try may have made one without our hearing of it. A canvas that
    somebody else made is never touched: then, as where there are none, Refused with an error of NO_CANVAS.
    """
    content = {"type": "markdown", "markdown": markdown}
    if canvas_id is not None:
        try:
            _replace(slack, canvas_id, content)
            return canvas_id
        except Refused as refused:
            if refused.error not in _GONE:
                raise
    try:
        return str(
            slack.call("conversations.canvases.create", channel_id=channel_id, document_content=content)["canvas_id"]
        )
    except Refused as refused:
        if refused.error not in TAKEN or not tried or canvas_id is not None:
            raise
        found = _canvas_of(slack, channel_id)
        if found is None:
            raise
    _replace(slack, found, content)
    return found


def _replace(slack: Slack, canvas_id: str, content: dict[str, str]) -> None:
    changes = [{"operation": "replace", "document_content": content}]
    slack.call("canvases.edit", canvas_id=canvas_id, changes=changes)


def _canvas_of(slack: Slack, channel_id: str) -> str | None:
    channel: dict[str, Any] = slack.call("conversations.info", channel=channel_id)["channel"]
    canvas = (channel.get("properties") or {}).get("canvas") or {}
    return canvas.get("file_id")


def find_file(slack: Slack, channel_id: str, title: str, oldest: float) -> bool:
    """Whether a file of that title was shared in the channel since then (epoch seconds)."""
    return any(
        file.get("title") == title
        for message in slack.history(channel_id, f"{oldest:.6f}")
        for file in message.get("files") or []
    )


def share_file(slack: Slack, channel_id: str, name: str, title: str, content: bytes, comment: str) -> None:
    """Upload and share a file in a channel. Raises TryAgain and Refused."""
    place = slack.call("files.getUploadURLExternal", filename=name, length=len(content))
    _upload(str(place["upload_url"]), content)
    files = json.dumps([{"id": place["file_id"], "title": title}])
    slack.call("files.completeUploadExternal", files=files, channel_id=channel_id, initial_comment=comment)


def _upload(address: str, content: bytes) -> None:
    request = urllib.request.Request(address, data=content, headers={"Content-Type": "application/octet-stream"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return
    except HTTPError as error:
        if error.code >= 500 or error.code == 429:
            raise TryAgain("upload", f"http_{error.code}") from error
        raise Refused("upload", f"http_{error.code}") from error
    except (URLError, OSError, http.client.HTTPException) as error:
        raise TryAgain("upload", str(error) or type(error).__name__) from error
