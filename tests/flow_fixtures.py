"""The shipped policy, and incidents declared by the flow itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.settings import REPOSITORY
from bot.severity.rules import Severity
from bot.store.engine import Database
from bot.wiring.policy import load_policy
from tests.rows import NOON
from tests.stage import unhurried_policy

Declare = Callable[..., IncidentRow]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def policy() -> Policy:
    """What is shipped: Monday to Friday, 09:00–17:00 UTC. Who declares many incidents in a row is not asked."""
    return unhurried_policy(load_policy(REPOSITORY / "knowledge" / "policy"))


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """The transaction of one way in; it commits when the test ends."""
    with database.transaction() as session:
        yield session


@pytest.fixture
def declared(session: Session, policy: Policy) -> Declare:
    """Declare an incident of this test's own, by the responder, on a Friday at noon."""

    def make(severity: Severity = Severity.P1, at: datetime = NOON, title: str = "checkout returns 502") -> IncidentRow:
        wanted = Declaration(f"flow:{next(_numbers)}", title, severity, "U0RESPONDER")
        row, fresh = declare(session, wanted, policy, at)
        assert fresh
        return row

    return make
