"""Action items as items of a list in Slack: made once, ticked in either place, and none where the plan has no lists."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.context import AppContext
from bot.errors import BadRequest, InvalidPolicy
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.pagers.outlet import Pagers
from bot.pagers.sender import build_sender
from bot.reviews.flows import action_items
from bot.reviews.queries import action_items as items
from bot.reviews.rules.action_requests import ActionRequest
from bot.settings import Settings
from bot.severity.rules import Severity
from bot.slack.client import Slack, TryAgain
from bot.slack.poster import Poster
from bot.trackers import flows, jobs, queries
from bot.trackers.adapters.common import Target
from bot.trackers.policy import TrackersPolicy, load_trackers
from bot.trackers.tables import IssueRow, ListRow
from bot.wiring.doctor.findings import Known
from bot.wiring.doctor.lists import slack_lists
from slack_playground.api.documents.lists import write_cell
from slack_playground.app import Playground
from slack_playground.workspace.records import Json, SlackList
from tests.fixtures.slack import Control
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON

BY, OWNER = "U0RESPONDER", "U0TEAMLEAD"
TARGET = Target("list", "slack", "Action items", "", "", channel="C0INCIDENTS")
_numbers = itertools.count(1)


@dataclass
class Desk:
    """Action items that go to a list, and the Slack in which that is."""

    context: AppContext
    slack: Slack
    poster: Poster
    playground: Playground

    def add(self, *, security: bool = False, words: str = "Alarm on the pool; password=hunter2hunter2") -> int:
        """An open action item of an incident of its own."""
        number = next(_numbers)
        with self.context.database.transaction() as session:
            wanted = Declaration(f"list:{number}", "checkout fails", Severity.P1, BY, security=security)
            row, _ = declare(session, wanted, self.context.policy, self.context.now())
            request = ActionRequest(words, "high", OWNER, date(2026, 12, 4))
            calendar = self.context.policy.calendar
            item, _ = action_items.add(session, row, request, BY, calendar, self.context.now(), f"listed:{number}")
            empty_queue(session)
            return item.action_id

    def incident(self, action_id: int) -> IncidentRow:
        with self.context.database.transaction() as session:
            return incidents.get(session, items.get(session, action_id).incident_id)

    def ask(self, action_id: int) -> str:
        with self.context.database.transaction() as session:
            row = incidents.get_for_change(session, items.get(session, action_id).incident_id)
            return flows.ask(session, row, 1, BY, self.context.policy, self.context.now())

    def create(self, action_id: int) -> None:
        jobs.create_issue(self.context, self.slack, self.poster, action_id=action_id)

    def sync(self, action_id: int) -> None:
        jobs.sync(self.context, self.slack, self.poster, action_id=action_id)

    def state(self, action_id: int) -> str:
        with self.context.database.transaction() as session:
            return items.get(session, action_id).state

    def act(self, action_id: int, flow: Any) -> None:
        with self.context.database.transaction() as session:
            row = incidents.get_for_change(session, items.get(session, action_id).incident_id)
            flow(session, row, 1, BY, self.context.now())

    def told(self, action_id: int, kind: Kind = Kind.NOT_DONE) -> list[str]:
        with self.context.database.transaction() as session:
            return [entry.text for entry in timeline.list_rows(session, self.incident(action_id).incident_id, (kind,))]

    @property
    def lists(self) -> list[SlackList]:
        return list(self.playground.workspace.lists.values())

    def cells(self, number: str) -> dict[str, Json]:
        return {field["key"]: field for field in self.lists[-1].items[number]["fields"]}

    def number(self, action_id: int) -> str:
        with self.context.database.transaction() as session:
            known = queries.find(session, action_id)
            assert known is not None and known.number is not None
            return known.number

    def tick(self, number: str, *, done: bool) -> None:
        """Somebody ticks it in Slack."""
        cell = {"key": "todo_completed", "column_id": "Col00", "checkbox": done, "value": done}
        self.playground.on_loop(lambda: write_cell(self.lists[-1].items[number], "Col00", cell))


@pytest.fixture
def desk(context: AppContext, slack: Slack, poster: Poster, playground: Playground) -> Iterator[Desk]:
    with context.database.transaction() as session:
        session.query(IssueRow).delete()
        session.query(ListRow).delete()
    trackers = TrackersPolicy({"list": TARGET}, default="list")
    policy = replace(context.policy, trackers=trackers)
    own = replace(context, policy=policy, trackers=Pagers(lambda name: None, build_sender()))
    playground.on_loop(lambda: playground.workspace.lists.clear())
    yield Desk(own, slack, poster, playground)
    playground.on_loop(lambda: setattr(playground.workspace, "free_plan", False))


def test_the_first_item_makes_the_list_which_its_channel_sees_and_the_next_goes_on_it(desk: Desk) -> None:
    first, second = desk.add(), desk.add(words="Raise the limit")
    assert "Creating an issue in Slack Lists" in desk.ask(first)
    for action_id in (first, first):
        desk.create(action_id)
    desk.ask(second)
    desk.create(second)
    (made,) = desk.lists
    assert made.name == "Action items" and made.access["C0INCIDENTS"] == "write"
    assert len(made.items) == 2
    cells = desk.cells(desk.number(first))
    assert cells["title"]["text"].startswith("Alarm on the pool") and "hunter2" not in str(cells)
    assert cells["about"]["text"] == f"Action item 1 of {desk.incident(first).ref} (P1): checkout fails"
    assert cells["todo_assignee"]["user"] == [OWNER] and cells["todo_due_date"]["date"] == ["2026-12-04"]
    assert cells["priority"]["select"] == ["high"]
    (line,) = desk.told(first, Kind.ISSUE_CREATED)
    assert "/lists/T" in line and f"record_id={desk.number(first)}|item of Action items>" in line


def test_an_item_whose_making_was_never_confirmed_is_found_and_not_made_again(desk: Desk, control: Control) -> None:
    action_id = desk.add()
    desk.ask(action_id)
    control.fault("slackLists.items.create", "drop_after")
    with pytest.raises(TryAgain):
        desk.create(action_id)
    assert len(desk.lists[0].items) == 1
    desk.create(action_id)
    assert len(desk.lists[0].items) == 1 and desk.number(action_id) in desk.lists[0].items


def test_what_is_ticked_in_either_place_is_done_in_both(desk: Desk) -> None:
    action_id = desk.add()
    desk.ask(action_id)
    desk.create(action_id)
    number = desk.number(action_id)
    desk.tick(number, done=True)
    for _ in range(2):
        desk.sync(action_id)
    assert desk.state(action_id) == items.DONE
    (line,) = desk.told(action_id, Kind.ACTION_DONE)
    assert "is done: its issue was closed in Slack Lists" in line
    desk.tick(number, done=False)
    desk.sync(action_id)
    assert desk.state(action_id) == items.OPEN
    desk.act(action_id, action_items.finish)
    desk.sync(action_id)
    assert desk.cells(number)["todo_completed"]["checkbox"] is True
    desk.act(action_id, action_items.reopen)
    desk.sync(action_id)
    assert desk.cells(number)["todo_completed"]["checkbox"] is False
    with desk.context.database.transaction() as session:
        assert flows.plan_reading(session, desk.context.now()) == 0  # read a moment ago
        row = queries.find_for_change(session, action_id)
        assert row is not None
        row.read_at = None
        assert flows.plan_reading(session, desk.context.now()) == 1
        assert len(queued(session, "trackers.sync", action_id=action_id)) == 1


def test_a_plan_without_lists_is_said_once_and_items_stay_as_they_were(desk: Desk) -> None:
    desk.playground.on_loop(lambda: setattr(desk.playground.workspace, "free_plan", True))
    action_id = desk.add()
    desk.ask(action_id)
    desk.create(action_id)
    (line,) = desk.told(action_id)
    assert "this Slack plan or workspace has no Lists (lists_disabled_user_team)" in line
    assert "Action items stay in Tocsin" in line and desk.state(action_id) == items.OPEN
    automatic = replace(desk.context.policy, trackers=replace(desk.context.policy.trackers, automatic=True))
    other = desk.add()
    with desk.context.database.transaction() as session:
        row = incidents.get_for_change(session, desk.incident(other).incident_id)
        assert flows.ask_for_all(session, row, BY, automatic, desk.context.now()) == 0
        known = {each.tracker: each for each in queries.list_lists(session)}
    settings = Settings.model_validate({})
    said = list(slack_lists(Known(settings, NOON, policy=desk.context.policy, lists=known)))
    assert [(one.state, "has no Lists" in one.says) for one in said] == [("failed", True)]
    desk.playground.on_loop(lambda: setattr(desk.playground.workspace, "free_plan", False))
    desk.ask(action_id)  # whoever presses again has it tried
    desk.create(action_id)
    assert len(desk.lists[0].items) == 1
    with desk.context.database.transaction() as session:
        known = {each.tracker: each for each in queries.list_lists(session)}
    assert [one.state for one in slack_lists(Known(settings, NOON, policy=desk.context.policy, lists=known))] == ["ok"]


def test_a_list_that_was_deleted_is_made_anew_and_one_that_nobody_may_see_is_shared_later(
    desk: Desk, control: Control
) -> None:
    action_id = desk.add()
    desk.ask(action_id)
    control.refuse("slackLists.access.set", "restricted_action")
    desk.create(action_id)
    assert "don't let apps make or share lists" in desk.told(action_id)[0]
    control.clear_faults()
    desk.ask(action_id)
    desk.create(action_id)
    (made,) = desk.lists
    assert made.access["C0INCIDENTS"] == "write" and len(made.items) == 1
    desk.playground.on_loop(lambda: desk.playground.workspace.lists.clear())
    other = desk.add()
    desk.ask(other)
    desk.create(other)
    assert "its list was deleted in Slack" in desk.told(other)[0]
    desk.ask(other)
    desk.create(other)
    assert len(desk.lists[0].items) == 1


def test_items_of_security_incidents_go_on_no_list(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="sent to a tracker"):
        desk.ask(desk.add(security=True))
    shared = "trackers:\n  list: {kind: slack, project: Action items, channel: C0ENGINEERING}\n"
    file = tmp_path / "trackers.yaml"
    file.write_text(f"{shared}default: list\n", encoding="utf-8")
    assert load_trackers(file).targets["list"].channel == "C0ENGINEERING"
    for text, reason in (
        (f"{shared}security: list\n", r"trackers.yaml:3: .*go to none"),
        (shared.replace("channel: C0ENGINEERING", "labels: []"), "a list needs `channel`"),
        (shared.replace("C0ENGINEERING", "engineering"), '"engineering" is not the id of a channel'),
        ("trackers:\n  shop: {kind: github, project: a/b}\n", "github needs `token`"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidPolicy, match=reason):
            load_trackers(file)
