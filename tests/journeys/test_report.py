"""From a report to what people decide about it, over Slack's own protocol."""

from __future__ import annotations

from bot.severity.rules import Severity
from bot.text.durations import span
from slack_playground.person import content_of
from tests.alarms.sender import Alertmanager
from tests.journeys.story import (
    Message,
    ask,
    card_of,
    entries,
    failed_jobs,
    press_and_hear,
    report,
    report_row,
    row,
    rows,
    said_by_bot,
    settle,
)
from tests.journeys.wire import press_stale
from tests.support.stage import INCIDENTS, Stage, press


def buttons(message: Message) -> list[str]:
    return [
        found["action_id"] for block in message["blocks"] if block["type"] == "actions" for found in block["elements"]
    ]


def test_a_report_is_answered_in_its_thread_and_can_be_declared(stage: Stage) -> None:
    responder = stage.responder
    ts, answer = report(stage, "checkout is down for everyone, every payment fails with 502")
    judged = report_row(stage, ts)
    level = stage.context.policy.severity.levels[Severity(judged.severity or "")]
    assert f"*{level.severity} {level.title}*" in content_of(answer)
    assert f"Respond within {span(level.respond_within)}" in content_of(answer)
    quoted = next(line for line in content_of(answer).splitlines() if line.startswith("> "))
    assert quoted.replace("*", "") == "> checkout is down for everyone, every payment fails with 502"
    assert "*" in quoted and judged.row in content_of(answer)
    press(responder, INCIDENTS, answer, "report_declare")
    channel = responder.wait_for_channel("inc-")
    responder.wait_for(lambda: responder.messages(channel["id"]) or None, what="the card")
    assert "checkout is down" in content_of(card_of(responder, channel))
    decided = responder.wait_for_message(INCIDENTS, "Declared as", thread_ts=ts)
    assert buttons(decided) == []
    kept = report_row(stage, ts)
    assert (kept.decision, kept.chosen_severity, kept.decided_by) == ("declared", level.severity, "U0RESPONDER")
    declared = rows(stage)[-1]
    assert (declared.severity, declared.report_ts, declared.incident_id) == (level.severity, ts, kept.incident_id)


def test_chatter_gets_silence(stage: Stage) -> None:
    responder = stage.responder
    ts = responder.say(INCIDENTS, "who wants to join for lunch?")
    marker = responder.say(INCIDENTS, "login is completely broken for all customers, nobody gets in")
    responder.wait_for(lambda: responder.replies(INCIDENTS, marker)[1:] or None, what="the answer to the later report")
    assert responder.replies(INCIDENTS, ts)[1:] == []
    assert report_row(stage, ts).severity is None


def test_a_report_can_be_declared_at_another_severity(stage: Stage) -> None:
    ts, answer = report(stage, "search results are slow, pages take 8 seconds")
    heard = press_and_hear(stage.responder, INCIDENTS, answer, "report_declare_as", option="P3", thread_ts=ts)
    assert heard.startswith("*P3* · INC-")
    kept = report_row(stage, ts)
    assert kept.chosen_severity == "P3" != kept.severity
    assert rows(stage)[-1].severity == "P3"


def test_a_report_can_be_called_no_incident(stage: Stage) -> None:
    ts, answer = report(stage, "the shop is down, all customers see an error page")
    before = len(rows(stage))
    heard = press_and_hear(stage.responder, INCIDENTS, answer, "report_dismiss", thread_ts=ts)
    assert heard == "Marked as not an incident."
    decided = stage.responder.wait_for_message(INCIDENTS, "Marked as not an incident by", thread_ts=ts)
    assert not {"report_declare", "report_declare_as", "report_dismiss"} & set(buttons(decided))
    assert report_row(stage, ts).decision == "not_incident"
    assert len(rows(stage)) == before


