"""What happens to messages: posted, edited, deleted, reacted to, pinned; each sent to the pages and to the app."""

import json
import re
from bisect import bisect_left, insort
from collections.abc import Iterator

from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.shapes import page_message
from slack_playground.workspace.workspace import Workspace

_MENTION = re.compile(r"<(?:@([UW]\w+)|!(channel|here|everyone)|!subteam\^(\w+))[>|]")
SUBSCRIPTIONS = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}


def post(
    workspace: Workspace,
    channel: Channel,
    user_id: str,
    text: str,
    *,
    thread_ts: str = "",
    broadcast: bool = False,
    subtype: str = "",
    **fields: object,
) -> Json:
    """Say something in a channel; `fields` are further parts of the message (blocks, files, username …)."""
    ts = workspace.next_ts()
    message: Json = {"type": "message", "user": user_id, "text": text, "ts": ts, "team": workspace.team.id}
    if user_id == workspace.app.user_id:
        message |= {"bot_id": workspace.app.bot_id, "app_id": workspace.app.id, "bot_profile": bot_profile(workspace)}
    if subtype:
        message["subtype"] = subtype
    message |= {name: value for name, value in fields.items() if value}
    if thread_ts:
        message["thread_ts"] = thread_ts
        if broadcast:
            message["subtype"] = "thread_broadcast"
    channel.messages[ts] = message
    if not thread_ts or broadcast:
        channel.timeline.append(ts)
    _count_mentions(workspace, channel, message)
    channel.last_read[user_id] = ts
    workspace.feed.publish(_page("message", workspace, channel, message), workspace.audience(channel))
    if thread_ts:
        _extend_thread(workspace, channel, message)
    _tell_posted(workspace, channel, message)
    return message


def post_ephemeral(
    workspace: Workspace, channel: Channel, person: str, text: str, *, thread_ts: str = "", **fields: object
) -> Json:
    """Say something that only one person sees."""
    ts = workspace.next_ts()
    message: Json = {
        "type": "message",
        "user": workspace.app.user_id,
        "bot_id": workspace.app.bot_id,
        "bot_profile": bot_profile(workspace),
        "text": text,
        "ts": ts,
        "is_ephemeral": True,
        "ephemeral_id": ts,
    }
    message |= {name: value for name, value in fields.items() if value}
    if thread_ts:
        message["thread_ts"] = thread_ts
    channel.ephemerals_of(person).append(message)
    workspace.feed.publish(_page("message", workspace, channel, message), (person,))
    return message


def find_ephemeral(channel: Channel, person: str, ephemeral_id: str) -> Json | None:
    """One of the messages that only this person sees."""
    return next((kept for kept in channel.ephemerals_of(person) if kept["ephemeral_id"] == ephemeral_id), None)


def change_ephemeral(workspace: Workspace, channel: Channel, person: str, message: Json, changes: Json) -> None:
    """Replace the content of a message that only one person sees."""
    _apply(message, changes)
    workspace.feed.publish(_page("message_changed", workspace, channel, message), (person,))


def delete_ephemeral(workspace: Workspace, channel: Channel, person: str, message: Json) -> None:
    """Take away a message that only one person sees."""
    channel.ephemerals_of(person).remove(message)
    gone = {"type": "ephemeral_deleted", "channel": channel.id, "ephemeral_id": message["ephemeral_id"]}
    workspace.feed.publish(gone, (person,))


def edit(workspace: Workspace, channel: Channel, message: Json, changes: Json, *, by: str, mark: bool = True) -> None:
    """Change a message in place; `mark` shows it as edited."""
    previous = dict(message)
    _apply(message, changes)
    if mark:
        message["edited"] = {"user": by, "ts": workspace.next_ts()}
    _forget_mentions(channel, message["ts"])
    _count_mentions(workspace, channel, message)
    workspace.feed.publish(_page("message_changed", workspace, channel, message), workspace.audience(channel))
    _tell_changed(workspace, channel, message, previous)


