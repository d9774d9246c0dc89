"""An incident's headline, lines in its channel, entries of its timeline. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.incidents.rules.incident import Incident, is_drill
from bot.incidents.rules.timeline import Entry, Kind, Line, diagnoses, folded, resource_in
from bot.incidents.tables import IncidentRow
from bot.slack.blocks import button, context, option, section, select
from bot.slack.client import Message
from bot.slack.forms import field, form, text_field, text_in_parts
from bot.slack.refusals import Refusal
from bot.slack.text import code, fit, person, plain, shorten, unturned
from bot.text.durations import span
from bot.text.markup import escape, harmless, instant

NONE_OPEN = "No incident is open. `/incident declare …` starts one."
NONE_CLOSED = "No incident has been closed yet."
FILL_IN = "Fill this in."
_LONGEST_ANNOUNCEMENT = 1200  # characters of markup: about a screen of a phone


def drill_mark(incident: Incident) -> str:
    """What everything begins with that a drill says; empty for a real incident."""
    return "*DRILL* · " if incident.drill else ""


_MARKED = re.compile(r"(?::[\w+-]+: )?\*?DRILL\b")


def marked(message: Message, ref: str) -> Message:
    """The message, and where it is about a drill, beginning with DRILL: for notifications and on the screen."""
    if not is_drill(ref):
        return message
    text = message.text if _MARKED.match(message.text) else f"DRILL: {message.text}"
    first, rest = message.blocks[:1], message.blocks[1:]
    shown = str((first[0].get("text") or {}).get("text", "")) if first else ""
    if not first or _MARKED.match(shown):
        return Message(text, message.blocks)
    if first[0]["type"] != "section" or not shown:
        return Message(text, (section("*DRILL*"), *message.blocks))
    return Message(text, ({**first[0], "text": {**first[0]["text"], "text": f"*DRILL* · {shown}"}}, *rest))


def marked_text(text: str, ref: str) -> str:
    """The same for an answer of plain markup; nothing stays nothing."""
    return f"*DRILL* · {text}" if text and is_drill(ref) and not _MARKED.match(text) else text


def headline(incident: Incident) -> str:
    return f"{drill_mark(incident)}*{incident.severity}* · {incident.ref} · {plain(shorten(incident.title, 200))}"


def announcements(lines: Sequence[Line], now: datetime) -> Message:
    """Lines in the incident's channel about what happened; each says when it is posted late.

    Whoever did it is named, not mentioned: they know. Of an impact or a note that is longer than a screen the channel
    gets the beginning, and where the rest of it is.
    """
    shown = "\n".join(_announcement(line, now) for line in lines)
    return Message(shown, (section(shown),))


def line_of_note(line: Line) -> str:
    """A note on the card: when, by whom (named where the name is known, as an edit mentions nobody), its beginning."""
    said = fit(" ".join(unturned(harmless(line.text)).split()), _LONGEST_LINE)
    by = escape(line.name) if line.name else person(line.author) if line.author else ""
    return f"{instant(line.at)} {f'{by}: ' if by else ''}{said}"


def _announcement(line: Line, now: datetime) -> str:
    text = harmless(line.text)
    if line.author and line.name:
        text = text.replace(f"<@{line.author}>", escape(line.name))
    shown, late = unturned(text), now - line.at
    if len(shown) > _LONGEST_ANNOUNCEMENT:
        shown = f"{fit(shown, _LONGEST_ANNOUNCEMENT)} _(The rest is on the timeline.)_"
    if late > timedelta(minutes=5):
        shown = f"{shown} _(posted {span(late)} later)_"
    return shown


def told(incident: Incident, text: str) -> Message:
    """An entry of the timeline for one person, outside the channel."""
    where = f" · <#{incident.channel_id}>" if incident.channel_id else ""
    return Message(text, (section(f"{drill_mark(incident)}*{incident.severity}* · {incident.ref}{where}\n{text}"),))


def kept_out(incident: Incident, archived: bool, here: bool) -> str:
    """That what is said in the channel is not recorded, and what to do; empty where it is. `here`: read in it."""
    trouble = incident.channel_trouble or ("is_archived" if archived else "")
    if not incident.channel_id or not trouble:
        return ""
    refusal = Refusal("conversations.info", trouble)
    channel = "this channel" if here else f"<#{incident.channel_id}>"
    return f":warning: What people say in {channel} is not recorded: {refusal.reason}. {refusal.advice}"


def cannot_be_appointed(user_id: str, refusal: Refusal) -> str:
    """Nothing was changed: Slack says that this person cannot take part."""
    return f"{person(user_id)} can't be assigned: {refusal.reason}. {refusal.advice} Nothing was changed."


def bring_in(user_id: str, channel_id: str) -> str:
    """Completes "Tocsin couldn't …"."""
    return f"invite {person(user_id)} to <#{channel_id}>"


ENTRY = "entry_view"


_LONGEST_LINE = 220


_LABELS = {Kind.IMPACT_RECORDED: "Impact", Kind.CAUSE_RECORDED: "Cause", Kind.RESOLUTION_RECORDED: "Resolution"}


def entry_line(entry: Entry) -> str:
    """One line of a timeline, in each reader's own time."""
    mark = ":pushpin: " if entry.key else ""
    text = fit(" ".join(harmless(entry.text).split()), _LONGEST_LINE)
    if entry.kind in _LABELS:
        text = f"{_LABELS[entry.kind]}: {text}"
    elif entry.kind in (Kind.MESSAGE_POSTED, Kind.NOTED) and entry.author:
        text = f"{person(entry.author)}: {text}"
    return f"{instant(entry.at)} {mark}{text}"


