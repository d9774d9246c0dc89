"""What a process says of its readiness, over HTTP as a load balancer asks."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from typing import Any


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for_readiness(port: int, wanted: bool, seconds: float = 60) -> list[str]:
    """Until readiness is as wanted; its reasons then."""
    deadline = time.monotonic() + seconds
    while True:
        said = readiness(port)
        if said["ready"] is wanted:
            return list(said["reasons"])
        assert time.monotonic() < deadline, said
        time.sleep(0.1)  # readiness is asked, it does not call


def readiness(port: int) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            said: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as refused:
        said = json.load(refused)
    return said
