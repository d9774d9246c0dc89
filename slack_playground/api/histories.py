"""conversations.*: what reads channels — lists, members, histories, threads."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from slack_playground.api.calls import ApiError, Call, Method, cursor_of, kind_scope, page_of, position_of
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.shapes import channel_shape

KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
LATEST = "9999999999.999999"


def info(call: Call) -> Json:
    """conversations.info."""
    channel = call.channel(scopes="read")
    return {"channel": channel_shape(channel, call.user_id, with_count=call.flag("include_num_members"))}


def list_channels(call: Call) -> Json:
    """conversations.list."""
    return _listed(call, call.user_id, members_only=False)


def list_of_user(call: Call) -> Json:
    """users.conversations: the channels somebody is in, as far as the bot may see them."""
    user_id = call.text("user", call.user_id)
    if user_id not in call.workspace.users:
        raise ApiError("user_not_found")
    return _listed(call, user_id, members_only=True)


def members(call: Call) -> Json:
    """conversations.members."""
    channel = call.channel(scopes="read")
    people = list(channel.members)
    start = _start(call)
    limit = call.number("limit", 100, 1000)
    cursor = cursor_of(start + limit) if start + limit < len(people) else ""
    return {"members": people[start : start + limit], "response_metadata": {"next_cursor": cursor}}


def history(call: Call) -> Json:
    """conversations.history: newest first."""
    channel = call.member_channel(scopes="history")
    low, high = _window(call, channel.timeline)
    limit = call.number("limit", 100, 999)
    begin = max(low, high - limit)
    found = [_shown(call, channel, ts) for ts in reversed(channel.timeline[begin:high])]
    answer: Json = {"messages": found, "has_more": begin > low, "pin_count": len(channel.pins)}
    answer |= {"channel_actions_ts": None, "channel_actions_count": 0}
    if begin > low:
        answer["response_metadata"] = {"next_cursor": cursor_of(channel.timeline[begin])}
    return answer


def replies(call: Call) -> Json:
    """conversations.replies: the parent, then its replies, oldest first."""
    channel = call.member_channel(scopes="history")
    ts = call.ts("ts", "invalid_ts_oldest")
    message = channel.messages.get(ts)
    if message is None:
        raise ApiError("thread_not_found")
    parent = message.get("thread_ts", ts)
    thread = channel.threads.get(parent, [])
    low, high = _window(call, thread, backwards=False)
    limit = call.number("limit", 1000, 1000)
    end = min(high, low + limit)
    found = [_shown(call, channel, parent), *(_shown(call, channel, reply) for reply in thread[low:end])]
    answer: Json = {"messages": found, "has_more": end < high}
    if end < high:
        answer["response_metadata"] = {"next_cursor": cursor_of(thread[end - 1])}
    return answer


def _window(call: Call, stamps: Sequence[str], *, backwards: bool = True) -> tuple[int, int]:
    """The part of the ts list between `oldest` and `latest`, and beyond the cursor."""
    inclusive = call.flag("inclusive")
    oldest = call.ts("oldest", "invalid_ts_oldest") or "0"
    latest = call.ts("latest", "invalid_ts_latest") or LATEST
    low = bisect_left(stamps, oldest) if inclusive else bisect_right(stamps, oldest)
    high = bisect_right(stamps, latest) if inclusive else bisect_left(stamps, latest)
    if position := position_of(call):
        if backwards:
            high = min(high, bisect_left(stamps, position))
        else:
            low = max(low, bisect_right(stamps, position))
    return low, max(low, high)


def _shown(call: Call, channel: Channel, ts: str) -> Json:
    """A message as histories show it; metadata only on request."""
    message = channel.messages[ts]
    if not call.flag("include_all_metadata") and "metadata" in message:
        return {name: value for name, value in message.items() if name != "metadata"}
    return message


def _listed(call: Call, user_id: str, *, members_only: bool) -> Json:
    kinds = call.listed("types") or ["public_channel"]
    if any(kind not in KINDS for kind in kinds):
        raise ApiError("invalid_types")
    wanted = {KINDS[kind] for kind in kinds}
    for kind in sorted(wanted):
        call.allow(kind_scope(kind, "read"))  # one that is not granted refuses the whole call
    without_archived = call.flag("exclude_archived")
    found = [
        channel_shape(channel, call.user_id, with_count=True)
        for channel in call.workspace.channels.values()
        if channel.kind in wanted
        and call.workspace.may_see(call.user_id, channel)
        and (not members_only or user_id in channel.members)
        and not (without_archived and channel.is_archived)
    ]
    page, cursor = page_of(found, call.number("limit", 100, 1000), _start(call))
    return {"channels": list(page), "response_metadata": {"next_cursor": cursor}}


def _start(call: Call) -> int:
    position = position_of(call)
    if position and not position.isdigit():
        raise ApiError("invalid_cursor")
    return int(position or 0)


_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")

METHODS = {
    "conversations.info": Method(info, _READ),
    "conversations.list": Method(list_channels),
    "users.conversations": Method(list_of_user),
    "conversations.members": Method(members, _READ),
    "conversations.history": Method(history, _HISTORY),
    "conversations.replies": Method(replies, _HISTORY),
}
