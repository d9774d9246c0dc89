"""/incident oncall, handover, escalate, escalation, and the buttons of pings and hand-overs."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.escalation.flows import page_tests, people, plan
from bot.escalation.flows import pages as escalate
from bot.escalation.flows.roster import WantedOverride, make_override, read_roster, remove_override
from bot.escalation.messages import calls as call_messages
from bot.escalation.messages import oncall, oncall_forms
from bot.escalation.messages import pages as blocks
from bot.escalation.messages.roster import people as names
from bot.escalation.queries import calls, pings
from bot.escalation.queries import roster as store
from bot.escalation.rules.matrix import LADDER, Role
from bot.escalation.rules.plan import PingKind
from bot.escalation.rules.roster import Roster, find_unknown_role, leading_role, no_such_role, parse_role, stand_ins
from bot.escalation.tables import PingRow
from bot.incidents.commands import ALONE, Appointed, CommandContext, Subcommand, incident_of, refuse_words
from bot.incidents.flows.record import refresh_card
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.interactions import ID, Press, incident_at, number_at
from bot.incidents.menu import (
    ELSEWHERE,
    OF_INCIDENT,
    OPEN,
    OPEN_OR_ELSEWHERE,
    Form,
    Group,
    Shown,
    at_field,
)
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.slack.blocks import Block
from bot.slack.forms import Values
from bot.slack.queries import names_of
from bot.text.instants import is_instant, parse_instant, zone_name
from bot.text.markup import plain_text
from bot.text.zones import spelled

_PARTS = re.compile(r"\b(from|until|untill|till|til|to|for|as)\b", re.IGNORECASE)


def _oncall(session: Session, command: CommandContext) -> str:
    word, _, rest = command.rest.strip().partition(" ")
    match word.lower():
        case "":
            return _who(session, command)
        case "override" | "set":
            if rest.split(" ", 1)[0].lower() in ("remove", "end", "off"):
                return _remove(session, command, rest.partition(" ")[2])
            return _override(session, command, rest)
        case "remove" | "end" | "off":
            return _remove(session, command, rest)
        case "test":
            return _test(session, command, rest)
    raise BadRequest(oncall.OTHER_WORD)


def _test(session: Session, command: CommandContext, rest: str) -> str:
    """A page marked TEST by every method of whoever types it, or of somebody of contacts.yaml."""
    context, contacts = command.context, command.context.policy.contacts
    mentioned, others = people.split_mention(session, rest)
    named = plain_text(others).strip()
    person = contacts.people.get(named)  # who may be known by mail alone
    if person is None:
        own = not named or named.lower() in ("me", "myself")
        user_id = mentioned or (command.user_id if own else _find_person(session, command, named))
        person = contacts.by_slack(user_id)
        if person is None:
            raise BadRequest(oncall.not_listed(user_id))
    ways = page_tests.ways_beside(person, context.send_mail is not None, context.send_text is not None)
    made = page_tests.plan_test(session, person, ways, command.user_id, f"command:{command.trigger_id}", command.now)
    return call_messages.test_planned(call_messages.named(person.name, person.slack), made)


def _who(session: Session, command: CommandContext) -> str:
    """Each role: who holds it now, until when, and who is next; overrides, what was imported, and outside help."""
    roster = read_roster(session, command.context.policy.contacts, command.now)
    lines = [_holders(roster, role, command.now) for role in Role]
    lines += [
        oncall.override_line(row.user_id, row.role, row.from_at, row.until_at, row.made_by)
        for row in store.list_overrides(session, command.now)
    ]
    imported = {shift.role: (shift.source, shift.until_at) for shift in store.list_shifts(session, command.now)}
    lines += [oncall.imported_line(role, source, end) for role, (source, end) in imported.items()]
    lines += oncall.outside_help(command.context.policy.contacts)
    return "\n".join(lines)


def _holders(roster: Roster, role: Role, now: datetime) -> str:
    holders = roster.who(role, now)
    stand_in = None if holders else next((other for other in stand_ins(role) if roster.who(other, now)), None)
    return oncall.holders_line(role, holders, roster.find_next(role, now), stand_in)


def _appointed(session: Session, command: CommandContext) -> Appointed | None:
    """Whom an override puts on call."""
    word, _, rest = command.rest.strip().partition(" ")
    if word.lower() not in ("override", "set") or rest.split(" ", 1)[0].lower() in ("remove", "end", "off"):
        return None
    mentioned, others = people.split_mention(session, rest)
    named = _parts(plain_text(others))[0]
    if mentioned is None and not named:
        return None
    return Appointed(mentioned or _find_person(session, command, named))


def _override(session: Session, command: CommandContext, rest: str) -> str:
    mentioned, others = people.split_mention(session, rest)
    named, parts = _parts(plain_text(others))
    if mentioned is None and not named:
        raise BadRequest(oncall.NAME_ONE)
    if mentioned is not None and named:
        if "from" in parts or not is_instant(named):
            raise BadRequest(oncall.not_understood(named))
        named, parts = "", parts | {"from": named}  # `@someone 22:00 until 06:00`
    context = command.context
    role = parse_role(parts["as"]) if "as" in parts else Role.ON_CALL
    zone = time_zone_of(session, context, command.user_id)
    from_at, until_at = _span(command, parts, zone)
    user_id = mentioned or _find_person(session, command, named)
    wanted = WantedOverride(f"command:{command.trigger_id}", role, user_id, from_at, until_at, command.user_id)
    row = make_override(session, wanted, context.policy.contacts, command.now)
    made = oncall.override_made(row.user_id, row.role, row.from_at, row.until_at, command.now, zone)
    roster = read_roster(session, context.policy.contacts, command.now)
    alone = roster.find_alone(max(from_at, command.now), until_at) if role in (Role.ON_CALL, Role.SECONDARY) else None
    return f"{made} {oncall.stands_alone(alone, command.now, zone)}" if alone else made


def _span(command: CommandContext, parts: dict[str, str], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when; the end is read from the beginning: `22:00 until 06:00` ends on the next day."""
    starts = command.context.policy.calendar.opens
    from_at = parse_instant(parts["from"], command.now, zone, starts) if "from" in parts else command.now
    if "until" not in parts:
        raise BadRequest(oncall.until_when(zone))
    until_at = parse_instant(parts["until"], command.now, zone, starts, after=from_at)
    if until_at <= command.now and "from" not in parts:
        raise BadRequest(oncall.in_the_past(parts["until"]))
    return from_at, until_at


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """What stands before `from … until … as …`, and these in any order, `to` and `for` counting as `until`."""
    words = _PARTS.split(text)
    found: dict[str, str] = {}
    for word, value in zip(words[1::2], words[2::2], strict=True):
        name = word.lower() if word.lower() in ("from", "as") else "until"
        if name in found or not value.strip():
            raise BadRequest(oncall.use_once(word))
        found[name] = value.strip()
    return words[0].strip(), found


