"""All services in one table: what each needs, and the functions that speak to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.pagers import grafana, ntfy, opsgenie, pagerduty, pushover, webhook
from bot.pagers.requests import Account, HttpAnswer, HttpRequest, PageFacts, Result

Act = Callable[[str, Account, str, str], HttpRequest | None]  # key, account, receipt, by whom


@dataclass(frozen=True, slots=True)
class Service:
    """`repeats`: whether a re-page is sent to it again; the others go on paging by themselves until acknowledged.

    `host` is where it is when no address is given; None where the key is its address.
    """

    title: str
    page: Callable[[PageFacts, Account], HttpRequest]
    acknowledge: Act
    resolve: Act
    read: Callable[[HttpAnswer], Result]
    read_act: Callable[[HttpAnswer], Result]
    host: str | None = None
    repeats: bool = False


SERVICES: Mapping[str, Service] = {
    "pagerduty": Service(
        "PagerDuty",
        pagerduty.page,
        pagerduty.acknowledge,
        pagerduty.resolve,
        pagerduty.read,
        pagerduty.read,
        pagerduty.URL,
    ),
    "opsgenie": Service(
        "Opsgenie", opsgenie.page, opsgenie.acknowledge, opsgenie.resolve, opsgenie.read, opsgenie.read, opsgenie.URL
    ),
    "ntfy": Service("ntfy", ntfy.page, ntfy.resolve, ntfy.resolve, ntfy.read, ntfy.read_clear, repeats=True),
    "pushover": Service(
        "Pushover", pushover.page, pushover.resolve, pushover.resolve, pushover.read, pushover.read, pushover.URL
    ),
    "grafana": Service("Grafana", grafana.page, grafana.resolve, grafana.resolve, grafana.read, grafana.read),
    "webhook": Service(
        "the webhook", webhook.page, webhook.acknowledge, webhook.resolve, webhook.read, webhook.read, repeats=True
    ),
}


def address_of(service: Service, account: Account) -> str:
    """Scheme and host of where it is asked, which hold no secret."""
    parts = urlsplit(account.url or service.host or account.key)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
