"""A drill as its people meet it."""

from __future__ import annotations

from slack_playground.person import content_of
from tests.journeys.story import ask, card_of, failed_jobs, report, row, rows, said_by_bot, settle
from tests.support.stage import BOT, INCIDENTS, Stage, element, press


def test_a_drill_pages_for_real_and_says_so_everywhere(stage: Stage) -> None:
    responder = stage.responder
    said = ask(responder, INCIDENTS, "/incident drill P0 nobody can pay, the gateway refuses every card")
    ref = rows(stage)[-1].ref
    assert ref.startswith("DRILL-") and said.startswith(f"*DRILL* · *P0* · {ref} declared")
    channel = stage.room(responder, ref)
    assert channel["name"].startswith(f"{ref.lower()}-nobody-can-pay")
    page = responder.wait_for_message(responder.dm_with(BOT), ref)
    assert page["text"].startswith("DRILL: P0")
    settle(stage.database)
    assert "an exercise, nothing is broken" in content_of(card_of(responder, channel))
    assert any("DRILL" in mirrored and ref in mirrored for mirrored in said_by_bot(responder, INCIDENTS))
    # A real report of the same trouble is not offered to the drill, and declares an incident of its own in its channel.
    _, answer = report(stage, "nobody can pay, the gateway refuses every card")
    assert ref not in content_of(answer)
    real = ask(responder, channel["id"], "/incident declare P1 nobody can pay, the gateway refuses every card")
    assert "INC-" in real and "Nothing has been declared" not in real
    assert not real.startswith("*DRILL*")
    assert ask(responder, channel["id"], "/incident status").startswith("*DRILL* · ")
    assert "DRILL" not in ask(responder, channel["id"], "/incident list")[:10]
    ask(responder, channel["id"], "/incident resolve the key was renewed")
    ask(responder, channel["id"], "/incident close renewed the key")
    settle(stage.database)
    assert row(stage, ref).closed_at is not None
    posts = [message for message in responder.messages(channel["id"]) if message.get("bot_id")]
    said_in_room = [message for message in posts if not message.get("subtype") and not message.get("is_ephemeral")]
    assert [each["text"] for each in said_in_room if each["text"] and "DRILL" not in each["text"][:20]] == []
    assert any("review" in message["text"].lower() for message in said_in_room)
    mine = [message["text"] for message in responder.messages(responder.dm_with(BOT)) if ref in message["text"]]
    assert mine and [text for text in mine if not text.startswith(("DRILL", ":"))] == []
    assert failed_jobs(stage.database) == []


def test_the_form_of_a_drill_opens_from_the_command_and_from_the_menu(stage: Stage) -> None:
    lead = stage.team_lead
    lead.command(INCIDENTS, "/incident drill")
    form = lead.wait_for_view("declare_view")
    assert form["title"]["text"] == "Start a drill"
    assert lead.submit(form, {"title": {"title": "refunds hang"}, "severity": {"severity": "P3"}}) == {}
    started = rows(stage)[-1]
    assert started.ref.startswith("DRILL-") and started.title == "refunds hang"
    lead.command(INCIDENTS, "/incident")
    menu = lead.wait_for_ephemeral(INCIDENTS, "Declare an incident")
    assert element(menu, "drill_form")["text"]["text"] == "Start a drill"
    press(lead, INCIDENTS, menu, "drill_form")
    form = lead.wait_for_view("declare_view")
    assert lead.submit(form, {"title": {"title": "P0 vouchers fail"}, "kind": {"kind": "security"}}) == {}
    started = rows(stage)[-1]
    assert started.ref.startswith("SEC-DRILL-") and (started.severity, started.title) == ("P0", "vouchers fail")


def test_which_incident_to_replay_is_chosen_in_a_form(stage: Stage) -> None:
    lead = stage.team_lead
    past, room = stage.declare("P2 receipts are printed twice")
    ask(stage.responder, room["id"], "/incident resolve the spooler was emptied")
    lead.command(INCIDENTS, "/incident drill")
    drill_form = lead.wait_for_view("declare_view")
    lead.press(drill_form, "drill_replay_instead", block_id="drill_actions", value="form")
    form = lead.wait_for_view("drill_replay_view")
    assert form["blocks"][1]["element"]["options"][0]["value"] == past
    lead.close_view(form)
    lead.command(INCIDENTS, "/incident")
    press(lead, INCIDENTS, lead.wait_for_ephemeral(INCIDENTS, "Declare an incident"), "drill_replay")
    lead.close_view(lead.wait_for_view("drill_replay_view"))
    lead.command(INCIDENTS, "/incident drill replay")
    form = lead.wait_for_view("drill_replay_view")
    assert "Say which past incident" in lead.submit(form, {"speed": {"speed": "1"}})["which"]
    chosen = {"which": {"which": past}}
    assert "is no speed for a drill" in lead.submit(form, {**chosen, "speed": {"speed": "900"}})["which"]
    assert lead.submit(form, {**chosen, "speed": {"speed": "60"}}) == {}
    told = lead.wait_for_view("drill_told")
    drill = rows(stage)[-1]
    assert f"{drill.ref} replays {past} at 60 times the speed" in content_of(told)
    lead.close_view(told)
    ask(lead, stage.room(lead, drill.ref)["id"], "/incident resolve done")
    settle(stage.database)
    assert failed_jobs(stage.database) == []


def test_a_past_incident_is_replayed_without_its_outcome_and_compared_at_the_end(stage: Stage) -> None:
    responder = stage.responder
    past, room = stage.declare("P2 tills time out in Lyon")
    ask(responder, room["id"], "/incident impact thirty people wait at the tills")
    ask(responder, room["id"], "/incident ack")
    ask(responder, room["id"], "/incident severity P1 every till in France")
    ask(responder, room["id"], "/incident note restarted the pooler")
    assert "only what is over is replayed" in ask(responder, INCIDENTS, f"/incident drill replay {past}")
    ask(responder, room["id"], "/incident resolve the pooler was restarted")
    settle(stage.database)
    said = ask(responder, INCIDENTS, f"/incident drill replay {past} \u2014speed 60")
    drill = rows(stage)[-1]
    assert said.startswith(f"*DRILL* · *P2* · {drill.ref} replays {past} at 60 times the speed. 2 injects to come")
    assert drill.title == "tills time out in Lyon"
    channel = stage.room(responder, drill.ref)
    responder.wait_for_message(channel["id"], "DRILL · Inject 2 of 2")
    settle(stage.database)
    injects = [line for line in said_by_bot(responder, channel["id"]) if "Inject" in line]
    assert "the impact, as known by now" in injects[0] and "every till in France" in injects[-1]
    everything = " ".join(content_of(message) for message in responder.messages(channel["id"]))
    assert past not in everything and "pooler" not in everything
    assert past not in ask(responder, channel["id"], "/incident similar tills time out in Lyon")
    ask(responder, channel["id"], "/incident resolve failed over to the second pool")
    ask(responder, channel["id"], "/incident close cause: pool, resolution: failed over")
    settle(stage.database)
    assert failed_jobs(stage.database) == []
