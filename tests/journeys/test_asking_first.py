"""Declaring where it may be an incident that is open: asked first, answered once, and never in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from slack_playground.person import content_of
from tests.journeys.story import ask, entries, kinds, press_and_hear, row, rows, settle
from tests.journeys.wire import command_twice, press_stale
from tests.support.stage import INCIDENTS, Stage, element

ALIKE = "the label printer in hall four answers 503"
HINT = "Nothing has been declared yet."


@pytest.fixture(scope="module")
def printer(stage: Stage) -> tuple[str, dict[str, Any]]:
    """An open incident, and its room."""
    return stage.declare("P2 the label printer in hall four answers 503 to every order")


@pytest.fixture
def away(stage: Stage, printer: tuple[str, dict[str, Any]]) -> Iterator[None]:
    yield
    for incident in rows(stage):
        if incident.ref != printer[0] and incident.status == "investigating":
            ask(stage.responder, INCIDENTS, f"/incident resolve {incident.ref}")


def question_in(stage: Stage, place: str, typed: str) -> dict[str, Any]:
    """The question that this command is answered with."""
    said = ask(stage.responder, place, f"/incident {typed}")
    assert HINT in said
    shown: dict[str, Any] = [each for each in stage.responder.ephemerals(place) if HINT in content_of(each)][-1]
    return {**shown, "ephemeral_id": shown["ts"], "channel": stage.responder.channel_id(place)}


def answer(stage: Stage, question: dict[str, Any], button: str) -> str:
    """Press it; what then stands in the question's place."""
    responder, place = stage.responder, question["channel"]
    found = element(question, button)
    responder.act(
        "press",
        channel=place,
        ephemeral_id=question["ts"],
        block_id=found["block_id"],
        action_id=button,
        value=found["value"],
    )

    def look() -> str | None:
        shown = next((each for each in responder.ephemerals(place) if each["ts"] == question["ts"]), None)
        return content_of(shown) if shown and HINT not in content_of(shown) else None

    return str(responder.wait_for(look, what=f"the answer to {button}"))


@pytest.mark.parametrize("word", ["declare", "new"])
def test_words_that_look_like_an_open_incident_are_asked_about(
    stage: Stage, printer: tuple[str, dict[str, Any]], word: str
) -> None:
    ref, channel = printer
    before = len(rows(stage))
    question = question_in(stage, INCIDENTS, f"{word} P1 {ALIKE} <!channel>")
    said = content_of(question)
    assert "Possible match, still open: *P2*" in said and f"<#{channel['id']}>" in said and "<!channel>" not in said
    assert element(question, "declare_join")["text"]["text"] == f"Add to {ref}"
    assert answer(stage, question, "declare_cancel") == "Nothing was declared."
    assert len(rows(stage)) == before


def test_in_the_room_of_an_open_incident_any_words_are_asked_about(
    stage: Stage, printer: tuple[str, dict[str, Any]]
) -> None:
    ref, channel = printer
    before = len(rows(stage))
    question = question_in(stage, channel["id"], "declare the canteen has no *coffee* @vp-engineering")
    assert "This is the channel of *P2*" in content_of(question)
    assert answer(stage, question, "declare_join").startswith(f"Added to {ref} as a note.")
    settle(stage.database)
    assert len(rows(stage)) == before
    noted = entries(stage, ref)[-1]
    assert noted.text == "the canteen has no *coffee* @vp-engineering" and noted.author == "U0RESPONDER"


@pytest.mark.usefixtures("away")
def test_declare_anyway_keeps_the_severity_that_was_typed(stage: Stage, printer: tuple[str, dict[str, Any]]) -> None:
    before = len(rows(stage))
    said = answer(stage, question_in(stage, INCIDENTS, f"declare P1 {ALIKE}"), "declare_anyway")
    assert "declared, with the severity you gave" in said
    assert len(rows(stage)) == before + 1
    fresh = rows(stage)[-1]
    assert (fresh.severity, fresh.title, fresh.declared_by) == ("P1", ALIKE, "U0RESPONDER")
    stage.room(stage.responder, fresh.ref)


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("first", ["declare_anyway", "declare_join"])
@pytest.mark.parametrize("second", ["declare_anyway", "declare_join", "declare_cancel"])
def test_a_press_on_a_question_that_was_answered_changes_nothing(
    stage: Stage, printer: tuple[str, dict[str, Any]], first: str, second: str
) -> None:
    ref, channel = printer
    question = question_in(stage, channel["id"], f"declare pallets are late {first} {second}")
    answer(stage, question, first)
    before = (len(rows(stage)), kinds(stage, ref).count("noted"))
    told = press_stale(stage, stage.responder, question, second)
    did = f"declared as {rows(stage)[-1].ref}" if first == "declare_anyway" else f"added to {ref}"
    assert told == f"This was already {did}."
    assert (len(rows(stage)), kinds(stage, ref).count("noted")) == before


def test_an_exclamation_mark_declares_without_asking(stage: Stage, printer: tuple[str, dict[str, Any]]) -> None:
    _, channel = printer
    for place, title in ((INCIDENTS, ALIKE), (channel["id"], "no forks either")):
        assert "declared" in ask(stage.responder, place, f"/incident declare! P3 {title}")
        assert rows(stage)[-1].title == title
        ask(stage.responder, INCIDENTS, f"/incident resolve {rows(stage)[-1].ref}")
    assert "in a few words" in ask(stage.responder, INCIDENTS, "/incident declare! ***")