def test_a_report_joins_the_open_incident_that_it_is_part_of(stage: Stage) -> None:
    ask(stage.responder, INCIDENTS, "/incident declare P1 image uploads to the media bucket fail with AccessDenied")
    open_ref = rows(stage)[-1].ref
    channel = stage.room(stage.responder, open_ref)
    lead = stage.team_lead
    ts = lead.say(INCIDENTS, "uploads to the media bucket fail with AccessDenied for all users, @vp-engineering look")
    answer = lead.wait_for(lambda: next(iter(lead.replies(INCIDENTS, ts)[1:]), None), what="the answer")
    assert f"Part of {open_ref}" in content_of(answer)
    before = len(rows(stage))
    assert press_and_hear(lead, INCIDENTS, answer, "report_part_of", thread_ts=ts) == f"Added to {open_ref}."
    stage.responder.wait_for_message(channel["id"], "Report added by")
    settle(stage.database)
    said = said_by_bot(stage.responder, channel["id"])[-1]
    assert "<@U0VP" not in said, "repeating a person's words pings nobody again"
    assert len(rows(stage)) == before
    assert report_row(stage, ts).incident_id == row(stage, open_ref).incident_id
    assert any("AccessDenied for all users" in entry.text for entry in entries(stage, open_ref))


def test_a_second_press_of_each_button_of_a_report_says_who_decided(stage: Stage) -> None:
    ts, answer = report(stage, "orders api returns 500 to every customer")
    first = press_and_hear(stage.responder, INCIDENTS, answer, "report_declare", thread_ts=ts)
    ref = first.split()[2]
    before = len(rows(stage))
    for action_id, option in (("report_declare", None), ("report_declare_as", "P2"), ("report_dismiss", None)):
        heard = press_stale(stage, stage.team_lead, answer, action_id, option)
        assert heard.startswith("Already decided. Declared as")
        assert ref in heard
    assert len(rows(stage)) == before
    assert report_row(stage, ts).decision == "declared"


def test_a_message_that_was_declared_is_not_declared_again_by_the_shortcut(stage: Stage) -> None:
    ts, answer = report(stage, "returns page shows an error to every customer, nobody can send anything back")
    lead = stage.team_lead
    message = next(said for said in lead.messages(INCIDENTS) if said["ts"] == ts)
    lead.open_shortcut("declare_message", message)
    form = lead.wait_for_view("declare_view")
    ref = press_and_hear(stage.responder, INCIDENTS, answer, "report_declare", thread_ts=ts).split()[2]
    before = len(rows(stage))
    refused = lead.submit(form, {"title": {"title": "returns are broken"}})
    assert refused == {"title": f"This message was already declared as {ref}."}
    lead.close_view(form)
    assert len(rows(stage)) == before


def test_the_shortcut_decides_the_message_s_report(stage: Stage) -> None:
    ts, _ = report(stage, "gift cards cannot be redeemed, every attempt fails with 500")
    lead = stage.team_lead
    message = next(said for said in lead.messages(INCIDENTS) if said["ts"] == ts)
    lead.open_shortcut("declare_message", message)
    form = lead.wait_for_view("declare_view")
    assert lead.submit(form, {"title": {"title": "gift cards fail"}, "severity": {"severity": "P2"}}) == {}
    decided = lead.wait_for_message(INCIDENTS, "Declared as P2 by <@U0TEAMLEAD>", thread_ts=ts)
    assert "report_declare" not in buttons(decided)
    assert report_row(stage, ts).incident_id == rows(stage)[-1].incident_id


def test_what_was_no_incident_can_be_declared_after_all(stage: Stage) -> None:
    ts, answer = report(stage, "the loyalty service is down, every request fails with 503")
    press_and_hear(stage.responder, INCIDENTS, answer, "report_dismiss", thread_ts=ts)
    dismissed = stage.responder.wait_for_message(INCIDENTS, "Marked as not an incident by", thread_ts=ts)
    assert "report_declare_after_all" in buttons(dismissed)
    heard = press_and_hear(stage.team_lead, INCIDENTS, dismissed, "report_declare_after_all", thread_ts=ts)
    assert " declared." in heard
    decided = stage.responder.wait_for_message(
        INCIDENTS, "<@U0RESPONDER> had marked it as not an incident", thread_ts=ts
    )
    assert "report_declare_after_all" not in buttons(decided)
    assert report_row(stage, ts).decision == "declared"


