"""Slack fails, asks to wait, drops connections, is away: everything is said afterwards, once, in order."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from bot.incidents.flows import record
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows import change
from bot.settings import REPOSITORY
from bot.severity.rules import Severity
from slack_playground.person import content_of
from tests.faults.troubles import control, fail, faults_left, forget_faults, journal, nothing_twice, wait_for_call
from tests.journeys.story import (
    ask,
    card_of,
    failed_jobs,
    jump,
    pings_of,
    reopen_closed,
    row,
    rows,
    said_by_bot,
    settle,
    swept,
)
from tests.support.source import syntax_of
from tests.support.stage import INCIDENTS, Stage, wait_until_connected

KINDS: dict[str, dict[str, Any]] = {
    "error": {"error": "internal_error"},
    "ratelimited": {"retry_after": 1},
    "status": {"status": 500},
    "timeout": {"seconds": 0.3},
    "drop": {},
    "drop_after": {},
}
METHODS = ("conversations.create", "chat.postMessage", "conversations.invite", "pins.add")


def whole(stage: Stage, ref: str) -> None:
    """One channel, one card that is pinned, one mirror, one ping, and everything on the timeline said once."""
    settle(stage.database)
    assert faults_left(stage.playground) == []
    assert failed_jobs(stage.database) == []
    said = nothing_twice(stage.playground)
    kept = row(stage, ref)
    for key in (f"card:{kept.incident_id}", f"mirror:{kept.incident_id}"):
        assert said[key] == 1
    room = stage.playground.workspace.channels[str(kept.channel_id)]
    assert list(room.pins) == [card_of(stage.responder, {"id": kept.channel_id})["ts"]]
    assert "U0RESPONDER" in room.members
    [page] = [ping for ping in pings_of(stage, ref) if ping.state == "sent"]
    assert said[f"ping:{page.ping_id}:U0RESPONDER"] == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_declaration_survives_every_fault_of_every_call(stage: Stage, method: str, kind: str) -> None:
    fail(stage.playground, method, kind, **KINDS[kind])
    ask(stage.responder, INCIDENTS, f"/incident declare! P1 {kind} while calling {method.replace('.', ' ')}")
    whole(stage, rows(stage)[-1].ref)


# What notes do not need: while Slack fails at these, what people should read is said.
DECORATION = (
    "conversations.setTopic",
    "pins.add",
    "conversations.invite",
    "conversations.open",
    "users.info",
    "chat.postEphemeral",
    "canvases.create",
    "conversations.canvases.create",
)


def test_decoration_that_slack_fails_at_holds_up_no_note(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the topic cannot be set")
    settle(stage.database)
    for method in DECORATION:
        fail(stage.playground, method, "status", times=100_000, status=503)
    try:
        for command in (
            f"severity {ref} P1",
            f"rename {ref} the topic is stuck",
            f"role {ref} scribe @team-lead",
            f"role {ref} commander",
            f"handover {ref} @team-lead",
            f"resolve {ref} rolled back",
            f"close {ref} rolled back",
            f"reopen {ref} it is back",
            f"note {ref} said all the same",
        ):
            say = reopen_closed if command.startswith("reopen") else ask
            say(responder, INCIDENTS, f"/incident {command}")
        responder.wait_for(
            lambda: "said all the same" in "".join(said_by_bot(responder, channel["id"])) or None, what="the note"
        )
        assert {entry["method"] for entry in journal(stage.playground) if not entry["ok"]} >= {
            "conversations.setTopic",
            "conversations.invite",
        }
    finally:
        forget_faults(stage.playground)
    settle(stage.database)
    assert "U0TEAMLEAD" in stage.playground.workspace.channels[channel["id"]].members
    assert failed_jobs(stage.database) == []
    nothing_twice(stage.playground)


def test_only_plain_posts_wait_for_each_other() -> None:
    """What may fail for a while by itself has a lock of its own, not the one of the incident's lines."""
    found = {
        next(argument.value for argument in call.args if isinstance(argument, ast.Constant))
        for path in (REPOSITORY / "bot").rglob("*.py")
        for call in ast.walk(syntax_of(path))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "enqueue"
        if any("lock_of" in ast.unparse(word.value) for word in call.keywords if word.arg == "lock")
    }
    assert found <= {
        "slack.open_room",  # before there is a channel, nothing can be said in it
        "slack.say",
        "slack.checklist",
        "slack.suggest_severity",
        "slack.playbook_offer",
        "slack.end_step",  # hands the workflow the channel
        "slack.sweep_left",  # of the channel that was left: nothing is said in the new one before the old is empty
    }


