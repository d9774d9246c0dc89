"""Doctor's look at pagers: that each method of contacts.yaml has its secret, and a host that answers."""

from __future__ import annotations

from collections.abc import Iterator

from bot.escalation.jobs.delivering import facts_of_test
from bot.escalation.messages.calls import title_of
from bot.escalation.rules.methods import MAIL, SECRETS, TEXT, Method
from bot.pagers.requests import HttpRequest, NotConfigured
from bot.pagers.sender import Unreachable, build_sender
from bot.pagers.services import SERVICES, address_of
from bot.wiring.building import build_pagers
from bot.wiring.doctor.findings import Finding, Known, State

_DOCS = "docs/paging.md says what each service needs."
_CONNECT, _TOTAL = 2.0, 4.0  # seconds; a person waits for the answer


def pagers(known: Known) -> Iterator[Finding]:
    """Every method that somebody has, each once; nobody is paged."""
    if known.policy is None:
        yield Finding("pagers", State.UNKNOWN, "the policy is invalid")
        return
    methods = {method.name: method for method in known.policy.contacts.methods}
    if not methods:
        yield Finding("pagers", State.OK, "none: people are paged in Slack, and by mail and text message where set up")
        return
    for method in methods.values():
        yield _method(known, method)
    yield from _ways_back(known, {method.service for method in methods.values()})


def _method(known: Known, method: Method) -> Finding:
    title, settings = title_of(method.name), known.settings
    if method.service in (MAIL, TEXT):
        on = settings.mail_from if method.service == MAIL else settings.text_messages
        variable = "TOCSIN_MAIL_FROM" if method.service == MAIL else "TOCSIN_TEXT_MESSAGES"
        if on:
            return Finding("pagers", State.OK, f"{title}: set up")
        return Finding("pagers", State.FAILED, f"{title}: {variable} is not set", f"Set {variable}. {_DOCS}")
    service = SERVICES[method.service]
    try:
        account = build_pagers(settings).account(method.key, method.token, method.url)
        service.page(facts_of_test("TEST", "doctor", known.now), account)  # made, and not sent
    except NotConfigured as missing:
        says = str(missing) if str(missing).startswith(SECRETS) else f"{method.key} {missing}"
        return Finding("pagers", State.FAILED, f"{title}: {says}", f"Set it. {_DOCS}")
    host = address_of(service, account)
    try:
        build_sender(_CONNECT, _TOTAL)(HttpRequest("GET", host, {}, b""))
    except Unreachable as away:
        fix = "Check the address and your network. A proxy is used where HTTPS_PROXY names one."
        return Finding("pagers", State.FAILED, f"{title} ({method.key}): {away}", fix)
    return Finding("pagers", State.OK, f"{title} ({method.key}): its secret is set, and its host answers")


def _ways_back(known: Known, services: set[str]) -> Iterator[Finding]:
    """What of acknowledging there is not set up, which is no fault."""
    settings = known.settings
    missing = [
        variable
        for variable, needed in (
            ("TOCSIN_PAGERDUTY_WEBHOOK_SECRET", "pagerduty" in services and not settings.pagerduty_webhook_keys),
            ("TOCSIN_OPSGENIE_WEBHOOK_TOKEN", "opsgenie" in services and settings.opsgenie_webhook_token is None),
            ("TOCSIN_WEB_URL", bool(services & {"ntfy", "pushover", "webhook"}) and settings.web_url is None),
        )
        if needed
    ]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        says = f"acknowledging there does not reach Tocsin, as {', '.join(missing)} {are} not set"
        yield Finding("pagers", State.OK, says)
