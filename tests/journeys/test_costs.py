"""What an act costs: statements and commits of everything that follows it, each with a bound. More must be meant."""

from __future__ import annotations

import operator
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from structlog.contextvars import get_contextvars

from bot.incidents.queries import incidents, timeline
from bot.wiring.monitoring.health import Progress
from bot.wiring.upkeep.housekeeping import Housekeeping
from bot.wiring.upkeep.periodic import PERIODIC
from bot.wiring.upkeep.sweeps import Sweeps
from tests.journeys.story import jump_to
from tests.support.stage import INCIDENTS, Stage

# Statements and commits of listeners, jobs and pages, and how many of the commits wrote anything; the queue itself
# spends two of each on a job, and what only reads commits nothing (`Database.reading`). A commit after the note that a
# message is about to be edited counts as one that wrote.
BOUNDS = {"declare": (60, 6, 6), "message": (3, 1, 1), "raise to P1": (60, 9, 9), "close": (100, 14, 13)}
LONGEST = 120  # seconds for which the queue may work; nothing is measured by it
_LEFT = text("select count(*) from procrastinate_jobs where status in ('todo', 'doing') and scheduled_at is null")


@dataclass
class Cost:
    """Statements and commits of all threads but the test's own."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0
    written: int = 0  # commits of what wrote, which wait for the disk
    _wrote: set[int] = field(default_factory=set)  # connections that did since their last commit

    def note(self, connection: int, statement: str) -> None:
        self.statements.append(statement)
        if not statement.lstrip().lower().startswith(("select", "with recursive")):
            self._wrote.add(connection)

    def commit(self, connection: int) -> None:
        self.commits += 1
        self.written += connection in self._wrote
        self._wrote.discard(connection)


@contextmanager
def cost(stage: Stage) -> Iterator[Cost]:
    """What is spent meanwhile, until the queue is empty."""
    spent, here = Cost(), threading.get_ident()

    def counts() -> bool:
        """Not the test's own, nor what the full minute has done."""
        return threading.get_ident() != here and get_contextvars().get("job") not in PERIODIC

    def note(connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if counts():
            spent.note(id(connection), statement)

    def commit(connection: Any) -> None:
        if counts():
            spent.commit(id(connection))

    settle(stage)
    event.listen(stage.database.engine, "before_cursor_execute", note)
    event.listen(stage.database.engine, "commit", commit)
    try:
        yield spent
        settle(stage)
    finally:
        event.remove(stage.database.engine, "before_cursor_execute", note)
        event.remove(stage.database.engine, "commit", commit)


def settle(stage: Stage) -> None:
    """Until no job is left that may run now."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        with stage.database.transaction() as session:
            if not session.scalar(_LEFT):
                return
        time.sleep(0.05)  # PostgreSQL tells nobody that a queue is empty
    raise AssertionError("the queue does not become empty")


def spent_by(stage: Stage, act: Callable[[], object]) -> tuple[int, int]:
    """Statements and commits of this thread while it acts."""
    statements, commits, here = 0, 0, threading.get_ident()

    def note(*_: Any) -> None:
        nonlocal statements
        statements += threading.get_ident() == here

    def commit(_connection: Any) -> None:
        nonlocal commits
        commits += threading.get_ident() == here

    event.listen(stage.database.engine, "before_cursor_execute", note)
    event.listen(stage.database.engine, "commit", commit)
    try:
        act()
    finally:
        event.remove(stage.database.engine, "before_cursor_execute", note)
        event.remove(stage.database.engine, "commit", commit)
    return statements, commits


def test_no_act_costs_more_than_its_bound(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it pages at once or in business hours only."""
    monkeypatch.setattr(Housekeeping, "look", lambda _self: None)  # what runs by itself is counted apart
    monkeypatch.setattr(Sweeps, "sweep", lambda _self: 1.0)
    costs: dict[str, Cost] = {}
    play(stage, "P2 the basket loses items", costs, "on a weekend")
    night = stage.context.now().replace(hour=3) + timedelta(days=1)
    jump_to(stage, night)
    play(stage, "P0 nothing answers", costs, "at night")
    jump_to(stage, night.replace(hour=10) + timedelta(days=1))
    play(stage, "P2 the search finds nothing", costs, "on a workday")
    play(stage, "P1 nobody can pay", costs, "by day")
    spent = {name: (len(one.statements), one.commits, one.written) for name, one in costs.items()}
    over = [name for name, found in spent.items() if any(map(operator.gt, found, BOUNDS[name.split(", ")[0]]))]
    assert not over, {name: spent[name] for name in over}
    assert all(spent[f"message, {when}"][0] >= 2 for when in ("on a weekend", "at night")), "nothing was counted"


def play(stage: Stage, words: str, costs: dict[str, Cost], when: str) -> None:
    """The acts of one incident from its declaration to its end."""
    person = stage.responder
    with cost(stage) as costs[f"declare, {when}"]:
        ref, channel = stage.declare(words)
    with cost(stage) as costs[f"message, {when}"]:
        person.say(channel["id"], "looking at the pool")
        person.wait_for(lambda: "looking at the pool" in recorded(stage, ref) or None)
    if words.startswith("P2"):
        with cost(stage) as costs[f"raise to P1, {when}"]:
            person.command(INCIDENTS, f"/incident severity {ref} P1")
    person.command(INCIDENTS, f"/incident resolve {ref} rolled back, the release was broken")
    with cost(stage) as costs[f"close, {when}"]:
        person.command(INCIDENTS, f"/incident close {ref} nobody could pay")


def recorded(stage: Stage, ref: str) -> list[str]:
    with stage.database.transaction() as session:
        return [entry.text for entry in timeline.list_entries(session, incidents.get_by_ref(session, ref).incident_id)]


def test_a_bot_at_rest_asks_little(stage: Stage) -> None:
    """A sweep comes every second, a look every three; each transaction costs three more for its begin and its end."""
    sweeps, housekeeping = Sweeps(stage.context, Progress(), threading.Event()), Housekeeping(stage.context)
    for _ in range(2):  # the first looks after more
        sweep, look = spent_by(stage, sweeps.sweep), spent_by(stage, housekeeping.look)
    assert sweep == (2, 1)
    assert look[0] <= 8 and look[1] <= 5, look
