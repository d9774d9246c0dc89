"""Queries of the values of custom fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.fields.rules import TYPE, Field, FieldsPolicy, Filter, Holds, Value
from bot.fields.tables import FieldRow
from bot.incidents.tables import IncidentRow


def values_of(session: Session, incident_id: int) -> dict[str, Value]:
    """What an incident has, by the field's name, in the order in which it was set."""
    statement = select(FieldRow).where(FieldRow.incident_id == incident_id).order_by(FieldRow.set_at, FieldRow.name)
    return {row.name: Value(row.name, row.title, row.value, row.written_by) for row in session.scalars(statement)}


def values_by_incident(session: Session, incident_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """What incidents have, by their id and the field's name."""
    statement = select(FieldRow).where(FieldRow.incident_id == func.any(list(incident_ids))).order_by(FieldRow.name)
    found: dict[int, dict[str, str]] = {}
    for row in session.scalars(statement):
        found.setdefault(row.incident_id, {})[row.name] = row.value
    return found


def put(session: Session, incident_id: int, fields: Iterable[tuple[Field, str]], by: str, now: datetime) -> None:
    """Keep the values of these fields."""
    rows = [
        {
            "incident_id": incident_id,
            "name": one.name,
            "title": one.title,
            "value": value,
            "written_by": by if one.holds is Holds.TEXT else None,
            "set_at": now,
        }
        for one, value in fields
    ]
    statement = insert(FieldRow).values(rows)
    fresh = {name: statement.excluded[name] for name in ("title", "value", "written_by", "set_at")}
    session.execute(statement.on_conflict_do_update(index_elements=["incident_id", "name"], set_=fresh))


def take_away(session: Session, incident_id: int, names: Collection[str]) -> None:
    session.execute(delete(FieldRow).where(FieldRow.incident_id == incident_id, FieldRow.name.in_(names)))


def matching(filters: Sequence[Filter]) -> list[ColumnElement[bool]]:
    """The conditions that an incident is of that type, and has those values."""
    return [_matching(one) for one in filters]


def _matching(one: Filter) -> ColumnElement[bool]:
    if one.name == TYPE:
        return IncidentRow.type == one.value if one.value else IncidentRow.type.is_(None)
    held = exists().where(FieldRow.incident_id == IncidentRow.incident_id, FieldRow.name == one.name)
    if not one.value:
        return ~held
    if one.part:
        return held.where(func.lower(FieldRow.value).contains(one.value.lower(), autoescape=True))
    return held.where(FieldRow.value == one.value)


def in_order(values: Mapping[str, Value], policy: FieldsPolicy) -> list[tuple[str, str]]:
    """(title, value) in the policy's order, by its titles; then those of fields that it no longer has."""
    known = [(one.title, values[name].value) for name, one in policy.fields.items() if name in values]
    return known + [(one.title, one.value) for name, one in values.items() if name not in policy.fields]
