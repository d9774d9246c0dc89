"""conversations.*: what changes channels and who is in them."""

import re

from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.workspace import channels
from slack_playground.workspace.records import Channel, Json, User
from slack_playground.workspace.shapes import channel_shape
from slack_playground.workspace.workspace import Workspace

LONGEST_NAME = 80
LONGEST_TOPIC = 250
MOST_INVITED = 100

_NAME = re.compile(r"[\w-]+")


def create(call: Call) -> Json:
    """conversations.create."""
    private = call.flag("is_private")
    call.allow("groups:write" if private else "channels:manage")
    name = free_name(call.workspace, call.text("name"))
    channel = channels.create(call.workspace, name, call.user_id, private=private)
    return {"channel": channel_shape(channel, call.user_id)}


def join(call: Call) -> Json:
    """conversations.join: public channels only."""
    channel = call.channel()
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.kind != "channel":
        raise ApiError("method_not_supported_for_channel_type")
    if call.user_id in channel.members:
        warning = {"warning": "already_in_channel", "response_metadata": {"warnings": ["already_in_channel"]}}
        return {"channel": channel_shape(channel, call.user_id), **warning}
    channels.join(call.workspace, channel, call.user_id)
    return {"channel": channel_shape(channel, call.user_id)}


def invite(call: Call) -> Json:
    """conversations.invite: all of them or, without `force`, nobody."""
    channel = _managed(call, "channels:write.invites", "groups:write.invites")
    wanted = list(dict.fromkeys(call.listed("users")))
    if not wanted:
        raise ApiError("no_user")
    if len(wanted) > MOST_INVITED:
        raise ApiError("too_many_users")
    refusals = [{"user": user, "ok": False, "error": code} for user in wanted if (code := _unfit(call, channel, user))]
    refused = {entry["user"] for entry in refusals}
    if refusals and (not call.flag("force") or len(refusals) == len(wanted)):
        raise ApiError(str(refusals[0]["error"]), errors=refusals)
    for user_id in wanted:
        if user_id not in refused:
            channels.join(call.workspace, channel, user_id, inviter=call.user_id)
    answer: Json = {"channel": channel_shape(channel, call.user_id)}
    return {**answer, "errors": refusals} if refusals else answer


def kick(call: Call) -> Json:
    """conversations.kick."""
    channel = _managed(call)
    user = call.user()
    if user.id == call.user_id:
        raise ApiError("cant_kick_self")
    if user.id not in channel.members:
        raise ApiError("not_in_channel")
    channels.leave(call.workspace, channel, user.id)
    return {}


def leave(call: Call) -> Json:
    """conversations.leave."""
    channel = call.channel(scopes="manage")
    if call.user_id not in channel.members:
        return {"not_in_channel": True}
    channels.leave(call.workspace, channel, call.user_id)
    return {}


def open_direct(call: Call) -> Json:
    """conversations.open: direct messages with one person, or with several."""
    if channel_id := call.text("channel"):
        channel = call.workspace.channels.get(channel_id)
        if channel is None or channel.kind not in ("im", "mpim") or call.user_id not in channel.members:
            raise ApiError("channel_not_found")
        return _opened(call, channel, already=True)
    people = list(dict.fromkeys(call.listed("users")))
    if not people:
        raise ApiError("users_list_not_supplied")
    if any(user not in call.workspace.users for user in people):
        raise ApiError("user_not_found")
    call.allow("im:write" if len(people) == 1 else "mpim:write")
    if len(people) == 1:
        already = frozenset((call.user_id, people[0])) in call.workspace.direct
        return _opened(call, call.workspace.direct_channel(call.user_id, people[0]), already=already)
    return _opened(call, _group_direct(call, people), already=False)


def set_topic(call: Call) -> Json:
    """conversations.setTopic."""
    return _describe(call, "topic")


def set_purpose(call: Call) -> Json:
    """conversations.setPurpose."""
    return _describe(call, "purpose")


def rename(call: Call) -> Json:
    """conversations.rename."""
    channel = _managed(call)
    if channel.is_general:
        raise ApiError("not_authorized")
    channels.rename(call.workspace, channel, free_name(call.workspace, call.text("name")), call.user_id)
    return {"channel": channel_shape(channel, call.user_id)}


def archive(call: Call) -> Json:
    """conversations.archive."""
    channel = call.channel(scopes="manage")
    if channel.is_archived:
        raise ApiError("already_archived")
    if call.user_id not in channel.members:
        raise ApiError("not_in_channel")
    if channel.kind in ("im", "mpim"):
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_general:
        raise ApiError("cant_archive_general")
    channels.archive(call.workspace, channel, call.user_id)
    return {}


