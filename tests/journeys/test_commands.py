"""Every subcommand: in the incident's channel, and from another one with the incident's reference."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import cast

import pytest

from bot.aws.accounts import Aws
from bot.context import AppContext
from bot.incidents.commands import Registry
from bot.incidents.menu import Buttons, NotOffered, Where, where
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.lifecycle.messages.menu import shown as menu
from bot.wiring.listeners import REGISTRY
from slack_playground.person import NotDone, Person
from tests.faults.troubles import fail, forget_faults
from tests.journeys.story import (
    Message,
    ask,
    card_says,
    entries,
    jump,
    kinds,
    press_and_hear,
    reopen_closed,
    row,
    said_by_bot,
    settle,
)
from tests.support.stage import BOT, INCIDENTS, Stage, press


@pytest.fixture
def incident(stage: Stage) -> Iterator[tuple[str, Message]]:
    """A fresh P2 and its channel; resolved afterwards, so that the next story's list is short."""
    ref, channel = stage.declare("P2 the nightly export is slow")
    yield ref, channel
    ask(stage.responder, INCIDENTS, f"/incident resolve {ref}")


def places(ref: str, channel: Message) -> list[tuple[str, str]]:
    """Where a command can be typed, and what names the incident there."""
    return [(channel["id"], ""), (INCIDENTS, f"{ref} ")]


