"""Slack refuses the incident's channel, or us in it: people are told, and work goes on in a thread."""

from __future__ import annotations

import pytest

from bot.context import AppContext
from bot.incidents.flows import record, refusals
from bot.incidents.queries import incidents, places, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.backfill import plan_backfill
from bot.lifecycle.flows.declare import where_to_work
from bot.lifecycle.jobs import backfill, responders
from bot.lifecycle.messages.answers import where
from bot.settings import Settings
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.wiring.doctor import reach
from bot.wiring.doctor.findings import Known, State
from bot.wiring.worker import TASKS
from slack_playground.app import Playground
from slack_playground.delivery.refusals import DOCUMENTED
from slack_playground.person import Person
from tests.fixtures.job import Declared, later
from tests.fixtures.slack import Control
from tests.slack_playground.test_strictness import guests
from tests.support.queue import empty_queue, queued

INCIDENTS = "C0INCIDENTS"
ADMIN = "Ask a workspace admin to allow it in Slack under Settings, Permissions, Channel management."
CREATING = {  # by refusal: what people read of it, where it is not that Slack refused it
    "restricted_action": f"this workspace's settings don't let apps create channels (restricted_action). {ADMIN}",
    "user_is_restricted": f"this workspace's settings don't let Tocsin create channels (user_is_restricted). {ADMIN}",
    "missing_scope": "Tocsin's Slack app lacks a permission (missing_scope). Ask whoever runs Tocsin to run "
    "`tocsin doctor`, which names the permission, and to reinstall the app.",
    "team_access_not_granted": "Tocsin isn't approved for this workspace (team_access_not_granted). "
    "Ask an organization admin to approve Tocsin's app for it.",
}


