"""Who is on call, pings and their buttons, hand-over, escalation by hand, reviews: by Slack's own protocol."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from starlette.testclient import TestClient

from bot.lifecycle.pages.pagers import Hooks, pager_routes
from bot.settings import REPOSITORY
from bot.store.engine import Database
from bot.web.app import create_web
from slack_playground.person import Person, content_of
from slack_playground.workspace.records import User
from tests.journeys.story import (
    ask,
    entries,
    failed_jobs,
    jump,
    jump_to,
    pings_of,
    press_and_hear,
    row,
    said_by_bot,
    settle,
    swept,
)
from tests.support.pager_services import NTFY_TOKEN, ROUTING_KEY, Pager
from tests.support.stage import BOT, INCIDENTS, Stage, element, press, staged

GROUP = "S0ONCALL"


@pytest.fixture(scope="module")
def stage(
    database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory, pager_server: Pager
) -> Iterator[Stage]:
    """The shipped knowledge, but the team lead's rung is a user group, and the VP has pagers."""
    folder = Path(tmp_path_factory.mktemp("stage"))
    knowledge = folder / "knowledge"
    shutil.copytree(REPOSITORY / "knowledge", knowledge)
    contacts = knowledge / "policy" / "contacts.yaml"
    text = contacts.read_text(encoding="utf-8")
    text = text.replace(
        "  team lead: {slack: U0TEAMLEAD,", "  leads: {user_group: S0ONCALL}\n  team lead: {slack: U0TEAMLEAD,"
    )
    pagerduty = f"{{by: pagerduty, key: TOCSIN_PAGER_PD, user: PXPGF42, url: '{pager_server.url}'}}"
    later = "{by: ntfy, key: TOCSIN_PAGER_NTFY, token: TOCSIN_PAGER_NTFY_TOKEN, after: 2 min}"
    text = text.replace("{slack: U0VP,", f"{{slack: U0VP, methods: [{pagerduty}, {later}],")
    contacts.write_text(text.replace("team lead: [team lead]", "team lead: [leads]"), encoding="utf-8")
    changes = {"data_folder": data_folder, "knowledge_folder": knowledge}
    secrets = {"TOCSIN_PAGER_PD": ROUTING_KEY, "TOCSIN_PAGER_NTFY": f"{pager_server.url}/vp"}
    with (
        patch.dict(os.environ, {**secrets, "TOCSIN_PAGER_NTFY_TOKEN": NTFY_TOKEN}),
        staged(database, folder, lambda settings: settings.model_copy(update=changes)) as built,
    ):
        yield built


def page_to(person: Person, ref: str) -> dict[str, object]:
    return person.wait_for_message(person.dm_with(BOT), ref)


def now(stage: Stage) -> datetime:
    return stage.context.now()


def test_oncall_says_who_is_on_now_and_next(stage: Stage) -> None:
    said = ask(stage.responder, INCIDENTS, "/incident oncall")
    assert "*on-call engineer:* <@U0RESPONDER>" in said
    assert "*secondary on-call:* <@U0SECONDARY>" in said
    assert "*VP engineering:* <@U0VP>" in said
    assert "*Vendors:* AWS Support: Open a case under the Enterprise plan · " in said


def test_an_override_pages_the_other_person_until_it_is_removed(stage: Stage) -> None:
    lead = stage.team_lead
    said = ask(lead, INCIDENTS, "/incident oncall override @support-agent for 2 h")
    assert said.startswith("<@U0SUPPORT> is on-call engineer from now until 20")
    told = stage.person("U0SUPPORT").wait_for_message(stage.person("U0SUPPORT").dm_with(BOT), "made you")
    assert "<@U0TEAMLEAD>" in content_of(told)
    listed = ask(lead, INCIDENTS, "/incident oncall")
    assert "*on-call engineer:* <@U0SUPPORT>. Next <@U0RESPONDER> from" in listed
    ref, _ = stage.declare("P1 the override is paged", by=lead)
    assert page_to(stage.person("U0SUPPORT"), ref)
    settle(stage.database)
    assert pings_of(stage, ref)[0].user_ids == ["U0SUPPORT"]
    assert "Override removed" in ask(lead, INCIDENTS, "/incident oncall remove @support-agent")
    assert "*on-call engineer:* <@U0RESPONDER>" in ask(lead, INCIDENTS, "/incident oncall")


