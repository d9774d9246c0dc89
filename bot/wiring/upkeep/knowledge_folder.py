"""The knowledge folder, looked at every few seconds: a git checkout that is pulled is taken in without a restart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import InvalidKnowledge
from bot.memory.entries.entries import Entry, entry_paths, read_entries

log = structlog.get_logger(__name__)

_EVERY = 10.0  # seconds between looks; two that agree mean that nobody is writing any more
_Signature = tuple[tuple[str, int, int], ...]


class KnowledgeFolder:
    """Takes in what changed in the folder once it is at rest. With an error in it, what was known before stays."""

    def __init__(self, folder: Path, reload: Callable[[Sequence[Entry]], None], stop: threading.Event) -> None:
        """`reload` takes the folder's entries in, and may raise what the database raises."""
        self._folder = folder
        self._reload = reload
        self._stop = stop
        self._taken = self._seen = self._signature()

    def run(self) -> None:
        """Look until stopped."""
        while not self._stop.wait(_EVERY):
            try:
                self.look()
            except Exception:  # a way in: a folder that cannot be read today may be readable tomorrow
                log.exception("could not look at the knowledge folder; trying again")

    def look(self) -> bool:
        """One look; True where something was taken in."""
        signature = self._signature()
        at_rest, self._seen = signature == self._seen, signature
        if signature == self._taken or not at_rest:
            return False
        try:
            entries = read_entries(self._folder)
            self._reload(entries)
        except InvalidKnowledge as error:
            log.error("the knowledge folder changed and is not right; what was known before is used", reason=str(error))
            self._taken = signature  # said once; the next change is looked at again
            return False
        except SQLAlchemyError as error:
            log.warning("could not take in the knowledge folder; trying again", error=str(error))
            return False
        self._taken = signature
        log.info("took in the knowledge folder", entries=len(entries))
        return True

    def _signature(self) -> _Signature:
        """What tells whether a file was added, changed or removed."""
        found = []
        for path in entry_paths(self._folder):
            try:
                stat = path.stat()
            except FileNotFoundError:  # removed since the folder was listed
                continue
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
        return tuple(found)
