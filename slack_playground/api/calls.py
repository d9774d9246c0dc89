"""One Web API call: its arguments, its caller, and the errors in Slack's words."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from slack_playground.workspace.records import Channel, Json, User
from slack_playground.workspace.workspace import Workspace

_TS = re.compile(r"\d{1,10}(\.\d{1,6})?")


class ApiError(Exception):
    """A refusal as Slack words it: `{"ok": false, "error": code, …}`."""

    def __init__(self, code: str, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra

    def body(self) -> Json:
        """The answer's JSON."""
        return {"ok": False, "error": self.code, **self.extra}


Function = Callable[["Call"], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method. `scopes`: one of them is needed. `token`: "bot", "app" or "none"."""

    function: Function
    scopes: Sequence[str] = ()
    token: str = "bot"


class Call:
    """The arguments of one call, read with the types that Slack accepts, and what the caller may do."""

    __slots__ = ("arguments", "workspace")

    def __init__(self, workspace: Workspace, arguments: Mapping[str, object]) -> None:
        self.workspace = workspace
        self.arguments = arguments

    @property
    def user_id(self) -> str:
        """Who calls: the bot."""
        return self.workspace.app.user_id

    def text(self, name: str, default: str = "") -> str:
        """A text argument; numbers are taken as text."""
        value = self.arguments.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def needed(self, name: str, error: str = "invalid_arguments") -> str:
        """A text argument that must be there."""
        value = self.text(name)
        if not value:
            messages = [f"[ERROR] missing required field: {name}"]
            raise ApiError(error, response_metadata={"messages": messages})
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes-or-no argument."""
        value = self.arguments.get(name)
        if value is None or value == "":
            return default
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true", "yes")

    def number(self, name: str, default: int, most: int) -> int:
        """A count from 1 to `most`; more is taken as `most`."""
        value = self.text(name)
        if not value:
            return default
        try:
            count = int(value)
        except ValueError:
            raise ApiError("invalid_arguments") from None
        if count < 1:
            raise ApiError("invalid_limit")
        return min(count, most)

    def listed(self, name: str) -> list[str]:
        """A list argument: comma-separated text, or a JSON list."""
        value = self.arguments.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def structure(self, name: str, error: str = "invalid_arguments") -> object:
        """A JSON argument, given as JSON or as text that holds it; None if absent."""
        value = self.arguments.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return json.loads(value)
            except ValueError:
                raise ApiError(error) from None
        return value

    def ts(self, name: str, error: str) -> str:
        """A ts in its full width, so that it compares as text; empty if absent."""
        value = self.text(name)
        if not value or value == "now":
            return ""
        if not _TS.fullmatch(value):
            raise ApiError(error)
        seconds, _, micros = value.partition(".")
        return f"{int(seconds):010d}.{micros.ljust(6, '0')}"

    def channel(self, name: str = "channel", scopes: str = "") -> Channel:
        """The channel of an id; private ones are found by members only.

        `scopes`: what is done ("read", "history", "write" …), to be allowed by the scope of the channel's kind.
        """
        channel = self.workspace.channels.get(self.needed(name, "channel_not_found"))
        if channel is None or not self.workspace.may_see(self.user_id, channel):
            raise ApiError("channel_not_found")
        if scopes:
            self.allow(kind_scope(channel.kind, scopes))
        return channel

    def member_channel(self, name: str = "channel", scopes: str = "") -> Channel:
        """A channel that the caller must be a member of."""
        channel = self.channel(name, scopes)
        if self.user_id not in channel.members:
            raise ApiError("not_in_channel")
        return channel

    def open_channel(self, name: str = "channel", scopes: str = "") -> Channel:
        """A channel that the caller is a member of and that is not archived."""
        channel = self.channel(name, scopes)
        if channel.is_archived:
            raise ApiError("is_archived")
        if self.user_id not in channel.members:
            raise ApiError("not_in_channel")
        return channel

    def user(self, name: str = "user") -> User:
        """The user of an id."""
        user = self.workspace.users.get(self.needed(name, "user_not_found"))
        if user is None:
            raise ApiError("user_not_found")
        return user

    def message(self, channel: Channel, name: str = "ts", error: str = "message_not_found") -> Json:
        """The message of a ts."""
        message = channel.messages.get(self.ts(name, "bad_timestamp"))
        if message is None or message.get("subtype") == "tombstone":
            raise ApiError(error)
        return message

    def has(self, scope: str) -> bool:
        """Whether the app was granted this scope."""
        granted = self.workspace.manifest.scopes
        return granted is None or scope in granted

    def allow(self, *scopes: str) -> None:
        """Refuse the call unless one of the scopes was granted."""
        granted = self.workspace.manifest.scopes
        if granted is not None and scopes and granted.isdisjoint(scopes):
            raise ApiError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(granted)))


def kind_scope(kind: str, action: str) -> str:
    """The scope that allows `action` in a channel of this kind."""
    if action == "manage":
        return {"channel": "channels:manage", "group": "groups:write", "im": "im:write", "mpim": "mpim:write"}[kind]
    return {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}[kind] + f":{action}"


def page_of(items: Sequence[Json], limit: int, start: int) -> tuple[Sequence[Json], str]:
    """A page of a list and the cursor of the next one (empty at the end)."""
    end = start + limit
    return items[start:end], cursor_of(end) if end < len(items) else ""


def cursor_of(position: int | str) -> str:
    """An opaque cursor."""
    return f"next:{position}".encode().hex()


def position_of(call: Call) -> str:
    """What the call's cursor stands for; empty if there is none."""
    cursor = call.text("cursor")
    if not cursor:
        return ""
    try:
        kind, _, position = bytes.fromhex(cursor).decode().partition(":")
    except ValueError:
        raise ApiError("invalid_cursor") from None
    if kind != "next":
        raise ApiError("invalid_cursor")
    return position