@pytest.mark.usefixtures("printer", "away")
def test_words_that_look_like_nothing_open_are_declared_at_once(stage: Stage) -> None:
    before = len(rows(stage))
    assert "declared" in ask(stage.responder, INCIDENTS, "/incident declare P3 the partner feed lost its currency")
    assert len(rows(stage)) == before + 1


@pytest.mark.usefixtures("printer", "away")
def test_words_about_security_are_not_offered_to_a_timeline_that_everybody_reads(stage: Stage) -> None:
    assert "declared" in ask(stage.responder, INCIDENTS, f"/incident declare security P3 {ALIKE}")
    assert rows(stage)[-1].ref.startswith("SEC-")


@pytest.mark.usefixtures("printer")
def test_an_open_security_incident_is_not_offered_to_others_who_say_the_same(stage: Stage) -> None:
    words = "somebody reads the payroll archive of the northern depot"
    assert "declared" in ask(stage.responder, INCIDENTS, f"/incident declare! security P3 {words}")
    secret = rows(stage)[-1]
    assert secret.ref.startswith("SEC-")
    said = ask(stage.team_lead, INCIDENTS, f"/incident declare P3 {words} again")
    fresh = rows(stage)[-1]
    assert HINT not in said and secret.ref not in said
    assert fresh.incident_id != secret.incident_id and "declared" in said
    for ref in (secret.ref, fresh.ref):
        ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")


@pytest.mark.usefixtures("printer", "away")
def test_words_too_long_for_a_button_are_declared_rather_than_lost(stage: Stage) -> None:
    long = " ".join([ALIKE] * 60)
    assert 2000 < len(long) < 3000
    assert "declared" in ask(stage.responder, INCIDENTS, f"/incident declare P3 {long}")
    assert entries(stage, rows(stage)[-1].ref)[0].text.endswith(long)


@pytest.mark.usefixtures("away")
def test_a_command_that_comes_twice_asks_one_thing_and_declares_once(
    stage: Stage, printer: tuple[str, dict[str, Any]]
) -> None:
    before = len(rows(stage))
    command_twice(stage, stage.responder, INCIDENTS, "/incident declare P3 the kettle of the second floor is cold")
    settle(stage.database)
    assert len(rows(stage)) == before + 1, "the second time it looks like the first, and is still the same"
    command_twice(stage, stage.responder, INCIDENTS, f"/incident declare P3 {ALIKE}")
    settle(stage.database)
    assert len(rows(stage)) == before + 1


def _question_form(stage: Stage) -> dict[str, Any]:
    """The form that stands in the place of the one that was sent."""

    def look() -> dict[str, Any] | None:
        shown = stage.responder.views()
        return shown[-1] if shown and HINT in str(shown[-1]) else None

    found = stage.responder.wait_for(look, what="the question")
    assert found is not None
    return found


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(("chosen", "declares"), [("join", False), ("separate", True)])
def test_the_form_asks_with_what_was_filled_in_and_does_as_chosen(
    stage: Stage, printer: tuple[str, dict[str, Any]], chosen: str, declares: bool
) -> None:
    responder, (ref, channel), before = stage.responder, printer, len(rows(stage))
    responder.command(INCIDENTS, "/incident declare")
    form = responder.wait_for_view("declare_view")
    filled = {
        "title": {"title": f"{ALIKE} {chosen}"},
        "severity": {"severity": "P1"},
        "impact": {"impact": "no <labels>"},
    }
    assert responder.submit(form, filled) == {}
    asked = _question_form(stage)
    assert "Possible match, still open: *P2*" in str(asked) and len(rows(stage)) == before
    kept = {block["block_id"]: block["element"] for block in asked["blocks"] if block["type"] == "input"}
    assert kept["title"]["initial_value"] == f"{ALIKE} {chosen}" and kept["impact"]["initial_value"] == "no <labels>"
    assert kept["severity"]["initial_option"]["value"] == "P1"
    assert responder.submit(asked, {"near": {"near": chosen}}) == {}
    assert responder.views() == []
    assert len(rows(stage)) == before + declares
    if declares:
        assert (rows(stage)[-1].title, rows(stage)[-1].severity) == (f"{ALIKE} {chosen}", "P1")
    else:
        assert entries(stage, ref)[-1].text == f"{ALIKE} {chosen}\nno &lt;labels&gt;"
        reply_privately = responder.wait_for_ephemeral(INCIDENTS, f"Added to {ref} as a note.")
        assert f"<#{channel['id']}>" in reply_privately["text"]


def test_a_button_of_an_incident_that_is_over_says_so_and_leaves_the_choice(stage: Stage) -> None:
    ref, channel = stage.declare("P3 the tablet of gate nine is locked")
    question = question_in(stage, channel["id"], "declare gate nine's tablet is locked again")
    ask(stage.responder, channel["id"], "/incident resolve")
    told = press_and_hear(stage.responder, channel["id"], question, "declare_join")
    assert told.startswith(f"{ref} is now resolved. Press Declare anyway")
    assert "declared" in answer(stage, question, "declare_anyway")
    assert json.loads(element(question, "declare_join")["value"])["ref"] == ref
    assert row(stage, ref).status == "resolved"
    ask(stage.responder, INCIDENTS, f"/incident resolve {rows(stage)[-1].ref}")
