"""The room's subcommands: notes at their time, parts, catching up, lists, false alarms, duplicates."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.errors import BadRequest, UnknownIncident
from bot.escalation.flows import people
from bot.escalation.flows.roster import zone_of
from bot.escalation.queries import pings, roster
from bot.incidents import visibility
from bot.incidents.commands import Asked, Subcommand, incident_of, is_insider
from bot.incidents.flows import backdating
from bot.incidents.flows.record import pin_changed
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status, is_private
from bot.incidents.rules.responders import EXPECTED, Part, mentioned_person, parse_part
from bot.incidents.rules.timeline import Entry, Kind
from bot.lifecycle.flows import end, responders
from bot.lifecycle.messages import channel
from bot.lifecycle.messages.forms import LONGEST_FIELD
from bot.reviews.flows.drafting import redraft_later
from bot.reviews.rules.notes import check_note
from bot.slack.client import Message
from bot.slack.reporting import told
from bot.slack.text import person, shorten
from bot.slack.whispers import answer_press
from bot.stakeholders.flows import notify
from bot.store.outbox import enqueue
from bot.store.tables import IncidentRow
from bot.text.markup import escape, plain_text
from bot.text.past_instants import leading_past, parse_past

_REF = re.compile(r"\b((?:INC|SEC)-\d{4}-\d{1,6})\b", re.IGNORECASE)
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


def _zone(desk: Desk) -> ZoneInfo:
    return zone_of(desk.policy.contacts, desk.policy.calendar.zone)


def _note(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    if not asked.rest:
        raise BadRequest(
            "Say what to note: `/incident note rolled back to build 212`, or when it was: `/incident note at 14:20 …`."
        )
    at, text = leading_past(asked.rest, asked.now, _zone(asked.desk))
    if not text:
        raise BadRequest("Say what happened then: `/incident note at 14:20 rolled back to build 212`.")
    labelled = check_note(plain_text(text), row.declared_at)
    backdating.note(session, row, text, asked.user_id, at, asked.now, f"command:{asked.trigger_id}")
    late = _elsewhere(row) + redraft_later(session, row)
    if labelled:
        return f"{labelled}{late}"
    before = " That is before it was declared; it goes first." if at is not None and at < row.declared_at else ""
    when = f" at {at:%Y-%m-%d %H:%M} UTC" if at is not None else ""
    return f"Noted on the timeline of {row.ref}{when}.{before}{late}"


def _elsewhere(row: IncidentRow) -> str:
    """Where an incident goes on that was merged into another; empty for any other."""
    target = row.goes_on_in if row.merged_into is not None else None
    if target is None:
        return ""
    if is_private(target.ref) and not is_private(row.ref):
        return f" {row.ref} was merged into another, which goes on."
    there = f" in <#{target.channel_id}>" if target.channel_id else ""
    return f" {row.ref} was merged into {target.ref}, which goes on{there}."


def _role(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    if not asked.rest:
        held = visibility.list_roles(session, row.incident_id)
        lines = [f"*{part.value}* {person(held.get(part.value))}: {EXPECTED[part]}" for part in Part]
        return "\n".join([f"Roles of {row.ref}. Take one with `/incident role scribe`.", *lines])
    mentioned = mentioned_person(asked.rest)
    part, name = parse_part(plain_text(re.sub(r"<@[^>]*>", " ", asked.rest)))
    if mentioned is None and name and name.lower() not in ("me", "myself", "i"):
        mentioned = people.find_person(session, name, asked.desk.policy.contacts, asked.now)
    return responders.assign(session, row, part, mentioned or asked.user_id, asked.user_id, asked.now)


def _catchup(session: Session, asked: Asked) -> Message:
    row = incident_of(session, asked)
    entries = timeline.list_entries(session, row.incident_id)
    facts = channel.Brief(
        incident=incidents.facts(row),
        parts=visibility.list_roles(session, row.incident_id) | ({"commander": row.commander} if row.commander else {}),
        latest=_worth_telling(entries),
        missing=_missing(session, asked, row),
    )
    return channel.brief(facts, asked.now)


def _worth_telling(entries: Sequence[Entry]) -> list[Entry]:
    """Key entries, and the latest of those that tell how it went; in time order."""
    key = [entry for entry in entries if entry.key][-_LATEST:]
    telling = [entry for entry in entries if entry.kind in _TELLING and not entry.key][-_LATEST:]
    return sorted([*key, *telling], key=lambda entry: (entry.at, entry.entry_id))


def _missing(session: Session, asked: Asked, row: IncidentRow) -> list[str]:
    """What is open: sentences with what to type."""
    found = []
    if not Status(row.status).is_open:
        left = asked.desk.policy.notices.checklist.keys() - notify.ticks(session, row.incident_id, row.episode).keys()
        return [f"{len(left)} points of the checklist are not ticked."] if left and row.resolved_at else []
    if row.acknowledged_at is None:
        found.append("Nobody has acknowledged: `/incident ack`.")
    if row.commander is None:
        found.append("Nobody commands: `/incident role commander`.")
    offer = roster.find_offered(session, row.incident_id)
    if offer is not None:
        found.append(f"Command is offered to {person(offer.to_user)}, who has not accepted.")
    found += [f"No {name} is recorded: `/incident {name} …`." for name in ("impact", "cause") if not getattr(row, name)]
    if row.told_at is None and row.severity in asked.desk.policy.notices.remind_every:
        found.append("Stakeholders have not been told: `/incident update …`.")
    planned = [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.PLANNED]
    if planned:
        soon = min(planned, key=lambda ping: ping.due_at)
        found.append(f"The {soon.role} is next to be told, at {soon.due_at:%H:%M} UTC unless it is resolved.")
    return found


def _list(session: Session, asked: Asked) -> Message:
    words = asked.rest.lower().split()
    number = next((int(word) for word in words if word.isdecimal() and len(word) < 6), 1)
    which = "closed" if {"closed", "resolved", "over", "past"} & set(words) else "mine" if "mine" in words else "open"
    return _page(session, asked.desk, which, number, asked.user_id, asked.now)


def _page(session: Session, desk: Desk, which: str, number: int, user_id: str, now: datetime) -> Message:
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


def turn_page(desk: Desk, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]) -> None:
    """Next or earlier page, in place of the one that is shown."""
    user_id = body["user"]["id"]
    said: list[str | Message] = []
    with told(said.append, user=user_id):
        which, _, number = action["value"].partition(":")
        with desk.database.transaction() as session:
            said.append(_page(session, desk, which, int(number), user_id, desk.now()))
    answer_press(ack, respond, said)


def _false_alarm(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    return end.false_alarm(session, row, asked.user_id, asked.desk.policy, asked.now, plain_text(asked.rest))


def _merge(session: Session, asked: Asked) -> str:
    """`merge REF` in the duplicate's own channel, or `merge DUPLICATE REF` anywhere."""
    refs = [ref.upper() for ref in _REF.findall(" ".join(part for part in (asked.ref, asked.rest) if part))]
    here = incidents.find_by_channel(session, asked.channel_id)
    if not refs or len(refs) > 2 or (len(refs) == 1 and here is None):
        raise BadRequest(
            "Name the incident that goes on: `/incident merge INC-2026-0001` in the duplicate's channel, or both "
            "anywhere: `/incident merge INC-2026-0002 into INC-2026-0001`."
        )
    found = [incidents.find_by_ref(session, ref) for ref in refs]
    rows = [row for row in found if row is not None and is_insider(session, asked, row)]
    if len(rows) < len(refs):
        known = {row.ref for row in rows}
        raise UnknownIncident(f"There is no incident {next(ref for ref in refs if ref not in known)}.")
    duplicate, target = (rows[0], rows[1]) if len(rows) == 2 else (here or rows[0], rows[0])
    return end.merge(session, duplicate.incident_id, target.incident_id, asked.user_id, asked.desk.policy, asked.now)


