"""The channel's subcommands: roles, catching up, lists, false alarms, duplicates."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, UnknownIncident
from bot.escalation.flows import people
from bot.escalation.queries import pings
from bot.incidents import visibility
from bot.incidents.commands import ALONE, Appointed, CommandContext, Subcommand, incident_of, is_insider
from bot.incidents.interactions import let_in, number_at
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status, is_private
from bot.incidents.rules.responders import EXPECTED, ResponderRole, mentioned_person, parse_responder_role
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import end, responders
from bot.lifecycle.listeners.timeline import _REF
from bot.lifecycle.messages import access, channel
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries import handovers
from bot.slack.client import Message
from bot.slack.reporting import reporting_errors
from bot.slack.text import person
from bot.slack.whispers import answer_press
from bot.stakeholders.flows import notify
from bot.text.markup import plain_text

_LATEST = 8  # entries in a catch-up besides the key ones
_TELLING = frozenset(
    {
        Kind.DECLARED,
        Kind.SEVERITY_RAISED,
        Kind.SEVERITY_LOWERED,
        Kind.STATUS_CHANGED,
        Kind.ACKNOWLEDGED,
        Kind.ROLE_TAKEN,
        Kind.NOTED,
        Kind.RESPONSE_BREACHED,
        Kind.RESOLVED,
        Kind.REOPENED,
        Kind.CAUSE_RECORDED,
        Kind.IMPACT_RECORDED,
        Kind.STAKEHOLDERS_TOLD,
        Kind.DUPLICATE_JOINED,
    }
)


def _role(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    if not command.rest:
        held = incidents.list_roles(session, row.incident_id)
        lines = [f"*{part.value}* {person(held.get(part.value))}: {EXPECTED[part]}" for part in ResponderRole]
        return "\n".join([f"Roles of {row.ref}. Take one with `/incident role scribe`.", *lines])
    part, user_id = _part_and_person(session, command)
    return sentence(
        responders.assign(session, row, part, user_id, command.user_id, command.context.policy, command.now)
    )


def _part_and_person(session: Session, command: CommandContext) -> tuple[ResponderRole, str]:
    """The role that is given and to whom: whoever typed it where nobody is named."""
    mentioned = mentioned_person(command.rest)
    part, name = parse_responder_role(plain_text(re.sub(r"<@[^>]*>", " ", command.rest)))
    if mentioned is None and name and name.lower() not in ("me", "myself", "i"):
        mentioned = people.find_person(session, name, command.context.policy.contacts, command.now)
    return part, mentioned or command.user_id


def _appointed(session: Session, command: CommandContext) -> Appointed | None:
    row = incident_of(session, command)
    return Appointed(_part_and_person(session, command)[1], row.channel_id) if command.rest else None


def _catchup(session: Session, command: CommandContext) -> Message:
    row = incident_of(session, command)
    facts = channel.Brief(
        incident=incidents.facts(row),
        responders=incidents.list_roles(session, row.incident_id)
        | ({"commander": row.commander} if row.commander else {}),
        latest=_worth_telling(session, row.incident_id),
        missing=_missing(session, command, row),
    )
    return channel.brief(facts, command.now)


def _worth_telling(session: Session, incident_id: int) -> list[Entry]:
    """The latest key entries, and the latest of those that tell how it went; in time order."""
    key = timeline.list_latest(session, incident_id, _LATEST, only_key=True)
    latest = timeline.list_latest(session, incident_id, 2 * _LATEST, kinds=_TELLING)
    telling = [entry for entry in latest if not entry.key][-_LATEST:]
    return sorted([*key, *telling], key=lambda entry: (entry.at, entry.entry_id))


def _missing(session: Session, command: CommandContext, row: IncidentRow) -> list[str]:
    """What is open: sentences with what to type."""
    found = []
    if not Status(row.status).is_open:
        left = (
            command.context.policy.notices.checklist.keys() - notify.ticks(session, row.incident_id, row.episode).keys()
        )
        return [f"{len(left)} checklist items are not done."] if left and row.resolved_at else []
    if row.acknowledged_at is None:
        found.append("No one has acknowledged: `/incident ack`.")
    if row.commander is None:
        found.append("No one is in command: `/incident role commander`.")
    offer = handovers.find_offered(session, row.incident_id)
    if offer is not None:
        found.append(f"Command is offered to {person(offer.to_user)}, who has not accepted.")
    found += [f"No {name} is recorded: `/incident {name} …`." for name in ("impact", "cause") if not getattr(row, name)]
    if row.told_at is None and row.severity in command.context.policy.notices.remind_every:
        found.append("Stakeholders have had no update: `/incident update …`.")
    planned = [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.PLANNED]
    if planned:
        soon = min(planned, key=lambda ping: ping.due_at)
        found.append(f"The {soon.role} is paged next, at {soon.due_at:%H:%M} UTC, unless it's resolved.")
    return found


def show_list(session: Session, command: CommandContext) -> Message:
    words = command.rest.lower().split()
    number = next((int(word) for word in words if word.isdecimal() and len(word) < 6), 1)
    which = "closed" if {"closed", "resolved", "over", "past"} & set(words) else "mine" if "mine" in words else "open"
    return _page(session, command.context, which, number, command.user_id, command.now)


def _page(session: Session, context: AppContext, which: str, number: int, user_id: str, now: datetime) -> Message:
    page = max(1, number)
    closed, mine = which == "closed", which == "mine"
    rows, total = visibility.list_page(
        session, user_id, offset=(page - 1) * channel.PAGE, limit=channel.PAGE, closed=closed, mine=mine
    )
    if not rows and page > 1:
        page = max(1, (total + channel.PAGE - 1) // channel.PAGE)
        rows, total = visibility.list_page(
            session, user_id, offset=(page - 1) * channel.PAGE, limit=channel.PAGE, closed=closed, mine=mine
        )
    return channel.listing([incidents.facts(row) for row in rows], total, page, which, now)


def turn_page(context: AppContext, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
    """Next or earlier page, in place of the one that is shown."""
    user_id = body["user"]["id"]
    said: list[str | Message] = []
    with reporting_errors(said.append, user=user_id):
        let_in(context, body, Act.READ)
        which, number = action["value"].partition(":")[0], number_at(action["value"], 1)
        with context.database.transaction() as session:
            said.append(_page(session, context, which, number, user_id, context.now()))
    answer_press(ack, respond, said)


def _false_alarm(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    return sentence(
        end.false_alarm(session, row, command.user_id, command.context.policy, command.now, plain_text(command.rest))
    )


def _merge(session: Session, command: CommandContext) -> str | Message:
    """`merge REF` in the duplicate's own channel, or `merge DUPLICATE REF` anywhere."""
    refs = [ref.upper() for ref in _REF.findall(" ".join(part for part in (command.ref, command.rest) if part))]
    here = incidents.find_by_channel(session, command.channel_id)
    if not refs or len(refs) > 2 or (len(refs) == 1 and here is None):
        raise BadRequest(
            "Name the incident to keep: `/incident merge INC-2026-0001` in the duplicate's channel, or both "
            "anywhere: `/incident merge INC-2026-0002 into INC-2026-0001`."
        )
    found = [incidents.find_by_ref(session, ref) for ref in refs]
    rows = [row for row in found if row is not None and is_insider(session, command, row)]
    if len(rows) < len(refs):
        known = {row.ref for row in rows}
        raise UnknownIncident(f"There is no incident {next(ref for ref in refs if ref not in known)}.")
    duplicate, target = (rows[0], rows[1]) if len(rows) == 2 else (here or rows[0], rows[0])
    if is_private(target.ref) and duplicate.incident_id != target.incident_id:
        end.check_merge(duplicate, target)
        people = end.let_in_by(session, duplicate, target, command.user_id)
        return access.merge_question(incidents.facts(duplicate), incidents.facts(target), people)
    return sentence(
        end.merge(
            session, duplicate.incident_id, target.incident_id, command.user_id, command.context.policy, command.now
        )
    )


SUBCOMMANDS = (
    Subcommand(
        "catchup",
        "catchup",
        "Current status, for you only: impact, cause, key moments, what is open.",
        answer=_catchup,
        aliases=("catch-up", "summary", "brief"),
        act=Act.READ,
    ),
    Subcommand(
        "role",
        "role scribe @someone",
        "Assign a role. Alone it lists who has which role, and what is expected of them.",
        answer=_role,
        appoints=_appointed,
        aliases=("roles",),
        reads=ALONE,
    ),
    Subcommand(
        "list",
        "list closed 2",
        "List open incidents, most severe first. Add `mine`, `closed` or a page number.",
        answer=show_list,
        aliases=("ls",),
        anywhere=True,
        act=Act.READ,
    ),
    Subcommand(
        "merge",
        "merge INC-2026-0001",
        "Close this incident as a duplicate of another. Pages stop; its timeline moves there.",
        answer=_merge,
        aliases=("duplicate",),
        act=Act.MERGE,
    ),
    Subcommand(
        "false-alarm",
        "false-alarm the probe was wrong",
        "Close as a false alarm. Stops all pages; no review is due.",
        answer=_false_alarm,
        aliases=("falsealarm", "false"),
        act=Act.FALSE_ALARM,
    ),
)
