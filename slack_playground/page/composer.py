"""What a person types, as Slack stores it: escaped, with names and addresses made into references."""

import re

from slack_playground.workspace.workspace import Workspace

_URL = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"]")
_NAME = re.compile(r"(?<![\w@/])@([\w][\w.-]*\w|\w)")
_CHANNEL = re.compile(r"(?<![\w#&/])#([\w-]+)")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)

EVERYBODY = ("channel", "here", "everyone")


def escape(text: str) -> str:
    """The three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def composed(workspace: Workspace, text: str, *, named: bool = False) -> str:
    """Typed text as it is stored; `named` adds people's names to their ids, as in commands. Code stays as typed."""
    parts = _CODE.split(text)
    return "".join(
        escape(part) if index % 2 else _referring(workspace, part, named=named) for index, part in enumerate(parts)
    )


def _referring(workspace: Workspace, text: str, *, named: bool) -> str:
    def person(match: re.Match[str]) -> str:
        name = match[1]
        if name in EVERYBODY:
            return f"<!{name}>"
        if user_id := workspace.users_by_name.get(name):
            return f"<@{user_id}|{name}>" if named else f"<@{user_id}>"
        for group in workspace.groups.values():
            if group.handle == name:
                return f"<!subteam^{group.id}|@{name}>" if named else f"<!subteam^{group.id}>"
        return match[0]

    def channel(match: re.Match[str]) -> str:
        channel_id = workspace.channel_names.get(match[1])
        return f"<#{channel_id}|{match[1]}>" if channel_id else match[0]

    pieces = []
    end = 0
    for found in _URL.finditer(text):
        pieces.append(_CHANNEL.sub(channel, _NAME.sub(person, escape(text[end : found.start()]))))
        pieces.append(f"<{escape(found[0])}>")
        end = found.end()
    pieces.append(_CHANNEL.sub(channel, _NAME.sub(person, escape(text[end:]))))
    return "".join(pieces)
