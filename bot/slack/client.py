"""Slack's Web API with one retry rule: a call succeeds, asks to be tried again, or is refused for good.

Every call here may be repeated without harm. It never sleeps: who calls decides when to try again.
"""

from __future__ import annotations

import copy
import http.client
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.slack.payloads import Profile, read_profile
from bot.slack.refusals import NOT_LET_IN, Refusal, Refused, TryAgain, explain
from bot.slack.text import is_bot_user, is_person, unturned
from bot.slack.untaken import Untaken
from bot.store.turns import Turns
from bot.text.markup import CHANNEL_ID

__all__ = ["METADATA_TYPE", "Message", "Refused", "Slack", "TryAgain", "web_client"]

log = structlog.get_logger(__name__)

METADATA_TYPE = "tocsin_message"
_SEARCHED = 2_000  # messages looked through for one whose answer was lost
_ADVICE_WITHIN = 2  # seconds for an answer that a page can do without
_BELIEVED = 60.0  # seconds
_BELIEVED_IN_TROUBLE = 10.0  # seconds until Slack is asked again that did not answer
# Slack's own names for somebody who is not in the workspace. Any other refusal is about us, such as a token or a scope.
_NOT_HERE = frozenset({"user_not_found", "user_not_visible"})


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted: `text` for notifications and screen readers, `blocks` for the screen."""

    text: str
    blocks: tuple[dict[str, Any], ...] = ()


def web_client(base_url: str, token: str, timeout: int = 10) -> WebClient:
    """A client without the library's own retries, which would post twice when only the answer was lost."""
    return WebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=[])


