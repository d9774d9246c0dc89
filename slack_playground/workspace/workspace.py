"""The state of one Slack workspace, in memory: who is there, which channels, what was said. No network here."""

import itertools
import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from slack_playground.blockkit.views import ViewShelf
from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.feed import Feed
from slack_playground.workspace.journal import Journal
from slack_playground.workspace.manifest import AppManifest
from slack_playground.workspace.records import (
    App,
    Canvas,
    Channel,
    Json,
    ResponseHook,
    SlackList,
    StepRun,
    StoredFile,
    Team,
    Tour,
    Trigger,
    User,
    UserGroup,
)
from slack_playground.workspace.shapes import page_channel
from slack_playground.workspace.strictness import Strictness

HOOK_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Real seconds of Slack's protocol. Tests shorten them; the bot never sees these figures."""

    ack: float = 3.0
    trigger: float = 3.0
    retries: tuple[float, ...] = (1.0, 60.0, 300.0)
    connect: float = 1.0


@dataclass(frozen=True, slots=True)
class Secrets:
    """The tokens that are valid here."""

    bot_token: str = "xoxb-playground"
    app_token: str = "xapp-playground"
    signing_secret: str = "playground"
    verification: str = "playground-verification"


class EventSink(Protocol):
    """Where events for the app go."""

    def event(self, event: Json) -> None:
        """Deliver one event, with retries."""


class Workspace:
    """Everything a workspace knows. All look-ups are by key; histories are never copied."""

    def __init__(
        self,
        clock: DemoClock,
        manifest: AppManifest,
        *,
        timing: Timing,
        free_plan: bool = False,
        secrets: Secrets | None = None,
        team: Team | None = None,
        app: App | None = None,
        strictness: Strictness | None = None,
    ) -> None:
        self.clock, self.manifest, self.timing, self.free_plan = clock, manifest, timing, free_plan
        self.secrets = secrets or Secrets()
        self.strictness = strictness or Strictness()
        self.team, self.app = team or Team(), app or App.named(manifest.name)
        self.url = "http://127.0.0.1"
        self.feed, self.journal = Feed(), Journal()
        self.sink: EventSink | None = None
        self.tour: Tour | None = None
        self.views = ViewShelf(self.team, self.app)
        self.users: dict[str, User] = {}
        self.users_by_name: dict[str, str] = {}
        self.users_by_email: dict[str, str] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.channel_names: dict[str, str] = {}
        self.direct: dict[frozenset[str], str] = {}
        self.files: dict[str, StoredFile] = {}
        self.canvases: dict[str, Canvas] = {}
        self.lists: dict[str, SlackList] = {}
        self.hooks: OrderedDict[str, ResponseHook] = OrderedDict()
        self.step_runs: dict[str, StepRun] = {}
        self.triggers: OrderedDict[str, Trigger] = OrderedDict()
        self._numbers = itertools.count(1)
        self._last_micros = 0

    # -- names and time ---------------------------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """A new id in Slack's form, unique in this workspace."""
        return f"{prefix}0{next(self._numbers):09X}"

    def next_ts(self) -> str:
        """The ts of the next message: virtual time, unique, increasing."""
        self._last_micros = max(int(self.clock.now() * 1_000_000), self._last_micros + 1)
        return f"{self._last_micros // 1_000_000}.{self._last_micros % 1_000_000:06d}"

    def now(self) -> int:
        """Virtual time in whole seconds since the epoch."""
        return int(self.clock.now())

    # -- people and channels ----------------------------------------------------------------------------------------

    def add_user(self, user: User) -> None:
        """Make somebody a member of the workspace."""
        user.team = user.team or self.team.id
        self.users[user.id] = user
        self.users_by_name[user.name] = user.id
        if user.email:
            self.users_by_email[user.email.lower()] = user.id

    def add_app(self, title: str = "App", color: str = "#7a1f1f") -> User:
        """Install the app: its bot user, named as the manifest says."""
        bot = User(self.app.user_id, self.manifest.bot_name, self.app.name, title, "", color, is_bot=True)
        self.add_user(bot)
        return bot

    def add_channel(self, name: str, kind: str, *, creator: str, channel_id: str = "") -> Channel:
        """A new conversation without members; says nothing to anybody."""
        prefix = "D" if kind == "im" else "C"
        channel = Channel(channel_id or self.new_id(prefix), name, kind, creator, self.now(), team=self.team.id)
        self.channels[channel.id] = channel
        if kind in ("channel", "group"):
            self.channel_names[name] = channel.id
        return channel

    def direct_channel(self, first: str, second: str) -> Channel:
        """The direct messages of two people, made at first use."""
        pair = frozenset((first, second))
        found = self.direct.get(pair)
        if found is not None:
            return self.channels[found]
        channel = self.add_channel("", "im", creator=first)
        channel.members.update(dict.fromkeys((first, second)))
        self.direct[pair] = channel.id
        self.announce(channel)
        return channel

    def may_see(self, user_id: str, channel: Channel) -> bool:
        """Whether this person may look at the channel at all."""
        return not channel.is_private or user_id in channel.members

    def audience(self, channel: Channel) -> Collection[str] | None:
        """Whose pages hear of what happens in the channel; a live view, never a copy."""
        return channel.members if channel.is_private else None

    # -- telling ----------------------------------------------------------------------------------------------------

    def announce(self, channel: Channel, only: Collection[str] | None = None) -> None:
        """Tell the pages that a channel is new or has changed; each person sees it with their own marks."""
        audience = only if only is not None else self.audience(channel)
        self.feed.publish(
            lambda user_id: {"type": "channel", "channel": page_channel(self.users, channel, user_id)}, audience
        )

    def tell_app(self, subscription: str, event: Json, channel: Channel | None = None) -> None:
        """Send the app an event if it subscribed to it and, for events of a channel, if it is a member."""
        if self.sink is None or not self.manifest.subscribed(subscription):
            return
        if channel is not None and self.app.user_id not in channel.members:
            return
        self.sink.event(event)

    # -- short-lived permissions --------------------------------------------------------------------------------------

    def new_trigger(self, user_id: str, view_id: str = "") -> Trigger:
        """A trigger id that opens one view within three seconds."""
        now = time.monotonic()
        while self.triggers and next(iter(self.triggers.values())).expires_at < now - 60:
            self.triggers.popitem(last=False)  # kept a minute longer, to tell "expired" from "invalid"
        number = next(self._numbers)
        trigger = Trigger(f"{number}.{self.team.id}.{number:032x}", user_id, now + self.timing.trigger, view_id)
        self.triggers[trigger.id] = trigger
        return trigger

    def new_hook(
        self, user_id: str, channel_id: str, message_ts: str = "", ephemeral_id: str = "", thread_ts: str = ""
    ) -> str:
        """A response_url for this person in this channel, and the message that it may replace."""
        now = time.monotonic()
        while self.hooks and next(iter(self.hooks.values())).expires_at < now:
            self.hooks.popitem(last=False)
        hook = ResponseHook(f"{next(self._numbers):012x}", user_id, channel_id, now + HOOK_SECONDS)
        hook.message_ts, hook.ephemeral_id, hook.thread_ts = message_ts, ephemeral_id, thread_ts
        self.hooks[hook.id] = hook
        return f"{self.url}/response/{hook.id}"
