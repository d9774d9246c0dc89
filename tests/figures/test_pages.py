"""/figures: who may read it, that every number leads to its incidents, and that nothing secret is named."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html import unescape

import pytest

from bot.context import Policy
from bot.slack import queries as slack_queries
from bot.store.engine import Database
from tests.figures.history import ONE, at, in_berlin, play
from tests.fixtures.web import Site
from tests.support.rows import NOON


@pytest.fixture(scope="module")
def site(database: Database, policy: Policy) -> Iterator[Site]:
    """The pages over the history, on 20 December."""
    berlin = in_berlin(policy)
    with database.transaction() as session:
        play(session, berlin)
        slack_queries.record_name(session, ONE, "first <on> call", NOON)
    yield Site(database, berlin, at=at("12-20", "12:00") - NOON)


def numbers(page: str) -> list[str]:
    """The paths to the incidents behind the numbers of a page."""
    return [unescape(path) for path in re.findall(r'href="(/figures/incidents[^"]+)"', page)]


def test_only_those_above_the_on_call_engineer_may_read(site: Site) -> None:
    for path in ("/figures", "/figures/incidents?figure=incidents", "/figures/chart.png", "/figures/figures.csv"):
        assert site.visit().get(path).status_code == 401
        refused = site.enter("U0RESPONDER").get(path)
        assert refused.status_code == 403 and "Figures are for managers" in refused.text
        assert 'href="/incidents"' in refused.text and 'action="/leave"' in refused.text, "there is a way on"
    for user_id in ("U0MANAGER", "U0VP", "U0TEAMLEAD"):
        assert site.enter(user_id).get("/figures").status_code == 200


def test_the_page_has_every_figure_with_its_definition(site: Site) -> None:
    page = site.enter("U0MANAGER").get("/figures?period=2026-10").text
    assert "October 2026" in page and "Compared with September 2026" in page and "Europe/Berlin" in page
    for said in (
        "Time to resolve (MTTR)",
        "20 min, 40 min, 1 h 30 min",
        "target under 30 min, met by 1 of 3",
        "was 50 min",
        "From the declaration to the last resolution",
        "Nights disturbed",
        "service CHECKOUT",
        "first &lt;on&gt; call",
    ):
        assert said in page, said
    assert "<on>" not in page


def test_every_number_leads_to_as_many_incidents_as_it_says(site: Site) -> None:
    browser = site.enter("U0MANAGER")
    paths = numbers(browser.get("/figures?period=2026-10").text)
    assert len(paths) > 20
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        found = set(re.findall(r'href="/incidents/(INC-[\d-]+)"', answer.text))
        assert found or "counted and not named" in answer.text, path
    high = browser.get(next(path for path in paths if "time_to_resolve" in path and "P1" in path)).text
    assert re.findall(r'class="terms">([^·<]+) ·', high) == ["1 h 30 min", "40 min", "20 min"], "the longest first"
    person = browser.get(next(path for path in paths if "figure=pages" in path and ONE in path)).text
    assert "first &lt;on&gt; call" in person and "1 security incident is counted and not named" in person


def test_a_security_incident_is_counted_and_named_to_nobody_outside_it(site: Site) -> None:
    browser = site.enter("U0MANAGER")
    pages = [browser.get(path).text for path in numbers(browser.get("/figures?period=2026-10").text)]
    assert not any("SEC-" in page or "incident f" in page for page in pages)
    listed = browser.get("/figures/incidents?figure=incidents&period=2026-10").text
    assert len(re.findall(r'href="/incidents/INC-', listed)) == 4
    assert "1 security incident is counted and not named" in listed


def test_the_late_ones_are_listed_for_what_should_have_been_on_time(site: Site) -> None:
    browser = site.enter("U0MANAGER")

    def listed(figure: str, **more: str) -> str:
        return browser.get("/figures/incidents", params={"figure": figure, "period": "2026-10", **more}).text

    assert "1 security incident is counted" in listed("acknowledged_in_time")
    assert len(re.findall(r'href="/incidents/INC-', listed("reviews_on_time"))) == 3
    assert len(re.findall(r'href="/incidents/INC-', listed("actions_on_time"))) == 1
    assert len(re.findall(r'href="/incidents/INC-', listed("late_pages"))) == 1
    assert len(re.findall(r'href="/incidents/INC-', listed("time_between", of="service checkout"))) == 2
    assert len(re.findall(r'href="/incidents/INC-', listed("time_between", of="kind PB-lambda"))) == 2


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("period=banana", "isn&#39;t a period"),
        ("severity=P9", "P9 isn&#39;t a severity"),
        ("by=moon", "There is no table by moon"),
        ("period=%22%3Cb%3E", "“&#34;&lt;b&gt;” isn&#39;t a period"),
        ("period=%00%22%3Cb%3E", "This address isn&#39;t valid"),
    ],
)
def test_an_address_that_asks_for_nonsense_is_answered_in_words(site: Site, query: str, sentence: str) -> None:
    answer = site.enter("U0MANAGER").get(f"/figures?{query}")
    assert (answer.status_code, sentence in answer.text) == (400, True)


def test_the_picture_and_the_spreadsheet_hold_the_same(site: Site) -> None:
    browser = site.enter("U0MANAGER")
    for period in ("2026-10", "2026-08", "all"):
        picture = browser.get(f"/figures/chart.png?period={period}&by=service")
        assert picture.headers["content-type"] == "image/png" and picture.content.startswith(b"\x89PNG\r\n")
    sheet = browser.get("/figures/figures.csv?period=2026-10&by=severity")
    assert "figures.csv" in sheet.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(sheet.text)))
    assert ["figures", "time_to_resolve.median", "2700.0"] in rows
    assert ["by_severity", "P1.incidents", "3"] in rows


def test_a_month_with_nothing_has_a_page_too(site: Site) -> None:
    page = site.enter("U0MANAGER").get("/figures?period=2026-08").text
    assert "No incidents." in page and numbers(page) == []
