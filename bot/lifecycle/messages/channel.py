"""Catching up, lists of incidents, what is asked before a further one is declared, and the steps of evidence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incidents.messages import NONE_CLOSED, NONE_OPEN, entry_line, headline
from bot.incidents.rules.incident import COUNTED, Incident
from bot.incidents.rules.responders import ResponderRole
from bot.incidents.rules.timeline import Entry
from bot.slack.blocks import Block, actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import code, person, plain, shorten
from bot.text.durations import between, span
from bot.text.markup import escape
from bot.text.wording import counted

PAGE = 10  # incidents on one page of a list


@dataclass(frozen=True, slots=True)
class Missing:
    """What is still open: of an incident that is over, how many points of its checklist; of any other, the rest."""

    unchecked: int = 0
    acknowledgement: bool = False
    commander: bool = False
    offered_to: str | None = None  # a user id: who has not accepted command yet
    facts: tuple[str, ...] = ()  # impact and cause, where they are not recorded
    update: bool = False  # stakeholders have had none
    next_page: tuple[str, datetime] | None = None  # the role, and when it is paged


@dataclass(frozen=True, slots=True)
class Brief:
    """What somebody who arrives late has to know."""

    incident: Incident
    responders: Mapping[str, str]  # user id by role
    latest: Sequence[Entry]
    missing: Missing
    fields: str = ""  # the line of type and custom fields


def brief(facts: Brief, now: datetime) -> Message:
    """The private answer to /incident catchup: where it stands, who does what, what happened, what is open."""
    incident = facts.incident
    until = incident.resolved_at or now
    took = f"{'took' if incident.resolved_at else 'open for'} {between(incident.declared_at, until)}"
    stands = f"{incident.status}, {took}{incident.again}"
    who = [f"{part.value.capitalize()}: {person(facts.responders.get(part.value))}" for part in ResponderRole]
    known = [("Impact", incident.impact), ("Cause", incident.cause), ("Resolution", incident.resolution)]
    lines = [f"*{name}:* {plain(shorten(text, 400))}" for name, text in known if text]
    blocks = [section(f"{headline(incident)}\n{stands}\n{'. '.join(who)}.")]
    if facts.fields:
        blocks.append(context(facts.fields))
    if lines:
        blocks.append(section("\n".join(lines)))
    if facts.latest:
        blocks.append(section("\n".join(["*So far*", *(entry_line(entry) for entry in facts.latest)])))
    if open_points := _open_points(facts.missing):
        blocks.append(section("\n".join(["*Open*", *(f"• {sentence}" for sentence in open_points)])))
    return Message(f"{incident.severity} {incident.ref}: {stands}", tuple(blocks))


def _open_points(missing: Missing) -> list[str]:
    """Sentences with what to type."""
    found = []
    if missing.unchecked:
        found.append(f"{counted(missing.unchecked, 'checklist item')} not done.")
    if missing.acknowledgement:
        found.append("No one has acknowledged: `/incident ack`.")
    if missing.commander:
        found.append("No one is in command: `/incident role commander`.")
    if missing.offered_to is not None:
        found.append(f"Command is offered to {person(missing.offered_to)}, who has not accepted.")
    found += [f"No {name} is recorded: `/incident {name} …`." for name in missing.facts]
    if missing.update:
        found.append("Stakeholders have had no update: `/incident update …`.")
    if missing.next_page is not None:
        role, due_at = missing.next_page
        found.append(f"The {role} is paged next, at {due_at:%H:%M} UTC, unless it's resolved.")
    return found


def listing(
    rows: Sequence[Incident],
    total: int,
    page: int,
    which: str,
    now: datetime,
    types: Sequence[str] = (),
    narrowed: str = "",
    asked: int = 0,
) -> Message:
    """One page of incidents; `which` is open, closed or mine, and the buttons turn the page.

    `types` are what the type of each is called; `narrowed` are the filters, as one would type them.
    `asked` is the page that was asked for: where there are not so many, that is said.
    """
    if not rows:
        return _none_listed(which, narrowed)
    pages = (total + PAGE - 1) // PAGE
    kinds = types or [""] * len(rows)
    lines = [listed(row, now, kind) for row, kind in zip(rows, kinds, strict=True)]
    blocks: list[Block] = [section("\n".join(lines))]
    more = f":{narrowed}" if narrowed else ""
    turns = [
        *([button("Earlier page", "list_back", f"{which}:{page - 1}{more}")] if page > 1 else []),
        *([button("Next page", "list_next", f"{which}:{page + 1}{more}")] if page < pages else []),
    ]
    if asked > pages:
        there = "There is 1 page" if pages == 1 else f"There are {pages} pages"
        blocks.append(context(f"{there}, not {asked}; this is the last."))
    if pages > 1:
        typed = code(" ".join(filter(None, ("/incident list", which, narrowed, str(page)))))
        blocks.append(context(f"{_place(page, pages, total)}. {typed} is this one."))
    elif narrowed:
        blocks.append(context(f"{counted(total, 'incident')} with {code(narrowed)}."))
    if turns:
        blocks.append(actions("list_pages", *turns))
    return Message("\n".join(lines), tuple(blocks))


def _place(page: int, pages: int, total: int) -> str:
    """Of a long list not all are counted: see COUNTED."""
    if total > (page - 1) * PAGE + COUNTED:
        return f"Page {page}, more than {total - 1:,} in all"
    return f"Page {page} of {pages}, {total} in all"


def not_listed_by(word: str) -> str:
    return (
        f"“{escape(word[:40])}” doesn't narrow the list. Use `mine`, `closed`, `type:data`, `field:value` or a page "
        "number, as in `/incident list closed 2`."
    )


def _none_listed(which: str, narrowed: str) -> Message:
    text = {
        "closed": NONE_CLOSED,
        "mine": "You aren't in any open incident. `/incident list` shows all that are open.",
    }.get(which, NONE_OPEN)
    if narrowed:
        stands = {"closed": "closed incident", "mine": "open incident of yours"}.get(which, "open incident")
        text = f"No {stands} has {code(narrowed)}."
    return Message(text, (section(text),))


def listed(row: Incident, now: datetime, kind: str = "") -> str:
    """One incident as a line of a list; `kind` is what its type is called."""
    where = f" <#{row.channel_id}>" if row.channel_id else ""
    took = between(row.declared_at, row.resolved_at or now)
    what = f"{plain(kind)} · " if kind else ""
    title = plain(shorten(row.title, 80))
    return f"*{row.severity}* · {row.ref} · {what}{title} · {row.stands}, {took}{row.again}{where}"


def alike_question(words: str, near: Incident, here: bool, value: str) -> Message:
    """Asked before a further incident is declared: whether it is that one. `here`: the question is in its channel."""
    said = f"“{plain(shorten(words, 200))}”"
    if here:
        ask = f"This is the channel of {headline(near)}\nIs {said} the same incident? Nothing has been declared yet."
    else:
        where = f" in <#{near.channel_id}>" if near.channel_id else ""
        ask = f"Possible match, still open: {headline(near)}{where}\nIs {said} the same? Nothing has been declared yet."
    pressed = [
        button(f"Add to {near.ref}", "declare_join", value, "primary"),
        button("Declare anyway", "declare_anyway", value),
        button("Cancel", "declare_cancel", value),
    ]
    hint = "`/incident declare! …` declares without this question."
    return Message(f"Is this {near.ref}?", (section(ask), actions("declare_question", *pressed), context(hint)))


def many_question(words: str, refs: Sequence[str], within: timedelta, value: str, joins: bool) -> Message:
    """Asked before somebody declares one more in a row; `refs` are those that they declared, the latest last.

    `joins`: whether it may be added to the latest.
    """
    said = f"“{plain(shorten(words, 200))}”"
    ask = (
        f"You declared {len(refs)} incidents within {span(within)}: {', '.join(refs[-5:])}. Each pages people.\n"
        f"Is {said} another one? Nothing has been declared yet."
    )
    pressed = [
        button("Declare anyway", "declare_anyway", value, "danger"),
        *([button(f"Add to {refs[-1]}", "declare_join", value)] if joins else []),
        button("Cancel", "declare_cancel", value),
    ]
    return Message("Is this another incident?", (section(ask), actions("declare_question", *pressed)))


def evidence(ref: str, steps: Sequence[tuple[str, str]]) -> Block:
    """The steps of the security playbook, for the card: title and time window."""
    lines = [
        f"{number}. {plain(title)}" + (f" _({window})_" if window else "")
        for number, (title, window) in enumerate(steps, 1)
    ]
    return section("\n".join([f"*{ref}*: preserve the evidence, and change nothing that you can't undo.", *lines]))


# Duplicates

NAME_KEPT = (
    "Name the incident to keep: `/incident merge INC-2026-0001` in the duplicate's channel, or both "
    "anywhere: `/incident merge INC-2026-0002 into INC-2026-0001`."
)


def no_such_incident(ref: str) -> str:
    return f"There is no incident {ref}."
