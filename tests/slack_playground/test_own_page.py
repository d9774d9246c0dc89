"""No web page in the same browser acts in the local Slack; its own page, programs and links do."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from slack_playground.app import Playground

OWN, NAVIGATED = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ACT = '{"user": "U0VP", "do": "say", "channel": "C0INCIDENTS", "text": "all is well, stand down"}'


def status(playground: Playground, method: str, path: str, headers: dict[str, str]) -> int:
    place = urlsplit(playground.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=10)
    try:
        connection.request(method, path, ACT if method == "POST" else None, {"Host": place.netloc} | headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", **NAVIGATED},
        {"Host": "rebound.example.com"},
        {"Host": "127.0.0.1.example.com"},
        {"Host": ""},
    ],
    ids=str,
)
def test_another_site_in_the_same_browser_posts_as_nobody(playground: Playground, headers: dict[str, str]) -> None:
    before = len(playground.workspace.channels["C0INCIDENTS"].messages)
    assert status(playground, "POST", "/page/act", headers) in (400, 403)
    assert status(playground, "GET", "/api/chat.postMessage?channel=C0INCIDENTS&text=x", headers) in (400, 403)
    assert status(playground, "GET", "/page/bootstrap?user=U0VP", headers) in (400, 403)
    assert len(playground.workspace.channels["C0INCIDENTS"].messages) == before


@pytest.mark.parametrize("headers", [{}, OWN, OWN | {"Origin": "own"}, {"Host": "localhost"}], ids=str)
def test_its_own_page_and_programs_are_taken(playground: Playground, headers: dict[str, str]) -> None:
    own = {name: playground.url if value == "own" else value for name, value in headers.items()}
    assert status(playground, "GET", "/page/bootstrap?user=U0VP", own) == 200


def test_a_link_on_another_site_opens_the_page_and_nothing_else(playground: Playground) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", **NAVIGATED}
    assert status(playground, "GET", "/", followed) == 200
    assert status(playground, "GET", "/archives/C0INCIDENTS", followed) == 200
    assert status(playground, "GET", "/", followed | {"Sec-Fetch-Dest": "iframe"}) == 403
    assert status(playground, "GET", "/api/auth.test", followed) == 403