def tick(session: Session, desk: Desk, value: str, user_id: str, now: datetime) -> str | None:
    incident_id, episode, item = value.split(":", 2)
    row = incidents.get_for_change(session, int(incident_id))
    notify.tick(session, row, int(episode), item, user_id, desk.policy.notices.checklist, now)
    return None  # the list shows it


def mark_key(session: Session, desk: Desk, value: str, user_id: str, now: datetime) -> str | None:
    """From an offer: as if that person had set the pushpin."""
    incident_id, ts = value.split(":", 1)
    row = incidents.get(session, int(incident_id))
    if row.channel_id is not None:
        pin_changed(session, row.channel_id, ts, user_id, True, now, f"offer:{incident_id}:{ts}:{user_id}")
    return "Marked as key. Take it back by adding and removing a :pushpin: on the message."


def entry_form(desk: Desk, user_id: str, channel_id: str, message: dict[str, Any]) -> dict[str, Any]:
    """The form of the message shortcut "Add to timeline". Raises UnknownIncident where none is open."""
    with desk.database.transaction() as session:
        here = incidents.find_by_channel(session, channel_id)
        entry = timeline.find_by_message(session, here.incident_id, message["ts"]) if here else None
        rows = [here] if here else list(visibility.list_page(session, user_id, limit=50)[0])
        if not rows:
            raise UnknownIncident("No incident is open. `/incident declare …` starts one.")
        at, text = datetime.fromtimestamp(float(message["ts"]), tz=desk.now().tzinfo), message.get("text") or ""
        if entry is not None:
            shown = next(
                (e for e in timeline.list_entries(session, entry.incident_id) if e.entry_id == entry.entry_id), None
            )
            at, text = (shown.at, shown.text) if shown else (entry.at, entry.text)
        choices = [incidents.facts(row) for row in rows]
    when = f"{at.astimezone(_zone(desk)):%Y-%m-%d %H:%M}"
    metadata = {
        "channel": channel_id,
        "ts": message["ts"],
        "author": message.get("user"),
        "entry": entry.entry_id if entry else None,
        "incident": choices[0].incident_id,
        "when": when,
    }
    return channel.entry_form(choices, choices[0].incident_id, plain_text(text), when, metadata, entry is not None)


