"""When the next update is promised: read as people type it, shown everywhere, and its sender reminded once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.context import AppContext
from bot.errors import BadRequest
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.stakeholders.flows import notify
from bot.stakeholders.rules import Notice, parse_next, split_next, with_news
from bot.status_page.flows import last_told
from bot.text.markup import instant
from slack_playground.app import Playground
from slack_playground.person import content_of
from tests.fixtures.job import Declared
from tests.lifecycle.test_refused_channel import told, work
from tests.slack.facts import incident

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("typed", "news", "when"),
    [
        ("the fix is being rolled out next 30 min", "the fix is being rolled out", "30 min"),
        ("rolling back, next update by 15:30.", "rolling back", "15:30"),
        ("rolling back. Next update: in 2 h", "rolling back.", "2 h"),
        ("rolling back next update tomorrow 9:00", "rolling back", "tomorrow 9:00"),
        ("all quiet next update none", "all quiet", "none"),
        ("next 1 h", "", "1 h"),
        ("the fix ships next Monday", "the fix ships next Monday", ""),
        ("we restart the next 3 brokers", "we restart the next 3 brokers", ""),
        ("next we drain the queue", "next we drain the queue", ""),
        ("context 30 min", "context 30 min", ""),
    ],
)
def test_the_time_of_the_next_update_is_told_from_news(typed: str, news: str, when: str) -> None:
    assert split_next(typed) == (news, when)


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("30 min", NOON + timedelta(minutes=30)),
        ("in 1 h 30 min", NOON + timedelta(minutes=90)),
        ("by 15:30", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("12:30", datetime(2026, 11, 21, 11, 30, tzinfo=UTC)),
        ("15:30 UTC", datetime(2026, 11, 20, 15, 30, tzinfo=UTC)),
        ("none", None),
        ("", None),
    ],
)
def test_times_are_read_by_the_sender_s_clock(typed: str, at: datetime | None) -> None:
    assert parse_next(typed, NOON, BERLIN, time(9)) == at


@pytest.mark.parametrize("typed", ["soon", "8 days", "0 min", "15:30 or so"])
def test_what_is_no_time_ahead_is_refused_with_what_to_type(typed: str) -> None:
    with pytest.raises(BadRequest, match=r"`2 h`|`30 min`"):
        parse_next(typed, NOON, BERLIN, time(9))


def send(context: AppContext, row: IncidentRow, key: str, next_at: datetime | None, by: str = "U0MANAGER") -> None:
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        notice = Notice("P1 checkout", (("News", "rolling back"),), next_at)
        notify.notify_stakeholders(session, found, notice, by, context.now(), f"view:{row.ref}:{key}")


def remind(context: AppContext, at: datetime) -> None:
    with context.database.transaction() as session:
        notify.remind_of_promises(session, at)


def direct(slack: Slack, playground: Playground, row: IncidentRow, what: str = "were promised") -> list[str]:
    """What the manager was written about the promised update of this incident, or another of its reminders."""
    place = playground.workspace.channels[slack.open_direct("U0MANAGER")]
    said = [content_of(dict(message)) for message in place.messages.values()]
    return [one for one in said if row.ref in one and what in one]


def test_the_promise_is_in_the_notice_in_the_channel_and_for_the_status_page(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, playground: Playground
) -> None:
    row = declared_incident()
    at = context.now() + HOUR
    send(context, row, "1", at)
    work(context, slack, poster)
    posted = [content_of(dict(one)) for one in playground.workspace.channels["C0UPDATES"].messages.values()]
    assert f"*Next update:* by {instant(at)}" in posted[-1]
    with context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        assert found.next_update_at == at
        assert f"Next update by {at:%Y-%m-%d %H:%M} UTC." in last_told(session, found)
        channel = found.channel_id
    said = [content_of(dict(one)) for one in playground.workspace.channels[str(channel)].messages.values()]
    assert any(f"Next update promised by {instant(at)}." in one for one in said)


def test_who_promised_is_reminded_once_and_a_newer_update_takes_it_back(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, playground: Playground
) -> None:
    row = declared_incident()
    send(context, row, "1", context.now() + HOUR)
    work(context, slack, poster)
    remind(context, context.now() + HOUR - timedelta(minutes=9))
    work(context, slack, poster)
    assert direct(slack, playground, row) == [], "not due yet"
    for _ in range(2):
        remind(context, context.now() + HOUR)
        work(context, slack, poster)
    said = direct(slack, playground, row)
    assert len(said) == 1 and "Write the update" in said[-1]
    assert len([one for one in told(context, row, Kind.UPDATE_ASKED) if "was promised" in one]) == 1
    send(context, row, "2", None)
    work(context, slack, poster)
    said = direct(slack, playground, row)
    assert len(said) == 1 and "An update was sent" in said[-1] and "Write the update" not in said[-1]


def test_resolving_ends_the_promise(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, playground: Playground
) -> None:
    row = declared_incident()
    send(context, row, "1", context.now() + HOUR)
    work(context, slack, poster)
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0MANAGER", context.policy, context.now())
        assert found.next_update_at is None
        change.reopen(session, found, "U0MANAGER", context.policy, context.now())
    remind(context, context.now() + 2 * HOUR)
    work(context, slack, poster)
    assert direct(slack, playground, row) == []


def test_until_it_is_due_nobody_is_reminded_that_stakeholders_wait(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    row = declared_incident()
    send(context, row, "1", context.now() + 9 * HOUR)
    work(context, slack, poster)
    for hours, times in ((8, 0), (10, 1)):
        with context.database.transaction() as session:
            notify.remind_to_notify(session, context.policy.notices, context.now() + hours * HOUR)
        asked = [one for one in told(context, row, Kind.UPDATE_ASKED) if "last one" in one]
        assert len(asked) == times


def test_who_was_told_that_stakeholders_wait_reads_that_it_is_over(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, playground: Playground
) -> None:
    row = declared_incident()
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.take_command(session, found, "U0MANAGER", context.policy, context.now())
    for hours, ended_by_news in ((9, True), (18, False)):
        at = context.now() + hours * HOUR
        with context.database.transaction() as session:
            notify.remind_to_notify(session, context.policy.notices, at)
        work(context, slack, poster)
        said = direct(slack, playground, row, "update overdue")
        assert sum("Write the update" in one for one in said) == 1
        if ended_by_news:
            send(context, row, "1", None)
        else:
            resolve(context, row)
        work(context, slack, poster)
        said = direct(slack, playground, row, "update overdue")
        assert not any("Write the update" in one for one in said), said
    assert len(said) == 2 and "An update was sent" in str(said) and "is over. No update is due." in str(said)


def resolve(context: AppContext, row: IncidentRow) -> None:
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0MANAGER", context.policy, context.now())


def card_line(playground: Playground, context: AppContext, row: IncidentRow) -> str:
    """What the card says of the next update."""
    with context.database.transaction() as session:
        channel = incidents.get(session, row.incident_id).channel_id
    said = [content_of(dict(one)) for one in playground.workspace.channels[str(channel)].messages.values()]
    lines = next(one for one in said if "*Commander*" in one).splitlines()
    return next((line for line in lines if "takeholder update" in line), "")


def test_the_card_says_when_the_next_update_is_due_and_that_it_is_overdue(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, playground: Playground
) -> None:
    row, at = declared_incident(), context.now() + HOUR
    work(context, slack, poster)
    assert card_line(playground, context, row) == ""
    send(context, row, "1", at)
    work(context, slack, poster)
    assert card_line(playground, context, row) == f":mega: Next stakeholder update due {instant(at)}"
    remind(context, at)
    work(replace(context, now=lambda: at), slack, poster)
    assert f"update overdue*: it was due {instant(at)}" in card_line(playground, context, row)
    send(context, row, "2", None)
    work(context, slack, poster)
    assert card_line(playground, context, row) == "", "a newer update, which promised nothing"
    send(context, row, "3", at)
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0MANAGER", context.policy, context.now())
    work(context, slack, poster)
    assert card_line(playground, context, row) == ""


@pytest.mark.parametrize(
    ("recorded", "typed", "offered"),
    [
        ("", "all shops sell again", "all shops sell again"),
        ("raised the pool.", "all shops sell again", "raised the pool. all shops sell again"),
        ("raised the pool", "the pool", None),
        ("raised the pool", "", None),
    ],
)
def test_news_of_an_incident_that_is_over_goes_into_the_notice_of_its_end(
    recorded: str, typed: str, offered: str | None
) -> None:
    over = incident(status=Status.RESOLVED, resolved_at=NOON, resolution=recorded or None)
    assert with_news(over, NOON, typed).get("resolution") == offered
