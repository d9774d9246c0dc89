"""What is known of the past, kept the same on every replica: the folder's entries and what the database added to them.

An index is fitted over the folder and the database as it stood at a change that all replicas agree on, and what changed
since is laid beside it in the order of the changes. So every replica answers alike, whenever it was started.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import InvalidKnowledge
from bot.memory import queries as knowledge
from bot.memory.entries.documents import from_document
from bot.memory.entries.entries import Entry
from bot.memory.index.documents import Document, passages_of
from bot.memory.index.index import Index
from bot.memory.meaning.vectors import Meanings
from bot.memory.tables import KnowledgeVersion
from bot.store.engine import Database

log = structlog.get_logger(__name__)

OPEN_KIND = "open"  # the kind of open incidents in a search
# Chosen on tests/memory/data/alike.jsonl: at this score nearly all that is offered is the same incident.
OPEN_ALIKE = 0.32
# Chosen on tests/memory/data/short.jsonl: from this score on it counts that a report names nothing else.
OPEN_NAMED = 0.20
_FAR_AHEAD = 2.0  # times the score of the next open incident
_PATIENCE = 1.0  # seconds to wait for another thread that looks for changes; then what is there has to do


OpenIncident = tuple[str, str]  # title, everything it says of its trouble


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of the past at one moment: the index, the entries that its refs name, which of them are ours."""

    index: Index
    entries: Mapping[str, Entry]
    own: frozenset[str] = frozenset()  # refs of our own closed incidents


@dataclass(frozen=True, slots=True)
class _Held:
    memory: Memory
    base: Index  # as it was fitted
    fitted: int  # the change through which it was fitted
    seen: int  # the newest change that `memory` has


@dataclass(slots=True)
class _Open:
    """Open incidents laid beside the fitted index; an incident is read again only when its words have changed."""

    base: Index
    index: Index
    incidents: dict[str, OpenIncident] = field(default_factory=dict)


