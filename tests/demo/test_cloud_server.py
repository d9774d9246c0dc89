"""The demo's AWS is there for programs: a page in the same browser neither reads nor changes it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo.cloud.server import for_programs


def ask(**headers: str) -> str:
    """The status of a request with these headers, as WSGI names them."""
    said: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    for_programs(app)(headers, lambda status, _headers: said.append(status))
    return said[0]


@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost", "shop.127.0.0.1:4566"])
def test_a_program_is_served(host: str) -> None:
    assert ask(HTTP_HOST=host) == "200 OK"


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "127.0.0.1:4566", "HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_HOST": "127.0.0.1:4566", "HTTP_ORIGIN": "null"},
        {"HTTP_HOST": "127.0.0.1:4566", "HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_HOST": "rebound.example:4566"},
        {"HTTP_HOST": "127.0.0.1.evil.example"},
        {},
    ],
)
def test_what_a_page_sends_is_refused(headers: dict[str, str]) -> None:
    assert ask(**headers) == "403 Forbidden"
