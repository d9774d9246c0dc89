"""The monthly figures reach each manager once, on the first business day, and say how last month went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.context import AppContext
from bot.figures.jobs import monthly
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person, content_of
from tests.figures.history import at, in_berlin, play

Named = Callable[[str], Person]
FIRST_MONDAY = at("11-02", "08:00")  # 09:00 in Berlin; 1 November is a Sunday


@pytest.fixture
def played(context: AppContext) -> AppContext:
    """The desk in Berlin, over the history, with an address of its own for each reader."""
    berlin = in_berlin(context.policy)
    with context.database.transaction() as session:
        play(session, berlin)
    return replace(context, policy=berlin, personal_link=lambda path, user, _: f"https://example.com/{user}{path}")


def test_managers_hear_of_last_month_once_and_by_the_first_business_day(
    played: AppContext, slack: Slack, poster: Poster, person: Named
) -> None:
    def run(now: datetime) -> None:
        monthly(replace(played, now=lambda: now), slack, poster)

    def received(user_id: str) -> list[str]:
        reader = person(user_id)
        return [content_of(message) for message in reader.messages(reader.dm_with("U0TOCSIN"))]

    for early in (at("11-01", "12:00"), at("11-02", "07:59")):
        run(early)
        assert received("U0MANAGER") == []
    run(FIRST_MONDAY)
    run(at("11-02", "09:00"))
    for user_id in ("U0MANAGER", "U0VP"):
        (said,) = received(user_id)
        assert "Figures: October 2026" in said and "5 incidents" in said and "1 security" in said
        assert f"https://example.com/{user_id}/figures?period=2026-10" in said
        assert "SEC-" not in said
    assert received("U0RESPONDER") == []
    run(datetime(2026, 12, 20, 12, tzinfo=UTC))
    assert len(received("U0MANAGER")) == 1, "weeks later it is no news"
    run(datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert "Figures: November 2026" in received("U0MANAGER")[-1]