class LiveMemory:
    """The memory of this process. `current` asks the database for changes first: one row, well under a millisecond."""

    def __init__(
        self,
        database: Database,
        folder: Sequence[Entry],
        fit: Callable[[list[Entry]], Index],
        meanings: Meanings | None = None,
    ) -> None:
        """`fit` makes an index over entries, and is slow; it may keep what it made. Raises what the database raises.

        What entries mean is learnt beside: until then they are found by their words.
        """
        self._database = database
        self._folder = {entry.ref: entry for entry in folder if entry.archived_at is None}
        self._fit = fit
        self._turn = threading.Lock()
        self._open_turn = threading.Lock()
        self._refitting: threading.Thread | None = None
        self._meanings = meanings
        self._learning: threading.Thread | None = None
        self._held = self._load()
        self._open = _Open(self._held.base, self._held.base)
        self._learn_in_background()

    def current(self) -> Memory:
        """All that is known now, on whichever replica it was added, changed or taken out."""
        if self._turn.acquire(timeout=_PATIENCE):
            try:
                self._take_changes()
            except SQLAlchemyError as error:
                log.warning("could not look for new knowledge", error=str(error))
            finally:
                self._turn.release()
        return self._held.memory

    def reload(self, folder: Sequence[Entry]) -> None:
        """Take these for the folder's entries from now on. Fits anew before it returns; searches are answered meanwhile
        by what was known before. Raises what the database raises, and then nothing is changed.
        """
        before = self._folder
        self._folder = {entry.ref: entry for entry in folder if entry.archived_at is None}
        try:
            fresh = self._load()
        except SQLAlchemyError:
            self._folder = before
            raise
        with self._turn:
            self._held = fresh

    def settle(self) -> None:
        """Wait for a fit, and for meanings being learnt, in the background."""
        for thread in (self._refitting, self._learning):
            if thread is not None:
                thread.join()

    def find_open(self, open_incidents: Mapping[str, OpenIncident], text: str) -> str | None:
        """The ref of the open incident that the text seems to be about; None where none is near enough.

        A short report, "checkout is down for everyone", says little that could match. It is taken for part of an
        incident where it names nothing that this one does not, and no other comes near.
        """
        with self._open_turn:
            index = self._with_open(open_incidents)
        found = index.search(text, limit=2, kind=OPEN_KIND, below_threshold=True)
        if not found:
            return None
        best, second = found[0], found[1].by_words if len(found) > 1 else 0.0
        if best.by_words >= OPEN_ALIKE:
            return best.ref
        alone = best.by_words >= OPEN_NAMED and best.by_words >= _FAR_AHEAD * second
        return best.ref if alone and index.names_nothing_else(text, best) else None

    def _with_open(self, incidents: Mapping[str, OpenIncident]) -> Index:
        if self._open.base is not self._held.base:
            self._open = _Open(self._held.base, self._held.base)
        known, index = self._open.incidents, self._open.index
        for ref in known.keys() - incidents.keys():
            index = index.without(ref)
        for ref in sorted(ref for ref in incidents if incidents[ref] != known.get(ref)):
            title, body = incidents[ref]
            index = index.with_entry(Document(ref, OPEN_KIND, title, (("title", title), ("symptoms", body))))
        self._open.incidents, self._open.index = dict(incidents), index
        return index

    def _take_changes(self) -> None:
        """Take in what changed. Where it is much, the old index answers until the new one is fitted."""
        held = self._held
        with self._database.reading() as session:
            now = knowledge.changes(session)
            if (now.last, now.fitted) == (held.seen, held.fitted):
                return
            much = knowledge.count_since(session, held.seen) > knowledge.REFIT_AFTER
            rows = [] if much else knowledge.list_since(session, held.seen)
        if rows:
            self._held = self._changed(held, rows)
            self._learn_in_background()
        if now.fitted > held.fitted:
            self._refit_in_background()

    def _changed(self, held: _Held, rows: Sequence[KnowledgeVersion]) -> _Held:
        """The memory with these changes made. A document that cannot be read changes nothing."""
        index, entries, own = held.memory.index, dict(held.memory.entries), set(held.memory.own)
        for row in rows:
            entry = self._folder.get(row.ref) if row.document is None else _entry_of(row)
            archived = entry is not None and entry.archived_at is not None
            if entry is not None and not archived:
                index = index.with_entry(entry)
                entries[row.ref] = entry
            elif row.document is None or archived:
                index = index.without(row.ref)
                entries.pop(row.ref, None)
            own = own | {row.ref} if row.document is not None and row.incident_id else own - {row.ref}
        seen = max([held.seen, *(row.change or 0 for row in rows)])
        return _Held(Memory(index, entries, frozenset(own)), held.base, held.fitted, seen)

    def _load(self) -> _Held:
        with self._database.transaction() as session:
            fitted = knowledge.changes(session).fitted
            rows = knowledge.list_at(session, fitted)
            later = knowledge.list_since(session, fitted)
        read = {row.ref: entry for row in rows if (entry := _entry_of(row))}
        entries = self._folder | read  # what people imported wins over the folder
        entries = {ref: entry for ref, entry in entries.items() if entry.archived_at is None}
        own = frozenset(row.ref for row in rows if row.incident_id and row.ref in read)
        index = self._fit(list(entries.values()))
        return self._changed(_Held(Memory(index, entries, own), index, fitted, fitted), later)

    def _refit_in_background(self) -> None:
        if self._refitting is None or not self._refitting.is_alive():
            self._refitting = threading.Thread(target=self._refit, name="refit", daemon=True)
            self._refitting.start()

    def _learn_in_background(self) -> None:
        """Make the vectors of entries that have none yet; one at a time, so that what came meanwhile is learnt next."""
        if self._meanings is None or (self._learning is not None and self._learning.is_alive()):
            return
        self._learning = threading.Thread(target=self._learn, name="meaning", daemon=True)
        self._learning.start()

    def _learn(self) -> None:
        assert self._meanings is not None
        while missing := self._meanings.missing(passages_of(self._held.memory.entries.values())):
            self._meanings.learn(missing)

    def _refit(self) -> None:
        try:
            fresh = self._load()
        except SQLAlchemyError as error:
            log.warning("could not refit the index; the next search tries again", error=str(error))
            return
        with self._turn:
            self._held = fresh
        self._learn_in_background()


def _entry_of(row: KnowledgeVersion) -> Entry | None:
    """The entry, or None with a line in the log: one bad document must not silence the others."""
    try:
        return from_document(row.document or {})
    except InvalidKnowledge as error:
        log.error("an entry cannot be read; `tocsin knowledge check` names it", ref=row.ref, reason=str(error))
        return None
