"""For tests: the journal, faults, outages, connections, redelivery, messages of other bots."""

import json
from collections.abc import Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from slack_playground.api.calls import ApiError
from slack_playground.api.functions import run_step
from slack_playground.blockkit.blocks import check_message_blocks
from slack_playground.blockkit.views import number_blocks
from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.delivery.faults import Faults, read_fault
from slack_playground.delivery.tiers import Limit, Tiers
from slack_playground.delivery.webhooks import RequestUrl
from slack_playground.workspace import messages
from slack_playground.workspace.records import Json
from slack_playground.workspace.workspace import Workspace

OTHER_BOT = "B0MONITOR"
DISCONNECT_REASONS = ("warning", "refresh_requested", "too_many_websockets", "link_disabled")


class Control:
    """What tests may do to a playground."""

    def __init__(self, workspace: Workspace, dispatcher: Dispatcher, faults: Faults, tiers: Tiers) -> None:
        self.workspace, self.dispatcher, self.faults, self.tiers = workspace, dispatcher, faults, tiers

    def routes(self) -> list[Route]:
        """The control interface."""
        changes: dict[str, Callable[[Json], Json]] = {
            "/control/sockets": self._sockets,
            "/control/outage": self._outage,
            "/control/redeliver": self._redeliver,
            "/control/message": self._message,
            "/control/strictness": self._strictness,
            "/control/tiers": self._tiers,
            "/control/step": self._step,
        }
        return [
            Route("/control/journal", self._journal),
            Route("/control/wait-journal", self._wait_journal),
            Route("/control/events", self._events),
            Route("/control/http", self._http, methods=["POST"]),
            Route("/control/faults", self._faults, methods=["GET", "POST", "DELETE"]),
            *(Route(path, _posted(change), methods=["POST"]) for path, change in changes.items()),
        ]

    async def _journal(self, request: Request) -> Response:
        since = int(request.query_params.get("since") or 0)
        entries = self.workspace.journal.since(since, request.query_params.get("method", ""))
        return JSONResponse({"entries": entries, "n": self.workspace.journal.last})

    async def _wait_journal(self, request: Request) -> Response:
        since = int(request.query_params.get("since") or 0)
        seconds = min(float(request.query_params.get("timeout") or 10), 60.0)
        entries = await self.workspace.journal.wait(since, request.query_params.get("method", ""), seconds)
        return JSONResponse({"entries": entries, "n": self.workspace.journal.last})

    async def _events(self, request: Request) -> Response:
        shown = [{"event_id": e["event_id"], "type": e["type"]} for e in self.dispatcher.recent.values()]
        return JSONResponse({"events": shown, "unacknowledged": len(self.dispatcher.pending)})

    async def _http(self, request: Request) -> Response:
        """Take the app's request URL, if it answers the challenge."""
        try:
            address = RequestUrl(str(json.loads(await request.body()).get("url", "")), self.dispatcher, self.faults)
        except (ValueError, AttributeError) as mistake:
            return JSONResponse({"ok": False, "error": str(mistake)}, 400)
        if not await address.verify():
            return JSONResponse({"ok": False, "error": "url_not_verified"}, 400)
        self.dispatcher.attach(address)
        return JSONResponse({"ok": True})

    async def _faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.faults.pending.clear()
        if request.method == "POST":
            try:
                self.faults.pending.append(read_fault(json.loads(await request.body())))
            except ValueError as mistake:
                return JSONResponse({"ok": False, "error": str(mistake)}, 400)
        return JSONResponse({"ok": True, "faults": [fault.shown() for fault in self.faults.pending]})

    def _sockets(self, body: Json) -> Json:
        wish = body.get("do")
        if wish == "disconnect":
            reason = str(body.get("reason", "refresh_requested"))
            if reason not in DISCONNECT_REASONS:
                raise ValueError(f"reason must be one of {', '.join(DISCONNECT_REASONS)}")
            self.dispatcher.refusing = reason == "link_disabled"
            self.dispatcher.hang_up(reason)
        elif wish == "warn":
            self.dispatcher.warn()
        elif wish == "refuse":
            self.dispatcher.refusing = True
            self.dispatcher.hang_up()
        elif wish == "allow":
            self.dispatcher.refusing = False
        else:
            raise ValueError("do must be disconnect, warn, refuse or allow")
        return {"connections": len(self.dispatcher.links)}

    def _outage(self, body: Json) -> Json:
        seconds = body.get("seconds")
        on = bool(body.get("on", seconds is not None))
        self.faults.set_outage(on=on, seconds=None if seconds is None else float(seconds))
        if on:
            self.dispatcher.hang_up()
        return {"outage": on}

    def _redeliver(self, body: Json) -> Json:
        try:
            self.dispatcher.redeliver(str(body.get("event_id", "")))
        except KeyError:
            raise ValueError("no such event is kept") from None
        return {}

    def _strictness(self, body: Json) -> Json:
        """Turn habits of Slack on and off, by their names."""
        self.workspace.strictness.set(**body)
        return asdict(self.workspace.strictness)

    def _tiers(self, body: Json) -> Json:
        """Give a method another rate, `{"method", "calls", "seconds"}`; without a method, the documented ones again."""
        if method := str(body.get("method") or ""):
            limit = Limit(int(body["calls"]), float(body.get("seconds", 60.0)), bool(body.get("each_channel", False)))
            self.tiers.set(method, [limit])
        else:
            self.tiers.reset()
        return {}

    def _step(self, body: Json) -> Json:
        """Run a step of the app as a workflow does: `{"callback_id", "inputs"}`, or look at a run: `{"run"}`."""
        if name := str(body.get("run") or ""):
            return asdict(self.workspace.step_runs[name])
        return asdict(run_step(self.workspace, str(body.get("callback_id", "")), body.get("inputs") or {}))

    def _message(self, body: Json) -> Json:
        channel = self.workspace.channels.get(str(body.get("channel", "")))
        if channel is None:
            raise ValueError("channel_not_found")
        fields: Json = {"blocks": number_blocks(check_message_blocks(body.get("blocks")))}
        fields["attachments"] = body.get("attachments") or []
        for attachment in fields["attachments"]:
            check_message_blocks(attachment.get("blocks"))
        if bot := str(body.get("bot") or ""):
            fields |= {"bot_id": OTHER_BOT, "username": bot}
        user_id = str(body.get("user") or "USLACKBOT")
        subtype = str(body.get("subtype") or ("bot_message" if bot else ""))
        thread_ts = str(body.get("thread_ts") or "")
        text = str(body.get("text", ""))
        said = messages.post(self.workspace, channel, user_id, text, subtype=subtype, thread_ts=thread_ts, **fields)
        return {"ts": said["ts"]}


def _posted(change: Callable[[Json], Json]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"{}")
            return JSONResponse({"ok": True, **change(body)})
        except (ValueError, TypeError, KeyError, ApiError) as mistake:
            return JSONResponse({"ok": False, "error": str(mistake)}, 400)

    return endpoint