def work(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Do all that waits, as the worker would, until nothing does."""
    while True:
        with context.database.transaction() as session:
            jobs = [job for job in queued(session) if job.task.startswith("slack.") and job.task in TASKS]
            empty_queue(session)
        if not jobs:
            return
        for job in jobs:
            TASKS[job.task](context, slack, poster, **job.arguments)


def told(context: AppContext, row: IncidentRow, kind: Kind = Kind.NOT_DONE) -> list[str]:
    with context.database.transaction() as session:
        return [entry.text for entry in timeline.list_rows(session, row.incident_id, (kind,))]


def thread(person: Person, row: IncidentRow) -> list[str]:
    """What stands in the incident's thread in the announcement channel, its first message included."""
    (mirror,) = [message for message in person.messages(INCIDENTS) if row.ref in message["text"]]
    return [message["text"] for message in person.replies(INCIDENTS, mirror["ts"])]


def direct(slack: Slack, playground: Playground, user_id: str) -> list[str]:
    found = playground.workspace.channels[slack.open_direct(user_id)].messages.values()
    return [str(message["text"]) for message in found]


@pytest.mark.parametrize(
    "error", [*DOCUMENTED["conversations.create"].split(), "missing_scope", "team_access_not_granted"]
)
def test_without_a_channel_people_are_told_and_work_in_a_thread_until_there_is_one(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
    responder: Person,
    control: Control,
    error: str,
) -> None:
    control.refuse("conversations.create", error)
    row = declared_incident()
    with context.database.transaction() as session:
        incidents.give_role(session, row.incident_id, incidents.COMMANDER, "U0TEAMLEAD", context.now())
    work(context, slack, poster)

    (said,) = told(context, row)
    assert said.startswith(f"Tocsin couldn't create #{row.channel_name}: {CREATING.get(error, '')}")
    assert f"({error}). " in said
    assert said.endswith(f"Until then, work on it in its thread in <#{INCIDENTS}>. Tocsin tries again every minute.")
    mirror, card, line, page = thread(responder, row)
    assert page.startswith("Paged <@U0RESPONDER>")
    assert row.ref in mirror and row.ref in card
    assert line.startswith("Tocsin couldn't create")
    assert direct(slack, playground, "U0RESPONDER")[-1] == said
    assert direct(slack, playground, "U0TEAMLEAD")[-1] == said
    with context.database.transaction() as session:
        answer = where(where_to_work(session, incidents.get(session, row.incident_id)))
        assert answer.startswith("none yet, as ")
        assert f"Work on it in its thread in <#{INCIDENTS}>." in answer

    with context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        record.record(session, found, Kind.NOTED, "pool is full", context.now(), announce=True)
    work(context, slack, poster)
    assert thread(responder, row)[-1] == "pool is full"

    with context.database.transaction() as session:
        assert refusals.retry_channels(session, later(context, 1).now()) == 1
    work(later(context, 1), slack, poster)
    assert told(context, row) == [said], "the same refusal is told once"

    control.clear_faults()
    with context.database.transaction() as session:
        assert refusals.retry_channels(session, later(context, 3).now()) == 1
    work(later(context, 3), slack, poster)
    with context.database.transaction() as session:
        channel_id = incidents.get(session, row.incident_id).channel_id
        assert refusals.retry_channels(session, later(context, 9).now()) == 0
    assert channel_id is not None
    (back,) = told(context, row, Kind.DONE_AFTER_ALL)
    assert back == f"Slack let Tocsin create the channel: <#{channel_id}>."
    shown = [message["text"] for message in responder.messages(channel_id)]
    assert any(row.ref in text for text in shown)
    assert back in shown
    assert thread(responder, row)[1] == f"The incident is worked on in its channel now: <#{channel_id}>"
    assert direct(slack, playground, "U0RESPONDER")[-1] == back


def test_doctor_says_what_slack_refused_and_what_to_do(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, control: Control
) -> None:
    control.refuse("conversations.create", "restricted_action")
    row = declared_incident()
    work(context, slack, poster)
    with context.database.transaction() as session:
        found = places.list_refusals(session, context.now() - reach.LOOK_BACK)
    known = Known(Settings.model_validate({}), context.now())
    assert [finding.state for finding in reach.refusals(known)] == [State.UNKNOWN]
    known.refusals = found
    (finding,) = [one for one in reach.refusals(known) if "conversations.create: " in one.says and row.ref in one.says]
    assert (finding.state, finding.fix) == (State.FAILED, ADMIN)


def test_a_security_incident_without_a_channel_shows_nothing_to_everybody(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
    responder: Person,
    control: Control,
) -> None:
    control.refuse("conversations.create", "restricted_action")
    row = declared_incident(security=True)
    work(context, slack, poster)
    assert not [message for message in responder.messages(INCIDENTS) if row.ref in message["text"]]
    (said,) = told(context, row)
    assert f"Until then, type commands with its reference, such as `/incident note {row.ref} …`." in said
    assert direct(slack, playground, "U0RESPONDER")[-1] == said


def test_what_people_write_in_the_thread_is_on_the_timeline(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person, control: Control
) -> None:
    control.refuse("conversations.create", "restricted_action")
    row = declared_incident()
    work(context, slack, poster)
    (mirror,) = [message for message in responder.messages(INCIDENTS) if row.ref in message["text"]]
    ts, now = responder.reply(INCIDENTS, mirror["ts"], "restarting"), context.now()
    with context.database.transaction() as session:
        assert record.message_posted(session, INCIDENTS, ts, "U0RESPONDER", "restarting", now, mirror["ts"])
        assert record.message_edited(session, INCIDENTS, ts, "U0RESPONDER", "restarted", now, ts)
        assert record.pin_changed(session, INCIDENTS, ts, "U0RESPONDER", True, now, f"pin:{ts}")
        other = responder.say(INCIDENTS, "lunch?")
        assert not record.message_posted(session, INCIDENTS, other, "U0RESPONDER", "lunch?", now, None)
    with context.database.transaction() as session:
        entry = timeline.list_entries(session, row.incident_id)[-1]
    assert (entry.text, entry.key) == ("restarted", True)


# -- put out of the channel, archived, renamed -------------------------------------------------------------------------


def opened(context: AppContext, slack: Slack, poster: Poster, row: IncidentRow) -> str:
    """All that follows a declaration is done; the channel's id."""
    work(context, slack, poster)
    with context.database.transaction() as session:
        return str(incidents.get(session, row.incident_id).channel_id)


def noticed(context: AppContext, slack: Slack, poster: Poster, row: IncidentRow, by_event: bool) -> None:
    """Slack tells us that we were put out, or we find out when we next look."""
    with context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        if by_event:
            refusals.put_out(session, found.channel_id or "", context.now())
    if not by_event:
        backfill.backfill_channel(context, slack, poster, incident_id=row.incident_id)
    work(context, slack, poster)


@pytest.mark.parametrize("by_event", [True, False])
def test_put_out_of_a_public_channel_tocsin_joins_again_and_reads_what_was_said(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    responder: Person,
    by_event: bool,
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    responder.remove_member(channel_id, "U0TOCSIN")
    responder.say(channel_id, "nobody listens")
    noticed(context, slack, poster, row, by_event)
    assert "U0TOCSIN" in slack.call("conversations.members", channel=channel_id)["members"]
    with context.database.transaction() as session:
        assert incidents.get(session, row.incident_id).channel_trouble is None
        texts = [entry.text for entry in timeline.list_entries(session, row.incident_id)]
    assert "nobody listens" in texts
    assert told(context, row) == [], "nothing was lost, so nobody is bothered"


@pytest.mark.parametrize("by_event", [True, False])
def test_put_out_of_a_private_channel_somebody_is_asked_to_invite_tocsin(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
    responder: Person,
    by_event: bool,
) -> None:
    row = declared_incident(security=True)
    channel_id = opened(context, slack, poster, row)
    responder.remove_member(channel_id, "U0TOCSIN")
    responder.say(channel_id, "nobody listens")
    noticed(context, slack, poster, row, by_event)
    (said,) = told(context, row)
    assert said == (
        f"Tocsin couldn't post in <#{channel_id}>, and what is said there is not recorded: "
        "Tocsin can't see the channel (channel_not_found). Someone in the channel has to type `/invite @tocsin` there. "
        f"Until then, type commands with its reference, such as `/incident note {row.ref} …`. "
        "Tocsin tries again every minute, and then reads what it missed."
    )
    assert direct(slack, playground, "U0RESPONDER")[-1] == said

    responder.invite(channel_id, "U0TOCSIN")
    with context.database.transaction() as session:
        refusals.let_in(session, channel_id)
    work(context, slack, poster)
    (back,) = told(context, row, Kind.DONE_AFTER_ALL)
    assert back == f"Tocsin is back in <#{channel_id}> and reads what was said meanwhile."
    with context.database.transaction() as session:
        texts = [entry.text for entry in timeline.list_entries(session, row.incident_id)]
    assert "nobody listens" in texts


def test_while_the_channel_is_archived_work_goes_on_in_the_thread(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    responder.archive(channel_id)
    with context.database.transaction() as session:
        refusals.channel_archived(session, channel_id, True, context.now())
    work(context, slack, poster)
    (said,) = told(context, row)
    assert "the channel is archived (is_archived). Bots can't unarchive: someone in the workspace has to open" in said
    assert thread(responder, row)[-1].startswith(f"Tocsin couldn't post in <#{channel_id}>")
    with context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        record.record(session, found, Kind.NOTED, "it goes on", context.now(), announce=True)
    work(context, slack, poster)
    assert thread(responder, row)[-1] == "it goes on"

    responder.unarchive(channel_id)
    responder.rename(channel_id, "inc-reopened")
    with context.database.transaction() as session:
        refusals.channel_archived(session, channel_id, False, context.now())
    work(context, slack, poster)
    with context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        assert (found.channel_trouble, found.channel_archived, found.channel_name) == (None, False, "inc-reopened")
    assert "U0TOCSIN" in slack.call("conversations.members", channel=channel_id)["members"]
    assert [message["text"] for message in responder.messages(channel_id)][-1].startswith("Tocsin is back in")


def test_a_channel_archived_and_brought_back_while_tocsin_was_away_is_asked_about_at_its_start(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)

    def start_after_time_away() -> tuple[str | None, bool]:
        with context.database.transaction() as session:
            plan_backfill(session, context.now(), context.now(), long=True)
        work(context, slack, poster)
        with context.database.transaction() as session:
            found = incidents.get(session, row.incident_id)
            return found.channel_trouble, found.channel_archived

    responder.archive(channel_id)
    assert start_after_time_away() == ("is_archived", True)
    assert thread(responder, row)[-1].startswith(f"Tocsin couldn't post in <#{channel_id}>")
    with context.database.transaction() as session:
        # As it was recorded before the state was asked for: no retry is planned.
        found = incidents.get_for_change(session, row.incident_id)
        found.channel_retry_at = None
    responder.unarchive(channel_id)
    assert start_after_time_away() == (None, False)
    assert "U0TOCSIN" in slack.call("conversations.members", channel=channel_id)["members"]


@pytest.mark.parametrize("how", ["archive", "remove"])
def test_a_channel_lost_without_an_event_is_noticed_when_it_is_next_read(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    responder: Person,
    how: str,
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    backfill.backfill_channel(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        assert queued(session, "slack.check_channel", incident_id=row.incident_id) == []
    if how == "archive":
        responder.archive(channel_id)
    else:
        responder.remove_member(channel_id, "U0TOCSIN")
    soon = later(context, 5)
    with context.database.transaction() as session:
        plan_backfill(session, soon.now(), soon.now())
    work(soon, slack, poster)
    with context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        assert (found.channel_trouble is None, found.channel_archived) == (how == "remove", how == "archive")
    members = slack.call("conversations.members", channel=channel_id)["members"]
    if how == "remove":
        assert "U0TOCSIN" in members
    else:
        assert thread(responder, row)[-1].startswith(f"Tocsin couldn't post in <#{channel_id}>")


def test_a_channel_renamed_without_an_event_is_called_by_its_new_name(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    slack.call("conversations.rename", channel=channel_id, name="checkout-again")
    backfill.backfill_channel(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        assert incidents.get(session, row.incident_id).channel_name == "checkout-again"


# -- refused invitations, topic and pin --------------------------------------------------------------------------------


def test_whoever_cannot_be_let_in_is_named_to_whoever_asked_and_on_the_timeline(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
) -> None:
    playground.on_loop(lambda: guests(playground))
    row = declared_incident()
    channel_id = opened(context, slack, poster, row)
    wrong = {
        "U0GUEST": "user_is_restricted",
        "U0ONE": "ura_max_channels",
        "U0PARTNER": "cant_invite",
        "W0GRID": "org_user_not_in_team",
        "U0GONE": "user_not_found",
    }
    responders.bring(
        context, slack, poster, incident_id=row.incident_id, user_ids=["U0VP", *wrong], asked_by="U0MANAGER"
    )
    work(context, slack, poster)
    said = told(context, row)
    for (user_id, error), text in zip(wrong.items(), said, strict=True):
        assert text.startswith(f"Tocsin couldn't invite <@{user_id}> to <#{channel_id}>: ")
        assert f"({error}). " in text
    assert direct(slack, playground, "U0MANAGER") == said
    assert "U0VP" in slack.call("conversations.members", channel=channel_id)["members"]


@pytest.mark.parametrize(
    ("method", "error", "what"),
    [
        ("conversations.setTopic", "restricted_action", "set the channel's topic"),
        ("conversations.setTopic", "user_is_restricted", "set the channel's topic"),
        ("pins.add", "too_many_pins", "pin the card in the channel"),
        ("pins.add", "permission_denied", "pin the card in the channel"),
    ],
)
def test_a_topic_or_pin_that_is_refused_costs_nothing_of_the_rest(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    control: Control,
    method: str,
    error: str,
    what: str,
) -> None:
    control.refuse(method, error)
    row = declared_incident(by="U0SUPPORT")
    channel_id = opened(context, slack, poster, row)
    (said,) = told(context, row)
    assert said.startswith(f"Tocsin couldn't {what}: ") and f"({error}). " in said
    members = slack.call("conversations.members", channel=channel_id)["members"]
    assert {"U0SUPPORT", "U0RESPONDER"} <= set(members)
    pinned = slack.call("pins.list", channel=channel_id)["items"]
    assert len(pinned) == (0 if method == "pins.add" else 1)
    topic = slack.call("conversations.info", channel=channel_id)["channel"]["topic"]["value"]
    assert (row.ref in topic) == (method == "pins.add")
