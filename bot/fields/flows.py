"""Setting the type and the custom fields of an incident: the values, and what the timeline says of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.fields import messages, queries
from bot.fields.messages import Changed
from bot.fields.rules import Ask, Field, FieldsPolicy, Given, Holds, Value
from bot.incidents.flows.record import record
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow

_TYPE_TITLE = "Type"


def set_given(
    session: Session,
    row: IncidentRow,
    given: Given,
    policy: FieldsPolicy,
    by: str,
    now: datetime,
    known: Mapping[str, Value] | None = None,
) -> list[Changed]:
    """Keep what was given where it says something new; what changed, as people read it.

    `known` is what the incident has, {} for a new one; None: it is read. The row must be locked.
    """
    facts: list[Changed] = []
    words: list[tuple[Changed, Value | None]] = []
    if given.type_name is not None and given.type_name != (row.type or ""):
        before, row.type = row.type, given.type_name or None
        facts.append(Changed(_TYPE_TITLE, policy.title_of(before), policy.title_of(row.type)))
    if given.values:
        known = queries.values_of(session, row.incident_id) if known is None else known
        fresh = _fresh(given, policy, known)
        _keep(session, row, fresh, by, now)
        chosen, words = _split(fresh, known)
        facts += chosen
    if facts:
        data = {"changes": [{"title": one.title, "before": one.before, "after": one.after} for one in facts]}
        record(session, row, Kind.FIELD_CHANGED, messages.entry(by, facts), now, author=by, data=data)
    for change, before_it in words:
        _record_words(session, row, change, before_it, by, now)
    return [*facts, *(change for change, _ in words)]


def _fresh(given: Given, policy: FieldsPolicy, known: Mapping[str, Value]) -> list[tuple[Field, str]]:
    held = {name: one.value for name, one in known.items()}
    return [
        (one, given.values[name])
        for name, one in policy.fields.items()
        if name in given.values and given.values[name] != held.get(name, "")
    ]


def _keep(session: Session, row: IncidentRow, fresh: list[tuple[Field, str]], by: str, now: datetime) -> None:
    if kept := [(one, value) for one, value in fresh if value]:
        queries.put(session, row.incident_id, kept, by, now)
    if cleared := [one.name for one, value in fresh if not value]:
        queries.take_away(session, row.incident_id, cleared)


def _split(
    fresh: list[tuple[Field, str]], known: Mapping[str, Value]
) -> tuple[list[Changed], list[tuple[Changed, Value | None]]]:
    """What was chosen or counted, and what was written, with what stood there: words go with whoever wrote them."""
    chosen: list[Changed] = []
    written: list[tuple[Changed, Value | None]] = []
    for one, value in fresh:
        before = known.get(one.name)
        change = Changed(one.title, before.value if before else "", value)
        if one.holds is Holds.TEXT or (before is not None and before.written_by is not None):
            written.append((change, before))
        else:
            chosen.append(change)
    return chosen, written


def _record_words(
    session: Session, row: IncidentRow, change: Changed, before: Value | None, by: str, now: datetime
) -> None:
    """Whose words are quoted is kept beside them, so that they go with whoever is erased."""
    data = {"words": change.after}
    if before is not None and before.written_by is not None:
        data |= {"before": messages.quoted(before.value), "before_by": before.written_by}
    record(session, row, Kind.FIELD_WRITTEN, messages.entry(by, [change]), now, author=by, data=data)


def missing(session: Session, row: IncidentRow, policy: FieldsPolicy, when: Ask) -> list[Field]:
    """The required fields that are empty; nothing is read where the policy requires none."""
    if not policy.missing(when, row.type, {}):
        return []
    return policy.missing(when, row.type, queries.values_of(session, row.incident_id))
