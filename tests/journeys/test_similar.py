"""What looks alike: asked for, voted on, learnt from closed incidents; with two replicas on one database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.figures.flows.metrics import measure
from bot.memory.tables import SuggestionVote
from bot.wiring.service import Parts, Service, build_context
from slack_playground.person import Person, content_of
from tests.console.test_command_line import Shell
from tests.journeys.story import (
    Message,
    ask,
    card_of,
    card_says,
    press_and_hear,
    reopen_closed,
    report,
    report_row,
    row,
    settle,
)
from tests.support.stage import INCIDENTS, PATIENT, Stage, element, running, unhurried

FREEZER = """# Post-mortem: cold store alarm on 3 March 2026

Severity: SEV-2

## Impact
The freezers of the Hamburg cold store were too warm for two hours, the temperature alarm kept ringing.

## Root cause
The compressor controller had lost its licence file during an update.

## Resolution
The licence file was copied back and the compressors were started by hand.
"""


@pytest.fixture(scope="module")
def replicas(stage: Stage) -> Iterator[int]:
    """A second bot on the same database and the same Slack.

    Slack sends each payload to the one or the other in turn.
    """
    with running(
        Service(
            stage.settings,
            unhurried(build_context(stage.settings, stage.database)),
            Parts(serve=False, patience=PATIENT),
        )
    ):
        stage.responder.wait_for(
            lambda: len(stage.playground.workspace.sink.links) == 2 or None,  # type: ignore[union-attr]  # the dispatcher
            what="the second connection",
        )
        yield 2


@pytest.fixture
def tocsin(stage: Stage) -> Shell:
    """The command line on the stage's database."""
    return Shell(stage.settings.data_folder, stage.database.url)


def whispered(person: Person, channel: str, command: str) -> Message:
    """Type a command; the private answer as a message."""
    text = ask(person, channel, command)
    return next(said for said in reversed(person.ephemerals(channel)) if content_of(said) == text)


def menus(message: Message) -> list[str]:
    """The values of all "Helped" in a message, in order."""
    found = [block["accessory"] for block in message["blocks"] if "accessory" in block]
    return [menu["options"][0]["value"] for menu in found if menu["action_id"] == "suggestion_vote"]


def votes(stage: Stage) -> list[SuggestionVote]:
    with stage.database.transaction() as session:
        return list(session.scalars(select(SuggestionVote).order_by(SuggestionVote.voted_at)))


# -- asked for ---------------------------------------------------------------------------------------------------------


def test_the_answer_has_incidents_playbook_and_guide_with_cause_fix_and_matched_words(stage: Stage) -> None:
    said = whispered(
        stage.responder, INCIDENTS, "/incident similar lambda functions time out connecting to the database"
    )
    shown = content_of(said)
    memory = stage.context.memory.current()
    kinds = [memory.entries[menu.split(":")[2]].kind for menu in menus(said)]
    assert 1 <= kinds.count("incident") <= 3
    assert kinds.count("playbook") <= 1 and kinds.count("guide") <= 1
    assert kinds == sorted(kinds, key=["incident", "playbook", "guide"].index)
    assert "Cause:" in shown and "Fix:" in shown and "Matches in " in shown
    assert re.search(r"Matches in (title|symptoms): \w+ \d+%", shown), "each word with its share and its field"


def test_without_words_it_means_the_channel_s_incident_or_says_what_to_type(stage: Stage) -> None:
    told = ask(stage.responder, INCIDENTS, "/incident similar")
    assert "`/incident similar checkout returns 502`" in told
    ref, channel = stage.declare("P2 lambda functions time out connecting to the database")
    here = content_of(whispered(stage.responder, channel["id"], "/incident similar"))
    there = content_of(whispered(stage.responder, INCIDENTS, f"/incident similar {ref}"))
    assert here == there
    assert "lambda functions time out" in here
    ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")


@pytest.mark.parametrize("words", ["x", "the and of", "<b>&amp;</b> :tada:", "как дела сегодня", "who is in for lunch"])
def test_words_that_look_like_nothing_are_answered_in_one_sentence(stage: Stage, words: str) -> None:
    assert "No match for" in ask(stage.responder, INCIDENTS, f"/incident similar {words}")


def test_a_very_long_text_is_answered(stage: Stage) -> None:
    words = "checkout returns 502 " * 500
    assert ask(stage.responder, INCIDENTS, f"/incident similar {words}")


# -- two replicas ------------------------------------------------------------------------------------------------------


def test_what_the_command_line_imports_is_found_on_every_replica_by_the_next_query(
    stage: Stage, replicas: int, tocsin: Shell, tmp_path: Path
) -> None:
    person, document = stage.responder, tmp_path / "freezer.md"
    query = "/incident similar freezers too warm, temperature alarm in the cold store"

    def asked_everywhere() -> set[str]:
        return {content_of(whispered(person, INCIDENTS, query)) for _ in range(2 * replicas)}

    assert "DOC-freezer" not in str(asked_everywhere())
    document.write_text(FREEZER)
    assert "1 added" in tocsin("knowledge", "import", str(document)).stdout
    (told,) = asked_everywhere()
    assert "DOC-freezer" in told and "lost its licence file" in told

    document.write_text(FREEZER.replace("licence file", "certificate"))
    assert "1 updated" in tocsin("knowledge", "import", str(document)).stdout
    (told,) = asked_everywhere()
    assert "lost its certificate" in told

    assert tocsin("knowledge", "remove", "DOC-freezer").returncode == 0
    assert "DOC-freezer" not in str(asked_everywhere())


