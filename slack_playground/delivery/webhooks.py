"""HTTP mode: payloads as signed requests to the app's address, with url_verification before the first."""

import asyncio
import hashlib
import hmac
import http.client
import json
import secrets
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

from slack_playground.delivery.dispatch import Delivery, Dispatcher
from slack_playground.delivery.faults import Faults
from slack_playground.workspace.records import Json

MOST_AT_ONCE = 16

# what went wrong → (reason of a repeated event, what a person reads)
_FAILURES = {
    "status": ("http_error", "http_service_error"),
    "timeout": ("http_timeout", "operation_timeout"),
    "connection": ("connection_failed", "dispatch_failed"),
}


class RequestFailed(Exception):
    """The app's address did not take a payload; `kind` is "status", "timeout" or "connection"."""

    def __init__(self, kind: str, *, again: bool = True) -> None:
        super().__init__(kind)
        self.kind = kind
        self.again = again


class RequestUrl:
    """The app's address, as one way to it. Only this machine's own addresses are called."""

    stays = True

    def __init__(self, url: str, dispatcher: Dispatcher, faults: Faults) -> None:
        if urlsplit(url).scheme != "http" or urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("the request URL must be an address of this machine")
        self.url, self.dispatcher, self.faults = url, dispatcher, faults
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="request-url")
        self._running: set[asyncio.Task[None]] = set()

    async def verify(self) -> bool:
        """Whether the address answers Slack's challenge."""
        challenge = secrets.token_hex(20)
        token = self.dispatcher.workspace.secrets.verification
        body = json.dumps({"token": token, "challenge": challenge, "type": "url_verification"})
        try:
            answer = await self._request(body.encode(), "application/json", {})
        except RequestFailed:
            return False
        return challenge in (answer.get("challenge"), str(answer.get("text", "")).strip())

    def send(self, delivery: Delivery) -> None:
        """Send the payload; its answer is the acknowledgement."""
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def hang_up(self, reason: str) -> None:
        """An address stays where it is."""
        self._threads.shutdown(wait=False)

    def warn(self, reason: str) -> None:
        """An address is not told that it will close."""

    async def _deliver(self, delivery: Delivery) -> None:
        reason, code = _FAILURES["connection"]
        again = True
        try:
            if not self.faults.outage:
                answer = await self._request(*_request_of(delivery))
                self.dispatcher.acknowledge(delivery.id, answer)
                return
        except RequestFailed as failure:
            reason, code = _FAILURES[failure.kind]
            again = failure.again
        if again:
            self.dispatcher.refuse(delivery.id, reason if delivery.kind == "events_api" else code)
        else:
            self.dispatcher.acknowledge(delivery.id)

    async def _request(self, body: bytes, content_type: str, headers: dict[str, str]) -> Json:
        stamp = str(int(time.time()))
        secret = self.dispatcher.workspace.secrets.signing_secret
        signed = {
            **headers,
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(secret, stamp, body),
        }
        request = urllib.request.Request(self.url, data=body, headers=signed, method="POST")
        timeout = self.dispatcher.workspace.timing.ack
        return await asyncio.get_running_loop().run_in_executor(self._threads, _fetch, request, timeout)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Slack's signature of a request."""
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"


def _request_of(delivery: Delivery) -> tuple[bytes, str, dict[str, str]]:
    """Body, content type and headers, as each kind of payload has them."""
    form = "application/x-www-form-urlencoded"
    if delivery.kind == "slash_commands":
        return urlencode(json.loads(delivery.body)).encode(), form, {}
    if delivery.kind == "interactive":
        return urlencode({"payload": delivery.body}).encode(), form, {}
    headers = {}
    if delivery.attempt:
        headers = {"X-Slack-Retry-Num": str(delivery.attempt), "X-Slack-Retry-Reason": delivery.reason}
    return delivery.body.encode(), "application/json", headers


def _fetch(request: urllib.request.Request, timeout: float) -> Json:
    """Send a request; its answer as an acknowledgement's payload. Raises RequestFailed."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            text = response.read().decode("utf-8", "replace")
            is_json = response.headers.get_content_type() == "application/json"
    except urllib.error.HTTPError as failure:
        again = failure.headers.get("X-Slack-No-Retry") != "1"
        raise RequestFailed("status", again=again) from None
    except TimeoutError:
        raise RequestFailed("timeout") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as failure:
        slow = isinstance(getattr(failure, "reason", None), TimeoutError)
        raise RequestFailed("timeout" if slow else "connection") from None
    if not text:
        return {}
    try:
        answer = json.loads(text) if is_json else {"text": text}
    except ValueError:
        raise RequestFailed("status") from None
    return answer if isinstance(answer, dict) else {}