def delete(workspace: Workspace, channel: Channel, message: Json) -> None:
    """Delete a message; the parent of a thread leaves a tombstone."""
    ts, previous = message["ts"], dict(message)
    _forget_mentions(channel, ts)
    if channel.threads.get(ts):
        _bury(workspace, channel, message, previous)
        return
    del channel.messages[ts]
    channel.pins.pop(ts, None)
    index = bisect_left(channel.timeline, ts)
    if index < len(channel.timeline) and channel.timeline[index] == ts:
        del channel.timeline[index]
    parent_ts = message.get("thread_ts")
    if parent_ts and parent_ts != ts:
        _shorten_thread(workspace, channel, channel.messages[parent_ts], ts)
    gone = {"type": "message_deleted", "channel": channel.id, "ts": ts, "thread_ts": parent_ts}
    workspace.feed.publish(gone, workspace.audience(channel))
    event = _hidden_event(workspace, channel, "message_deleted", previous)
    workspace.tell_app(SUBSCRIPTIONS[channel.kind], {**event, "deleted_ts": ts}, channel)


def react(workspace: Workspace, channel: Channel, message: Json, name: str, user_id: str) -> bool:
    """Add a reaction; False if it was there."""
    reactions = message.setdefault("reactions", [])
    entry = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if entry is None:
        entry = {"name": name, "users": [], "count": 0}
        reactions.append(entry)
    if user_id in entry["users"]:
        return False
    entry["users"].append(user_id)
    entry["count"] += 1
    _tell_reaction(workspace, channel, message, name, user_id, "reaction_added")
    return True


def unreact(workspace: Workspace, channel: Channel, message: Json, name: str, user_id: str) -> bool:
    """Take back a reaction; False if it was not there."""
    reactions = message.get("reactions", [])
    entry = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if entry is None or user_id not in entry["users"]:
        return False
    entry["users"].remove(user_id)
    entry["count"] -= 1
    if not entry["count"]:
        reactions.remove(entry)
    _tell_reaction(workspace, channel, message, name, user_id, "reaction_removed")
    return True


def pin(workspace: Workspace, channel: Channel, message: Json, user_id: str) -> None:
    """Pin a message; the channel hears of it."""
    ts = message["ts"]
    channel.pins[ts] = {"type": "message", "created": workspace.now(), "created_by": user_id, "channel": channel.id}
    _tell_pins(workspace, channel, message, user_id, "pin_added")
    if workspace.strictness.pin_notices:
        text = f"<@{user_id}> pinned a message to this channel."
        post(workspace, channel, user_id, text, subtype="pinned_item", item_type="message", item={"ts": ts})


def unpin(workspace: Workspace, channel: Channel, message: Json, user_id: str) -> None:
    """Take a pin away."""
    channel.pins.pop(message["ts"], None)
    _tell_pins(workspace, channel, message, user_id, "pin_removed")


def bot_profile(workspace: Workspace) -> Json:
    """The app as its messages carry it."""
    app = workspace.app
    profile: Json = {"id": app.bot_id, "app_id": app.id, "name": app.name, "deleted": False, "updated": 0}
    return {**profile, "team_id": workspace.team.id}


def _apply(message: Json, changes: Json) -> None:
    """Set the given fields; an empty one is taken away (text stays as an empty string)."""
    for name, value in changes.items():
        if value or name == "text":
            message[name] = value
        else:
            message.pop(name, None)


def _page(kind: str, workspace: Workspace, channel: Channel, message: Json) -> Json:
    return {"type": kind, "channel": channel.id, "message": page_message(workspace.url, channel, message)}


def _extend_thread(workspace: Workspace, channel: Channel, reply: Json) -> None:
    parent = channel.messages[reply["thread_ts"]]
    replies = channel.threads.setdefault(parent["ts"], [])
    replies.append(reply["ts"])
    users = parent.setdefault("reply_users", [])
    if reply["user"] not in users:
        users.append(reply["user"])
    parent |= {
        "thread_ts": parent["ts"],
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": reply["ts"],
    }
    workspace.feed.publish(_page("message_changed", workspace, channel, parent), workspace.audience(channel))


