"""App Home: what is waiting on me, my incidents, and what is open. Small, so that it is there at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.text import person, plain, shorten
from bot.text.durations import span
from bot.text.markup import instant

_SHOWN = 10  # incidents of a kind; Home holds 100 blocks


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for this person: a sentence, and the button that answers it where there is one."""

    text: str
    label: str = ""
    action_id: str = ""
    value: str = ""
    ref: str = ""  # the open incident that it shows whole, and which is therefore not shown again


@dataclass(frozen=True, slots=True)
class HomeFacts:
    asked: Sequence[Waiting]
    mine: Sequence[Incident]
    open: Sequence[Incident]  # the others that are open
    unshown: int  # how many more are open


def home(facts: HomeFacts, now: datetime) -> dict[str, Any]:
    """The view of one person."""
    blocks: list[Block] = [actions("home_actions", button("Declare an incident", "home_declare", "home", "danger"))]
    blocks.append(section("*Waiting on you*"))
    # What waits is bounded kind by kind, so that pages leave room for reviews.
    for number, item in enumerate(facts.asked):
        answer = button(item.label, item.action_id, item.value, "primary") if item.action_id else None
        blocks.append(section(item.text, answer) | {"block_id": f"asked_{number}"})
    if not facts.asked:
        blocks.append(context("Nothing needs your attention."))
    shown = {item.ref for item in facts.asked if item.ref}
    mine = [row for row in facts.mine if row.ref not in shown]
    if mine or not shown:
        blocks += [section("*Your incidents*"), *_incidents(mine, now, "You aren't in any open incident.")]
    blocks += [section("*Other open incidents*"), *_incidents(facts.open, now, "No other incident is open.")]
    if facts.unshown > 0:
        blocks.append(context(f"… and {facts.unshown} more: `/incident list`."))
    blocks.append(context(f"As of {instant(now)}. `/incident help` lists what you can type."))
    return {"type": "home", "blocks": blocks}


def _incidents(rows: Sequence[Incident], now: datetime, none: str) -> list[Block]:
    if not rows:
        return [context(none)]
    return [section(f"{headline(row)}\n{_stands(row, now)}{_where(row)}") for row in rows[:_SHOWN]]


def _stands(row: Incident, now: datetime) -> str:
    return f"{row.status}, {span(now - row.declared_at)}"


def _where(row: Incident) -> str:
    return f" · <#{row.channel_id}>" if row.channel_id else ""


def asked_ping(incident: Incident, role: str, ping_id: int, now: datetime) -> Waiting:
    text = (
        f"{headline(incident)}\n{_stands(incident, now)}{_where(incident)}\n"
        f"You were paged as {role}; no one has acknowledged."
    )
    return Waiting(text, "Acknowledge", "page_acknowledge", f"{ping_id}:{incident.incident_id}", incident.ref)


def asked_handover(incident: Incident, handover_id: int, asked_by: str, now: datetime) -> Waiting:
    text = f"{headline(incident)}\n{_stands(incident, now)}{_where(incident)}\n{person(asked_by)} offers you command."
    return Waiting(text, "Accept", "handover_accept", str(handover_id), incident.ref)


def asked_review(incident: Incident, stage: str, due_at: datetime) -> Waiting:
    title = plain(shorten(incident.title, 120))
    how = f"`/incident review {incident.ref}` opens it."
    return Waiting(f"Review of {incident.ref} ({stage}), due {instant(due_at)}: {title}\n{how}")


def asked_action(ref: str, number: int, text: str, due: str) -> Waiting:
    return Waiting(f"Action {number} of {ref}, due {due}: {plain(shorten(text, 200))}")
