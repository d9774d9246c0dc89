"""Each service is asked as its reference says, over HTTP, and its answers are read as they are meant."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from bot.logs import configure_logs
from bot.pagers import webhook
from bot.pagers.outlet import Pagers
from bot.pagers.requests import Account, HttpAnswer, NotConfigured, Outcome, PageFacts, judge
from bot.pagers.sender import Unreachable, build_sender
from bot.pagers.services import SERVICES, address_of
from tests.support.pager_services import (
    GENIE_KEY,
    NTFY_TOKEN,
    PUSHOVER_TOKEN,
    PUSHOVER_USER,
    ROUTING_KEY,
    WEBHOOK_SECRET,
    Pager,
    serve_pagers,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET_WORDS = "payroll was copied"
SEND = build_sender()


@pytest.fixture(scope="module")
def server() -> Iterator[Pager]:
    with serve_pagers() as pager:
        yield pager


@pytest.fixture
def pager(server: Pager) -> Pager:
    server.taken.clear()
    server.faults.clear()
    return server


def accounts(pager: Pager) -> dict[str, Account]:
    return {
        "pagerduty": Account(ROUTING_KEY, url=pager.url),
        "opsgenie": Account(GENIE_KEY, url=pager.url),
        "ntfy": Account(f"{pager.url}/platform-on-call", NTFY_TOKEN),
        "pushover": Account(PUSHOVER_USER, PUSHOVER_TOKEN, pager.url),
        "grafana": Account(f"{pager.url}/grafana/secret-in-the-path"),
        "webhook": Account(f"{pager.url}/hook", WEBHOOK_SECRET),
    }


def facts(**more: object) -> PageFacts:
    values: dict[str, object] = {
        "key": "INC-2026-0007-1-0123456789abcdef",
        "ref": "INC-2026-0007",
        "severity": "P0",
        "title": "checkout returns 502",
        "role": "on-call engineer",
        "person": "responder",
        "at": NOON,
        "channel_link": "https://example.slack.com/archives/C0INC",
        "answer_link": "https://tocsin.example.com/pagers/answer?t=abc",
    }
    return PageFacts(**{**values, **more})  # type: ignore[arg-type]  # fields by name


def ask(service: str, account: Account, act: str, page: PageFacts, receipt: str = "") -> HttpAnswer | None:
    asked = SERVICES[service]
    if act == "page":
        request = asked.page(page, account)
    else:
        request = (asked.acknowledge if act == "acknowledge" else asked.resolve)(page.key, account, receipt, "Robin")  # type: ignore[assignment]  # None for what a service does not know
    if request is None:
        return None
    return SEND(webhook.signed(request, account.token, NOON) if service == "webhook" else request)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "page",
    [
        facts(),
        facts(title="ü" * 3000, person="n" * 200),
        facts(severity="P3", channel_link="", answer_link=""),
        facts(private=True, title="", ref="SEC-2026-0001", key="SEC-2026-0001-1-0123456789abcdef"),
        facts(test=True),
        facts(times=12, severity="P2"),
    ],
    ids=["plain", "long", "bare", "security", "test", "repeated"],
)
def test_every_service_takes_the_page_and_its_end(service: str, page: PageFacts, pager: Pager) -> None:
    account, asked = accounts(pager)[service], SERVICES[service]
    answer = ask(service, account, "page", page)
    assert answer is not None
    taken = asked.read(answer)
    assert taken.outcome is Outcome.DONE, taken
    for act in ("acknowledge", "resolve"):
        ended = ask(service, account, act, page, taken.receipt)
        if ended is not None:
            assert asked.read_act(ended).outcome is Outcome.DONE, ended
    assert pager.open_keys(service) in (set(), {""}), "'' is a Pushover message that is not repeated"
    keys = {key for _, key in pager.of(service)}
    assert service == "pushover" or keys == {page.key}


@pytest.mark.parametrize(
    ("service", "field", "quiet"),
    [
        ("pagerduty", "'severity': 'info'", True),
        ("opsgenie", "'priority': 'P5'", True),
        ("ntfy", "'priority': 2", True),
        ("pushover", "'priority': '-1'", True),
        ("webhook", "'urgency': 'low'", True),
        ("grafana", "DRILL: P0", True),  # it knows no urgency
        ("pushover", "'priority': '2'", False),
        ("webhook", "'urgency': 'high'", False),
    ],
)
def test_a_drill_rings_each_service_as_little_as_it_can(service: str, field: str, quiet: bool, pager: Pager) -> None:
    answer = ask(service, accounts(pager)[service], "page", facts(drill=True, low=quiet))
    assert answer is not None and SERVICES[service].read(answer).outcome is Outcome.DONE
    (taken,) = pager.taken
    assert field in str(taken.document) and "DRILL: P0" in str(taken.document)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_says_when_the_next_page_comes(service: str, pager: Pager) -> None:
    ask(service, accounts(pager)[service], "page", facts(next_at=NOON + timedelta(minutes=35)))
    (taken,) = pager.taken
    assert "Next page: 12:35 UTC, unless someone acknowledges." in str(taken.document)


@pytest.mark.parametrize("service", SERVICES)
def test_of_a_security_incident_nothing_goes_out_but_that_it_needs_somebody(service: str, pager: Pager) -> None:
    secret = facts(private=True, title=SECRET_WORDS, ref="SEC-2026-0001")
    ask(service, accounts(pager)[service], "page", secret)
    (taken,) = pager.taken
    assert SECRET_WORDS not in str(taken.document) and "SEC-2026-0001 needs you; open Slack" in str(taken.document)


@pytest.mark.parametrize("service", SERVICES)
def test_a_secret_that_is_refused_is_not_tried_again_and_says_what_to_do(service: str, pager: Pager) -> None:
    wrong = {
        "ntfy": Account(f"{pager.url}/topic", "tk_wrong"),
        "grafana": Account(f"{pager.url}/grafana/other"),
        "webhook": Account(f"{pager.url}/hook", "another secret"),
    }.get(service, Account("wrong-secret", "wrong-secret", pager.url))
    answer = ask(service, wrong, "page", facts())
    assert answer is not None
    result = SERVICES[service].read(answer)
    assert result.outcome is Outcome.REFUSED and "docs/paging.md" in result.advice
    assert "wrong-secret" not in result.says and str(answer.status) in result.says


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("status", "wait"), [(429, "7"), (503, ""), (500, "Fri, 20 Nov 2020 12:00:00 GMT")])
def test_a_service_that_is_busy_is_asked_again_when_it_says(service: str, status: int, wait: str, pager: Pager) -> None:
    pager.faults.append((status, wait))
    answer = ask(service, accounts(pager)[service], "page", facts())
    assert answer is not None
    result = SERVICES[service].read(answer)
    assert result.outcome is Outcome.AGAIN
    assert result.after == {"7": 7.0, "": None}.get(wait, 0.0), "of a date, what is left from the answer's own"


@pytest.mark.parametrize("status", [301, 400, 401, 404, 409, 413, 422])
def test_other_refusals_are_final(status: int) -> None:
    result = judge(HttpAnswer(status, b""), ["because\x1b[2J of\nthis."], "Do that.")
    assert result.outcome is Outcome.REFUSED
    assert result.says == f"it answered {status} “because\\u001b[2J of this”"


def test_who_does_not_answer_is_named_without_the_address() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        request = SERVICES["grafana"].page(facts(), Account(f"http://127.0.0.1:{port}/grafana/secret-in-the-path"))
        with pytest.raises(Unreachable) as away:  # bound, and not listening
            SEND(request)
        assert str(away.value) == "its host could not be reached"
        silent.listen()
        with pytest.raises(Unreachable) as slow:
            build_sender(0.2, 0.3)(request)
    assert "did not answer" in str(slow.value) and "secret" not in str(slow.value)


def test_no_log_line_of_the_client_names_an_address(pager: Pager, caplog: pytest.LogCaptureFixture) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        configure_logs("INFO", as_json=False)
        root.addHandler(caplog.handler)
        ask("grafana", accounts(pager)["grafana"], "page", facts())
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    assert "secret-in-the-path" not in caplog.text


def test_what_a_request_holds_is_not_shown_by_its_repr(pager: Pager) -> None:
    for service, account in accounts(pager).items():
        shown = repr(SERVICES[service].page(facts(), account))
        assert not any(secret in shown for secret in (account.key, account.token) if secret)


def test_a_variable_that_is_missing_or_unusable_is_named_and_its_value_is_not() -> None:
    held = {"TOCSIN_PAGER_A": "fine", "TOCSIN_PAGER_B": "two\nlines"}
    outlet = Pagers(held.get, SEND)
    assert outlet.account("TOCSIN_PAGER_A", "", "") == Account("fine")
    for name in ("TOCSIN_PAGER_B", "TOCSIN_PAGER_C"):
        with pytest.raises(NotConfigured) as refused:
            outlet.account(name, "", "")
        assert name in str(refused.value) and "lines" not in str(refused.value)


@pytest.mark.parametrize("address", ["https://ntfy.example.com", "ntfy.example.com/topic", "ftp://x/topic", ""])
def test_an_ntfy_address_without_topic_is_refused_before_it_is_called(address: str) -> None:
    with pytest.raises(NotConfigured):
        SERVICES["ntfy"].page(facts(), Account(address))


def test_the_host_that_is_named_holds_no_secret(pager: Pager) -> None:
    for service, account in accounts(pager).items():
        assert address_of(SERVICES[service], account) == pager.url
    assert address_of(SERVICES["pagerduty"], Account(ROUTING_KEY)) == "https://events.pagerduty.com"
