"""PostgreSQL restarts or is away: work goes on, people get a sentence, and what they said meanwhile is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.engine import Database
from slack_playground.workspace.workspace import Timing
from tests.faults.troubles import cut_connections, database_away, nothing_twice
from tests.journeys.story import ask, card_of, failed_jobs, press_and_hear, row, rows, settle
from tests.support.stage import INCIDENTS, Stage, staged

AWAY = "Tocsin cannot reach its database right now, so nothing was changed. Try again in a moment."


@pytest.fixture(scope="module")
def stage(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage on which Slack repeats its events sooner than after a minute."""
    folder = Path(tmp_path_factory.mktemp("stage"))
    with staged(database, folder, lambda settings: settings.model_copy(update={"data_folder": data_folder})) as built:
        built.playground.workspace.timing = Timing(ack=5.0, retries=(0.5, 0.5, 1.0, 1.0, 1.0, 1.0))
        yield built


def test_a_restart_is_noticed_by_nobody(stage: Stage) -> None:
    responder = stage.responder
    _, channel = stage.declare("P2 the server restarts")
    settle(stage.database)
    for number in range(3):
        cut_connections(stage.database)
        wanted = ("identified", "mitigated", "investigating")[number]
        assert wanted in ask(responder, channel["id"], f"/incident status {wanted}")
    settle(stage.database)
    said = [str(message["text"]) for message in responder.messages(channel["id"]) if message.get("bot_id")]
    lines = [line for text in said for line in text.split("\n") if line.startswith("Status")]  # lines are folded
    assert [line.split()[3] for line in lines] == ["identified", "mitigated", "investigating"]
    nothing_twice(stage.playground)
    assert failed_jobs(stage.database) == []


def test_commands_buttons_and_forms_say_that_the_database_is_away(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the database goes away")
    settle(stage.database)
    card = card_of(responder, channel)
    responder.command(INCIDENTS, "/incident declare")
    form = responder.wait_for_view("declare_view")
    filled = {"title": {"title": "typed while it was away"}, "severity": {"severity": "P3"}}
    before = len(rows(stage))
    with database_away(stage.database):
        assert ask(responder, INCIDENTS, "/incident declare P1 lost words") == AWAY
        assert ask(responder, channel["id"], "/incident resolve") == AWAY
        assert press_and_hear(responder, channel["id"], card, "incident_acknowledge") == AWAY
        assert responder.submit(form, filled) == {"title": AWAY}
    assert responder.submit(form, filled) == {}, "nothing that was typed is lost"
    assert press_and_hear(responder, channel["id"], card, "incident_acknowledge").startswith("You acknowledged")
    settle(stage.database)
    assert [kept.title for kept in rows(stage)[before:]] == ["typed while it was away"]
    assert row(stage, ref).status == "investigating"
    nothing_twice(stage.playground)


def test_what_is_said_while_the_database_is_away_is_taken_in_when_slack_repeats_it(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 words while the database is away")
    settle(stage.database)
    with database_away(stage.database):
        responder.say(channel["id"], "said into the dark")
        assert ask(responder, channel["id"], "/incident ack") == AWAY
    responder.wait_for(
        lambda: ask(responder, INCIDENTS, f"/incident timeline {ref}").count("said into the dark") == 1 or None,
        timeout=120,
        what="the message on the timeline",
    )
