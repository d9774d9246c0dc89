"""Every way to declare, and what a declaration brings about."""

from __future__ import annotations

from slack_playground.person import content_of
from tests.journeys.story import (
    ask,
    card_of,
    entries,
    failed_jobs,
    kinds,
    pings_of,
    row,
    rows,
    said_by_bot,
    settle,
)
from tests.support.stage import BOT, INCIDENTS, Stage


def test_a_command_declares_and_the_room_is_furnished(stage: Stage) -> None:
    responder = stage.responder
    said = ask(responder, INCIDENTS, "/incident declare P1 payments fail for all customers in Europe")
    ref = rows(stage)[-1].ref
    assert said.startswith(f"*P1* · {ref} declared, with the severity you gave.")
    channel = stage.room(responder, ref)
    settle(stage.database)
    kept = row(stage, ref)
    assert (kept.severity, kept.status, kept.declared_by) == ("P1", "investigating", "U0RESPONDER")
    assert (kept.channel_id, kept.channel_name) == (channel["id"], channel["name"])
    assert channel["name"] == f"{ref.lower()}-payments-fail-for-all-customers-in-europe"
    card = card_of(responder, channel)
    assert content_of(card).startswith(f"P1 {ref} payments fail")
    room = stage.playground.workspace.channels[channel["id"]]
    assert list(room.pins) == [card["ts"]]
    assert room.topic["value"] == f"{ref} · payments fail for all customers in Europe"
    assert "U0RESPONDER" in room.members
    assert any(ref in mirror and f"<#{channel['id']}>" in mirror for mirror in said_by_bot(responder, INCIDENTS))
    assert kinds(stage, ref)[:2] == ["declared", "ping_sent"]
    assert failed_jobs(stage.database) == []


def test_the_on_call_engineer_is_paged_at_once_by_direct_message(stage: Stage) -> None:
    ref, _ = stage.declare("P0 nobody can log in anywhere", by=stage.team_lead)
    on_call = stage.responder
    page = on_call.wait_for_message(on_call.dm_with(BOT), ref)
    assert content_of(page).startswith(f"P0 {ref}")
    for part in ("Why you:", "Expected:", "Stops this:", "Impact:", "Acknowledge"):
        assert part in content_of(page)
    settle(stage.database)
    first = pings_of(stage, ref)[0]
    assert (first.role, first.state, first.user_ids) == ("on-call engineer", "sent", ["U0RESPONDER"])


def test_without_a_severity_the_words_decide_and_the_answer_says_why(stage: Stage) -> None:
    said = ask(stage.responder, INCIDENTS, "/incident declare all customers are locked out, nobody can log in")
    kept = rows(stage)[-1]
    judged = stage.context.judge.judge("all customers are locked out, nobody can log in")
    assert kept.severity == judged.severity
    assert said.startswith(f"*{kept.severity}* · {kept.ref} declared: ")
    vague = ask(stage.responder, INCIDENTS, "/incident declare the thing with the blue label")
    assert "a first guess" in vague
    assert rows(stage)[-1].severity == "P2"


def test_a_form_declares_with_impact_and_severity(stage: Stage) -> None:
    responder = stage.responder
    responder.command(INCIDENTS, "/incident declare")
    form = responder.wait_for_view("declare_view")
    filled = {
        "title": {"title": "P3: refunds are stuck"},  # the severity that is chosen counts
        "severity": {"severity": "P2"},
        "impact": {"impact": "customers wait for their money & call <us>"},
    }
    assert responder.submit(form, filled) == {}
    assert responder.views() == []
    reply_privately = responder.wait_for_ephemeral(INCIDENTS, "Tocsin creates it now and invites you")
    kept = rows(stage)[-1]
    assert reply_privately["text"].startswith(f"*P2* · {kept.ref} declared.")
    assert (kept.title, kept.impact) == ("refunds are stuck", "customers wait for their money & call <us>")
    channel = stage.room(responder, kept.ref)
    assert "call <us>" in content_of(card_of(responder, channel))


def test_the_form_lets_tocsin_judge(stage: Stage) -> None:
    responder = stage.responder
    responder.command(INCIDENTS, "/incident declare")
    form = responder.wait_for_view("declare_view")
    title = "every customer sees an error page, the whole site is down"
    assert responder.submit(form, {"title": {"title": title}}) == {}
    kept = rows(stage)[-1]
    assert (kept.title, kept.severity) == (title, stage.context.judge.judge(title).severity)


def test_a_form_with_a_title_that_says_nothing_stays_open_and_says_so(stage: Stage) -> None:
    responder = stage.responder
    before = len(rows(stage))
    responder.command(INCIDENTS, "/incident declare")
    form = responder.wait_for_view("declare_view")
    errors = responder.submit(form, {"title": {"title": ":fire: !!! :fire:"}})
    assert "in a few words what is wrong" in errors["title"]
    assert len(rows(stage)) == before
    assert responder.submit(form, {"title": {"title": "warehouse printers are offline"}}) == {}
    assert rows(stage)[-1].title == "warehouse printers are offline"


def test_the_global_shortcut_declares_from_anywhere(stage: Stage) -> None:
    lead = stage.team_lead
    lead.open_shortcut("declare_global")
    form = lead.wait_for_view("declare_view")
    assert lead.submit(form, {"title": {"title": "mail is delayed by an hour"}, "severity": {"severity": "P3"}}) == {}
    kept = rows(stage)[-1]
    assert (kept.title, kept.severity, kept.declared_by) == ("mail is delayed by an hour", "P3", "U0TEAMLEAD")
    stage.room(lead, kept.ref)


def test_the_message_shortcut_takes_the_message_as_title(stage: Stage) -> None:
    lead = stage.team_lead
    ts = lead.say(INCIDENTS, "stock numbers look odd <since> 09:00\nmore in the ticket")
    message = next(said for said in lead.messages(INCIDENTS) if said["ts"] == ts)
    lead.open_shortcut("declare_message", message)
    form = lead.wait_for_view("declare_view")
    shown = form["blocks"][0]["element"]["initial_value"]
    assert shown == "stock numbers look odd <since> 09:00"
    assert lead.submit(form, {"title": {"title": shown}, "severity": {"severity": "P2"}}) == {}
    lead.wait_for_ephemeral(INCIDENTS, "Tocsin creates it now and invites you")
    kept = rows(stage)[-1]
    assert (kept.title, kept.report_ts) == (shown, ts)
    assert "stock numbers look odd &lt;since&gt;" in entries(stage, kept.ref)[0].text


def test_a_reference_at_the_start_belongs_to_the_title(stage: Stage) -> None:
    ask(stage.responder, INCIDENTS, "/incident declare INC-2026-0001 is back")
    assert rows(stage)[-1].title == "INC-2026-0001 is back"