def _remove(session: Session, command: CommandContext, rest: str) -> str:
    mentioned, others = people.split_mention(session, rest)
    named, _, as_role = (part.strip() for part in f" {plain_text(others)} ".partition(" as "))
    if mentioned is None and not named and not as_role:
        raise BadRequest(oncall.WHICH_OVERRIDE)
    user_id, role = _whose(session, command, mentioned, named, as_role)
    row = remove_override(session, user_id, role, command.user_id, command.now)
    return oncall.override_removed(row.user_id, row.role)


def _whose(
    session: Session, command: CommandContext, mentioned: str | None, named: str, as_role: str
) -> tuple[str | None, Role | None]:
    """The person and the role whose override is meant; None for either that was not said."""
    if mentioned is not None:
        said = as_role or named
        return mentioned, parse_role(said) if said else None
    if as_role:
        return _find_person(session, command, named) if named else None, parse_role(as_role)
    role, more = leading_role(named)
    if not more and any(row.role == role for row in store.list_overrides(session, command.now)):
        return None, role  # "team lead" may be somebody's name, too: where somebody stands in, the role is meant
    return _find_person(session, command, named), None


def _find_person(session: Session, command: CommandContext, named: str) -> str:
    return people.find_person(session, named, command.context.policy.contacts, command.now)