def entry_form(
    incidents: Sequence[Incident],
    chosen: int | None,
    text: str,
    when: str,
    metadata: Mapping[str, Any],
    known: bool,
    zone: str,
) -> dict[str, Any]:
    """Add a message to a timeline, or put the entry right that it is. `when` is how its time is typed, in `zone`."""
    choices = [option(f"{item.ref} {item.title}", str(item.incident_id)) for item in incidents[:100]]
    which = [field("incident", "Incident", select("Incident", "incident", choices, str(chosen) if chosen else None))]
    hint = "Already on the timeline. Your edit is saved; the original is kept." if known else ""
    blocks = [
        *([context(hint)] if hint else []),
        *(which if len(choices) > 1 else [section(headline(incidents[0]))]),
        text_field(
            "when",
            f"When did it happen? ({zone})",
            initial=when,
            limit=60,
            placeholder="14:20, 10 min ago, yesterday 23:50 CET",
        ),
        *_what_happened(text, known),
    ]
    title = "Edit timeline entry" if known else "Add to timeline"
    return form(ENTRY, title, "Save" if known else "Add", json.dumps(dict(metadata)), blocks)


def _what_happened(text: str, known: bool) -> list[dict[str, Any]]:
    """The words: those of an entry may be left as they are; a message that no field holds takes several."""
    if known:
        return [text_field("text", "What happened?", multiline=True, initial=text)]
    first, *more = text_in_parts(text)
    return [
        text_field("text", "What happened?", multiline=True, initial=first),
        *(
            text_field(f"text_{number}", "Continued", multiline=True, optional=True, initial=part)
            for number, part in enumerate(more, start=2)
        ),
    ]


def words_typed(values: Mapping[str, str]) -> str:
    """What the fields of `entry_form` say together."""
    names = sorted((name for name in values if name.startswith("text_")), key=lambda name: int(name[5:]))
    return "\n".join(part for part in (values["text"], *(values[name] for name in names)) if part)


def key_offer(text: str, value: str) -> Message:
    """Asked of whoever wrote something that reads like a key moment; nothing is assumed."""
    said = f"“{plain(shorten(text, 120))}” reads like a key moment. Mark it for the review?"
    return Message(said, (section(said, button("Mark as key", "key_mark", value)),))


_SHOWN = 20  # entries of a timeline shown in Slack; the review has them all


