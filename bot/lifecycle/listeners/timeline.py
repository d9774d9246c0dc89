"""/incident note, the form of a timeline entry, and marking what was offered as key."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, UnknownIncident
from bot.incidents import messages as incident_messages
from bot.incidents import visibility
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.flows import backdating
from bot.incidents.flows.record import pin_changed
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.interactions import ID, Press, Submission, incident_at, number_at
from bot.incidents.menu import OF_INCIDENT, Form, Group, at_field
from bot.incidents.messages import ENTRY, NONE_OPEN
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_private
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages import changes
from bot.lifecycle.messages.menu import forms as command_forms
from bot.reviews.flows.drafting import redraft_later
from bot.reviews.messages.review import left_as_approved
from bot.reviews.rules.notes import check_note, in_utc
from bot.slack.blocks import Block
from bot.slack.forms import LONGEST_FIELD, Values
from bot.slack.incoming import words_of
from bot.slack.queries import names_in
from bot.text.instants import leading_past, parse_past, zone_name
from bot.text.markup import at_of, escape, plain_text


def _note(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    if not command.rest:
        raise BadRequest(changes.SAY_WHAT)
    zone = time_zone_of(session, command.context, command.user_id)
    at, text = leading_past(command.rest, command.now, zone)
    if not text:
        raise BadRequest(changes.SAY_WHAT_THEN)
    text = in_utc(text, command.now, zone, row.declared_at)
    labelled = check_note(plain_text(text), row.declared_at)
    backdating.note(session, row, text, command.user_id, at, command.now, f"command:{command.trigger_id}")
    late = _elsewhere(row) + ("" if redraft_later(session, row) else left_as_approved(row.ref))
    if labelled:
        return f"{labelled}{late}"
    return changes.noted(row.ref, at, row.declared_at, zone) + late


def _elsewhere(row: IncidentRow) -> str:
    """Where an incident goes on that was merged into another; empty for any other."""
    target = row.goes_on_in if row.merged_into is not None else None
    if target is None:
        return ""
    hidden = is_private(target.ref) and not is_private(row.ref)
    return changes.goes_on(row.ref, None if hidden else target.ref, target.channel_id)


def mark_key(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """From an offer: as if that person had set the pushpin."""
    incident_id, ts = value.split(":", 1)
    row = incidents.get(session, int(incident_id))
    if row.channel_id is not None:
        pin_changed(session, row.channel_id, ts, user_id, True, now, f"offer:{incident_id}:{ts}:{user_id}")
    return changes.MARKED_KEY


def entry_form(context: AppContext, user_id: str, channel_id: str, message: dict[str, Any]) -> dict[str, Any]:
    """The form of the message shortcut "Add to timeline". Raises UnknownIncident where none is open."""
    with context.database.transaction() as session:
        here = incidents.find_by_channel(session, channel_id)
        entry = timeline.find_by_message(session, here.incident_id, message["ts"]) if here else None
        rows = [here] if here else list(visibility.list_rows(session, user_id, limit=50))
        if not rows:
            raise UnknownIncident(NONE_OPEN)
        at, text = datetime.fromtimestamp(float(message["ts"]), tz=context.now().tzinfo), words_of(message)
        if entry is not None:
            shown = timeline.find_entry(session, entry.incident_id, entry.entry_id)
            at, text = (shown.at, shown.text) if shown else (entry.at, entry.text)
        choices = [incidents.facts(row) for row in rows]
        zone = time_zone_of(session, context, user_id)
        plain = plain_text(text, names_in(session, text))
    when = f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    metadata = {
        "channel": channel_id,
        "ts": message["ts"],
        "author": message.get("user"),
        "entry": entry.entry_id if entry else None,
        "incident": choices[0].incident_id,
        "when": when,
    }
    return incident_messages.entry_form(
        choices, choices[0].incident_id, plain, when, metadata, entry is not None, zone_name(zone)
    )


def entry_saved(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    """Add the message to a timeline at the time that was said, or correct the entry that it is."""
    opened = json.loads(view["private_metadata"])
    row = incidents.get_for_change(session, int(values.get("incident") or opened["incident"]))
    zone = time_zone_of(session, context, user_id)
    at = parse_past(values["when"], now, zone) if values["when"] != opened["when"] else None
    key = f"view:{view.get('root_view_id') or view['id']}"
    typed = incident_messages.words_typed(values)
    text = escape(typed)
    if opened["entry"] is not None:
        # A time that was not touched is kept to the microsecond.
        # So are words that were not touched: the form showed them plain, without their links and mentions.
        said = text if typed != _shown_plain(session, row, int(opened["entry"])) else ""
        backdating.correct(session, row, int(opened["entry"]), user_id, now, key, at, said)
    else:
        # The form shows seconds; a time that was not touched is the message's own, to the microsecond.
        said_at = at or min(at_of(opened["ts"]), now)
        backdating.note(session, row, text, user_id, said_at, now, key)
    redraft_later(session, row)


def _shown_plain(session: Session, row: IncidentRow, entry_id: int) -> str:
    """An entry's words as the form shows them."""
    shown = timeline.find_entry(session, row.incident_id, entry_id)
    plain = plain_text(shown.text, names_in(session, shown.text)).strip() if shown else ""
    return plain if len(plain) <= LONGEST_FIELD else ""  # a longer one is not in the field: empty, it was not touched


def _note_fields(session: Session, context: AppContext, user_id: str, row: IncidentRow | None) -> list[Block]:
    over = row is not None and row.resolved_at is not None
    return command_forms.note_fields(zone_name(time_zone_of(session, context, user_id)), over)


def _check_note(session: Session, context: AppContext, user_id: str, now: datetime, values: Values) -> None:
    with at_field(command_forms.WHEN):
        if when := values[command_forms.WHEN]:
            parse_past(when, now, time_zone_of(session, context, user_id))


SUBCOMMANDS = (
    Subcommand(
        "note",
        "note at 14:20 rolled back build 212",
        "Add a note to the timeline, for now or for an earlier time.",
        answer=_note,
        menu={
            "new": Form(
                label="Note",
                group=Group.RECORD,
                where=OF_INCIDENT,
                fields=_note_fields,
                words=command_forms.note_words,
                check=_check_note,
            )
        },
    ),
)


def _of_entry(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    """The one that was chosen, or the one whose channel it was."""
    chosen = values.get("incident") or json.loads(view["private_metadata"])["incident"]
    return incidents.get(session, number_at(str(chosen), 0))


PRESSES = {"key_mark": Press(mark_key, Act.CHANGE, incident_at(0), rf"{ID}:\d{{1,12}}\.\d{{1,9}}")}
SUBMISSIONS = {ENTRY: Submission(entry_saved, "when", Act.CHANGE, _of_entry)}
