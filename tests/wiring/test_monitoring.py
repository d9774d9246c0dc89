"""Readiness and metrics: each trouble is named, numbers are right, and one scrape is one query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from bot.context import AppContext
from bot.escalation.flows.plan import sweep
from bot.severity.rules import Severity
from bot.slack.client import Refused, Slack, TryAgain, web_client
from bot.store.engine import Database
from bot.store.outbox import enqueue
from bot.wiring.monitoring.health import OVERDUE, SWEEP, DatabaseCheck, Progress
from bot.wiring.monitoring.metrics import Figures, write_metrics
from bot.wiring.monitoring.slack_liveness import SlackLiveness
from bot.wiring.monitoring.state import read_state
from slack_playground.app import Playground
from tests.fixtures.job import Declared, later
from tests.fixtures.slack import Control

PLENTY = 10 << 30  # bytes


def check(
    context: AppContext, disk: Callable[[], int] | None = None, database: Database | None = None
) -> DatabaseCheck:
    late_after = context.policy.escalation.late_after
    return DatabaseCheck(
        database or context.database, lambda session: read_state(session, context.now(), late_after), disk
    )


def scrape(
    context: AppContext, checked: DatabaseCheck, liveness: SlackLiveness, progress: Progress
) -> dict[str, float]:
    """The figures by name and labels."""
    figures = Figures(checked, progress.ages, lambda: (liveness.age(), liveness.refused), checked.troubles)
    families = text_string_to_metric_families(write_metrics(figures).decode())
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture(autouse=True)
def closed(context: AppContext) -> Iterator[None]:
    """Nothing of other tests is open or due."""
    with context.database.transaction() as session:
        session.execute(text("update incidents set status = 'closed', wake_at = null"))
        session.execute(text("update pings set state = 'cancelled'"))
    yield


def test_a_healthy_system_has_no_troubles(context: AppContext) -> None:
    assert check(context, lambda: PLENTY).troubles() == []


def test_a_disk_that_is_nearly_full_is_named(context: AppContext) -> None:
    assert check(context, lambda: 12 << 20).troubles() == ["database: 12 MB left on its disk"]


def test_a_database_that_is_read_only_or_away_is_named(context: AppContext) -> None:
    read_only = Database(context.database.url + "&options=-c%20default_transaction_read_only%3Don", connections=1)
    away = Database("postgresql://nobody@127.0.0.1:1/none", connections=1)
    try:
        checked = check(context, database=away)
        assert "connection" in checked.troubles()[0]
        assert (checked.last.answers, checked.last.state) == (False, None)
        with read_only.transaction() as session:
            session.execute(text("set session characteristics as transaction read only"))
        checked = check(context, database=read_only)
        assert checked.troubles() == ["database: read-only"]
        assert (checked.last.answers, checked.last.writable) == (True, False)
    finally:
        read_only.close()
        away.close()


def test_pages_that_wait_are_counted_and_named_once_they_are_late(
    context: AppContext, declared_incident: Declared
) -> None:
    row = declared_incident(Severity.P0)
    with context.database.transaction() as session:
        sweep(session, context.policy.escalation, context.now())
    ten_minutes_on = later(context, 10)
    checked = check(ten_minutes_on)
    (said,) = checked.troubles()
    state = checked.last.state
    assert state is not None
    assert said == f"pages: {state.pages_due} due, the oldest for {state.oldest_page:.0f} s"
    assert state.pages_due >= state.pages_late >= 1
    assert 590 <= state.oldest_page <= 660
    assert state.open_incidents == {row.severity: 1}
    with context.database.transaction() as session:
        session.execute(text("update pings set state = 'sent', sent_at = due_at"))
    assert check(ten_minutes_on).troubles() == []


def test_a_queue_that_does_not_move_is_named(context: AppContext) -> None:
    with context.database.transaction() as session:
        enqueue(session, "slack.say", entry_id=1)
        enqueue(session, "slack.say", lock="one", entry_id=2)
        enqueue(session, "slack.say", lock="one", entry_id=3)
    assert check(context).troubles() == []
    with context.database.transaction() as session:
        session.execute(text("update procrastinate_events set at = at - interval '10 minutes'"))
    (said,) = check(context).troubles()
    assert said.startswith("queue: 3 jobs wait, the oldest for 6")
    with context.database.transaction() as session:
        session.execute(text("update procrastinate_jobs set scheduled_at = now() + interval '1 minute'"))
    assert check(context).troubles() == [], "they wait for another try"


def test_slack_s_refusal_of_the_token_is_named_until_it_is_accepted(playground: Playground, control: Control) -> None:
    now = [0.0]
    liveness = SlackLiveness(lambda: now[0])
    slack = Slack(web_client(playground.api_url, "xoxb-playground", timeout=5), heard=liveness.heard)
    assert (liveness.age(), liveness.troubles()) == (None, [])
    slack.who_am_i()
    now[0] = 5.0
    assert (liveness.age(), liveness.troubles()) == (5.0, [])
    control.fault("*", "error", error="token_revoked")
    with pytest.raises(Refused):
        slack.call("conversations.info", channel="C0INCIDENTS")
    assert liveness.troubles() == ["Slack: refuses the bot token (token_revoked): run `tocsin doctor`"]
    with pytest.raises(Refused):
        slack.call("conversations.info", channel="C0NOWHERE")
    assert liveness.troubles() == [], "what Slack refuses of a call says that it accepts us"
    for at in (10.0, 50.0):
        now[0] = at
        control.fault("*", "status", status=503)
        with pytest.raises(TryAgain):
            slack.who_am_i()
    assert liveness.troubles() == ["Slack: does not answer, for 40 s"]
    slack.who_am_i()
    assert liveness.troubles() == []


def test_a_sweep_that_is_overdue_is_named() -> None:
    now = [0.0]
    progress = Progress(lambda: now[0])
    assert progress.overdue([SWEEP]) == ["escalation sweep: not yet"]
    progress.note(SWEEP)
    now[0] = OVERDUE + 1
    assert progress.overdue([SWEEP]) == ["escalation sweep: overdue, the last was 31 s ago"]
    assert progress.ages() == {SWEEP: 31.0}


def test_a_scrape_is_one_query_and_names_nothing_that_people_wrote(
    context: AppContext, declared_incident: Declared
) -> None:
    declared_incident(Severity.P0, title="leaked credentials of payroll", security=True)
    declared_incident(Severity.P2)
    with context.database.transaction() as session:
        enqueue(session, "slack.say", entry_id=1)
        session.execute(text("update procrastinate_jobs set status = 'failed' where task_name = 'slack.say'"))
    liveness, progress = SlackLiveness(lambda: 7.0), Progress(lambda: 7.0)
    liveness.heard(None)
    progress.note(SWEEP)
    statements: list[str] = []
    event.listen(context.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    found = scrape(context, check(context, lambda: PLENTY), liveness, progress)
    assert len([statement for statement in statements if "procrastinate_jobs" in statement]) == 1
    assert len(statements) <= 2, "the other asks whether it may write"
    assert {name: found[name] for name in ("tocsin_open_incidents P0", "tocsin_open_incidents P2")} == {
        "tocsin_open_incidents P0": 1,
        "tocsin_open_incidents P2": 1,
    }
    assert found["tocsin_open_incidents P1"] == 0
    assert found["tocsin_jobs slack failed"] == 1
    assert found["tocsin_worker_age_seconds escalation sweep"] == found["tocsin_slack_age_seconds"] == 0
    assert found["tocsin_ready"] == found["tocsin_database_up"] == found["tocsin_database_writable"] == 1
    assert not any("payroll" in name or "INC-" in name for name in found)


def test_a_scrape_while_the_database_is_away_says_so(context: AppContext) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none", connections=1)
    with pytest.raises(OperationalError), away.transaction() as session:
        session.execute(text("select 1"))
    found = scrape(context, check(context, database=away), SlackLiveness(), Progress())
    away.close()
    assert (found["tocsin_ready"], found["tocsin_database_up"]) == (0, 0)
    assert not any(name.startswith("tocsin_open_incidents") for name in found), "an old number would be a lie"


def test_late_is_what_the_policy_says(context: AppContext, declared_incident: Declared) -> None:
    declared_incident(Severity.P0)
    allowed = context.policy.escalation.late_after
    checked = check(later(context, (allowed - timedelta(seconds=5)).total_seconds() / 60))
    checked.troubles()
    state = checked.last.state
    assert state is not None
    assert (state.pages_due >= 1, state.pages_late) == (True, 0)