def _escalate(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    role, reason = people.leading_rung(session, command.rest, command.context.policy.contacts, command.now)
    if role is None and (unknown := find_unknown_role(reason)):
        raise BadRequest(no_such_role(unknown))
    reason = _unquoted(reason)
    key = f"command:{command.trigger_id}"
    if role is not None:  # without one, each command goes a rung further
        plan.refuse_asked_just_now(session, row, role, key, command.now)
    ping, _ = plan.escalate_by_hand(session, row, role, reason[:1000], command.user_id, key, command.now)
    roster = read_roster(session, command.context.policy.contacts, command.now)
    return oncall.paging(ping.role, row.ref, roster.who(Role(ping.role), command.now))


def _unquoted(reason: str) -> str:
    """Without the quotes around the whole; a quote that belongs to some of its words stays."""
    inner = reason.strip("\"'“”„‘’‚")
    around = reason[:1] != inner[:1] and reason[-1:] != inner[-1:]
    return inner if around and not set(inner) & set('"“”„‘‚') else reason


def _escalation(session: Session, command: CommandContext) -> str:
    refuse_words(command, "To page somebody: `/incident escalate VP payments are down`.")
    row = incident_of(session, command)
    rows = pings.list_of_incident(session, row.incident_id)
    roster = read_roster(session, command.context.policy.contacts, command.now)
    done, to_come = [], []
    # Of the repeats that were sent to a role, one line for the latest: there may be dozens.
    again = [ping for ping in rows if ping.kind == PingKind.REPEAT and ping.state == pings.SENT]
    often = Counter(ping.role for ping in again)
    latest = {ping.role: ping.ping_id for ping in again}
    for ping in rows:
        if ping in again and latest[ping.role] != ping.ping_id:
            continue
        each = escalate.facts_of(ping, row, rows, command.context.policy.escalation)
        if ping.state == pings.PLANNED:
            to_come.append(blocks.coming_line(each, names(roster.who(Role(ping.role), max(command.now, ping.due_at)))))
        elif not (ping.state == pings.CANCELLED and ping.kind == PingKind.REPEAT):
            line = blocks.done_line(each, ping.state, ping.sent_at, ping.user_ids, ping.reason)
            several = ping in again and often[ping.role] > 1
            done.append(oncall.latest_of(line, often[ping.role]) if several else line)
    _add_calls(session, command, row, done, to_come)
    return blocks.ladder(incidents.facts(row), done, to_come)


def _add_calls(
    session: Session, command: CommandContext, row: IncidentRow, done: list[str], to_come: list[str]
) -> None:
    """Who was and will be rung outside Slack; nothing is asked where nobody has a method."""
    held = calls.list_of_incident(session, row.incident_id) if command.context.policy.contacts.methods else ()
    for call in held:
        if call.state == calls.PLANNED:
            to_come.append(call_messages.coming_line(call))
        elif call.state in (calls.SENT, calls.FAILED):
            done.append(call_messages.done_line(call))


def why_me(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """From a ping: the cell of the matrix, when it was due and who else was paged, for this person only."""
    row = pings.get(session, int(value.split(":")[0]))
    incident_row = incidents.get(session, row.incident_id)
    rows = pings.list_of_incident(session, row.incident_id)
    each = escalate.facts_of(row, incident_row, rows, context.policy.escalation)
    at = row.sent_at or now
    return blocks.why_me(
        each, context.policy.escalation, row.sent_at, _held_by(session, context, row, user_id, at), user_id
    )


def _held_by(session: Session, context: AppContext, row: PingRow, user_id: str, at: datetime) -> str:
    """How this person came to be paged."""
    if user_id not in row.user_ids:
        return oncall.went_to(row.user_ids)
    roster = read_roster(session, context.policy.contacts, at)
    role = Role(row.role)
    for override in roster.overrides:
        if override.holds(role, at) and any(holder.slack == user_id for holder in override.people):
            return oncall.held_by_override(override.until_at)
    for shift in roster.imported:
        if shift.holds(role, at) and any(holder.slack == user_id for holder in shift.people):
            return oncall.held_by_import(shift.until_at)
    if row.note:
        return oncall.STAND_IN
    following = roster.find_next(role, at)
    return oncall.held_by_contacts(role, following[0] if following else None)


def _override_fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    return oncall_forms.override_fields(zone_name(time_zone_of(session, context, user_id)))


def _check_override(session: Session, context: AppContext, user_id: str, now: datetime, values: Values) -> None:
    zone, starts, from_at = time_zone_of(session, context, user_id), context.policy.calendar.opens, now
    with at_field(oncall_forms.FROM):
        if values[oncall_forms.FROM]:
            from_at = parse_instant(values[oncall_forms.FROM], now, zone, starts)
    with at_field(oncall_forms.UNTIL):
        until_at = parse_instant(values[oncall_forms.UNTIL], now, zone, starts, after=from_at)
        if until_at <= max(now, from_at):
            raise BadRequest(oncall_forms.not_later(values[oncall_forms.UNTIL]))


def _remove_fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    overrides = store.list_overrides(session, context.now())
    known = names_of(session, [one.user_id for one in overrides])
    zone = time_zone_of(session, context, user_id)
    listed = []
    for one in overrides:
        person = context.policy.contacts.by_slack(one.user_id)
        name = known.get(one.user_id) or (person.name if person else one.user_id)
        listed.append((one.user_id, name, one.role, spelled(one.until_at, zone)))
    return oncall_forms.remove_fields(listed)


def _escalate_fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    roster = read_roster(session, context.policy.contacts, context.now())
    held = {role: roster.who(role, context.now()) for role in (*LADDER, Role.SECONDARY)}
    return oncall_forms.escalate_fields({role: ", ".join(one.name for one in who) for role, who in held.items()})


SUBCOMMANDS = (
    Subcommand(
        "oncall",
        "oncall override @someone until tomorrow 9:00 as team lead",
        "Who is on call, now and next; `override` changes it for a while, `oncall remove @someone` changes it back; "
        "`oncall test` pages you by every method, as a test.",
        answer=_oncall,
        appoints=_appointed,
        aliases=("on-call", "who"),
        anywhere=True,
        act=Act.OVERRIDE,
        reads=ALONE,
        menu={
            "who": Shown(label="Who is on call", group=Group.LOOK_UP, where=OF_INCIDENT | ELSEWHERE),
            "override": Form(
                label="Put somebody on call",
                group=Group.PEOPLE,
                where=OPEN_OR_ELSEWHERE,
                fields=_override_fields,
                words=oncall_forms.override_words,
                person=oncall_forms.WHO,
                check=_check_override,
            ),
            "remove": Form(
                label="End an override",
                group=Group.PEOPLE,
                where=ELSEWHERE,
                fields=_remove_fields,
                words=oncall_forms.remove_words,
                submit="End override",
            ),
            "test": Form(
                label="Send a test page",
                group=Group.PEOPLE,
                where=OPEN_OR_ELSEWHERE,
                fields=lambda _session, _context, user_id, _row: oncall_forms.test_fields(user_id),
                words=oncall_forms.test_words,
                submit="Send",
            ),
        },
    ),
    Subcommand(
        "escalate",
        "escalate VP payments are down",
        "Page a role now; without a role, the next one in line.",
        answer=_escalate,
        aliases=("page",),
        menu={
            "role": Form(
                label="Page somebody now",
                group=Group.PEOPLE,
                where=OPEN,
                fields=_escalate_fields,
                words=oncall_forms.escalate_words,
                submit="Page",
            )
        },
    ),
    Subcommand(
        "escalation",
        "escalation",
        "Who was paged, who is next, and why.",
        answer=_escalation,
        act=Act.READ,
        menu={"ladder": Shown(label="Who was paged", group=Group.LOOK_UP, where=OF_INCIDENT)},
    ),
)


def page_now(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """From the card of an incident that waits for business hours: the on-call engineer is paged now."""
    row = incidents.get_for_change(session, int(value))
    key = f"card-{row.incident_id}-{row.episode}"
    ping, fresh = plan.escalate_by_hand(session, row, Role.ON_CALL, "", user_id, key, now)
    refresh_card(session, row)
    return None if fresh else oncall.paged_already(ping.asked_by)


def _of_ping(session: Session, value: str) -> IncidentRow:
    return incidents.get(session, pings.get(session, number_at(value, 0)).incident_id)


PRESSES = {
    "page_why": Press(why_me, Act.READ, _of_ping, f"{ID}(:{ID})?"),
    "page_now": Press(page_now, Act.CHANGE, incident_at(0), ID),
}
