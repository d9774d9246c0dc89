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


def leave(workspace: Workspace, channel: Channel, user_id: str, *, by: str = "") -> None:
    """Take somebody out of the channel; `by` somebody else, if they did not go by themselves."""
    subtype = "group_leave" if channel.kind == "group" else "channel_leave"
    messages.post(workspace, channel, user_id, f"<@{user_id}> has left the channel", subtype=subtype)
    _remove(workspace, channel, user_id, by=by or user_id)


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
    kind = _subtype(channel, "rename")
    shape = {"id": channel.id, "name": name, "name_normalized": name, "created": channel.created}
    _tell(workspace, channel, {"type": kind, "channel": shape, "event_ts": workspace.next_ts()})


def archive(workspace: Workspace, channel: Channel, user_id: str) -> None:
    """Close the channel for new messages; people stay its members, bots are put out of it."""
    text = f"<@{user_id}> archived the channel"
    messages.post(workspace, channel, user_id, text, subtype=_subtype(channel, "archive"))
    channel.is_archived = True
    workspace.announce(channel)
    _tell_change(workspace, channel, "archive", user_id)
    if workspace.strictness.ejection:
        for member in [member for member in channel.members if workspace.users[member].is_bot]:
            _remove(workspace, channel, member, by=user_id)


def unarchive(workspace: Workspace, channel: Channel, user_id: str) -> None:
    """Open the channel again; who was put out of it stays out."""
    channel.is_archived = False
    text = f"<@{user_id}> un-archived the channel"
    messages.post(workspace, channel, user_id, text, subtype=_subtype(channel, "unarchive"))
    workspace.announce(channel)
    _tell_change(workspace, channel, "unarchive", user_id)


def _remove(workspace: Workspace, channel: Channel, user_id: str, *, by: str) -> None:
    event = _member_event(workspace, channel, user_id, "member_left_channel")
    workspace.tell_app("member_left_channel", event, channel)
    channel.members.pop(user_id, None)
    workspace.announce(channel, (user_id,))
    if user_id == workspace.app.user_id:
        kind = _subtype(channel, "left")
        left = {"type": kind, "channel": channel.id, "actor_id": by, "event_ts": workspace.next_ts()}
        workspace.tell_app(kind, left)


def _tell_change(workspace: Workspace, channel: Channel, what: str, user_id: str) -> None:
    event = {"type": _subtype(channel, what), "channel": channel.id, "user": user_id}
    _tell(workspace, channel, {**event, "is_moved": 0, "event_ts": workspace.next_ts()})


def _tell(workspace: Workspace, channel: Channel, event: Json) -> None:
    """What happens to a public channel every app of the workspace hears, of a private one its members."""
    workspace.tell_app(event["type"], event, channel if channel.is_private else None)


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
