"""A database whose answers are late: whoever typed, pressed or sent something hears in time, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.lifecycle.messages.forms import CLOSE
from bot.slack.replies.late import AGAIN, DONE, OPENING, PATIENCE, SENDING, WORKING
from bot.slack.replies.unfinished import TASK
from bot.store.engine import Database
from slack_playground.person import NotDone, Person, content_of
from tests.faults.silence import Proxy, proxied
from tests.journeys.story import row, rows, settle
from tests.support.stage import INCIDENTS, Stage, press, staged


@pytest.fixture(scope="module")
def proxy(database: Database) -> Iterator[Proxy]:
    with proxied(database.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def stage(
    proxy: Proxy, database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """The bot, which reaches its database through the proxy; the tests' own way stays free."""
    through = Database(proxy.url, connections=20)
    folder = Path(tmp_path_factory.mktemp("slow"))
    with staged(
        through, folder, lambda settings: settings.model_copy(update={"data_folder": data_folder}), PATIENCE
    ) as built:
        yield Stage(built.playground, built.clock, database, built.context, built.settings)
    through.close()


@pytest.fixture(autouse=True)
def flowing(proxy: Proxy) -> Iterator[None]:
    yield
    proxy.let_go()


def topmost(person: Person, words: str) -> dict[str, Any]:
    """The form on top, once it says these words."""

    def look() -> dict[str, Any] | None:
        return next((view for view in reversed(person.views()[-1:]) if words in content_of(view)), None)

    return person.wait_for(look, what=f"a form that says {words!r}")


def wait_for_more(person: Person, channel: str, heard: int) -> None:
    """Until more than so many messages were said to this person alone."""
    person.wait_for(lambda: len(person.ephemerals(channel)) > heard or None)


def notes(stage: Stage) -> int:
    """How many are noted as acknowledged before they were done."""
    with stage.database.reading() as session:
        counted = text("select count(*) from procrastinate_jobs where task_name = :task")
        return session.scalar(counted, {"task": TASK}) or 0


def close_all(person: Person) -> None:
    while views := person.views():
        person.close_view(views[-1])


def test_a_command_is_acknowledged_without_a_promise_and_answered_when_it_is_done(stage: Stage, proxy: Proxy) -> None:
    person = stage.responder
    ref, channel = stage.declare("P3 the printer queue is stuck")
    proxy.hold()
    person.command(INCIDENTS, f"/incident severity {ref} P2")
    assert content_of(person.ephemerals(INCIDENTS)[-1]) == WORKING
    assert row(stage, ref).severity == "P3"
    proxy.let_go()
    person.wait_for_ephemeral(INCIDENTS, f"{ref} is now P2")
    assert row(stage, ref).severity == "P2"
    person.wait_for(lambda: notes(stage) == 0 or None, what="no note that it may not be done")
    proxy.hold()
    person.command(channel["id"], "/incident severity P3")  # which the channel's own line answers
    proxy.let_go()
    person.wait_for_ephemeral(channel["id"], DONE)


def test_what_is_refused_late_is_said(stage: Stage, proxy: Proxy) -> None:
    proxy.hold()
    stage.responder.command(INCIDENTS, "/incident resolve INC-2020-0999 rolled back")
    proxy.let_go()
    stage.responder.wait_for_ephemeral(INCIDENTS, "INC-2020-0999")


def test_what_is_typed_again_meanwhile_is_not_done_twice(stage: Stage, proxy: Proxy) -> None:
    person, title = stage.manager, "P3 the badge reader at the north door is dead"
    proxy.hold()
    person.command(INCIDENTS, f"/incident declare! {title}")
    person.command(INCIDENTS, f"/incident  declare! {title} ")
    assert content_of(person.ephemerals(INCIDENTS)[-1]) == AGAIN
    proxy.let_go()
    person.wait_for_ephemeral(INCIDENTS, "declared")
    settle(stage.database)
    assert [kept.title for kept in rows(stage)].count(title.removeprefix("P3 ")) == 1
    person.command(INCIDENTS, "/incident help")  # which asks no database
    person.command(INCIDENTS, f"/incident declare! {title}")  # once the first is answered, it is meant
    person.wait_for(lambda: [kept.title for kept in rows(stage)].count(title.removeprefix("P3 ")) == 2 or None)


