"""The forms: declare, resolve, close. Pure; the ids of their fields live here, and so does reading them back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.memory.rules.similar import SimilarItem
from bot.severity.messages import severity_options
from bot.severity.rules import Judgement, Level, Severity
from bot.slack.blocks import Block, actions, button, context, option, section, select
from bot.slack.forms import field, form, text_field
from bot.slack.text import fit, plain, shorten

REPLAY_INSTEAD = "drill_replay_instead"  # the button of the form of a drill that shows the form of a replay
DRILL = "drill"  # in the metadata of the declare form: it starts a drill
DECLARE, RESOLVE, CLOSE, REFUSED = "declare_view", "resolve_view", "close_view", "refused_view"
KIND_ORDINARY, KIND_SECURITY = "ordinary", "security"
NO_STEP = "none"  # the choice "Something else" among the steps that may have fixed it
WHO = "who"  # the question who may see what is of a private type, and was to be declared for everybody
NEAR, JOIN, SEPARATE = "near", "join", "separate"  # the question whether it is an incident that is open
VERDICT = "verdict"  # the block that says what Tocsin makes of the title so far
DRILL_WORDS = {
    "title": "Start a drill",
    "submit": "Start the drill",
    "about": "A drill pages people as an incident does. Everything about it says DRILL, and it counts in no figure.",
}
JUDGED = "judge"  # the choice "let Tocsin judge"
_AS_YOU_TYPE = "Severity and similar incidents show here as you type."
_SHOWN = 3  # incidents that look alike


def declare_form(
    levels: Mapping[Severity, Level],
    metadata: str,
    title: str = "",
    asked: Sequence[Block] = (),
    verdict: str = "",
) -> dict[str, Any]:
    """`metadata` says where the form was opened from: channel and message, as the listener wrote it.

    `asked` are the inputs of type and custom fields, `verdict` what Tocsin makes of the title.
    """
    choices = [option("Let Tocsin judge from the text", JUDGED), *severity_options(levels)]
    kinds = [
        option("Let Tocsin judge from the text", JUDGED),
        option("Everybody", KIND_ORDINARY),
        option("Security: a private channel, hidden from everyone else", KIND_SECURITY),
    ]
    return form(
        DECLARE,
        "Declare an incident",
        "Declare",
        metadata,
        [
            text_field(
                "title",
                "What is wrong?",
                limit=250,
                initial=title,
                placeholder="Checkout answers 502 for about a third of customers",
                watched=True,
            ),
            verdict_block(verdict),
            field("severity", "Severity", select("Severity", "severity", choices, JUDGED)),
            text_field("impact", "Who is affected, and how?", multiline=True, optional=True),
            field("kind", "Who may see it?", select("Who may see it?", "kind", kinds, JUDGED)),
            *asked,
        ],
    )


def as_drill(form: dict[str, Any], channel_id: str) -> dict[str, Any]:
    """The declare form, opened in that channel, to start a drill."""
    words = {name: {"type": "plain_text", "text": DRILL_WORDS[name]} for name in ("title", "submit")}
    metadata = json.dumps(({"channel": channel_id} if channel_id else {}) | {DRILL: "yes"})
    replay = actions("drill_actions", button("Replay a past incident instead", REPLAY_INSTEAD, "form"))
    blocks = [context(DRILL_WORDS["about"]), replay, *form["blocks"]]
    return form | words | {"blocks": blocks, "private_metadata": metadata}


def verdict_block(verdict: str = "") -> Block:
    """What Tocsin makes of the title; before anything is typed, that it will."""
    return section(verdict or _AS_YOU_TYPE) | {"block_id": VERDICT}


def verdict(judged: Judgement, guess: Severity, similar: Sequence[SimilarItem], near: Incident | None) -> str:
    """The severity that Tocsin would give and why, the open incident that this may be, and what looked alike before."""
    if judged.severity is None:
        lines = [f"*{guess}* as a first guess: the text doesn't say how bad it is."]
    else:
        said = ", ".join(f"“{plain(shorten(each.text, 40))}”" for each in judged.evidence[:3])
        lines = [f"*{judged.severity}*: {plain(judged.row).rstrip('.')}{f' ({said})' if said else ''}."]
    if near is not None:
        lines.append(f":warning: Possible match, still open: {headline(near)}")
    past = [item for item in similar if item.is_incident and (near is None or item.ref != near.ref)]
    for item in past[: _SHOWN - (near is not None)]:
        fix = f" Fix: {plain(shorten(item.fix, 120))}" if item.fix else ""
        lines.append(f"Similar: {item.ref} {plain(shorten(item.title, 100))}.{fix}")
    return fit("\n".join(lines), 3000)


def with_privacy(verdict: str) -> str:
    """The verdict on what sounds like a break-in, with what then becomes of "Let Tocsin judge"."""
    said = ":lock: It will be a security incident, in a private channel, unless you choose *Everybody* below."
    return fit(f"{said}\n{verdict}", 3000)


def ask_near(form: dict[str, Any], filled: Mapping[str, str], near: Incident, here: bool, data: str) -> dict[str, Any]:
    """The declare form as it was filled in, with the question whether that is `near`, which is open. `here`: it was
    opened in its channel. `data` is the form's own metadata, which says that this was asked.
    """
    if here:
        ask = f"This is the channel of {headline(near)}\nIs this the same incident? Nothing has been declared yet."
    else:
        ask = f"Possible match, still open: {headline(near)}\nIs this the same? Nothing has been declared yet."
    choices = [option(f"Add it to {near.ref} as a note", JOIN), option("Declare another incident", SEPARATE)]
    which = field(NEAR, "Which is it?", select("Which is it?", NEAR, choices, JOIN))
    return asking_first(form, filled, ask, which, data)


def ask_who(form: dict[str, Any], filled: Mapping[str, str], type_title: str, data: str) -> dict[str, Any]:
    """The declare form as it was filled in, with the question who may see an incident of a private type."""
    choices = [
        option("The people of a private channel", KIND_SECURITY),
        option(shorten(f"Everybody, though it is of type {type_title}", 75), KIND_ORDINARY),
    ]
    ask = (
        f":lock: {plain(type_title)} incidents are private, and you chose *Everybody*. "
        "Nothing has been declared yet: who may see it?"
    )
    which = field(WHO, "Who may see this incident?", select("Who?", WHO, choices, KIND_SECURITY))
    return asking_first(form, filled, ask, which, data)


def asking_first(form: dict[str, Any], filled: Mapping[str, str], ask: str, which: Block, data: str) -> dict[str, Any]:
    """The form as it was filled in, below a question. `data` is its metadata, which says that this was asked."""
    blocks = [as_filled(block, filled) for block in form["blocks"]]
    submit = {"type": "plain_text", "text": "Continue"}
    return form | {"blocks": [section(ask), which, *blocks], "submit": submit, "private_metadata": data}


def as_filled(block: dict[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
    """A field with what somebody had typed or chosen in it."""
    if block["type"] != "input":
        return block
    element, value = block["element"], filled.get(block["block_id"])
    if not value:
        return block
    if element["type"] == "static_select":
        chosen = next((each for each in element["options"] if each["value"] == value), None)
        return block | {"element": element | {"initial_option": chosen}} if chosen else block
    return block | {"element": element | {"initial_value": value}}


def refused(sentence: str) -> dict[str, Any]:
    """What opens in place of a form for somebody who may not."""
    words = {"type": "section", "text": {"type": "plain_text", "text": sentence}}
    titles = {name: {"type": "plain_text", "text": text} for name, text in (("title", "Not allowed"), ("close", "OK"))}
    return {"type": "modal", "callback_id": REFUSED, "blocks": [words], **titles}


def resolve_form(
    incident: Incident,
    steps: Sequence[tuple[str, str]] = (),
    chosen: str = NO_STEP,
    asked: Sequence[Block] = (),
    evidence: str = "",
) -> dict[str, Any]:
    """`steps` are those of playbooks that may have ended it, (value, label); `chosen` is the likeliest.

    `asked` are the inputs of type and custom fields, `evidence` what the last diagnoses found.
    """
    none = option("Something else", NO_STEP)
    choices = [*(option(label, value) for value, label in steps[:99]), none]
    which = select("Which?", "playbook_step", choices, chosen)
    which_step = field("playbook_step", "Which playbook step fixed it?", which)
    return form(
        RESOLVE,
        "Resolve",
        "Resolve",
        str(incident.incident_id),
        [
            section(f"*{incident.severity}* · {incident.ref} · {plain(incident.title)}"),
            *([section(evidence)] if evidence else []),
            text_field("resolution", "What fixed it?", multiline=True, optional=True, initial=incident.resolution),
            text_field("cause", "What was the cause?", multiline=True, optional=True, initial=incident.cause),
            *([which_step] if steps else []),
            *asked,
        ],
    )


def close_form(
    incident: Incident,
    playbook: bool,
    helped: bool | None = None,
    used: bool = False,
    asked: Sequence[Block] = (),
) -> dict[str, Any]:
    """With `playbook`, one was suggested or used, and the form asks whether it helped; `helped` is what is known.

    Where one was used and nobody has said whether it helped, nothing is chosen beforehand: `used` says so.
    """
    known = {True: "yes", False: "no", None: None if used else "none"}[helped]
    yes_no = [option("Yes", "yes"), option("No", "no")]
    alarm = [option("A real incident", "real"), option("A false alarm", "false")]
    answers = [*yes_no, option("No playbook was used", "none")]
    did_it = field("playbook", "Did the playbook fix it?", select("Did it?", "playbook", answers, known))
    was_real = field("alarm", "Was it real?", select("Was it real?", "alarm", alarm, "real"))
    return form(
        CLOSE,
        "Close and draft review",
        "Close and draft review",
        str(incident.incident_id),
        [
            section(f"*{incident.severity}* · {incident.ref} · {plain(incident.title)}"),
            text_field("cause", "Cause", multiline=True, initial=incident.cause),
            text_field("resolution", "Resolution", multiline=True, initial=incident.resolution),
            text_field("impact", "Impact on customers", multiline=True, optional=True, initial=incident.impact),
            *([] if incident.drill else [was_real]),
            *([did_it] if playbook else []),
            *asked,
        ],
    )
