"""What a channel holds beside messages: its canvas, files where the plan has none, links in its head.

Each call may be repeated.
"""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
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
        found = canvas_of(slack, channel_id)
        if found is None:
            raise
    _replace(slack, found, content)
    return found


def _replace(slack: Slack, canvas_id: str, content: dict[str, str]) -> None:
    changes = [{"operation": "replace", "document_content": content}]
    slack.call("canvases.edit", canvas_id=canvas_id, changes=changes)


def canvas_of(slack: Slack, channel_id: str) -> str | None:
    """The canvas that is a tab of the channel. Raises TryAgain and Refused."""
    channel: dict[str, Any] = slack.call("conversations.info", channel=channel_id)["channel"]
    canvas = (channel.get("properties") or {}).get("canvas") or {}
    return canvas.get("file_id")


def find_file(slack: Slack, channel_id: str, title: str, oldest: float, thread_ts: str | None = None) -> bool:
    """Whether a file of that title was shared in the channel, or the thread, since then (epoch seconds)."""
    since = f"{oldest:.6f}"
    said = slack.replies(channel_id, thread_ts, since) if thread_ts else slack.history(channel_id, since)
    return any(file.get("title") == title for message in said for file in message.get("files") or [])


def share_file(
    slack: Slack,
    channel_id: str,
    name: str,
    title: str,
    content: bytes,
    comment: str,
    *,
    thread_ts: str | None = None,
    alt_text: str = "",
) -> None:
    """Upload and share a file in a channel, or in a thread of it. Raises TryAgain and Refused."""
    described = {"alt_txt": alt_text} if alt_text else {}
    place = slack.call("files.getUploadURLExternal", filename=name, length=len(content), **described)
    _upload(str(place["upload_url"]), content)
    files = json.dumps([{"id": place["file_id"], "title": title}])
    said = {"thread_ts": thread_ts} if thread_ts else {}
    said |= {"initial_comment": comment} if comment or not thread_ts else {}
    slack.call("files.completeUploadExternal", files=files, channel_id=channel_id, **said)


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


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A link by its title, which is what tells it from others; `emoji` with its colons."""

    title: str
    link: str
    emoji: str


def keep_bookmarks(slack: Slack, channel_id: str, wanted: Sequence[Bookmark]) -> None:
    """Add those whose title is not there yet. Raises TryAgain and Refused; after either the call may be repeated."""
    if not wanted:
        return
    there = {str(one.get("title")) for one in slack.call("bookmarks.list", channel_id=channel_id)["bookmarks"]}
    for one in wanted:
        if one.title not in there:
            more = {"title": one.title, "type": "link", "link": one.link, "emoji": one.emoji}
            slack.call("bookmarks.add", channel_id=channel_id, **more)
