"""Pages over a real database: incidents that ended, with a drafted review, and people who have come in."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from bot.context import AppContext, Policy
from bot.escalation.flows.holders import roster_facts
from bot.incidents.pages import why_not
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Standing
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare
from bot.reviews.flows import drafting
from bot.reviews.pages.pdf import render_pdf
from bot.severity.rules import Severity
from bot.slack import queries as messages
from bot.store.engine import Database
from bot.web.app import create_web
from bot.web.auth import WebContext
from bot.web.sessions import sign_personal_link
from bot.wiring.pages import build_pages
from tests.rows import NOON, minutes

KEY = "a key of at least sixteen characters"
BASE = "http://testserver"
NAMES = {
    "U0MANAGER": "engineering-manager",
    "U0VP": "vp",
    "U0RESPONDER": "responder",
    "U0TEAMLEAD": "team-lead",
    "U0SUPPORT": "support",
}
_numbers = itertools.count(1)


@dataclass
class Site:
    """The pages of one test, at an hour that the test sets."""

    database: Database
    policy: Policy
    at: timedelta = timedelta(hours=1)
    link_lifetime: timedelta = timedelta(days=3)
    prints: bool = True
    left: set[str] = field(default_factory=set)  # who is not in the workspace any more
    standings: dict[str, Standing] = field(default_factory=dict)  # of those who are no members
    on_ask: Callable[[], object] = lambda: None  # while Slack is asked about somebody
    threads: int = 8

    @property
    def context(self) -> AppContext:
        """What the pages use of the context."""
        unused: Callable[..., None] = lambda *_: None  # noqa: E731
        return AppContext(
            database=self.database,
            now=lambda: NOON + self.at,
            seconds_until=lambda at: 0.0,
            policy=self.policy,
            judge=None,  # type: ignore[arg-type]  # no page judges
            memory=None,  # type: ignore[arg-type]  # no page searches
            announcement_channel=lambda: None,
            review_link=unused,
            personal_link=unused,
            roster_facts=roster_facts,
            standing_of=lambda user_id: self.standings.get(user_id, Standing.MEMBER),
        )

    def is_here(self, user_id: str) -> bool:
        self.on_ask()
        return user_id not in self.left

    def visit(self) -> TestClient:
        """A browser that is not signed in."""
        web = WebContext(
            self.context,
            KEY,
            secure=False,
            link_lifetime=self.link_lifetime,
            print_pdf=render_pdf if self.prints else None,
            is_here=self.is_here,
            why_not=lambda user_id: why_not(self.context, user_id),
        )
        app = create_web(
            ready=list,
            routes=build_pages(web),
            threads=self.threads,
        )
        return TestClient(app, base_url=BASE)

    def enter(self, user_id: str, path: str = "/incidents") -> TestClient:
        """A browser that signed in with a link of that person."""
        browser = self.visit()
        assert (
            sign_in(browser, sign_personal_link(BASE, KEY, path, user_id, NAMES[user_id], time.time())).status_code
            == 200
        )
        return browser

    def closed(self, severity: Severity = Severity.P1, title: str = "checkout returns 502") -> IncidentRow:
        """An incident that took twenty minutes, with its review drafted two minutes later."""
        with self.database.transaction() as session:
            for user_id, name in NAMES.items():
                messages.record_name(session, user_id, name, NOON)
            wanted = Declaration(f"web:{next(_numbers)}", title, severity, "U0RESPONDER")
            row, _ = declare(session, wanted, self.policy, NOON)
            change.acknowledge(session, row, "U0RESPONDER", self.policy, NOON + minutes(2))
            said = ("rolled back", "the pool was exhausted")
            change.resolve(session, row, "U0RESPONDER", self.policy, NOON + minutes(20), *said)
            change.close(
                session, row, "U0RESPONDER", Closing(impact="40 orders failed"), self.policy, NOON + minutes(22)
            )
            drafting.draft_once(session, row, self.policy, NOON + minutes(22))
        return row

    def again(self, row: IncidentRow) -> IncidentRow:
        """The row as it is now."""
        with self.database.transaction() as session:
            return incidents.get(session, row.incident_id)


@pytest.fixture
def site(database: Database, policy: Policy) -> Site:
    return Site(database, policy)


def sign_in(browser: TestClient, link: str) -> Response:
    """Open a personal link and continue; the page that follows."""
    parts = urlsplit(link)
    form = browser.get(f"{parts.path}?{parts.query}")
    fields = dict(re.findall(r'name="(t|token)" value="([^"]*)"', form.text))
    return browser.post("/enter", data=fields) if 'action="/enter"' in form.text else form


def token_of(page: str) -> str:
    """The token that the forms of a page carry."""
    found = re.search(r'name="token" value="([0-9a-f]+)"', page)
    assert found, page[:500]
    return found.group(1)


def send(browser: TestClient, path: str, form_of: str = "", **fields: str) -> str:
    """Send a form as the page `form_of` gave it; the text of the page that follows."""
    form = {"token": token_of(browser.get(form_of or "/incidents").text), **fields}
    return browser.post(path, data=form).text
