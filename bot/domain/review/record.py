"""The record of one incident, indexed: which entry says what. Entries stay as they are; nothing here makes text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.review.document import Origin
from bot.domain.timeline import Entry, Kind

_OF_MESSAGES = frozenset({Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED, Kind.PINNED, Kind.UNPINNED, Kind.REVIEW_DRAFTED})


@dataclass(frozen=True, slots=True)
class Record:
    """Entries in order of time, by kind, and what became of the messages in Slack."""

    entries: tuple[Entry, ...]
    by_kind: dict[Kind, list[Entry]]
    edited: dict[str, str]  # permalink → the latest wording
    deleted: frozenset[str]  # permalinks of messages that were taken back
    pinned: frozenset[str]  # permalinks marked as key and not unmarked since

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Record:
        """Index `entries` of one incident, in any order."""
        ordered = tuple(sorted(entries, key=lambda entry: (entry.at, entry.entry_id)))
        by_kind: dict[Kind, list[Entry]] = defaultdict(list)
        edited: dict[str, str] = {}
        deleted: set[str] = set()
        pinned: set[str] = set()
        # Corrections count in the order in which they were recorded; a message may be back-dated, a correction is not.
        for entry in sorted(ordered, key=lambda entry: entry.entry_id):
            if entry.permalink is None:
                continue
            if entry.kind is Kind.MESSAGE_EDITED:
                edited[entry.permalink] = entry.text
            elif entry.kind is Kind.MESSAGE_DELETED:
                deleted.add(entry.permalink)
            elif entry.kind is Kind.PINNED:
                pinned.add(entry.permalink)
            elif entry.kind is Kind.UNPINNED:
                pinned.discard(entry.permalink)
        for entry in ordered:
            by_kind[entry.kind].append(entry)
        return cls(ordered, dict(by_kind), edited, frozenset(deleted), frozenset(pinned))

    def of_kind(self, *kinds: Kind) -> list[Entry]:
        """Entries of these kinds, kind by kind, each in order of time."""
        return [entry for kind in kinds for entry in self.by_kind.get(kind, [])]

    def first(self, kind: Kind) -> tuple[Origin, ...]:
        """The origin of the first entry of `kind`; empty if there is none."""
        return tuple(origin(entry) for entry in self.of_kind(kind)[:1])

    def last(self, *kinds: Kind) -> tuple[Origin, ...]:
        """The origin of the latest entry of these kinds; empty if there is none."""
        found = sorted(self.of_kind(*kinds), key=lambda entry: (entry.at, entry.entry_id))
        return tuple(origin(entry) for entry in found[-1:])

    def at(self, instant: datetime, *kinds: Kind) -> tuple[Origin, ...]:
        """Origins of the entries of these kinds stamped with exactly that instant."""
        return tuple(origin(entry) for entry in self.of_kind(*kinds) if entry.at == instant)

    def messages(self) -> list[Entry]:
        """Messages that still stand in Slack."""
        return [entry for entry in self.of_kind(Kind.MESSAGE_POSTED) if entry.permalink not in self.deleted]

    def is_key(self, entry: Entry) -> bool:
        """True if somebody marked the entry, or the message that it came from, as key."""
        return entry.key or (entry.permalink is not None and entry.permalink in self.pinned)

    def silences(self, since: datetime, until: datetime) -> list[tuple[Entry | None, datetime, datetime]]:
        """Stretches of [since, until] between two neighbouring entries: (entry before, from, to), longest first."""
        before: Entry | None = None
        start, found = since, []
        for entry in self.entries:
            if entry.kind in _OF_MESSAGES or entry.at < since:
                continue
            if entry.at > until:
                break
            found.append((before, start, entry.at))
            before, start = entry, entry.at
        found.append((before, start, until))
        return sorted(found, key=lambda stretch: (stretch[1] - stretch[2], stretch[1]))


def origin(entry: Entry) -> Origin:
    """Where a line that rests on `entry` comes from."""
    return Origin(entry.entry_id, entry.permalink)
