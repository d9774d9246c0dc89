"""Messages inside messages: forwarded by a person, or unfurled where somebody pastes a permalink."""

import re

from slack_playground.workspace.messages import edit
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.shapes import permalink
from slack_playground.workspace.workspace import Workspace

_LINK = re.compile(r"/archives/(C\w+)/p(\d{10})(\d{6})")


def quoted(workspace: Workspace, channel: Channel, message: Json, *, shared: bool) -> Json:
    """The attachment that shows a message elsewhere; `shared` where a person forwarded it."""
    author = workspace.users.get(message["user"])
    name = author.real_name if author else str(message.get("username") or "")
    link = permalink(workspace.url, channel.id, message)
    attachment: Json = {
        "ts": message["ts"],
        "channel_id": channel.id,
        "channel_team": channel.team,
        "is_msg_unfurl": True,
        "from_url": link,
        "original_url": link,
        "author_id": message["user"],
        "author_name": name,
        "text": message["text"],
        "fallback": f"{name}: {message['text']}",
        "footer": "Slack Conversation" if channel.is_private else f"Posted in #{channel.name}",
        "message_blocks": [
            {"team": channel.team, "channel": channel.id, "ts": message["ts"], "message": _blocks(message)}
        ],
        "mrkdwn_in": ["text"],
    }
    return attachment | {"is_share": True} if shared else attachment


def unfurl(workspace: Workspace, channel: Channel, message: Json, user_id: str) -> None:
    """Show the messages whose permalinks this message holds, as Slack does a moment after it was posted."""
    found = []
    for channel_id, seconds, micros in _LINK.findall(message["text"]):
        source = workspace.channels.get(channel_id)
        linked = source.messages.get(f"{seconds}.{micros}") if source else None
        if source is not None and linked is not None and workspace.may_see(user_id, source):
            found.append(quoted(workspace, source, linked, shared=False))
    if found:
        edit(workspace, channel, message, {"attachments": found}, by=user_id, mark=False)


def _blocks(message: Json) -> Json:
    return {"blocks": message.get("blocks", [])}
