"""The run's one message and its forms, held against what Slack takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.playbooks.messages import forms
from bot.playbooks.messages.markdown import from_markdown
from bot.playbooks.messages.run import RunFacts, StepFacts, filled, run_message
from bot.playbooks.rules.placeholders import Known
from bot.playbooks.rules.steps import Outcome, RunState, RunStep, RunText
from bot.slack.client import Message
from slack_playground.blockkit.blocks import check_message_blocks, check_view
from slack_playground.person import content_of
from tests.playbooks.run_facts import text
from tests.support.rows import NOON, minutes

MOST_CHARACTERS = 13_000  # of all blocks' text in one message


def run(of: RunText | None = None, current: int = 1, **more: object) -> RunFacts:
    """A run as it is at the beginning of its current step; what came before is done."""
    of = of or text()
    before = StepFacts(NOON, None, None, Outcome.DONE, NOON + minutes(2), "U0RESPONDER", "as expected")
    steps = [before if step.number < current else StepFacts() for step in of.steps]
    if current <= len(steps):
        at = NOON + minutes(2 * (current - 1))
        steps[current - 1] = StepFacts(at, of.step(current).over_at(NOON, at))
    facts = RunFacts(7, 3, of, RunState.RUNNING, NOON, "U0RESPONDER", None, None, current, tuple(steps), {})
    return replace(facts, **more)  # type: ignore[arg-type]  # the tests' own keywords


def shown(message: Message) -> str:
    """What people read, after Slack has taken it."""
    check_message_blocks(list(message.blocks))
    said = content_of({"text": message.text, "blocks": list(message.blocks)})
    assert len(said) < MOST_CHARACTERS
    return said


def buttons(message: Message) -> list[str]:
    return [
        element["action_id"]
        for block in message.blocks
        for element in block.get("elements", [])
        if "action_id" in element
    ]


def test_it_says_where_one_is_what_to_do_and_that_it_changes_production() -> None:
    message = run_message(run(current=2), NOON + minutes(7))
    said = shown(message)
    assert "Step 2 of 3: Restart the application servers" in said
    assert "Minute 7 of 3–8, until" in said
    assert "*Changes production*" in said
    assert "*Purpose:* Reset the pools." in said
    assert "✓ 1. Count the connections: done by <@U0RESPONDER>, 2 min – as expected" in said
    assert "3. Fail over (8–15 min) · changes production" in said
    assert buttons(message) == [
        "playbook_done",
        "playbook_not_helped",
        "playbook_skip",
        "playbook_note",
        "playbook_fill",
        "playbook_assign",
    ]
    first = shown(run_message(run(), NOON))
    assert "Changes production" not in first.partition("Next:")[0]


def test_commands_are_filled_say_from_where_and_name_what_is_missing() -> None:
    known = {"db_instance": Known("orders-db", "the incident's services")}
    message = run_message(run(known=known), NOON)
    said = shown(message)
    assert "--db-instance-identifier orders-db --region <region>" in said
    assert "Filled in: db_instance = orders-db (the incident's services)" in said
    assert "*Missing:* region. Press *Fill in* before you copy the commands." in said


def test_a_command_stands_in_a_code_block_character_by_character() -> None:
    odd = "echo '*a* _b_ ~c~ `d` & <e> <!channel> <@U0RESPONDER>' | sed 's/x/y/'"
    message = run_message(run(text(RunStep(1, "Odd", commands=(("bash", odd),)))), NOON)
    [block] = [block for block in message.blocks if block["type"] == "rich_text"]
    assert block["elements"][0]["type"] == "rich_text_preformatted"
    assert block["elements"][0]["elements"][0]["text"] == odd
    shown(message)


def test_a_step_over_its_window_is_marked() -> None:
    assert "Minute 9 of 3–8: over its window" in shown(run_message(run(current=2), NOON + minutes(9)))


@pytest.mark.parametrize("current", [1, 2, 30, 59, 60])
def test_sixty_steps_fit_with_those_around_the_current_one(current: int) -> None:
    steps = [RunStep(n, f"Step called {n} " + "x" * 200, (n, n + 1), "p" * 500) for n in range(1, 61)]
    message = run_message(run(text(*steps), current), NOON)
    said = shown(message)
    assert f"Step {current} of 60" in said
    assert ("earlier steps are on the timeline" in said) == (current > 9)
    assert (f"… and {60 - current - 4} more" in said) == (current < 56)


def test_ten_thousand_characters_are_cut_with_what_is_missing_and_shown_whole_in_a_form() -> None:
    long = "\n".join(f"aws ec2 describe-instances --instance-ids i-{n:05d}" for n in range(200))
    step = RunStep(1, "t" * 3000, (0, 5), "p" * 10_000, False, (("bash", long),), ("l" * 10_000,), "n" * 10_000)
    facts = run(text(step))
    message = run_message(facts, NOON)
    assert f"{len(long) - 5_000:,} more characters: press *Show all*." in shown(message)
    assert "playbook_whole" in buttons(message)
    view = forms.whole_step(facts, step, filled(facts, step))
    check_view(view, "modal")
    whole = content_of({"blocks": view["blocks"]})
    assert all(letter * 2_000 in whole for letter in "pln")
    assert "i-00199" in whole and len(whole) > 40_000


def test_a_line_without_ends_is_cut_into_pieces_too() -> None:
    step = RunStep(1, "One line", commands=(("bash", "x" * 10_000),))
    facts = run(text(step))
    shown(run_message(facts, NOON))
    check_view(forms.whole_step(facts, step, filled(facts, step)), "modal")


def test_the_form_for_values_asks_for_the_current_step_first_with_what_is_known() -> None:
    known = {"db_instance": Known("orders-db", "the incident's services")}
    view = forms.fill_form(run(known=known))
    check_view(view, "modal")
    fields = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
    assert list(fields) == ["db_instance", "region", "auto_scaling_group"]
    assert fields["db_instance"]["element"]["initial_value"] == "orders-db"
    assert fields["db_instance"]["hint"]["text"] == "From: the incident's services"


def test_a_step_with_more_placeholders_than_a_form_holds_asks_for_the_rest_later() -> None:
    step = RunStep(
        1, "Many", commands=(("bash", " ".join(f"<value-{chr(97 + n // 26)}{chr(97 + n % 26)}>" for n in range(80))),)
    )
    view = forms.fill_form(run(text(step)))
    check_view(view, "modal")
    assert "40 more are asked for at their steps." in content_of({"blocks": view["blocks"]})
    shown(run_message(run(text(step)), NOON))


def test_the_note_form_is_one_that_slack_takes() -> None:
    check_view(forms.note_form(run()), "modal")
    guide = forms.note_form(run(text(kind="guide", ref="GUIDE-x")))
    assert "Ruled out" in str(guide)


def test_a_finished_run_says_what_became_of_each_step_and_offers_to_resolve() -> None:
    ended = run(current=4, state=RunState.FINISHED, ended_at=NOON + minutes(14), ended_by="U0RESPONDER")
    message = run_message(ended, NOON + minutes(20))
    assert "Finished by <@U0RESPONDER> after 14 min." in shown(message)
    assert buttons(message) == ["incident_resolve"]


def test_a_run_that_ended_with_its_incident_has_no_buttons() -> None:
    message = run_message(run(state=RunState.STOPPED, ended_at=NOON + minutes(14)), NOON)
    assert "Ended with the incident after 14 min." in shown(message)
    assert buttons(message) == []


def test_a_guides_causes_are_confirmed_or_ruled_out_and_its_resolution_comes_at_the_end() -> None:
    guide = text(kind="guide", ref="GUIDE-x", fix="- Warm it up with `provisioned concurrency`.")
    message = run_message(run(guide), NOON)
    said = shown(message)
    assert "Cause 1 of 3" in said and "Confirmed" in said and "Ruled out" in said
    ended = run(guide, 4, state=RunState.FINISHED, ended_at=NOON + minutes(4), ended_by="U0RESPONDER")
    assert "Warm it up with `provisioned concurrency`." in shown(run_message(ended, NOON))


@pytest.mark.parametrize(
    ("markdown", "slack"),
    [
        ("see `a_b` and `c*d*`", "see `a_b` and `c*d*`"),
        ("an odd ` tick", "an odd ' tick"),
        ("<!channel> & `<x>`", "&lt;!channel&gt; &amp; `&lt;x&gt;`"),
        ("`code` first", "`code` first"),
        ("", ""),
    ],
)
def test_code_in_prose_stays_code_and_nothing_else_is_markup(markdown: str, slack: str) -> None:
    assert from_markdown(markdown) == slack
