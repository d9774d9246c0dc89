"""The forms: declare, resolve, close. Pure; the ids of their fields live here, and so does reading them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.incidents.rules.incident import Incident
from bot.lifecycle.messages.card import option, section, select, severity_options
from bot.severity.rules import Level, Severity
from bot.slack.text import plain, shorten

DECLARE, RESOLVE, CLOSE = "declare_view", "resolve_view", "close_view"
KIND_ORDINARY, KIND_SECURITY = "ordinary", "security"
LONGEST_FIELD = 3000  # characters
JUDGED = "judge"  # the choice "let Tocsin judge"


def form(callback_id: str, title: str, submit: str, metadata: str, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": submit},
        "close": {"type": "plain_text", "text": "Cancel"},
        "private_metadata": metadata,
        "blocks": blocks,
    }


def text_field(
    name: str, label: str, *, multiline: bool = False, optional: bool = False, limit: int = LONGEST_FIELD, **extra: Any
) -> dict[str, Any]:
    """A field to type into. `extra`: `initial` and `placeholder` words, and `watched`, to hear of each character."""
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": name,
        "multiline": multiline,
        "max_length": limit,
    }
    if extra.get("initial"):
        element["initial_value"] = shorten(str(extra["initial"]), limit)
    if extra.get("placeholder"):
        element["placeholder"] = {"type": "plain_text", "text": str(extra["placeholder"])}
    if not extra.get("watched"):
        return field(name, label, element, optional)
    element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    return field(name, label, element, optional) | {"dispatch_action": True}


def field(name: str, label: str, element: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": element,
        "optional": optional,
    }


def declare_form(levels: Mapping[Severity, Level], metadata: str, title: str = "") -> dict[str, Any]:
    """`metadata` says where the form was opened from: channel and message, as the listener wrote it."""
    choices = [option("Let Tocsin judge from the text", JUDGED), *severity_options(levels)]
    kinds = [
        option("Let Tocsin judge from the text", JUDGED),
        option("Everybody", KIND_ORDINARY),
        option("Security: a private channel, shown to nobody outside", KIND_SECURITY),
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
            text_field("impact", "Who notices, and how?", multiline=True, optional=True),
            field("kind", "Who may see it?", select("Who may see it?", "kind", kinds, JUDGED)),
        ],
    )


def resolve_form(incident: Incident) -> dict[str, Any]:
    return form(
        RESOLVE,
        "Resolve",
        "Resolve",
        str(incident.incident_id),
        [
            section(f"*{incident.severity}* · {incident.ref} · {plain(incident.title)}"),
            text_field("resolution", "What fixed it?", multiline=True, optional=True, initial=incident.resolution),
            text_field("cause", "What was the cause?", multiline=True, optional=True, initial=incident.cause),
        ],
    )


def close_form(incident: Incident, playbook: bool) -> dict[str, Any]:
    """With `playbook`, one was suggested, and the form asks whether it helped."""
    yes_no = [option("Yes", "yes"), option("No", "no")]
    alarm = [option("A real incident", "real"), option("A false alarm", "false")]
    answers = [*yes_no, option("No playbook was used", "none")]
    asked = field("playbook", "Did the playbook fix it?", select("Did it?", "playbook", answers, "none"))
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


def initial_values(view: Mapping[str, Any]) -> dict[str, str]:
    """What the fields to type into held when the form was opened; Slack keeps what was typed while that is the same."""
    elements = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    return {element["action_id"]: str(element.get("initial_value") or "") for element in elements}


def read_values(view: Mapping[str, Any]) -> dict[str, str]:
    """The submitted fields by name, stripped; an empty field is an empty string."""
    values: dict[str, str] = {}
    for fields in view["state"]["values"].values():
        for name, field in fields.items():
            chosen = field.get("selected_option") or {}
            values[name] = str(field.get("value") or chosen.get("value") or "").strip()
    return values
