"""The forms: declare, resolve, close. Pure; the ids of their fields live here, and so does reading them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.severity.messages import severity_options
from bot.severity.rules import Level, Severity
from bot.slack.blocks import option, section, select
from bot.slack.forms import field, form, text_field
from bot.slack.text import plain

DECLARE, RESOLVE, CLOSE, REFUSED = "declare_view", "resolve_view", "close_view", "refused_view"
KIND_ORDINARY, KIND_SECURITY = "ordinary", "security"
NO_STEP = "none"  # the choice "Something else" among the steps that may have fixed it
NEAR, JOIN, SEPARATE = "near", "join", "separate"  # the question whether it is an incident that is open
JUDGED = "judge"  # the choice "let Tocsin judge"


def declare_form(levels: Mapping[Severity, Level], metadata: str, title: str = "") -> dict[str, Any]:
    """`metadata` says where the form was opened from: channel and message, as the listener wrote it."""
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
            ),
            field("severity", "Severity", select("Severity", "severity", choices, JUDGED)),
            text_field("impact", "Who is affected, and how?", multiline=True, optional=True),
            field("kind", "Who may see it?", select("Who may see it?", "kind", kinds, JUDGED)),
        ],
    )


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
    blocks = [_filled(block, filled) for block in form["blocks"]]
    submit = {"type": "plain_text", "text": "Continue"}
    return form | {"blocks": [section(ask), which, *blocks], "submit": submit, "private_metadata": data}


def _filled(block: dict[str, Any], filled: Mapping[str, str]) -> dict[str, Any]:
    """A field with what somebody had typed or chosen in it."""
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


def resolve_form(incident: Incident, steps: Sequence[tuple[str, str]] = (), chosen: str = NO_STEP) -> dict[str, Any]:
    """`steps` are those of playbooks that may have ended it, (value, label); `chosen` is the likeliest."""
    none = option("Something else", NO_STEP)
    choices = [*(option(label, value) for value, label in steps[:99]), none]
    which = select("Which?", "playbook_step", choices, chosen)
    asked = field("playbook_step", "Which playbook step fixed it?", which)
    return form(
        RESOLVE,
        "Resolve",
        "Resolve",
        str(incident.incident_id),
        [
            section(f"*{incident.severity}* · {incident.ref} · {plain(incident.title)}"),
            text_field("resolution", "What fixed it?", multiline=True, optional=True, initial=incident.resolution),
            text_field("cause", "What was the cause?", multiline=True, optional=True, initial=incident.cause),
            *([asked] if steps else []),
        ],
    )


def close_form(incident: Incident, playbook: bool, helped: bool | None = None) -> dict[str, Any]:
    """With `playbook`, one was suggested or used, and the form asks whether it helped; `helped` is what is known."""
    known = "none" if helped is None else "yes" if helped else "no"
    yes_no = [option("Yes", "yes"), option("No", "no")]
    alarm = [option("A real incident", "real"), option("A false alarm", "false")]
    answers = [*yes_no, option("No playbook was used", "none")]
    asked = field("playbook", "Did the playbook fix it?", select("Did it?", "playbook", answers, known))
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
            field("alarm", "Was it real?", select("Was it real?", "alarm", alarm, "real")),
            *([asked] if playbook else []),
        ],
    )
