"""The menu of /incident: what can be done now, by where it is typed and where the incident stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.fields.messages import OPEN_FORM
from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident, Status
from bot.lifecycle.messages.card import card_actions
from bot.lifecycle.messages.channel import listed
from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import person

LISTED = 5
_OPEN = (
    "Type: `/incident note …` · `impact …` · `cause …` · `role scribe @someone` · `handover @someone` · "
    "`escalate team lead` · `remind 15 min …` · `action …` · `rename …`"
)
_OVER = "Type: `/incident review` · `action high …` · `note went well: …` · `note improve: …` · `reopen`"
_HELP = "`/incident help` lists everything."


def of_incident(incident: Incident, levels: Mapping[Severity, Level], reader: str, has_fields: bool = False) -> Message:
    """In the incident's channel: what its status allows `reader`. `has_fields`: the policy has types or fields."""
    is_open = incident.status.is_open
    commander = f"commander {person(incident.commander)}" if incident.commander else "no commander yet"
    blocks: list[Block] = [section(f"{headline(incident)}\n{incident.stands}, {commander}")]
    blocks += card_actions(incident, levels, "", reader=reader)
    more: list[Block] = []
    if incident.status is not Status.CLOSED:
        kind = "update" if is_open else "resolved"
        label = "Update stakeholders" if is_open else "Write the RESOLVED notice"
        more.append(button(label, "notice_form", f"{kind}:{incident.incident_id}"))
    if has_fields:
        more.append(button("Type and fields", OPEN_FORM, str(incident.incident_id)))
    if more:
        blocks.append(actions("menu_actions", *more))
    blocks.append(context(f"{_OPEN if is_open else _OVER}. {_HELP}"))
    return Message(f"What you can do with {incident.ref} now", tuple(blocks))


def elsewhere(rows: Sequence[Incident], total: int, on_call: Sequence[str], now: datetime) -> Message:
    """In any other channel: declare, and what is open."""
    lines = [listed(row, now) for row in rows] or ["No incident is open."]
    if total > len(rows):
        lines.append(f"… and {total - len(rows)} more: `/incident list`.")
    who = ", ".join(person(user_id) for user_id in on_call) or "no one; run `tocsin doctor`"
    blocks: list[Block] = [
        actions(
            "menu_actions",
            button("Declare an incident", "home_declare", "menu", "danger"),
            button("Start a drill", "drill_form", "menu"),
            button("Replay an incident", "drill_replay", "menu"),
        ),
        section("\n".join(lines)),
        context(f"On call: {who}. Type: `/incident declare P1 what is wrong` · `similar …` · `oncall`. {_HELP}"),
    ]
    return Message("Declare an incident, or see what is open", tuple(blocks))
