"""What people hear of reviews: reminders that say what is to be done, to those who hold the roles, groups included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.context import AppContext
from bot.escalation.flows.holders import look_up_groups
from bot.escalation.jobs import user_groups
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Person as Contact
from bot.escalation.rules.roster import Rotation
from bot.escalation.tables import GroupRow
from bot.incidents.authority import may
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.authority import Act
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.jobs import channel, home
from bot.reviews.flows import drafting, editing
from bot.reviews.jobs import reviews
from bot.reviews.rules.stages import Stage
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.records import UserGroup
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.support.queue import queued

Named = Callable[[str], Person]


@pytest.fixture
def resolved(context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared) -> IncidentRow:
    """An incident with a room, resolved and left at that."""
    row = declared_incident()
    channel.open_channel(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0TEAMLEAD", context.policy, context.now(), "raised it", "pool exhausted")
        return found


def heard(one: Person) -> str:
    return "\n".join(str(message) for message in one.messages(one.dm_with("U0TOCSIN")))


def test_the_reminder_of_what_nobody_closed_asks_to_close_it(
    context: AppContext, slack: Slack, poster: Poster, resolved: IncidentRow, person: Named
) -> None:
    for _ in range(2):
        reviews.review_reminder(context, slack, poster, incident_id=resolved.incident_id, reminder="24 h")
    said = heard(person("U0MANAGER"))
    assert said.count(f"{resolved.ref} isn't closed yet, and its review is due soon") == 1
    assert f"`/incident close {resolved.ref}`" in said


def test_nobody_is_reminded_of_what_is_open_again_or_was_a_duplicate(
    context: AppContext, slack: Slack, poster: Poster, resolved: IncidentRow, person: Named
) -> None:
    with context.database.transaction() as session:
        incidents.get(session, resolved.incident_id).merged_into = resolved.incident_id
    reviews.review_reminder(context, slack, poster, incident_id=resolved.incident_id, reminder="24 h")
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, resolved.incident_id)
        change.reopen(session, row, "U0TEAMLEAD", context.policy, context.now())
    reviews.review_reminder(context, slack, poster, incident_id=resolved.incident_id, reminder="44 h")
    assert resolved.ref not in heard(person("U0MANAGER"))


@pytest.fixture
def grouped(context: AppContext, playground: Playground) -> AppContext:
    """The manager's role and the on-call rotation are held by user groups; nobody has asked Slack yet."""
    with context.database.transaction() as session:
        session.query(GroupRow).delete()
    managers, on_call = Contact("managers", user_group="S0MANAGERS"), Contact("on call", user_group="S0ONCALL")
    members = ["U0MANAGER", "U0TEAMLEAD"]
    playground.workspace.groups["S0MANAGERS"] = UserGroup("S0MANAGERS", "managers", "Managers", "", members)
    old = context.policy.contacts
    assert isinstance(old.on_call, Rotation)
    contacts = replace(
        old,
        people={**old.people, "managers": managers, "on call": on_call},
        roles={**old.roles, Role.ENGINEERING_MANAGER: (managers,)},
        on_call=replace(old.on_call, primary=(on_call,)),
    )
    return replace(context, policy=replace(context.policy, contacts=contacts))


def approvers(context: AppContext) -> list[str]:
    with context.database.transaction() as session:
        everybody = [f"U0{name}" for name in ("RESPONDER", "SECONDARY", "TEAMLEAD", "MANAGER", "VP", "SUPPORT")]
        return [one for one in everybody if may(session, context, Act.APPROVE, one, context.now())]


def test_the_members_of_a_group_that_holds_the_role_approve_and_are_reminded(
    grouped: AppContext, slack: Slack, poster: Poster, resolved: IncidentRow, person: Named
) -> None:
    assert approvers(grouped) == ["U0VP"]
    user_groups.groups(grouped, slack, poster)
    assert approvers(grouped) == ["U0TEAMLEAD", "U0MANAGER", "U0VP"]
    reviews.review_reminder(grouped, slack, poster, incident_id=resolved.incident_id, reminder="24 h")
    for user_id in ("U0MANAGER", "U0TEAMLEAD"):
        assert resolved.ref in heard(person(user_id))
    home.home(grouped, slack, poster, user_id="U0TEAMLEAD")
    assert f"Review of {resolved.ref}" in str(person("U0TEAMLEAD").home())


def test_a_group_on_call_is_brought_into_the_room(
    grouped: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, control: Control
) -> None:
    user_groups.groups(grouped, slack, poster)
    row = declared_incident(by="U0SUPPORT")
    channel.open_channel(grouped, slack, poster, incident_id=row.incident_id)
    channel.set_up_channel(grouped, slack, poster, incident_id=row.incident_id)
    assert "U0RESPONDER" in {call["args"]["users"] for call in control.journal("conversations.invite")}


def test_a_group_that_is_no_more_has_nobody_and_one_that_slack_does_not_show_keeps_its_people(
    grouped: AppContext, slack: Slack, poster: Poster, playground: Playground, control: Control
) -> None:
    user_groups.groups(grouped, slack, poster)
    control.fault("usergroups.users.list", "error", times=2, error="missing_scope")
    user_groups.groups(grouped, slack, poster)
    assert "U0MANAGER" in approvers(grouped)
    del playground.workspace.groups["S0MANAGERS"]
    user_groups.groups(grouped, slack, poster)
    assert approvers(grouped) == ["U0VP"]


def test_slack_is_asked_about_groups_only_where_there_are_any(context: AppContext, grouped: AppContext) -> None:
    with context.database.transaction() as session:
        look_up_groups(session, context.policy)
        assert queued(session, "slack.groups") == []
        for _ in range(2):
            look_up_groups(session, grouped.policy)
        assert len(queued(session, "slack.groups")) == 1


def test_requested_changes_reach_whoever_sent_the_review_with_the_request_and_a_link(
    context: AppContext, slack: Slack, poster: Poster, resolved: IncidentRow, person: Named
) -> None:
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, resolved.incident_id)
        change.close(session, row, "U0TEAMLEAD", change.Closing(), context.policy, context.now())
        drafting.draft_once(session, row, context.policy, context.now())
        editing.move(session, row, Stage.IN_REVIEW, "U0RESPONDER", context.policy, context.now())
        editing.move(session, row, Stage.CHANGES_ASKED, "U0MANAGER", context.policy, context.now(), "say *who* paid")
        (job,) = [
            one for one in queued(session, "slack.review_changes") if one.arguments["incident_id"] == row.incident_id
        ]
        (entry,) = timeline.list_rows(session, row.incident_id, (Kind.REVIEW_CHANGES_ASKED,))
    assert entry.text == "<@U0MANAGER> requested changes to the review from <@U0RESPONDER>: say *who* paid"
    for _ in range(2):
        reviews.review_changes(context, slack, poster, **job.arguments)
    said = heard(person("U0RESPONDER"))
    assert said.count(f"Changes requested: the review of {resolved.ref}") == 1
    assert "requested changes to your review" in said and "who" in said
