"""The card: what it shows, and what its buttons and selects do, pressed once and pressed twice."""

from __future__ import annotations

from slack_playground.person import content_of
from tests.journeys.story import (
    Message,
    ask,
    card_of,
    card_says,
    kinds,
    press_and_hear,
    row,
    rows,
    settle,
)
from tests.journeys.wire import press_stale, submit_stale
from tests.support.stage import BOT, INCIDENTS, Stage, element, press, texts


def ids(message: Message) -> list[str]:
    """The action ids that can be pressed."""
    return [
        found["action_id"] for block in message["blocks"] for found in block.get("elements", []) if "value" in found
    ]


def test_acknowledge_and_take_command(stage: Stage) -> None:
    responder, lead = stage.responder, stage.team_lead
    ref, channel = stage.declare("P1 shipping labels cannot be printed")
    lead.act("join", channel=channel["id"])
    fresh = card_of(responder, channel)
    assert "not yet; acknowledge within 1 h" in content_of(fresh)
    assert press_and_hear(responder, channel["id"], fresh, "incident_acknowledge").startswith(
        f"You acknowledged {ref}."
    )
    shown = card_says(responder, channel, "<@U0RESPONDER>, after")
    assert "incident_acknowledge" not in ids(shown)
    assert "already" in press_stale(stage, lead, fresh, "incident_acknowledge")
    assert press_and_hear(lead, channel["id"], shown, "incident_command") == f"You're now in command of {ref}."
    assert press_stale(stage, lead, fresh, "incident_command") == f"You're already in command of {ref}."
    card_says(responder, channel, "*Commander*\n<@U0TEAMLEAD>")
    kept = row(stage, ref)
    assert (kept.acknowledged_by, kept.commander) == ("U0RESPONDER", "U0TEAMLEAD")
    assert kinds(stage, ref).count("acknowledged") == 1
    assert kinds(stage, ref).count("role_taken") == 1


def test_the_page_acknowledges_and_is_edited_in_place(stage: Stage) -> None:
    responder = stage.responder
    ref, _ = stage.declare("P1 invoices are not sent", by=stage.team_lead)
    place = responder.dm_with(BOT)
    page = responder.wait_for_message(place, f"{ref} invoices are not sent: you are paged")
    press(responder, place, page, "page_acknowledge")
    edited = responder.wait_for_message(
        place,
        lambda message: message["ts"] == page["ts"] and "Acknowledged by <@U0RESPONDER>" in " ".join(texts([message])),
    )
    assert not [found for block in edited["blocks"] for found in block.get("elements", []) if "action_id" in found]
    assert "already" in press_stale(stage, responder, page, "page_acknowledge")
    assert row(stage, ref).acknowledged_by == "U0RESPONDER"


