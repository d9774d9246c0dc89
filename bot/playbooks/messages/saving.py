"""The form "Save as playbook", and what is said of saving and editing entries. Pure."""

from __future__ import annotations

from typing import Any

from bot.slack.blocks import context
from bot.slack.forms import LONGEST_FIELD, form, text_field

SAVE = "playbook_save_view"
STEPS = "steps"  # the fields of the steps are `steps_1`, `steps_2` …
_FIELDS = 10
BUSY = "An import is running. Try again in a minute; nothing that you typed is lost."
TEMPLATE = """### 1. What to do first (0–5 min)
- Purpose: what this finds out or changes
- Changes production: no
```bash
the command to copy, with {placeholders} where they differ
```
- Look for: how to tell that it worked"""
_HOW = (
    "A step begins with `###` and its title, with a time window where it has one: `### Restart the pods (5–10 min)`. "
    "Below it, write `- Purpose: …`, `- Changes production: yes` or `no`, commands between ``` lines, `- Look for: …`."
)


def save_form(incident_id: int, title: str, symptoms: str, steps: str) -> dict[str, Any]:
    """What was done, as steps to edit. Long steps take several fields, which are joined again."""
    parts = parts_of(steps)
    left = len(parts) - _FIELDS
    shown = parts[:_FIELDS]
    fields = [
        text_field(f"{STEPS}_{number}", "Steps" if number == 1 else "Steps, continued", multiline=True, initial=part)
        | {"optional": number > 1}
        for number, part in enumerate(shown, 1)
    ]
    more = [context(f"{left * LONGEST_FIELD:,} more characters did not fit into the form.")] if left > 0 else []
    return form(
        SAVE,
        "Save as playbook",
        "Save",
        str(incident_id),
        [
            text_field("title", "What goes wrong?", initial=title, limit=200),
            text_field("symptoms", "What are the symptoms?", multiline=True, initial=symptoms),
            context(_HOW),
            *fields,
            *more,
        ],
    )


def parts_of(text: str) -> list[str]:
    """The text in pieces that a field holds, parted between lines."""
    parts, part = [], ""
    for line in text.split("\n"):
        for piece in [line[at : at + LONGEST_FIELD] for at in range(0, len(line), LONGEST_FIELD)] or [""]:
            if part and len(part) + 1 + len(piece) > LONGEST_FIELD:
                parts.append(part)
                part = piece
            else:
                part = f"{part}\n{piece}" if part else piece
    return [*parts, part]


def steps_of(values: dict[str, str]) -> str:
    """The fields of the steps, joined."""
    fields = [(int(name.rpartition("_")[2]), text) for name, text in values.items() if name.startswith(f"{STEPS}_")]
    return "\n".join(text for _, text in sorted(fields) if text)


def saved(ref: str) -> str:
    return f"Saved as {ref}. `/incident playbook {ref}` starts it; `tocsin knowledge show {ref}` prints it."


def not_for_everybody(ref: str) -> str:
    return f"{ref} is a security incident: what was done in it stays in its channel. A playbook is read by everybody."


def not_of_drill(ref: str) -> str:
    return f"{ref} is a drill: nothing of it becomes knowledge. Write the playbook from a real incident."


def unreadable(line: int, reason: str) -> str:
    return f"Line {line} of the steps: {reason}"


def unreadable_line(line: int, reason: str) -> str:
    return f"Line {line}: {reason}"


def changed_meanwhile(ref: str, by: str) -> str:
    return f"{ref} was changed by {by} while you edited it. Copy your text, open it again, and put your change in."


def not_yours(ref: str) -> str:
    return f"{ref} can be changed by its owner and by whoever authority.yaml lets edit knowledge."


def follows_record(ref: str) -> str:
    return f"{ref} is an incident of your own: what is known of it follows from its record and its review."


def too_long(length: int, most: int) -> str:
    return f"The entry has {length:,} characters; at most {most:,} are kept."
