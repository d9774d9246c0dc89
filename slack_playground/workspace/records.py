"""The things a workspace holds, as plain records. Messages and views stay in Slack's own JSON shape."""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

EPHEMERALS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Team:
    """The workspace as Slack names it."""

    id: str = "T0000EXAMPLE"
    name: str = "Example"
    domain: str = "example"


@dataclass(frozen=True, slots=True)
class App:
    """The app under development: its own id, and the ids of its bot and of its bot's user."""

    id: str
    name: str
    bot_id: str
    user_id: str

    @classmethod
    def named(cls, name: str) -> "App":
        """The app of this name; the ids follow from the name, so that they are the same at every start."""
        slug = re.sub(r"[^A-Z0-9]", "", name.upper()) or "APP"
        return cls(f"A0{slug}", name, f"B0{slug}", f"U0{slug}")


@dataclass(frozen=True, slots=True)
class Tour:
    """What the page proposes to try first: something to write in `channel`, a button to press, somebody to become."""

    channel: str
    example: str
    button: str
    person: str


@dataclass(slots=True)
class User:
    """A person or a bot user."""

    id: str
    name: str
    real_name: str
    title: str
    email: str
    color: str
    is_bot: bool = False
    deleted: bool = False
    tz: str = "Etc/UTC"
    team: str = ""
    is_restricted: bool = False  # a guest
    is_ultra_restricted: bool = False  # a guest of one channel only
    is_stranger: bool = False  # of another workspace, met in a shared channel

    def __post_init__(self) -> None:
        ZoneInfo(self.tz)  # raises where there is no such zone


@dataclass(slots=True)
class UserGroup:
    """A group that is mentioned as a whole."""

    id: str
    handle: str
    name: str
    description: str
    users: list[str]


@dataclass(slots=True)
class Channel:
    """A conversation. `kind` is "channel", "group", "im" or "mpim", as events name it.

    `messages` holds every message by its ts; `timeline` the ts of what the channel shows, in order; `threads` the ts
    of the replies of each parent. ts strings of one workspace have one width, so their order is their order as text.
    """

    id: str
    name: str
    kind: str
    creator: str
    created: int
    members: dict[str, None] = field(default_factory=dict)
    topic: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    purpose: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    is_archived: bool = False
    is_general: bool = False
    is_ext_shared: bool = False  # with another company, through Slack Connect
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Json] = field(default_factory=dict)
    timeline: list[str] = field(default_factory=list)
    threads: dict[str, list[str]] = field(default_factory=dict)
    pins: dict[str, Json] = field(default_factory=dict)
    bookmarks: dict[str, Json] = field(default_factory=dict)
    ephemerals: dict[str, deque[Json]] = field(default_factory=dict)
    last_read: dict[str, str] = field(default_factory=dict)
    mentions: dict[str, list[str]] = field(default_factory=dict)
    canvas_id: str = ""
    team: str = ""

    @property
    def is_private(self) -> bool:
        """Whether only members see it."""
        return self.kind != "channel"

    def ephemerals_of(self, user_id: str) -> deque[Json]:
        """What only this person sees here, oldest first; the oldest are forgotten."""
        return self.ephemerals.setdefault(user_id, deque(maxlen=EPHEMERALS_KEPT))


@dataclass(slots=True)
class ResponseHook:
    """A response_url: where the answer goes and how often it may still be used. `expires_at` is monotonic seconds."""

    id: str
    user: str
    channel: str
    expires_at: float
    uses_left: int = 5
    message_ts: str = ""
    ephemeral_id: str = ""
    thread_ts: str = ""


@dataclass(slots=True)
class Trigger:
    """A trigger id. `expires_at` is monotonic seconds; `view_id` the view that was pressed, if any."""

    id: str
    user: str
    expires_at: float
    view_id: str = ""
    used: bool = False


@dataclass(slots=True)
class StepRun:
    """A step of the app that a workflow runs. `state` is running, completed or failed."""

    id: str
    callback_id: str
    state: str = "running"
    outputs: Json = field(default_factory=dict)
    error: str = ""


@dataclass(slots=True)
class StoredFile:
    """An uploaded file; `record` is its Slack shape, `content` its bytes."""

    id: str
    record: Json
    content: bytes = b""
    completed: bool = False


@dataclass(slots=True)
class SlackList:
    """A list: typed columns, items by id, and what people and channels may do with it."""

    id: str
    name: str
    columns: list[Json]
    items: dict[str, Json]
    access: dict[str, str]
    created: float


@dataclass(slots=True)
class Canvas:
    """A canvas: Markdown with a title; sections are its paragraphs."""

    id: str
    title: str
    markdown: str
    channel: str
    creator: str
    updated: int