def test_a_press_is_acknowledged_and_then_answered(stage: Stage, proxy: Proxy) -> None:
    person = stage.responder
    ref, channel = stage.declare("P3 the coffee machine reports an error")
    card = person.messages(channel["id"])[0]
    proxy.hold()
    press(person, channel["id"], card, "incident_acknowledge")
    person.wait_for_ephemeral(channel["id"], WORKING)
    press(person, channel["id"], card, "incident_acknowledge")
    person.wait_for_ephemeral(channel["id"], AGAIN)
    proxy.let_go()
    person.wait_for(lambda: row(stage, ref).acknowledged_at)
    person.wait_for(lambda: len(person.ephemerals(channel["id"])) == 3 or None, what="what came of it")


def test_a_form_says_at_once_that_it_opens_and_what_became_of_it(stage: Stage, proxy: Proxy) -> None:
    person = stage.responder
    ref, channel = stage.declare("P3 the wiki shows an old page")
    person.command(channel["id"], "/incident resolve the cache was flushed")
    person.wait_for(lambda: row(stage, ref).resolved_at)
    proxy.hold()
    person.command(channel["id"], "/incident close")
    topmost(person, OPENING)
    proxy.let_go()
    form = person.wait_for_view(CLOSE)
    proxy.hold()
    person.submit(form, {"cause": {"cause": "a stale cache key"}})
    topmost(person, SENDING)
    proxy.let_go()
    topmost(person, DONE)
    assert (row(stage, ref).status, row(stage, ref).cause) == ("closed", "a stale cache key")
    close_all(person)


def test_a_form_that_cannot_open_says_why_in_its_place(stage: Stage, proxy: Proxy) -> None:
    person = stage.team_lead
    proxy.hold()
    person.command(INCIDENTS, "/incident close INC-2020-0999")
    topmost(person, OPENING)
    proxy.let_go()
    topmost(person, "INC-2020-0999")
    close_all(person)
    ref, channel = stage.declare("P3 the lift stops between floors")
    proxy.hold()
    person.command(INCIDENTS, f"/incident close {ref}")
    topmost(person, OPENING)
    proxy.let_go()
    topmost(person, "resolve")  # what `close` says in words where there is nothing to ask
    close_all(person)
    assert row(stage, ref).status != "closed"
    assert channel


@pytest.mark.parametrize("closed", [False, True])
def test_a_form_refused_late_keeps_what_was_typed(stage: Stage, proxy: Proxy, closed: bool) -> None:
    person = stage.manager
    person.open_shortcut("declare_global")
    form = person.wait_for_view()
    proxy.hold()
    words = {"title": {"title": "?!?"}, "severity": {"severity": "P3"}}
    person.submit(form, words)
    shown = topmost(person, SENDING)
    if closed:
        person.close_view(shown)
    proxy.let_go()
    if closed:
        said = person.wait_for_message(person.dm_with("U0TOCSIN"), "What you typed")
        assert "?!?" in content_of(said)
        return
    again = topmost(person, ":warning:")
    title = next(block for block in again["blocks"] if block.get("block_id") == "title")
    assert title["element"]["initial_value"] == "?!?"
    assert person.submit(again, {"title": {"title": "the intercom is dead"}}) == {}
    person.wait_for(lambda: rows(stage)[-1].title == "the intercom is dead" or None)
    close_all(person)


def test_each_command_is_acknowledged_with_a_fifth_of_a_second_for_each_answer(stage: Stage, proxy: Proxy) -> None:
    """None runs into Slack's limit, which the local Slack would refuse with `operation_timeout`."""
    ref, channel = stage.declare("P2 the exporter is late")
    proxy.delay = 0.2
    try:
        for typed in ("severity P3", "catchup", "resolve restarted it", "reopen late again", "declare! P3 mails wait"):
            heard = len(stage.responder.ephemerals(channel["id"]))
            try:
                stage.responder.command(channel["id"], f"/incident {typed}")
            except NotDone as refused:
                pytest.fail(f"{typed}: {refused}")
            wait_for_more(stage.responder, channel["id"], heard + 1)
    finally:
        proxy.delay = 0.0
    stage.responder.wait_for(lambda: rows(stage)[-1].title == "mails wait" or None)
    assert row(stage, ref).status == "investigating"
