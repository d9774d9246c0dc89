"""Queries of erasing a person: their own words, and every column of every table in which they can stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, RoleRow, TimelineEntry
from bot.reports.tables import ReportRow
from bot.retention.queries.retention import without_words
from bot.retention.rules import MESSAGE_REMOVED, REMOVED, own_lines
from bot.reviews.tables import ReviewEdit
from bot.slack.tables import PersonRow
from bot.web.tables import SessionRow, SignOutRow

# Where somebody's own words stand: (table, the column that says whose they are, the column with the words).
OWN = (
    ("reports", "user_id", "text"),
    ("reports", "decided_by", "reason_text"),
    ("severity_suggestions", "user_id", "text"),
    ("review_comments", "author", "text"),
    ("review_steps", "by", "note"),
    ("playbook_steps", "decided_by", "line"),
    ("pings", "asked_by", "note"),
    ("incident_fields", "written_by", "value"),
    ("upkeep_requests", "answered_by", "answer"),
)
_AUTHORED = (Kind.MESSAGE_POSTED.value, Kind.MESSAGE_EDITED.value, Kind.NOTED.value, Kind.FIELD_WRITTEN.value)
# In these, what somebody wrote about an incident is repeated; elsewhere stand facts, which lose names only.
_REPEATED = frozenset(
    {"review_drafts", "review_steps", "review_edits", "knowledge_versions", "severity_suggestions", "reports"}
    | {"procrastinate_jobs", "upkeep_requests"}
)
_OF_NOBODY = frozenset({"alembic_version"})


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column that can hold words: text, a list of texts, or JSON. `incident` is SQL for the incident of its row."""

    table: str
    name: str
    json: bool
    incident: str

    @property
    def repeats(self) -> bool:
        """Whether what people wrote is repeated there."""
        return self.table in _REPEATED or (self.table, self.name) == ("timeline_entries", "data")


def list_text_columns(session: Session) -> list[TextColumn]:
    """Every column of every table that can hold words, those of the queue included."""
    columns = session.execute(
        text("""
        select c.table_name, c.column_name, c.data_type in ('json', 'jsonb'), exists (
            select 1 from information_schema.columns i
            where i.table_schema = c.table_schema and i.table_name = c.table_name and i.column_name = 'incident_id')
        from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
          and (c.data_type in ('text', 'character varying', 'json', 'jsonb')
               or (c.data_type = 'ARRAY' and c.udt_name in ('_text', '_varchar')))
        order by 1, 2""")
    )
    found = []
    for table, name, is_json, has_incident in columns:
        incident = "incident_id" if has_incident else "null::bigint"
        if table == "procrastinate_jobs":
            incident = "nullif(args ->> 'incident_id', '')::bigint"
        if table not in _OF_NOBODY:
            found.append(TextColumn(table, name, is_json, incident))
    return found


def list_own_words(session: Session, user_id: str) -> list[tuple[int | None, str]]:
    """What somebody wrote, each with the incident that it is about where there is one."""
    authored = select(TimelineEntry.incident_id, TimelineEntry.text).where(
        TimelineEntry.author == user_id, TimelineEntry.kind.in_(_AUTHORED)
    )
    said: list[tuple[int | None, str]] = [(one, words) for one, words in session.execute(authored)]
    fields = authored.with_only_columns(TimelineEntry.incident_id, TimelineEntry.data["words"].astext).where(
        TimelineEntry.kind == Kind.FIELD_WRITTEN.value
    )
    said += [(one, words) for one, words in session.execute(fields) if words]
    put_in = select(TimelineEntry.incident_id, TimelineEntry.text).where(*_put_into_drills(user_id))
    said += [(one, words) for one, words in session.execute(put_in)]
    for edit in session.scalars(select(ReviewEdit).where(ReviewEdit.author == user_id)):
        said += [(edit.incident_id, line) for line in own_lines(edit.text, edit.base)]
    of_incident = {column.table for column in list_text_columns(session) if column.incident == "incident_id"}
    for table, who, words in OWN:
        incident = "incident_id" if table in of_incident else "null::bigint"
        statement = text(f'select {incident}, "{words}" from {table} where "{who}" = :user_id')
        said += [(one, written) for one, written in session.execute(statement, {"user_id": user_id})]
    return [(one, words) for one, words in said if words]


def facts_of(session: Session, incident_ids: Sequence[int]) -> list[str]:
    """What those incidents are about, as recorded: facts, whoever wrote them."""
    columns = (IncidentRow.title, IncidentRow.impact, IncidentRow.cause, IncidentRow.resolution)
    rows = session.execute(select(*columns).where(IncidentRow.incident_id.in_(incident_ids)))
    return [fact for row in rows for fact in row if fact]


