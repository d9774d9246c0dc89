"""The form of a notice: its preview follows what is typed, the latest wins, and what cannot be drawn harms nothing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.stakeholders.listeners import Redraws
from slack_playground.person import content_of
from tests.faults.troubles import fail, faults_left
from tests.journeys.story import ask, kinds, press_and_hear, row, settle
from tests.support.stage import INCIDENTS, Stage

View = dict[str, Any]


def opened(stage: Stage, command: str = "/incident update we look into it") -> tuple[View, dict[str, Any]]:
    """The form, and the room it was opened in."""
    _, channel = stage.declare("P1 the tills of all shops are frozen")
    stage.responder.command(channel["id"], command)
    return stage.responder.wait_for_view("notice_view"), channel


def preview_of(view: View) -> str:
    block = next(block for block in view["blocks"] if block["block_id"] == "preview")
    return str(block["text"]["text"])


def shown(stage: Stage, view: View) -> View:
    return next(each for each in stage.responder.views() if each["id"] == view["id"])


def type_into(stage: Stage, view: View, name: str, words: str, **others: str) -> None:
    """One more state of a field; `others` are what the other fields hold by now."""
    values = {field: {field: text} for field, text in {name: words, **others}.items()}
    stage.responder.press(view, name, block_id=name, value=words, values=values)


def drawn(stage: Stage, view: View, words: str) -> View:
    """The form, once its preview says so."""
    return dict(
        stage.responder.wait_for(
            lambda: now if words in preview_of(now := shown(stage, view)) else None, what=f"a preview with {words!r}"
        )
    )


def test_the_preview_follows_what_is_typed_and_the_fields_keep_their_ids_and_first_words(stage: Stage) -> None:
    view, _ = opened(stage)
    assert "*News:* we look into it" in preview_of(view)
    type_into(stage, view, "news", "build 212 is being rolled back <!channel>")
    now = drawn(stage, view, "*News:* build 212 is being rolled back &lt;!channel&gt;")
    type_into(stage, view, "impact", "every till", news="build 212 is being rolled back")
    now = drawn(stage, view, "*Impact:* every till")
    assert "*News:* build 212 is being rolled back" in preview_of(now)
    inputs = [[block for block in each["blocks"] if block["type"] == "input"] for each in (view, now)]
    assert inputs[0] == inputs[1], "or Slack would take away what was typed"
    type_into(stage, view, "impact", "", news="build 212 is being rolled back")
    drawn(stage, view, "*Impact:* not known yet")


def test_the_resolved_notice_is_drawn_anew_too(stage: Stage) -> None:
    _, channel = stage.declare("P2 the tills of one shop are frozen")
    ask(stage.responder, channel["id"], "/incident resolve restarted them")
    stage.responder.command(channel["id"], "/incident update")
    view = stage.responder.wait_for_view("notice_view")
    type_into(stage, view, "cause", "a full disk", resolution="made room")
    assert "*Resolution:* made room" in preview_of(drawn(stage, view, "*Root cause:* a full disk"))


def test_of_characters_that_cross_each_other_the_latest_is_shown(stage: Stage) -> None:
    view, _ = opened(stage)
    words = ["b", "bu", "bui", "buil", "build", "build 2", "build 21", "build 212 goes back"]
    with ThreadPoolExecutor(len(words)) as pool:
        list(pool.map(lambda text: type_into(stage, view, "news", text), words))
    type_into(stage, view, "news", words[-1])
    settle(stage.database)
    drawn(stage, view, words[-1])


@pytest.mark.parametrize(("kind", "error"), [("error", "hash_conflict"), ("ratelimited", ""), ("drop", "")])
def test_a_preview_that_cannot_be_drawn_is_right_at_the_next_character(stage: Stage, kind: str, error: str) -> None:
    view, channel = opened(stage)
    more: dict[str, Any] = {"error": error} if error else {}
    fail(stage.playground, "views.update", kind, **more)
    type_into(stage, view, "news", "build 21")
    stage.responder.wait_for(lambda: faults_left(stage.playground) == [] or None, what="the fault to be met")
    type_into(stage, view, "news", "build 212")
    drawn(stage, view, "*News:* build 212")
    assert stage.responder.submit(view, {"news": {"news": "build 212 went"}}) == {}
    stage.responder.wait_for_message(channel["id"], "Stakeholders were notified")


def test_a_view_that_was_drawn_since_is_drawn_once_more_by_the_latest_character(stage: Stage) -> None:
    view, _ = opened(stage)
    fail(stage.playground, "views.update", "error", error="hash_conflict")
    type_into(stage, view, "news", "the last words")
    drawn(stage, view, "*News:* the last words")


def test_a_form_that_slack_would_open_too_late_says_so(stage: Stage) -> None:
    _, channel = stage.declare("P3 the till of the canteen is frozen")
    fail(stage.playground, "views.open", "error", error="expired_trigger_id")
    said = ask(stage.responder, channel["id"], "/incident update it thaws")
    assert (
        said == "The form could not open in time, as Slack allows three seconds for it. Nothing was changed. Try again."
    )


def test_forms_that_were_typed_into_are_forgotten_in_the_end() -> None:
    redraws = Redraws()
    for number in range(1000):
        redraws.begin({"id": f"V{number}"}, number)
    first, again = redraws.begin({"id": "V999"}, 1.0), redraws.begin({"id": "V1"}, 5.0)
    assert (first.latest, again.latest) == (999.0, 5.0)
    assert len(redraws._forms) == 200


def test_what_the_preview_says_is_what_is_sent(stage: Stage) -> None:
    view, _ = opened(stage)
    type_into(stage, view, "news", "half of the tills are back", next_steps="the other half")
    said = preview_of(drawn(stage, view, "half of the tills"))
    filled = {"news": {"news": "half of the tills are back"}, "next_steps": {"next_steps": "the other half"}}
    assert stage.responder.submit(view, filled) == {}
    sent = content_of(stage.responder.wait_for_message("incident-updates", "half of the tills"))
    for line in said.split("\n")[1:]:
        assert line in sent


def test_a_resolved_notice_is_refused_in_its_form_once_the_incident_was_reopened(stage: Stage) -> None:
    ref, channel = stage.declare("P2 the tills of the market are frozen")
    ask(stage.responder, channel["id"], "/incident resolve restarted them")
    checklist = stage.responder.wait_for_message(channel["id"], f"After resolving {ref}")
    stage.responder.command(channel["id"], "/incident update")
    view = stage.responder.wait_for_view("notice_view")
    ask(stage.team_lead, INCIDENTS, f"/incident reopen {ref} they froze again")
    errors = stage.responder.submit(view, {"next_steps": {"next_steps": "none"}})
    (said,) = errors.values()
    assert said.startswith(f"{ref} was reopened at ") and re.search(r" UTC by @team.lead\. Nothing was sent\.$", said)
    assert [each["id"] for each in stage.responder.views()] == [view["id"]], "what was typed is kept"
    stage.responder.close_view(view)
    assert "stakeholders_told" not in kinds(stage, ref)
    heard = press_and_hear(stage.responder, channel["id"], checklist, "notice_form")
    assert f"{ref} was reopened" in heard


@pytest.mark.parametrize(("over", "word"), [(("resolve it thaws",), "resolved"), (("false-alarm no",), "false alarm")])
def test_an_update_is_refused_in_its_form_once_the_incident_is_over(
    stage: Stage, over: tuple[str, ...], word: str
) -> None:
    view, channel = opened(stage)
    for command in over:
        ask(stage.responder, channel["id"], f"/incident {command}")
    (said,) = stage.responder.submit(view, {"news": {"news": "half of the tills are back"}}).values()
    assert word in said and said.endswith("Nothing was sent.")
    stage.responder.close_view(view)


def test_a_notice_of_an_earlier_resolution_is_not_sent_for_a_later_one(stage: Stage) -> None:
    ref, channel = stage.declare("P2 the tills of the airport are frozen")
    ask(stage.responder, channel["id"], "/incident resolve restarted them")
    stage.responder.command(channel["id"], "/incident update")
    view = stage.responder.wait_for_view("notice_view")
    for command in ("reopen they froze again", "resolve replaced them"):
        ask(stage.responder, channel["id"], f"/incident {command}")
    (said,) = stage.responder.submit(view, {"next_steps": {"next_steps": "none"}}).values()
    assert f"{ref} was reopened at" in said
    stage.responder.close_view(view)


def test_words_typed_on_an_incident_that_is_over_are_not_lost(stage: Stage) -> None:
    who = stage.responder
    ref, channel = stage.declare("P2 the tills of one street are frozen")
    ask(who, channel["id"], "/incident resolve restarted the gateway")
    who.command(channel["id"], "/incident update all tills of the street sell again")
    view = who.wait_for_view("notice_view")
    assert "restarted the gateway. all tills of the street sell again" in preview_of(view)
    said = ask(who, channel["id"], "/incident resolve and rolled build 212 back")
    assert said == f"{ref} was already resolved. Saved for the review: resolution."
    assert row(stage, ref).resolution == "restarted the gateway\nand rolled build 212 back"
    ask(who, channel["id"], "/incident close it was the gateway")
    settle(stage.database)
    said = ask(who, channel["id"], "/incident resolve it was build 212 after all, on every till")
    assert said.endswith("You typed: `/incident resolve it was build 212 after all, on every till`")