def entry_saved(
    session: Session, desk: Desk, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    """Add the message to a timeline at the time that was said, or correct the entry that it is."""
    opened = json.loads(view["private_metadata"])
    row = incidents.get_for_change(session, int(values.get("incident") or opened["incident"]))
    at = parse_past(values["when"], now, _zone(desk))
    key = f"view:{view.get('root_view_id') or view['id']}"
    text = escape(values["text"])
    if opened["entry"] is not None:
        # A time that was not touched is kept to the second.
        moved = at if values["when"] != opened["when"] else None
        # So are words that were not touched: the form showed them plain, without their links and mentions.
        said = text if values["text"] != _shown_plain(session, row, int(opened["entry"])) else ""
        backdating.correct(session, row, int(opened["entry"]), user_id, now, key, moved, said)
    else:
        backdating.note(session, row, text, user_id, at, now, key)
    redraft_later(session, row)


def _shown_plain(session: Session, row: IncidentRow, entry_id: int) -> str:
    """An entry's words as the form shows them."""
    entries = timeline.list_entries(session, row.incident_id)
    return next((shorten(plain_text(e.text), LONGEST_FIELD).strip() for e in entries if e.entry_id == entry_id), "")


def draw_home(session: Session, user_id: str) -> None:
    """Have App Home drawn; opened several times at once, it is drawn once."""
    enqueue(session, "slack.home", lock=f"home-{user_id}", once=f"home-{user_id}", priority=1, user_id=user_id)


SUBCOMMANDS: dict[str, Subcommand] = {
    "note": _note,
    "role": _role,
    "catchup": _catchup,
    "list": _list,
    "false-alarm": _false_alarm,
    "merge": _merge,
}
ALIASES = {
    "roles": "role",
    "catch-up": "catchup",
    "summary": "catchup",
    "brief": "catchup",
    "ls": "list",
    "falsealarm": "false-alarm",
    "false": "false-alarm",
    "duplicate": "merge",
}
