"""What the app says in answer to something: the acknowledgement's own message and response_url."""

import json
import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from slack_playground.api.calls import ApiError
from slack_playground.api.chat import stored_text
from slack_playground.blockkit.blocks import check_message_blocks
from slack_playground.blockkit.views import number_blocks
from slack_playground.delivery.faults import Faults
from slack_playground.delivery.wire import Wire
from slack_playground.workspace import messages
from slack_playground.workspace.records import Channel, Json, ResponseHook
from slack_playground.workspace.workspace import Workspace


def respond(workspace: Workspace, hook: ResponseHook, body: Json) -> None:
    """Do what the answer asks for: a message for one person or for all, a replacement, a deletion. Raises ApiError."""
    channel = workspace.channels[hook.channel]
    if body.get("delete_original"):
        _delete_original(workspace, hook, channel)
        return
    text = str(body.get("text") or "")
    blocks = number_blocks(check_message_blocks(body.get("blocks")))
    if not text and not blocks:
        raise ApiError("no_text")
    content: Json = {"text": stored_text(text), "blocks": blocks}
    if body.get("replace_original") and _replace_original(workspace, hook, channel, content):
        return
    thread_ts = str(body.get("thread_ts") or "")
    if not thread_ts and body.get("response_type") != "in_channel":
        thread_ts = hook.thread_ts
    if thread_ts not in channel.messages:
        thread_ts = ""
    if body.get("response_type") == "in_channel":
        messages.post(workspace, channel, workspace.app.user_id, content["text"], blocks=blocks, thread_ts=thread_ts)
    else:
        said = messages.post_ephemeral(
            workspace, channel, hook.user, content["text"], blocks=blocks, thread_ts=thread_ts
        )
        hook.ephemeral_id = hook.ephemeral_id or said["ephemeral_id"]


def _replace_original(workspace: Workspace, hook: ResponseHook, channel: Channel, content: Json) -> bool:
    if hook.message_ts:
        message = channel.messages.get(hook.message_ts)
        if message is not None and message.get("bot_id") == workspace.app.bot_id:
            messages.edit(workspace, channel, message, content, by=workspace.app.user_id)
            return True
    elif ephemeral := messages.find_ephemeral(channel, hook.user, hook.ephemeral_id):
        messages.change_ephemeral(workspace, channel, hook.user, ephemeral, content)
        return True
    return False


def _delete_original(workspace: Workspace, hook: ResponseHook, channel: Channel) -> None:
    if hook.message_ts:
        message = channel.messages.get(hook.message_ts)
        if message is not None and message.get("bot_id") == workspace.app.bot_id:
            messages.delete(workspace, channel, message)
    elif ephemeral := messages.find_ephemeral(channel, hook.user, hook.ephemeral_id):
        messages.delete_ephemeral(workspace, channel, hook.user, ephemeral)


class ResponseUrls:
    """The address to which the app answers: five times, for half an hour."""

    def __init__(self, workspace: Workspace, faults: Faults, wire: Wire) -> None:
        self.workspace, self.faults, self.wire = workspace, faults, wire

    async def endpoint(self, request: Request) -> Response:
        """Take one answer."""
        raw = await request.body()
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if self.faults.outage:
            self.wire.cut(request.scope)
            return Response(status_code=503)
        error = self._take(request.path_params["hook"], body)
        self.workspace.journal.record("response_url", body or {}, ok=not error, error=error)
        if error:
            return PlainTextResponse(error, 404 if error in ("used_url", "expired_url") else 400)
        return PlainTextResponse("ok")

    def _take(self, hook_id: str, body: object) -> str:
        hook = self.workspace.hooks.get(hook_id)
        if hook is None or time.monotonic() > hook.expires_at:
            return "expired_url"
        if hook.uses_left <= 0:
            return "used_url"
        if not isinstance(body, dict):
            return "invalid_payload"
        hook.uses_left -= 1
        try:
            respond(self.workspace, hook, body)
        except ApiError as refusal:
            return refusal.code
        return ""
