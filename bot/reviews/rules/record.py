"""The record of one incident, indexed: which entry says what. Entries stay as they are; nothing here makes text."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.document import Origin
from bot.reviews.rules.notes import label_of, said_as, said_detected
from bot.reviews.rules.past.causes import same_cause

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
        Kind.ISSUE_CREATED,
    }
)

# Of these, what people do to the incident: it ends a silence, though other sections show it.
_ACTS = frozenset({Kind.ACTION_ADDED, Kind.ACTION_DONE, Kind.NOTICE_WRITTEN, Kind.PINNED, Kind.MESSAGE_EDITED})
_SET_ASIDE = re.compile(r"^Earlier (?P<name>cause|resolution), before reopening: (?P<said>.+)$", re.DOTALL)

# A remedy, and in the same breath that it failed.
_FAILED = re.compile(
    r"\b(?:roll(?:ed|ing)?[ -]?back|revert\w*|hot ?fix|fail[ -]?over|restart\w*|redeploy\w*|restor\w+)\b[^.;\n]{0,60}?"
    r"\b(?:fail(?:s|ed|ing)?|did(?: not|n['’]t) (?:help|work)|made it worse|broke)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Record:
    """The entries of the incident's story, in order of time, and by kind."""

    entries: tuple[Entry, ...]
    by_kind: dict[Kind, list[Entry]]
    labels: dict[int, str]  # of the notes that fill another section, by entry: see `notes.label_of`
    acts: tuple[Entry, ...]  # all that people did or said, in order of time, what is shown elsewhere included
    updates_asked: tuple[Entry, ...] = ()  # Tocsin's reminders to tell stakeholders, and of promises to do so

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Record:
        """Index `entries` of one incident, in any order."""
        whole = sorted(entries, key=lambda entry: (entry.at, entry.entry_id))
        ordered = tuple(entry for entry in whole if entry.kind not in NOT_SHOWN)
        acts = tuple(entry for entry in whole if entry.author and (entry.kind in _ACTS or entry.kind not in NOT_SHOWN))
        by_kind: dict[Kind, list[Entry]] = defaultdict(list)
        for entry in ordered:
            by_kind[entry.kind].append(entry)
        labels = {entry.entry_id: label for entry in by_kind[Kind.NOTED] if (label := label_of(entry))}
        asked = tuple(entry for entry in whole if entry.kind is Kind.UPDATE_ASKED)
        return cls(ordered, dict(by_kind), labels, acts, asked)

    def of_kind(self, *kinds: Kind) -> list[Entry]:
        """Entries of these kinds, kind by kind, each in order of time."""
        return [entry for kind in kinds for entry in self.by_kind.get(kind, [])]

    def misread_cause(self, until: datetime | None) -> tuple[Entry | None, Entry | None]:
        """The cause that was recorded before another took its place while people worked on it, and that other one.

        `until`: when the trouble was over; what is worded anew afterwards was known before.
        """
        since = max((entry.at for entry in self.of_kind(Kind.REOPENED)), default=None)
        causes = [
            entry
            for entry in self.of_kind(Kind.CAUSE_RECORDED)
            if (since is None or entry.at >= since) and (until is None or entry.at <= until)
        ]
        turns = [pair for pair in itertools.pairwise(causes) if not same_cause(pair[0].text, pair[1].text)]
        return turns[-1] if turns else (None, None)

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

    def set_aside(self, name: str) -> tuple[Entry, str] | None:
        """The last `cause` or `resolution` from before a reopening, with its entry; None where there is none."""
        for entry in reversed(self.of_kind(Kind.NOTED)):
            if entry.author is None and (found := _SET_ASIDE.match(entry.text)) and found["name"] == name:
                return entry, found["said"]
        return None

    def said_as(self, label: str, words: str) -> tuple[Origin, ...]:
        """The origin of the note that says these words under that label; empty where none does."""
        return tuple(origin(entry) for entry in said_as(self.of_kind(Kind.NOTED), label, words))

    @property
    def why_false(self) -> str:
        """Why it was no incident, as whoever closed it as a false alarm last said; "" where nobody did."""
        turns = self.of_kind(Kind.FALSE_ALARM, Kind.REOPENED)
        last = max(turns, key=lambda entry: (entry.at, entry.entry_id), default=None)
        # The entry is "Closed as a false alarm by <@U…>: why", or ends with a full stop instead. A call that was
        # reopened no longer says anything.
        return last.text.partition(": ")[2] if last is not None and last.kind is Kind.FALSE_ALARM else ""

    @property
    def was_resolved(self) -> bool:
        """Whether somebody resolved it; what never was an incident is closed without."""
        return bool(self.of_kind(Kind.RESOLVED))

    def failed_tries(self) -> list[Entry]:
        """What people said of something that was tried and failed: `rollback fails: column missing`."""
        said = self.of_kind(Kind.NOTED, Kind.MESSAGE_POSTED)
        return [
            entry for entry in said if entry.author and entry.entry_id not in self.labels and _FAILED.search(entry.text)
        ]

    def first_by(self, persons: Collection[str], since: datetime) -> Entry | None:
        """The first thing that one of these people did or said at or after an instant."""
        return next((entry for entry in self.acts if entry.at >= since and entry.author in persons), None)

    def silences(self, since: datetime, until: datetime) -> list[tuple[Entry | None, datetime, datetime]]:
        """Stretches of [since, until] in which no person did or said anything: (entry before, from, to), longest first.

        What Tocsin records of itself, such as a page sent again, ends no silence.
        """
        before: Entry | None = None
        start = since
        found: list[tuple[Entry | None, datetime, datetime]] = []
        for entry in self.acts:
            if entry.at < since:
                continue
            if entry.at > until:
                break
            found.append((before, start, entry.at))
            before, start = entry, entry.at
        found.append((before, start, until))
        return sorted(found, key=lambda stretch: (stretch[1] - stretch[2], stretch[1]))


def is_set_aside(entry: Entry) -> bool:
    """Whether this only repeats, at a reopening, which cause or resolution was recorded before."""
    return entry.kind is Kind.NOTED and entry.author is None and _SET_ASIDE.match(entry.text) is not None


def reason_of(entry: Entry) -> str:
    """Why somebody did it, as an entry such as `Severity raised from P1 to P0 by <@U1>: why` ends; "" without one."""
    return entry.text.partition(": ")[2].strip()


def origin(entry: Entry) -> Origin:
    """Where a line that rests on `entry` comes from."""
    return Origin(entry.entry_id, entry.permalink)
