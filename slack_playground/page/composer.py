"""What a person types, as Slack stores it: escaped, with names and addresses made into references."""

import re

from slack_playground.page.shortcodes import with_shortcodes
from slack_playground.workspace.workspace import Workspace

# The endings after which Slack takes two words with a period between them for a host. It knows many more.
_ENDINGS = "com|net|org|edu|gov|io|dev|app|ai|co|cloud|info|biz|me|tv|sh|us|uk|de|at|ch|fr|nl|es|it|se|pl|eu|jp|in|br"
_URL = re.compile(
    r"(?P<url>https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"])"
    r"|(?P<email>(?<![\w.+-])[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}(?![\w-]))"
    rf"|(?P<host>(?<![\w@./:\\-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{_ENDINGS})(?![\w-]|\.\w)"
    r"(?::\d+)?(?:/[^\s<>|]*[^\s<>|.,;:!?)\]'\"]|/)?)",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![\w@/])@([\w][\w.-]*\w|\w)")
_CHANNEL = re.compile(r"(?<![\w#&/])#([\w-]+)")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)

EVERYBODY = ("channel", "here", "everyone")


def escape(text: str) -> str:
    """The three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def composed(workspace: Workspace, text: str, *, named: bool = False) -> str:
    """Typed text as it is stored; `named` adds people's names to their ids, as in commands. Code stays as typed."""
    if workspace.strictness.text:
        text = with_shortcodes(text)
    parts = _CODE.split(text)
    return "".join(
        escape(part) if index % 2 else _referring(workspace, part, named=named) for index, part in enumerate(parts)
    )


def _link(found: re.Match[str]) -> str:
    typed = escape(found[0])
    if found["url"]:
        return f"<{typed}>"
    return f"<mailto:{typed}|{typed}>" if found["email"] else f"<http://{typed}|{typed}>"


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
        if not channel_id:
            return match[0]
        return f"<#{channel_id}|{match[1]}>" if named or not workspace.strictness.labels else f"<#{channel_id}>"

    pieces = []
    end = 0
    for found in _URL.finditer(text):
        pieces.append(_CHANNEL.sub(channel, _NAME.sub(person, escape(text[end : found.start()]))))
        pieces.append(_link(found) if found["url"] or workspace.strictness.text else escape(found[0]))
        end = found.end()
    pieces.append(_CHANNEL.sub(channel, _NAME.sub(person, escape(text[end:]))))
    return "".join(pieces)
