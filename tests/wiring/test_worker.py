"""The one retry rule: what passes is waited for, what is refused is not, our own errors a few times."""

from __future__ import annotations

import asyncio
import gc
import inspect
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate.jobs import Job
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError

from bot.errors import UnknownIncident
from bot.slack.client import Refused, TryAgain
from bot.wiring.upkeep.retries import RetryPolicy
from bot.wiring.worker import TASKS, run_until_one_ends
from tests.support.loops import in_a_loop

PASSING: dict[str, Exception] = {
    "slack away": TryAgain("chat.postMessage", "timed out"),
    "database away": OperationalError("select 1", {}, Exception("gone")),
    "database read-only": InternalError("insert", {}, ReadOnlySqlTransaction("read-only")),
    "database lost": InterfaceError("select 1", {}, Exception("closed")),
}


def job(attempts: int) -> Job:
    return Job(id=1, status="doing", queue="slack", lock=None, queueing_lock=None, task_name="t", attempts=attempts)


def wait(error: BaseException, attempts: int) -> timedelta | None:
    """Until the next try, at the longest; None for never."""
    between = least_and_most(error, attempts)
    return between[1] if between else None


def least_and_most(error: BaseException, attempts: int) -> tuple[timedelta, timedelta] | None:
    """Between which the wait lies, however long a busy machine takes to decide on it; None for never."""
    before = datetime.now(UTC)
    decision = RetryPolicy().get_retry_decision(exception=error, job=job(attempts))
    if decision is None or decision.retry_at is None:
        assert decision is None
        return None
    return decision.retry_at - datetime.now(UTC), decision.retry_at - before


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.5), (0.01, 0.5), (0.5, 0.5), (30.0, 30.0), (1e11, 3600.0)])
def test_slack_s_word_on_how_long_to_wait_counts_within_reason(asked: float, waited: float) -> None:
    between = least_and_most(TryAgain("chat.postMessage", "ratelimited", asked), 0)
    assert between is not None
    assert between[0] <= timedelta(seconds=waited) <= between[1]


@pytest.mark.parametrize("error", PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("attempts", [0, 1, 5, 100, 1_030, 100_000])
def test_what_passes_is_waited_for_without_end(error: Exception, attempts: int) -> None:
    length = wait(error, attempts)
    assert length is not None
    assert timedelta(milliseconds=400) <= length <= timedelta(seconds=16)


@pytest.mark.parametrize("error", PASSING.values(), ids=PASSING)
def test_each_wait_is_longer_until_it_is_long_enough(error: Exception) -> None:
    first, third, last = (wait(error, attempts) for attempts in (0, 2, 20))
    assert first is not None and third is not None and last is not None
    assert first < third < last


def test_slack_s_at_once_is_not_taken_literally() -> None:
    waits = [wait(TryAgain("chat.postMessage", "ratelimited", 0.0), attempts) for attempts in (0, 3, 9)]
    assert [length is not None and length > timedelta(milliseconds=400) for length in waits] == [True] * 3


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "missing_scope", "token_revoked"])
@pytest.mark.parametrize("attempts", [0, 9, 100_000])
def test_what_slack_refuses_because_of_us_is_waited_out(error: str, attempts: int) -> None:
    length = wait(Refused("chat.postMessage", error), attempts)
    assert length is not None
    assert timedelta(milliseconds=400) <= length <= timedelta(seconds=61)


def test_a_job_that_was_cut_short_is_done_again_when_its_call_has_ended() -> None:
    length = wait(asyncio.CancelledError(), 100)
    assert length is not None
    assert length > timedelta(seconds=10)


@pytest.mark.parametrize("after", [7.0, 300.0])
def test_slack_s_own_word_on_when_is_kept(after: float) -> None:
    between = least_and_most(TryAgain("chat.postMessage", "ratelimited", after), 9)
    assert between is not None
    assert between[0] <= timedelta(seconds=after) <= between[1]


@pytest.mark.parametrize("attempts", [0, 3])
def test_what_slack_refused_is_not_tried_again(attempts: int) -> None:
    assert wait(Refused("chat.postMessage", "invalid_blocks"), attempts) is None


@pytest.mark.parametrize("error", [KeyError("x"), UnknownIncident("none"), ValueError("bad"), AssertionError()])
def test_an_error_of_our_own_is_tried_five_times(error: Exception) -> None:
    waits = [wait(error, attempts) for attempts in range(6)]
    assert [length is None for length in waits] == [False, False, False, False, True, True]


def test_every_task_takes_what_the_worker_hands_it() -> None:
    for name, run in TASKS.items():
        parameters = list(inspect.signature(run).parameters.values())
        assert [parameter.name for parameter in parameters[:3]] == ["context", "slack", "poster"], name
        assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters[3:]), name


def test_when_one_trouble_ends_several_parts_the_first_is_raised_and_no_error_is_left_to_be_found_later() -> None:
    found_later: list[str] = []

    async def loses_the_database() -> None:
        raise OSError("gone")

    async def loses_it_as_well() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("gone, too")

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: found_later.append(told["message"]))
        with pytest.raises(OSError, match=r"gone$"):
            await run_until_one_ends([loses_it_as_well(), loses_the_database()])
        gc.collect()

    in_a_loop(run())
    assert found_later == []
