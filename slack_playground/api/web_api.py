"""The Web API: reads a request, checks token and scope, meets the fault that was asked for, calls the method."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from slack_playground.api import chat, conversations, directory, files, functions, histories, marks, views
from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.api.documents import canvases, lists
from slack_playground.delivery.faults import Fault, Faults
from slack_playground.delivery.refusals import refusal_body
from slack_playground.delivery.sockets import SocketMode
from slack_playground.delivery.tiers import Tiers
from slack_playground.delivery.wire import Wire
from slack_playground.workspace.records import Json
from slack_playground.workspace.workspace import Workspace


class WebApi:
    """All methods of one workspace."""

    def __init__(
        self, workspace: Workspace, faults: Faults, sockets: SocketMode, wire: Wire, tiers: Tiers | None = None
    ) -> None:
        self.tiers = tiers or Tiers()
        self.workspace, self.faults, self.sockets, self.wire = workspace, faults, sockets, wire
        self.methods: Mapping[str, Method] = {
            "api.test": Method(_api_test, token="none"),
            "apps.connections.open": Method(self._connections_open, token="app"),
            **chat.METHODS,
            **conversations.METHODS,
            **histories.METHODS,
            **directory.METHODS,
            **views.METHODS,
            **marks.METHODS,
            **files.METHODS,
            **canvases.METHODS,
            **lists.METHODS,
            **functions.METHODS,
        }
        self._headers = {"x-slack-req-id": "playground"}
        if workspace.manifest.scopes is not None:
            self._headers["x-oauth-scopes"] = ",".join(sorted(workspace.manifest.scopes))

    async def endpoint(self, request: Request) -> Response:
        """Answer one call."""
        name = request.path_params["method"]
        arguments, token = await read_arguments(request)
        if self.faults.outage:
            return await self._drop(request, name, arguments)
        fault = self.faults.take(name, arguments)
        if fault is not None and fault.kind not in ("drop_after", "timeout_after"):
            return await self._fail(request, name, arguments, fault)
        if wait := self.tiers.wait(name, arguments) if self.workspace.strictness.tiers else 0:
            return self._limit(name, arguments, wait)
        body = self.invoke(name, arguments, token)
        self.workspace.journal.record(name, arguments, ok=body["ok"], error=body.get("error", ""))
        if fault is not None:
            if fault.kind == "timeout_after":
                await _wait_until_hung_up(request, fault.seconds)
            self.wire.cut(request.scope)
        return self._answer(body)

    def invoke(self, name: str, arguments: Json, token: str) -> Json:
        """Call a method; refusals come back as Slack's JSON."""
        try:
            method = self.methods.get(name)
            if method is None:
                raise ApiError("unknown_method", req_method=name)
            call = Call(self.workspace, arguments)
            self._authorise(method, token)
            call.allow(*method.scopes)
            return {"ok": True, **method.function(call)}
        except ApiError as refusal:
            return refusal.body()

    def _authorise(self, method: Method, token: str) -> None:
        secrets = self.workspace.secrets
        if method.token == "none":
            return
        if not token:
            raise ApiError("not_authed")
        if token not in (secrets.bot_token, secrets.app_token):
            raise ApiError("invalid_auth")
        if (token == secrets.app_token) != (method.token == "app"):
            raise ApiError("not_allowed_token_type")

    def _connections_open(self, call: Call) -> Json:
        if self.sockets.dispatcher.refusing:
            raise ApiError("internal_error")
        return {"url": f"{self.workspace.url.replace('http', 'ws', 1)}/{self.sockets.ticket()}"}

    def _answer(self, body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Response(
            json.dumps(body),
            status,
            headers={**self._headers, **(headers or {})},
            media_type="application/json; charset=utf-8",
        )

    async def _fail(self, request: Request, name: str, arguments: Json, fault: Fault) -> Response:
        if fault.kind == "drop":
            return await self._drop(request, name, arguments)
        if fault.kind == "timeout":
            await _wait_until_hung_up(request, fault.seconds)
            return await self._drop(request, name, arguments, "timeout")
        if fault.kind == "ratelimited":
            return self._limit(name, arguments, fault.retry_after)
        status = fault.status if fault.kind == "status" else 200
        self.workspace.journal.record(name, arguments, ok=False, error=fault.error, status=status)
        if fault.kind == "status":
            return Response("upstream is not available", status, media_type="text/plain")
        return self._answer(refusal_body(fault.error))

    def _limit(self, name: str, arguments: Json, seconds: int) -> Response:
        """Too many calls: try again after so many seconds."""
        self.workspace.journal.record(name, arguments, ok=False, error="ratelimited", status=429)
        return self._answer({"ok": False, "error": "ratelimited"}, 429, {"retry-after": str(seconds)})

    async def _drop(self, request: Request, name: str, arguments: Json, error: str = "dropped") -> Response:
        self.workspace.journal.record(name, arguments, ok=False, error=error, status=0)
        self.wire.cut(request.scope)
        return Response(status_code=503)


async def read_arguments(request: Request) -> tuple[Json, str]:
    """A call's arguments, from wherever Slack accepts them, and its token."""
    arguments: Json = dict(parse_qsl(request.url.query, keep_blank_values=True)) if request.url.query else {}
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("multipart/"):
        form = await request.form()
        arguments |= {key: value if isinstance(value, str) else value.filename for key, value in form.items()}
    elif body := await request.body():
        if content_type.startswith("application/json"):
            with contextlib.suppress(ValueError):  # Slack takes a body that is no JSON as an empty one
                decoded = json.loads(body)
                arguments |= decoded if isinstance(decoded, dict) else {}
        else:
            arguments |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    token = arguments.pop("token", "")
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return arguments, bearer.strip() if scheme.lower() == "bearer" else str(token)


async def _wait_until_hung_up(request: Request, seconds: float) -> None:
    """Keep the caller waiting for an answer, until they give up or the time is over."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_hung_up(request), seconds)


async def _hung_up(request: Request) -> None:
    """Return when the caller has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _api_test(call: Call) -> Json:
    if error := call.text("error"):
        raise ApiError(error, args=dict(call.arguments))
    return {"args": dict(call.arguments)}
