"""A playbook worked through in Slack: started in every way, one message, presses, forms, the end of the incident."""

from __future__ import annotations

from datetime import timedelta

from bot.diagnostics.flows import keep
from bot.diagnostics.rules.finding import Diagnosis, Finding, Weight, Window
from bot.incidents.queries import incidents
from bot.memory.flows.learn import forget
from slack_playground.person import Person, content_of
from tests.journeys.story import (
    Message,
    ask,
    card_of,
    card_says,
    entries,
    failed_jobs,
    jump,
    press_and_hear,
    report,
    settle,
)
from tests.journeys.wire import press_stale, submit_stale
from tests.support.stage import INCIDENTS, Stage, element, press

LAMBDA = "P2 Lambda function is denied by DynamoDB, AccessDenied since the policy change"


def run_of(person: Person, channel: Message, ref: str, words: str = "") -> Message:
    """The message of a run, once it says so."""
    head = f"*{ref}* "
    return person.wait_for_message(
        channel["id"],
        lambda said: head in content_of(said) and "Started" in content_of(said) and words in content_of(said),
    )


def test_a_playbook_is_listed_started_worked_through_and_offered_as_the_resolution(stage: Stage) -> None:
    responder, lead = stage.responder, stage.team_lead
    ref, channel = stage.declare(LAMBDA)
    room = channel["id"]
    lead.act("join", channel=room)
    ask(responder, room, "/incident note services: orders-api, orders-db")
    listed = ask(responder, room, "/incident playbook")
    assert f"What fits {ref}, best first" in listed
    assert (
        "*PB-lambda*" in listed
        and "Not used here yet" in listed
        and "Its source says: Permission issues take" in listed
    )
    assert (
        ask(responder, room, "/incident playbook lambda")
        == f"PB-lambda is under way in {ref}. Its steps are in the channel."
    )
    first = run_of(responder, channel, "PB-lambda", "Step 1 of 5")
    said = content_of(first)
    assert "aws lambda get-function --function-name orders-api" in said, "filled in from the services"
    assert "Minute 0 of 0–5" in said and "Changes production" not in said.partition("Next:")[0]
    assert "already under way here: step 1 of 5" in ask(lead, room, f"/incident playbook {ref} PB-lambda")

    press(responder, room, first, "playbook_done")
    second = run_of(responder, channel, "PB-lambda", "Step 2 of 5")
    assert second["ts"] == first["ts"], "there is one message, edited in place"
    assert "was already marked “Done” by <@U0RESPONDER>" in press_stale(stage, lead, first, "playbook_not_helped")

    press(responder, room, second, "playbook_note")
    form = responder.wait_for_view("playbook_note_view")
    filled = {"outcome": {"outcome": "done"}, "line": {"line": "the <table> policy is gone"}}
    assert responder.submit(form, filled) == {}
    third = run_of(responder, channel, "PB-lambda", "Step 3 of 5")
    assert "the &lt;table&gt; policy is gone" in content_of(third)
    [refusal] = submit_stale(stage, responder, form, filled).values()
    assert "was already marked “Done” by @" in refusal and "<@" not in refusal

    assert "*Missing:* table, region, bucket" in content_of(third)
    press(responder, room, third, "playbook_fill")
    form = responder.wait_for_view("playbook_fill_view")
    wrong = responder.submit(form, {"table": {"table": "birthday; reboot"}, "region": {"region": "us-east-1"}})
    assert list(wrong) == ["table"] and "It may hold letters" in wrong["table"]
    assert responder.submit(form, {"table": {"table": "birthday-users"}, "region": {"region": "us-east-1"}}) == {}
    third = run_of(responder, channel, "PB-lambda", "--table-name birthday-users --region us-east-1")
    chosen = {"block_id": element(third, "playbook_assign")["block_id"], "action_id": "playbook_assign"}
    responder.act("press", channel=room, message_ts=third["ts"], selected_user="U0TEAMLEAD", **chosen)
    run_of(responder, channel, "PB-lambda", "Assigned to <@U0TEAMLEAD>")
    press(responder, room, third, "playbook_skip")
    fourth = run_of(responder, channel, "PB-lambda", "Step 4 of 5")
    assert "*Changes production*" in content_of(fourth)
    assert '"Resource": "arn:aws:dynamodb:us-east-1:*:table/birthday-users"' in content_of(fourth), "remembered"
    jump(stage, 2)  # the lead reads it before pressing
    press(lead, room, fourth, "playbook_not_helped")
    fifth = run_of(responder, channel, "PB-lambda", "Step 5 of 5")
    jump(stage, 2)
    press(responder, room, fifth, "playbook_done")
    finished = run_of(responder, channel, "PB-lambda", "Finished by <@U0RESPONDER>")
    press(responder, room, finished, "incident_resolve")
    form = responder.wait_for_view("resolve_view")
    offered = next(
        block["element"]["initial_value"] for block in form["blocks"] if block.get("block_id") == "resolution"
    )
    assert offered == "Invoke, watch, roll back if it still fails (PB-lambda, step 5)"
    asked = next(block["element"] for block in form["blocks"] if block.get("block_id") == "playbook_step")
    assert asked["initial_option"]["text"]["text"].startswith("PB-lambda step 5: Invoke, watch")
    first_step = next(item["value"] for item in asked["options"] if "step 1" in item["text"]["text"])
    filled = {"playbook_step": {"playbook_step": first_step}, "resolution": {"resolution": offered}}
    assert responder.submit(form, filled) == {}
    responder.wait_for_message(room, "Resolved by ")
    told = [entry.text for entry in entries(stage, ref) if entry.kind.startswith("playbook_")]
    assert len(told) == 7
    assert told[1].startswith(
        "PB-lambda step 1 of 5, Look at the function and its recent errors: marked “done” by <@U0RESPONDER>"
    )
    settle(stage.database)
    assert failed_jobs(stage.database) == []
    _, other = stage.declare(f"{LAMBDA}, again")
    assert "Used once, resolved an incident once, median" in ask(responder, other["id"], "/incident playbook")
    ask(responder, other["id"], "/incident resolve it was the same")


