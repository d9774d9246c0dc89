"""What is put on messages and channels: reactions.*, pins.*, bookmarks.*."""

import re

from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.workspace import messages
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.shapes import permalink

MOST_BOOKMARKS = 100
_EMOJI = re.compile(r"[a-z0-9_+'\-]+(::skin-tone-[2-6])?")


def add_reaction(call: Call) -> Json:
    """reactions.add."""
    channel, message = _marked(call)
    if not messages.react(call.workspace, channel, message, _emoji(call), call.user_id):
        raise ApiError("already_reacted")
    return {}


def remove_reaction(call: Call) -> Json:
    """reactions.remove."""
    channel, message = _marked(call)
    if not messages.unreact(call.workspace, channel, message, _emoji(call), call.user_id):
        raise ApiError("no_reaction")
    return {}


def get_reactions(call: Call) -> Json:
    """reactions.get."""
    channel = call.channel()
    message = call.message(channel, "timestamp")
    link = permalink(call.workspace.url, channel.id, message)
    return {"type": "message", "channel": channel.id, "message": {**message, "permalink": link}}


def add_pin(call: Call) -> Json:
    """pins.add."""
    channel, message = _marked(call)
    if message["ts"] in channel.pins:
        raise ApiError("already_pinned")
    messages.pin(call.workspace, channel, message, call.user_id)
    return {}


def remove_pin(call: Call) -> Json:
    """pins.remove."""
    channel, message = _marked(call)
    if message["ts"] not in channel.pins:
        raise ApiError("no_pin")
    messages.unpin(call.workspace, channel, message, call.user_id)
    return {}


def list_pins(call: Call) -> Json:
    """pins.list."""
    channel = call.member_channel()
    found = []
    for ts, record in channel.pins.items():
        message = channel.messages[ts]
        link = permalink(call.workspace.url, channel.id, message)
        found.append({**record, "message": {**message, "permalink": link, "pinned_to": [channel.id]}})
    return {"items": found}


def add_bookmark(call: Call) -> Json:
    """bookmarks.add."""
    channel = call.member_channel("channel_id")
    kind = call.needed("type")
    if kind != "link":
        raise ApiError("invalid_bookmark_type")
    if len(channel.bookmarks) >= MOST_BOOKMARKS:
        raise ApiError("too_many_bookmarks")
    now = call.workspace.now()
    bookmark: Json = {
        "id": call.workspace.new_id("Bk"),
        "channel_id": channel.id,
        "title": call.needed("title"),
        "link": _link(call.needed("link", "invalid_link")),
        "emoji": call.text("emoji"),
        "icon_url": None,
        "type": kind,
        "entity_id": None,
        "date_created": now,
        "date_updated": now,
        "rank": "U",
        "last_updated_by_user_id": call.user_id,
        "last_updated_by_team_id": "",
        "shortcut_id": None,
        "app_id": call.workspace.app.id,
    }
    channel.bookmarks[bookmark["id"]] = bookmark
    return {"bookmark": bookmark}


def edit_bookmark(call: Call) -> Json:
    """bookmarks.edit."""
    bookmark = _bookmark(call, call.member_channel("channel_id"))
    if call.text("link"):
        bookmark["link"] = _link(call.text("link"))
    for name in ("title", "emoji"):
        if call.text(name):
            bookmark[name] = call.text(name)
    bookmark |= {"date_updated": call.workspace.now(), "last_updated_by_user_id": call.user_id}
    return {"bookmark": bookmark}


def list_bookmarks(call: Call) -> Json:
    """bookmarks.list."""
    return {"bookmarks": list(call.member_channel("channel_id").bookmarks.values())}


def remove_bookmark(call: Call) -> Json:
    """bookmarks.remove."""
    channel = call.member_channel("channel_id")
    del channel.bookmarks[_bookmark(call, channel)["id"]]
    return {}


def _marked(call: Call) -> tuple[Channel, Json]:
    """The message to be marked, in a channel that the bot is in."""
    channel = call.open_channel()
    return channel, call.message(channel, "timestamp")


def _emoji(call: Call) -> str:
    name = call.needed("name", "invalid_name").strip(":")
    if not _EMOJI.fullmatch(name):
        raise ApiError("invalid_name")
    return name


def _bookmark(call: Call, channel: Channel) -> Json:
    bookmark = channel.bookmarks.get(call.needed("bookmark_id"))
    if bookmark is None:
        raise ApiError("not_found")
    return bookmark


def _link(link: str) -> str:
    if not re.match(r"(https?|mailto|slack)://?.", link):
        raise ApiError("invalid_link")
    return link


METHODS = {
    "reactions.add": Method(add_reaction, ("reactions:write",)),
    "reactions.remove": Method(remove_reaction, ("reactions:write",)),
    "reactions.get": Method(get_reactions, ("reactions:read",)),
    "pins.add": Method(add_pin, ("pins:write",)),
    "pins.remove": Method(remove_pin, ("pins:write",)),
    "pins.list": Method(list_pins, ("pins:read",)),
    "bookmarks.add": Method(add_bookmark, ("bookmarks:write",)),
    "bookmarks.edit": Method(edit_bookmark, ("bookmarks:write",)),
    "bookmarks.list": Method(list_bookmarks, ("bookmarks:read",)),
    "bookmarks.remove": Method(remove_bookmark, ("bookmarks:write",)),
}