def remove_own_words(session: Session, user_id: str) -> int:
    """Have a fact stand for what somebody wrote in rows of their own. How many."""
    taken = 0
    for table, who, words in OWN:
        only = f'"{who}" = :user_id and "{words}" not in (\'\', :fact)'
        statement = text(f'update {table} set "{words}" = :fact where {only} returning 1')
        taken += len(session.execute(statement, {"fact": REMOVED, "user_id": user_id}).all())
    for report in session.scalars(select(ReportRow).where(ReportRow.user_id == user_id)):
        report.evidence, report.history = without_words(report.evidence), []
    session.flush()
    _remove_quoted(session, user_id)
    own = and_(TimelineEntry.author == user_id, TimelineEntry.kind.in_(_AUTHORED))
    authored = update(TimelineEntry).where(
        or_(own, and_(*_put_into_drills(user_id))), TimelineEntry.text != MESSAGE_REMOVED
    )
    removed = authored.values(text=MESSAGE_REMOVED).returning(TimelineEntry.entry_id)
    return taken + len(session.scalars(removed.execution_options(synchronize_session=False)).all())


def _put_into_drills(user_id: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions of what drills that replay a past incident repeat of this person's words."""
    return TimelineEntry.kind == Kind.INJECTED.value, TimelineEntry.data["by"].astext == user_id


def _remove_quoted(session: Session, user_id: str) -> None:
    """What somebody wrote in a custom field, where the entry of whoever changed it says what it was."""
    quoted = text("""
        update timeline_entries
        set text = replace(text, data ->> 'before', :fact),
          data = jsonb_set(data, '{before}', to_jsonb(cast(:fact as text)))
        where kind = 'field_written' and data ->> 'before_by' = :user_id and data ->> 'before' <> :fact""")
    session.execute(quoted, {"user_id": user_id, "fact": REMOVED})


def allow_erasing(session: Session) -> None:
    """Let this transaction change words, authors and keys of the timeline, and take as long as it takes."""
    session.execute(select(func.set_config("tocsin.erasure", "on", True)))
    session.execute(text("set local statement_timeout = '10min'"))


def rewrite(
    session: Session,
    column: TextColumn,
    needles: Sequence[str],
    incident_ids: Sequence[int],
    change: Callable[[Any, int | None], Any],
) -> int:
    """Put `change(value, incident id)` in place of what holds a needle or is about one of the incidents. How many."""
    by_incident = f"or {column.incident} = any(:incidents)" if column.repeats else ""
    wanted: dict[str, Any] = {"needles": [f"%{_like(one)}%" for one in needles]}
    wanted |= {"incidents": list(incident_ids)} if by_incident else {}
    selected = f'select ctid::text, "{column.name}", {column.incident} from {column.table}'
    where = f'where "{column.name}"::text ilike any(:needles) {by_incident} for update'
    found = session.execute(text(f"{selected} {where}"), wanted).all()
    place = "cast(:value as jsonb)" if column.json else ":value"
    put = text(f'update {column.table} set "{column.name}" = {place} where ctid = cast(:row as tid)')
    changed = 0
    for row, value, incident_id in found:
        new = change(value, incident_id)
        if new != value:
            session.execute(put, {"row": row, "value": json.dumps(new) if column.json else new})
            changed += 1
    return changed


def _like(needle: str) -> str:
    """For `ilike`. What JSON or a pattern writes in another way may be anything: `change` looks at what was found."""
    return re.sub(r"[^\w @.:/+-]|_", "%", needle)


def forget_person(session: Session, user_id: str) -> None:
    """Remove somebody's sessions, when they were signed out, their full name and their time zone."""
    nothing = {"time_zone": None, "full_name": None}
    session.execute(update(PersonRow).where(PersonRow.user_id == user_id).values(nothing))
    session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
    session.execute(delete(SignOutRow).where(SignOutRow.user_id == user_id))


def list_open_parts(session: Session, user_id: str) -> list[str]:
    """The open incidents that somebody commands or holds a role in."""
    held = select(RoleRow.incident_id).where(RoleRow.user_id == user_id, RoleRow.ended_at.is_(None))
    mine = (IncidentRow.commander == user_id) | IncidentRow.incident_id.in_(held)
    statement = select(IncidentRow.ref).where(IncidentRow.status.in_(OPEN), mine).order_by(IncidentRow.incident_id)
    return list(session.scalars(statement))


def count_messages(session: Session, user_id: str) -> list[tuple[str, int]]:
    """By the name of the incident's channel: how many messages of somebody were recorded there; Slack has them."""
    statement = (
        select(IncidentRow.channel_name, func.count())
        .join(TimelineEntry, TimelineEntry.incident_id == IncidentRow.incident_id)
        .where(TimelineEntry.author == user_id, TimelineEntry.message_ts.is_not(None))
        .group_by(IncidentRow.channel_name)
        .order_by(IncidentRow.channel_name)
    )
    return [(name, count) for name, count in session.execute(statement)]


def list_approved(session: Session, incident_ids: Sequence[int]) -> list[str]:
    """The references of those incidents whose review was approved, and so archived and posted."""
    statement = text(
        "select ref from incidents where incident_id = any(:ids) and exists (select 1 from review_steps "
        "where review_steps.incident_id = incidents.incident_id and stage = 'approved') order by incident_id"
    )
    return list(session.scalars(statement, {"ids": list(incident_ids)}))
