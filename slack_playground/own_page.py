"""Only its own page and programs use the local Slack: no other page in the same browser acts as one of its people."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# What leads here and nowhere else; another name that leads here is another site's (DNS rebinding).
_HERE = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_PAGES = re.compile(r"/|/archives/.*")
_SAID = "The local Slack takes requests from its own page and from programs, at 127.0.0.1 or localhost only."


class OnlyOwnPage:
    """Refuses other hosts, and what a browser sends on behalf of another site.

    Browsers say whose page sends a request (`Origin`, `Sec-Fetch-Site`) and let no page change that; programs such as
    the bot say neither. A link on another site may open the page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not allowed(scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": "not from its own page"})
            else:
                await PlainTextResponse(_SAID, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def allowed(scope: Scope) -> bool:
    """Whether this request comes from the page itself or from a program."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host, origin = headers.get(b"host", ""), headers.get(b"origin")
    if not _HERE.fullmatch(host):
        return False
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return False
    if headers.get(b"sec-fetch-site", "none") in ("none", "same-origin"):
        return True
    opened = scope["type"] == "http" and scope["method"] == "GET" and headers.get(b"sec-fetch-mode") == "navigate"
    return opened and headers.get(b"sec-fetch-dest") == "document" and _PAGES.fullmatch(scope["path"]) is not None
