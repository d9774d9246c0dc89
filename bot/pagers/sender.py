"""The one place that calls pagers: bounded in time and in what it reads, following no redirect."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from bot.errors import TocsinError
from bot.pagers.requests import HttpAnswer, HttpRequest

CONNECT, TOTAL = 3.0, 10.0  # seconds
_LARGEST = 65_536  # bytes of an answer that are read
_LONGEST_WAIT = 3_600.0  # seconds; what a proxy makes up must not stop a page for days


class Unreachable(TocsinError):
    """No answer. The sentence names no address, as some are secrets."""


def build_sender(
    connect: float = CONNECT, total: float = TOTAL, largest: int = _LARGEST
) -> Callable[[HttpRequest], HttpAnswer]:
    """A function that sends a request and gives the answer, for any thread. It raises Unreachable.

    Of an answer `largest` bytes are read.

    The client is loaded at the first call: without pagers nobody pays for it.
    """
    made: list[Any] = []
    lock = threading.Lock()

    def send(request: HttpRequest) -> HttpAnswer:
        with lock:
            if not made:
                made.append(_client(connect, total))
        return _send(made[0], request, total, largest)

    return send


def _client(connect: float, total: float) -> Any:
    import httpx2

    timeout = httpx2.Timeout(total - connect, connect=connect)
    return httpx2.Client(timeout=timeout, follow_redirects=False, headers={"User-Agent": "tocsin"})


def _send(client: Any, request: HttpRequest, total: float, largest: int) -> HttpAnswer:
    import httpx2

    ends = time.monotonic() + total
    try:
        with client.stream(
            request.method, request.url, headers=dict(request.headers), content=request.body
        ) as response:
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) >= largest:
                    break
                if time.monotonic() > ends:
                    raise Unreachable(f"its answer took longer than {total:g} s")
            return HttpAnswer(
                response.status_code, body, _wait(response.headers.get("retry-after"), response.headers.get("date"))
            )
    except httpx2.ConnectTimeout:
        raise Unreachable("its host did not answer") from None
    except httpx2.TimeoutException:
        raise Unreachable(f"it did not answer within {total:g} s") from None
    except httpx2.ConnectError:
        raise Unreachable("its host could not be reached") from None
    except (httpx2.TransportError, httpx2.DecodingError):
        raise Unreachable("the connection broke off") from None
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise Unreachable("its address or secret holds characters that cannot be sent") from None


def _wait(header: str | None, date: str | None) -> float | None:
    """Seconds to wait, from seconds or a date, counted from the answer's own; None where it says neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return min(float(header), _LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(header) - parsedate_to_datetime(date or "")
    except (ValueError, TypeError):
        return None
    return min(max(0.0, wait.total_seconds()), _LONGEST_WAIT)
