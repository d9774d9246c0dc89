"""What every export says of a line, before it is put into a system's own form. Plain text, nothing escaped."""

from __future__ import annotations

from bot.reviews.rules.document import Line, Nature
from bot.text.links import web_address

PAIRS = frozenset({"executive", "summary", "root_cause", "figures", "escalations"})  # sections of labels and values
ACTIONS, TIMELINE = "action_items", "timeline"


def lead(line: Line) -> str:
    """The label and who did or said it; empty where the line has neither. Authors of edits stand in a note."""
    by = line.by if line.by and line.nature is not Nature.WRITTEN else ""
    if line.label and by:
        return f"{line.label} by {by}"
    return line.label or by or ""


def tail(line: Line) -> str:
    """What stands behind the words: the verdict on a figure. What to type in Slack says nothing elsewhere."""
    said = []
    if line.met is not None:
        said.append("✓ met" if line.met else "✗ missed")
    if line.fresh:
        said.append("(recorded after the edit)")
    return " ".join(said)


def source(line: Line) -> str | None:
    """The web address of the message that the line comes from; None where there is none."""
    return next((link for one in line.entries if (link := web_address(one.permalink))), None)


def is_done(line: Line) -> bool:
    """Whether an action item is done."""
    return line.text.endswith(", done)")
