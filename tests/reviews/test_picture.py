"""The picture of a timeline: what it shows, its two formats, and where it is posted and served."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from bot.context import AppContext
from bot.diagnostics import flows
from bot.diagnostics.rules.finding import Diagnosis, Window
from bot.diagnostics.rules.picture import Drawn
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.jobs import channel
from bot.reviews.flows import drafting
from bot.reviews.jobs import drafts, pictures
from bot.reviews.messages.exports.picture import draw
from bot.reviews.rules.chart import Band, Chart, Lane, chart_of
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.app import Playground
from tests.fixtures.job import Declared
from tests.fixtures.web import Site
from tests.reviews.review_facts import BEGAN, HOSTILE, LEAD, RESPONDER, entry, full_facts, minute

CALLED = {RESPONDER: "Responder", LEAD: "Lead"}
PNG, SVG = b"\x89PNG\r\n", "{http://www.w3.org/2000/svg}svg"


def test_the_chart_has_status_severity_pages_and_people_as_they_were() -> None:
    diagnosed = entry(40, Kind.DIAGNOSED, minute(10), None, "Diagnosed lambda orders")
    facts = full_facts(entries=(*full_facts().entries, diagnosed))
    chart = chart_of(facts, CALLED, "INC-2026-0001", minute(51))
    assert (chart.since, chart.until) == (minute(-2), minute(43)), "from the detection to the resolution"
    assert chart.statuses == (
        Band("investigating", BEGAN, minute(13)),
        Band("identified", minute(13), minute(15)),
        Band("mitigated", minute(15), minute(43)),
    )
    assert chart.severities == (Band("P2", BEGAN, minute(8)), Band("P1", minute(8), minute(43)))
    assert chart.pages == (Lane("on-call engineer", (minute(0.05),)),)
    assert [lane.name for lane in chart.people] == ["Responder", "Lead"]
    assert chart.people[1].at == (minute(8), minute(40)), "what came after the resolution is left out"
    assert chart.findings.at == (minute(10),)


def test_a_reopened_incident_shows_when_it_was_held_to_be_resolved() -> None:
    more = (
        entry(50, Kind.RESOLVED, minute(20), LEAD, "Resolved."),
        entry(51, Kind.REOPENED, minute(30), LEAD, "Reopened."),
    )
    facts = full_facts(entries=(*full_facts().entries, *more))
    names = [band.name for band in chart_of(facts, {}, "", minute(51)).statuses]
    assert names == ["investigating", "identified", "mitigated", "resolved", "investigating"]


@pytest.mark.parametrize("name", [HOSTILE, "$x^2$ _{ 名前"])
def test_it_is_drawn_as_png_and_svg_whatever_people_are_called_and_alike_each_time(name: str) -> None:
    chart = chart_of(full_facts(), {RESPONDER: name, LEAD: name}, name[:60], minute(51))
    assert draw(chart, "png").startswith(PNG)
    svg = draw(chart, "svg")
    page = ElementTree.fromstring(svg)
    assert page.tag == SVG and svg == draw(chart, "svg")
    assert not [one for one in page.iter() if one.tag.endswith(("script", "foreignObject", "image"))]


def test_an_incident_of_seconds_without_pages_or_people_is_drawn(name: str = "x") -> None:
    chart = Chart(name, BEGAN, minute(5), (), (), (), (), Lane("Findings", ()))
    assert draw(chart, "png").startswith(PNG)


def test_the_page_shows_it_and_serves_it_to_who_may_see_the_incident_alone(site: Site) -> None:
    row = site.closed()
    manager = site.enter("U0MANAGER")
    page = manager.get(f"/reviews/{row.ref}")
    assert f'<img src="/reviews/{row.ref}/timeline.svg"' in page.text
    assert "img-src 'self'" in page.headers["content-security-policy"]
    for form, begins in (("svg", b"<?xml"), ("png", PNG)):
        answer = manager.get(f"/reviews/{row.ref}/timeline.{form}")
        assert answer.status_code == 200 and answer.content.startswith(begins)
    assert manager.get(f"/reviews/{row.ref}/timeline.gif").status_code == 404
    assert manager.get(f"/reviews/{row.ref}/document.pdf").content.count(b"/Subtype /Image") == 1
    with site.database.transaction() as session:
        incidents.get(session, row.incident_id).ref = "SEC-2031-0009"
    assert manager.get("/reviews/SEC-2031-0009/timeline.svg").status_code == 404
    assert site.enter("U0RESPONDER").get("/reviews/SEC-2031-0009/timeline.svg").status_code == 200


def diagnosis(resource: str, highest: float) -> Diagnosis:
    window = Window(minute(-30), minute(30))
    points = ((minute(-5), 0.0), (minute(0), highest))
    return Diagnosis(resource, "eu-central-1", window, measured=(Drawn("Errors", "Sum", points),))


def test_what_aws_measured_is_in_the_review_the_last_of_each_resource_for_who_may_see_it_alone(site: Site) -> None:
    row = site.closed()
    with site.database.transaction() as session:
        incident = incidents.get_for_change(session, row.incident_id)
        for number, found in enumerate((diagnosis("lambda a", 7), diagnosis("rds b", 1), diagnosis("lambda a", 41))):
            flows.keep(session, incident, found, RESPONDER, f"asked-{number}", minute(number))
    manager = site.enter("U0MANAGER")
    page = manager.get(f"/reviews/{row.ref}").text
    first, second = re.findall(rf'<img src="(/reviews/{row.ref}/metrics-\d+\.png)"[^>]* alt="([^"]*)"', page)
    assert "rds b" in first[1] and "lambda a" in second[1] and "highest 41" in second[1]
    assert manager.get(first[0]).content.startswith(PNG)
    assert manager.get(f"/reviews/{row.ref}/metrics-1.png").status_code == 404
    assert manager.get(f"/reviews/{row.ref}/document.pdf").content.count(b"/Subtype /Image") == 3
    with site.database.transaction() as session:
        incidents.get(session, row.incident_id).ref = "SEC-2031-0010"
    hidden = first[0].replace(row.ref, "SEC-2031-0010")
    assert manager.get(hidden).status_code == 404
    assert site.enter("U0RESPONDER").get(hidden).status_code == 200


def test_the_thread_of_the_draft_gets_it_once_for_each_closing(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, playground: Playground
) -> None:
    number = declared_incident().incident_id
    channel.open_channel(context, slack, poster, incident_id=number)
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, number)
        change.resolve(session, row, "U0TEAMLEAD", context.policy, context.now())
        change.close(session, row, "U0TEAMLEAD", Closing(), context.policy, context.now())
        drafting.draft_once(session, row, context.policy, context.now())
        ref, channel_id = row.ref, row.channel_id
    drafts.review(context, slack, poster, incident_id=number, episode=1)
    for _ in range(2):
        pictures.review_picture(context, slack, poster, incident_id=number, episode=1)
    assert channel_id is not None
    in_channel = list(slack.history(channel_id, "0"))
    draft = next(message["ts"] for message in in_channel if "Review draft of" in message["text"])
    files = [file for message in slack.replies(channel_id, draft, "0") for file in message.get("files") or []]
    assert [file["title"] for file in files] == [f"{ref}: timeline"]
    assert not any(message.get("files") for message in in_channel), "not in the channel"
