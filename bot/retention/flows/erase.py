"""Erasing a person: their words and names go from every table, and the facts stay, done by a responder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.escalation.queries import roster
from bot.retention import messages
from bot.retention.queries import people
from bot.retention.rules import SOMEBODY, Person, Words, scrubbed
from bot.slack import queries as slack_queries
from bot.text.markup import plain_text
from bot.text.wording import tidied

_NOTHING = Words()


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was found of a person. `rows`: by column, how many were rewritten."""

    names: tuple[str, ...]
    own: int
    rows: Mapping[str, int]
    in_slack: Sequence[tuple[str, int]]
    approved: Sequence[str]


def erase(session: Session, user_id: str, names: Sequence[str], listed: bool, token: str, now: datetime) -> Erasure:
    """Take a person out of the database, in this transaction.

    `names` are what contacts.yaml and whoever erases call them, apart from Slack's name; `listed` whether contacts.yaml
    still lists them; `token` makes the id unique that stands for theirs.
    Raises BadRequest while they would still be paged or have an open incident.
    """
    _refuse_who_is_needed(session, user_id, listed)
    known = slack_queries.every_name_of(session, user_id)
    called = tuple(dict.fromkeys(name for name in (*names, *known) if name and name != user_id))
    person = Person(user_id, called, f"U0ERASED{token.upper()}")
    people.allow_erasing(session)
    words = _words(session, user_id)
    incident_ids = [incident_id for incident_id in words if incident_id is not None]
    in_slack, approved = people.count_messages(session, user_id), people.list_approved(session, incident_ids)
    own = people.remove_own_words(session, user_id)
    people.forget_person(session, user_id)
    roster.end_overrides_of(session, user_id, now)
    rows = {}
    for column in people.list_text_columns(session):

        def change(value: Any, incident_id: int | None, repeats: bool = column.repeats) -> Any:
            return scrubbed(value, person, words.get(incident_id, _NOTHING) if repeats else _NOTHING)

        changed = people.rewrite(session, column, [user_id, *called], incident_ids, change)
        if changed:
            rows[f"{column.table}.{column.name}"] = changed
    slack_queries.record_name(session, person.stand_in, SOMEBODY, now)
    return Erasure(called, own, rows, in_slack, approved)


def _refuse_who_is_needed(session: Session, user_id: str, listed: bool) -> None:
    if listed:
        raise BadRequest(messages.still_listed(user_id))
    refs = people.list_open_parts(session, user_id)
    if refs:
        raise BadRequest(messages.still_at_work(user_id, refs))


def _words(session: Session, user_id: str) -> dict[int | None, Words]:
    """By incident: what they wrote, as it is kept and as it is shown. What an incident is about is a fact and stays."""
    said: dict[int | None, set[str]] = defaultdict(set)
    for incident_id, written in people.list_own_words(session, user_id):
        shown = plain_text(written)
        said[incident_id] |= {written.strip(), shown.strip(), tidied(shown), *map(tidied, written.splitlines())} - {""}
    found = {}
    for incident_id, words in said.items():
        facts = people.facts_of(session, [incident_id]) if incident_id is not None else []
        found[incident_id] = Words(frozenset(one for one in words if not any(one in fact for fact in facts)))
    return found
