"""Pages: to whoever holds the role, once, recorded; and taken back when they are answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.context import AppContext
from bot.escalation.flows import pages as escalate
from bot.escalation.flows import plan
from bot.escalation.jobs import mentions, paging
from bot.escalation.queries import pings
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Person as Contact
from bot.escalation.rules.roster import Rotation, Shift, Shifts
from bot.escalation.tables import PingRow
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, end
from bot.lifecycle.jobs.channel import open_channel
from bot.severity.rules import Severity
from bot.slack.client import Slack, TryAgain
from bot.slack.poster import Poster
from bot.text.markup import instant
from slack_playground.app import Playground
from slack_playground.person import Person, content_of
from slack_playground.workspace.records import UserGroup
from tests.fixtures.job import Declared, later
from tests.fixtures.slack import Control

Named = Callable[[str], Person]
LONG_AGO, NEVER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def the_page(context: AppContext, row: IncidentRow) -> PingRow:
    """The page to the on-call engineer, as it stands."""
    with context.database.transaction() as session:
        found = pings.list_of_incident(session, row.incident_id)
        return next(ping for ping in found if (ping.kind, ping.role) == ("page", Role.ON_CALL))


def entries(context: AppContext, row: IncidentRow, kind: Kind) -> list[str]:
    with context.database.transaction() as session:
        return [entry.text for entry in timeline.list_rows(session, row.incident_id, (kind,))]


def received(person: Person) -> list[dict[str, Any]]:
    return person.messages(person.dm_with("U0TOCSIN"))


def on_call(context: AppContext, *people: Contact) -> AppContext:
    """The same desk, with these people on call."""
    schedule = context.policy.contacts.on_call
    assert isinstance(schedule, Rotation)
    contacts = replace(context.policy.contacts, on_call=replace(schedule, primary=people, secondary=()), roles={})
    return replace(context, policy=replace(context.policy, contacts=contacts))


def test_a_page_reaches_its_person_once_and_is_recorded(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named
) -> None:
    row = declared_incident(Severity.P0)
    ping_id = the_page(context, row).ping_id
    for _ in range(2):
        paging.page(context, slack, poster, ping_id=ping_id)
    (message,) = received(person("U0RESPONDER"))
    assert message["text"] == f"P0 {row.ref} {row.title}: you are paged as on-call engineer"
    sent = the_page(context, row)
    assert (sent.state, sent.user_ids) == (pings.SENT, ["U0RESPONDER"])
    assert entries(context, row, Kind.PING_SENT) == ["Paged <@U0RESPONDER> as on-call engineer (at once)."]


def test_nothing_is_asked_of_slack_before_a_page(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, control: Control
) -> None:
    row = declared_incident(Severity.P0)
    before = len(control.journal())
    paging.page(
        on_call(context, Contact("on call", slack="U0RESPONDER")), slack, poster, ping_id=the_page(context, row).ping_id
    )
    first, *others = control.journal()[before:]
    assert (first["method"], first["args"]["channel"]) == ("chat.postMessage", "U0RESPONDER")
    assert [call["method"] for call in others] == ["users.info"]


def test_one_who_cannot_be_posted_to_now_keeps_nobody_waiting(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    person: Named,
    control: Control,
    playground: Playground,
) -> None:
    row = declared_incident(Severity.P0)
    playground.workspace.groups["S0TWO"] = UserGroup("S0TWO", "two", "Two", "", ["U0RESPONDER", "U0VP"])
    two = on_call(context, Contact("both", user_group="S0TWO"))
    control.fault("chat.postMessage", "status", times=1)
    with pytest.raises(TryAgain):
        paging.page(two, slack, poster, ping_id=the_page(context, row).ping_id)
    assert [len(received(person(user))) for user in ("U0RESPONDER", "U0VP")] == [0, 1]
    paging.page(two, slack, poster, ping_id=the_page(context, row).ping_id)
    assert [len(received(person(user))) for user in ("U0RESPONDER", "U0VP")] == [1, 1]
    assert the_page(context, row).user_ids == ["U0RESPONDER", "U0VP"]


def test_a_page_whose_answer_was_lost_is_not_sent_twice(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named, control: Control
) -> None:
    row = declared_incident(Severity.P0)
    ping_id = the_page(context, row).ping_id
    control.fault("chat.postMessage", "drop_after")
    with pytest.raises(TryAgain):
        paging.page(context, slack, poster, ping_id=ping_id)
    assert the_page(context, row).state == pings.SENDING
    paging.page(later(context, 12), slack, poster, ping_id=ping_id)
    assert len(received(person("U0RESPONDER"))) == 1
    assert entries(context, row, Kind.PING_SENT) == ["Paged <@U0RESPONDER> as on-call engineer (at once), 12 min late."]


def test_a_page_that_was_called_off_is_not_sent(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named
) -> None:
    row = declared_incident(Severity.P0)
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0TEAMLEAD", context.policy, context.now())
    paging.page(context, slack, poster, ping_id=the_page(context, row).ping_id)
    assert received(person("U0RESPONDER")) == []
    assert entries(context, row, Kind.PING_SENT) == []


def test_a_page_that_slack_took_before_it_was_called_off_is_recorded_and_taken_back(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named, control: Control
) -> None:
    row = declared_incident(Severity.P0)
    ping_id = the_page(context, row).ping_id
    control.fault("chat.postMessage", "drop_after")
    with pytest.raises(TryAgain):
        paging.page(context, slack, poster, ping_id=ping_id)
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0TEAMLEAD", context.policy, context.now())
    assert the_page(context, row).state == pings.CANCELLED
    paging.pages(context, slack, poster, ping_ids=[ping_id])
    assert [job["ping_id"] for job in _jobs(context, "slack.page")][-1] == ping_id, "it goes on by itself"
    for _ in range(2):
        paging.page(context, slack, poster, ping_id=ping_id)
    assert (the_page(context, row).state, the_page(context, row).user_ids) == (pings.SENT, ["U0RESPONDER"])
    assert len(entries(context, row, Kind.PING_SENT)) == 1
    assert [job["ping_id"] for job in _jobs(context, "slack.page_over")] == [ping_id]
    mentions.page_over(context, slack, poster, ping_id=ping_id)
    (message,) = received(person("U0RESPONDER"))
    assert "No action needed." in message["text"]


def test_a_page_that_never_reached_slack_before_it_was_called_off_leaves_nothing(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named, control: Control
) -> None:
    row = declared_incident(Severity.P0)
    ping_id = the_page(context, row).ping_id
    control.fault("chat.postMessage", "drop")
    with pytest.raises(TryAgain):
        paging.page(context, slack, poster, ping_id=ping_id)
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0TEAMLEAD", context.policy, context.now())
    paging.page(context, slack, poster, ping_id=ping_id)
    assert the_page(context, row).state == pings.CANCELLED
    assert received(person("U0RESPONDER")) == []


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (change.acknowledge, "Acknowledged by <@U0TEAMLEAD>"),
        (change.resolve, "Resolved <!date"),
        (end.false_alarm, "Closed as a false alarm <!date"),
    ],
)
def test_an_answered_page_loses_its_button(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    person: Named,
    ending: Callable[..., object],
    said: str,
) -> None:
    row = declared_incident(Severity.P0)
    ping_id = the_page(context, row).ping_id
    paging.page(context, slack, poster, ping_id=ping_id)
    mentions.page_over(context, slack, poster, ping_id=ping_id)  # nothing has happened: nothing changes
    assert "page_acknowledge" in str(received(person("U0RESPONDER")))
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        ending(session, found, "U0TEAMLEAD", context.policy, context.now())
    mentions.page_over(context, slack, poster, ping_id=ping_id)
    (message,) = received(person("U0RESPONDER"))
    assert "page_acknowledge" not in str(message)
    assert message["text"].startswith(said)


def test_a_page_links_to_the_room_once_it_is_open(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named
) -> None:
    row = declared_incident(Severity.P0)
    ping_id = the_page(context, row).ping_id
    paging.page(context, slack, poster, ping_id=ping_id)
    (before,) = received(person("U0RESPONDER"))
    assert f"#{row.channel_name}, opening now" in content_of(before)
    open_channel(context, slack, poster, incident_id=row.incident_id)
    waiting = _jobs(context, "slack.page_over")
    assert [job["ping_id"] for job in waiting] == [ping_id], "the pages that were sent, and no other"
    mentions.page_over(context, slack, poster, ping_id=ping_id)
    (after,) = received(person("U0RESPONDER"))
    with context.database.transaction() as session:
        channel_id = incidents.get(session, row.incident_id).channel_id
    assert f"Channel: <#{channel_id}>" in content_of(after)
    assert "page_acknowledge" in str(after), "nobody has answered: it stays a page"


def test_a_page_that_left_as_the_room_opened_links_to_it(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    row = declared_incident(Severity.P0)
    ping_id = the_page(context, row).ping_id
    open_channel(context, slack, poster, incident_id=row.incident_id)
    assert _jobs(context, "slack.page_over") == []
    with context.database.transaction() as session:
        escalate.pages_sent(session, [escalate.Sent(ping_id, ["U0RESPONDER"], channel_id=None)], context.now())
    assert [job["ping_id"] for job in _jobs(context, "slack.page_over")] == [ping_id]


def test_all_repeats_share_one_message_in_the_room_and_say_how_many_they_are(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named
) -> None:
    row = declared_incident(Severity.P0)
    open_channel(context, slack, poster, incident_id=row.incident_id)
    paging.page(context, slack, poster, ping_id=the_page(context, row).ping_id)
    for minutes in (6, 12, 18):
        _repeat(later(context, minutes), slack, poster, row)
    responder = person("U0RESPONDER")
    (first,) = received(responder)
    first_again, *repeats = responder.replies(first["channel"], first["ts"])
    assert first_again["ts"] == first["ts"] and len(repeats) == 3, "each is said in the thread of the first"
    assert repeats[-1]["text"].endswith("you are paged as on-call engineer for the 4th time")
    assert "<@U0RESPONDER> *This is page 4; no one has answered for 18 min.*" in content_of(repeats[-1])
    with context.database.transaction() as session:
        held = pings.list_of_incident(session, row.incident_id)
    repeated_to = [ping for ping in held if (ping.kind, ping.role) == ("repeat", Role.ON_CALL)]
    (planned,) = (ping.due_at for ping in repeated_to if ping.state == pings.PLANNED)
    again = f"{instant(planned)}, unless someone acknowledges before."
    assert f"*Next page:* {again}" in content_of(repeats[-1])
    (copy,) = _in_room(context, person, row, "until acknowledged")
    assert copy.count(f"Next page: {again}") == 1
    assert copy.count("This is page 4; no one has answered for 18 min.") == 1 and "page_acknowledge" in copy
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.acknowledge(session, found, "U0TEAMLEAD", context.policy, later(context, 20).now())
        held = pings.list_of_incident(session, row.incident_id)
        repeated = [ping.ping_id for ping in held if ping.kind == "repeat" and ping.sent_at]
    for ping_id in repeated[:3]:
        mentions.page_over(later(context, 20), slack, poster, ping_id=ping_id)
    (copy,) = _in_room(context, person, row, "until acknowledged")
    assert "Next page" not in copy
    assert "page_acknowledge" not in copy and "Acknowledged by <@U0TEAMLEAD>" in copy
    assert "This is page 4" in copy, "an earlier one that is edited does not count back"


def _repeat(context: AppContext, slack: Slack, poster: Poster, row: IncidentRow) -> None:
    """Page the on-call engineer again, and have it said in the room; the job of an earlier one runs once more."""
    with context.database.transaction() as session:
        plan.replan(
            session, incidents.get_for_change(session, row.incident_id), context.policy.escalation, context.now()
        )
        held, again = pings.list_of_incident(session, row.incident_id), ("repeat", "on-call engineer", pings.SENDING)
        (due,) = [ping.ping_id for ping in held if (ping.kind, ping.role, ping.state) == again]
    paging.page(context, slack, poster, ping_id=due)
    with context.database.transaction() as session:
        entry = timeline.find_by_source(session, f"ping:{due}")
        assert entry is not None
        entry_id = entry.entry_id
        told = [entry.entry_id for entry in timeline.list_rows(session, row.incident_id, (Kind.PING_SENT,))]
    for each in (entry_id, told[1]):
        mentions.mention(context, slack, poster, entry_id=each)


def _in_room(context: AppContext, person: Named, row: IncidentRow, words: str) -> list[str]:
    with context.database.transaction() as session:
        channel_id = incidents.get(session, row.incident_id).channel_id
    assert channel_id is not None
    found = person("U0RESPONDER").messages(channel_id)
    return [str(message["blocks"]) for message in found if words in content_of(message)]


def _jobs(context: AppContext, task: str) -> list[dict[str, Any]]:
    statement = text("select args from procrastinate_jobs where task_name = :task order by id")
    with context.database.engine.connect() as connection:
        return list(connection.scalars(statement, {"task": task}))


def test_everybody_of_a_group_is_paged(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, person: Named
) -> None:
    row = declared_incident(Severity.P0)
    several = on_call(context, Contact("the group", user_group="S0ONCALL"))
    paging.page(several, slack, poster, ping_id=the_page(context, row).ping_id)
    assert the_page(context, row).user_ids == ["U0RESPONDER"]
    assert len(received(person("U0RESPONDER"))) == 1


@pytest.mark.parametrize(
    ("contact", "why"),
    [
        (Contact("left", slack="U0GONE"), "<@U0GONE> is no longer in the workspace."),
        (Contact("a bot", slack="U0TOCSIN"), "<@U0TOCSIN> is a bot."),
        (Contact("mail only", email="x@example.com"), "mail only has no Slack id."),
        (
            Contact("no such group", user_group="S0GONE"),
            "The user group of no such group (S0GONE) is unknown to Slack.",
        ),
    ],
)
def test_a_page_that_reaches_nobody_says_so_on_the_timeline(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, contact: Contact, why: str
) -> None:
    row = declared_incident(Severity.P0)
    paging.page(on_call(context, contact), slack, poster, ping_id=the_page(context, row).ping_id)
    failed = the_page(context, row)
    assert failed.state == pings.FAILED
    (said,) = entries(context, row, Kind.PING_FAILED)
    assert said.startswith(f"Could not page the on-call engineer (at once): {why}")
    assert said.endswith("Run `tocsin doctor`.")


GONE = Contact("left", slack="U0GONE")
SECONDARY = Contact("second", slack="U0SECONDARY")


@pytest.mark.parametrize(
    ("schedule", "roles", "reached", "why"),
    [
        (
            Shifts((Shift(LONG_AGO, NEVER, GONE, SECONDARY),)),
            {},
            "U0SECONDARY",
            "<@U0GONE> is no longer in the workspace. The secondary on-call stands in.",
        ),
        (
            Shifts((Shift(LONG_AGO, NEVER, Contact("group", user_group="S0EMPTY"), SECONDARY),)),
            {},
            "U0SECONDARY",
            "The user group of group is empty. The secondary on-call stands in.",
        ),
        (
            Shifts((Shift(LONG_AGO, LONG_AGO + HOUR, GONE, SECONDARY),)),
            {Role.VP: (Contact("VP", slack="U0VP"),)},
            "U0VP",
            "No one is assigned to on-call engineer. No one is assigned to secondary on-call. "
            "No one is assigned to team lead. No one is assigned to engineering manager. The VP engineering stands in.",
        ),
    ],
    ids=["left", "empty group", "gap"],
)
def test_who_cannot_be_paged_is_stood_in_for_and_the_timeline_says_why(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    person: Named,
    playground: Playground,
    schedule: Shifts,
    roles: dict[Role, tuple[Contact, ...]],
    reached: str,
    why: str,
) -> None:
    playground.workspace.groups["S0EMPTY"] = UserGroup("S0EMPTY", "empty", "Empty", "", [])
    contacts = replace(context.policy.contacts, on_call=schedule, roles=roles)
    row = declared_incident(Severity.P0)
    spoiled = replace(context, policy=replace(context.policy, contacts=contacts))
    paging.page(spoiled, slack, poster, ping_id=the_page(context, row).ping_id)
    assert the_page(context, row).user_ids == [reached]
    assert entries(context, row, Kind.PING_SENT) == [f"Paged <@{reached}> as on-call engineer (at once). {why}"]
    (message,) = received(person(reached))
    assert why in content_of(message)


def test_where_nobody_holds_any_role_the_timeline_says_so(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    row = declared_incident(Severity.P0)
    contacts = replace(context.policy.contacts, on_call=Shifts(()), roles={})
    nobody = replace(context, policy=replace(context.policy, contacts=contacts))
    paging.page(nobody, slack, poster, ping_id=the_page(context, row).ping_id)
    (said,) = entries(context, row, Kind.PING_FAILED)
    assert said.startswith("Could not page the on-call engineer (at once): No one is assigned to on-call engineer.")
    assert the_page(context, row).state == pings.FAILED
