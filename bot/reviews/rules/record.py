"""The record of one incident, indexed: which entry says what. Entries stay as they are; nothing here makes text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import Origin
from bot.reviews.rules.notes import label_of, said_contributing, said_detected

# The reader of the timeline applies corrections to the messages; the review is no event of the incident, action
# items have a section of their own, a question of ours is no answer, and what Slack refused us is no
# event of the incident either.
NOT_SHOWN = frozenset(
    {Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED, Kind.PINNED, Kind.UNPINNED}
    | {
        Kind.UPDATE_ASKED,
        Kind.NOTICE_WRITTEN,
        Kind.NOT_DONE,
        Kind.DONE_AFTER_ALL,
        Kind.REVIEW_APPROVED,
        Kind.REVIEW_CHANGES_ASKED,
        Kind.ACTION_ADDED,
        Kind.ACTION_DONE,
    }
)


@dataclass(frozen=True, slots=True)
class Record:
    """The entries of the incident's story, in order of time, and by kind."""

    entries: tuple[Entry, ...]
    by_kind: dict[Kind, list[Entry]]
    labels: dict[int, str]  # of the notes that fill another section, by entry: see `notes.label_of`
    updates_asked: int = 0  # how often Tocsin asked for a message to stakeholders

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Record:
        """Index `entries` of one incident, in any order."""
        shown = (entry for entry in entries if entry.kind not in NOT_SHOWN)
        ordered = tuple(sorted(shown, key=lambda entry: (entry.at, entry.entry_id)))
        by_kind: dict[Kind, list[Entry]] = defaultdict(list)
        for entry in ordered:
            by_kind[entry.kind].append(entry)
        labels = {entry.entry_id: label for entry in by_kind[Kind.NOTED] if (label := label_of(entry))}
        return cls(ordered, dict(by_kind), labels, sum(entry.kind is Kind.UPDATE_ASKED for entry in entries))

    def of_kind(self, *kinds: Kind) -> list[Entry]:
        """Entries of these kinds, kind by kind, each in order of time."""
        return [entry for kind in kinds for entry in self.by_kind.get(kind, [])]

    def first(self, kind: Kind) -> tuple[Origin, ...]:
        """The origin of the first entry of `kind`; empty if there is none."""
        return tuple(origin(entry) for entry in self.of_kind(kind)[:1])

    def last(self, kind: Kind) -> tuple[Origin, ...]:
        """The origin of the latest entry of `kind`; empty if there is none."""
        return tuple(origin(entry) for entry in self.of_kind(kind)[-1:])

    def at(self, instant: datetime, *kinds: Kind) -> tuple[Origin, ...]:
        """Origins of the entries of these kinds stamped with exactly that instant."""
        return tuple(origin(entry) for entry in self.of_kind(*kinds) if entry.at == instant)

    def noted(self, label: str) -> tuple[Origin, ...]:
        """Origins of the notes with that label, see `notes.label_of`."""
        return tuple(origin(entry) for entry in self.of_kind(Kind.NOTED) if self.labels.get(entry.entry_id) == label)

    def detected(self, declared_at: datetime, at: datetime | None) -> tuple[Origin, ...]:
        """The origin of the note that says when it was detected; empty where none does."""
        return tuple(origin(entry) for entry in said_detected(self.of_kind(Kind.NOTED), declared_at, at))

    def contributing(self, factor: str) -> tuple[Origin, ...]:
        """The origin of the note that names this factor; empty where none does."""
        return tuple(origin(entry) for entry in said_contributing(self.of_kind(Kind.NOTED), factor))

    def first_by(self, persons: Collection[str], since: datetime) -> Entry | None:
        """The first thing that one of these people did or said at or after an instant."""
        return next((entry for entry in self.entries if entry.at >= since and entry.author in persons), None)

    def silences(self, since: datetime, until: datetime) -> list[tuple[Entry | None, datetime, datetime]]:
        """Stretches of [since, until] between two neighbouring entries: (entry before, from, to), longest first."""
        before: Entry | None = None
        start = since
        found: list[tuple[Entry | None, datetime, datetime]] = []
        for entry in self.entries:
            if entry.at < since:
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