def test_an_override_that_leaves_nobody_behind_on_call_says_so(stage: Stage) -> None:
    said = ask(stage.team_lead, INCIDENTS, "/incident oncall override @secondary for 2 h")
    assert "On-call and secondary are the same person now" in said
    assert "Override removed" in ask(stage.team_lead, INCIDENTS, "/incident oncall remove @secondary")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("override @vp-engineering", "Say until when"),
        ("override until 18:00", "Name one person"),
        ("override @vp-engineering until banana", "isn't a time I understand"),
        ("override @vp-engineering until yesterday", "“yesterday” is in the past. Use a future time"),
        ("override @vp-engineering until 2020-01-01", "“2020-01-01” is in the past"),
        ("override @vp-engineering from 2020-01-01 until 2020-01-02", "already be over"),
        ("override @vp-engineering from tomorrow 10:00 until tomorrow 9:00", "ends before it begins"),
        ("override @vp-engineering until 18:00 as chef", "Say which role"),
        ("override @vp-engineering soon until 18:00", "“soon” isn't a person and a time"),
        ("override @vp-engineering 22:00 IST until 06:00", "“IST” is used in several time zones"),
        ("remove @vp-engineering", "no such override"),
        ("override santa until 18:00", "I don't know anyone called “santa”"),
        ("override @oncall until 18:00", "@oncall is a user group; name one person"),
        ("override @vp-engineering @team-lead until 18:00", "Name one person only"),
        ("remove santa", "I don't know anyone called “santa”"),
        ("remove santa as team lead", "I don't know anyone called “santa”"),
        ("remove", "Name the person or the role"),
        ("dance", "Type `/incident oncall`"),
    ],
)
def test_what_cannot_be_an_override_is_refused_with_what_to_type(stage: Stage, typed: str, sentence: str) -> None:
    assert sentence in ask(stage.responder, INCIDENTS, f"/incident oncall {typed}")


def test_overlapping_overrides_are_refused(stage: Stage) -> None:
    responder = stage.responder
    ask(
        responder,
        INCIDENTS,
        "/incident oncall override @vp-engineering from tomorrow 9:00 until tomorrow 12:00 as manager",
    )
    said = ask(responder, INCIDENTS, "/incident oncall override @support-agent until tomorrow 10:00 as manager")
    assert "already holds engineering manager until" in said
    assert "Override removed" in ask(responder, INCIDENTS, "/incident oncall remove as manager")


def test_names_typed_out_are_understood_by_overrides(stage: Stage) -> None:
    lead = stage.team_lead
    said = ask(lead, INCIDENTS, "/incident oncall override second responder for 2 h as manager")
    assert said.startswith("<@U0SECONDARY> is engineering manager from now until")
    said = ask(lead, INCIDENTS, "/incident oncall override secondary on-call for 2 h as VP")
    assert said.startswith("<@U0SECONDARY> is VP engineering from now until")
    assert "Several overrides match" in ask(lead, INCIDENTS, "/incident oncall remove second responder")
    said = ask(lead, INCIDENTS, "/incident oncall remove second responder as VP")
    assert said == "Override removed. <@U0SECONDARY> is no longer VP engineering."
    said = ask(lead, INCIDENTS, "/incident oncall remove engineering manager")
    assert said == "Override removed. <@U0SECONDARY> is no longer engineering manager."
    assert "no such override" in ask(lead, INCIDENTS, "/incident oncall remove engineering manager")


def test_command_is_handed_and_a_rung_is_pinged_by_a_name_typed_out(stage: Stage) -> None:
    ref, channel = stage.declare("P2 names are typed out", by=stage.team_lead)
    said = ask(stage.team_lead, channel["id"], "/incident handover second responder")
    assert said.startswith(f"Asked <@U0SECONDARY> to take command of {ref}.")
    ask(stage.team_lead, channel["id"], "/incident role comms @support-agent")
    settle(stage.database)
    said = ask(stage.team_lead, channel["id"], "/incident role scribe customer support")
    assert said.startswith("<@U0SUPPORT> is scribe of"), "by their full name, once Slack has said it"
    said = ask(stage.team_lead, channel["id"], "/incident handover the moon")
    assert said == "I don't know anyone called “the moon”. Mention them: `@name`."
    said = ask(stage.responder, channel["id"], "/incident escalate @vp-engineering the board asks")
    assert said == f"Paging the VP engineering about {ref}: <@U0VP>."
    said = ask(stage.responder, channel["id"], "/incident escalate @oncall nobody answers")
    assert said == f"Paging the team lead about {ref}: leads.", "the group holds the role"
    said = ask(stage.responder, channel["id"], "/incident escalate @support-agent help")
    assert said.startswith("<@U0SUPPORT> has no role that is paged. The roles are: on-call engineer, ")
    settle(stage.database)
    assert [ping.role for ping in pings_of(stage, ref) if ping.kind == "manual"] == ["VP engineering", "team lead"]


