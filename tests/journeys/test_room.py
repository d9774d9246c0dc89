"""The room: secrets, times, parts, catching up, lists, notices, the checklist, duplicates, false alarms, App Home."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import TimelineEntry
from bot.text.markup import at_of
from bot.text.masking import MASK
from slack_playground.person import Person, content_of
from tests.journeys.story import (
    ask,
    card_says,
    entries,
    failed_jobs,
    jump,
    kinds,
    pings_of,
    reopen_closed,
    row,
    said_by_bot,
    settle,
)
from tests.support.stage import INCIDENTS, Stage, element, press

UPDATES = "incident-updates"


def recorded(stage: Stage, ref: str, words: str) -> Any:
    """The entry that says so, once it is there."""

    def look() -> Any:
        ask(stage.responder, INCIDENTS, f"/incident timeline {ref}")  # asking wakes the wait
        return next((entry for entry in entries(stage, ref) if words in entry.text), None)

    return stage.responder.wait_for(look, what=f"an entry with {words!r}")


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_secrets_are_masked_wherever_they_are_typed(stage: Stage) -> None:
    responder = stage.responder
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    ref, channel = stage.declare(f"P2 the export of {key} is slow")
    ts = responder.say(channel["id"], "try password=hunter2secret please")
    responder.edit(channel["id"], ts, "try password=hunter3secret please")
    ask(responder, channel["id"], "/incident note the token=abcdef123456 leaked")
    ask(responder, channel["id"], "/incident impact https://admin:s3cr3tword@shop.example.com is open")
    ask(responder, channel["id"], f"/incident cause {key}")
    recorded(stage, ref, f"try password={MASK} please")
    settle(stage.database)
    kept = row(stage, ref)
    with stage.database.transaction() as session:
        raw = [entry.text + str(entry.data) for entry in session.query(TimelineEntry)]
    said = "\n".join([*raw, str(kept.title), str(kept.impact), str(kept.cause), *said_by_bot(responder, channel["id"])])
    for secret in (key, "hunter2secret", "hunter3secret", "abcdef123456", "s3cr3tword"):
        assert secret not in said
    assert MASK in kept.title
    assert f"https://admin:{MASK}@shop.example.com" in str(kept.impact)


# -- times -------------------------------------------------------------------------------------------------------------


def test_a_note_goes_where_its_time_is(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the search shows old prices")
    said = ask(responder, channel["id"], "/incident note 30 min ago the index was rebuilt")
    assert "before it was declared" in said
    ask(responder, channel["id"], "/incident note somebody looks")
    told = [entry.text for entry in entries(stage, ref)]
    assert told[0] == "the index was rebuilt"
    first, back = entries(stage, ref)[0], timedelta(minutes=30)
    assert row(stage, ref).declared_at - timedelta(minutes=1) <= first.at + back <= stage.context.now()
    card_says(responder, channel, "responder: somebody looks")


def test_times_that_cannot_be_are_refused_with_a_sentence(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the search shows no results")
    later = (stage.context.now() + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M")
    assert "is in the future" in ask(responder, channel["id"], f"/incident note at {later} it broke")
    assert "Check the date" in ask(responder, channel["id"], "/incident note 9 days ago it broke")
    assert "isn't a time I understand" in ask(responder, channel["id"], "/incident note at 25:61 it broke")
    assert "Say what happened then" in ask(responder, channel["id"], "/incident note 5 min ago")
    assert "noted" not in kinds(stage, ref)


def test_the_shortcut_asks_for_the_time_and_a_correction_keeps_what_was_said(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the search is slow in one region")
    ts = responder.say(channel["id"], "deployed build 7 <now>")
    recorded(stage, ref, "deployed build 7")
    message = next(each for each in responder.messages(channel["id"]) if each["ts"] == ts)
    responder.open_shortcut("timeline_message", {**message, "channel": channel["id"]})
    view = responder.wait_for_view("entry_view")
    errors = responder.submit(view, {"when": {"when": "tomorrow"}, "text": {"text": "deployed build 8"}})
    assert "isn't a time I understand" in errors["when"]
    assert responder.submit(view, {"when": {"when": "20 min ago"}, "text": {"text": "deployed build 8 <b>"}}) == {}
    corrected = next(entry for entry in entries(stage, ref) if "build 8" in entry.text)
    assert corrected.text == "deployed build 8 &lt;b&gt;"
    assert corrected.at < row(stage, ref).declared_at
    with stage.database.transaction() as session:
        incident_id = incidents.get_by_ref(session, ref).incident_id
        first, by_whom = (
            timeline.list_rows(session, incident_id, (Kind.MESSAGE_POSTED,)),
            timeline.list_rows(session, incident_id, (Kind.ENTRY_CORRECTED,)),
        )
    assert first[0].text == "deployed build 7 &lt;now&gt;", "what was said first is kept"
    assert [entry.author for entry in by_whom] == ["U0RESPONDER"]


def test_the_shortcut_keeps_a_time_that_was_not_touched_to_the_second(stage: Stage) -> None:
    responder = stage.responder
    ref, _ = stage.declare("P2 the search sorts by the wrong field")
    ts = responder.say(INCIDENTS, "the first complaint came in by phone")
    message = next(each for each in responder.messages(INCIDENTS) if each["ts"] == ts)
    responder.open_shortcut("timeline_message", {**message, "channel": responder.channel_id(INCIDENTS)})
    with stage.database.transaction() as session:
        incident_id = str(incidents.get_by_ref(session, ref).incident_id)
    assert responder.submit(responder.wait_for_view("entry_view"), {"incident": {"incident": incident_id}}) == {}
    noted = next(entry for entry in entries(stage, ref) if "by phone" in entry.text)
    assert noted.at == at_of(ts)


def test_moving_an_entry_in_time_leaves_its_links_alone(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the search forgets its filters")
    ts = responder.say(channel["id"], "ask @team-lead, see https://dashboards.example.com/a?b=1&c=2")
    before = recorded(stage, ref, "dashboards.example.com")
    message = next(each for each in responder.messages(channel["id"]) if each["ts"] == ts)
    responder.open_shortcut("timeline_message", {**message, "channel": channel["id"]})
    assert responder.submit(responder.wait_for_view("entry_view"), {"when": {"when": "15 min ago"}}) == {}
    after = next(entry for entry in entries(stage, ref) if entry.entry_id == before.entry_id)
    assert after.text == before.text and "<@U0TEAMLEAD>" in after.text
    assert after.at < before.at


# -- parts and catching up ---------------------------------------------------------------------------------------------


def test_parts_are_given_by_mention_by_name_or_taken(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the newsletter is not sent")
    assert "You are scribe" in ask(responder, channel["id"], "/incident role scribe")
    assert "<@U0TEAMLEAD> is communications" in ask(responder, channel["id"], "/incident role comms @team-lead")
    assert "<@U0MANAGER> is commander" in ask(
        responder, channel["id"], "/incident role engineering manager as commander"
    )
    assert "I don't know anyone called" in ask(responder, channel["id"], "/incident role scribe santa")
    assert "Say which role" in ask(responder, channel["id"], "/incident role @team-lead")
    assert "only one person can" in ask(responder, channel["id"], "/incident role scribe @team-lead @vp-engineering")
    shown = ask(responder, channel["id"], "/incident role")
    assert "*commander* <@U0MANAGER>" in shown and "Keep the record" in shown
    assert row(stage, ref).commander == "U0MANAGER"
    card_says(responder, channel, "<@U0MANAGER>")
    told = stage.team_lead.wait_for_ephemeral(channel["id"], "You are communications")
    assert "/incident update" in content_of(told)


def test_who_arrives_late_reads_where_it_stands(stage: Stage) -> None:
    responder, lead = stage.responder, stage.team_lead
    ref, channel = stage.declare("P1 half of all orders fail at payment")
    ask(responder, channel["id"], "/incident ack")
    ask(responder, channel["id"], "/incident impact <!channel> half of the orders")
    ask(responder, channel["id"], "/incident note rolled back build 212")
    said = ask(lead, INCIDENTS, f"/incident catchup {ref}")
    for words in ("*P1*", ref, "investigating", "Commander: <@U0RESPONDER>", "Impact", "rolled back build 212"):
        assert words in said
    assert "No cause is recorded: `/incident cause …`" in said
    assert "Stakeholders have had no update" in said
    assert "<!channel>" not in said


def test_what_reads_like_a_key_moment_is_offered_to_its_author(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 the invoices are not printed")
    responder.say(channel["id"], "not recovered yet, still looking")
    responder.say(channel["id"], "found it: the printer queue is full")
    offer = responder.wait_for_ephemeral(channel["id"], "reads like a key moment")
    assert not any(entry.key for entry in entries(stage, ref)), "nothing is assumed"
    offer["ephemeral_id"] = offer["ts"]
    press(responder, channel["id"], offer, "key_mark")
    responder.wait_for_ephemeral(channel["id"], "Marked as key")
    assert [entry.text for entry in entries(stage, ref) if entry.key] == ["found it: the printer queue is full"]
    for number in range(5):
        responder.say(channel["id"], f"recovered, part {number}")
    recorded(stage, ref, "recovered, part 4")
    settle(stage.database)
    offers = [said for said in responder.ephemerals(channel["id"]) if "key moment" in content_of(said)]
    assert len(offers) == 3, "a few an hour at most"


def test_lists_are_paged(stage: Stage) -> None:
    responder = stage.responder
    for number in range(12):
        ask(responder, INCIDENTS, f"/incident declare! P3 the footer number {number} is crooked")
    first = ask(responder, INCIDENTS, "/incident list")
    assert "Page 1 of" in first
    shown = responder.wait_for_ephemeral(INCIDENTS, "Page 1 of")
    shown["ephemeral_id"] = shown["ts"]
    press(responder, INCIDENTS, shown, "list_next")
    responder.wait_for_ephemeral(INCIDENTS, "Page 2 of")
    assert "Page" in ask(responder, INCIDENTS, "/incident list 999")
    assert "footer" in ask(responder, INCIDENTS, "/incident list mine")


# -- stakeholders and the checklist ------------------------------------------------------------------------------------


def test_an_update_is_seen_before_it_is_sent(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P1 checkout is down for everybody <!channel>")
    responder.command(channel["id"], "/incident update the *fix* is on its way <!here>")
    view = responder.wait_for_view("notice_view")
    assert "[UPDATE] P1 incident" in content_of(view)
    assert said_by_bot(responder, UPDATES) == [] or ref not in said_by_bot(responder, UPDATES)[-1]
    assert responder.submit(view, {"news": {"news": "the fix is being rolled out <!channel>"}}) == {}
    sent = responder.wait_for_message(UPDATES, ref)
    told = content_of(sent)
    assert "[UPDATE] P1 incident: checkout is down for everybody" in told
    assert "*News:* the fix is being rolled out" in told and "*Impact:* not known yet" in told
    assert "<!channel>" not in told and "<!here>" not in told
    responder.wait_for_message(channel["id"], "Stakeholders were notified")
    assert kinds(stage, ref).count("stakeholders_told") == 1
    assert row(stage, ref).told_at is not None


def test_the_room_and_whoever_is_replaced_hear_who_takes_a_role_from_whom(stage: Stage) -> None:
    responder, lead, manager = stage.responder, stage.team_lead, stage.manager
    ref, channel = stage.declare("P1 the lift of the warehouse is stuck")
    for person in ("team-lead", "eng-manager"):
        ask(responder, channel["id"], f"/incident role scribe @{person}")
    responder.wait_for_message(
        channel["id"], "<@U0MANAGER> is now scribe, replacing <@U0TEAMLEAD>, assigned by responder."
    )
    lead.wait_for_ephemeral(channel["id"], f"<@U0MANAGER> replaces you as scribe of {ref}, assigned by <@U0RESPONDER>.")
    ask(lead, channel["id"], "/incident role commander")
    manager.wait_for_channel(ref.lower())
    ask(manager, channel["id"], "/incident role commander")
    responder.wait_for_message(channel["id"], "eng-manager takes command from <@U0TEAMLEAD>.")
    lead.wait_for_ephemeral(channel["id"], f"<@U0MANAGER> replaces you as commander of {ref}.")
    failed = failed_jobs(stage.database)
    manager.act("leave", channel=channel["id"])
    ask(lead, channel["id"], "/incident role commander")
    settle(stage.database)
    assert failed_jobs(stage.database) == failed, "whoever left is told nothing, and nothing breaks"


def test_resolving_asks_for_the_checklist_and_proposes_the_notice(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P1 nobody can log in at all")
    ask(responder, channel["id"], "/incident cause the <certificate> expired")
    ask(responder, channel["id"], "/incident resolve renewed it")
    shown = responder.wait_for_message(channel["id"], f"After resolving {ref}")
    assert "5 to check" in content_of(shown)
    found = element(shown, "check_tick")
    place = {"channel": channel["id"], "message_ts": shown["ts"]}
    responder.act("press", **place, block_id=found["block_id"], action_id="check_tick", value=found["value"])
    responder.wait_for_message(channel["id"], "4 to check")
    assert "check_done" in kinds(stage, ref)
    shown = responder.wait_for_message(channel["id"], f"After resolving {ref}")
    found = element(shown, "check_untick")
    responder.act("press", **place, block_id=found["block_id"], action_id="check_untick", value=found["value"])
    responder.wait_for_message(channel["id"], "5 to check")
    press(responder, channel["id"], shown, "notice_form")
    view = responder.wait_for_view("notice_view")
    assert responder.submit(view, {"next_steps": {"next_steps": "an alarm before it expires"}}) == {}
    told = content_of(responder.wait_for_message(UPDATES, ref))
    for words in (
        "[RESOLVED] P1 incident",
        "*Status:* RESOLVED",
        "*Duration:*",
        "*Root cause:* the &lt;certificate&gt; expired",
        "*Resolution:* renewed it",
        "*Next steps:* an alarm before it expires",
    ):
        assert words in told


def test_stakeholders_who_hear_nothing_are_remembered_until_they_hear(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P0 the whole shop is down for everyone")
    jump(stage, 31 * 60)
    responder.wait_for_message(channel["id"], "Stakeholder update overdue")
    responder.command(channel["id"], "/incident update")
    view = responder.wait_for_view("notice_view")
    responder.submit(view, {"news": {"news": "we are on it"}})
    responder.wait_for_message(channel["id"], "Stakeholders were notified")
    jump(stage, 10 * 60)
    settle(stage.database)
    assert kinds(stage, ref).count("update_asked") == 1
    ask(responder, channel["id"], "/incident resolve")


# -- other endings -----------------------------------------------------------------------------------------------------


def test_a_duplicate_goes_into_the_other_with_its_timeline(stage: Stage) -> None:
    lead = stage.team_lead
    first, there = stage.declare("P1 payments fail for all cards")
    second, here = stage.declare("P1 card payments are refused everywhere", by=lead)
    lead.say(here["id"], "the gateway answers 500")
    recorded(stage, second, "gateway answers 500")
    refused = ask(lead, here["id"], f"/incident merge {second}")
    assert "can't be merged into itself. Name the other one: `/incident merge INC-…`" in refused
    assert "There is no incident INC-2001-0001" in ask(lead, here["id"], "/incident merge INC-2001-0001")
    assert "Name the incident to keep" in ask(lead, INCIDENTS, "/incident merge")
    assert f"{second} is merged into {first}" in ask(lead, here["id"], f"/incident merge into {first}")
    assert row(stage, second).status == "closed"
    assert "the gateway answers 500" in [entry.text for entry in entries(stage, first)]
    lead.wait_for_message(there["id"], "is a duplicate")
    assert not [ping for ping in pings_of(stage, second) if ping.state == "planned"]
    assert "already closed" in ask(lead, here["id"], f"/incident merge {first}")
    settle(stage.database)
    assert any(second in said and f"closed, merged into {first}" in said for said in said_by_bot(lead, INCIDENTS))
    assert f"follow it there in <#{there['id']}>" in ask(lead, here["id"], "/incident note the bank called back")
    assert f"closed, merged into {first}" in ask(lead, INCIDENTS, "/incident list closed")
    reopen_closed(lead, here["id"], "/incident reopen it was another one")
    assert "the gateway answers 500" not in [entry.text for entry in entries(stage, first)]


def test_a_false_alarm_stops_everything(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P1 the probe of the shop is red")
    assert "closed as a false alarm" in ask(responder, channel["id"], "/incident false-alarm the probe was wrong")
    assert row(stage, ref).false_alarm is True
    assert not [ping for ping in pings_of(stage, ref) if ping.state == "planned"]
    assert "is already closed as a false alarm" in ask(responder, channel["id"], "/incident false-alarm")
    reopen_closed(responder, channel["id"], "/incident reopen it is real")
    assert row(stage, ref).false_alarm is None


# -- App Home ----------------------------------------------------------------------------------------------------------


def home_says(person: Person, words: str) -> dict[str, Any]:
    """App Home, opened, once it says so."""

    def look() -> dict[str, Any] | None:
        view = person.home()
        return view if view and words in content_of(view) else None

    person.act("open_home")
    return person.wait_for(look, what=f"App Home with {words!r}")


def test_home_shows_what_is_asked_of_me(stage: Stage) -> None:
    responder = stage.responder
    ref, _ = stage.declare("P1 the mobile app crashes at start")
    settle(stage.database)
    view = home_says(responder, ref)
    assert "You were paged as on-call engineer" in content_of(view)
    assert sum(ref in content_of(block) for block in view["blocks"]) == 1, "what waits is not listed once more"
    block = next(block for block in view["blocks"] if ref in str(block.get("text")) and block.get("accessory"))
    responder.press(view, "page_acknowledge", block_id=block["block_id"], value=block["accessory"]["value"])
    responder.wait_for(lambda: row(stage, ref).acknowledged_by == "U0RESPONDER" or None)


# -- security ----------------------------------------------------------------------------------------------------------


def test_a_security_incident_is_shown_to_nobody_outside(stage: Stage) -> None:
    responder, outsider = stage.responder, stage.person("U0SUPPORT")
    ask(responder, INCIDENTS, "/incident declare security P1 odd calls with the partner's key")
    said = responder.wait_for_ephemeral(INCIDENTS, "SEC-")
    ref = next(word for word in content_of(said).split() if word.startswith("SEC-"))
    channel = responder.wait_for_channel(ref.lower())
    assert channel["is_private"] and channel["name"] == ref.lower()
    responder.wait_for_message(channel["id"], "preserve the evidence")
    responder.say(channel["id"], "the key was revoked")
    responder.wait_for(lambda: "key was revoked" in ask(responder, channel["id"], "/incident timeline") or None)
    settle(stage.database)
    assert "odd calls" not in "\n".join(said_by_bot(outsider, INCIDENTS))
    assert f"There is no incident {ref}" in ask(outsider, INCIDENTS, f"/incident status {ref}")
    assert f"There is no incident {ref}" in ask(outsider, INCIDENTS, f"/incident catchup {ref}")
    assert "odd calls" not in ask(outsider, INCIDENTS, "/incident list mine")
    assert ref in ask(responder, INCIDENTS, "/incident list mine")
    assert ref in content_of(home_says(responder, ref))
    outsider.act("open_home")
    settle(stage.database)
    outsider.wait_for(lambda: outsider.home())
    assert "odd calls" not in content_of(outsider.home() or {})


def test_two_who_end_it_at_once_are_told_apart(stage: Stage) -> None:
    responder, lead = stage.responder, stage.team_lead
    ref, channel = stage.declare("P2 \u202eabc the basket turns the words round")
    lead.act("join", channel=channel["id"])
    ask(responder, channel["id"], "/incident resolve")
    card = card_says(responder, channel, "Resolved")
    assert "\u202e" not in content_of(card)
    with ThreadPoolExecutor(2) as pool:
        said = list(
            pool.map(lambda who: ask(who, channel["id"], "/incident close it turned by itself"), [responder, lead])
        )
    assert sorted(f"{ref} is already closed" in each for each in said) == [False, True]
    assert kinds(stage, ref).count("closed") == 1