def test_an_edited_report_is_judged_again(stage: Stage) -> None:
    ts, answer = report(stage, "search is slow, pages take 8 seconds")
    stage.responder.edit(INCIDENTS, ts, "search is down for everyone, all requests fail with 503, nobody can order")
    edited = stage.responder.wait_for_message(INCIDENTS, "Judged again after an edit.", thread_ts=ts)
    assert edited["ts"] == answer["ts"], "the same answer, edited"
    judged = report_row(stage, ts)
    assert judged.severity in ("P0", "P1")
    assert f"Looks like *{judged.severity}" in content_of(edited)


def test_talk_that_becomes_a_report_while_it_is_written_is_answered_once(stage: Stage) -> None:
    responder = stage.responder
    ts = responder.say(INCIDENTS, "wait")
    responder.edit(INCIDENTS, ts, "login is down for everyone, all requests fail with 503")
    answer = responder.wait_for_message(INCIDENTS, "Looks like *P", thread_ts=ts)
    assert "judged again" not in content_of(answer)
    responder.edit(INCIDENTS, ts, "login is down for everyone, all requests fail with 503, nobody gets in")
    responder.wait_for_message(INCIDENTS, "Judged again after an edit.", thread_ts=ts)
    settle(stage.database)
    assert len(responder.replies(INCIDENTS, ts)[1:]) == 1


def test_an_alarm_fires_repeats_is_declared_in_its_thread_and_ends(stage: Stage) -> None:
    responder = stage.responder
    alertmanager = Alertmanager(
        stage.context,
        {
            "labels": {"alertname": "TicketPrinters", "severity": "page"},
            "annotations": {"summary": "Ticket printers are offline in every hall", "description": None},
            "startsAt": "2026-11-20T11:58:00Z",
            "generatorURL": "https://prometheus.example.com/graph?g0.expr=up",
            "fingerprint": "5ef77f1f8a3ecfb3",
        },
    )
    alertmanager.fires()
    post = responder.wait_for_message(INCIDENTS, "*TicketPrinters* is firing")
    assert "<https://prometheus.example.com/graph" in content_of(post)

    def replies() -> list[Message]:
        return responder.replies(INCIDENTS, post["ts"])

    answer = responder.wait_for(lambda: next(iter(replies()[1:]), None), what="the alarm's answer")
    assert "Looks like *P" in content_of(answer) or "Is this an incident?" in content_of(answer)
    assert alertmanager.again() == {"fresh": False} and alertmanager.fires()["again"] == 1
    responder.wait_for(lambda: "Fired 2 times" in content_of(replies()[0]) or None, what="the count")

    press(responder, INCIDENTS, answer, "report_declare_as", "P1")
    decided = responder.wait_for(lambda: next((said for said in replies() if "Declared as" in content_of(said)), None))
    ref = next(word.strip(".,:") for word in content_of(decided).split() if word.startswith("INC-"))
    channel = stage.room(responder, ref)
    assert row(stage, ref).title == "TicketPrinters: Ticket printers are offline in every hall"

    alertmanager.ends("2026-11-20T12:10:00Z")
    over = responder.wait_for_message(channel["id"], "*TicketPrinters* is OK again")
    assert "resolve the incident" in content_of(over)
    responder.wait_for(lambda: "is OK again since" in content_of(replies()[0]) or None, what="the end")
    assert row(stage, ref).status == "investigating", "nothing resolves by itself"
    assert failed_jobs(stage.database) == []
