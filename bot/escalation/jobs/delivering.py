"""Making one call: the request to its service, and what came back. Whatever can go wrong with it is a result.

It asks no database, so that the command line makes test pages by it, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.aws.session import Denied, Unavailable
from bot.escalation.messages import calls as messages
from bot.escalation.messages import pages as page_messages
from bot.escalation.queries import calls
from bot.escalation.rules.methods import MAIL, SECRETS, TEXT, Method
from bot.escalation.rules.ping_facts import PingFacts
from bot.escalation.rules.roster import Person
from bot.pagers.outlet import Pagers
from bot.pagers.requests import HttpRequest, NotConfigured, Outcome, PageFacts, Result
from bot.pagers.sender import Unreachable
from bot.pagers.services import SERVICES, Service
from bot.pagers.webhook import signed

_DOCS = "See docs/paging.md."
_TEST_REF, _TEST_SEVERITY = "TEST", "P3"


@dataclass(frozen=True, slots=True)
class Ways:
    """What calls are made by; None for what is not configured."""

    pagers: Pagers | None
    send_mail: Callable[[str, str, str], None] | None
    send_text: Callable[[str, str], None] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be done, by which method, for whom, and what it says. `ping` is None for a test."""

    act: str
    receipt: str
    by: str
    method: Method | None
    person: Person | None
    facts: PageFacts
    ping: PingFacts | None = None


def facts_of_test(key: str, person: str, now: datetime, answer_link: str = "") -> PageFacts:
    """A page that says that it is a test."""
    return PageFacts(key, _TEST_REF, _TEST_SEVERITY, "", "", person, now, test=True, answer_link=answer_link)


def deliver(ways: Ways, draft: Draft, now: datetime) -> Result:
    """Make the call, with no transaction open."""
    method = draft.method
    if method is None:
        return Result(Outcome.REFUSED, messages.NO_LONGER_LISTED)
    if method.service in (MAIL, TEXT):
        return _by_aws(ways, draft, method.service, now)
    if ways.pagers is None:
        return Result(Outcome.REFUSED, messages.PAGERS_OFF)
    service = SERVICES[method.service]
    try:
        request = _request(ways.pagers, draft, method, service, now)
        if request is None:
            return Result(Outcome.DONE, "nothing to do")
        answer = ways.pagers.send(request)
    except NotConfigured as missing:
        said = str(missing)
        return Result(Outcome.REFUSED, said if said.startswith(SECRETS) else f"{method.key} {said}", _DOCS)
    except Unreachable as away:
        return Result(Outcome.AGAIN, str(away))
    return (service.read if draft.act == calls.PAGE else service.read_act)(answer)


def _request(pagers: Pagers, draft: Draft, method: Method, service: Service, now: datetime) -> HttpRequest | None:
    account = pagers.account(method.key, method.token, method.url)
    if draft.act == calls.PAGE:
        request: HttpRequest | None = service.page(draft.facts, account)
    else:
        act = service.acknowledge if draft.act == calls.ACKNOWLEDGE else service.resolve
        request = act(draft.facts.key, account, draft.receipt, draft.by)
    return signed(request, account.token, now) if request is not None and method.service == "webhook" else request


def _by_aws(ways: Ways, draft: Draft, way: str, now: datetime) -> Result:
    """A mail or a text message that waited for its turn, or is a test."""
    person, facts = draft.person, draft.facts
    try:
        if way == MAIL and person is not None and person.email and ways.send_mail is not None:
            ways.send_mail(person.email, *_mail(draft, now))
        elif way == TEXT and person is not None and person.phone and ways.send_text is not None:
            said = page_messages.by_text_message(draft.ping, now) if draft.ping else facts.summary
            ways.send_text(person.phone, said)
        else:
            return Result(Outcome.REFUSED, messages.no_way(way), _DOCS)
    except Denied as denied:
        return Result(Outcome.REFUSED, str(denied))
    except Unavailable as away:
        return Result(Outcome.AGAIN, str(away))
    return Result(Outcome.DONE, "sent")


def _mail(draft: Draft, now: datetime) -> tuple[str, str]:
    if draft.ping is None:
        return draft.facts.summary, draft.facts.body
    return page_messages.by_mail(draft.ping, now, f"#{draft.ping.incident.channel_name}")
