"""What follows a change is decided in one place, and command is written in one place."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

import bot
from bot.context import Policy
from bot.incidents.queries import incidents
from bot.incidents.rules.responders import ResponderRole
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, commander, end, responders
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.consequences import after_change
from bot.lifecycle.queries import handovers
from bot.severity.rules import Severity
from tests.fixtures.flow import Declare
from tests.support.rows import NOON, minutes
from tests.support.source import syntax_of

LATER = NOON + minutes(10)

HOUSE = Path(bot.__file__).parent
FOLLOW_UPS = {"replan", "refresh_pages", "overtake_suggestion", "stop_reminders", "learn_closed", "follow_up"}


def waiting(session: Session, row: IncidentRow) -> Counter[str]:
    """The jobs of this incident that wait, by task."""
    statement = text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' AND args->>'incident_id' = :id")
    return Counter(session.execute(statement, {"id": str(row.incident_id)}).scalars())


def calls(module: Path) -> set[str]:
    nodes = ast.walk(syntax_of(module))
    return {ast.unparse(node.func).split(".")[-1] for node in nodes if isinstance(node, ast.Call)}


def test_no_flow_of_the_lifecycle_picks_its_own_follow_ups() -> None:
    flows = [path for path in (HOUSE / "lifecycle" / "flows").glob("*.py") if path.stem != "consequences"]
    picked = {path.stem: calls(path) & (FOLLOW_UPS | {"refresh_card"}) for path in flows}
    assert {stem: names for stem, names in picked.items() if names} == {}


def test_one_function_writes_who_commands() -> None:
    writers = set()
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(syntax_of(path)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            names = [ast.unparse(name) for target in targets for name in ast.walk(target)]
            if any(name.endswith(".commander") for name in names):
                writers.add(path.relative_to(HOUSE).as_posix())
    assert writers == {"incidents/queries/incidents.py"}


WAYS = ["acknowledge", "take command", "accept", "role"]


@pytest.mark.parametrize("way", WAYS)
def test_however_command_is_taken_the_incident_and_its_role_name_the_same_person(
    session: Session, declared: Declare, policy: Policy, way: str
) -> None:
    row = declared()
    if way == "acknowledge":
        change.acknowledge(session, row, "U0TEAMLEAD", policy, LATER)
    elif way == "take command":
        change.take_command(session, row, "U0RESPONDER", policy, NOON)
        change.take_command(session, row, "U0TEAMLEAD", policy, LATER)
    elif way == "accept":
        commander.offer(session, row, "U0TEAMLEAD", "U0RESPONDER", f"offer:{row.incident_id}", NOON)
        offer = handovers.find_offered(session, row.incident_id)
        assert offer is not None
        commander.accept(session, offer.handover_id, "U0TEAMLEAD", policy, LATER)
        assert offer.state == handovers.ACCEPTED
    else:
        responders.assign(session, row, ResponderRole.COMMANDER, "U0TEAMLEAD", "U0RESPONDER", policy, LATER)
    assert row.commander == incidents.list_roles(session, row.incident_id)["commander"] == "U0TEAMLEAD"
    assert waiting(session, row)["slack.card"] == 1


def test_severity_redraws_the_card_and_leaves_the_topic(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    change.set_severity(session, row, Severity.P0, "U0RESPONDER", policy, LATER)
    jobs = waiting(session, row)
    assert (jobs["slack.card"], jobs["slack.mirror"], jobs["slack.furnish_room"]) == (1, 1, 0)


def test_resolving_posts_the_checklist_and_closing_drafts_the_review(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, LATER)
    assert (waiting(session, row)["slack.checklist"], waiting(session, row)["slack.review"]) == (1, 0)
    change.close(session, row, "U0RESPONDER", Closing(), policy, LATER)
    assert waiting(session, row)["slack.review"] == 1


def test_a_false_alarm_drafts_no_review(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    end.false_alarm(session, row, "U0RESPONDER", policy, LATER)
    assert waiting(session, row)["slack.review"] == 0


@pytest.mark.parametrize("happened", [Kind.SEVERITY_RAISED, Kind.STATUS_CHANGED, Kind.ACKNOWLEDGED, Kind.RESOLVED])
def test_what_follows_is_harmless_when_repeated(
    session: Session, declared: Declare, policy: Policy, happened: Kind
) -> None:
    row = declared()
    after_change(session, row, happened, "U0RESPONDER", policy, LATER)
    once = waiting(session, row)
    after_change(session, row, happened, "U0RESPONDER", policy, LATER)
    assert waiting(session, row) == once
