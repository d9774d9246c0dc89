"""The web application through real requests: health, signed links, refusals, headers."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from anyio.to_thread import current_default_thread_limiter
from itsdangerous import URLSafeTimedSerializer
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from bot.reviews.pages.shared import sign_review_link
from bot.reviews.rules.document import Review
from bot.reviews.rules.drafting import draft
from bot.web.app import create_web
from bot.web.rendering import style_source
from bot.wiring.pages import build_pages
from tests.reviews.review_facts import full_facts, minute

KEY = "a key of at least sixteen characters"
REF = "INC-2026-0001"


def found(ref: str) -> Review | None:
    return draft(full_facts(), minute(51)) if ref == REF else None


def client(
    *,
    find_review: Callable[[str], Review | None] = found,
    reasons: tuple[str, ...] = (),
    key: str | None = KEY,
    link_lifetime: timedelta = timedelta(days=7),
) -> TestClient:
    app = create_web(ready=lambda: list(reasons), routes=build_pages(find_review, None, key, link_lifetime))
    return TestClient(app, raise_server_exceptions=False)


def path(ref: str = REF, key: str = KEY) -> str:
    parts = urlsplit(sign_review_link("https://tocsin.example.com", key, ref))
    return f"{parts.path}?{parts.query}"


def test_a_link_is_made_on_the_base_address_for_one_review() -> None:
    link = sign_review_link("https://tocsin.example.com/", KEY, REF)
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "tocsin.example.com", "/reviews/INC-2026-0001")
    assert list(parse_qs(parts.query)) == ["t"]


def test_a_signed_link_opens_the_review() -> None:
    answer = client().get(path())
    assert answer.status_code == 200
    assert "<h1>INC-2026-0001</h1>" in answer.text
    assert "Database connection pool exhausted" in answer.text


def test_a_head_request_answers_without_a_body() -> None:
    for address in (path(), "/healthz", "/readyz"):
        answer = client().head(address)
        assert (answer.status_code, answer.content) == (200, b"")


def test_healthz_is_alive_although_nothing_is_ready() -> None:
    answer = client(reasons=("The database does not answer.",), key=None).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


def test_readyz_says_why_it_is_not_ready() -> None:
    answer = client(reasons=("The database does not answer.",)).get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "reasons": ["The database does not answer."]}
    assert client().get("/readyz").json() == {"ready": True, "reasons": []}


def other_purpose() -> str:
    return URLSafeTimedSerializer(KEY, salt="something-else").dumps(REF)


@pytest.mark.parametrize(
    "address",
    [
        f"/reviews/{REF}",
        f"/reviews/{REF}?t=",
        f"/reviews/{REF}?t=forged",
        f"/reviews/{REF}?t=a.b.c",
        f"/reviews/{REF}?t=%00%ff",
        path(key="another key of sixteen characters"),
        path()[:-1] + ("A" if path()[-1] != "A" else "B") + "x",
        path("INC-2026-0002").replace("INC-2026-0002?", f"{REF}?"),
        f"/reviews/{REF}?t={other_purpose()}",
    ],
    ids=["none", "empty", "word", "dots", "bytes", "other key", "changed", "other incident", "other purpose"],
)
def test_a_forged_link_shows_nothing_and_says_where_a_good_one_is(address: str) -> None:
    asked: list[str] = []

    def find_review(ref: str) -> Review | None:
        asked.append(ref)
        return found(ref)

    answer = client(find_review=find_review).get(address)
    assert answer.status_code == 403
    assert asked == []
    assert "/incident review in the incident&#39;s Slack channel" in answer.text
    assert "Checkout" not in answer.text


def test_an_expired_link_says_so_and_where_a_new_one_is() -> None:
    answer = client(link_lifetime=timedelta(seconds=-1)).get(path())
    assert answer.status_code == 410
    assert "This link has expired" in answer.text
    assert f"tocsin review {REF}" in answer.text
    assert "/incident review in the incident&#39;s Slack channel" in answer.text
    assert "Checkout" not in answer.text


def test_a_signed_link_to_a_review_that_is_not_there_says_when_it_comes() -> None:
    answer = client().get(path("INC-2026-0099"))
    assert answer.status_code == 404
    assert "No review yet" in answer.text


def test_without_a_key_reviews_are_off() -> None:
    answer = client(key=None).get(path())
    assert answer.status_code == 503
    assert "TOCSIN_SECRET_KEY" in answer.text


def test_an_unknown_page_and_a_wrong_method_are_told_plainly() -> None:
    assert client().get("/nothing/here").status_code == 404
    assert client().get("/reviews/INC-2026-0001/").status_code == 404
    refused = client().post(path())
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert "read-only" in refused.text


def test_an_error_of_ours_shows_no_detail() -> None:
    def broken(ref: str) -> Review | None:
        raise RuntimeError("password=hunter2")

    answer = client(find_review=broken).get(path())
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "address",
    [path(), "/healthz", "/readyz", "/nothing", f"/reviews/{REF}?t=forged", "/reviews/INC-2026-0001/"],
    ids=["review", "health", "ready", "unknown", "forged", "slash"],
)
def test_every_answer_carries_the_security_headers(address: str) -> None:
    headers = client().get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"


def test_the_error_page_carries_the_security_headers_too() -> None:
    def broken(ref: str) -> Review | None:
        raise RuntimeError

    assert client(find_review=broken).get(path()).headers["x-frame-options"] == "DENY"


def test_the_policy_names_the_style_that_the_page_holds() -> None:
    answer = client().get(path())
    styles = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert style_source() == f"'sha256-{digest}'"
    assert style_source() in answer.headers["content-security-policy"]


def test_no_more_pages_are_answered_at_once_than_there_are_connections_for() -> None:
    together, met = threading.Barrier(3), []

    def find_review(ref: str) -> Review | None:
        with contextlib.suppress(threading.BrokenBarrierError):
            met.append(together.wait(2))
        return None

    app = create_web(ready=list, routes=build_pages(find_review, None, KEY), threads=2)
    with TestClient(app) as browser, ThreadPoolExecutor(3) as pool:
        statuses = [answer.status_code for answer in pool.map(browser.get, [path()] * 3)]
    assert (statuses, met) == ([404] * 3, [])


def test_readers_who_wait_hold_up_neither_readiness_nor_slack() -> None:
    reading, over = threading.Event(), threading.Event()
    waited: list[bool] = []

    def find_review(ref: str) -> Review | None:
        reading.set()
        waited.append(over.wait(5))
        return None

    more = [Route("/slack/events", lambda request: PlainTextResponse("taken"), methods=["POST"])]
    app = create_web(ready=list, routes=[*build_pages(find_review, None, KEY), *more], threads=1)
    with TestClient(app) as browser, ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(browser.get, path()) for _ in range(2)]
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