def no_incident(word: str, ref: str | None, rows: Sequence[IncidentRow], rest: str = "", closed: bool = False) -> str:
    """Which ones there are, with what was typed in the example. `closed`: `rows` were closed recently."""
    what = f"There is no incident {escape(ref)}." if ref else "This isn't an incident channel."
    if not rows:
        return f"{what} {NONE_CLOSED if closed else NONE_OPEN}"
    names = ", ".join(row.ref for row in rows)
    typed = " ".join(["/incident", shorten(word, 20), rows[0].ref, *([shorten(rest, 80)] if rest else [])])
    return f"{what} {'Recently closed' if closed else 'Open now'}: {names}. Name one, as in {code(typed)}"


def timeline(row: IncidentRow, entries: Sequence[Entry], earlier: int = 0, page: str | None = None) -> str:
    """The latest of `entries`, oldest first, with what was left out counted; `earlier` are before `entries`.

    `page` is the address of the incident's page, which has them all; None where pages are off.
    """
    lines = [f"*Timeline of {row.ref}*"]
    folds = folded(_diagnoses_as_one(entries))
    if (left_out := max(0, len(folds) - _SHOWN) + earlier) > 0:
        where = f"are on <{escape(page)}|the page of {row.ref}>" if page else _elsewhere(row)
        lines.append(f"_{left_out:,} earlier entries {where}._")
    shown, since = folds[-_SHOWN:], "recently" if earlier else "so far"
    lines += [entry_line(entry) + (f" ({times} times {since})" if times > 1 else "") for entry, times in shown]
    return "\n".join(lines)


def _diagnoses_as_one(entries: Sequence[Entry]) -> list[Entry]:
    """The findings of one diagnosis as one entry that says how many: what people did must be seen beside them."""
    several = [found for found in diagnoses(entries) if len(found) > 1]
    first = {found[0].entry_id: found for found in several}
    others = {entry.entry_id for found in several for entry in found[1:]}
    kept = [entry for entry in entries if entry.entry_id not in others]
    return [_as_one(first[entry.entry_id]) if entry.entry_id in first else entry for entry in kept]


def _as_one(found: Sequence[Entry]) -> Entry:
    resource, says = resource_in(found[0])
    return replace(found[0], text=f"AWS{f', {resource}' if resource else ''}: {len(found)} findings, first: {says}")


def _elsewhere(row: IncidentRow) -> str:
    return "are in the review" if row.closed_at else f"are shown by `tocsin incident show {row.ref}`"


# What the timeline says, and why something was refused


def note_line(author: str, text: str, when: str) -> str:
    """`text` pings nobody; `when` is empty for a note of now."""
    return f"Note by {person(author)}{f' for {when}' if when else ''}: {text}"


def reopen_first(ref: str, status: str) -> str:
    return f"{ref} is {status}. Reopen it first: `/incident reopen`."


def corrected(by: str, changes: Sequence[str]) -> str:
    """`changes`: what became of the time and of the words."""
    return f"{person(by)} corrected a timeline entry: {', '.join(changes)}."


def time_corrected(before: str, after: str) -> str:
    return f"its time from {before} to {after}"


def words_corrected(text: str) -> str:
    return f"its text to “{text}”"


NOT_CORRECTABLE = "Tocsin recorded this entry itself, so it can't be edited. Add a note instead: `/incident note …`."
NOT_SHOWN = "Its message was deleted in Slack, so it can't be edited. Add a note instead: `/incident note …`."
STILL_TO_COME = "That time is in the future. Type when it happened: `at 14:20` or `10 min ago`."


def too_early(ref: str, declared_at: datetime, before: timedelta, earliest: timedelta) -> str:
    """`before`: how long before the declaration; `earliest`: how long before it a timeline may begin."""
    return (
        f"That is {span(before)} before {ref} was declared ({declared_at:%Y-%m-%d %H:%M} UTC). "
        f"The earliest allowed is {span(earliest)} before it was declared. Check the date."
    )
