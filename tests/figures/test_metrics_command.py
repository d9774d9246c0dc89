"""/incident metrics and `tocsin metrics` on the history of `tests/figures/history.py`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.context import AppContext, Policy
from bot.errors import BadRequest
from bot.incidents.commands import CommandContext
from bot.settings import REPOSITORY
from bot.slack.client import Message
from bot.store.engine import Database
from bot.wiring.listeners import REGISTRY
from tests.figures.history import at, in_berlin, play
from tests.fixtures.web import Site
from tests.support.commands import run_command


@pytest.fixture(scope="module")
def context(database: Database, policy: Policy) -> Iterator[AppContext]:
    """The desk over the history."""
    berlin = in_berlin(policy)
    with database.transaction() as session:
        play(session, berlin)
    site = Site(database, berlin)
    yield replace(site.context, personal_link=lambda path, user_id, name: f"https://tocsin.example.com{path}")


def typed(context: AppContext, rest: str, user_id: str = "U0RESPONDER") -> Message:
    now = at("12-20", "12:00")
    command = CommandContext(context, now, "metrics", None, rest, user_id, "somebody", "C1", "T1")
    answer = REGISTRY.find("metrics").run(command)
    assert isinstance(answer, Message)
    return answer


def test_the_answer_is_short_and_says_what_it_measures(context: AppContext) -> None:
    said = typed(context, "2026-10 P1").text
    assert said.splitlines() == [
        "*Figures: October 2026, P1*",
        "_compared with September 2026_",
        "*3 incidents* (was 1) · 1 merged",
        ":warning: *Resolved P1 after* 20 min, 40 min, 1 h 30 min; target under 30 min, met by 1 of 3 (was 50 min)",
        "*Acknowledged after* 4 min, 5 min, 6 min (was 10 min)",
        "*Acknowledged in time* 100% (4 of 4) (was 100% of 1)",
        "*Mitigated after* 1 h 20 min",
        "*Reopened* 33% (1 of 3) (was 0% of 1)",
        "*Recurred* 33% (1 of 3) (was 0% of 1)",
        "*Playbook resolved it* 50% (1 of 2)",
        "*False alarms* 25% (1 of 4) (was 0% of 1)",
        "*Action items on time* 33% (1 of 3)",
        "*Reviews on time* 25% (1 of 4)",
        "*Pages* 4 (was 0), 1 night and 1 weekend disturbed",
    ]


def test_it_names_no_person_and_no_security_incident(context: AppContext) -> None:
    answer = typed(context, "2026-10")
    assert "1 security" in answer.text
    assert not any(word in str(answer) for word in ("SEC-", "U0ONE", "U0TWO", "incident f"))


def test_narrowed_figures_leave_security_incidents_out_for_whoever_may_not_read_the_page(context: AppContext) -> None:
    everybody, manager = (typed(context, "2026-10 type:none", who) for who in ("U0RESPONDER", "U0MANAGER"))
    assert "1 security" in manager.text and "left out" not in str(manager.blocks)
    assert "security" not in everybody.text and "Security incidents are left out." in str(everybody.blocks)
    assert "1 security" in typed(context, "2026-10").text, "how many there were is no secret"


def test_only_those_above_the_on_call_engineer_get_the_link_to_the_page(context: AppContext) -> None:
    assert "https://" not in str(typed(context, "2026-10"))
    link = "https://tocsin.example.com/figures?period=2026-10&severity=P1&service=checkout"
    assert link in str(typed(context, "2026-10 P1 service checkout", user_id="U0MANAGER"))


def test_a_month_with_nothing_is_said_in_words(context: AppContext) -> None:
    lines = typed(context, "2026-08").text.splitlines()
    assert lines[2:] == ["No incidents (was 0)", "*Pages* 0 (was 0), 0 nights and 0 weekends disturbed"]


def test_what_is_no_period_is_answered_with_what_to_type(context: AppContext) -> None:
    with pytest.raises(BadRequest, match=r"“banana” isn't a period. Use `month`"):
        typed(context, "banana P1")


def test_the_shell_has_the_same_as_text_json_csv_and_chart(
    context: AppContext, data_folder: Path, tmp_path: Path
) -> None:
    policy = REPOSITORY / "knowledge"
    shell = {"DATABASE_URL": context.database.url, "TOCSIN_DATA": str(data_folder), "TOCSIN_KNOWLEDGE": str(policy)}

    def tocsin(*arguments: str) -> str:
        ended = run_command(("metrics", "2026-10", *arguments), shell)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    text = tocsin("P1", "--by", "severity", "--chart", str(tmp_path / "figures.png"))
    assert (tmp_path / "figures.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert "Time to resolve (MTTR): 20 min, 40 min, 1 h 30 min" in text
    assert "From the declaration to the last resolution" in text
    document = json.loads(tocsin("--json"))
    figures = {figure["name"]: figure for figure in document["figures"]}
    # The shipped policy's clocks are UTC: 23:30 on 31 October is October there.
    assert (figures["incidents"]["count"], figures["incidents"]["before"]["count"]) == (6, 1)
    assert figures["time_to_resolve.P1"]["values"] == [1200, 2400, 5400]
    assert [bucket["name"] for bucket in document["buckets"]] == ["2026-10"]
    rows = list(csv.reader(io.StringIO(tocsin("--csv", "--by", "quarter"))))
    assert ["figures", "time_to_resolve.median", "2700.0"] in rows
    assert ["by_quarter", "2026-Q4.incidents", "6"] in rows
    assert run_command(("metrics", "banana"), shell).returncode == 1
    assert run_command(("metrics", "--by", "moon"), shell).returncode == 2