class Slack:
    """The calls that Tocsin makes, by meaning."""

    def __init__(
        self,
        client: WebClient,
        seconds: Callable[[], float] = time.monotonic,
        heard: Callable[[TryAgain | Refused | None], None] = lambda _error: None,
    ) -> None:
        """`seconds` tells how long what Slack said is believed; `heard` is called with why a call failed, or None."""
        self._client = client
        self._adviser = web_client(client.base_url, client.token or "", timeout=min(client.timeout, _ADVICE_WITHIN))
        self._seconds = seconds
        self._direct: dict[str, str] = {}  # conversations by user id
        self._seen: dict[str, float] = {}  # until when somebody is known to be in the workspace, in `seconds`
        self._groups: dict[str, list[str]] = {}  # members of user groups when Slack last said
        self._bots, self._left = set[str](), set[str]()  # and who was not in the workspace when Slack last said
        self._confirm: Callable[[], None] = lambda: None
        self.turns, self.lane = Turns(seconds), ""  # see `poster`; pages wait for pages only
        self.untaken = Untaken()
        self.heard = heard
        self.opening: dict[str, Future[str]] = {}  # by trigger: forms that say that they open, see `late`

    def of_job(self, confirm: Callable[[], None], lane: str = "") -> Slack:
        """The same for one job: `confirm` is called right before each post, and raises where the job was lost."""
        own = copy.copy(self)
        own._confirm, own.lane = confirm, lane
        return own

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One call. Raises TryAgain or Refused."""
        return self._heard(self._client, method, arguments)

    def ask(self, method: str, **arguments: Any) -> dict[str, Any]:
        """As `call`, for what a page would be better for knowing: it is waited for two seconds only."""
        return self._heard(self._adviser, method, arguments)

    def _heard(self, client: WebClient, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        shown = {"text": unturned(arguments["text"])} if "text" in arguments else {}  # what notifications show
        try:
            answer = _answer(client, method, arguments | shown).data
        except (TryAgain, Refused) as error:
            self.heard(error)
            raise
        self.heard(None)
        return dict(answer) if isinstance(answer, dict) else {}

    def who_am_i(self) -> dict[str, Any]:
        return self.call("auth.test")

    def granted_scopes(self) -> frozenset[str]:
        """The scopes that Slack says the bot token has."""
        answer = _answer(self._client, "auth.test", {})
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return frozenset(part.strip() for part in headers.get("x-oauth-scopes", "").split(",") if part.strip())

    def post(self, channel_id: str, message: Message, key: str, thread_ts: str | None = None) -> str:
        """Post and return the ts. `key` travels as metadata, by which `find_by_key` finds the message again."""
        return self.post_to(channel_id, message, key, thread_ts)[1]

    def post_to(self, place: str, message: Message, key: str, thread_ts: str | None = None) -> tuple[str, str]:
        """As `post`; returns channel and ts. Where `place` is a person's id, Slack opens the direct conversation."""
        arguments: dict[str, Any] = {
            "channel": place,
            "text": message.text,
            "metadata": {"event_type": METADATA_TYPE, "event_payload": {"key": key}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if message.blocks:
            arguments["blocks"] = list(message.blocks)
        if thread_ts:
            arguments["thread_ts"] = thread_ts
        self._confirm()
        answer = self.call("chat.postMessage", **arguments)
        channel_id = str(answer.get("channel") or place)
        if is_person(place):
            self._direct[place] = channel_id
        return channel_id, str(answer["ts"])

    def update(self, channel_id: str, ts: str, message: Message) -> None:
        """Edit in place; a message that is gone stays gone."""
        try:
            self.call("chat.update", channel=channel_id, ts=ts, text=message.text, blocks=list(message.blocks))
        except Refused as refused:
            if refused.error not in ("message_not_found", "cant_update_message", "edit_window_closed"):
                raise

    def find_by_key(self, channel_id: str, key: str, thread_ts: str | None = None) -> str | None:
        """The ts of a message of ours that Slack took though we never heard so.

        Among the newest of the channel (all of a thread); no clock is asked, as Slack's and ours may differ by hours.
        """
        method = "conversations.replies" if thread_ts else "conversations.history"
        arguments: dict[str, Any] = {"include_all_metadata": True} | ({"ts": thread_ts} if thread_ts else {})
        found = self.pages(method, "messages", channel=channel_id, **arguments)
        for message in itertools.islice(found, None if thread_ts else _SEARCHED):
            metadata = message.get("metadata") or {}
            if (metadata.get("event_payload") or {}).get("key") == key:
                return str(message["ts"])
        return None

    def reply_privately(
        self,
        channel_id: str,
        user_id: str,
        text: str,
        blocks: Sequence[dict[str, Any]] = (),
        thread_ts: str | None = None,
    ) -> None:
        """A message that only that person sees."""
        more: dict[str, Any] = {"blocks": list(blocks)} if blocks else {}
        more |= {"thread_ts": thread_ts} if thread_ts else {}
        self.call("chat.postEphemeral", channel=channel_id, user=user_id, text=text, **more)

    def publish_home(self, user_id: str, view: dict[str, Any]) -> None:
        """Show this person's App Home."""
        self.call("views.publish", user_id=user_id, view=view)

    def open_channel(self, name: str, bot_user_id: str, *, private: bool = False) -> tuple[str, str]:
        """Make the channel, or find the one that an earlier try made. Returns (id, name)."""
        mine: dict[str, str] | None = None
        for candidate in (name, *(f"{name[:77]}-{number}" for number in range(2, 10))):
            try:
                channel = self.call("conversations.create", name=candidate, is_private=private)["channel"]
                return channel["id"], channel["name"]
            except Refused as refused:
                if refused.error != "name_taken":
                    raise
            if mine is None:
                mine = self._channels_made(bot_user_id, private=private)
            if candidate in mine:
                return mine[candidate], candidate
        raise Refused("conversations.create", "name_taken", name)

    def _channels_made(self, bot_user_id: str, *, private: bool) -> dict[str, str]:
        """The ids of the channels that we made and are in, by name; asked with two calls at most."""
        types = "private_channel" if private else "public_channel"
        found = self.pages("users.conversations", "channels", size=999, most=2, types=types, exclude_archived=True)
        return {str(channel["name"]): str(channel["id"]) for channel in found if channel.get("creator") == bot_user_id}

    def find_channel(self, name: str) -> str:
        """The id of the channel of that name or id, public or private. Raises TryAgain, and Refused with why not.

        Our own memberships are asked for, never the whole workspace.
        """
        if CHANNEL_ID.fullmatch(name):
            refused = self.look_at(name, join=False)[1]
            if refused is not None:
                raise refused
            return name
        types = "public_channel,private_channel"
        for channel in self.pages("users.conversations", "channels", size=999, types=types, exclude_archived=True):
            if channel["name"] == name.lstrip("#").lower():
                return str(channel["id"])
        raise Refused("users.conversations", "not_among_ours")

    def invite(self, channel_id: str, user_ids: Iterable[str]) -> dict[str, Refused]:
        """Bring people in, one by one so that one who cannot come keeps nobody else out. Who was refused, and why."""
        refused: dict[str, Refused] = {}
        for user_id in user_ids:
            try:
                self.call("conversations.invite", channel=channel_id, users=user_id)
            except Refused as refusal:
                if refusal.error != "already_in_channel":
                    log.warning("could not invite", channel=channel_id, user=user_id, error=refusal.error)
                    refused[user_id] = refusal
        return refused

    def members(self, channel_id: str) -> set[str]:
        """The ids of who is in the channel, us included. Raises TryAgain, and Refused where we are not in it."""
        return {str(one) for one in self.pages("conversations.members", "members", size=1000, channel=channel_id)}

    def look_at(self, channel_id: str, *, join: bool) -> tuple[str | None, Refused | None]:
        """The channel's present name, None where we cannot see it; and why we cannot speak in it, None where we can.

        Where we are not in it, we `join` it if Slack allows that. Raises TryAgain.
        """
        name = None
        try:
            channel = self.call("conversations.info", channel=channel_id)["channel"]
            name = str(channel["name"])
            if channel.get("is_archived"):
                return name, Refused("conversations.join", "is_archived")
            if not channel.get("is_member"):
                if not join:
                    return name, Refused("conversations.info", "not_in_channel")
                self.call("conversations.join", channel=channel_id)
        except Refused as refused:
            return name, refused
        return name, None

    def is_shared(self, channel_id: str) -> bool:
        """Whether people of another company or workspace read there, too. Waits two seconds at most."""
        channel = self.ask("conversations.info", channel=channel_id)["channel"]
        return bool(channel.get("is_ext_shared") or channel.get("is_org_shared"))

    def pin(self, channel_id: str, ts: str) -> None:
        try:
            self.call("pins.add", channel=channel_id, timestamp=ts)
        except Refused as refused:
            if refused.error != "already_pinned":
                raise

    def set_topic(self, channel_id: str, topic: str) -> None:
        self.call("conversations.setTopic", channel=channel_id, topic=topic[:250])

    def open_direct(self, user_id: str) -> str:
        """The id of our conversation with that person; it never changes."""
        if user_id not in self._direct:
            self._direct[user_id] = str(self.call("conversations.open", users=user_id)["channel"]["id"])
        return self._direct[user_id]

    def is_here(self, user_id: str) -> bool:
        """False for a bot, and for somebody whom Slack does not know or who was deactivated; believed for a minute.

        Where Slack refuses to say or is in trouble, its last word holds, and who was never asked about is here.
        """
        if self._seen.get(user_id, 0.0) > self._seconds():
            return True
        try:
            user = self.ask("users.info", user=user_id)["user"]
            here = not user.get("deleted") and not is_bot_user(user)
            if is_bot_user(user):
                self._bots.add(user_id)
        except Refused as refused:
            if refused.error not in _NOT_HERE:
                log.warning("could not ask whether somebody is in the workspace", user=user_id, error=refused.error)
                return user_id not in self._left
            here = False
        except TryAgain as error:
            log.warning("could not ask whether somebody is in the workspace", user=user_id, error=str(error))
            if user_id in self._left:
                return False
            self._seen[user_id] = self._seconds() + _BELIEVED_IN_TROUBLE  # the next to ask need not wait, too
            return True
        if here:
            self._left.discard(user_id)
            self._seen[user_id] = self._seconds() + _BELIEVED
        else:
            self._left.add(user_id)
        return here

    def is_bot(self, user_id: str) -> bool:
        """Whether `is_here` found out that this is a bot."""
        return user_id in self._bots

    def unfit(self, user_id: str, channel_id: str | None) -> Refusal | None:
        """Why somebody cannot be given a part in an incident; None where they can, or where Slack does not say.

        A bot, somebody deactivated, or whom Slack does not let into the incident's channel; others are let in by this.
        """
        try:
            user = self.ask("users.info", user=user_id)["user"]
            if user.get("deleted") or is_bot_user(user):
                return Refusal("users.info", "user_disabled" if user.get("deleted") else "cannot_dm_bot")
            if channel_id:
                self.ask("conversations.invite", channel=channel_id, users=user_id)
        except TryAgain:
            return None
        except Refused as refused:
            about_them = refused.error in NOT_LET_IN | _NOT_HERE
            return refused.refusal if about_them else None
        return None

    def has_left(self, user_id: str) -> bool:
        """True where Slack said so the last time that it was asked; nobody is asked now."""
        return user_id in self._left

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        if opening := self.opening.pop(trigger_id, None):
            self.update_view(opening.result(), view)
        else:
            self.call("views.open", trigger_id=trigger_id, view=view)

    def update_view(self, view_id: str, view: dict[str, Any], view_hash: str | None = None) -> None:
        """Draw an open form anew; with `view_hash`, only where nobody else did since."""
        more = {"hash": view_hash} if view_hash else {}
        self.call("views.update", view_id=view_id, view=view, **more)

    def profile_of(self, user_id: str) -> Profile:
        """What a person is called, and where; the id itself and nothing more when Slack does not know them."""
        try:
            user = self.call("users.info", user=user_id)["user"]
        except Refused:
            return Profile(user_id, None, "")
        return read_profile(user_id, user)

    def learn_groups(self, members: Mapping[str, list[str]]) -> None:
        """Who was in user groups when Slack last said so, as another process recorded it."""
        for group_id, last in members.items():
            self._groups.setdefault(group_id, last)

    def members_of_group(self, group_id: str) -> list[str]:
        members = [str(user_id) for user_id in self.ask("usergroups.users.list", usergroup=group_id)["users"]]
        self._groups[group_id] = members
        return members

    def last_members_of_group(self, group_id: str) -> list[str]:
        """As `members_of_group`; where Slack does not answer or refuses us, who its members last were.

        Raises TryAgain and Refused where that is not known.
        """
        try:
            return self.members_of_group(group_id)
        except (TryAgain, Refused) as error:
            if group_id not in self._groups or (isinstance(error, Refused) and not error.may_pass):
                raise
            log.warning("could not ask for a user group; its last members count", group=group_id, error=str(error))
            return self._groups[group_id]

    def replies(self, channel_id: str, ts: str, oldest: str) -> Iterator[dict[str, Any]]:
        """Replies of a thread after `oldest`, the oldest first; the parent comes too."""
        return self.pages("conversations.replies", "messages", channel=channel_id, ts=ts, oldest=oldest)

    def history(self, channel_id: str, oldest: str) -> Iterator[dict[str, Any]]:
        """Messages after `oldest`, newest first, threads' replies not included."""
        return self.pages("conversations.history", "messages", channel=channel_id, oldest=oldest)

    def pages(
        self, method: str, field: str, size: int = 200, most: int | None = None, **arguments: Any
    ) -> Iterator[dict[str, Any]]:
        """The items of all pages of a listing; of `most` pages, where that is given."""
        cursor = ""
        for _ in itertools.count() if most is None else range(most):
            more = {"cursor": cursor} if cursor else {}
            answer = self.call(method, limit=size, **arguments, **more)
            yield from answer.get(field, [])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _answer(client: WebClient, method: str, arguments: dict[str, Any]) -> SlackResponse:
    try:
        # JSON where an argument is nested; Slack's reading methods understand a form only.
        if method.startswith(("chat.", "views.", "canvases.", "conversations.canvases.", "functions.", "slackLists.")):
            return client.api_call(method, json=arguments)
        return client.api_call(method, params=arguments)
    except SlackApiError as error:
        raise explain(method, error) from error
    except (URLError, TimeoutError, OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
        # ValueError: an answer that is no JSON, as a proxy in trouble sends.
        raise TryAgain(method, str(error) or type(error).__name__) from error
