"""Back-dating: notes about what happened earlier, and corrections of entries.

Nothing is altered: each is a further entry.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents import messages
from bot.incidents.flows import record
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack.queries import names_in
from bot.text import markup
from bot.text.markup import quiet

_EARLIEST = timedelta(days=1)  # before the declaration; what caused it may well lie there
_SAME = timedelta(seconds=1)
_CORRECTABLE = frozenset(
    {
        Kind.NOTED,
        Kind.MESSAGE_POSTED,
        Kind.IMPACT_RECORDED,
        Kind.CAUSE_RECORDED,
        Kind.RESOLUTION_RECORDED,
    }
)


def check_instant(row: IncidentRow, at: datetime, now: datetime) -> None:
    """Raises BadRequest for an instant to come, or too long before the incident."""
    if at > now:
        raise BadRequest(messages.STILL_TO_COME)
    before = row.declared_at - at
    if before > _EARLIEST:
        raise BadRequest(messages.too_early(row.ref, row.declared_at, before, _EARLIEST))


def note(
    session: Session, row: IncidentRow, text: str, author: str, at: datetime | None, now: datetime, source_key: str
) -> bool:
    """A note by command, for now or for an earlier instant. False when it was there already."""
    if at is not None:
        check_instant(row, at, now)
    return record.note(session, row, text, author, now, source_key, at)


def _told_apart(before: datetime, after: datetime) -> tuple[str, str]:
    """Both instants as people read them, with seconds where the minute is the same."""
    same = before.replace(second=0, microsecond=0) == after.replace(second=0, microsecond=0)
    return markup.instant(before, seconds=same), markup.instant(after, seconds=same)


def correct(
    session: Session,
    row: IncidentRow,
    entry_id: int,
    by: str,
    now: datetime,
    source_key: str,
    at: datetime | None = None,
    text: str = "",
) -> bool:
    """Put an entry's time or words right; who and when is kept with it, and so is what it said before.

    False when nothing is different. Raises BadRequest for entries that nobody wrote, and for instants that cannot be.
    """
    entry = timeline.get(session, entry_id)
    if entry.incident_id != row.incident_id or Kind(entry.kind) not in _CORRECTABLE:
        raise BadRequest(messages.NOT_CORRECTABLE)
    shown = timeline.find_entry(session, row.incident_id, entry_id)
    if shown is None:
        raise BadRequest(messages.NOT_SHOWN)
    changes: dict[str, object] = {}
    changed = []
    if at is not None and abs(at - shown.at) >= _SAME:
        check_instant(row, at, now)
        changes["at"] = at.isoformat()
        changed.append(messages.time_corrected(*_told_apart(shown.at, at)))
    if text and text != shown.text:
        changes["text"] = text
        changed.append(messages.words_corrected(quiet(text, names_in(session, text))))
    if not changes:
        return False
    data = {"entry_id": entry_id, "said": messages.corrected(by, changed), **changes}
    was = f"{shown.at.isoformat()} {shown.text}"
    return (
        record.record(session, row, Kind.ENTRY_CORRECTED, was, now, author=by, data=data, source_key=source_key)
        is not None
    )
