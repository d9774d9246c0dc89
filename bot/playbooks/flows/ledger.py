"""The ledger: every playbook that there is or was, how it did here, and what its source claims."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.memory.entries.entries import Entry
from bot.playbooks.queries import ledger
from bot.playbooks.rules.records import UNUSED_AFTER, LedgerLine, TrackRecord, is_unused


def read_ledger(
    session: Session, entries: Iterable[Entry], now: datetime, unused_after: timedelta = UNUSED_AFTER
) -> list[LedgerLine]:
    """All playbooks, and the guides that were used, those used most first. `entries` is all that is known."""
    known = {entry.ref: entry for entry in entries if entry.kind in ("playbook", "guide")}
    records, steps, used = ledger.records(session), ledger.step_records(session), ledger.titles(session)
    first, added = ledger.known_since(session)
    lines = []
    for ref in {ref for ref, entry in known.items() if entry.kind == "playbook"} | used.keys():
        entry, record = known.get(ref), records.get(ref, TrackRecord())
        kind, title = (entry.kind, entry.title) if entry else used[ref]
        since = max(filter(None, (first, added.get(ref))), default=None) if first else None
        lines.append(
            LedgerLine(
                ref=ref,
                kind=kind,
                title=title,
                owner=(entry.owner or "") if entry else "",
                claim=(entry.success or "") if entry else "",
                record=record,
                steps=tuple(steps.get(ref, ())),
                unused=entry is not None and kind == "playbook" and is_unused(record, since, now, unused_after),
                kept=entry is not None,
            )
        )
    return sorted(lines, key=lambda line: (line.kind != "playbook", -line.record.used, line.ref))
