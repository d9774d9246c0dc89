"""The menu of /incident: what can be done now, by where it is typed and where the incident stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.fields.messages import OPEN_FORM
from bot.incidents.menu import CHOOSE, Group, Listed
from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident, Status
from bot.lifecycle.messages.card import card_actions
from bot.lifecycle.messages.channel import listed
from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, actions, button, context, option, overflow, section
from bot.slack.client import Message
from bot.slack.text import person

LISTED = 5
OPEN_MENU = "menu_of"
# What is wanted most comes first under its heading; the others follow as help lists them.
_FIRST = (
    *("note.new", "impact.words", "cause.words"),
    *("escalate.role", "role.give", "handover.to", "oncall.override"),
    *("catchup.now", "timeline.latest", "escalation.ladder", "oncall.who"),
    *("review.link", "action.new", "action.list"),
    *("reopen.why", "rename.title"),
)
_MOST = 5  # options behind one button, as Slack allows
_HELP = "Everything can be typed, too: `/incident help`."


def of_incident(
    incident: Incident,
    levels: Mapping[Severity, Level],
    reader: str,
    has_fields: bool = False,
    offers: Sequence[Listed] = (),
    withheld: Mapping[str, Sequence[str]] = MappingProxyType({}),
    told: bool = False,
) -> Message:
    """Of one incident: what its status allows `reader`. `has_fields`: the policy has types or fields.

    `withheld` are labels of what `reader` may not do, by who may. `told`: the notice of the end was sent.
    """
    is_open = incident.status.is_open
    commander = f"commander {person(incident.commander)}" if incident.commander else "no commander yet"
    blocks: list[Block] = [section(f"{headline(incident)}\n{incident.stands}, {commander}")]
    if incident.status is not Status.CLOSED:
        blocks += [block for block in card_actions(incident, levels, "", reader=reader) if block["type"] == "actions"]
    more: list[Block] = []
    if incident.status is not Status.CLOSED:
        kind = "update" if is_open else "resolved"
        closing = "Send another RESOLVED notice" if told else "Write the RESOLVED notice"
        label = "Update stakeholders" if is_open else closing
        more.append(button(label, "notice_form", f"{kind}:{incident.incident_id}"))
    if has_fields:
        more.append(button("Type and fields", OPEN_FORM, str(incident.incident_id)))
    if more:
        blocks.append(actions("menu_actions", *more))
    others = [f"{' · '.join(labels)}: only for {who}." for who, labels in withheld.items()]
    blocks += [*_offered(offers, str(incident.incident_id)), context("\n".join([*others, _HELP]))]
    return Message(f"What you can do with {incident.ref} now", tuple(blocks))


def _offered(offers: Sequence[Listed], incident: str) -> list[Block]:
    """A line for each group, which names what is behind its button."""
    blocks: list[Block] = []
    ranks = {key: rank for rank, key in enumerate(_FIRST)}
    ordered = sorted(offers, key=lambda one: ranks.get(one.key, len(_FIRST)))
    for group in Group:
        of_group = [one for one in ordered if one.group is group]
        for first in range(0, len(of_group), _MOST):
            some = of_group[first : first + _MOST]
            names = " · ".join(one.label for one in some)
            options = [option(one.label, f"{one.key}:{incident}") for one in some]
            blocks.append(section(f"*{group}*\n{names}", overflow(CHOOSE, options)))
    return blocks


def elsewhere(
    rows: Sequence[Incident], total: int, on_call: Sequence[str], now: datetime, offers: Sequence[Listed] = ()
) -> Message:
    """In any other channel: declare, and what is open, each with its own menu."""
    opened = [section(listed(row, now), button("Menu", OPEN_MENU, str(row.incident_id))) for row in rows]
    if total > len(rows):
        opened.append(context(f"… and {total - len(rows)} more: `/incident list`."))
    who = ", ".join(person(user_id) for user_id in on_call) or "no one; run `tocsin doctor`"
    blocks: list[Block] = [
        actions(
            "menu_actions",
            button("Declare an incident", "home_declare", "menu", "danger"),
            button("Start a drill", "drill_form", "menu"),
            button("Replay an incident", "drill_replay", "menu"),
        ),
        *(opened or [section("No incident is open.")]),
        *_offered(offers, ""),
        context(f"On call: {who}. {_HELP}"),
    ]
    return Message("Declare an incident, or see what is open", tuple(blocks))
