"""/incident oncall, handover, escalate, escalation, and the buttons of pings and hand-overs."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.errors import BadRequest
from bot.escalation.flows import pages as escalate
from bot.escalation.flows import people, plan
from bot.escalation.flows.roster import WantedOverride, make_override, read_roster, remove_override, zone_of
from bot.escalation.messages import pages as blocks
from bot.escalation.messages.roster import people as names
from bot.escalation.queries import pings
from bot.escalation.queries import roster as store
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.plan import PingKind
from bot.escalation.rules.roster import Roster, leading_role, no_such_role, parse_role, stand_ins
from bot.escalation.tables import PingRow
from bot.incidents.commands import Asked, Subcommand, incident_of
from bot.incidents.queries import incidents
from bot.slack.text import instant, person
from bot.text.instants import parse_instant
from bot.text.markup import escape, plain_text

_OVERRIDE_HINT = (
    "`/incident oncall override @someone until 18:00`, or `… from Monday 9:00 until Friday 17:00 as team lead`"
)
_PARTS = re.compile(r"\b(from|until|untill|till|til|to|for|as)\b", re.IGNORECASE)


def _oncall(session: Session, asked: Asked) -> str:
    word, _, rest = asked.rest.strip().partition(" ")
    match word.lower():
        case "":
            return _who(session, asked)
        case "override" | "set":
            if rest.split(" ", 1)[0].lower() in ("remove", "end", "off"):
                return _remove(session, asked, rest.partition(" ")[2])
            return _override(session, asked, rest)
        case "remove" | "end" | "off":
            return _remove(session, asked, rest)
    raise BadRequest(f"Type `/incident oncall` for who is on call, or {_OVERRIDE_HINT}.")


def _zone(asked: Asked) -> ZoneInfo:
    return zone_of(asked.desk.policy.contacts, asked.desk.policy.calendar.zone)


def _who(session: Session, asked: Asked) -> str:
    """Each role: who holds it now, until when, and who is next; then the overrides and what was imported."""
    roster = read_roster(session, asked.desk.policy.contacts, asked.now)
    lines = [f"*{role}:* {_holders(roster, role, asked.now)}" for role in Role]
    for row in store.list_overrides(session, asked.now):
        span = f"{instant(row.from_at)} until {instant(row.until_at)}"
        lines.append(f"_Override:_ {person(row.user_id)} as {row.role}, {span}, by {person(row.made_by)}")
    imported = {shift.role: (shift.source, shift.until_at) for shift in store.list_shifts(session, asked.now)}
    lines += [f"_{role}: imported from {source}, until {instant(end)}_" for role, (source, end) in imported.items()]
    return "\n".join(lines)


def _holders(roster: Roster, role: Role, now: datetime) -> str:
    holders = roster.who(role, now)
    told = names(holders)
    if not holders:
        stand_in = next((other for other in stand_ins(role) if roster.who(other, now)), None)
        told += f"; pings go to the {stand_in}" if stand_in else "; pings go to nobody"
    following = roster.find_next(role, now)
    return f"{told}. Next {names(following[1])} from {instant(following[0])}" if following else told


def _override(session: Session, asked: Asked, rest: str) -> str:
    mentioned, others = people.split_mention(session, rest)
    named, parts = _parts(plain_text(others))
    if mentioned is None and not named:
        raise BadRequest(f"Name one person: {_OVERRIDE_HINT}.")
    if mentioned is not None and named:
        raise BadRequest(f"I do not understand “{named[:40]}”. Type {_OVERRIDE_HINT}.")
    desk, zone = asked.desk, _zone(asked)
    starts = desk.policy.calendar.opens
    role = parse_role(parts["as"]) if "as" in parts else Role.ON_CALL
    from_at = parse_instant(parts["from"], asked.now, zone, starts) if "from" in parts else asked.now
    if "until" not in parts:
        raise BadRequest(f"Say until when: {_OVERRIDE_HINT}. Times are in {zone.key}.")
    until_at = parse_instant(parts["until"], from_at if parts["is span"] else asked.now, zone, starts)
    if until_at <= asked.now and "from" not in parts:
        raise BadRequest(f"“{escape(parts['until'][:40])}” is past. Say a time to come: {_OVERRIDE_HINT}.")
    user_id = mentioned or _find_person(session, asked, named)
    wanted = WantedOverride(f"command:{asked.trigger_id}", role, user_id, from_at, until_at, asked.user_id)
    row = make_override(session, wanted, desk.policy.contacts, asked.now)
    begins = "now" if row.from_at <= asked.now else instant(row.from_at)
    return f"{person(row.user_id)} is {row.role} from {begins} until {instant(row.until_at)}."


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """What stands before `from … until … as …`, and these in any order, `to` and `for` counting as `until`.

    `is span` is set for `for 2 h`.
    """
    words = _PARTS.split(text)
    found: dict[str, str] = {"is span": ""}
    for word, value in zip(words[1::2], words[2::2], strict=True):
        name = word.lower() if word.lower() in ("from", "as") else "until"
        if name in found or not value.strip():
            raise BadRequest(f"Say it once, with something after “{word}”: {_OVERRIDE_HINT}.")
        found[name] = value.strip()
        if word.lower() == "for":
            found["is span"] = "yes"
    return words[0].strip(), found


def _remove(session: Session, asked: Asked, rest: str) -> str:
    mentioned, others = people.split_mention(session, rest)
    named, _, as_role = (part.strip() for part in f" {plain_text(others)} ".partition(" as "))
    if mentioned is None and not named and not as_role:
        raise BadRequest("Name the person or the role: `/incident oncall remove @someone`.")
    user_id, role = _whose(session, asked, mentioned, named, as_role)
    row = remove_override(session, user_id, role, asked.user_id, asked.now)
    return f"The override is gone: {person(row.user_id)} no longer stands in as {row.role}."


def _whose(
    session: Session, asked: Asked, mentioned: str | None, named: str, as_role: str
) -> tuple[str | None, Role | None]:
    """The person and the role whose override is meant; None for either that was not said."""
    if mentioned is not None:
        said = as_role or named
        return mentioned, parse_role(said) if said else None
    if as_role:
        return _find_person(session, asked, named) if named else None, parse_role(as_role)
    role, more = leading_role(named)
    if not more and any(row.role == role for row in store.list_overrides(session, asked.now)):
        return None, role  # "team lead" may be somebody's name, too: where somebody stands in, the role is meant
    return _find_person(session, asked, named), None


def _find_person(session: Session, asked: Asked, named: str) -> str:
    return people.find_person(session, named, asked.desk.policy.contacts, asked.now)


def _escalate(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    role, reason = people.leading_rung(session, asked.rest, asked.desk.policy.contacts, asked.now)
    if role is None and len(reason.split()) == 1 and reason[0] not in "\"'“”„":
        raise BadRequest(no_such_role(reason))
    reason = _unquoted(reason)
    key = f"command:{asked.trigger_id}"
    if role is not None:  # without one, each command goes a rung further
        plan.refuse_asked_just_now(session, row, role, key, asked.now)
    ping, _ = plan.escalate_by_hand(session, row, role, reason[:1000], asked.user_id, key, asked.now)
    roster = read_roster(session, asked.desk.policy.contacts, asked.now)
    return f"Pinging the {ping.role} about {row.ref}: {names(roster.who(Role(ping.role), asked.now))}."


def _unquoted(reason: str) -> str:
    """Without the quotes around the whole; a quote that belongs to some of its words stays."""
    inner = reason.strip('"“”„')
    around = reason[:1] != inner[:1] and reason[-1:] != inner[-1:]
    return inner if around and not set(inner) & set('"“”„') else reason


def _escalation(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked)
    rows = pings.list_of_incident(session, row.incident_id)
    roster = read_roster(session, asked.desk.policy.contacts, asked.now)
    done, to_come = [], []
    # Of the repeats that were sent, one line for the latest: there may be dozens.
    repeats = [ping.ping_id for ping in rows if ping.kind == PingKind.REPEAT and ping.state == pings.SENT]
    for ping in rows:
        if ping.ping_id in repeats[:-1]:
            continue
        each = escalate.facts_of(ping, row, rows, asked.desk.policy.escalation)
        if ping.state == pings.PLANNED:
            to_come.append(blocks.coming_line(each, names(roster.who(Role(ping.role), max(asked.now, ping.due_at)))))
        elif not (ping.state == pings.CANCELLED and ping.kind == PingKind.REPEAT):
            line = blocks.done_line(each, ping.state, ping.sent_at, ping.user_ids, ping.reason)
            again = ping.ping_id in repeats and len(repeats) > 1
            done.append(f"{line}, the latest of {len(repeats)}" if again else line)
    return blocks.ladder(incidents.facts(row), done, to_come)


def why_me(session: Session, desk: Desk, value: str, user_id: str, now: datetime) -> str | None:
    """From a ping: the cell of the matrix, when it was due and who else was told, for this person only."""
    row = pings.get(session, int(value.split(":")[0]))
    incident_row = incidents.get(session, row.incident_id)
    rows = pings.list_of_incident(session, row.incident_id)
    each = escalate.facts_of(row, incident_row, rows, desk.policy.escalation)
    at = row.sent_at or now
    return blocks.why_me(each, desk.policy.escalation, row.sent_at, _held_by(session, desk, row, user_id, at), user_id)


def _held_by(session: Session, desk: Desk, row: PingRow, user_id: str, at: datetime) -> str:
    """How this person came to be pinged."""
    if user_id not in row.user_ids:
        told = ", ".join(person(each) for each in row.user_ids)
        return f"This ping went to {told or 'nobody yet'}."
    roster = read_roster(session, desk.policy.contacts, at)
    role = Role(row.role)
    for override in roster.overrides:
        if override.holds(role, at) and any(holder.slack == user_id for holder in override.people):
            return f"You hold the role by an override until {instant(override.until_at)}."
    for shift in roster.imported:
        if shift.holds(role, at) and any(holder.slack == user_id for holder in shift.people):
            return f"You hold the role by the imported schedule until {instant(shift.until_at)}."
    following = roster.find_next(role, at)
    until = f" until {instant(following[0])}" if following else ""
    return f"You hold the role {role}{until}, says contacts.yaml." if not row.note else "You stand in for the role."


SUBCOMMANDS = (
    Subcommand(
        "oncall",
        "oncall override @someone until tomorrow 9:00 as team lead",
        "Who is on call, now and next; `override` changes it for a while, `oncall remove @someone` changes it back.",
        answer=_oncall,
        aliases=("on-call", "who"),
        anywhere=True,
    ),
    Subcommand(
        "escalate",
        "escalate VP payments are down",
        "Ping a role now. Without a role: the next rung.",
        answer=_escalate,
        aliases=("page",),
    ),
    Subcommand("escalation", "escalation", "Who was pinged, who will be, and why.", answer=_escalation),
)