def test_status_and_severity_are_chosen_on_the_card(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 reports arrive late")
    fresh = card_of(responder, channel)
    press(responder, channel["id"], fresh, "incident_status", "mitigated")
    responder.wait_for_message(channel["id"], "Status investigating → mitigated by responder.")
    assert press_stale(stage, responder, fresh, "incident_status", "mitigated") == f"{ref} is already mitigated."
    shown = card_says(responder, channel, "*Status*\nmitigated")
    press(responder, channel["id"], shown, "incident_severity", "P0")
    responder.wait_for_message(channel["id"], "Severity raised from P2 to P0 by responder")
    assert not any("is now" in content_of(said) for said in responder.ephemerals(channel["id"])), "it is said once"
    assert press_stale(stage, responder, fresh, "incident_severity", "P0") == f"{ref} is already P0."
    card_says(responder, channel, f"P0 {ref}")
    kept = row(stage, ref)
    assert (kept.status, kept.severity) == ("mitigated", "P0")
    assert element(card_of(responder, channel), "incident_status")["initial_option"]["value"].startswith("mitigated:")
    assert kinds(stage, ref).count("severity_raised") == 1


def test_resolve_and_close_by_form(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P2 coupons are refused")
    fresh = card_of(responder, channel)
    press(responder, channel["id"], fresh, "incident_resolve")
    form = responder.wait_for_view("resolve_view")
    filled = {"resolution": {"resolution": "turned the rule off"}, "cause": {"cause": "a rule with *stars*"}}
    assert responder.submit(form, filled) == {}
    resolved = card_says(responder, channel, "Close and draft review")
    assert "Cause: \na rule with *stars*" in content_of(resolved)
    assert f"{ref} is already resolved." in press_stale(stage, responder, fresh, "incident_resolve")
    press(responder, channel["id"], resolved, "incident_close")
    form = responder.wait_for_view("close_view")
    shown = {block["block_id"]: block["element"].get("initial_value") for block in form["blocks"] if "element" in block}
    assert (shown["cause"], shown["resolution"]) == ("a rule with *stars*", "turned the rule off")
    filled = {"impact": {"impact": "12 orders lost"}, "alarm": {"alarm": "real"}}
    filled |= {"cause": {"cause": shown["cause"]}, "resolution": {"resolution": shown["resolution"]}}
    assert responder.submit(form, filled) == {}
    card_says(responder, channel, "reopens it")
    kept = row(stage, ref)
    assert (kept.status, kept.impact, kept.false_alarm, kept.playbook_helped) == (
        "closed",
        "12 orders lost",
        False,
        None,  # nobody was asked, as no playbook was suggested
    )
    assert "is already closed" in press_stale(stage, responder, resolved, "incident_close")
    assert kinds(stage, ref).count("closed") == 1
    assert kinds(stage, ref).count("cause_recorded") == 1


def test_a_close_form_of_an_incident_that_was_reopened_says_so_and_keeps_what_was_typed(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the status page is slow")
    ask(responder, INCIDENTS, f"/incident resolve {ref}")
    card_says(responder, channel, "Close and draft review")
    press(responder, channel["id"], card_of(responder, channel), "incident_close")
    form = responder.wait_for_view("close_view")
    ask(stage.team_lead, INCIDENTS, f"/incident reopen {ref}")
    before = kinds(stage, ref)
    filled = {"cause": {"cause": "typed with care"}, "resolution": {"resolution": "typed with care"}}
    errors = responder.submit(form, filled)
    [sentence] = errors.values()
    assert sentence.startswith(ref)
    assert [view["id"] for view in responder.views()] == [form["id"]], "the form stays, and with it what was typed"
    assert kinds(stage, ref) == before
    assert row(stage, ref).cause is None
    responder.close_view(form)


def test_the_forms_offer_the_cause_from_before_reopening(stage: Stage) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the wiki is slow")
    ask(responder, INCIDENTS, f"/incident cause {ref} the search index was rebuilt")
    ask(responder, INCIDENTS, f"/incident resolve {ref}")
    assert "on the timeline" in ask(responder, INCIDENTS, f"/incident reopen {ref}")
    card_says(responder, channel, "investigating")
    press(responder, channel["id"], card_of(responder, channel), "incident_resolve")
    form = responder.wait_for_view("resolve_view")
    assert "the search index was rebuilt" in str(form["blocks"])
    responder.close_view(form)
    ask(responder, INCIDENTS, f"/incident resolve {ref}")
    responder.command(INCIDENTS, f"/incident close {ref}")
    form = responder.wait_for_view("close_view")
    assert "the search index was rebuilt" in str(form["blocks"])
    responder.close_view(form)


def test_a_form_that_declares_twice_declares_once(stage: Stage) -> None:
    responder = stage.responder
    responder.command(INCIDENTS, "/incident declare")
    form = responder.wait_for_view("declare_view")
    filled = {"title": {"title": "badge readers are offline"}, "severity": {"severity": "P3"}}
    assert responder.submit(form, filled) == {}
    before = len(rows(stage))
    assert submit_stale(stage, responder, form, filled) == {}
    settle(stage.database)
    assert len(rows(stage)) == before