def test_a_wait_that_slack_asks_for_is_kept(stage: Stage) -> None:
    _, channel = stage.declare("P3 too many messages")
    settle(stage.database)
    before = len(journal(stage.playground, "chat.postMessage"))
    fail(stage.playground, "chat.postMessage", "ratelimited", retry_after=2)
    ask(stage.responder, channel["id"], "/incident status identified")
    settle(stage.database)
    refused, taken = journal(stage.playground, "chat.postMessage")[before:]
    assert (refused["error"], taken["ok"]) == ("ratelimited", True)
    assert taken["at"] - refused["at"] >= 1.9
    nothing_twice(stage.playground)


def test_a_form_that_slack_does_not_open_is_answered_with_a_sentence(stage: Stage) -> None:
    fail(stage.playground, "views.open", "drop")
    assert "Slack did not answer" in ask(stage.responder, INCIDENTS, "/incident declare")
    assert stage.responder.views() == []
    stage.responder.command(INCIDENTS, "/incident declare")
    stage.responder.close_view(stage.responder.wait_for_view("declare_view"))


def test_after_an_outage_everything_is_said_once_and_in_order(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P0 nothing works during the outage")
    settle(stage.database)
    before = len(said_by_bot(responder, channel["id"]))
    control(stage.playground, "outage", on=True)
    with stage.database.transaction() as session:
        incident = incidents.get_for_change(session, row(stage, ref).incident_id)
        now = stage.context.now()
        for number in range(1, 6):
            record.record(session, incident, Kind.NOTED, f"step {number}", now, announce=True)
        change.set_severity(session, incident, Severity.P1, "U0TEAMLEAD", stage.context.policy, now)
        change.set_severity(session, incident, Severity.P0, "U0TEAMLEAD", stage.context.policy, now)
    call = journal(stage.playground)[-1]["n"]
    for _ in range(3):
        call = wait_for_call(stage.playground, call)
    jump(stage, 6 * 60)
    control(stage.playground, "outage", on=False)
    swept(stage)
    wait_until_connected(stage.playground)
    lines = [line for said in said_by_bot(responder, channel["id"])[before:] for line in said.split("\n")]
    told = [line for line in lines if line.startswith(("step", "Severity"))]
    assert [line.split(":")[-1].split("_(")[0].strip() for line in told[:5]] == [f"step {n}" for n in range(1, 6)]
    assert [line.split(" by ")[0] for line in told[5:7]] == [
        "Severity lowered from P0 to P1",
        "Severity raised from P1 to P0",
    ]
    assert all("later)_" in line for line in told[:5]), "what is told late says so"
    assert f"P0 {ref}" in content_of(card_of(responder, channel))
    nothing_twice(stage.playground)
    assert failed_jobs(stage.database) == []
    assert "P0" in ask(responder, INCIDENTS, f"/incident status {ref}")


def test_what_people_say_while_the_connection_is_away_is_taken_in_afterwards(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the connection blinks")
    settle(stage.database)
    control(stage.playground, "sockets", do="refuse")
    responder.say(channel["id"], "said into the silence")
    control(stage.playground, "sockets", do="allow")
    wait_until_connected(stage.playground)
    responder.wait_for(
        lambda: "said into the silence" in ask(responder, INCIDENTS, f"/incident timeline {ref}") or None,
        timeout=60,
        what="the message on the timeline",
    )


def test_a_connection_that_slack_renews_loses_nothing(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the connection is renewed")
    for number in range(3):
        control(stage.playground, "sockets", do="disconnect")
        responder.say(channel["id"], f"line {number}")
    wait_until_connected(stage.playground)

    def told() -> bool:
        said = ask(responder, INCIDENTS, f"/incident timeline {ref}")
        return all(said.count(f"line {number}") == 1 for number in range(3))

    responder.wait_for(lambda: told() or None, timeout=60, what="all lines on the timeline")
