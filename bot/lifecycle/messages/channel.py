"""The room's own messages and forms: catching up, lists, the checklist, notices and their forms, timeline entries.

Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.incidents.rules.incident import Incident
from bot.incidents.rules.responders import Part
from bot.incidents.rules.timeline import Entry, Kind
from bot.lifecycle.messages.card import Block, actions, button, context, headline, option, section, select
from bot.lifecycle.messages.forms import field, form, text_field
from bot.slack.client import Message
from bot.slack.text import bold, fit, instant, person, plain, shorten, slanted, span
from bot.stakeholders.rules import Notice
from bot.text.markup import escape, harmless

NOTICE, ENTRY = "notice_view", "entry_view"
PREVIEW = "preview"
# The fields of a notice's form: their labels, and the kinds of notice that have them.
NOTICE_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "news": ("What is new?", ("update",)),
    "impact": ("Impact", ("update", "resolved")),
    "cause": ("Root cause", ("resolved",)),
    "resolution": ("Resolution", ("resolved",)),
    "next_steps": ("Next steps", ("update", "resolved")),
}
PAGE = 10  # incidents on one page of a list
_LONGEST_LINE = 220
_ANEW = "What you had seen is no longer so: this is how it would go out now. Read it, and press Send again."
_LABELS = {Kind.IMPACT_RECORDED: "Impact", Kind.CAUSE_RECORDED: "Cause", Kind.RESOLUTION_RECORDED: "Resolution"}


@dataclass(frozen=True, slots=True)
class Brief:
    """What somebody who arrives late has to know. `missing` are sentences with what to type."""

    incident: Incident
    parts: Mapping[str, str]  # user id by role
    latest: Sequence[Entry]
    missing: Sequence[str]


def brief(facts: Brief, now: datetime) -> Message:
    """The private answer to /incident catchup: where it stands, who does what, what happened, what is open."""
    incident = facts.incident
    until = incident.resolved_at or now
    took = f"{'took' if incident.resolved_at else 'open for'} {span(until - incident.declared_at)}"
    stands = f"{incident.status}, {took}{incident.again}"
    who = [f"{part.value.capitalize()}: {person(facts.parts.get(part.value))}" for part in Part]
    known = [("Impact", incident.impact), ("Cause", incident.cause), ("Resolution", incident.resolution)]
    lines = [f"*{name}:* {plain(shorten(text, 400))}" for name, text in known if text]
    blocks = [section(f"{headline(incident)}\n{stands}\n{'. '.join(who)}.")]
    if lines:
        blocks.append(section("\n".join(lines)))
    if facts.latest:
        blocks.append(section("\n".join(["*So far*", *(entry_line(entry) for entry in facts.latest)])))
    if facts.missing:
        blocks.append(section("\n".join(["*Open*", *(f"• {sentence}" for sentence in facts.missing)])))
    return Message(f"{incident.severity} {incident.ref}: {stands}", tuple(blocks))


def entry_line(entry: Entry) -> str:
    """One line of a timeline, in each reader's own time."""
    mark = ":pushpin: " if entry.key else ""
    text = fit(" ".join(harmless(entry.text).split()), _LONGEST_LINE)
    if entry.kind in _LABELS:
        text = f"{_LABELS[entry.kind]}: {text}"
    elif entry.kind in (Kind.MESSAGE_POSTED, Kind.NOTED) and entry.author:
        text = f"{person(entry.author)}: {text}"
    return f"{instant(entry.at)} {mark}{text}"


def listing(rows: Sequence[Incident], total: int, page: int, which: str, now: datetime) -> Message:
    """One page of incidents; `which` is open, closed or mine, and the buttons turn the page."""
    if not rows:
        text = {
            "closed": "No incident is over yet.",
            "mine": "No open incident is yours. `/incident list` shows all that are open.",
        }.get(which, "No incident is open. `/incident declare …` starts one.")
        return Message(text, (section(text),))
    pages = (total + PAGE - 1) // PAGE
    lines = [_listed(row, now) for row in rows]
    blocks: list[Block] = [section("\n".join(lines))]
    turns = [
        *([button("Earlier page", "list_back", f"{which}:{page - 1}")] if page > 1 else []),
        *([button("Next page", "list_next", f"{which}:{page + 1}")] if page < pages else []),
    ]
    if pages > 1:
        blocks.append(context(f"Page {page} of {pages}, {total} in all. `/incident list {which} {page}` is this one."))
    if turns:
        blocks.append(actions("list_pages", *turns))
    return Message("\n".join(lines), tuple(blocks))


def _listed(row: Incident, now: datetime) -> str:
    where = f" <#{row.channel_id}>" if row.channel_id else ""
    took = span((row.resolved_at or now) - row.declared_at)
    return f"*{row.severity}* · {row.ref} · {plain(shorten(row.title, 80))} · {row.stands}, {took}{row.again}{where}"


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up for a point of the checklist: in Slack's markup, when, and whether one can look again."""

    point: str
    text: str
    at: datetime | None
    again: bool


def checklist(
    incident: Incident,
    episode: int,
    items: Mapping[str, str],
    done: Mapping[str, tuple[str, datetime]],
    by: datetime,
    found: Found | None = None,
) -> Message:
    """What is to be true after resolving: one point a line, each with its tick. `done` is who ticked it and when."""
    left = len(items) - len(done.keys() & items.keys())
    title = f"*After resolving {incident.ref}*: " + (f"{left} to check by {instant(by)}" if left else "all checked")
    tell = button("Write the RESOLVED notice", "notice_form", f"resolved:{incident.incident_id}", "primary")
    blocks: list[Block] = [section(title)]
    for name, text in items.items():
        value = f"{incident.incident_id}:{episode}:{name}"
        if name in done:
            user_id, at = done[name]
            line = f":white_check_mark: {escape(text)}\n_{person(user_id)}, {instant(at)}_"
            blocks.append(section(line, button("Undo", "check_tick", value)))
        else:
            blocks.append(section(f":white_large_square: {escape(text)}", button("Done", "check_tick", value)))
        if found is not None and found.point == name:
            blocks.append(_found(found, f"{incident.incident_id}:{episode}"))
    blocks.append(actions("checklist_actions", tell))
    return Message(f"After resolving {incident.ref}: {left} to check", tuple(blocks))


