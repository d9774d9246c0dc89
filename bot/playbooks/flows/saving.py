"""Save as playbook: what was done in an incident, edited in a form, becomes an entry that every replica finds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import yaml
from sqlalchemy.orm import Session

from bot.errors import BadRequest, InvalidKnowledge
from bot.incidents.queries import timeline
from bot.incidents.rules.incident import is_drill
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import for_everybody
from bot.memory.entries.entries import Entry, parse_entry
from bot.memory.flows.learn import learn
from bot.playbooks.messages import saving as messages
from bot.playbooks.rules.written_steps import renumbered, slug, steps_in, to_markdown
from bot.slack.queries import names_in, names_of
from bot.text.markup import plain_text

_SAID = (Kind.NOTED, Kind.MESSAGE_POSTED)
_AT_LINE = re.compile(r"^[^:]*:(\d+): (.*)$", re.DOTALL)
_MOST_STEPS = 99


def draft(session: Session, row: IncidentRow) -> tuple[str, str]:
    """Symptoms and steps, in Markdown, of what was written in an incident. Raises BadRequest for a security incident,
    as a playbook is for everybody, and for a drill.
    """
    if not for_everybody(row):
        raise BadRequest(messages.not_for_everybody(row.ref))
    if is_drill(row.ref):
        raise BadRequest(messages.not_of_drill(row.ref))
    entries = timeline.list_entries(session, row.incident_id)
    said = [entry.text for entry in entries if entry.kind in _SAID]
    names = names_in(session, *said)
    steps = steps_in(plain_text(text, names) for text in said)
    symptoms = "\n".join(f"- {text}" for text in (row.title, row.impact) if text)
    return symptoms, to_markdown(steps[:_MOST_STEPS]) or messages.TEMPLATE


def entry_of(row: IncidentRow, title: str, symptoms: str, steps: str, owner: str, now: datetime, ref: str) -> Entry:
    """The entry of what the form holds. Raises BadRequest that names the line of the steps that can't be read."""
    facts = {"ref": ref, "kind": "playbook", "title": " ".join(title.split()), "source": row.ref, "owner": owner}
    front = yaml.safe_dump(facts | {"reviewed_at": now.date()}, allow_unicode=True, sort_keys=False, width=10_000)
    before = f"---\n{front}---\n## Symptoms\n{_without_headings(symptoms)}\n\n## Steps\n"
    try:
        return parse_entry(f"{before}{renumbered(steps)}\n", Path(f"{ref}.md"))
    except InvalidKnowledge as error:
        found = _AT_LINE.match(str(error))
        if found is None:
            raise
        line = int(found[1]) - before.count("\n")
        raise BadRequest(messages.unreadable(max(1, line), found[2])) from error


def _without_headings(markdown: str) -> str:
    """Text in which no line begins a section of the entry."""
    return "\n".join(f"\\{line}" if line.startswith("#") else line for line in markdown.splitlines())


def ref_for(title: str, incident_ref: str, known: Mapping[str, Entry]) -> str:
    """A ref for a playbook of that title: the one that this incident was saved under before, or one that is free."""
    before = next(
        (ref for ref, entry in known.items() if entry.kind == "playbook" and entry.source == incident_ref), None
    )
    if before is not None:
        return before
    name, number = f"PB-{slug(title)}", 2
    ref = name
    while ref in known:
        ref, number = f"{name}-{number}", number + 1
    return ref


def owner_name(session: Session, user_id: str) -> str:
    """What the owner is called, as notices look them up."""
    return names_of(session, [user_id]).get(user_id, user_id)


def save(session: Session, entry: Entry, by: str, now: datetime) -> None:
    """Keep the entry; the version before it stays. Saving the same again changes nothing."""
    learn(session, [entry], by, now)
