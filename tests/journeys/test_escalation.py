"""Escalation by the matrix, with everybody's clock moved forward instead of waiting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.incidents.queries.incidents import list_open
from slack_playground.person import Person, content_of
from tests.journeys.story import (
    Message,
    ask,
    card_of,
    card_says,
    entries,
    jump,
    jump_to,
    kinds,
    pings_of,
    row,
    said_by_bot,
    settle,
    swept,
)
from tests.journeys.wire import dispatcher_of
from tests.support.stage import BOT, INCIDENTS, Stage, press

MINUTE, HOUR = 60, 3600
FIRST_MONDAY = datetime(2030, 1, 7, 10, tzinfo=UTC)
ON_CALL, SECONDARY, LEAD, MANAGER, VP = "U0RESPONDER", "U0SECONDARY", "U0TEAMLEAD", "U0MANAGER", "U0VP"


@pytest.fixture(scope="module")
def mondays() -> Iterator[datetime]:
    return iter([FIRST_MONDAY + timedelta(weeks=number) for number in range(20)])


@pytest.fixture(autouse=True)
def monday_morning(stage: Stage, mondays: Iterator[datetime]) -> None:
    """Every story begins on a Monday of its own at ten, inside business hours, with nothing open."""
    with stage.database.transaction() as session:
        open_refs = [row.ref for row in list_open(session)]
    for ref in open_refs:
        ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")
    settle(stage.database)
    jump_to(stage, next(mondays))


def pages(stage: Stage, user_id: str, ref: str) -> list[Message]:
    """The direct messages of one person about an incident, but for a reminder to tell stakeholders."""
    person = stage.person(user_id)
    shown = [said for said in person.messages(person.dm_with(BOT)) if ref in content_of(said)]
    return [
        said
        for said in shown
        if not said.get("is_ephemeral") and not content_of(said).startswith("Stakeholder update overdue")
    ]


def wait_for_page(stage: Stage, user_id: str, ref: str, count: int = 1) -> Message:
    person: Person = stage.person(user_id)
    person.wait_for(lambda: len(pages(stage, user_id, ref)) >= count or None, what=f"page {count} about {ref}")
    settle(stage.database)
    assert len(pages(stage, user_id, ref)) == count
    return pages(stage, user_id, ref)[-1]


def wait_for_repeat(stage: Stage, user_id: str, ref: str, count: int = 1) -> Message:
    """The latest of so many pages in the thread of the first one."""
    person = stage.person(user_id)
    first = pages(stage, user_id, ref)[-1]
    place = person.dm_with(BOT)
    said = person.wait_for(
        lambda: found if len(found := person.replies(place, first["ts"])[1:]) >= count else None,
        what=f"repeat {count} about {ref}",
    )
    return said[-1]


def counts(stage: Stage, ref: str) -> dict[str, int]:
    swept(stage)
    everybody = (ON_CALL, SECONDARY, LEAD, MANAGER, VP)
    return {user_id: len(pages(stage, user_id, ref)) for user_id in everybody if pages(stage, user_id, ref)}


def test_a_p0_climbs_the_ladder_by_the_matrix_and_each_rung_is_paged_once(stage: Stage) -> None:
    ref, channel = stage.declare("P0 the whole shop is down")
    wait_for_page(stage, ON_CALL, ref)
    jump(stage, 5 * MINUTE)
    again = wait_for_repeat(stage, ON_CALL, ref)
    assert "Acknowledge" in content_of(again) and "<@U0RESPONDER> *This is page 2" in content_of(again)
    jump(stage, 5 * MINUTE)
    wait_for_repeat(stage, ON_CALL, ref, 2)
    secondary = wait_for_page(stage, SECONDARY, ref)
    assert "secondary on-call" in content_of(secondary)
    assert "*No answer:* <@U0RESPONDER> (2 pages since" in content_of(secondary)
    jump(stage, 5 * MINUTE)
    wait_for_repeat(stage, ON_CALL, ref, 3)
    jump(stage, 10 * MINUTE)
    lead = wait_for_page(stage, LEAD, ref)
    assert f"P0 {ref}" in content_of(lead)
    assert "paged early: no answer to 4 pages" in content_of(lead)
    assert "<@U0SECONDARY> (" in content_of(lead)
    assert "Declared <!date" in content_of(lead)
    assert "you are the team lead" in content_of(lead)
    assert "Also paged" not in content_of(lead)  # they are those who did not answer
    jump(stage, 35 * MINUTE)
    wait_for_page(stage, MANAGER, ref)
    jump(stage, 60 * MINUTE)
    wait_for_page(stage, VP, ref)
    told = counts(stage, ref)
    assert (told[SECONDARY], told[LEAD], told[MANAGER], told[VP]) == (1, 1, 1, 1)
    breaches = [entry for entry in entries(stage, ref) if entry.kind == "response_breached"]
    assert [entry.text for entry in breaches] == ["No one acknowledged within 15 min, the response time of P0."]
    lines = said_by_bot(stage.responder, channel["id"])
    assert sum("No one acknowledged within 15 min" in line for line in lines) == 1
    assert sum("<@U0VP> as VP engineering" in line for line in lines) == 1
    sent = [ping for ping in pings_of(stage, ref) if ping.kind != "repeat"]
    assert [ping.role for ping in sent if ping.state == "sent"] == [
        "on-call engineer",
        "secondary on-call",
        "team lead",
        "engineering manager",
        "VP engineering",
    ]


def test_acknowledging_stops_the_repeats_and_the_secondary_but_not_the_lead(stage: Stage) -> None:
    ref, _ = stage.declare("P0 the tills are down")
    page = wait_for_page(stage, ON_CALL, ref)
    responder = stage.responder
    press(responder, responder.dm_with(BOT), page, "page_acknowledge")
    responder.wait_for_message(responder.dm_with(BOT), "Acknowledged by <@U0RESPONDER>")
    jump(stage, 31 * MINUTE)
    wait_for_page(stage, LEAD, ref)
    assert counts(stage, ref) == {ON_CALL: 1, LEAD: 1}
    assert "response_breached" not in kinds(stage, ref)
    assert "is on it" in content_of(pages(stage, LEAD, ref)[0])


def test_two_words_acknowledge_where_it_is_plain_which_page_they_answer(stage: Stage) -> None:
    first, channel = stage.declare("P0 nobody can log in")
    second, _ = stage.declare("P0 the price list is empty")
    wait_for_page(stage, ON_CALL, second)
    responder, lead = stage.responder, stage.team_lead
    direct = responder.dm_with(BOT)
    responder.say(direct, "on it")
    responder.wait_for_message(direct, f"Several pages are waiting for your answer: {first}, {second}.")
    responder.say(direct, f"ack {second.lower()}")
    responder.wait_for_message(direct, f"You acknowledged {second}.")
    dispatcher = dispatcher_of(stage.playground)
    for event_id in list(dispatcher.recent):  # as Slack does where it did not hear us
        stage.playground.on_loop(lambda event_id=event_id: dispatcher.redeliver(event_id))  # type: ignore[misc]
    settle(stage.database)
    assert f"You acknowledged {second}." in str(responder.messages(direct)), "the same message is not answered anew"
    lead.act("join", channel=channel["id"])
    lead.say(channel["id"], "on it")  # nobody asked the lead
    responder.say(channel["id"], "On it, reading the logs")  # that is talk
    settle(stage.database)
    assert row(stage, first).acknowledged_at is None
    responder.say(channel["id"], "On it!")
    responder.wait_for_message(channel["id"], "Acknowledged by <@U0RESPONDER>")
    settle(stage.database)
    assert [row(stage, ref).acknowledged_by for ref in (first, second)] == [ON_CALL, ON_CALL]
    responder.say(direct, "ack")
    responder.wait_for_message(direct, "No page is waiting for your answer.")
    responder.say(direct, "the shop is down, what do I do?")
    responder.wait_for_message(direct, "Here, Tocsin understands `ack`")


def test_resolving_cancels_everything_and_edits_the_pages_in_place(stage: Stage) -> None:
    ref, _ = stage.declare("P0 the mobile app crashes on start")
    first = wait_for_page(stage, ON_CALL, ref)
    ask(stage.responder, INCIDENTS, f"/incident resolve {ref} turned the flag off")
    settle(stage.database)
    after = pages(stage, ON_CALL, ref)
    assert [said["ts"] for said in after] == [first["ts"]]
    assert "No action needed" in content_of(after[0])
    jump(stage, 23 * HOUR)  # an hour later the manager is reminded of the review
    assert counts(stage, ref) == {ON_CALL: 1}
    assert {ping.state for ping in pings_of(stage, ref)} == {"sent", "cancelled"}


def test_raising_the_severity_pages_at_once_who_is_overdue(stage: Stage) -> None:
    ref, _ = stage.declare("P2 thumbnails are blurry")
    wait_for_page(stage, ON_CALL, ref)
    jump(stage, 45 * MINUTE)
    assert counts(stage, ref) == {ON_CALL: 1}
    ask(stage.responder, INCIDENTS, f"/incident severity {ref} P0 all images are gone")
    wait_for_page(stage, LEAD, ref)
    told = counts(stage, ref)
    assert LEAD in told and MANAGER not in told and VP not in told
    assert told[LEAD] == 1


def test_lowering_the_severity_cancels_what_was_not_due(stage: Stage) -> None:
    ref, _ = stage.declare("P0 emails are not sent")
    wait_for_page(stage, ON_CALL, ref)
    ask(stage.responder, INCIDENTS, f"/incident severity {ref} P3")
    jump(stage, 3 * HOUR)
    assert counts(stage, ref) == {ON_CALL: 1}


def test_a_milder_incident_at_night_waits_for_the_opening(stage: Stage) -> None:
    jump(stage, 12 * HOUR)
    ref, _ = stage.declare("P2 the intranet search is slow")
    settle(stage.database)
    assert counts(stage, ref) == {}
    jump(stage, 11 * HOUR)
    wait_for_page(stage, ON_CALL, ref)
    assert counts(stage, ref)[ON_CALL] == 1


def test_who_cannot_wait_until_the_morning_has_on_call_paged_from_the_card(stage: Stage) -> None:
    jump(stage, 12 * HOUR)
    ref, channel = stage.declare("P2 the order mails arrive late")
    card = card_says(stage.responder, channel, "on-call is paged")
    assert "2030" in content_of(card), "it says the day and the hour"
    press(stage.responder, channel["id"], card, "page_now")
    wait_for_page(stage, ON_CALL, ref)
    stage.responder.wait_for(
        lambda: "page_now" not in str(card_of(stage.responder, channel)) or None, what="the card without its button"
    )
    assert "acknowledge within" in content_of(card_of(stage.responder, channel))


def test_what_fell_due_long_ago_is_paged_once_and_says_that_it_is_late(stage: Stage) -> None:
    ref, _ = stage.declare("P1 the partner api is slow")
    wait_for_page(stage, ON_CALL, ref)
    jump(stage, 3 * HOUR)
    late = wait_for_page(stage, LEAD, ref)
    assert "late" in content_of(late)
    told = counts(stage, ref)
    assert (told[LEAD], told[SECONDARY]) == (1, 1)
    assert told[ON_CALL] == 1
    wait_for_repeat(stage, ON_CALL, ref)
    held = [ping for ping in pings_of(stage, ref) if ping.kind == "repeat" and ping.state == "sent"]
    assert len(held) == 1, "of the repeats that were missed only the latest is sent"


def test_reopening_escalates_anew(stage: Stage) -> None:
    ref, _ = stage.declare("P0 card payments fail")
    wait_for_page(stage, ON_CALL, ref)
    ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")
    ask(stage.responder, INCIDENTS, f"/incident reopen {ref}")
    wait_for_page(stage, ON_CALL, ref, 2)
    jump(stage, 31 * MINUTE)
    wait_for_page(stage, LEAD, ref)
