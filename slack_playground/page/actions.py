"""What a person can do on the page, by name. Each act takes JSON and gives JSON, or says why not."""

from collections.abc import Awaitable, Callable, Mapping

from slack_playground.api.chat import LONGEST_TEXT
from slack_playground.api.files import share_typed
from slack_playground.delivery.dispatch import Dispatcher, NotAnswered
from slack_playground.page.channel_actions import ChannelActions
from slack_playground.page.composer import composed, escape
from slack_playground.page.interactions import Interactions, Refused
from slack_playground.page.rich_text import client_fields
from slack_playground.page.sharing import quoted, unfurl
from slack_playground.workspace import messages
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.workspace import Workspace

Action = Callable[[str, Json], Awaitable[Json]]

_UNANSWERED = {
    "dispatch_failed": "{what} failed because the app is not connected.",
    "operation_timeout": "{what} failed because the app did not answer in time. Please try again.",
}


class Actions:
    """The acts of the people of one workspace."""

    def __init__(self, workspace: Workspace, dispatcher: Dispatcher) -> None:
        self.workspace = workspace
        self.interactions = Interactions(workspace, dispatcher)
        self._actions: Mapping[str, Action] = {
            "post_message": self._post_message,
            "command": self._command,
            "edit_message": self._edit_message,
            "delete_message": self._delete_message,
            "react": self._react,
            "press": self._press,
            "submit_view": self._submit_view,
            "close_view": self._close_view,
            "shortcut": self._shortcut,
            "open_dm": self._open_dm,
            "mark_read": self._mark_read,
            "forward_message": self._forward_message,
            "pin_message": self._pin_message,
            **ChannelActions(workspace, self._channel).by_name,
            "open_home": self._open_home,
            "set_rate": self._set_rate,
            "upload_file": self._upload_file,
        }

    async def do(self, body: Json) -> Json:
        """Do what the person asks for."""
        user_id, name = str(body.get("user", "")), str(body.get("action", ""))
        act = self._actions.get(name)
        try:
            if user_id not in self.workspace.users:
                raise Refused("user_not_found", "Nobody of this name is here.")
            if act is None:
                raise Refused("unknown_action", f"There is no such act: {name}.")
            return {"ok": True, **await act(user_id, body)}
        except Refused as refused:
            return {"ok": False, "error": refused.code, "message": str(refused)}
        except NotAnswered as failure:
            return self._unanswered(user_id, body, failure)

    def _unanswered(self, user_id: str, body: Json, failure: NotAnswered) -> Json:
        what = str(body.get("text", "")).split(" ")[0] if body.get("action") == "command" else self.workspace.app.name
        template = _UNANSWERED.get(failure.code, "{what} failed: the app answered with an error ({code}).")
        sentence = template.format(what=what, code=failure.code)
        self.workspace.feed.publish({"type": "toast", "text": sentence}, (user_id,))
        return {"ok": False, "error": failure.code, "message": sentence}

    # -- messages -----------------------------------------------------------------------------------------------------

    async def _post_message(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body, to_write=True)
        text = str(body.get("text", ""))
        if not text.strip():
            raise Refused("no_text", "There is nothing to send.")
        if len(text) > LONGEST_TEXT:
            raise Refused("msg_too_long", "The message is too long.")
        thread_ts = str(body.get("thread_ts") or "")
        if thread_ts and thread_ts not in channel.messages:
            raise Refused("thread_not_found", "This thread is no longer there.")
        stored = composed(self.workspace, text)
        message = messages.post(
            self.workspace,
            channel,
            user_id,
            stored,
            thread_ts=thread_ts,
            broadcast=bool(body.get("broadcast")),
            **self._client_fields(stored),
        )
        unfurl(self.workspace, channel, message, user_id)
        return {"ts": message["ts"]}

    async def _forward_message(self, user_id: str, body: Json) -> Json:
        source = self._channel(user_id, body)
        message = self._message(source, str(body.get("ts", "")))
        target = self._channel(user_id, {"channel": body.get("to")}, to_write=True)
        stored = composed(self.workspace, str(body.get("text", "")))
        fields = self._client_fields(stored) if stored else {}
        shown = [quoted(self.workspace, source, message, shared=True)]
        return {"ts": messages.post(self.workspace, target, user_id, stored, attachments=shown, **fields)["ts"]}

    async def _pin_message(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body, to_write=True)
        message = self._message(channel, str(body.get("ts", "")))
        if message["ts"] in channel.pins:
            raise Refused("already_pinned", "This message is pinned already.")
        messages.pin(self.workspace, channel, message, user_id)
        return {}

    def _client_fields(self, stored: str) -> Json:
        return client_fields(stored) if self.workspace.strictness.rich_text else {}

    async def _edit_message(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body, to_write=True)
        message = self._own_message(user_id, channel, body)
        text = composed(self.workspace, str(body.get("text", "")))
        if not text.strip():
            raise Refused("no_text", "There is nothing to send.")
        blocks = {"blocks": self._client_fields(text)["blocks"]} if "client_msg_id" in message else {}
        messages.edit(self.workspace, channel, message, {"text": text, **blocks}, by=user_id)
        return {}

    async def _delete_message(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body)
        if ephemeral_id := str(body.get("ephemeral_id") or ""):
            ephemeral = messages.find_ephemeral(channel, user_id, ephemeral_id)
            if ephemeral is not None:
                messages.delete_ephemeral(self.workspace, channel, user_id, ephemeral)
            return {}
        messages.delete(self.workspace, channel, self._own_message(user_id, channel, body))
        return {}

    async def _react(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body, to_write=True)
        message = self._message(channel, str(body.get("ts", "")))
        change = messages.react if body.get("add", True) else messages.unreact
        changed = change(self.workspace, channel, message, str(body.get("name", "")).strip(":"), user_id)
        return {"changed": changed}

    async def _upload_file(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body, to_write=True)
        message = share_typed(
            self.workspace, channel, user_id, str(body.get("name") or "file.txt"), str(body.get("content", ""))
        )
        return {"ts": message["ts"]}

    # -- the app ------------------------------------------------------------------------------------------------------

    async def _command(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body, to_write=True)
        name, _, text = str(body.get("text", "")).strip().partition(" ")
        found = next((command for command in self.workspace.manifest.commands if command.command == name), None)
        if found is None:
            raise Refused("unknown_command", f"{name} is not a valid command.")
        text = text.strip()
        stored = composed(self.workspace, text, named=True) if found.should_escape else escape(text)
        return {"ack_ms": await self.interactions.command(user_id, channel, name, stored)}

    async def _press(self, user_id: str, body: Json) -> Json:
        channel: Channel | None = None
        if view_id := str(body.get("view_id") or ""):
            holder = self._view(user_id, view_id)
        else:
            channel = self._channel(user_id, body)
            ephemeral_id = str(body.get("ephemeral_id") or "")
            ephemeral = messages.find_ephemeral(channel, user_id, ephemeral_id) if ephemeral_id else None
            if ephemeral_id and ephemeral is None:
                raise Refused("message_not_found", "This message is no longer there.")
            holder = ephemeral or self._message(channel, str(body.get("message_ts", "")))
        block_id, action_id = str(body.get("block_id") or ""), str(body.get("action_id", ""))
        return {"ack_ms": await self.interactions.press(user_id, holder, channel, block_id, action_id, body)}

    async def _submit_view(self, user_id: str, body: Json) -> Json:
        view = self._view(user_id, str(body.get("view_id", "")), on_top=True)
        errors = await self.interactions.submit(user_id, view, body.get("values") or {})
        return {"errors": errors} if errors else {}

    async def _close_view(self, user_id: str, body: Json) -> Json:
        await self.interactions.close(user_id, self._view(user_id, str(body.get("view_id", "")), on_top=True))
        return {}

    async def _shortcut(self, user_id: str, body: Json) -> Json:
        callback_id = str(body.get("callback_id", ""))
        kind = "message" if body.get("message_ts") else "global"
        if not any(s.callback_id == callback_id and s.type == kind for s in self.workspace.manifest.shortcuts):
            raise Refused("unknown_shortcut", "The app has no such shortcut.")
        if kind == "global":
            return {"ack_ms": await self.interactions.shortcut(user_id, callback_id)}
        channel = self._channel(user_id, body)
        message = self._message(channel, str(body["message_ts"]))
        return {"ack_ms": await self.interactions.message_shortcut(user_id, callback_id, channel, message)}

    async def _open_home(self, user_id: str, body: Json) -> Json:
        channel = self.workspace.direct_channel(self.workspace.app.user_id, user_id)
        view = self.workspace.views.homes.get(user_id)
        event: Json = {"type": "app_home_opened", "user": user_id, "channel": channel.id, "tab": "home"}
        event["event_ts"] = self.workspace.next_ts()
        self.workspace.tell_app("app_home_opened", {**event, "view": view} if view else event)
        return {"view": view}

    # -- channels -----------------------------------------------------------------------------------------------------

    async def _open_dm(self, user_id: str, body: Json) -> Json:
        other = str(body.get("with", ""))
        if other not in self.workspace.users:
            raise Refused("user_not_found", "Nobody of this name is here.")
        return {"channel": self.workspace.direct_channel(user_id, other).id}

    async def _mark_read(self, user_id: str, body: Json) -> Json:
        channel = self._channel(user_id, body)
        channel.last_read[user_id] = max(channel.last_read.get(user_id, "0"), str(body.get("ts", "0")))
        self.workspace.announce(channel, (user_id,))
        return {}

    async def _set_rate(self, user_id: str, body: Json) -> Json:
        try:
            self.workspace.clock.set_rate(float(body.get("rate", 1)))
        except (TypeError, ValueError):
            raise Refused("invalid_rate", "Choose a speed between 0 and 100000.") from None
        clock = self.workspace.clock.state()
        self.workspace.feed.publish({"type": "clock", **clock})
        return clock

    # -- finding ------------------------------------------------------------------------------------------------------

    def _channel(self, user_id: str, body: Json, *, to_write: bool = False) -> Channel:
        channel = self.workspace.channels.get(str(body.get("channel", "")))
        if channel is None or not self.workspace.may_see(user_id, channel):
            raise Refused("channel_not_found", "This channel is not there, or you are not in it.")
        if to_write and user_id not in channel.members:
            raise Refused("not_in_channel", f"Join #{channel.name} first.")
        if to_write and channel.is_archived:
            raise Refused("is_archived", "This channel is archived.")
        return channel

    def _message(self, channel: Channel, ts: str) -> Json:
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise Refused("message_not_found", "This message is no longer there.")
        return message

    def _own_message(self, user_id: str, channel: Channel, body: Json) -> Json:
        message = self._message(channel, str(body.get("ts", "")))
        if message["user"] != user_id or message.get("subtype") not in (None, "thread_broadcast", "file_share"):
            raise Refused("cant_update_message", "Only who wrote a message can change it.")
        return message

    def _view(self, user_id: str, view_id: str, *, on_top: bool = False) -> Json:
        shelf = self.workspace.views
        view = shelf.by_id.get(view_id)
        if view is None or shelf.owners[view_id] != user_id:
            raise Refused("view_not_found", "This form is no longer open.")
        if on_top and shelf.stacks.get(user_id, [""])[-1] != view_id:
            raise Refused("view_not_on_top", "Another form is open above this one.")
        return view
