"""Type and fields on the pages of incidents, and on that of figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.context import Policy
from bot.fields.rules import Given
from bot.lifecycle.flows.declare import Declaration, declare
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.fields.policies import POLICY
from tests.fixtures.web import Site
from tests.support.rows import NOON


@pytest.fixture(scope="module")
def site(database: Database, policy: Policy) -> Iterator[Site]:
    yield Site(database, replace(policy, fields=POLICY))


def declared(site: Site, key: str, security: bool = False) -> str:
    given = Given("third-party", {"region": "US", "ticket": "<b>T-1</b> & co"})
    wanted = Declaration(f"page:{key}", "tills freeze", Severity.P2, "U0RESPONDER", security=security, given=given)
    with site.database.transaction() as session:
        return declare(session, wanted, site.policy, NOON)[0].ref


def test_an_incident_s_page_has_type_and_fields_as_typed(site: Site) -> None:
    ref = declared(site, "one")
    page = site.enter("U0SUPPORT").get(f"/incidents/{ref}").text
    for label, value in (("Type", "Third party"), ("Region", "US"), ("Ticket", "&lt;b&gt;T-1&lt;/b&gt; &amp; co")):
        assert f"<dt>{label}</dt><dd><bdi>{value}</bdi></dd>" in page
    assert "set Region to “US”" in page, "the timeline"
    assert "Third party" in site.enter("U0SUPPORT").get("/incidents").text


def test_those_of_a_security_incident_are_seen_by_its_members_alone(site: Site) -> None:
    ref = declared(site, "secret", security=True)
    assert "Ticket" not in site.enter("U0SUPPORT").get(f"/incidents/{ref}").text
    assert "T-1" in site.enter("U0RESPONDER").get(f"/incidents/{ref}").text


def test_figures_are_narrowed_by_a_type_that_there_is(site: Site) -> None:
    page = site.enter("U0MANAGER").get("/figures?period=all&type=third-party&by=type")
    assert page.status_code == 200 and "Third party" in page.text
    assert '<option value="third-party" selected>Third party</option>' in page.text
    assert site.enter("U0MANAGER").get("/figures?type=none").status_code == 200
    refused = site.enter("U0MANAGER").get("/figures?type=tird-party")
    assert refused.status_code == 400 and "Did you mean third-party?" in refused.text
    table = site.enter("U0MANAGER").get("/figures/figures.csv?period=all&by=type").text
    assert "by_type,Third party.incidents," in table