def test_an_incident_that_was_closed_is_found_on_every_replica_until_it_is_reopened(
    stage: Stage, replicas: int
) -> None:
    person = stage.responder
    ref, _ = stage.declare("P2 shuttle buses show no timetable on their displays")
    ask(person, INCIDENTS, f"/incident cause {ref} the timetable feed moved to another host")
    ask(person, INCIDENTS, f"/incident resolve {ref} pointed the displays at the new host")
    query = "/incident similar bus displays show no timetable"
    assert ref not in content_of(whispered(person, INCIDENTS, query))
    ask(person, INCIDENTS, f"/incident close {ref} pointed the displays at the new host")
    for _ in range(2 * replicas):
        told = content_of(whispered(person, INCIDENTS, query))
        assert ref in told and "the timetable feed moved" in told
    ask(person, INCIDENTS, f"/incident cause {ref} somebody renamed the feed")
    assert "somebody renamed the feed" in content_of(whispered(person, INCIDENTS, query))
    reopen_closed(person, INCIDENTS, f"/incident reopen {ref} empty again")
    for _ in range(2 * replicas):
        assert ref not in content_of(whispered(person, INCIDENTS, query))
    ask(person, INCIDENTS, f"/incident resolve {ref}")


# -- votes -------------------------------------------------------------------------------------------------------------


def test_a_vote_on_a_private_answer_is_kept_and_can_change(stage: Stage) -> None:
    said = whispered(
        stage.responder, INCIDENTS, "/incident similar lambda functions time out connecting to the database"
    )
    ref = element(said, "suggestion_vote")["options"][0]["value"].split(":")[2]
    assert (
        press_and_hear(stage.responder, INCIDENTS, said, "suggestion_vote", "yes")
        == f"Thanks. {ref} marked as helpful."
    )
    assert (
        press_and_hear(stage.responder, INCIDENTS, said, "suggestion_vote", "no")
        == f"Thanks. {ref} marked as not a match."
    )
    (kept,) = votes(stage)
    assert (kept.ref, kept.user_id, kept.place, kept.helped) == (ref, "U0RESPONDER", 1, False)
    assert kept.shown_key.startswith("similar:")


def test_votes_in_the_thread_and_on_the_card_are_about_the_same_suggestion(stage: Stage) -> None:
    before = len(votes(stage))
    ts, answer = report(stage, "every lambda function times out connecting to the database, checkout is down for all")
    assert menus(answer), content_of(answer)
    assert press_and_hear(stage.team_lead, INCIDENTS, answer, "suggestion_vote", "yes", ts).endswith(
        " marked as helpful."
    )
    told = press_and_hear(stage.responder, INCIDENTS, answer, "report_declare", thread_ts=ts)
    ref = told.split()[2]
    settle(stage.database)
    decided = stage.responder.wait_for_message(INCIDENTS, "Declared as", thread_ts=ts)
    assert menus(decided) == [menu for menu in menus(answer) if not menu.startswith("yes:0:")]
    channel = stage.room(stage.responder, ref)
    card = card_of(stage.responder, channel)
    assert menus(card) == menus(answer)[:1]
    assert press_and_hear(stage.team_lead, channel["id"], card, "suggestion_vote", "no").endswith(
        " marked as not a match."
    )
    (kept,) = votes(stage)[before:]
    assert (kept.shown_key, kept.helped) == (f"report:{report_row(stage, ts).report_id}", False)
    ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")


def test_what_was_voted_becomes_precision_in_the_metrics(stage: Stage) -> None:
    now = stage.context.now()
    with stage.database.transaction() as session:
        (section,) = [one for one in measure(session, now - timedelta(days=1), now) if one.name == "suggestions"]
    kept = [vote for vote in votes(stage) if 1 <= vote.place <= 3]
    assert section.figures["judged"] == len({(vote.shown_key, vote.ref) for vote in kept}) > 0
    assert section.figures["helped"] == 0
    assert section.figures["months"][0]["precision_at_3"] == 0.0


# -- it has come before ------------------------------------------------------------------------------------------------


def test_the_card_and_the_review_say_how_often_it_came_before(stage: Stage, tocsin: Shell) -> None:
    person, refs = stage.responder, []
    for _ in range(3):
        ref, channel = stage.declare("P2 parcel lockers in Bremen do not open, screen stays black")
        refs.append(ref)
        if len(refs) < 3:
            ask(person, INCIDENTS, f"/incident resolve {ref} restarted the locker gateway")
            ask(person, INCIDENTS, f"/incident close {ref} restarted the locker gateway")
    day = row(stage, refs[0]).declared_at
    said = content_of(card_says(person, channel, "3rd time since"))
    assert f"3rd time since {day.day} {day:%B}" in said
    assert refs[0] in said and refs[1] in said
    drafted = tocsin("review", refs[2], TOCSIN_CLOCK_FILE=str(stage.settings.clock_file)).stdout
    assert "3rd time" not in drafted, "a review counts causes that people recorded, not looks"
    ask(person, INCIDENTS, f"/incident resolve {refs[2]}")
