"""What is offered where a playbook does not help. Pure."""

from __future__ import annotations

from bot.playbooks.messages.choices import Fitting, record_line
from bot.playbooks.messages.markdown import from_markdown
from bot.slack.blocks import Block, actions, button, section
from bot.slack.client import Message
from bot.slack.text import shorten

FAILED = "Two steps of {ref} did not help."


def offer(ref: str, run_id: int, incident_id: int, best: Fitting | None, role: str) -> Message:
    """`best` is the next-best playbook or guide, `role` the next rung that was not paged; either may be missing."""
    lines = [FAILED.format(ref=ref)]
    buttons: list[Block] = []
    if best is not None:
        lines.append(f"Next best: *{best.ref}* {from_markdown(shorten(best.title, 200))} · {record_line(best.record)}")
        buttons.append(button(f"Start {best.ref}", "playbook_start", f"{incident_id}:{best.ref}", "primary"))
    if role:
        lines.append(f"Next to page: the {role}.")
        buttons.append(button(f"Page the {role}", "playbook_page", f"{incident_id}:{run_id}:{role}"))
    if not buttons:
        lines.append("No other playbook fits, and every role has been paged. `/incident escalate` pages one again.")
    blocks = [section("\n".join(lines)), *([actions(f"playbook_offer:{run_id}", *buttons)] if buttons else [])]
    return Message(lines[0], tuple(blocks))


def paged(role: str, incident_ref: str, fresh: bool) -> str:
    return f"Paging the {role} about {incident_ref}." if fresh else f"The {role} was already paged from here."


def why_paged(ref: str) -> str:
    """The reason that the page gives."""
    return f"Two steps of the playbook {ref} did not help."
