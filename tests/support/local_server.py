"""A local HTTP server for stand-ins of other services: it listens on 127.0.0.1 alone, and ends with its block."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered. `retry_after` is that header, "" for none."""

    status: int
    body: bytes
    retry_after: str = ""


# Method, path with query, headers in lower case and body → the answer; None closes the connection without a word.
Answering = Callable[[str, str, dict[str, str], bytes], Answer | None]


@contextmanager
def serve(answering: Answering) -> Iterator[str]:
    """The server's URL. `answering` is called in one thread a connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = answering(self.command, self.path, headers, body)
            if said is None:
                self.close_connection = True
                return
            self.send_response(said.status)
            if said.retry_after:
                self.send_header("Retry-After", said.retry_after)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
