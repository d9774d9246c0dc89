"""Every figure against numbers worked out by hand on the history of `tests/figures/history.py`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.figures.flows.report import by_bucket, report
from bot.figures.queries.facts import NOTED
from bot.figures.rules.figure import Figure
from bot.figures.rules.periods import parse_period
from bot.figures.rules.report import Report
from bot.incidents.rules.timeline import Kind
from bot.store.engine import Database
from tests.figures.history import BERLIN, ONE, TWO, History, at, entries_of, in_berlin, play

LATER = datetime(2027, 2, 1, 12, tzinfo=UTC)
MINUTE, DAY = 60.0, 86_400.0


@pytest.fixture(scope="module")
def berlin(policy: Policy) -> Policy:
    return in_berlin(policy)


@pytest.fixture(scope="module")
def history(database: Database, berlin: Policy) -> Iterator[History]:
    """Played once for all tests of this module, which only read."""
    with database.transaction() as session:
        yield play(session, berlin)


@pytest.fixture(scope="module")
def october(history: History) -> Report:
    return measured(history, "2026-10")


def measured(history: History, period: str, **more: Any) -> Report:
    return report(history.session, parse_period(period, LATER, BERLIN), history.policy, **more)


def one(found: Report, name: str) -> Figure:
    figure = found.find(name)
    assert figure is not None, [each.name for each in found.figures]
    return figure


def in_minutes(figure: Figure) -> list[float]:
    return [value / MINUTE for value in figure.values]


def shares(found: Report, *names: str) -> list[tuple[int | None, int]]:
    return [(one(found, name).part, one(found, name).count) for name in names]


def test_duplicates_and_false_alarms_are_no_incidents_and_a_month_ends_by_local_clocks(october: Report) -> None:
    names = ("incidents", "security_incidents", "open", "merged")
    assert [one(october, name).count for name in names] == [5, 1, 0, 1]
    assert shares(october, "false_alarms") == [(1, 6)]


def test_the_time_to_resolve_runs_through_a_reopening_and_counts_under_the_last_severity(october: Report) -> None:
    all_of_them = one(october, "time_to_resolve")
    assert (all_of_them.count, all_of_them.median, all_of_them.mean) == (5, 45 * MINUTE, 55 * MINUTE)
    assert all_of_them.p90 == pytest.approx(86 * MINUTE)
    worst, high, medium, low = (one(october, f"time_to_resolve.P{number}") for number in range(4))
    assert in_minutes(high) == [20, 40, 90]
    assert (high.target, high.met, high.on_target, high.median) == (30 * MINUTE, 1, False, None)
    assert (in_minutes(worst), in_minutes(medium), in_minutes(low)) == ([80], [], [45])
    assert (worst.target, worst.met) == (None, None)
    assert medium.text == "none"


def test_times_come_from_the_notes_as_corrected_the_report_and_the_first_acknowledgement(october: Report) -> None:
    assert in_minutes(one(october, "time_to_detect")) == [12]
    assert in_minutes(one(october, "time_to_declare")) == [3, 8]
    assert in_minutes(one(october, "time_to_acknowledge")) == [4, 5, 6, 30]
    assert in_minutes(one(october, "time_to_mitigate")) == [80]


def test_every_opening_is_a_response_and_a_breach_is_one_that_was_late(history: History, october: Report) -> None:
    assert entries_of(history.session, history.rows["f"], Kind.RESPONSE_BREACHED) == 1
    names = ("acknowledged_in_time", *(f"acknowledged_in_time.P{number}" for number in range(4)))
    assert shares(october, *names) == [(5, 6), (0, 1), (4, 4), (0, 0), (1, 1)]
    assert shares(measured(history, "2026-11"), "acknowledged_in_time") == [(0, 0)], "still has time"


def test_the_time_between_incidents_is_that_of_those_that_count(october: Report) -> None:
    gaps = [value / DAY for value in one(october, "time_between").values]
    assert gaps == pytest.approx([3, 4, 6 + (22 + 40 / 60) / 24, 12 + (13 + 50 / 60) / 24])
    assert [value / DAY for value in one(october, "time_between.service CHECKOUT").values] == [3]
    assert one(october, "time_between.service search").count == 0
    assert [value / DAY for value in one(october, "time_between.kind PB-lambda").values] == [7]


def test_what_came_again_and_what_the_playbook_did(october: Report) -> None:
    assert shares(october, "reopened", "recurred", "playbook_helped") == [(1, 5), (1, 5), (1, 2)]


def test_false_positives_are_those_dismissed_by_source_and_by_person(october: Report) -> None:
    assert shares(october, "false_positives.answers", "false_positives.questions") == [(1, 3), (1, 1)]
    who = [f"false_positives_by_reporter.{user_id}" for user_id in (ONE, TWO)]
    assert shares(october, *who) == [(0, 1), (2, 3)]
    assert shares(october, "judge_agreed", "suggestions_helped") == [(2, 3), (1, 2)]


def test_pages_are_counted_by_person_and_a_night_of_two_pages_once(history: History, october: Report) -> None:
    assert one(october, "pages").count == 7
    assert shares(october, "late_pages") == [(1, 7)]
    for name, total, first, second in (
        ("pages", 7, 3, 4),
        ("nights_disturbed", 3, 1, 2),
        ("weekends_disturbed", 3, 1, 2),
    ):
        counts = [one(october, name).count, *(one(october, f"{name}.{who}").count for who in (ONE, TWO))]
        assert counts == [total, first, second], name
    # Sunday's 02:30 came twice: two people, then one. Friday 23:30, Saturday 03:00, and noon of two Mondays.
    assert october.hours == {(6, 2): 3, (4, 23): 1, (5, 3): 1, (0, 12): 2}


def test_action_items_are_due_by_the_end_of_the_local_day_and_reviews_by_the_minute(october: Report) -> None:
    assert shares(october, "actions_on_time") == [(1, 3)]
    # Of a, b, c, f and September's; that of the merged one and of the false alarm is none.
    assert shares(october, "reviews_on_time") == [(1, 5)]


def test_a_month_with_nothing_has_figures_that_say_so(history: History) -> None:
    august = measured(history, "2026-08")
    assert {figure.count for figure in august.figures} == {0}
    assert {figure.text for figure in august.figures} == {"0", "none"}
    assert all(figure.on_target is None and figure.change in ("", "was 0") for figure in august.figures)


def test_an_open_incident_is_counted_and_has_no_time_to_resolve(history: History) -> None:
    november = measured(history, "2026-11")
    assert [one(november, name).count for name in ("incidents", "open", "time_to_resolve")] == [1, 1, 0]


def test_a_figure_stands_beside_that_of_the_period_before(october: Report) -> None:
    assert october.period.earlier_title == "September 2026"
    before = one(october, "time_to_resolve.P1").before
    assert before is not None and in_minutes(before) == [50]
    assert one(october, "incidents").change == "was 1"
    assert one(october, "time_to_resolve.P1").change == "was 50 min"


def test_one_severity_and_one_service_narrow_all_figures(history: History) -> None:
    high = measured(history, "2026-10", severity="P1")
    assert [one(high, name).count for name in ("incidents", "merged", "pages", "time_to_resolve")] == [3, 1, 4, 3]
    assert high.find("judge_agreed") is None and high.find("time_to_resolve.P0") is None
    checkout = measured(history, "2026-10", service="checkout")
    assert [one(checkout, name).count for name in ("incidents", "pages", "reviews_on_time")] == [2, 3, 2]
    assert in_minutes(one(checkout, "time_to_resolve")) == [20, 40]
    assert one(measured(history, "2026-10", service="nothing"), "incidents").count == 0


def test_months_and_quarters_with_nothing_are_there_too(history: History) -> None:
    year = measured(history, "2026")
    months = by_bucket(history.session, year, history.policy, "month")
    assert [(each.name, each.incidents) for each in months[7:]] == [
        ("2026-08", 0),
        ("2026-09", 1),
        ("2026-10", 5),
        ("2026-11", 1),
        ("2026-12", 1),
    ]
    assert months[9].resolve.median == 45 * MINUTE and months[9].acknowledge.values == (240, 300, 360, 1800)
    quarters = by_bucket(history.session, year, history.policy, "quarter")
    assert [(each.name, each.incidents) for each in quarters] == [
        ("2026-Q1", 0),
        ("2026-Q2", 0),
        ("2026-Q3", 1),
        ("2026-Q4", 7),
    ]
    ever = by_bucket(history.session, measured(history, "all"), history.policy, "month")
    assert [each.name for each in ever] == ["2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02"]


def test_by_severity_service_and_kind(history: History, october: Report) -> None:
    def counts(by: str) -> list[tuple[str, int]]:
        return [(each.name, each.incidents) for each in by_bucket(history.session, october, history.policy, by)]

    assert counts("severity") == [("P0", 1), ("P1", 3), ("P3", 1)]
    assert counts("service") == [("CHECKOUT", 2), ("search", 1)]
    assert counts("kind") == [("none fits", 3), ("PB-lambda", 2)]


def test_a_type_is_counted_at_once_and_narrows_all_figures(history: History) -> None:
    session = history.session
    nested = session.begin_nested()
    first, second = (history.rows[name] for name in ("a", "c"))
    first.type = second.type = "data"
    session.flush()
    found = measured(history, "all", kind="data")
    assert found.title.endswith(", Data") and found.document()["type"] == "data"
    assert one(found, "incidents").count == 2
    by_type = {
        bucket.name: bucket.incidents for bucket in by_bucket(session, measured(history, "all"), history.policy, "type")
    }
    assert by_type["Data"] == 2 and set(by_type) == {"Data", "no type"}
    second.type = "gone"
    session.flush()
    assert one(measured(history, "all", kind="data"), "incidents").count == 1
    assert one(measured(history, "all", kind=""), "incidents").count == by_type["no type"]
    by_type = {
        bucket.name: bucket.incidents for bucket in by_bucket(session, measured(history, "all"), history.policy, "type")
    }
    assert (by_type["Data"], by_type["gone"]) == (1, 1), "a type that the policy no longer has is still counted"
    nested.rollback()


def test_a_session_of_the_history_was_played_as_the_table_says(history: History) -> None:
    assert history.rows["c"].episode == 2 and history.rows["c"].acknowledged_at == at("10-12", "11:03")
    assert history.rows["f"].ref.startswith("SEC-")
    assert isinstance(history.session, Session)


def test_times_in_notes_are_read_however_they_are_written(history: History) -> None:
    """A note of an incident declared on 5 October 2026 at 10:00 UTC, and the time in it; empty where it names none."""
    said = {
        "detected at 09:52": "10-05 09:52",
        "Detected: 9:05 by an alarm": "10-05 09:05",
        "detected at 23:10": "10-04 23:10",  # the evening before
        "started at2026-10-03t09:52": "10-03 09:52",
        "  began\n at 10:00": "10-05 10:00",
        "began 2026-10-05 07:30:15 UTC": "10-05 07:30",
        "began 2026-02-30 10:00": "",
        "began 2026-13-05 10:00": "",
        "began 0000-10-05 10:00": "",
        "began at 25:77": "",
        "began at: 10:00": "",
        "began 10:005": "",
        "began 110:00": "",
        "detected at": "",
        "services: a": "",
    }
    fake = """with counted as (
        select n as incident_id, timestamptz '2026-10-05 10:00+00' as declared_at from generate_series(1, :count) n
      ), labelled as (
        select n as incident_id, n as entry_id, now() as at, (cast(:said as text[]))[n] as said
        from generate_series(1, :count) n
      )"""
    select = f"{fake} {NOTED} select incident_id, to_char(at at time zone 'UTC', 'MM-DD HH24\\:MI') from noted_times"
    rows = history.session.execute(text(select), {"count": len(said), "said": list(said)}).all()
    found = {list(said)[number - 1]: at for number, at in rows}
    assert {words: found.get(words, "") for words in said} == said
