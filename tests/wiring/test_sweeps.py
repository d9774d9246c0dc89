"""A sweep that meets a locked incident: the others are woken, it is said, and the next sweep comes at once."""

from __future__ import annotations

import threading

from structlog.testing import capture_logs

from bot.context import AppContext
from bot.escalation.rules.matrix import Role
from bot.escalation.tables import PingRow
from bot.incidents.queries import incidents
from bot.severity.rules import Severity
from bot.wiring.monitoring.health import Progress
from bot.wiring.upkeep.sweeps import Sweeps
from tests.fixtures.job import Declared, later

AT_ONCE = 0.5  # seconds; a sweep with nothing due comes once a second


def claimed(context: AppContext, incident_id: int) -> bool:
    """Whether a page of the incident has left its plan since the declaration."""
    with context.database.transaction() as session:
        found = session.query(PingRow).filter_by(incident_id=incident_id, role=Role.TEAM_LEAD.value)
        return any(ping.state == "sending" for ping in found)


def test_a_locked_incident_is_passed_over_named_and_woken_when_it_is_free(
    context: AppContext, declared_incident: Declared
) -> None:
    held, free = declared_incident(Severity.P0), declared_incident(Severity.P0)
    sweeps = Sweeps(later(context, 30), Progress(), threading.Event())
    with capture_logs() as lines:
        with context.database.transaction() as session:
            incidents.get_for_change(session, held.incident_id)
            pause = sweeps.sweep()
            assert (claimed(context, held.incident_id), claimed(context, free.incident_id)) == (False, True)
            assert pause <= AT_ONCE
        (said,) = [line for line in lines if "another session holds" in line["event"]]
        assert said["reason"] == held.ref
        sweeps.sweep()
    assert claimed(context, held.incident_id)
    assert lines[-1]["event"].endswith(": over")
