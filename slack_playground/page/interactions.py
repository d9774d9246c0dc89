"""What people do to the app: commands, presses, forms, shortcuts — the payload, and what the acknowledgement causes."""

import time

from slack_playground.api import views
from slack_playground.api.calls import ApiError
from slack_playground.blockkit.blocks import check_view, elements_of
from slack_playground.blockkit.forms import FIELDS, complaints, element_state, state_values
from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.delivery.responses import respond
from slack_playground.workspace.records import Channel, Json, ResponseHook
from slack_playground.workspace.workspace import Workspace


class Refused(Exception):
    """Something that the person cannot do; `code` for programs, the message is the sentence they read."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Interactions:
    """Sends what people do to the app and applies its answer."""

    def __init__(self, workspace: Workspace, dispatcher: Dispatcher) -> None:
        self.workspace, self.dispatcher = workspace, dispatcher

    async def command(self, user_id: str, channel: Channel, name: str, text: str) -> int:
        """A slash command; milliseconds to its acknowledgement."""
        response_url = self.workspace.new_hook(user_id, channel.id)
        payload = {
            "token": self.workspace.secrets.verification,
            "team_id": self.workspace.team.id,
            "team_domain": self.workspace.team.domain,
            "channel_id": channel.id,
            "channel_name": _channel_name(channel),
            "user_id": user_id,
            "user_name": self.workspace.users[user_id].name,
            "command": name,
            "text": text,
            "api_app_id": self.workspace.app.id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": self.workspace.new_trigger(user_id).id,
        }
        answer, milliseconds = await self.dispatcher.ask("slash_commands", payload)
        if answer.get("text") or answer.get("blocks"):
            self._say(self.workspace.hooks[response_url.rpartition("/")[2]], answer)
        return milliseconds

    async def press(
        self, user_id: str, holder: Json, channel: Channel | None, block_id: str, action_id: str, given: Json
    ) -> int:
        """A button or another element of a message or view (`holder`); milliseconds to the acknowledgement."""
        block, element = _find_element(self.workspace.app.bot_id, holder, block_id, action_id)
        values = given.get("state") or given.get("values") or {}
        payload = self._payload("block_actions", user_id)
        payload["actions"] = [_action(block, element, given)]
        payload["state"] = {"values": state_values(holder.get("blocks", []), values)}
        if channel is None:
            view = {**holder, "state": payload.pop("state")}
            payload |= {"view": view, "container": {"type": "view", "view_id": holder["id"]}}
            payload["trigger_id"] = self.workspace.new_trigger(user_id, holder["id"]).id
        else:
            payload |= self._message_place(user_id, holder, channel)
            payload["trigger_id"] = self.workspace.new_trigger(user_id).id
        _, milliseconds = await self.dispatcher.ask("interactive", payload)
        return milliseconds

    async def submit(self, user_id: str, view: Json, filled: Json) -> dict[str, str]:
        """A modal's form; what is wrong with which block, or nothing."""
        values = state_values(view["blocks"], filled)
        if wrong := complaints(view["blocks"], values):
            return wrong
        payload = self._payload("view_submission", user_id)
        payload |= {"view": {**view, "state": {"values": values}}, "response_urls": []}
        payload["trigger_id"] = self.workspace.new_trigger(user_id, view["id"]).id
        answer, _ = await self.dispatcher.ask("interactive", payload)
        return self._after_submission(user_id, view, answer)

    async def close(self, user_id: str, view: Json, *, cleared: bool = False) -> None:
        """A modal closed without sending it; the app hears of it if the view says so."""
        self._take_away(user_id, view["id"])
        if view["notify_on_close"]:
            payload = self._payload("view_closed", user_id)
            payload |= {"view": view, "is_cleared": cleared}
            await self.dispatcher.ask("interactive", payload)

    async def shortcut(self, user_id: str, callback_id: str) -> int:
        """A global shortcut."""
        payload = self._payload("shortcut", user_id)
        payload |= {"callback_id": callback_id, "action_ts": f"{time.time():.6f}"}
        payload["trigger_id"] = self.workspace.new_trigger(user_id).id
        return (await self.dispatcher.ask("interactive", payload))[1]

    async def message_shortcut(self, user_id: str, callback_id: str, channel: Channel, message: Json) -> int:
        """A shortcut on a message."""
        payload = self._payload("message_action", user_id)
        payload |= {
            "callback_id": callback_id,
            "action_ts": f"{time.time():.6f}",
            "trigger_id": self.workspace.new_trigger(user_id).id,
            "response_url": self.workspace.new_hook(user_id, channel.id),
            "message_ts": message["ts"],
            "channel": {"id": channel.id, "name": _channel_name(channel)},
            "message": message,
        }
        return (await self.dispatcher.ask("interactive", payload))[1]

    def _payload(self, kind: str, user_id: str) -> Json:
        name = self.workspace.users[user_id].name
        return {
            "type": kind,
            "token": self.workspace.secrets.verification,
            "team": {"id": self.workspace.team.id, "domain": self.workspace.team.domain},
            "user": {"id": user_id, "username": name, "name": name, "team_id": self.workspace.team.id},
            "api_app_id": self.workspace.app.id,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _message_place(self, user_id: str, message: Json, channel: Channel) -> Json:
        ephemeral = bool(message.get("is_ephemeral"))
        thread_ts = message.get("thread_ts", "")
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if thread_ts:
            container["thread_ts"] = thread_ts
        stamp = message["ts"]
        response_url = self.workspace.new_hook(
            user_id,
            channel.id,
            message_ts="" if ephemeral else stamp,
            ephemeral_id=stamp if ephemeral else "",
            thread_ts=thread_ts,
        )
        place: Json = {
            "container": container,
            "channel": {"id": channel.id, "name": _channel_name(channel)},
            "response_url": response_url,
        }
        return place if ephemeral else {**place, "message": message}

    def _say(self, hook: ResponseHook, answer: Json) -> None:
        try:
            respond(self.workspace, hook, answer)
        except ApiError as refusal:
            self.workspace.journal.record("acknowledgement", answer, ok=False, error=refusal.code)
            raise Refused(refusal.code, f"The app's answer could not be shown: {refusal.code}.") from None

    def _after_submission(self, user_id: str, view: Json, answer: Json) -> dict[str, str]:
        action = answer.get("response_action")
        if action == "errors":
            return {str(block_id): str(text) for block_id, text in answer.get("errors", {}).items()}
        try:
            if action == "update":
                views.change(self.workspace, view["id"], check_view(answer.get("view"), "modal"))
            elif action == "push":
                views.put_on_top(self.workspace, user_id, check_view(answer.get("view"), "modal"))
            elif action == "clear":
                for closed in self.workspace.views.clear(user_id):
                    self.workspace.feed.publish({"type": "view_closed", "view": closed}, (user_id,))
            else:
                self._take_away(user_id, view["id"])
        except ApiError as refusal:
            self.workspace.journal.record("acknowledgement", answer, ok=False, error=refusal.code)
            raise Refused(refusal.code, f"The app's answer could not be shown: {refusal.code}.") from None
        return {}

    def _take_away(self, user_id: str, view_id: str) -> None:
        closed = self.workspace.views.remove(view_id)
        if closed is not None:
            self.workspace.feed.publish({"type": "view_closed", "view": closed}, (user_id,))


def _channel_name(channel: Channel) -> str:
    return {"im": "directmessage", "group": "privategroup"}.get(channel.kind, channel.name)


def _find_element(bot_id: str, holder: Json, block_id: str, action_id: str) -> tuple[Json, Json]:
    if holder.get("bot_id") != bot_id:
        raise Refused("action_not_found", "This message has no buttons of the app.")
    for block in holder.get("blocks", ()):
        if block_id and block["block_id"] != block_id:
            continue
        for element in elements_of(block):
            if element["action_id"] == action_id:
                return block, element
    raise Refused("action_not_found", "This button is no longer there.")


def _action(block: Json, element: Json, given: Json) -> Json:
    action: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": f"{time.time():.6f}",
    }
    if element["type"] == "button":
        return action | {name: element[name] for name in ("text", "value", "style") if name in element}
    if element["type"] == "overflow":
        wanted = given.get("selected_option") or given.get("value")
        value = wanted.get("value") if isinstance(wanted, dict) else wanted
        option = next((option for option in element["options"] if option.get("value") == value), None)
        if option is None:
            raise Refused("option_not_found", "This choice is no longer there.")
        return {**action, "selected_option": option}
    field = FIELDS[element["type"]][0]
    chosen = given.get(field, given.get("value"))
    state = element_state(element, None if chosen is None else {field: chosen})
    if field == "selected_option" and state[field] is None and chosen is not None:
        raise Refused("option_not_found", "This choice is no longer there.")
    return {**action, **state}