def test_why_me_take_over_and_acknowledge_on_a_ping_and_its_mention(stage: Stage) -> None:
    ref, channel = stage.declare("P0 nobody can pay", by=stage.team_lead)
    responder = stage.responder
    page = page_to(responder, ref)
    why = press_and_hear(responder, responder.dm_with(BOT), page, "page_why")
    assert "*The matrix for P0:* *on-call engineer: at once* · team lead: 30 min" in why
    assert "*Due* <!date^" in why and "when it was declared" in why
    assert "You are on-call engineer" in why
    mention = responder.wait_for_message(channel["id"], "Paged <@U0RESPONDER>")
    assert element(mention, "page_acknowledge")
    other = press_and_hear(stage.team_lead, channel["id"], mention, "page_why")
    assert "This page went to <@U0RESPONDER>." in other
    press(stage.team_lead, channel["id"], mention, "page_take_over")
    settle(stage.database)
    kept = row(stage, ref)
    assert (kept.acknowledged_by, kept.commander) == ("U0TEAMLEAD", "U0TEAMLEAD")
    for place, start in ((responder.dm_with(BOT), page), (channel["id"], mention)):
        shown = next(message for message in responder.messages(place) if message["ts"] == start["ts"])
        assert "Acknowledged by <@U0TEAMLEAD>" in content_of(shown)
        assert "page_acknowledge" not in str(shown)


def test_an_empty_group_falls_to_the_next_rung_and_the_timeline_says_so(stage: Stage) -> None:
    group = stage.playground.workspace.groups[GROUP]
    before, group.users = group.users, []
    try:
        ref, channel = stage.declare("P0 the group is empty")
        ask(stage.responder, channel["id"], "/incident escalate team lead nobody answers")
        assert page_to(stage.manager, ref)
        settle(stage.database)
        said = [entry.text for entry in entries(stage, ref) if entry.kind == "ping_sent"][-1]
        assert "The user group of leads is empty. The engineering manager stands in." in said
    finally:
        group.users = before


def test_a_group_is_resolved_when_it_is_pinged_and_who_left_is_passed_over(stage: Stage) -> None:
    workspace = stage.playground.workspace
    group = workspace.groups[GROUP]
    # Somebody whom Tocsin never saw: whoever was seen a moment ago is believed to be here for a minute.
    left = User("U0LEFT", "former-lead", "Former Lead", "", "former-lead@example.com", "#000000", deleted=True)
    stage.playground.on_loop(lambda: workspace.add_user(left))
    ref, channel = stage.declare("P1 one of the group left")
    before, group.users = group.users, ["U0TEAMLEAD", left.id]  # after the declaration, before the ping
    try:
        ask(stage.responder, channel["id"], "/incident escalate lead")
        assert page_to(stage.team_lead, ref)
        settle(stage.database)
        ping = next(ping for ping in pings_of(stage, ref) if ping.kind == "manual")
        assert ping.user_ids == ["U0TEAMLEAD"]
        said = [entry.text for entry in entries(stage, ref) if entry.kind == "ping_sent"][-1]
        assert said.endswith("<@U0LEFT> is no longer in the workspace.")
    finally:
        group.users = before
        del workspace.users[left.id]


def test_an_unknown_group_falls_to_the_next_rung(stage: Stage) -> None:
    groups = stage.playground.workspace.groups
    kept = groups.pop(GROUP)
    try:
        ref, channel = stage.declare("P0 the group is gone")
        ask(stage.responder, channel["id"], "/incident escalate lead")
        assert page_to(stage.manager, ref)
        settle(stage.database)
        said = [entry.text for entry in entries(stage, ref) if entry.kind == "ping_sent"][-1]
        assert "is unknown to Slack. The engineering manager stands in." in said
    finally:
        groups[GROUP] = kept


