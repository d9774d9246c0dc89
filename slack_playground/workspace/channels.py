"""What happens to channels: created, joined, left, renamed, given a topic, archived."""

from slack_playground.workspace import messages
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.workspace import Workspace


def create(workspace: Workspace, name: str, creator: str, *, private: bool) -> Channel:
    """A new channel with its creator in it."""
    channel = workspace.add_channel(name, "group" if private else "channel", creator=creator)
    channel.members[creator] = None
    workspace.announce(channel)
    if not private:
        shape = {"id": channel.id, "name": name, "created": channel.created, "creator": creator}
        workspace.tell_app("channel_created", {"type": "channel_created", "channel": shape})
    return channel


def join(workspace: Workspace, channel: Channel, user_id: str, inviter: str = "") -> None:
    """Make somebody a member; the channel says so."""
    channel.members[user_id] = None
    workspace.announce(channel, (user_id,))
    subtype = "group_join" if channel.kind == "group" else "channel_join"
    text = f"<@{user_id}> has joined the channel"
    messages.post(workspace, channel, user_id, text, subtype=subtype, inviter=inviter)
    event = _member_event(workspace, channel, user_id, "member_joined_channel")
    workspace.tell_app("member_joined_channel", {**event, **({"inviter": inviter} if inviter else {})}, channel)


def leave(workspace: Workspace, channel: Channel, user_id: str) -> None:
    """Take somebody out of the channel."""
    subtype = "group_leave" if channel.kind == "group" else "channel_leave"
    messages.post(workspace, channel, user_id, f"<@{user_id}> has left the channel", subtype=subtype)
    event = _member_event(workspace, channel, user_id, "member_left_channel")
    workspace.tell_app("member_left_channel", event, channel)
    channel.members.pop(user_id, None)
    workspace.announce(channel, (user_id,))
    if user_id == workspace.app.user_id:
        kind = "group_left" if channel.kind == "group" else "channel_left"
        workspace.tell_app(kind, {"type": kind, "channel": channel.id, "actor_id": user_id})


def describe(workspace: Workspace, channel: Channel, field: str, value: str, user_id: str) -> None:
    """Set the topic or the purpose; the channel says so."""
    record = channel.topic if field == "topic" else channel.purpose
    record |= {"value": value, "creator": user_id, "last_set": workspace.now()}
    workspace.announce(channel)
    if value:
        text = f"<@{user_id}> set the channel {'topic' if field == 'topic' else 'description'}: {value}"
        said: Json = {field: value}
        messages.post(workspace, channel, user_id, text, subtype=_subtype(channel, field), **said)


def rename(workspace: Workspace, channel: Channel, name: str, user_id: str) -> None:
    """Give the channel another name; the old one is free again."""
    old = channel.name
    del workspace.channel_names[old]
    channel.previous_names.insert(0, old)
    channel.name = name
    workspace.channel_names[name] = channel.id
    workspace.announce(channel)
    text = f'<@{user_id}> has renamed the channel from "{old}" to "{name}"'
    messages.post(workspace, channel, user_id, text, subtype=_subtype(channel, "name"), old_name=old, name=name)
    kind = "group_rename" if channel.kind == "group" else "channel_rename"
    shape = {"id": channel.id, "name": name, "created": channel.created}
    workspace.tell_app(kind, {"type": kind, "channel": shape}, channel)


def archive(workspace: Workspace, channel: Channel, user_id: str) -> None:
    """Close the channel for new messages; its members stay its members here."""
    text = f"<@{user_id}> archived the channel"
    messages.post(workspace, channel, user_id, text, subtype=_subtype(channel, "archive"))
    channel.is_archived = True
    workspace.announce(channel)
    kind = "group_archive" if channel.kind == "group" else "channel_archive"
    workspace.tell_app(kind, {"type": kind, "channel": channel.id, "user": user_id}, channel)


def unarchive(workspace: Workspace, channel: Channel, user_id: str) -> None:
    """Open the channel again."""
    channel.is_archived = False
    text = f"<@{user_id}> un-archived the channel"
    messages.post(workspace, channel, user_id, text, subtype=_subtype(channel, "unarchive"))
    workspace.announce(channel)
    kind = "group_unarchive" if channel.kind == "group" else "channel_unarchive"
    workspace.tell_app(kind, {"type": kind, "channel": channel.id, "user": user_id}, channel)


def _subtype(channel: Channel, what: str) -> str:
    return f"{'group' if channel.kind == 'group' else 'channel'}_{what}"


def _member_event(workspace: Workspace, channel: Channel, user_id: str, kind: str) -> Json:
    return {
        "type": kind,
        "user": user_id,
        "channel": channel.id,
        "channel_type": "G" if channel.is_private else "C",
        "team": workspace.team.id,
        "event_ts": workspace.next_ts(),
    }
