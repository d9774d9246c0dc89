"""Every message within Slack's limits, whatever people wrote, and pinging nobody by their words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.diagnostics.messages import on_card
from bot.diagnostics.rules.evidence import Evidence, Found
from bot.diagnostics.rules.finding import Finding, Weight
from bot.escalation.messages import pages as pings
from bot.escalation.rules.ping_facts import Silence
from bot.incidents import messages as incident_messages
from bot.incidents.rules.incident import Incident, Status
from bot.incidents.rules.timeline import Line
from bot.lifecycle.messages import card as blocks
from bot.lifecycle.messages import command
from bot.lifecycle.messages.menu import shown as menu
from bot.reports.messages import answer
from bot.reports.messages.answer import Running
from bot.reviews.messages import notices as review_messages
from bot.severity.rules import Severity
from bot.slack import blocks as slack_blocks
from bot.slack.client import Message
from bot.text.markup import escape, instant
from slack_playground.blockkit.blocks import check_message_blocks
from tests.slack.facts import LEVELS, LONGEST, LOUD, in_every_status, incident, judgement, ping, suggestion
from tests.support.rows import NOON, minutes


def messages(text: str, **values: Any) -> Iterator[Message]:
    """Everything that is ever posted about an incident, with `text` wherever a person's or a document's words go."""
    past = [suggestion(text)] * 8
    playbook = suggestion(text, "playbook")
    for each in in_every_status(**values):
        yield blocks.card(each, LEVELS, past)
        notes = [Line(escape(text), NOON, "U0VP", text), Line(escape(text), NOON, None, None)]
        found = Found(Finding("x.y", Weight.PROBLEM, text, text, ("LESSON-01",)), text, NOON)
        shown = on_card(Evidence(NOON + minutes(1), (found,) * 5, (text,), True), "https://example.com/x")
        yield blocks.card(each, LEVELS, past, state=blocks.State({"scribe": "U0VP"}, notes, NOON, evidence=shown))
        yield blocks.mirror(each)
        yield blocks.mirror(replace(each, channel_id=None))
        yield pings.page(ping(each, kind="manual", asked_by="U0VP", note=text), NOON + minutes(200))
        yield pings.page(ping(each), NOON + minutes(200))
        yield pings.page_over(ping(each), "Resolved.")
        yield pings.mention(ping(each), "Paged <@U0TEAMLEAD>.")
        yield pings.mention(ping(each), "Paged <@U0TEAMLEAD>.", "Resolved.")
        yield pings.digest("team lead", ["weekly review", "monthly review"], [each] * 60, NOON)
        yield command.handover(5, each, "U0RESPONDER", "U0SECONDARY", "U0VP")
        yield command.handover_over(each, "Accepted.")
        yield review_messages.review_ready(each, "https://example.com/reviews/x", [text] * 20, NOON)
        yield review_messages.review_ready(each, None, [], NOON)
        yield review_messages.changes_asked(each, "U0VP", text, NOON, None)
    for level in LEVELS.values():
        verdict = judgement(text, 9)
        running = Running(
            tuple(incident(ref=f"INC-2026-{number:04d}", title=text) for number in range(60)), "INC-2026-0007"
        )
        verdict = replace(verdict, severity=level.severity)
        yield answer.answer(5, text, verdict, LEVELS, [*past, playbook], running)
        yield answer.answer(5, f"it says {text}", verdict, LEVELS, [suggestion(text, "guide")] * 8)
        yield answer.question(5, LEVELS, running)
        yield answer.question(5, LEVELS)
        yield answer.answered(text, verdict, level, "<@U1>: not an incident.")
        yield answer.answered(text, verdict, None, "<@U1>: not an incident.", past)


def marked_up(message: Message) -> str:
    """All of a message that Slack reads as markup."""

    def texts(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            if part.get("type") == "mrkdwn":
                yield part["text"]
            for value in part.values():
                yield from texts(value)
        elif isinstance(part, list | tuple):
            for value in part:
                yield from texts(value)

    return "\n".join([message.text, *texts(message.blocks)])


LIMITS: dict[str, tuple[str, dict[str, Any]]] = {
    "the usual": ("pool", {"title": "checkout returns 502", "impact": "a third of users"}),
    "nothing": ("", {"title": "x"}),
    "the longest": ("&" * 3000, LONGEST),
    "one endless word": ("x" * 3000, {"title": "x" * 250, "impact": "x" * 3000, "cause": "x" * 3000}),
    "lines": ("\n" * 3000 + "a", {"title": "\n".join("title"), "impact": "\n\n" * 500 + "b", "resolution": "\n" * 99}),
    "emoji": ("🔥" * 3000, {"title": "🔥" * 250, "impact": "🔥" * 3000}),
}


@pytest.mark.parametrize(("text", "values"), LIMITS.values(), ids=LIMITS)
def test_slack_takes_every_message(text: str, values: dict[str, Any]) -> None:
    for message in messages(text, **values):
        check_message_blocks(json.loads(json.dumps(list(message.blocks))))
        assert 0 < len(message.text) <= 40_000


def test_an_incident_that_was_reopened_says_so_beside_its_spans() -> None:
    over = {"status": Status.RESOLVED, "resolved_at": NOON + minutes(90), "acknowledged_at": NOON + minutes(65)}
    once, usual = incident(**over, acknowledged_by="U0VP", reopened=1), incident(**over, acknowledged_by="U0VP")
    card = marked_up(blocks.card(once, LEVELS))
    assert "after 1 h 30 min, reopened once." in card
    assert "*Acknowledged*\n<@U0VP>, after reopening" in card
    assert "Resolved after 1 h 30 min, reopened once." in marked_up(blocks.mirror(once))
    assert "reopen" not in marked_up(blocks.mirror(usual))
    assert "*Acknowledged*\n<@U0VP>, after 1 h 5 min" in marked_up(blocks.card(usual, LEVELS))


def test_words_of_people_and_documents_ping_nobody() -> None:
    values = dict.fromkeys(("title", "impact", "cause", "resolution"), LOUD)
    seen = 0
    for message in messages(LOUD, **values):
        said = marked_up(message)
        for trap in ("<!channel", "<!here", "<@U0EVIL", "<!subteam", "|click>"):
            assert trap not in said
        seen += "&lt;!channel&gt;" in said
    assert seen > 20


def actions_of(message: Message) -> list[str]:
    return [
        element["action_id"]
        for block in message.blocks
        for element in block.get("elements", ())
        if "value" in element or "options" in element
    ]


CARD_ACTIONS = {
    (Status.INVESTIGATING, False): [
        "incident_acknowledge", "incident_resolve", "incident_command", "playbook_list", "incident_status",
        "incident_severity",
    ],
    (Status.MITIGATED, True): [
        "incident_resolve", "incident_command", "playbook_list", "incident_status", "incident_severity",
    ],
    (Status.RESOLVED, True): ["incident_close"],
    (Status.CLOSED, True): [],
}  # fmt: skip


@pytest.mark.parametrize(("status", "acknowledged"), CARD_ACTIONS)
def test_the_card_offers_what_its_status_allows(status: Status, acknowledged: bool) -> None:
    each = next(
        each for each in in_every_status() if each.status is status and bool(each.acknowledged_at) == acknowledged
    )
    assert actions_of(blocks.card(each, LEVELS)) == CARD_ACTIONS[status, acknowledged]


def element(message: Message, action_id: str) -> dict[str, Any]:
    found = (item for block in message.blocks for item in block.get("elements", ()))
    return next(item for item in found if item.get("action_id") == action_id)


def test_the_card_s_selects_show_what_is_true_now() -> None:
    card = blocks.card(incident(severity=Severity.P2, status=Status.IDENTIFIED), LEVELS)
    assert element(card, "incident_status")["initial_option"]["value"] == "identified:7"
    assert element(card, "incident_severity")["initial_option"]["value"] == "P2:7"
    values = [option["value"] for option in element(card, "incident_severity")["options"]]
    assert values == ["P0:7", "P1:7", "P2:7", "P3:7"]


def typed(block: dict[str, Any]) -> list[str]:
    """The lines of a block of rich text, as somebody copies them; empty for other blocks."""
    lines = block["elements"] if block["type"] == "rich_text" else []
    return ["".join(piece.get("text") or piece["url"] for piece in line["elements"]) for line in lines]


def test_what_people_wrote_is_on_the_card_as_they_typed_it() -> None:
    command = "kubectl logs `api-*` -n *shop* | grep '_a_' > ~/out~ <!channel>"
    card = blocks.card(
        incident(title=command, impact=command, status=Status.RESOLVED, resolved_at=NOON, cause=command), LEVELS
    )
    lines = [line for block in card.blocks for line in typed(block)]
    assert lines == [f"P1 · INC-2026-0007 · {command}", f"Impact: {command}", f"Cause: {command}"]


def test_the_card_says_severity_first_and_how_it_ended() -> None:
    over = incident(
        status=Status.RESOLVED, resolved_at=NOON + minutes(42), cause="pool exhausted", resolution="raised its size"
    )
    card = blocks.card(over, LEVELS, [suggestion(), suggestion()])
    said = marked_up(card)
    assert typed(card.blocks[0]) == ["P1 · INC-2026-0007 · checkout returns 502"]
    assert "after 42 min." in said
    assert ["Cause: pool exhausted", "Resolution: raised its size"] in [typed(block) for block in card.blocks]
    assert said.count("Similar: *NFI-2023-0010*") == 1


def test_the_card_says_how_long_there_is_to_answer_and_who_answered() -> None:
    assert "not yet; acknowledge within 1 h" in marked_up(blocks.card(incident(), LEVELS))
    taken = incident(acknowledged_at=NOON + minutes(3), acknowledged_by="U0RESPONDER")
    assert "<@U0RESPONDER>, after 3 min" in marked_up(blocks.card(taken, LEVELS))


def test_an_answer_says_severity_reason_time_and_what_helped() -> None:
    running = Running((incident(ref="INC-2026-0003", title="mail is late"), incident()), incident().ref)
    similar = [*[suggestion()] * 8, suggestion("x", "playbook")]
    reply = answer.answer(5, "checkout returns 502. Hm.", judgement(), LEVELS, similar, running)
    said = marked_up(reply)
    assert "Looks like *P1 high* (a major feature unavailable). Respond within 1 h." in said
    assert "\n> checkout returns *502*.\nA major feature fails. 502." in said
    assert said.count("Similar: *NFI-2023-0010* Connection pool exhausted (took 3 h)") == 3
    assert "*Cause:* The pool was too small." in said
    assert "*Fix:* Raised its size." in said
    assert "_Matching words: pool, 502_" in said
    assert "Possible match, still open: *P1* · INC-2026-0007" in said
    assert actions_of(reply) == [
        "report_part_of",
        "report_declare",
        "report_declare_as",
        "report_part_of_other",
        "report_dismiss",
    ]
    assert element(reply, "report_declare")["value"] == "5"
    assert element(reply, "report_part_of")["value"] == "5:INC-2026-0007"


def test_a_question_is_one_line_with_the_likely_open_incident_first() -> None:
    running = Running((incident(ref="INC-2026-0003", title="mail is late"), incident()), incident().ref)
    asked = answer.question(5, LEVELS, running)
    said = marked_up(asked)
    assert said.splitlines()[1].startswith("Is this an incident? It may be part of *P1* · INC-2026-0007")
    assert "Looks like" not in said
    assert actions_of(asked) == ["report_part_of", "report_part_of_other", "report_declare_as", "report_dismiss"]
    assert element(asked, "report_part_of")["value"] == "5:INC-2026-0007"
    (other,) = element(asked, "report_part_of_other")["options"]
    assert (other["value"], other["text"]["text"]) == ("5:INC-2026-0003", "INC-2026-0003 mail is late")
    assert [each["value"] for each in element(asked, "report_declare_as")["options"]] == [
        "P0:5",
        "P1:5",
        "P2:5",
        "P3:5",
    ]
    alone = answer.question(5, LEVELS)
    assert actions_of(alone) == ["report_declare_as", "report_dismiss"]
    assert marked_up(alone) == "Is this an incident?\nIs this an incident?"


def test_what_was_asked_about_is_decided_without_a_word_of_a_judgement() -> None:
    reply = answer.answered("odd", judgement(), None, "Marked as not an incident by <@U1>.")
    assert marked_up(reply).splitlines() == ["Marked as not an incident by <@U1>."] * 2


def test_a_decided_answer_has_no_buttons() -> None:
    reply = answer.answered("it says 502", judgement(), LEVELS[Severity.P1], "<@U1>: not an incident.")
    assert actions_of(reply) == []
    assert "<@U1>: not an incident." in marked_up(reply)


def test_a_page_says_why_me_what_is_expected_and_what_stops_it() -> None:
    asked = ping(incident(impact="a third of users"), role="on-call engineer")
    message = pings.page(asked, NOON + minutes(0.5))
    said = marked_up(message)
    assert "*Why you:* you are the on-call engineer; the escalation matrix says 2 h for P1." in said
    assert "*Expected:* acknowledge by <!date^" in said
    assert "*Stops this:* acknowledging" in said
    assert "*Impact:* a third of users" in said
    assert "*Also paged:* <@U0RESPONDER>" in said
    assert "Channel: <#C0ROOM>" in said
    assert "late" not in said
    assert actions_of(message) == ["page_acknowledge", "page_take_over", "page_why"]
    assert element(message, "page_acknowledge")["value"] == "3:7"


def test_a_page_never_tells_its_reader_of_themselves_and_says_since_when_it_is_overdue() -> None:
    again = ping(kind="repeat", role="on-call engineer", others=("U0RESPONDER", "U0TEAMLEAD"))
    said = marked_up(pings.page(again, NOON + minutes(90), reader="U0RESPONDER"))
    assert "*Also paged:* <@U0TEAMLEAD>\n" in said
    assert "*Expected:* overdue since <!date^" in said
    assert "Open for" not in said
    alone = pings.page(ping(others=("U0RESPONDER",)), NOON, reader="U0RESPONDER")
    assert "Also paged" not in marked_up(alone)


def test_a_repeated_page_is_short_and_names_whoever_is_silent_once() -> None:
    silent = (Silence(("U0SECONDARY",), 2, NOON),)
    asked = replace(ping(kind="repeat", others=("U0SECONDARY", "U0TEAMLEAD")), times=3, first_at=NOON, silent=silent)
    said = marked_up(pings.page(asked, NOON + minutes(20), reader="U0RESPONDER"))
    assert "<@U0RESPONDER> *This is page 3; no one has answered for 20 min.* You are the" in said
    assert not [line for line in ("Why you", "Stops this", "not recorded yet") if line in said]
    assert "*No answer:* <@U0SECONDARY> (2 pages since <!date^" in said
    assert said.count("<@U0SECONDARY>") == 1
    assert "*Also paged:* <@U0TEAMLEAD>\n" in said


def test_the_ladder_says_first_what_is_to_come() -> None:
    said = pings.ladder(incident(), ["paged"] * 500, ["pages the team lead"])
    assert said.index("Still due") < said.index("pages the team lead") < said.index("So far")
    assert len(said) <= 3000


def test_the_days_of_a_review_draft_look_as_its_instants_do() -> None:
    lines = ["Next steps: alarm (no owner yet, due: 2026-12-04)", "due: 2026-99-99"]
    said = marked_up(review_messages.review_ready(incident(), None, lines, NOON))
    assert "due: <!date^1796385600^{date_short}|2026-12-04>)" in said and "due: 2026-99-99" in said


def test_a_note_of_six_thousand_letters_is_cut_on_the_card() -> None:
    for text in ("x" * 6000, "down :fire: " * 500):
        assert len(incident_messages.line_of_note(Line(text, NOON, "U0RESPONDER", "responder"))) < 320


def test_a_page_that_was_not_needed_does_not_read_as_if_nobody_had_answered() -> None:
    secondary = ping(kind="secondary", rule="no answer to 2 pages", role="secondary on-call")
    said = pings.done_line(secondary, "cancelled", None, (), "acknowledged before it was due")
    assert "secondary on-call: not paged, acknowledged before it was due. It was planned for: no answer" in said
    again = marked_up(pings.page(ping(incident(reopened=1)), NOON))
    assert "reopened once. Channel" in again


def test_a_late_page_says_so() -> None:
    said = marked_up(pings.page(ping(), NOON + minutes(12)))
    assert "is 12 min late._" in said


def test_a_page_after_the_acknowledgement_asks_for_help_instead() -> None:
    taken: Incident = incident(acknowledged_at=NOON, acknowledged_by="U0RESPONDER")
    message = pings.page(ping(taken), NOON)
    assert "<@U0RESPONDER> is on it. Check whether they need help." in marked_up(message)
    assert actions_of(message) == ["page_take_over", "page_why"]


def test_a_ping_by_hand_says_who_asks_and_why() -> None:
    said = marked_up(pings.page(ping(kind="manual", asked_by="U0RESPONDER", note="<!channel> help"), NOON))
    assert "*Why you:* <@U0RESPONDER> paged the team lead: &lt;!channel&gt; help" in said


@pytest.mark.parametrize(("late", "told"), [(0, False), (5, False), (6, True)])
def test_an_announcement_says_when_it_is_told_late(late: int, told: bool) -> None:
    message = incident_messages.announcements([Line("Severity raised.", NOON, None, None)], NOON + minutes(late))
    assert message.text == ("Severity raised. _(posted 6 min later)_" if told else "Severity raised.")
    check_message_blocks(list(message.blocks))


def test_of_an_announcement_longer_than_a_screen_the_room_gets_the_beginning_and_where_the_rest_is() -> None:
    text = "Impact recorded by <@U0RESPONDER>: " + "checkout fails for everyone. " * 400
    message = incident_messages.announcements([Line(text, NOON, None, None)], NOON + minutes(6))
    for shown in (message.text, message.blocks[0]["text"]["text"]):
        assert shown.startswith("Impact recorded by <@U0RESPONDER>: checkout fails")
        assert shown.endswith("… _(The rest is on the timeline.)_ _(posted 6 min later)_")
        assert len(shown) < 1300
    short = "Note by <@U0RESPONDER>: " + "x" * 1000
    assert incident_messages.announcements([Line(short, NOON, None, None)], NOON).text == short


def test_an_endless_announcement_fits() -> None:
    message = incident_messages.announcements([Line("&amp;" * 3000, NOON, None, None)], NOON + minutes(60))
    check_message_blocks(list(message.blocks))
    assert len(message.text) <= 40_000


def test_a_question_before_a_button_fits() -> None:
    button = slack_blocks.button("x" * 200, "a", "b", "danger", confirm="Sure?")
    check_message_blocks([slack_blocks.actions("c", button)])


def test_a_mail_says_nothing_of_what_a_security_incident_hit() -> None:
    said = {"title": "somebody reads our mail", "impact": "all of our mail"}
    asked = {"kind": "manual", "asked_by": "U0VP", "note": "bring the keys"}
    private = "\n".join(pings.by_mail(ping(incident(ref="SEC-2026-0001", **said), **asked), NOON, "#sec"))
    usual = "\n".join(pings.by_mail(ping(incident(**said), **asked), NOON, "#inc"))
    for words in ("somebody reads", "all of our mail", "bring the keys"):
        assert words not in private
        assert words in usual
    assert "Impact" not in private


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"false_alarm": True}, "closed as a false alarm"),
        ({"merged_into": "INC-2026-0001"}, "closed, merged into INC-2026-0001"),
        ({"merged_into": "SEC-2026-0001"}, "closed, merged into another"),
        ({}, "closed"),
    ],
)
def test_the_mirror_says_how_it_was_closed(changed: dict[str, Any], told: str) -> None:
    closed = incident(status=Status.CLOSED, resolved_at=NOON + minutes(5), closed_at=NOON + minutes(5), **changed)
    shown = marked_up(blocks.mirror(closed))
    assert f"{told} · commander" in shown
    assert ("Resolved after" in shown) == (not changed)


def test_the_card_says_when_on_call_is_paged_and_that_nobody_acknowledged() -> None:
    waits = blocks.card(incident(acknowledged_at=None), LEVELS, state=blocks.State({}, (), NOON + minutes(90)))
    assert f"on-call is paged {instant(NOON + minutes(90))}" in str(waits.blocks)
    assert "page_now" in str(waits.blocks)
    assert "acknowledge within" not in str(waits.blocks)
    plain = blocks.card(incident(acknowledged_at=None), LEVELS)
    assert "acknowledge within" in str(plain.blocks) and "page_now" not in str(plain.blocks)
    over = incident(acknowledged_at=None, resolved_at=NOON + minutes(9), status=Status.RESOLVED)
    assert "never: it was over before anybody acknowledged" in str(blocks.card(over, LEVELS).blocks)


def test_a_page_says_when_the_next_one_comes_and_none_after_somebody_acknowledged() -> None:
    each = ping(role="on-call engineer", next_at=NOON + minutes(40))
    when = "unless someone acknowledges before."
    said = str(pings.page(each, NOON).blocks)
    assert f"*Next page:* {instant(NOON + minutes(40))}, {when}" in said
    assert "Next page: 2026-11-20 12:40 UTC" in pings.by_mail(each, NOON, "#inc")[1]
    answered = replace(each, incident=incident(acknowledged_at=NOON, acknowledged_by="U0VP"))
    for over in (answered, replace(each, next_at=None), replace(each, next_at=NOON)):
        assert "Next page" not in str(pings.page(over, NOON).blocks) + pings.by_mail(over, NOON, "#inc")[1]


def test_command_is_offered_to_others_once_somebody_has_it() -> None:
    def offered(message: Message) -> list[str]:
        elements = [one for block in message.blocks for one in block.get("elements", [])]
        return [one["text"]["text"] for one in elements if one.get("action_id") == "incident_command"]

    nobody, led = incident(commander=None), incident(commander="U0VP")
    assert offered(blocks.card(nobody, LEVELS)) == ["Take command"]
    assert offered(blocks.card(led, LEVELS)) == ["Take over command"]
    assert offered(menu.of_incident(led, LEVELS, "U0TEAMLEAD")) == ["Take over command"]
    assert offered(menu.of_incident(led, LEVELS, "U0VP")) == []