def test_escalating_by_hand_pings_once_and_says_why(stage: Stage) -> None:
    ref, channel = stage.declare("P2 refunds are slow", by=stage.team_lead)
    said = ask(stage.responder, channel["id"], '/incident escalate VP the <!channel> board "asks"')
    assert said == f"Paging the VP engineering about {ref}: <@U0VP>."
    again = ask(stage.team_lead, channel["id"], "/incident escalate VP the board asks")
    assert re.match(
        r"The VP engineering was paged \d+ (?:second|minute)s? ago by <@U0RESPONDER>\. Nothing was sent", again
    )
    vp = stage.person("U0VP")
    page = page_to(vp, ref)
    assert '<@U0RESPONDER> paged the VP engineering: the &lt;!channel&gt; board "asks"' in content_of(page)
    settle(stage.database)
    text = [entry.text for entry in entries(stage, ref) if entry.kind == "ping_sent"][-1]
    assert text.startswith(
        'Paged <@U0VP> as VP engineering (requested by <@U0RESPONDER>: the &lt;!channel&gt; board "asks")'
    )
    shown = ask(stage.responder, channel["id"], "/incident escalation")
    assert "VP engineering (requested by <@U0RESPONDER>): <@U0VP>" in shown
    assert "*Still due, unless it's resolved:*" in shown
    ask(stage.responder, channel["id"], "/incident resolve")
    assert "Reopen it first" in ask(stage.responder, channel["id"], "/incident escalate VP again")
    assert "Nothing more is due." in ask(stage.responder, channel["id"], "/incident escalation")


def test_without_a_role_the_next_rung_is_pinged(stage: Stage) -> None:
    ref, channel = stage.declare("P1 search is down")
    page_to(stage.responder, ref)
    settle(stage.database)
    told = [ask(stage.responder, channel["id"], "/incident escalate") for _ in range(4)]
    roles = ["team lead", "engineering manager", "VP engineering"]
    assert [line.split(" about")[0] for line in told[:3]] == [f"Paging the {role}" for role in roles]
    assert "Every role has been paged" in told[3]


def test_command_changes_hands_only_when_the_other_accepts(stage: Stage) -> None:
    ref, channel = stage.declare("P2 exports fail")
    responder, lead = stage.responder, stage.team_lead
    ask(responder, channel["id"], "/incident ack")
    said = ask(responder, channel["id"], "/incident handover @team-lead")
    assert said == f"Asked <@U0TEAMLEAD> to take command of {ref}. Until they accept, <@U0RESPONDER> is in command."
    offer = lead.wait_for_message(channel["id"], "hands over command to you")
    assert row(stage, ref).commander == "U0RESPONDER"
    assert "only they can accept" in press_and_hear(responder, channel["id"], offer, "handover_accept")
    assert row(stage, ref).commander == "U0RESPONDER"
    assert press_and_hear(lead, channel["id"], offer, "handover_accept") == f"You're now in command of {ref}."
    assert row(stage, ref).commander == "U0TEAMLEAD"
    settle(stage.database)
    for place in (channel["id"], lead.dm_with(BOT)):
        shown = [message for message in lead.messages(place) if "accepted command" in content_of(message)]
        assert len(shown) == 1 and "handover_accept" not in str(shown)
    assert "is already in command" in ask(lead, channel["id"], "/incident handover @team-lead")


def test_a_second_offer_withdraws_the_first(stage: Stage) -> None:
    ref, channel = stage.declare("P3 two offers")
    responder = stage.responder
    ask(responder, channel["id"], "/incident handover @team-lead")
    offer = stage.team_lead.wait_for_message(channel["id"], "hands over command to you")
    again = ask(responder, channel["id"], "/incident handover @team-lead")
    assert again == "<@U0TEAMLEAD> was already asked, by <@U0RESPONDER>. Until they accept, no one is in command."
    settle(stage.database)
    assert sum("hands over command to you" in said for said in said_by_bot(responder, channel["id"])) == 1
    ask(responder, channel["id"], "/incident handover @eng-manager")
    settle(stage.database)
    shown = next(m for m in stage.team_lead.messages(channel["id"]) if m["ts"] == offer["ts"])
    assert "was withdrawn" in content_of(shown)
    assert row(stage, ref).commander is None
    assert "Name one person" in ask(responder, channel["id"], "/incident handover")