def test_status_is_told_and_set_in_the_channel_and_from_elsewhere(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    responder = stage.responder
    for (place, name), wanted in zip(places(ref, channel), ("identified", "mitigated"), strict=True):
        assert f"*P2* · {ref} · the nightly export is slow" in ask(responder, place, f"/incident status {name}")
        done = f"{ref} is now {wanted}." if name else f"→ {wanted} by responder."
        assert done in ask(responder, place, f"/incident status {name}{wanted}")
        assert ask(responder, place, f"/incident status {name}{wanted}") == f"{ref} is already {wanted}."
    kept = row(stage, ref)
    assert kept.status == "mitigated" and kept.identified_at and kept.mitigated_at
    assert kinds(stage, ref).count("status_changed") == 2
    card_says(responder, channel, "mitigated")
    responder.wait_for_message(channel["id"], "Status identified → mitigated by responder.")
    responder.wait_for_message(INCIDENTS, lambda said: ref in str(said) and "mitigated · " in str(said))


def test_the_bare_command_opens_a_menu_of_what_can_be_done_now(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    responder = stage.responder
    responder.command(INCIDENTS, "/incident")
    shown = responder.wait_for_ephemeral(INCIDENTS, "On call: <@U0RESPONDER>")
    assert "home_declare" in str(shown["blocks"]) and ref in str(shown["blocks"])
    press(responder, INCIDENTS, shown, "home_declare")
    responder.close_view(responder.wait_for_view("declare_view"))
    responder.command(channel["id"], "/incident")
    shown = responder.wait_for_ephemeral(channel["id"], ref)
    assert press_and_hear(responder, channel["id"], shown, "incident_acknowledge").startswith(f"You acknowledged {ref}")
    press(responder, channel["id"], shown, "notice_form")
    responder.close_view(responder.wait_for_view("notice_view"))
    ask(responder, channel["id"], "/incident resolve")
    responder.command(channel["id"], "/incident menu")
    shown = responder.wait_for_ephemeral(channel["id"], "Save as playbook")
    assert "incident_close" in str(shown["blocks"]) and "incident_acknowledge" not in str(shown["blocks"])


def test_status_outside_an_incident_lists_what_is_open(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    for word in ("status", "list"):
        told = ask(stage.responder, INCIDENTS, f"/incident {word}")
        assert f"*P2* · {ref} · the nightly export is slow · investigating" in told
        assert f"<#{channel['id']}>" in told


def test_severity_is_told_and_changed_with_a_reason(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    responder = stage.responder
    for (place, name), (typed, severity) in zip(
        places(ref, channel), (("sev1 <all> regions", "P1"), ("low calmed down", "P3")), strict=True
    ):
        assert "P0 " in ask(responder, place, f"/incident severity {name}")
        done = f"{ref} is now {severity}" if name else f"to {severity} by responder"
        assert done in ask(responder, place, f"/incident severity {name}{typed}")
    assert row(stage, ref).severity == "P3"
    assert [kind for kind in kinds(stage, ref) if kind.startswith("severity")] == [
        "severity_raised",
        "severity_lowered",
    ]
    responder.wait_for_message(channel["id"], "Severity raised from P2 to P1 by responder: &lt;all&gt; regions")
    responder.wait_for_message(channel["id"], "Severity lowered from P1 to P3 by responder: calmed down")
    card_says(responder, channel, f"P3 {ref}")
    settle(stage.database)
    assert stage.playground.workspace.channels[channel["id"]].topic["value"].startswith(ref)


def test_a_renamed_incident_is_called_so_wherever_it_is_shown(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    responder, title = stage.responder, "the <b>nightly</b> export loses rows"
    assert "“the nightly export is slow”" in ask(responder, channel["id"], "/incident rename")
    assert "in a few words what is wrong" in ask(responder, channel["id"], "/incident rename :fire:")
    for (place, name), wanted in zip(places(ref, channel), ("export fails :fire:", title), strict=True):
        ask(responder, place, f"/incident rename {name}{wanted}")
    assert ask(responder, channel["id"], f"/incident title {title}").startswith(f"{ref} is now called “the &lt;b&gt;")
    settle(stage.database)
    assert row(stage, ref).title == title
    assert kinds(stage, ref).count("renamed") == 2, "the same title again is no news"
    card_says(responder, channel, "the &lt;b&gt;nightly&lt;/b&gt; export loses rows")
    slack = stage.playground.workspace.channels[channel["id"]]
    responder.wait_for(lambda: slack.name == f"{ref.lower()}-the-b-nightly-b-export-loses-rows" or None)
    responder.wait_for(lambda: "loses rows" in slack.topic["value"] or None)
    assert row(stage, ref).channel_name == slack.name
    responder.wait_for_message(INCIDENTS, lambda said: ref in str(said) and "loses rows" in str(said))


def test_a_reminder_is_said_once_in_the_channel_when_it_is_due(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    responder = stage.responder
    assert "has no reminders" in ask(responder, channel["id"], "/incident remind")
    for (place, name), what in zip(places(ref, channel), ("look at <@U0VP> & co", "call them"), strict=True):
        assert "Reminder set for" in ask(responder, place, f"/incident remind {name}15 min {what}")
    listed = ask(responder, channel["id"], "/incident remind list")
    assert "1. " in listed and "2. " in listed and "<@U0VP>" not in listed
    assert ask(responder, channel["id"], "/incident remind cancel 2") == "Reminder cancelled: call them"
    assert "There is no reminder 2" in ask(responder, channel["id"], "/incident remind cancel 2")
    jump(stage, 16 * 60)
    responder.wait_for_message(channel["id"], "Reminder for <@U0RESPONDER>: look at")
    settle(stage.database)
    said = [text for text in said_by_bot(responder, channel["id"]) if text.startswith("Reminder for")]
    assert len(said) == 1 and "<@U0VP>" not in said[0]
    assert "has no reminders" in ask(responder, channel["id"], "/incident remind")


@pytest.mark.parametrize("field", ["impact", "cause"])
def test_impact_and_cause_are_recorded_shown_and_told(stage: Stage, incident: tuple[str, Message], field: str) -> None:
    ref, channel = incident
    responder = stage.responder
    for place, name in places(ref, channel):
        asked = ask(responder, place, f"/incident {field} {name}")
        assert asked.startswith(f"{field.capitalize()} of {ref}: ")
        words = f"a third of <exports> & {'more' if name else 'less'}"
        assert ask(responder, place, f"/incident {field} {name}{words}") == f"{field.capitalize()} of {ref} recorded."
        assert getattr(row(stage, ref), field) == words
        card_says(responder, channel, f"{field.capitalize()}: ")
        card_says(responder, channel, words)
    settle(stage.database)
    assert not any(f"{field.capitalize()} recorded" in line for line in said_by_bot(responder, channel["id"]))
    assert kinds(stage, ref).count(f"{field}_recorded") == 2


def test_notes_go_on_the_timeline_and_the_card_and_are_no_posts_and_ping_nobody(
    stage: Stage, incident: tuple[str, Message]
) -> None:
    ref, channel = incident
    for place, name in places(ref, channel):
        told = ask(
            stage.team_lead if name else stage.responder, place, f"/incident note {name}@vp-engineering @channel"
        )
        assert told == f"Noted on the timeline of {ref}."
    settle(stage.database)
    card, *others = said_by_bot(stage.responder, channel["id"])
    assert card.count(": @vp-engineering @channel") == 2
    assert not any("@vp-engineering" in said for said in others)
    assert kinds(stage, ref).count("noted") == 2


@pytest.mark.parametrize("elsewhere", [False, True])
def test_ack_stops_the_clock_and_gives_command(stage: Stage, incident: tuple[str, Message], elsewhere: bool) -> None:
    ref, channel = incident
    place, name = places(ref, channel)[elsewhere]
    told = ask(stage.responder, place, f"/incident ack {name}".strip())
    assert told.startswith(f"You acknowledged {ref}.")
    again = ask(stage.team_lead, INCIDENTS, f"/incident ack {ref}")
    assert again.startswith(f"{ref} was already acknowledged by <@U0RESPONDER>")
    kept = row(stage, ref)
    assert (kept.acknowledged_by, kept.commander) == ("U0RESPONDER", "U0RESPONDER")
    assert kinds(stage, ref).count("acknowledged") == 1
    card_says(stage.responder, channel, "<@U0RESPONDER>, after")


def test_the_timeline_is_told_to_who_asks(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    ask(stage.responder, channel["id"], "/incident cause the index was dropped")
    for place, name in places(ref, channel):
        told = ask(stage.responder, place, f"/incident timeline {name}".strip())
        assert told.startswith(f"*Timeline of {ref}*")
        assert "Declared as P2 by <@U0RESPONDER>: the nightly export is slow" in told
        assert "Cause: the index was dropped" in told


def test_every_subcommand_has_help_and_help_lists_every_one(stage: Stage) -> None:
    told = ask(stage.responder, INCIDENTS, "/incident help")
    for word, entry in REGISTRY.entries.items():
        assert f"`/incident {entry.example}`" in told
        assert entry.meaning in ask(stage.responder, INCIDENTS, f"/incident help {word}")
    assert ask(stage.responder, INCIDENTS, "/incident ?") == told


def test_two_subcommands_of_one_name_are_refused() -> None:
    entry = next(iter(REGISTRY.entries.values()))
    with pytest.raises(ValueError, match=entry.word):
        Registry([entry, entry])


@pytest.mark.parametrize("elsewhere", [False, True])
def test_resolve_close_and_reopen_by_command(stage: Stage, elsewhere: bool) -> None:
    responder = stage.responder
    ref, channel = stage.declare("P3 the wiki is slow")
    place, name = places(ref, channel)[elsewhere]
    assert "Resolve it first" in ask(responder, place, f"/incident close {name}restarted it")
    done = f"{ref} is resolved." if elsewhere else "Resolved by responder after "
    assert ask(responder, place, f"/incident resolve {name}restarted <it>").startswith(done)
    assert ask(responder, place, f"/incident resolve {name}") == f"{ref} is already resolved."
    kept = row(stage, ref)
    assert kept.status == "resolved" and kept.resolved_at and kept.resolution == "restarted <it>"
    responder.wait_for_message(channel["id"], ": restarted &lt;it&gt;")
    card_says(responder, channel, "Close and draft review")
    assert ask(responder, place, f"/incident reopen {name}it is back").startswith(f"{ref} is open again.")
    assert "is already open" in ask(responder, place, f"/incident reopen {name}")
    kept = row(stage, ref)
    assert (kept.status, kept.resolved_at, kept.episode) == ("investigating", None, 2)
    card_says(responder, channel, "Acknowledge")
    ask(responder, place, f"/incident resolve {name}")
    assert ask(responder, place, f"/incident close {name}moved it to new hardware").startswith(f"{ref} is closed.")
    kept = row(stage, ref)
    assert kept.status == "closed" and kept.closed_at and kept.resolution == "moved it to new hardware"
    assert "Reopen it first" in ask(responder, place, f"/incident severity {name}P1")
    card_says(responder, channel, "reopens it")
    responder.wait_for_message(channel["id"], f"Review draft of *{ref}*")
    assert [kind for kind in kinds(stage, ref) if kind in ("resolved", "reopened", "closed")] == [
        "resolved",
        "reopened",
        "resolved",
        "closed",
    ]
    assert entries(stage, ref)[0].text.endswith("the wiki is slow")
    assert "*Reopen" in ask(responder, place, f"/incident reopen {name}it is <back>")
    assert row(stage, ref).status == "closed", "a closed one is asked about first: on-call is paged at once"
    assert f"{ref} is open again." in reopen_closed(responder, place, f"/incident reopen {name}it is <back>")
    assert "it is &lt;back&gt;" in str([entry.text for entry in entries(stage, ref) if entry.kind == "reopened"])
    card_says(responder, channel, "investigating, reopened twice")


@pytest.mark.parametrize("command", ["close", "closed", "status closed", "status close"])
def test_closing_by_any_word_asks_the_closing_questions_first(stage: Stage, command: str) -> None:
    ref, channel = stage.declare("P3 the clock of the hall stands still")
    ask(stage.responder, channel["id"], "/incident resolve wound it up")
    stage.responder.command(channel["id"], f"/incident {command}")
    view = stage.responder.wait_for_view("close_view")
    assert row(stage, ref).status == "resolved"
    stage.responder.close_view(view)


def test_closing_by_status_what_is_not_resolved_says_what_comes_first(stage: Stage) -> None:
    ref, channel = stage.declare("P3 the clock of the tower stands still")
    assert "Resolve it first" in ask(stage.responder, channel["id"], "/incident status closed")
    assert row(stage, ref).status == "investigating"


# The menu and its forms


def every_menu(stage: Stage) -> dict[Where, Message]:
    """The blocks of each menu, of an ordinary and a security incident, for somebody who may do everything."""
    shown: dict[Where, Message] = {}
    ref, _ = stage.declare("P2 the menu of the canteen is empty")
    context, now = everything_on(stage.context), stage.context.now()
    with stage.database.transaction() as session:
        found = row(stage, ref)
        for status in ("investigating", "resolved", "closed"):
            found.status = status
            blocks: list[Message] = []
            for found.ref in (ref, ref.replace("INC", "SEC")):
                offers = REGISTRY.offers(session, context, found, "U0MANAGER", now)
                facts, levels = incidents.facts(found), context.policy.severity.levels
                blocks += menu.of_incident(facts, levels, "U0MANAGER", True, offers).blocks
            shown[where(facts)] = {"blocks": blocks}
        offers = REGISTRY.offers(session, context, None, "U0MANAGER", now)
        shown[Where.ELSEWHERE] = {"blocks": menu.elsewhere([facts], 1, [], now, offers).blocks}
    return shown


def everything_on(context: AppContext) -> AppContext:
    """With a status page and AWS, neither of which is asked for a menu."""
    return replace(context, status_address="https://status.example.com", aws=cast(Aws, object()))


def test_every_subcommand_is_in_the_menu_or_says_why_not(stage: Stage) -> None:
    shown = every_menu(stage)
    for word, entry in REGISTRY.entries.items():
        match entry.menu:
            case NotOffered(why):
                assert why, word
            case Buttons(action_ids):
                assert all(f"'action_id': '{one}'" in str(shown) for one in action_ids), word
            case offers:
                assert offers, f"{word} has no form, no button, and says not why"
                for name, offer in offers.items():
                    assert len(offer.label) <= 24 and offer.where, "a form's title is no longer"
                    assert all(f"{word}.{name}:" in str(shown[place]) for place in offer.where), word
    groups = [
        len(block["accessory"]["options"]) for each in shown.values() for block in each["blocks"] if _group(block)
    ]
    assert max(groups) <= 5 and len(groups) <= 40, "each heading stands once in each menu"


def test_the_menu_says_who_may_do_what_its_reader_may_not(stage: Stage, incident: tuple[str, Message]) -> None:
    context = everything_on(stage.context)
    with stage.database.transaction() as session:
        found = row(stage, incident[0])
        withheld = REGISTRY.withheld(session, context, found, "U0SUPPORT", context.now())
        facts, levels = incidents.facts(found), context.policy.severity.levels
    shown = str(menu.of_incident(facts, levels, "U0SUPPORT", withheld=withheld).blocks)
    assert "Publish a status: only for the commander, communications, team lead" in shown
    over = replace(facts, status=Status.RESOLVED, resolved_at=context.now())
    for told, label in ((False, "Write the RESOLVED notice"), (True, "Send another RESOLVED notice")):
        assert label in str(menu.of_incident(over, levels, "U0SUPPORT", told=told).blocks)
    assert "Put somebody on call" in shown and "people listed in contacts.yaml" in shown


def _group(block: Message) -> bool:
    return bool((block.get("accessory") or {}).get("type") == "overflow")


def chosen(person: Person, channel: str, key: str) -> Message:
    """The form that opens where this is chosen in the menu."""
    choose(person, channel, key)
    return person.wait_for_view("menu_view")


def choose(person: Person, channel: str, key: str) -> None:
    shown = menu_shown(person, channel)
    block = next(block for block in shown["blocks"] if f"'{key}:" in str(block))
    option = next(one for one in block["accessory"]["options"] if one["value"].startswith(f"{key}:"))
    place = {"channel": person.channel_id(channel), "ephemeral_id": shown["ephemeral_id"]}
    person.act("press", **place, block_id=block["block_id"], action_id="menu_choose", selected_option=option)


def menu_shown(person: Person, channel: str) -> Message:
    before = {said["ts"] for said in person.messages(channel)}
    person.command(channel, "/incident")
    return person.wait_for(
        lambda: next(
            (one for one in person.messages(channel) if one["ts"] not in before and "menu_" in str(one)), None
        ),
        what="the menu",
    )


def filled(view: Message, **fields: str) -> Message:
    """What a form holds: `fields`, and what it began with."""
    values: Message = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element, name = block["element"], block["block_id"]
            initial = element.get("initial_value") or element.get("initial_user")
            chosen_first = (element.get("initial_option") or {}).get("value")
            values[name] = {name: fields.get(name, initial or chosen_first or "")}
    assert set(fields) <= set(values)
    return values


# By the form: what is filled in, and what the timeline, the incident or the answer says afterwards.
FORMS: list[tuple[str, dict[str, str], str]] = [
    ("note.new", {"what": "build <212> is out", "when": "1 min ago"}, "build &lt;212&gt; is out"),
    ("impact.words", {"what": "a third of exports"}, "a third of exports"),
    ("cause.words", {"what": "a full disk"}, "a full disk"),
    ("severity.why", {"which": "P1", "why": "all regions"}, "all regions"),
    ("rename.title", {"what": "exports are lost"}, "exports are lost"),
    ("role.give", {"which": "scribe", "who": "U0TEAMLEAD"}, "<@U0TEAMLEAD> is now scribe"),
    ("handover.to", {"who": "U0TEAMLEAD"}, "offers command to <@U0TEAMLEAD>"),
    ("escalate.role", {"role": "VP engineering", "why": "it costs"}, "it costs"),
    ("action.new", {"what": "alarm on the disk", "owner": "U0TEAMLEAD", "due": "2 weeks"}, "alarm on the disk"),
    ("resolve.words", {"what": "made room"}, "made room"),
    ("reopen.why", {"why": "it is back"}, "it is back"),
    ("false-alarm.why", {"why": "the probe was wrong"}, "the probe was wrong"),
]


def test_a_form_of_an_incident_whose_channel_is_archived_says_so(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    responder = stage.responder
    view = chosen(responder, channel["id"], "note.new")
    responder.archive(channel["id"])
    responder.wait_for(lambda: row(stage, ref).channel_archived or None, what="the archived channel")
    assert responder.submit(view, filled(view, what="rope replaced")) == {}
    said = responder.wait_for(lambda: next(iter(responder.views()), None), what="the answer")
    assert "the channel is archived" in str(said["blocks"]) and is_told(stage, ref, "rope replaced")
    responder.close_view(said)
    responder.unarchive(channel["id"])


def is_told(stage: Stage, ref: str, wanted: str) -> bool:
    return any(wanted in entry.text for entry in entries(stage, ref))


def test_each_form_does_what_its_command_does(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    responder, room = stage.responder, channel["id"]
    ask(responder, room, "/incident ack")
    for key, fields, wanted in FORMS:
        if key == "resolve.words":
            ask(responder, room, "/incident resolve")
        view = chosen(responder, room, key)
        assert not any("<@" in words for words in plain_texts(view)), key
        values = filled(view, **fields)
        assert responder.submit(view, values) == {}, key
        told = partial(is_told, stage, ref, wanted)
        responder.wait_for(told, what=f"{key}: {wanted}")
        for shown in responder.views():
            responder.close_view(shown)


def test_a_form_that_is_sent_twice_is_done_once(stage: Stage, incident: tuple[str, Message]) -> None:
    ref, channel = incident
    for key, fields in (("note.new", {"what": "noted twice"}), ("action.new", {"what": "asked twice"})):
        view = chosen(stage.responder, channel["id"], key)
        values = filled(view, **fields)
        with ThreadPoolExecutor(2) as both:
            sendings = [both.submit(stage.responder.submit, view, values) for _ in range(2)]
        for sending in sendings:
            with suppress(NotDone):  # Slack itself may have closed it meanwhile
                assert sending.result() == {}
        for shown in stage.responder.views():
            stage.responder.close_view(shown)
        assert sum(fields["what"] in entry.text for entry in entries(stage, ref)) == 1, key


def test_what_a_form_cannot_take_shows_at_its_field(stage: Stage, incident: tuple[str, Message]) -> None:
    _, channel = incident
    responder, room = stage.responder, channel["id"]
    for key, fields, at, wanted in [
        ("note.new", {"what": "x", "when": "banana"}, "when", "isn't a time I understand"),
        ("remind.new", {"what": "x", "when": "banana"}, "when", "Write 15 min"),
        ("action.new", {"what": "x", "due": "2001-01-01"}, "due", "in the past"),
        ("oncall.override", {"who": "U0VP", "until": "banana"}, "until", "isn't a time I understand"),
        ("oncall.override", {"who": "U0VP", "until": "2001-01-01 12:00"}, "until", "Write a later time"),
        ("oncall.override", {"who": BOT, "until": "2 h"}, "who", "this is a bot"),
        ("oncall.test", {}, "who", "no way to be paged outside Slack"),
        ("role.give", {"which": "scribe", "who": BOT}, "who", "this is a bot"),
        ("rename.title", {"what": "..."}, "what", "The title has to say"),
    ]:
        view = chosen(responder, room, key)
        errors = responder.submit(view, filled(view, **fields))
        assert list(errors) == [at] and wanted.lower() in errors[at].lower(), (key, errors)
        assert "<@" not in errors[at] and "`" not in errors[at] and "/incident" not in errors[at]
        responder.close_view(view)


def plain_texts(part: object) -> list[str]:
    """Every plain text in a form: labels, options, titles. Slack shows mentions in none of them."""
    if isinstance(part, list):
        return [words for one in part for words in plain_texts(one)]
    if not isinstance(part, dict):
        return []
    own = [str(part["text"])] if part.get("type") == "plain_text" else []
    return own + [words for one in part.values() for words in plain_texts(one)]


def test_forms_without_an_incident_answer_in_their_place(stage: Stage, incident: tuple[str, Message]) -> None:
    responder = stage.responder
    for key, fields, wanted in [
        ("oncall.override", {"who": "U0VP", "until": "2 h", "role": "team lead"}, "is team lead"),
        ("oncall.override", {"who": "U0SECONDARY", "until": "3 h"}, "is on-call engineer"),
        ("oncall.remove", {"which": "<@U0SECONDARY> as on-call engineer"}, "no longer"),
        ("oncall.remove", {}, "no longer"),
        ("metrics.period", {"period": "month", "severity": "P1"}, "Figures"),
        ("similar.words", {"what": "lambda timeouts in orders"}, "lambda timeouts"),
    ]:
        view = chosen(responder, INCIDENTS, key)
        assert "somebody as" not in str(view) and not any("<@" in words for words in plain_texts(view)), key
        assert responder.submit(view, filled(view, **fields)) == {}, key
        said = responder.wait_for(
            lambda: next((one for one in responder.views() if one["type"] == "modal"), None), what=key
        )
        assert wanted in str(said["blocks"]), key
        responder.close_view(said)
    press(responder, INCIDENTS, menu_shown(responder, INCIDENTS), "menu_of")
    responder.wait_for(lambda: "note.new:" in str(responder.messages(INCIDENTS)), what="the menu of that incident")


def test_what_slack_does_not_open_is_said_below_the_menu_or_directly(
    stage: Stage, incident: tuple[str, Message]
) -> None:
    _, channel = incident
    responder = stage.responder
    for kind, wanted in (("expired_trigger_id", "could not open in time"), ("fatal_error", "Nothing was changed")):
        fail(stage.playground, "views.open", "error", error=kind, times=9)
        choose(responder, channel["id"], "rename.title")
        responder.wait_for_ephemeral(channel["id"], wanted)
        responder.open_shortcut("declare_global")
        responder.wait_for_message(responder.dm_with(BOT), wanted)
        forget_faults(stage.playground)
