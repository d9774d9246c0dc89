"""chat.*: posting, changing and deleting messages."""

import re

from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.blockkit.blocks import check_message_blocks
from slack_playground.blockkit.views import number_blocks
from slack_playground.workspace import messages
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.shapes import permalink

LONGEST_TEXT = 40_000
LONGEST_UPDATE = 4_000

_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")


def stored_text(text: str) -> str:
    """Text as Slack keeps it: an ampersand that begins no entity becomes one."""
    return _BARE_AMPERSAND.sub("&amp;", text)


def post_message(call: Call) -> Json:
    """chat.postMessage."""
    channel = _target(call)
    text, blocks = _content(call)
    thread_ts = _thread(call, channel)
    message = messages.post(
        call.workspace,
        channel,
        call.user_id,
        stored_text(text),
        thread_ts=thread_ts,
        broadcast=call.flag("reply_broadcast"),
        blocks=blocks,
        metadata=_metadata(call),
        attachments=call.structure("attachments", "invalid_attachments"),
        **_guise(call),
    )
    return {"channel": channel.id, "ts": message["ts"], "message": dict(message)}


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral."""
    channel = call.channel()
    person = call.user()
    if call.user_id not in channel.members:
        raise ApiError("not_in_channel")
    if person.id not in channel.members:
        raise ApiError("user_not_in_channel")
    if channel.is_archived:
        raise ApiError("is_archived")
    text, blocks = _content(call)
    thread_ts = _thread(call, channel)
    message = messages.post_ephemeral(
        call.workspace,
        channel,
        person.id,
        stored_text(text),
        thread_ts=thread_ts,
        blocks=blocks,
        **_guise(call),
    )
    return {"message_ts": message["ts"]}


def update(call: Call) -> Json:
    """chat.update: only the bot's own messages."""
    channel = call.channel()
    message = call.message(channel)
    if message.get("bot_id") != call.workspace.app.bot_id:
        raise ApiError("cant_update_message")
    _may_change(call, channel)
    text, blocks = _content(call)
    if len(text) > LONGEST_UPDATE and not blocks:
        raise ApiError("msg_too_long")
    changes: Json = {"text": stored_text(text)}
    if call.arguments.get("blocks") is not None:
        changes["blocks"] = blocks  # left out, the old ones stay; an empty list takes them away
    if (metadata := _metadata(call)) is not None:
        changes["metadata"] = metadata
    messages.edit(call.workspace, channel, message, changes, by=call.user_id)
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": dict(message)}


def delete(call: Call) -> Json:
    """chat.delete: only the bot's own messages."""
    channel = call.channel()
    message = call.message(channel)
    if message.get("bot_id") != call.workspace.app.bot_id:
        raise ApiError("cant_delete_message")
    _may_change(call, channel)
    messages.delete(call.workspace, channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def _may_change(call: Call, channel: Channel) -> None:
    """Messages are changed where one may post."""
    if channel.is_archived:
        raise ApiError("is_archived")
    reaches = call.has("chat:write.public") and not channel.is_private
    if call.workspace.strictness.membership and call.user_id not in channel.members and not reaches:
        raise ApiError("not_in_channel")


def get_permalink(call: Call) -> Json:
    """chat.getPermalink."""
    channel = call.channel()
    message = call.message(channel, "message_ts")
    return {"channel": channel.id, "permalink": permalink(call.workspace.url, channel.id, message)}


def _target(call: Call) -> Channel:
    """Where to post: a channel's id or name, or a person's id for direct messages."""
    workspace = call.workspace
    name = call.needed("channel", "channel_not_found")
    if name in workspace.users:
        if name == call.user_id or workspace.users[name].is_bot:
            raise ApiError("cannot_dm_bot")
        if not workspace.manifest.messages_tab:
            raise ApiError("messages_tab_disabled")
        return workspace.direct_channel(call.user_id, name)
    channel_id = workspace.channel_names.get(name.removeprefix("#"), name)
    channel = workspace.channels.get(channel_id)
    if channel is None or not workspace.may_see(call.user_id, channel):
        raise ApiError("channel_not_found")
    if channel.kind == "im" and any(workspace.users[member].deleted for member in channel.members):
        raise ApiError("is_inactive")
    if channel.is_archived:
        raise ApiError("is_archived")
    if call.user_id not in channel.members and not call.has("chat:write.public"):
        raise ApiError("not_in_channel")
    return channel


def _content(call: Call) -> tuple[str, list[Json]]:
    text = call.text("text") or call.text("markdown_text")
    blocks = check_message_blocks(call.structure("blocks", "invalid_blocks_format"))
    if not text and not blocks and not call.arguments.get("attachments"):
        raise ApiError("no_text")
    if len(text) > LONGEST_TEXT:
        raise ApiError("msg_too_long")
    return text, number_blocks(blocks)


def _thread(call: Call, channel: Channel) -> str:
    ts = call.ts("thread_ts", "invalid_thread_ts")
    if not ts:
        return ""
    parent = channel.messages.get(ts)
    if parent is None:
        raise ApiError("thread_not_found")
    if parent.get("thread_ts", ts) != ts:
        raise ApiError("cannot_reply_to_message")
    return ts


def _metadata(call: Call) -> Json | None:
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_format")
    return metadata


def _guise(call: Call) -> Json:
    """Another name or picture for one message, where the app may choose them."""
    username, emoji, url = call.text("username"), call.text("icon_emoji"), call.text("icon_url")
    if not (username or emoji or url):
        return {}
    call.allow("chat:write.customize")
    icons = {name: value for name, value in (("emoji", emoji), ("image_48", url)) if value}
    return {"username": username, "icons": icons}


METHODS = {
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",)),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "chat.getPermalink": Method(get_permalink),
}
