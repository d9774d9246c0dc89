"""Editing an entry: in Slack's form by parts, on the page as a whole; and putting it into the archive."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, InvalidKnowledge
from bot.escalation.flows import people
from bot.incidents import authority
from bot.incidents.rules.authority import Act
from bot.memory import queries as knowledge
from bot.memory.entries.documents import content_hash, from_document, to_document
from bot.memory.entries.entries import Entry, parse_entry
from bot.memory.flows.learn import learn
from bot.memory.importing.importer import render_entry
from bot.playbooks.messages import saving as messages
from bot.playbooks.rules.written_steps import renumbered

_AT_LINE = re.compile(r"^[^:]*:(\d+): (.*)$", re.DOTALL)


def version_of(entry: Entry) -> str:
    """Names what an entry says: somebody who edits it brings back the version that they began with."""
    return content_hash(to_document(entry))[:16]


def may_edit(session: Session, context: AppContext, entry: Entry, user_id: str, now: datetime) -> bool:
    """Whoever the policy lets edit knowledge, and the entry's owner."""
    if authority.may(session, context, Act.EDIT_KNOWLEDGE, user_id, now):
        return True
    if not entry.owner or not authority.may(session, context, Act.CHANGE, user_id, now):
        return False
    with suppress(BadRequest):  # a team, or somebody whom nobody knows
        return people.find_person(session, entry.owner, context.policy.contacts, now) == user_id
    return False


def with_parts(entry: Entry, title: str, symptoms: str, steps: str) -> Entry:
    """The entry with these parts in place of its own; empty ones are kept.

    Raises BadRequest with the line of the steps that can't be read.
    """
    sections = dict(entry.sections) | ({"Symptoms": symptoms} if symptoms else {})
    fresh = replace(entry, title=" ".join(title.split()) or entry.title, sections=tuple(sections.items()))
    before = f"{render_entry(replace(fresh, steps=()))}\n## Steps\n"
    text = f"{before}{renumbered(steps)}\n" if steps else render_entry(fresh)
    try:
        return parse_entry(text, Path(f"{entry.ref}.md"))
    except InvalidKnowledge as error:
        found = _AT_LINE.match(str(error))
        if found is None:
            raise
        raise BadRequest(messages.unreadable_line(max(1, int(found[1]) - before.count("\n")), found[2])) from error


def read_whole(ref: str, text: str) -> Entry:
    """The entry that a page's field holds. Raises BadRequest with the line that can't be read."""
    try:
        return parse_entry(text.replace("\r\n", "\n"), Path(f"{ref}.md"))
    except InvalidKnowledge as error:
        found = _AT_LINE.match(str(error))
        raise BadRequest(messages.unreadable_line(int(found[1]), found[2]) if found else str(error)) from error


def save(session: Session, entry: Entry, before: str, by: str, now: datetime) -> None:
    """Keep what somebody made of the version `before`. Raises BadRequest where somebody else was quicker."""
    if not knowledge.wait_for_lock(session, 10):
        raise BadRequest(messages.BUSY)
    held = knowledge.find(session, entry.ref)
    if held is not None and held.document is not None and version_of(from_document(held.document)) != before:
        raise BadRequest(messages.changed_meanwhile(entry.ref, held.added_by))
    learn(session, [replace(entry, path=None)], by, now)


def reviewed_on(entry: Entry, now: datetime) -> Entry:
    """Whoever edits an entry has read it."""
    return replace(entry, reviewed_at=now.date())


def archive(session: Session, entry: Entry, by: str, now: datetime) -> None:
    """Offer it to nobody any more. Its versions stay, runs that are under way go on, and it can be brought back."""
    save(session, replace(entry, archived_at=now.date()), version_of(entry), by, now)


def bring_back(session: Session, entry: Entry, by: str, now: datetime) -> None:
    """Out of the archive: it is found again."""
    save(session, replace(entry, archived_at=None), version_of(entry), by, now)
