"""People correct the judge in one tap, and new facts in a room are suggested, never acted on."""

from __future__ import annotations

from sqlalchemy import select

from bot.lifecycle.tables import SeveritySuggestion
from slack_playground.person import content_of
from tests.journeys.story import Message, entries, failed_jobs, press_and_hear, report, report_row, row, settle
from tests.journeys.wire import press_stale
from tests.support.stage import INCIDENTS, Stage, press


def buttons(message: Message) -> list[str]:
    return [
        found["action_id"] for block in message["blocks"] if block["type"] == "actions" for found in block["elements"]
    ]


def suggestions_of(stage: Stage, ref: str) -> list[SeveritySuggestion]:
    with stage.database.transaction() as session:
        incident_id = row(stage, ref).incident_id
        wanted = select(SeveritySuggestion).where(SeveritySuggestion.incident_id == incident_id)
        return list(session.scalars(wanted.order_by(SeveritySuggestion.suggestion_id)))


def heard(stage: Stage, ref: str, words: str) -> None:
    """Wait until a message is on the timeline, in whose transaction it was judged, and all is said."""

    def look() -> bool | None:
        return any(words in entry.text for entry in entries(stage, ref)) or None

    stage.responder.wait_for(look, what=f"{words!r} on the timeline")
    settle(stage.database)


def test_one_tap_says_why_it_was_no_incident(stage: Stage) -> None:
    ts, answer = report(stage, "the shop is down, all customers see an error page")
    press_and_hear(stage.responder, INCIDENTS, answer, "report_dismiss", thread_ts=ts)
    decided = stage.responder.wait_for_message(INCIDENTS, "Marked as not an incident by", thread_ts=ts)
    asked = [action_id for action_id in buttons(decided) if action_id.startswith("report_why_")]
    assert asked == [f"report_why_{word}" for word in ("chatter", "known", "test", "duplicate", "words")]
    press(stage.team_lead, INCIDENTS, decided, "report_why_test")
    told = stage.responder.wait_for_message(INCIDENTS, "Why: A test", thread_ts=ts)
    assert not any(action_id.startswith("report_why_") for action_id in buttons(told))
    assert report_row(stage, ts).reason == "test"
    said = press_stale(stage, stage.team_lead, decided, "report_why_chatter")
    assert said == "A reason was already given: A test"


def test_another_severity_is_explained_in_own_words(stage: Stage) -> None:
    ts, answer = report(stage, "search results are slow, pages take 8 seconds")
    press_and_hear(stage.responder, INCIDENTS, answer, "report_declare_as", option="P0", thread_ts=ts)
    decided = stage.responder.wait_for_message(INCIDENTS, "Declared as P0", thread_ts=ts)
    assert "report_why_more" in buttons(decided)
    press(stage.responder, INCIDENTS, decided, "report_why_words")
    form = stage.responder.wait_for_view("report_why_view")
    words = {"words": {"words": {"type": "plain_text_input", "value": "the launch is <!channel> tonight"}}}
    assert stage.responder.submit(form, words) == {}
    told = stage.responder.wait_for_message(INCIDENTS, "Why: the launch", thread_ts=ts)
    assert "<!channel>" not in str(told["blocks"])
    assert report_row(stage, ts).reason_text == "the launch is <!channel> tonight"


def test_the_judged_severity_asks_nothing(stage: Stage) -> None:
    ts, answer = report(stage, "checkout is down for everyone, every payment fails")
    press_and_hear(stage.responder, INCIDENTS, answer, "report_declare", thread_ts=ts)
    decided = stage.responder.wait_for_message(INCIDENTS, "Declared as", thread_ts=ts)
    settle(stage.database)
    assert not any(action.startswith("report_why") for action in buttons(decided))


def test_a_new_fact_is_suggested_once_and_raises_on_a_press(stage: Stage) -> None:
    ref, channel = stage.declare("P1 checkout fails in EU")
    stage.responder.say(channel["id"], "I am looking at the load balancer")
    stage.responder.say(channel["id"], "now all regions, nobody can pay")
    suggested = stage.responder.wait_for_message(channel["id"], "Raise to *P0 critical*?")
    assert "“all regions”" in content_of(suggested)
    assert row(stage, ref).severity == "P1", "a suggestion changes nothing"
    stage.responder.say(channel["id"], "payments are down for all customers")
    heard(stage, ref, "payments are down")
    assert len(suggestions_of(stage, ref)) == 1
    said = press_and_hear(stage.team_lead, channel["id"], suggested, "severity_take")
    assert said.startswith(f"{ref} is now P0")
    over = stage.responder.wait_for_message(channel["id"], "> changed it from P1 to P0")
    assert buttons(over) == []
    assert row(stage, ref).severity == "P0"
    assert failed_jobs(stage.database) == []


def test_keep_is_kept(stage: Stage) -> None:
    ref, channel = stage.declare("P1 checkout fails in EU")
    stage.responder.say(channel["id"], "now all regions, nobody can pay")
    suggested = stage.responder.wait_for_message(channel["id"], "Raise to *P0 critical*?")
    press_and_hear(stage.team_lead, channel["id"], suggested, "severity_keep")
    stage.responder.wait_for_message(channel["id"], "> kept P1")
    stage.responder.say(channel["id"], "every customer everywhere gets an error, nobody can pay")
    heard(stage, ref, "every customer everywhere")
    (held,) = suggestions_of(stage, ref)
    assert (held.state, held.decided_by, row(stage, ref).severity) == ("kept", "U0TEAMLEAD", "P1")


def test_what_people_change_meanwhile_overtakes_the_suggestion(stage: Stage) -> None:
    ref, channel = stage.declare("P1 checkout fails in EU")
    stage.responder.say(channel["id"], "now all regions, nobody can pay")
    suggested = stage.responder.wait_for_message(channel["id"], "Raise to *P0 critical*?")
    stage.responder.command(channel["id"], "/incident severity P2 only a test shop")
    over = stage.responder.wait_for_message(channel["id"], "This suggestion is out of date")
    assert buttons(over) == []
    assert press_stale(stage, stage.responder, suggested, "severity_take") == "This suggestion is out of date."
    assert row(stage, ref).severity == "P2"