def _found(found: Found, value: str) -> Block:
    seen = f"\n_Looked {instant(found.at)}_" if found.at else ""
    again = button("Look again", "alarms_look", value) if found.again else None
    return section(f"{found.text}{seen}", again)


def notice(sent: Notice, by: str, at: datetime) -> Message:
    """A notice in the stakeholder channel."""
    lines = "\n".join(f"{bold(name + ':')} {plain(shorten(words, 900))}" for name, words in sent.lines)
    return Message(
        plain(sent.subject),
        (section(bold(sent.subject)), section(lines), context(f"{person(by)} {instant(at)}")),
    )


def notice_told(sent: Notice, where: str) -> Message:
    """The same, mentioned in the incident's channel."""
    text = f"Stakeholders were told {where}: {slanted(shorten(sent.subject, 200))}"
    return Message(text, (section(text),))


def notice_form(
    incident: Incident, opened: Mapping[str, Any], preview: Notice, words: Mapping[str, str], where: str, mails: int
) -> dict[str, Any]:
    """The notice as it would go out now, its words to be changed, and where it goes; nothing is sent before Send.

    `opened` comes back with the form: "kind" names its fields, "changed" says that Send was pressed on facts of before.
    `words` are what the fields hold at first, whatever the preview says by now.
    """
    kind = opened["kind"]
    shown = "\n".join(f"{bold(name + ':')} {plain(shorten(text, 300))}" for name, text in preview.lines)
    fields = [
        text_field(name, label, multiline=True, optional=name != "news", initial=words.get(name), watched=True)
        for name, (label, kinds) in NOTICE_FIELDS.items()
        if kind in kinds
    ]
    goes = f"Goes to {where}" + (f" and {mails} mail address{'es' if mails != 1 else ''}." if mails else ".")
    private = " This is a security incident: its title is left out; check every word." if incident.private else ""
    head = section(f"{bold(preview.subject)}\n{shown}") | {"block_id": PREVIEW}
    anew = section(f":warning: {bold('Nothing was sent yet.')} {_ANEW}") | {"block_id": "anew"}
    first = [anew] if opened.get("changed") else []
    blocks = [*first, head, context(goes + private) | {"block_id": "goes"}, *fields]
    return form(NOTICE, "Tell stakeholders", "Send", json.dumps(dict(opened)), blocks)


def entry_form(
    incidents: Sequence[Incident], chosen: int | None, text: str, when: str, metadata: Mapping[str, Any], known: bool
) -> dict[str, Any]:
    """Add a message to a timeline, or put the entry right that it is. `when` is how its time is typed."""
    choices = [option(f"{item.ref} {item.title}", str(item.incident_id)) for item in incidents[:100]]
    which = [field("incident", "Incident", select("Incident", "incident", choices, str(chosen) if chosen else None))]
    hint = "It is on the timeline already: what you change here is kept beside what it said." if known else ""
    blocks = [
        *([context(hint)] if hint else []),
        *(which if len(choices) > 1 else [section(headline(incidents[0]))]),
        text_field(
            "when", "When did it happen?", initial=when, limit=60, placeholder="14:20, 10 min ago, yesterday 23:50 CET"
        ),
        text_field("text", "What happened?", multiline=True, initial=text),
    ]
    title = "Edit timeline entry" if known else "Add to timeline"
    return form(ENTRY, title, "Save" if known else "Add", json.dumps(dict(metadata)), blocks)


def alike_question(words: str, near: Incident, here: bool, value: str) -> Message:
    """Asked before a further incident is declared: whether it is that one. `here`: the question is in its room."""
    said = f"“{plain(shorten(words, 200))}”"
    if here:
        ask = f"This is the channel of {headline(near)}\nIs {said} a part of it? Nothing is declared yet."
    else:
        where = f" in <#{near.channel_id}>" if near.channel_id else ""
        ask = f"Open now and alike: {headline(near)}{where}\nIs {said} the same? Nothing is declared yet."
    pressed = [
        button(f"Add to {near.ref}", "declare_join", value, "primary"),
        button("Declare anyway", "declare_anyway", value),
        button("Cancel", "declare_cancel", value),
    ]
    hint = "`/incident declare! …` declares without asking."
    return Message(f"Is this {near.ref}?", (section(ask), actions("declare_question", *pressed), context(hint)))


def key_offer(text: str, value: str) -> Message:
    """Asked of whoever wrote something that reads like a key moment; nothing is assumed."""
    said = f"“{plain(shorten(text, 120))}” reads like a key moment. Mark it for the review?"
    return Message(said, (section(said, button("Mark as key", "key_mark", value)),))


def evidence(ref: str, steps: Sequence[tuple[str, str]]) -> Block:
    """The steps of the security playbook, for the card: title and time window."""
    lines = [
        f"{number}. {plain(title)}" + (f" _({window})_" if window else "")
        for number, (title, window) in enumerate(steps, 1)
    ]
    return section("\n".join([f"*{ref}*: keep the evidence, change nothing that you cannot undo.", *lines]))
