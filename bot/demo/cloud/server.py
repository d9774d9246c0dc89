"""`python -m bot.demo.cloud.server PORT CLOCK`: moto on 127.0.0.1 with the shop in it, until its parent ends.

It prints one line when the shop stands: READY.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

READY = "the shop is open"
_EVERY = 1.0  # real seconds between looks at the clock, which may run fast
_HERE = re.compile(
    r"(?:[\w-]+\.)*(?:127\.0\.0\.1|localhost)(?::\d{1,5})?", re.IGNORECASE
)  # some services put a name before
_POLITE = 10  # how much the bot, which somebody waits for, comes before this


def main(arguments: list[str]) -> None:
    """Serve, seed, and keep the shop going."""
    os.nice(_POLITE)
    port, clock = int(arguments[0]), DemoTime(Path(arguments[1]))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request

    from bot.demo.cloud.alertmanager import ADDRESS, TOKEN, Alertmanager
    from bot.demo.cloud.lacking import add
    from bot.demo.cloud.shop import Shop

    opened = clock.now()
    shop = Shop(clients(port), opened)
    add(shop.changes(), clock.now)
    _serve(port)
    shop.build()
    shop.go_on(clock.now())
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    address, token = (os.environ.get(name, "") for name in (ADDRESS, TOKEN))
    alerts = Alertmanager(address, token, opened) if address else None
    while True:
        time.sleep(_EVERY)
        shop.go_on(clock.now())
        if alerts is not None:
            alerts.go_on(clock.now())


def _serve(port: int) -> None:
    """As moto serves, but for programs alone."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    app = for_programs(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True, name="moto").start()


def for_programs(app: Any) -> Any:
    """The application, refusing what a browser sends: moto lets every page read and change everything.

    Browsers name the page that asks, or at least the host by which they came here; programs name this machine.
    """

    def guarded(environ: dict[str, Any], start_response: Any) -> Any:
        by_page = "HTTP_ORIGIN" in environ or "HTTP_SEC_FETCH_SITE" in environ
        if by_page or not _HERE.fullmatch(environ.get("HTTP_HOST", "")):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"The demo's AWS takes requests from programs at 127.0.0.1 only."]
        return app(environ, start_response)

    return guarded


class DemoTime:
    """The demo's time as its clock file has it."""

    def __init__(self, path: Path) -> None:
        from slack_playground.workspace.clock import DemoClock

        self._clock = DemoClock(path)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(self._clock.now(), UTC)


def clients(port: int) -> Any:
    """A function from boto3's name of a service to its client; each is made once."""
    from functools import cache

    import boto3

    from bot.demo.cloud.shop import REGION

    session = boto3.session.Session("demo", "demo", region_name=REGION)
    return cache(lambda service: session.client(service, endpoint_url=f"http://127.0.0.1:{port}"))


if __name__ == "__main__":
    main(sys.argv[1:])
