"""Replaying a past incident as a drill: declare it as it was first reported, and put in what came from outside."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.drills import messages, queries
from bot.drills.rules import (
    ACTS,
    MOST,
    MOST_READ,
    REPORTS,
    TELLING,
    Asked,
    Inject,
    Origin,
    Past,
    Replays,
    choose,
    evidence,
    origin_of,
    responders,
)
from bot.drills.tables import InjectRow
from bot.errors import BadRequest, UnknownIncident
from bot.escalation.queries import pings
from bot.incidents.flows.record import is_worked_on, record
from bot.incidents.queries import incidents, replays, timeline
from bot.incidents.rules.incident import is_drill, is_private
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.incidents.visibility import may_see
from bot.lifecycle.flows.declare import Declaration, declare
from bot.memory.rules.similar import SimilarItem
from bot.reviews.flows.replays import cast_of
from bot.reviews.queries import reports
from bot.severity.rules import Severity
from bot.slack.queries import find_workspace
from bot.text.markup import plain_text


def source_of(session: Session, ref: str, viewer: str | None, entries: Collection[str] = ()) -> IncidentRow:
    """The past incident. Raises UnknownIncident and BadRequest for what cannot be replayed.

    `viewer` None stands for the shell, `entries` are what the knowledge holds by reference.

    Security incidents never are: whoever is paged for the drill would read what only its own people may.
    """
    row = incidents.find_by_ref(session, ref)
    if row is None or (viewer is not None and not may_see(session, row, viewer)):
        raise UnknownIncident(messages.unknown(ref, ref in entries))
    if is_private(row.ref):
        raise BadRequest(messages.security(row.ref))
    if is_drill(row.ref):
        raise BadRequest(messages.a_drill(row.ref))
    if is_worked_on(row):
        raise BadRequest(messages.still_open(row.ref, row.status))
    if row.merged_into is not None:
        target = incidents.get(session, row.merged_into)
        raise BadRequest(messages.merged(row.ref, "" if is_private(target.ref) else target.ref))
    if row.words_removed_at is not None:
        raise BadRequest(messages.removed(row.ref))
    return row


def first_title(session: Session, source: IncidentRow) -> str:
    """What it was called when it was declared, in plain words: later titles say how it ended."""
    renamed = timeline.list_rows(session, source.incident_id, (Kind.RENAMED,))
    return str(renamed[0].data.get("before") or source.title) if renamed else source.title


def begin(
    session: Session,
    asked: Asked,
    by: str | None,
    viewer: str | None,
    request_key: str,
    similar: tuple[SimilarItem, ...],
    policy: Policy,
    now: datetime,
) -> tuple[IncidentRow, Replays]:
    """Declare the drill and plan its injects, in one transaction; the same request begins once.

    `by` None: Tocsin declares it.
    """
    source = source_of(session, asked.ref, viewer)
    found, unread = _injects(session, source)
    chosen = found[:MOST]
    declaration = Declaration(
        request_key=request_key,
        title=first_title(session, source),
        severity=_first_severity(session, source),
        by=by or _tocsin(session),
        similar=tuple(item for item in similar if item.ref != source.ref),
        drill=True,
    )
    row, fresh = declare(session, declaration, policy, now)
    if fresh:
        replays.add(session, row, source, asked.speed, len(chosen))
        session.add_all(_rows(row, chosen, asked.speed, now))
        session.flush()
    last = chosen[-1].after / asked.speed if chosen else timedelta()
    return row, Replays(source.ref, len(chosen), len(found) - len(chosen), last, unread)


def _tocsin(session: Session) -> str:
    workspace = find_workspace(session)
    return workspace.bot_user_id if workspace else incidents.NOBODY


def _rows(row: IncidentRow, chosen: list[Inject], speed: float, now: datetime) -> Iterator[InjectRow]:
    for number, inject in enumerate(chosen, 1):
        yield InjectRow(
            incident_id=row.incident_id,
            number=number,
            entry_id=inject.entry_id,
            origin=inject.origin.value,
            after_seconds=inject.after.total_seconds(),
            due_at=now + inject.after / speed,
            state=queries.WAITING,
        )


def _first_severity(session: Session, source: IncidentRow) -> Severity:
    declared = timeline.list_rows(session, source.incident_id, (Kind.DECLARED,))
    return Severity(str(declared[0].data.get("severity") or source.severity) if declared else source.severity)


def _injects(session: Session, source: IncidentRow) -> tuple[list[Inject], bool]:
    """All of them, and whether the timeline has more entries than were looked at."""
    entries = timeline.list_earliest(session, source.incident_id, MOST_READ + 1, TELLING)
    past = list(_past(session, source, entries[:MOST_READ]))
    known = set(incidents.list_role_holders(session, source.incident_id))
    known |= timeline.list_actors(session, source.incident_id, (*ACTS, Kind.NOTED), REPORTS)
    known |= {each for ping in pings.list_of_incident(session, source.incident_id) for each in ping.user_ids}
    found = choose(past, source.declared_at, responders(past, known))
    words, _ = reports.words_of(session, source)
    if _says_more(words, first_title(session, source)):
        found.insert(0, Inject(None, Origin.REPORT, timedelta()))
    return found, len(entries) > MOST_READ


def _says_more(words: str, title: str) -> bool:
    return " ".join(plain_text(words).split()).lower() != " ".join(title.split()).lower() and bool(words.strip())


def _past(session: Session, source: IncidentRow, entries: Sequence[Entry]) -> Iterator[Past]:
    """These entries of the old timeline, and the declarations of its duplicates, which were reports too."""
    rows = timeline.list_rows_by_id(session, [entry.entry_id for entry in entries])
    for entry in entries:
        one = _as_past(rows[entry.entry_id], source)
        yield replace(one, at=entry.at, text=entry.text)
    merged = timeline.list_duplicates(session, source.incident_id)
    for duplicate_id, declared in timeline.list_rows_of(session, merged, (Kind.DECLARED,)).items():
        duplicate = incidents.get(session, duplicate_id)
        for row in declared:
            if not is_private(duplicate.ref):
                yield replace(_as_past(row, source), text=first_title(session, duplicate))


def _as_past(row: TimelineEntry, source: IncidentRow) -> Past:
    return Past(
        entry_id=row.entry_id,
        kind=Kind(row.kind),
        at=row.at,
        author=row.author,
        text=row.text,
        cause=row.source_key or "",
        status=str(row.data.get("after") or "") if row.kind == Kind.STATUS_CHANGED else "",
        of_duplicate=row.incident_id != source.incident_id,
        found=bool(row.data.get("finding")),
    )


# Putting them in


def play_due(session: Session, policy: Policy, now: datetime, limit: int) -> int:
    """Put in what is due, each once; how many that were. A drill that is over, or whose incident was made private
    since, has no more put in.
    """
    due = queries.claim_due(session, now, limit)
    for inject in due:
        drill = incidents.get(session, inject.incident_id)
        inject.state = (
            queries.SAID if is_worked_on(drill) and _put_in(session, drill, inject, policy, now) else (queries.DROPPED)
        )
    return len(due)


def _put_in(session: Session, drill: IncidentRow, inject: InjectRow, policy: Policy, now: datetime) -> bool:
    """False where its words are gone by now, or may no longer be told."""
    replay = replays.find(session, drill.incident_id)
    source = incidents.get(session, replay.source_id) if replay is not None else None
    if replay is None or source is None or is_private(source.ref) or source.words_removed_at is not None:
        return False
    words, by = _words_of(session, source, inject)
    if not words:
        return False
    cast = cast_of(session, source, policy)
    text = messages.inject(
        f"{inject.number} of {replay.injects}",
        Origin(inject.origin),
        cast.role(by),
        timedelta(seconds=inject.after_seconds),
        cast.retell(words),
    )
    data = {"entry": inject.entry_id} | ({"by": by} if by else {})
    key = f"inject:{inject.inject_id}"
    record(session, drill, Kind.INJECTED, text, now, data=data, source_key=key, announce=True)
    return True


def _words_of(session: Session, source: IncidentRow, inject: InjectRow) -> tuple[str, str | None]:
    """What it says now, corrections followed, and whose words they are; empty where nothing is left of it."""
    if inject.entry_id is None:
        return reports.words_of(session, source)
    row = timeline.get(session, inject.entry_id)
    if row.kind == Kind.DECLARED:
        duplicate = incidents.get(session, row.incident_id)
        return ("" if is_private(duplicate.ref) else first_title(session, duplicate)), row.author
    entry = timeline.find_entry(session, source.incident_id, inject.entry_id)
    if entry is None or origin_of(replace(_as_past(row, source), text=entry.text), ()) is None:
        return "", None
    if inject.origin == Origin.SEVERITY:
        return evidence(entry.text), row.author
    return entry.text, row.author
