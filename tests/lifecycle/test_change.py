"""Changing an incident: each change once, with its entry, its announcement and its sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.escalation.queries import pings
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.responders import ResponderRole
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.lifecycle.flows import change, commander, responders
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries import handovers
from bot.lifecycle.rules.outcomes import CommandHeld, CommandTaken, Outcome, StatusChanged
from bot.severity.rules import Severity
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, count_entries, minutes

LATER = NOON + minutes(10)
Change = Callable[[Session, IncidentRow, Policy], Outcome]


def entries(session: Session, row: IncidentRow, *kinds: Kind) -> list[TimelineEntry]:
    return timeline.list_rows(session, row.incident_id, kinds or tuple(Kind))


def brought_to(session: Session, row: IncidentRow, status: Status, policy: Policy) -> None:
    """Take the incident the usual way to a status."""
    if status in (Status.IDENTIFIED, Status.MITIGATED):
        change.set_status(session, row, status, "U0RESPONDER", policy, NOON + minutes(1))
    if not status.is_open:
        change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(2))
    if status is Status.CLOSED:
        change.close(session, row, "U0RESPONDER", Closing(), policy, NOON + minutes(3))
    assert row.status == status


def announced(session: Session, entry: TimelineEntry) -> bool:
    return len(queued(session, "slack.say", entry_id=entry.entry_id)) == 1


def test_a_severity_is_raised_with_its_reason(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(Severity.P2)
    said = sentence(change.set_severity(session, row, Severity.P0, "U0TEAMLEAD", policy, LATER, "all regions <!here>"))
    assert said == f"{row.ref} is now P0, was P2."
    (entry,) = entries(session, row, Kind.SEVERITY_RAISED)
    assert entry.text == "Severity raised from P2 to P0 by <@U0TEAMLEAD>: all regions &lt;!here&gt;"
    assert entry.data == {"severity": "P0", "before": "P2"}
    assert announced(session, entry)
    assert len(queued(session, "slack.card", incident_id=row.incident_id)) == 1


def test_a_severity_is_lowered(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(Severity.P0)
    change.set_severity(session, row, Severity.P3, "U0TEAMLEAD", policy, LATER)
    (entry,) = entries(session, row, Kind.SEVERITY_LOWERED)
    assert entry.text == "Severity lowered from P0 to P3 by <@U0TEAMLEAD>."
    assert row.severity == "P3"


STATUSES = [Status.IDENTIFIED, Status.MITIGATED]


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_is_stamped_the_first_time(
    session: Session, declared: Declare, policy: Policy, status: Status
) -> None:
    row = declared()
    assert change.set_status(session, row, status, "U0RESPONDER", policy, LATER) == StatusChanged(row.ref, status)
    change.set_status(session, row, Status.INVESTIGATING, "U0RESPONDER", policy, LATER + minutes(1))
    change.set_status(session, row, status, "U0RESPONDER", policy, LATER + minutes(2))
    assert getattr(row, f"{status}_at") == LATER
    changes = entries(session, row, Kind.STATUS_CHANGED)
    assert [entry.data["after"] for entry in changes] == [status, "investigating", status]
    assert changes[0].text == f"Status investigating → {status} by <@U0RESPONDER>."
    assert announced(session, changes[0])


@pytest.mark.parametrize("over", [Status.RESOLVED, Status.CLOSED])
@pytest.mark.parametrize("wanted", [Status.INVESTIGATING, *STATUSES])
def test_setting_a_status_does_not_reopen(
    session: Session, declared: Declare, policy: Policy, over: Status, wanted: Status
) -> None:
    row = declared()
    brought_to(session, row, over, policy)
    with pytest.raises(TransitionRefused, match=r"Reopen it first: `/incident reopen`"):
        change.set_status(session, row, wanted, "U0RESPONDER", policy, LATER)
    assert row.status == over
    assert row.resolved_at is not None


def test_the_first_to_acknowledge_takes_command(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    said = sentence(change.acknowledge(session, row, "U0RESPONDER", policy, LATER))
    assert said.startswith(f"You acknowledged {row.ref}.")
    assert (row.acknowledged_at, row.acknowledged_by, row.commander) == (LATER, "U0RESPONDER", "U0RESPONDER")
    (entry,) = entries(session, row, Kind.ACKNOWLEDGED)
    assert entry.text == "Acknowledged by <@U0RESPONDER> after 10 min."
    assert not announced(session, entry), "the page in the channel says so"
    again = sentence(change.acknowledge(session, row, "U0TEAMLEAD", policy, LATER + minutes(1)))
    assert "was already acknowledged by <@U0RESPONDER>" in again
    assert (row.acknowledged_at, row.acknowledged_by) == (LATER, "U0RESPONDER")
    assert len(entries(session, row, Kind.ACKNOWLEDGED)) == 1


def test_acknowledging_leaves_command_where_it_is(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    change.take_command(session, row, "U0TEAMLEAD", policy, NOON)
    change.acknowledge(session, row, "U0RESPONDER", policy, LATER)
    assert row.commander == "U0TEAMLEAD"


def test_command_passes_from_hand_to_hand(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    assert change.take_command(session, row, "U0RESPONDER", policy, NOON) == CommandTaken(row.ref)
    assert change.take_command(session, row, "U0RESPONDER", policy, LATER) == CommandHeld(row.ref)
    assert change.take_command(session, row, "U0TEAMLEAD", policy, LATER) == CommandTaken(row.ref)
    holder = incidents.find_role(session, row.incident_id, "commander")
    assert holder is not None
    assert (row.commander, holder.user_id) == ("U0TEAMLEAD", "U0TEAMLEAD")
    assert [entry.text for entry in entries(session, row, Kind.ROLE_TAKEN)] == [
        "<@U0RESPONDER> takes command.",
        "<@U0TEAMLEAD> takes command from <@U0RESPONDER>.",
    ]


def test_resolving_records_what_fixed_it(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    said = sentence(
        change.resolve(session, row, "U0RESPONDER", policy, LATER, resolution="a <b> & c", cause="pool exhausted")
    )
    assert said.startswith(f"{row.ref} is resolved. `/incident close`")
    assert (row.status, row.resolved_at, row.resolution, row.cause) == (
        "resolved", LATER, "a <b> & c", "pool exhausted",
    )  # fmt: skip
    assert [(entry.kind, entry.text) for entry in entries(session, row)[1:]] == [
        ("resolution_recorded", "a &lt;b&gt; &amp; c"),
        ("cause_recorded", "pool exhausted"),
        ("resolved", "Resolved by <@U0RESPONDER> after 10 min."),
    ]
    (entry,) = entries(session, row, Kind.RESOLVED)
    assert entry.data["said"] == "Resolved by <@U0RESPONDER> after 10 min: a &lt;b&gt; &amp; c"
    assert not announced(session, entry), "the checklist says so"
    assert len(queued(session, "slack.checklist", incident_id=row.incident_id)) == 1


def test_closing_files_the_answers_and_has_the_review_drafted(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, LATER, cause="pool exhausted")
    said = Closing("pool exhausted", "raised the pool", "a third of users", false_alarm=False, playbook_helped=True)
    assert sentence(change.close(session, row, "U0MANAGER", said, policy, LATER)).startswith(f"{row.ref} is closed.")
    assert (row.status, row.closed_at, row.resolution, row.impact) == (
        "closed", LATER, "raised the pool", "a third of users",
    )  # fmt: skip
    assert (row.false_alarm, row.playbook_helped) == (False, True)
    assert len(entries(session, row, Kind.CAUSE_RECORDED)) == 1  # the same cause twice says nothing new
    (entry,) = entries(session, row, Kind.CLOSED)
    assert (entry.text, entry.data) == ("Closed by <@U0MANAGER>.", {"false_alarm": False, "playbook_helped": True})
    (review,) = queued(session, "slack.review", incident_id=row.incident_id)
    assert (review.arguments["episode"], review.lock) == (1, f"review-{row.incident_id}")


def test_closing_without_words_keeps_what_was_recorded(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, LATER, resolution="raised the pool", cause="pool exhausted")
    change.close(session, row, "U0RESPONDER", Closing(false_alarm=True), policy, LATER)
    assert (row.cause, row.resolution, row.false_alarm) == ("pool exhausted", "raised the pool", True)
    assert entries(session, row, Kind.CLOSED)[0].text == "Closed by <@U0RESPONDER> as a false alarm."


@pytest.mark.parametrize("over", [Status.RESOLVED, Status.CLOSED])
def test_reopening_begins_anew(session: Session, declared: Declare, policy: Policy, over: Status) -> None:
    row = declared()
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(1))
    brought_to(session, row, over, policy)
    said = sentence(change.reopen(session, row, "U0TEAMLEAD", policy, LATER, "errors <!channel>"))
    assert said == f"{row.ref} is open again. Escalation restarts."
    assert (row.status, row.episode, row.commander) == ("investigating", 2, "U0RESPONDER")
    assert (row.resolved_at, row.closed_at, row.acknowledged_at, row.acknowledged_by) == (None, None, None, None)
    (entry,) = entries(session, row, Kind.REOPENED)
    assert entry.text == "Reopened by <@U0TEAMLEAD>: errors &lt;!channel&gt;"
    assert announced(session, entry)


def test_spans_after_a_reopening_say_what_they_count_from(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(1))
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(10))
    change.reopen(session, row, "U0TEAMLEAD", policy, NOON + minutes(60))
    change.acknowledge(session, row, "U0VP", policy, NOON + minutes(65))
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(90))
    acknowledged = [entry.text for entry in entries(session, row, Kind.ACKNOWLEDGED)]
    assert acknowledged == [
        "Acknowledged by <@U0RESPONDER> after 1 min.",
        "Acknowledged by <@U0VP> after 5 min from reopening.",
    ]
    resolved = [entry.text for entry in entries(session, row, Kind.RESOLVED)]
    assert resolved == [
        "Resolved by <@U0RESPONDER> after 10 min.",
        "Resolved by <@U0RESPONDER> after 1 h 30 min, reopened once.",
    ]
    assert (row.resolved_at, row.acknowledged_at) == (NOON + minutes(90), NOON + minutes(65))


@pytest.mark.parametrize("status", [Status.INVESTIGATING, *STATUSES])
def test_what_is_open_cannot_be_reopened(session: Session, declared: Declare, policy: Policy, status: Status) -> None:
    row = declared()
    brought_to(session, row, status, policy)
    with pytest.raises(TransitionRefused, match=rf"is already open \({status}\)"):
        change.reopen(session, row, "U0RESPONDER", policy, LATER)


def test_a_second_round_is_closed_and_reviewed_as_such(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    brought_to(session, row, Status.CLOSED, policy)
    change.reopen(session, row, "U0TEAMLEAD", policy, LATER)
    brought_to(session, row, Status.CLOSED, policy)
    reviews = queued(session, "slack.review", incident_id=row.incident_id)
    assert [job.arguments["episode"] for job in reviews] == [1, 2]


REPEATS: dict[str, tuple[Status, Change]] = {
    "severity": (
        Status.INVESTIGATING,
        lambda session, row, policy: change.set_severity(session, row, Severity.P1, "U1", policy, LATER),
    ),
    "status": (
        Status.IDENTIFIED,
        lambda session, row, policy: change.set_status(session, row, Status.IDENTIFIED, "U1", policy, LATER),
    ),
}


@pytest.mark.parametrize(("status", "press"), REPEATS.values(), ids=REPEATS)
def test_a_second_press_changes_nothing(
    session: Session, declared: Declare, policy: Policy, status: Status, press: Change
) -> None:
    row = declared(Severity.P1)
    brought_to(session, row, status, policy)
    before = count_entries(session, row.incident_id)
    empty_queue(session)
    assert " already " in sentence(press(session, row, policy))
    assert count_entries(session, row.incident_id) == before
    assert queued(session) == []


REFUSED: dict[str, tuple[Status, Change]] = {
    "severity when resolved": (Status.RESOLVED, lambda s, r, p: change.set_severity(s, r, Severity.P0, "U1", p, LATER)),
    "severity when closed": (Status.CLOSED, lambda s, r, p: change.set_severity(s, r, Severity.P0, "U1", p, LATER)),
    "acknowledge when resolved": (Status.RESOLVED, lambda s, r, p: change.acknowledge(s, r, "U1", p, LATER)),
    "command when closed": (Status.CLOSED, lambda s, r, p: change.take_command(s, r, "U1", p, LATER)),
    "resolve twice": (Status.RESOLVED, lambda s, r, p: change.resolve(s, r, "U1", p, LATER, "again", "again")),
    "resolve when closed": (Status.CLOSED, lambda s, r, p: change.resolve(s, r, "U1", p, LATER)),
    "close when open": (Status.MITIGATED, lambda s, r, p: change.close(s, r, "U1", Closing("c", "r"), p, LATER)),
    "close twice": (Status.CLOSED, lambda s, r, p: change.close(s, r, "U1", Closing("c", "r"), p, LATER)),
}


@pytest.mark.parametrize(("status", "press"), REFUSED.values(), ids=REFUSED)
def test_what_comes_too_late_or_too_soon_is_refused_and_writes_nothing(
    session: Session, declared: Declare, policy: Policy, status: Status, press: Change
) -> None:
    row = declared()
    brought_to(session, row, status, policy)
    before = count_entries(session, row.incident_id)
    empty_queue(session)
    with pytest.raises(TransitionRefused, match=row.ref):
        press(session, row, policy)
    assert row.status == status
    assert (row.cause, row.resolution) == (None, None)
    assert count_entries(session, row.incident_id) == before
    assert queued(session) == []


def test_who_reopens_and_commands_has_acknowledged_and_the_on_call_engineer_is_not_paged(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(1))
    brought_to(session, row, Status.CLOSED, policy)
    change.reopen(session, row, "U0RESPONDER", policy, LATER)
    assert (row.acknowledged_at, row.acknowledged_by) == (LATER, "U0RESPONDER")
    second = [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.key.startswith("2/")]
    assert second
    assert "on-call engineer" not in {ping.role for ping in second}


def test_reopening_moves_cause_and_resolution_to_the_timeline(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(5), "bigger <pool>", "pool too small")
    said = sentence(change.reopen(session, row, "U0TEAMLEAD", policy, LATER))
    assert "The earlier cause and resolution are on the timeline, as “before reopening”." in said
    assert (row.cause, row.resolution, row.identified_at, row.mitigated_at) == (None, None, None, None)
    assert [entry.text for entry in entries(session, row, Kind.NOTED)] == [
        "Earlier cause, before reopening: pool too small",
        "Earlier resolution, before reopening: bigger &lt;pool&gt;",
    ]


def test_the_cause_from_before_reopening_is_offered_until_there_is_another(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(5), cause="pool <too> small")
    change.reopen(session, row, "U0TEAMLEAD", policy, LATER)
    assert change.offered(session, row).cause == "pool <too> small"
    change.resolve(session, row, "U0RESPONDER", policy, LATER)
    assert "earlier" not in sentence(change.reopen(session, row, "U0TEAMLEAD", policy, LATER)), "nothing was set aside"
    assert change.offered(session, row).cause == "pool <too> small", "two reopenings back"
    row.cause = "the cache"
    assert change.offered(session, row).cause == "the cache"


def test_a_resolve_form_that_came_second_keeps_what_it_says(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    change.resolve(session, row, "U0TEAMLEAD", policy, NOON, resolution="raised the pool size")
    said = sentence(
        change.add_facts(
            session, row, "U0RESPONDER", policy, NOON, resolution="restarted the pods", cause="pool exhausted"
        )
    )
    assert said == f"{row.ref} was already resolved. Saved for the review: resolution and cause."
    assert (row.resolution, row.cause) == ("raised the pool size\nrestarted the pods", "pool exhausted")
    with pytest.raises(TransitionRefused, match="already resolved"):
        change.add_facts(session, row, "U0RESPONDER", policy, NOON, cause="pool exhausted")
    change.close(session, row, "U0TEAMLEAD", Closing(), policy, NOON)
    with pytest.raises(TransitionRefused, match="is closed"):
        change.add_facts(session, row, "U0RESPONDER", policy, NOON, cause="something else")


def test_who_closes_second_is_told_when_it_was_closed(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, NOON)
    change.close(session, row, "U0NAMELESS", Closing(), policy, NOON + minutes(5))
    with pytest.raises(TransitionRefused, match=r"is already closed, by somebody else at \d\d:05 UTC\."):
        change.close(session, row, "U0TEAMLEAD", Closing(), policy, LATER)


def test_an_old_offer_says_to_whoever_presses_it_that_it_was_withdrawn(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    commander.offer(session, row, "U0VP", "U0RESPONDER", "one", NOON)
    assert sentence(commander.offer(session, row, "U0VP", "U0RESPONDER", "two", NOON)).startswith(
        "<@U0VP> was already asked"
    )
    earlier = handovers.find_offered(session, row.incident_id)
    assert earlier is not None and len(entries(session, row, Kind.HANDOVER_OFFERED)) == 1
    commander.offer(session, row, "U0TEAMLEAD", "U0RESPONDER", "three", NOON)
    with pytest.raises(BadRequest, match=r"This offer was withdrawn\. Accept the later one\."):
        commander.accept(session, earlier.handover_id, "U0TEAMLEAD", policy, NOON)
    with pytest.raises(BadRequest, match=r"This offer was withdrawn\. Press Take command on the card\."):
        commander.accept(session, earlier.handover_id, "U0VP", policy, NOON)


@pytest.mark.parametrize("way", ["acknowledge", "take command", "role"])
def test_an_offer_of_command_falls_away_when_command_is_taken_otherwise(
    session: Session, declared: Declare, policy: Policy, way: str
) -> None:
    row = declared()
    commander.offer(session, row, "U0VP", "U0RESPONDER", f"offer:{row.incident_id}", NOON)
    if way == "acknowledge":
        assert "You're in command now" in sentence(change.acknowledge(session, row, "U0TEAMLEAD", policy, NOON))
    elif way == "take command":
        change.take_command(session, row, "U0TEAMLEAD", policy, NOON)
    else:
        responders.assign(session, row, ResponderRole.COMMANDER, "U0TEAMLEAD", "U0RESPONDER", policy, NOON)
    assert handovers.find_offered(session, row.incident_id) is None
    with pytest.raises(BadRequest, match=r"<@U0TEAMLEAD> is in command of .* so only they can hand it over"):
        commander.offer(session, row, "U0VP", "U0RESPONDER", f"again:{row.incident_id}", NOON)