def unarchive(call: Call) -> Json:
    """conversations.unarchive: Slack asks for membership, and archiving ended the bot's."""
    channel = call.member_channel(scopes="manage")
    if not channel.is_archived:
        raise ApiError("not_archived")
    channels.unarchive(call.workspace, channel, call.user_id)
    return {}


def mark(call: Call) -> Json:
    """conversations.mark."""
    channel = call.member_channel(scopes="manage")
    channel.last_read[call.user_id] = call.ts("ts", "invalid_timestamp")
    return {}


def _managed(call: Call, *instead: str) -> Channel:
    """The call's channel, open, to be changed; `instead` are narrower scopes that also allow it."""
    narrowly = any(call.has(scope) for scope in instead)
    channel = call.open_channel(scopes="" if narrowly else "manage")
    if channel.kind in ("im", "mpim"):
        raise ApiError("method_not_supported_for_channel_type")
    return channel


def _describe(call: Call, field: str) -> Json:
    narrow = f"channels:write.{field}", f"groups:write.{field}"
    channel = _managed(call, *narrow)
    value = call.text(field)
    if len(value) > LONGEST_TOPIC:
        raise ApiError("too_long")
    if (channel.topic if field == "topic" else channel.purpose)["value"] != value:
        channels.describe(call.workspace, channel, field, value, call.user_id)
    return {"channel": channel_shape(channel, call.user_id), field: value}


def free_name(workspace: Workspace, wanted: str) -> str:
    """The name for a channel. Raises ApiError where Slack does not take it."""
    name = wanted.removeprefix("#")
    if not name:
        raise ApiError("invalid_name_required")
    if len(name) > LONGEST_NAME:
        raise ApiError("invalid_name_maxlength")
    if not any(letter.isalnum() for letter in name):
        raise ApiError("invalid_name_punctuation")
    if name != name.lower() or not _NAME.fullmatch(name):
        raise ApiError("invalid_name_specials")
    if name in workspace.channel_names:
        raise ApiError("name_taken")
    return name


def _unfit(call: Call, channel: Channel, user_id: str) -> str:
    """Why this person cannot be invited; empty if they can."""
    user = call.workspace.users.get(user_id)
    if user is None or user.deleted:
        return "user_not_found"
    if user_id == call.user_id:
        return "cant_invite_self"
    if user_id in channel.members:
        return "already_in_channel"
    return _unfit_guest(call, user) if call.workspace.strictness.guests else ""


def _unfit_guest(call: Call, user: User) -> str:
    """Why somebody who is no full member of this workspace cannot be invited by a bot."""
    if user.is_stranger:
        return "org_user_not_in_team" if user.id.startswith("W") else "cant_invite"
    if user.is_ultra_restricted:
        full = any(user.id in channel.members for channel in call.workspace.channels.values() if channel.name)
        return "ura_max_channels" if full else ""
    return "user_is_restricted" if user.is_restricted else ""


def _group_direct(call: Call, people: list[str]) -> Channel:
    pair = frozenset((call.user_id, *people))
    found = call.workspace.direct.get(pair)
    if found:
        return call.workspace.channels[found]
    name = "mpdm-" + "--".join(call.workspace.users[user].name for user in (call.user_id, *people)) + "-1"
    channel = call.workspace.add_channel(name, "mpim", creator=call.user_id)
    channel.members.update(dict.fromkeys((call.user_id, *people)))
    call.workspace.direct[pair] = channel.id
    call.workspace.announce(channel)
    return channel


def _opened(call: Call, channel: Channel, *, already: bool) -> Json:
    shape = channel_shape(channel, call.user_id) if call.flag("return_im") else {"id": channel.id}
    return {"channel": shape, **({"no_op": True, "already_open": True} if already else {})}


METHODS = {
    "conversations.create": Method(create),
    "conversations.join": Method(join, ("channels:join",)),
    "conversations.invite": Method(invite),
    "conversations.kick": Method(kick),
    "conversations.leave": Method(leave),
    "conversations.open": Method(open_direct),
    "conversations.setTopic": Method(set_topic),
    "conversations.setPurpose": Method(set_purpose),
    "conversations.rename": Method(rename),
    "conversations.archive": Method(archive),
    "conversations.unarchive": Method(unarchive),
    "conversations.mark": Method(mark),
}
