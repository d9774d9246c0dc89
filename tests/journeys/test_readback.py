"""Tocsin was away: what people wrote, reworded, took back and marked meanwhile is on the timeline, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.demo.seed import seed_workspace
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import TimelineEntry
from bot.reviews.queries import action_items
from bot.settings import REPOSITORY, Settings
from bot.severity.flows.live import LiveJudge
from bot.severity.rules import NotFitted
from bot.store.engine import Database
from bot.wiring.building import build_matrix
from bot.wiring.service import Parts, Service, build_context
from bot.wiring.upkeep import fitting
from slack_playground.app import Playground
from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.manifest import read_manifest
from tests.faults.troubles import fail, faults_left
from tests.journeys.story import entries, jump, settle
from tests.journeys.wire import dispatcher_of
from tests.support.stage import INCIDENTS, PATIENT, UNHURRIED, Stage, running, unhurried, wait_until_connected, weekend

Up = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def away(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Up]]:
    """A stage on which the bot is up only inside a block of its own."""
    folder = tmp_path_factory.mktemp("away")
    clock = DemoClock(folder / "clock.json", virtual=weekend())
    manifest = read_manifest(REPOSITORY / "slack-manifest.yaml")
    with Playground(seed_workspace(clock, timing=UNHURRIED, manifest=manifest)) as playground:
        values = {
            "DATABASE_URL": database.url,
            "SLACK_BASE_URL": playground.api_url,
            "SLACK_BOT_TOKEN": "xoxb-playground",
            "SLACK_APP_TOKEN": "xapp-playground",
            "TOCSIN_DATA": str(data_folder),
            "TOCSIN_CLOCK_FILE": str(folder / "clock.json"),
            "TOCSIN_WEB_PORT": "0",
        }
        settings = Settings.model_validate(values)
        context = unhurried(build_context(settings, database))
        stage = Stage(playground, clock, database, context, settings)
        yield stage, lambda: running(Service(settings, context, Parts(serve=False, patience=PATIENT)))


def give_up(playground: Playground) -> None:
    """Slack has sent its events again often enough."""
    dispatcher = dispatcher_of(playground)
    for waiting in (dispatcher.pending, dispatcher.homeless):
        playground.on_loop(waiting.clear)


def raw(stage: Stage, ref: str, *kinds: Kind) -> list[TimelineEntry]:
    with stage.database.transaction() as session:
        return timeline.list_rows(session, incidents.get_by_ref(session, ref).incident_id, kinds)


def said(stage: Stage, ref: str) -> list[tuple[str, bool]]:
    return [(entry.text, entry.key) for entry in entries(stage, ref) if entry.kind is Kind.MESSAGE_POSTED]


def until_recorded(stage: Stage, ref: str, count: int) -> None:
    until(lambda: len(said(stage, ref)) >= count, f"{count} messages of {ref}")


def until(look: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.02)  # what is read back is told to nobody


def change_what_was_said(stage: Stage, channel: dict[str, Any], heard: dict[str, str]) -> None:
    """Everything that people can do to messages, while nobody listens."""
    responder, lead = stage.responder, stage.team_lead
    responder.edit(channel["id"], heard["reworded"], "it is the cache")
    responder.delete(channel["id"], heard["taken back"])
    responder.delete(channel["id"], heard["reply taken back"])
    responder.react(channel["id"], heard["marked"], "pushpin")
    lead.unreact(channel["id"], heard["unmarked"], "pushpin")
    responder.react(channel["id"], heard["marked"], "clipboard")
    fresh = responder.say(channel["id"], "posted meanwhile")
    responder.edit(channel["id"], fresh, "posted and reworded meanwhile")
    responder.reply(channel["id"], heard["unmarked"], "replied meanwhile")
    give_up(stage.playground)


def test_what_happened_while_the_bot_was_away_is_on_the_timeline_once(away: tuple[Stage, Up]) -> None:
    stage, up = away
    responder, lead = stage.responder, stage.team_lead
    with up():
        wait_until_connected(stage.playground)
        ref, channel = stage.declare("P2 the basket loses items")
        lead.act("join", channel=channel["id"])
        names = ("reworded", "taken back", "marked", "unmarked")
        heard = {name: responder.say(channel["id"], f"to be {name}") for name in names}
        heard["reply taken back"] = responder.reply(channel["id"], heard["marked"], "a reply to be taken back")
        responder.reply(channel["id"], heard["marked"], "a reply that stays")
        lead.react(channel["id"], heard["unmarked"], "pushpin")
        until_recorded(stage, ref, 6)
        until(lambda: ("to be unmarked", True) in said(stage, ref), "mark")
        settle(stage.database)
    jump(stage, 7200)
    change_what_was_said(stage, channel, heard)
    jump(stage, 120)
    for _ in range(2):
        with up():
            wait_until_connected(stage.playground)
            until_recorded(stage, ref, 6)
            settle(stage.database)
            until(lambda: ("to be marked", True) in said(stage, ref), "mark that was missed")
            settle(stage.database)
        assert said(stage, ref) == [
            ("it is the cache", False),
            ("to be marked", True),
            ("to be unmarked", False),
            ("a reply that stays", False),
            ("posted and reworded meanwhile", False),
            ("replied meanwhile", False),
        ]
        deleted = [entry.message_ts for entry in raw(stage, ref, Kind.MESSAGE_DELETED)]
        assert sorted(filter(None, deleted)) == sorted([heard["taken back"], heard["reply taken back"]])
        assert len(raw(stage, ref, Kind.MESSAGE_POSTED)) == 8
        assert len(raw(stage, ref, Kind.MESSAGE_EDITED)) == 2
        # An event that Slack sends again may say a mark once more: what counts is which message stands marked.
        marks = {(entry.kind, entry.message_ts) for entry in raw(stage, ref, Kind.PINNED, Kind.UNPINNED)}
        assert marks == {
            (Kind.PINNED, heard["marked"]),
            (Kind.PINNED, heard["unmarked"]),
            (Kind.UNPINNED, heard["unmarked"]),
        }
        with stage.database.transaction() as session:
            items = action_items.list_of_incident(session, incidents.get_by_ref(session, ref).incident_id)
            assert [(item.text, item.made_by) for item in items] == [("to be marked", "U0RESPONDER")]
        jump(stage, 60)


def test_nothing_is_lost_when_a_look_fails_half_way(away: tuple[Stage, Up]) -> None:
    stage, up = away
    responder = stage.responder
    with up():
        wait_until_connected(stage.playground)
        ref, channel = stage.declare("P2 the basket shows old prices")
        responder.say(channel["id"], "heard")
        until_recorded(stage, ref, 1)
        settle(stage.database)
    first = responder.say(channel["id"], "the first that was missed")
    responder.reply(channel["id"], first, "a reply to it")
    jump(stage, 3 * 86_400)
    for number in range(420):
        responder.say(channel["id"], f"three days later, {number}")
    give_up(stage.playground)
    jump(stage, 60)
    # What is newest is taken in first; then the thread of the oldest message cannot be read.
    fail(stage.playground, "conversations.replies", "error", error="internal_error")
    with up():
        wait_until_connected(stage.playground)
        responder.say(channel["id"], "heard at once")
        until_recorded(stage, ref, 424)
        settle(stage.database)
    assert faults_left(stage.playground) == []
    words = [text for text, _ in said(stage, ref)]
    assert words[:3] == ["heard", "the first that was missed", "a reply to it"]
    assert words[3:] == [f"three days later, {number}" for number in range(420)] + ["heard at once"]


class Fit:
    """Stands in for the process that fits the judge, which takes half a minute, until the test has it end."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def start(self) -> None:
        pass

    def join(self, timeout: float) -> None:
        self.ended.wait(timeout)

    def is_alive(self) -> bool:
        return not self.ended.is_set()

    def terminate(self) -> None:
        self.ended.set()


def test_a_bot_whose_judge_is_being_fitted_serves_commands_and_answers_reports_after_it(
    away: tuple[Stage, Up], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, _ = away
    fit = Fit()
    monkeypatch.setattr(fitting, "fitting_process", lambda *_: fit)
    judge = LiveJudge(build_matrix(stage.settings), stage.database, fitted=False)
    service = Service(
        stage.settings, replace(stage.context, judge=judge), Parts(work=True, serve=False, patience=PATIENT)
    )
    with running(service):
        wait_until_connected(stage.playground)
        ts = stage.responder.say(INCIDENTS, "checkout returns 502 for every customer")
        stage.declare("P2 the basket loses items")
        with pytest.raises(NotFitted):
            judge.require_fitted()
        assert len(stage.responder.replies(INCIDENTS, ts)) == 1, "it was judged by half a judge"
        jump(stage, 40)  # it is no longer on its way
        fit.ended.set()
        stage.responder.wait_for_message(INCIDENTS, "P", thread_ts=ts)
        assert judge.is_fitted