def test_a_review_lists_everything_that_is_due_in_one_message_and_is_quiet_otherwise(stage: Stage) -> None:
    refs = [stage.declare(f"P3 a button is off by {number} pixels")[0] for number in range(3)]
    over, channel = stage.declare("P3 mended before the review")
    ask(stage.responder, channel["id"], "/incident resolve")
    settle(stage.database)
    manager = stage.manager
    jump_to(stage, stage.context.policy.calendar.next_weekly_digest(now(stage)) + timedelta(seconds=5))
    found = manager.wait_for_message(manager.dm_with(BOT), "Weekly review for the engineering manager")
    swept(stage)
    said = [line for line in said_by_bot(manager, manager.dm_with(BOT)) if "Weekly review" in line]
    assert len(said) == 1
    shown = next(m for m in manager.messages(manager.dm_with(BOT)) if m["ts"] == found["ts"])
    assert all(ref in content_of(shown) for ref in refs) and over not in content_of(shown)
    states = {
        ping.state
        for ref in refs
        for ping in pings_of(stage, ref)
        if ping.kind == "digest" and ping.role == "engineering manager"
    }
    assert states == {"sent"}
    for ref in refs:
        ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")
    jump_to(stage, stage.context.policy.calendar.next_weekly_digest(now(stage)) + timedelta(seconds=5))
    swept(stage)
    after = [line for line in said_by_bot(manager, manager.dm_with(BOT)) if "Weekly review" in line]
    assert not any(ref in line for line in after[1:] for ref in refs)
    assert failed_jobs(stage.database) == []
    assert datetime.now(UTC) < now(stage)


def test_a_page_rings_a_phone_is_acknowledged_there_and_ends_there(stage: Stage, pager_server: Pager) -> None:
    ref, channel = stage.declare("P1 nobody can log in", by=stage.team_lead)

    def of(service: str) -> list[tuple[str, str]]:
        """What that service took about this incident."""
        return [(act, key) for act, key in pager_server.of(service) if key.startswith(ref)]

    ask(stage.team_lead, channel["id"], "/incident escalate VP logins fail for everybody")
    stage.responder.wait_for(lambda: of("pagerduty") or None, what="PagerDuty's page")
    settle(stage.database)
    ((act, key),) = of("pagerduty")
    assert act == "page" and of("ntfy") == []
    jump(stage, 121)
    stage.responder.wait_for(lambda: of("ntfy") or None, what="ntfy's page")
    agent = {"id": "PXPGF42", "type": "user_reference", "summary": "The VP"}
    event = {"id": f"journey-{ref}", "event_type": "incident.acknowledged", "occurred_at": now(stage).isoformat()}
    body = json.dumps({"event": event | {"agent": agent, "data": {"incident_key": key}}}).encode()
    signed = "v1=" + hmac.new(b"whsec", body, hashlib.sha256).hexdigest()
    web = TestClient(create_web(ready=list, routes=pager_routes(stage.context, Hooks(("whsec",)))))
    answer = web.post("/pagers/pagerduty", content=body, headers={"X-PagerDuty-Signature": signed})
    assert answer.json() == {"result": f"{ref} is acknowledged."}
    settle(stage.database)
    assert row(stage, ref).acknowledged_by == "U0VP"
    stage.responder.wait_for_message(channel["id"], "in PagerDuty after ")
    assert "Acknowledged by <@U0VP>" in content_of(page_to(stage.person("U0VP"), ref))
    assert [act for act, _ in of("ntfy")] == ["page", "resolve"], "the phone is quiet"
    ask(stage.team_lead, channel["id"], "/incident resolve the login service was restarted")
    settle(stage.database)
    assert of("pagerduty") == [("page", key), ("resolve", key)]
    assert failed_jobs(stage.database) == []


def test_a_test_page_is_asked_for_in_slack_and_answered_in_a_direct_message(stage: Stage) -> None:
    vp = stage.person("U0VP")
    said = ask(vp, INCIDENTS, "/incident oncall test")
    assert said.startswith("Sending a TEST page to <@U0VP> by PagerDuty, ntfy.")
    settle(stage.database)
    report = content_of(vp.wait_for_message(vp.dm_with(BOT), "TEST page"))
    assert ":white_check_mark: PagerDuty: accepted" in report and ":white_check_mark: ntfy: accepted" in report
