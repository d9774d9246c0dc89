"""The web application through real requests: health, refusals, headers, threads."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from anyio.to_thread import current_default_thread_limiter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bot.reviews.messages.drafting import draft
from bot.reviews.pages.rendering import render_review_html
from bot.web.app import create_web
from bot.web.page_threads import as_page
from bot.web.rendering import coded, style_source
from bot.web.responses import notice, page
from bot.wiring.pages import build_pages
from tests.reviews.review_facts import full_facts, minute

REF = "INC-2026-0001"
PATH = f"/reviews/{REF}"


def show(request: Request) -> Response:
    """A review, as one of the pages would."""
    return page(render_review_html(draft(full_facts(), minute(51))))


def client(
    *, reasons: tuple[str, ...] = (), answer: Callable[[Request], Response] = show, threads: int = 8
) -> TestClient:
    routes = [Route("/reviews/{ref}", as_page(answer))]
    app = create_web(ready=lambda: list(reasons), routes=routes, threads=threads)
    return TestClient(app, raise_server_exceptions=False)


def test_a_head_request_answers_without_a_body() -> None:
    for address in (PATH, "/healthz", "/readyz"):
        answer = client().head(address)
        assert (answer.status_code, answer.content) == (200, b"")


def test_healthz_is_alive_although_nothing_is_ready() -> None:
    answer = client(reasons=("The database does not answer.",)).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_readyz_says_why_it_is_not_ready() -> None:
    answer = client(reasons=("The database does not answer.",)).get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reasons": ["The database does not answer."]}
    assert client().get("/readyz").json() == {"ready": True, "reasons": []}


def test_without_a_key_reviews_are_off() -> None:
    answer = TestClient(create_web(ready=list, routes=build_pages(None))).get(PATH)
    assert answer.status_code == 503
    assert "TOCSIN_SECRET_KEY" in answer.text


def test_an_unknown_page_and_a_wrong_method_are_told_plainly() -> None:
    assert client().get("/nothing/here").status_code == 404
    assert client().get("/reviews/INC-2026-0001/").status_code == 404
    refused = client().post(PATH)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert "read-only" in refused.text


def test_an_error_of_ours_shows_no_detail() -> None:
    def broken(request: Request) -> Response:
        raise RuntimeError("password=hunter2")

    answer = client(answer=broken).get(PATH)
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "address",
    [PATH, "/healthz", "/readyz", "/nothing", "/reviews/INC-2026-0001/"],
    ids=["review", "health", "ready", "unknown", "slash"],
)
def test_every_answer_carries_the_security_headers(address: str) -> None:
    headers = client().get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == ("same-origin" if address == PATH else "no-referrer")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"


def test_the_error_page_carries_the_security_headers_too() -> None:
    def broken(request: Request) -> Response:
        raise RuntimeError

    assert client(answer=broken).get(PATH).headers["x-frame-options"] == "DENY"


def test_the_policy_names_the_style_that_the_page_holds() -> None:
    answer = client().get(PATH)
    styles = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert style_source() == f"'sha256-{digest}'"
    assert style_source() in answer.headers["content-security-policy"]


def test_no_more_pages_are_answered_at_once_than_there_are_connections_for() -> None:
    together, met = threading.Barrier(3), []

    def read(request: Request) -> Response:
        with contextlib.suppress(threading.BrokenBarrierError):
            met.append(together.wait(2))
        return notice(404, "None")

    with client(answer=read, threads=2) as browser, ThreadPoolExecutor(3) as pool:
        statuses = [answer.status_code for answer in pool.map(browser.get, [PATH] * 3)]
    assert (statuses, met) == ([404] * 3, [])


def test_readers_who_wait_hold_up_neither_readiness_nor_slack() -> None:
    reading, over = threading.Event(), threading.Event()
    waited: list[bool] = []

    def read(request: Request) -> Response:
        reading.set()
        waited.append(over.wait(5))
        return notice(404, "None")

    more = [Route("/slack/events", lambda request: PlainTextResponse("taken"), methods=["POST"])]
    app = create_web(ready=list, routes=[Route(PATH, as_page(read)), *more], threads=1)
    with TestClient(app) as browser, ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(browser.get, PATH) for _ in range(2)]
        assert reading.wait(5)
        assert browser.get("/readyz").status_code == 200
        assert browser.post("/slack/events").text == "taken"
        over.set()
        assert [reader.result().status_code for reader in readers] == [404, 404]
    assert waited == [True, True], "the others were answered while somebody was reading"


def test_healthz_answers_although_every_thread_is_taken() -> None:
    asked, over = threading.Event(), threading.Event()

    def ready() -> list[str]:
        asked.set()
        return [] if over.wait(5) else ["nobody was answered meanwhile"]

    def one_thread() -> None:
        current_default_thread_limiter().total_tokens = 1

    with (
        TestClient(create_web(ready=ready)) as browser,
        ThreadPoolExecutor(1) as pool,
    ):
        assert browser.portal is not None
        browser.portal.call(one_thread)
        waiting = pool.submit(browser.get, "/readyz")
        assert asked.wait(5)
        assert browser.get("/healthz").json() == {"alive": True}
        over.set()
        assert waiting.result().json() == {"ready": True, "reasons": []}


def test_what_stands_between_backticks_is_shown_as_code_and_nothing_in_it_is_markup() -> None:
    assert coded("say `/incident update <b>` or ` alone") == "say <code>/incident update &lt;b&gt;</code> or ` alone"