def test_the_card_starts_what_fits_and_resolving_takes_the_buttons_away(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 S3 bucket answers 403 AccessDenied to every request for images")
    card = card_of(responder, channel)
    ids = {
        found["action_id"] for block in card["blocks"] for found in block.get("elements", []) if "action_id" in found
    }
    if "playbook_start" in ids:
        assert "is under way" in press_and_hear(responder, channel["id"], card, "playbook_start")
        assert "already under way" in press_stale(stage, responder, card, "playbook_start")
    else:
        press(responder, channel["id"], card, "playbook_list")
        listed = responder.wait_for_ephemeral(channel["id"], "best first")
        press(responder, channel["id"], listed, "playbook_start")
    started = responder.wait_for_message(channel["id"], lambda said: "Step 1 of" in content_of(said))
    ask(responder, channel["id"], "/incident resolve the policy is back")
    ended = responder.wait_for_message(
        channel["id"], lambda said: said["ts"] == started["ts"] and "Ended with the incident" in content_of(said)
    )
    assert "playbook_done" not in str(ended["blocks"])
    assert f"{ref} is resolved" in ask(responder, channel["id"], "/incident playbook s3")
    assert "was stopped with its incident" in press_stale(stage, responder, started, "playbook_done")


def test_the_card_without_a_playbook_lists_what_fits(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the coffee maker blinks")
    card = card_of(responder, channel)
    press(responder, channel["id"], card, "playbook_list")
    listed = content_of(responder.wait_for_ephemeral(channel["id"], "playbook"))
    assert "No playbook fits the words of this incident." in listed
    assert "There are " in listed and "PB-lambda" in listed and "GUIDE-" in listed
    assert listed.count("starts one by name") == 1
    finding = Finding("rds.connections", Weight.PROBLEM, "500 of 500", "full", refs=("PB-database", "NFI-9999"))
    now = stage.context.now()
    diagnosis = Diagnosis("rds orders-db", "eu-central-1", Window(now - timedelta(hours=1), now), findings=(finding,))
    with stage.database.transaction() as session:
        found = incidents.find_by_ref(session, ref, for_change=True)
        assert found is not None
        keep(session, found, diagnosis, "U0RESPONDER", "playbook", stage.context.now())
    fits = ask(responder, channel["id"], "/incident playbook")
    assert "*PB-database*" in fits and "What AWS showed points to it" in fits and "No playbook fits" not in fits
    assert ask(responder, channel["id"], "/incident playbook banana") == (
        "There is no playbook or guide `banana`. Type `/incident playbook` for what fits."
    )
    assert "Did you mean `/incident playbook PB-lambda`?" in ask(responder, channel["id"], "/incident playbook lamda")
    assert "No playbook is under way" in ask(responder, channel["id"], "/incident playbook stop")


def test_a_report_that_was_declared_starts_the_playbook_that_fits(stage: Stage) -> None:
    responder = stage.responder
    ts, answer = report(
        stage, "Checkout is down for all users: database connection pool exhausted, RDS refuses connections"
    )
    assert "Playbook: *PB-database*" in content_of(answer)
    press(responder, INCIDENTS, answer, "report_declare")
    settle(stage.database)  # the answer is drawn again once there is a channel
    declared = responder.wait_for(
        lambda: next((said for said in responder.replies(INCIDENTS, ts) if "playbook_start" in str(said)), None),
        what="the button that starts the playbook",
    )
    heard = press_and_hear(responder, INCIDENTS, declared, "playbook_start", thread_ts=ts)
    ref = heard.partition(" is under way in ")[2].partition(".")[0]
    assert ref.startswith("INC-")
    run_of(responder, stage.room(responder, ref), "PB-database", "Step 1 of 4")


def test_a_guide_is_ticked_off_cause_by_cause(stage: Stage) -> None:
    responder = stage.responder
    _, channel = stage.declare("P3 the mailer function is slow on its first call after a pause")
    ask(responder, channel["id"], "/incident playbook high latency")
    first = run_of(responder, channel, "GUIDE-high-latency", "Cause 1 of 4")
    press(responder, channel["id"], first, "playbook_not_helped")
    second = run_of(responder, channel, "GUIDE-high-latency", "Cause 2 of 4")
    assert "ruled out by <@U0RESPONDER>" in content_of(second)
    press(responder, channel["id"], second, "playbook_done")
    run_of(responder, channel, "GUIDE-high-latency", "Cause 3 of 4")
    assert "is stopped in" in ask(responder, channel["id"], "/incident playbook stop")
    press(responder, channel["id"], card_says(responder, channel, "Status"), "incident_resolve")
    form = responder.wait_for_view("resolve_view")
    assert "Too little memory: with more memory comes more CPU (GUIDE-high-latency, cause 2)" in str(form["blocks"])
    responder.close_view(form)


def test_the_message_shows_the_minute_and_a_step_over_its_window_says_so_once(stage: Stage) -> None:
    responder = stage.responder
    _, channel = stage.declare("P1 cache cluster failed over and every page is slow")
    ask(responder, channel["id"], "/incident playbook cache")
    run_of(responder, channel, "PB-cache", "Minute 0 of")
    jump(stage, 120)
    run_of(responder, channel, "PB-cache", "Minute 2 of")
    jump(stage, 1800)
    run_of(responder, channel, "PB-cache", "over its window")
    late = responder.wait_for_message(channel["id"], "is over its window (")
    assert "is paged next" in content_of(late)
    settle(stage.database)
    told = [said for said in responder.messages(channel["id"]) if "is over its window (" in content_of(said)]
    assert len(told) == 1


def test_two_steps_that_did_not_help_offer_another_playbook_and_a_page(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 Lambda is denied by S3, the database connection pool is exhausted")
    ask(responder, channel["id"], "/incident playbook lambda")
    press(responder, channel["id"], run_of(responder, channel, "PB-lambda", "Step 1 of 5"), "playbook_not_helped")
    press(responder, channel["id"], run_of(responder, channel, "PB-lambda", "Step 2 of 5"), "playbook_not_helped")
    offer = responder.wait_for_message(channel["id"], "Two steps of PB-lambda did not help.")
    assert "Next best: *PB-" in content_of(offer)
    heard = press_and_hear(responder, channel["id"], offer, "playbook_page")
    assert heard.startswith("Paging the ") and ref in heard
    assert "was already paged from here" in press_stale(stage, responder, offer, "playbook_page")
    assert "is under way" in press_and_hear(responder, channel["id"], offer, "playbook_start")


def test_what_was_done_is_saved_as_a_playbook_and_started_at_once(stage: Stage) -> None:
    responder = stage.responder
    _, channel = stage.declare("P3 label printer queue is stuck")
    ask(responder, channel["id"], "/incident note look at the queue: `kubectl get pods -l app=labels`")
    ask(responder, channel["id"], "/incident note this helped: `kubectl rollout restart deploy/{service}`")
    responder.command(channel["id"], "/incident playbook save")
    form = responder.wait_for_view("playbook_save_view")
    fields = {block["block_id"]: block["element"] for block in form["blocks"] if "element" in block}
    steps = fields["steps_1"]["initial_value"]
    assert "### 2. this helped" in steps and "- Changes production: yes" in steps
    wrong = responder.submit(form, {"steps_1": {"steps_1": "### Restart it"}})
    assert "Line 1 of the steps: the step needs a line - Changes production" in wrong["steps_1"]
    assert responder.submit(form, {"steps_1": {"steps_1": steps}}) == {}
    said = content_of(responder.wait_for_ephemeral(channel["id"], "Saved as PB-label-printer-queue-is-stuck"))
    assert "`/incident playbook PB-label-printer-queue-is-stuck` starts it" in said
    assert "is under way" in ask(responder, channel["id"], "/incident playbook label printer queue is stuck")
    first = run_of(responder, channel, "PB-label-printer-queue-is-stuck", "Step 1 of 2")
    assert "kubectl get pods -l app=labels" in content_of(first)
    _, other = stage.declare("P3 label printer queue is stuck again")
    responder.command(other["id"], "/incident playbook")
    listed = responder.wait_for_ephemeral(other["id"], "PB-label-printer-queue-is-stuck")
    with stage.database.transaction() as session:
        forget(session, "PB-label-printer-queue-is-stuck", "somebody", stage.context.now())
    start = next(
        block["accessory"] for block in listed["blocks"] if "PB-label" in str(block.get("accessory", {}).get("value"))
    )
    place = {"channel": other["id"], "ephemeral_id": listed["ts"], "block_id": start.get("block_id", "")}
    responder.act("press", action_id="playbook_start", value=start["value"], **place)
    said = content_of(responder.wait_for_ephemeral(other["id"], "was archived, so it can't be started any more"))
    assert "Type `/incident playbook` for what fits." in said
    press(responder, channel["id"], first, "playbook_done")
    run_of(responder, channel, "PB-label-printer-queue-is-stuck", "Step 2 of 2")
