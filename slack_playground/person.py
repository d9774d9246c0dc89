"""A person of the playground, for tests and for the play: does what people do and waits for what they would see.

Synchronous and safe to use from several threads; waiting is woken by the server, nothing polls.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from slack_playground.workspace.records import Json

Seen = TypeVar("Seen")


class NotSeen(AssertionError):
    """What was waited for did not come; the message tells what came instead."""


class NotDone(AssertionError):
    """The playground refused what the person did; `code` names why."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence


class Wire:
    """JSON over one kept connection per thread."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._kept = threading.local()

    def get(self, path: str, query: Mapping[str, object]) -> Json:
        """Fetch JSON."""
        return self._call("GET", f"{path}?{urlencode(query)}", None)

    def post(self, path: str, body: Json, method: str = "POST") -> Json:
        """Send JSON, fetch JSON."""
        return self._call(method, path, json.dumps(body).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> Json:
        for last in (False, True):
            connection: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
            fresh = connection is None
            if connection is None:
                connection = self._kept.connection = http.client.HTTPConnection(self._address, timeout=90)
            try:
                connection.request(method, path, body)
                answer: Json = json.loads(connection.getresponse().read())
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
                self._kept.connection = None
                if fresh or last:
                    raise
                continue  # the kept connection had been closed meanwhile; nothing was taken
            return answer
        raise AssertionError("unreachable")


class Person:
    """One person. Channels are given by id, or by name with or without "#"."""

    def __init__(self, url: str, user_id: str) -> None:
        self.url = url
        self.user_id = user_id
        self._wire = Wire(url)
        self._names: dict[str, str] = {}

    # -- doing --------------------------------------------------------------------------------------------------------

    def say(self, channel: str, text: str) -> str:
        """Post a message; its ts."""
        return str(self.act("post_message", channel=self.channel_id(channel), text=text)["ts"])

    def reply(self, channel: str, thread_ts: str, text: str) -> str:
        """Answer in a thread; the answer's ts."""
        channel_id = self.channel_id(channel)
        return str(self.act("post_message", channel=channel_id, text=text, thread_ts=thread_ts)["ts"])

    def command(self, channel: str, text: str) -> int:
        """Type a slash command, e.g. "/incident status"; milliseconds to its acknowledgement."""
        return int(self.act("command", channel=self.channel_id(channel), text=text)["ack_ms"])

    def press(
        self,
        message: Json,
        action_id: str,
        *,
        block_id: str = "",
        value: object = None,
        values: Json | None = None,
    ) -> int:
        """Press or choose an element of a message or of a view, as `messages` and `views` give them."""
        if "ts" in message:
            kind = "ephemeral_id" if message.get("is_ephemeral") else "message_ts"
            place: Json = {"channel": message["channel"], kind: message["ts"]}
        else:
            place = {"view_id": message["id"]}
        given = {"action_id": action_id, "block_id": block_id, "value": value, "values": values or {}}
        return int(self.act("press", **place, **given)["ack_ms"])

    def open_shortcut(self, callback_id: str, message: Json | None = None) -> int:
        """Use a global shortcut, or one on a message."""
        place = {"channel": message["channel"], "message_ts": message["ts"]} if message else {}
        return int(self.act("shortcut", callback_id=callback_id, **place)["ack_ms"])

    def submit(self, view: Json, values: Json) -> dict[str, str]:
        """Send a form: `{block_id: {action_id: text, option value or state}}`; what is wrong with which block."""
        errors = self.act("submit_view", view_id=view["id"], values=values).get("errors", {})
        return {str(block_id): str(text) for block_id, text in errors.items()}

    def close_view(self, view: Json) -> None:
        """Close a form without sending it."""
        self.act("close_view", view_id=view["id"])

    def react(self, channel: str, ts: str, name: str) -> None:
        """Add a reaction."""
        self.act("react", channel=self.channel_id(channel), ts=ts, name=name, add=True)

    def unreact(self, channel: str, ts: str, name: str) -> None:
        """Take a reaction back."""
        self.act("react", channel=self.channel_id(channel), ts=ts, name=name, add=False)

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Change one's own message."""
        self.act("edit_message", channel=self.channel_id(channel), ts=ts, text=text)

    def delete(self, channel: str, ts: str) -> None:
        """Delete one's own message."""
        self.act("delete_message", channel=self.channel_id(channel), ts=ts)

    def forward(self, channel: str, ts: str, to: str, text: str = "") -> str:
        """Share a message in another channel, with or without words of one's own; its ts there."""
        place = {"channel": self.channel_id(channel), "ts": ts, "to": self.channel_id(to)}
        return str(self.act("forward_message", **place, text=text)["ts"])

    def pin(self, channel: str, ts: str) -> None:
        """Pin a message to its channel."""
        self.act("pin_message", channel=self.channel_id(channel), ts=ts)

    def invite(self, channel: str, user_id: str) -> None:
        """Let somebody into a channel."""
        self.act("invite", channel=self.channel_id(channel), **{"with": user_id})

    def remove_member(self, channel: str, user_id: str) -> None:
        """Put somebody out of a channel."""
        self.act("remove_member", channel=self.channel_id(channel), **{"with": user_id})

    def rename(self, channel: str, name: str) -> None:
        """Give a channel another name."""
        self.act("rename_channel", channel=self.channel_id(channel), name=name)

    def archive(self, channel: str) -> None:
        """Archive a channel, which puts bots out of it."""
        self.act("archive_channel", channel=self.channel_id(channel))

    def unarchive(self, channel: str) -> None:
        """Open an archived channel again."""
        self.act("unarchive_channel", channel=self.channel_id(channel))

    def dm_with(self, user_id: str) -> str:
        """The channel of one's direct messages with somebody."""
        return str(self.act("open_dm", **{"with": user_id})["channel"])

    def act(self, action: str, **arguments: object) -> Json:
        """Any act of the page's protocol. Raises NotDone if it is refused."""
        answer = self._wire.post("/page/act", {"user": self.user_id, "action": action, **arguments})
        if not answer["ok"]:
            raise NotDone(answer["error"], answer.get("message", ""))
        return answer

    # -- seeing -------------------------------------------------------------------------------------------------------

    def messages(self, channel: str, limit: int = 200) -> list[Json]:
        """What the channel shows to this person, oldest first."""
        query = {"user": self.user_id, "channel": self.channel_id(channel), "limit": limit}
        return self._listed(self._wire.get("/page/messages", query), "messages")

    def replies(self, channel: str, ts: str) -> list[Json]:
        """A thread as this person sees it: the parent first."""
        query = {"user": self.user_id, "channel": self.channel_id(channel), "ts": ts}
        return self._listed(self._wire.get("/page/replies", query), "messages")

    def ephemerals(self, channel: str) -> list[Json]:
        """What only this person sees in the channel's timeline."""
        return [message for message in self.messages(channel) if message.get("is_ephemeral")]

    def channels(self) -> list[Json]:
        """The channels this person sees."""
        return self._listed(self.bootstrap(), "channels")

    def channel(self, name: str) -> Json:
        """One channel as this person sees it. Raises NotSeen."""
        for channel in self.channels():
            if name.removeprefix("#") in (channel["id"], channel["name"]):
                return channel
        raise NotSeen(f"{self.user_id} sees no channel {name}")

    def views(self) -> list[Json]:
        """The person's open forms, the first opened first."""
        return self._listed(self._wire.get("/page/views", {"user": self.user_id}), "views")

    def home(self) -> Json | None:
        """The person's App Home."""
        view: Json | None = self._wire.get("/page/home", {"user": self.user_id})["view"]
        return view

    def canvas(self, canvas_id: str) -> Json:
        """A canvas: `title`, `markdown`, `channel`."""
        return self._wire.get("/page/canvas", {"id": canvas_id})

    def bootstrap(self) -> Json:
        """Everything a page gets at its start."""
        return self._wire.get("/page/bootstrap", {"user": self.user_id})

    # -- waiting ------------------------------------------------------------------------------------------------------

    def mark(self) -> int:
        """The number of the last event until now, for `wait_for_event`."""
        return int(self._wire.get("/page/wait", {"user": self.user_id})["n"])

    def wait_for(self, look: Callable[[], Seen | None], timeout: float = 60, what: str = "") -> Seen:
        """What `look` finds: looks now, again whenever something happens on this person's page, and twice a second, as
        what is looked for need not be Slack's. Raises NotSeen.
        """
        deadline = time.monotonic() + timeout
        number = self.mark()
        seen: list[Json] = []
        while not (found := look()):
            left = deadline - time.monotonic()
            if left <= 0:
                raise NotSeen(f"{self.user_id} waited {timeout:g} s for {what or look}; saw {_told(seen)}")
            heard = self._wire.get(
                "/page/wait", {"user": self.user_id, "since": number, "timeout_ms": round(min(left, 0.5) * 1000)}
            )
            number = heard["n"]
            seen += heard["events"]
        return found

    def wait_for_event(self, wanted: Callable[[Json], object], timeout: float = 60, since: int | None = None) -> Json:
        """The first event of the page after `since` (now) that is wanted. Raises NotSeen."""
        deadline = time.monotonic() + timeout
        number = self.mark() if since is None else since
        seen: list[Json] = []
        while (left := deadline - time.monotonic()) > 0:
            heard = self._wire.get(
                "/page/wait", {"user": self.user_id, "since": number, "timeout_ms": round(left * 1000)}
            )
            number = heard["n"]
            for event in self._listed(heard, "events"):
                if wanted(event):
                    return event
                seen.append(event)
        raise NotSeen(f"{self.user_id} waited {timeout:g} s for an event; saw {_told(seen)}")

    def wait_for_message(
        self, channel: str, contains: str | Callable[[Json], object] = "", timeout: float = 60, thread_ts: str = ""
    ) -> Json:
        """The latest message of a channel or thread whose text or blocks contain something. Raises NotSeen."""

        def look() -> Json | None:
            shown = self.replies(channel, thread_ts) if thread_ts else self.messages(channel)
            fits = contains if callable(contains) else lambda message: contains in content_of(message)
            return next((message for message in reversed(shown) if fits(message)), None)

        return self.wait_for(look, timeout, f"a message in {channel} with {contains!r}")

    def wait_for_ephemeral(self, channel: str, contains: str = "", timeout: float = 60) -> Json:
        """The latest message in the channel that only this person sees and that contains something."""

        def fits(message: Json) -> bool:
            return bool(message.get("is_ephemeral")) and contains in content_of(message)

        return self.wait_for_message(channel, fits, timeout)

    def wait_for_view(self, callback_id: str = "", timeout: float = 60) -> Json:
        """The topmost open form, once it is the one with this callback id."""

        def look() -> Json | None:
            opened = self.views()
            return opened[-1] if opened and callback_id in ("", opened[-1]["callback_id"]) else None

        return self.wait_for(look, timeout, f"a form {callback_id}")

    def wait_for_channel(self, starts: str, timeout: float = 60) -> Json:
        """The newest channel that this person is in and whose name starts so."""

        def look() -> Json | None:
            mine = (c for c in reversed(self.channels()) if c["is_member"] and c["name"].startswith(starts))
            return next(mine, None)

        return self.wait_for(look, timeout, f"a channel {starts}…")

    def channel_id(self, channel: str) -> str:
        """A channel's id, for an id or a name."""
        name = channel.removeprefix("#")
        if name[:1] in "CDG" and name.isupper():
            return name
        if name not in self._names:
            self._names = {entry["name"]: entry["id"] for entry in self.channels() if not entry["is_im"]}
        if name not in self._names:
            raise NotSeen(f"{self.user_id} sees no channel {channel}")
        return self._names[name]

    def _listed(self, answer: Json, name: str) -> list[Json]:
        if name not in answer:
            raise NotDone(answer.get("error", "unknown"), f"{self.user_id} asked for {name}")
        found: list[Json] = answer[name]
        return found


def content_of(message: Json) -> str:
    """All that a message says: its text and the texts of its blocks."""
    return "\n".join([str(message.get("text", "")), *_texts(message.get("blocks", []))])


def _texts(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [text for value in part.values() if not isinstance(value, str) for text in _texts(value)]
    return [text for item in part for text in _texts(item)] if isinstance(part, list) else []


def _told(events: list[Json]) -> str:
    """Events in few words, for a failure's message."""
    if not events:
        return "nothing"
    lines = []
    for event in events[-12:]:
        message = event.get("message") or {}
        lines.append(f"{event['type']} {event.get('channel', '')} {str(message.get('text', ''))[:120]!r}")
    return "; ".join(lines)
