"""The monthly review: what it lists, when it comes, and that it stays away when there is nothing to review."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.escalation.rules.matrix import Role
from slack_playground.person import content_of
from tests.journeys.story import ask, failed_jobs, jump_to, pings_of, said_by_bot, settle, swept
from tests.support.stage import BOT, INCIDENTS, Stage

MAY = datetime(2030, 5, 20, 10, tzinfo=UTC)  # a Monday
JUNE = datetime(2030, 6, 3, 9, tzinfo=UTC)  # the first of June is a Saturday
JULY = datetime(2030, 7, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def reviews(stage: Stage) -> list[str]:
    """The monthly reviews that the VP got, once everything that is due is said."""
    swept(stage)
    vp = stage.person("U0VP")
    return [said for said in said_by_bot(vp, vp.dm_with(BOT)) if "Monthly review" in said]


def test_the_monthly_review_comes_on_the_first_business_day_and_stays_away_when_it_is_empty(stage: Stage) -> None:
    jump_to(stage, MAY)
    refs = [stage.declare(f"P3 the logo is {number} pixels too low")[0] for number in range(3)]
    over, channel = stage.declare("P3 mended in the same week")
    ask(stage.responder, channel["id"], "/incident resolve")
    settle(stage.database)
    vp = stage.person("U0VP")

    jump_to(stage, JUNE - MINUTE)
    assert reviews(stage) == []
    jump_to(stage, JUNE)
    found = vp.wait_for_message(vp.dm_with(BOT), "Monthly review for the VP engineering")
    assert len(reviews(stage)) == 1
    shown = next(said for said in vp.messages(vp.dm_with(BOT)) if said["ts"] == found["ts"])
    assert "3 incidents are open" in content_of(shown)
    assert all(ref in content_of(shown) for ref in refs) and over not in content_of(shown)
    for ref in refs:
        (listed,) = [ping for ping in pings_of(stage, ref) if (ping.role, ping.kind) == (Role.VP, "digest")]
        assert (listed.state, listed.rule, listed.due_at) == ("sent", "monthly review", JUNE)
        assert listed.user_ids == ["U0VP"]

    for ref in refs:
        ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")
    jump_to(stage, JULY + MINUTE)
    assert len(reviews(stage)) == 1, "what was over before it was due is not reviewed"
    assert failed_jobs(stage.database) == []
