"""Records as Slack and the page show them. Pure: reads, changes nothing."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from slack_playground.workspace.records import Channel, Json, User


def user_shape(user: User, *, with_email: bool = True) -> Json:
    """A user as users.info returns it."""
    profile = {
        "real_name": user.real_name,
        "display_name": user.name,
        "title": user.title,
        "team": user.team,
        "image_48": "",
    }
    if with_email and user.email:
        profile["email"] = user.email
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "color": user.color.lstrip("#"),
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": _offset(user.tz),
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_restricted": user.is_restricted or user.is_ultra_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_stranger": user.is_stranger,
        "updated": 0,
    }


def _offset(zone: str) -> int:
    """Seconds east of UTC, today."""
    today = datetime.now(ZoneInfo(zone))
    offset = today.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def channel_shape(channel: Channel, viewer: str, *, with_count: bool = False) -> Json:
    """A channel as conversations.info returns it to `viewer`."""
    shape: Json = {
        "id": channel.id,
        "created": channel.created,
        "creator": channel.creator,
        "is_archived": channel.is_archived,
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_private": channel.is_private,
        "is_org_shared": False,
        "context_team_id": channel.team,
        "updated": channel.created * 1000,
    }
    if channel.kind == "im":
        return {**shape, "user": partner(channel, viewer), "is_open": True}
    shape |= {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_general": channel.is_general,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_member": viewer in channel.members,
        "topic": dict(channel.topic),
        "purpose": dict(channel.purpose),
        "previous_names": list(channel.previous_names),
    }
    if channel.canvas_id:
        shape["properties"] = {"canvas": {"file_id": channel.canvas_id, "is_empty": False}}
    if with_count:
        shape["num_members"] = len(channel.members)
    return shape


def partner(channel: Channel, viewer: str) -> str:
    """The other person of direct messages (the viewer, for notes to oneself)."""
    return next((member for member in channel.members if member != viewer), viewer)


def page_user(user: User) -> Json:
    """A user as the page gets it."""
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "title": user.title,
        "is_bot": user.is_bot,
        "color": user.color,
    }


def page_channel(users: Mapping[str, User], channel: Channel, viewer: str) -> Json:
    """A channel as this person's page gets it, with their unread marks."""
    read = channel.last_read.get(viewer, "0")
    marks = channel.mentions.get(viewer, [])
    shape = {
        "id": channel.id,
        "name": channel.name,
        "is_private": channel.is_private,
        "is_im": channel.kind == "im",
        "is_archived": channel.is_archived,
        "is_member": viewer in channel.members,
        "topic": channel.topic["value"],
        "purpose": channel.purpose["value"],
        "num_members": len(channel.members),
        "unread": len(channel.timeline) - bisect_right(channel.timeline, read),
        "mentions": len(marks) - bisect_right(marks, read),
        "last_read": read,
        "latest_ts": channel.timeline[-1] if channel.timeline else "",
        "canvas_id": channel.canvas_id,
    }
    if channel.kind == "im":
        other = partner(channel, viewer)
        shape |= {"user": other, "name": users[other].name if other in users else ""}
    return shape


def page_message(url: str, channel: Channel, message: Json) -> Json:
    """A message as the page gets it: a shallow copy, with what Slack keeps beside the message."""
    return {
        **message,
        "channel": channel.id,
        "pinned": message["ts"] in channel.pins,
        "permalink": permalink(url, channel.id, message),
    }


def permalink(url: str, channel_id: str, message: Json) -> str:
    """The address of a message; it opens the page there."""
    link = f"{url}/archives/{channel_id}/p{message['ts'].replace('.', '')}"
    thread = message.get("thread_ts")
    return f"{link}?thread_ts={thread}&cid={channel_id}" if thread and thread != message["ts"] else link