def _shorten_thread(workspace: Workspace, channel: Channel, parent: Json, ts: str) -> None:
    replies = channel.threads[parent["ts"]]
    replies.remove(ts)
    users = list(dict.fromkeys(channel.messages[reply]["user"] for reply in replies))
    if replies:
        parent |= {"reply_users": users, "reply_users_count": len(users), "latest_reply": replies[-1]}
        parent["reply_count"] = len(replies)
    else:
        for name in ("thread_ts", "reply_users", "reply_users_count", "latest_reply", "reply_count"):
            parent.pop(name, None)
    workspace.feed.publish(_page("message_changed", workspace, channel, parent), workspace.audience(channel))


def _bury(workspace: Workspace, channel: Channel, message: Json, previous: Json) -> None:
    for name in ("blocks", "files", "reactions", "bot_id", "app_id", "bot_profile", "metadata"):
        message.pop(name, None)
    message |= {"subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT", "hidden": True}
    workspace.feed.publish(_page("message_changed", workspace, channel, message), workspace.audience(channel))
    _tell_changed(workspace, channel, message, previous)


def _tell_posted(workspace: Workspace, channel: Channel, message: Json) -> None:
    place = {"channel": channel.id, "channel_type": channel.kind, "event_ts": message["ts"]}
    workspace.tell_app(SUBSCRIPTIONS[channel.kind], {**message, **place}, channel)
    bot = workspace.app.user_id
    if f"<@{bot}" in message["text"] and message["user"] != bot and channel.kind != "im":
        workspace.tell_app("app_mention", {**message, **place, "type": "app_mention"}, channel)


def _hidden_event(workspace: Workspace, channel: Channel, subtype: str, previous: Json) -> Json:
    ts = workspace.next_ts()
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": channel.id,
        "channel_type": channel.kind,
        "previous_message": previous,
        "ts": ts,
        "event_ts": ts,
    }


def _tell_changed(workspace: Workspace, channel: Channel, message: Json, previous: Json) -> None:
    event = _hidden_event(workspace, channel, "message_changed", previous)
    workspace.tell_app(SUBSCRIPTIONS[channel.kind], {**event, "message": dict(message)}, channel)


def _tell_reaction(workspace: Workspace, channel: Channel, message: Json, name: str, user_id: str, kind: str) -> None:
    shown = {"type": "reaction", "channel": channel.id, "ts": message["ts"], "reactions": message["reactions"]}
    workspace.feed.publish(shown, workspace.audience(channel))
    event = {
        "type": kind,
        "user": user_id,
        "reaction": name,
        "item": {"type": "message", "channel": channel.id, "ts": message["ts"]},
        "item_user": message["user"],
        "event_ts": workspace.next_ts(),
    }
    workspace.tell_app(kind, event, channel)


def _tell_pins(workspace: Workspace, channel: Channel, message: Json, user_id: str, kind: str) -> None:
    shown = {"type": "pins", "channel": channel.id, "pins": list(channel.pins)}
    workspace.feed.publish(shown, workspace.audience(channel))
    item = {"type": "message", "channel": channel.id, "message": dict(message), "created_by": user_id}
    event = {
        "type": kind,
        "user": user_id,
        "channel_id": channel.id,
        "item": item,
        "item_user": message["user"],
        "pin_count": len(channel.pins),
        "event_ts": workspace.next_ts(),
    }
    workspace.tell_app(kind, event, channel)


def _count_mentions(workspace: Workspace, channel: Channel, message: Json) -> None:
    """Note whom the message mentions, in its text or in its blocks."""
    written = message["text"]
    if message.get("blocks"):
        written += json.dumps(message["blocks"])
    if "<" not in written:
        return
    for user_id in set(_mentioned(workspace, channel, written)):
        if user_id != message["user"]:
            insort(channel.mentions.setdefault(user_id, []), message["ts"])


def _mentioned(workspace: Workspace, channel: Channel, written: str) -> Iterator[str]:
    for person, everybody, group in _MENTION.findall(written):
        if person:
            yield person
        elif everybody:
            yield from channel.members
        elif group in workspace.groups:
            yield from workspace.groups[group].users


def _forget_mentions(channel: Channel, ts: str) -> None:
    for marks in channel.mentions.values():
        index = bisect_left(marks, ts)
        if index < len(marks) and marks[index] == ts:
            del marks[index]
