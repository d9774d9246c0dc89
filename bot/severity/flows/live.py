"""The judge of this process: asks the database which correction is in force, so that all replicas judge alike."""

from __future__ import annotations

import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.severity import queries as fits
from bot.severity.judge.judge import Judge
from bot.severity.judge.models.correction import from_bytes
from bot.severity.rules import Judgement
from bot.store.engine import Database

log = structlog.get_logger(__name__)


class LiveJudge(Judge):
    """Judges like `shipped`, corrected by what was learnt here. Any thread may use it."""

    def __init__(self, shipped: Judge, database: Database, *, fitted: bool = True) -> None:
        """Not `fitted`: `shipped` is the written matrix alone, until `take` brings the models."""
        super().__init__(*shipped.parts)
        self._database = database
        self._fitted = fitted
        self._lock = threading.Lock()
        self._shipped = shipped
        self._held: tuple[int | None, Judge] = (None, shipped.as_shipped())

    @property
    def is_fitted(self) -> bool:
        return self._fitted

    def take(self, shipped: Judge) -> None:
        """Judge like this one from now on: it has been fitted."""
        with self._lock:
            super().__init__(*shipped.parts)
            self._shipped = shipped
            self._held = (None, shipped.as_shipped())
            self._fitted = True

    def judge(self, text: str) -> Judgement:
        return self.current().judge(text)

    def current(self) -> Judge:
        """The judge in force now. Where the database cannot be asked, the one that was in force last."""
        shipped, held = self._shipped, self._held
        try:
            with self._database.reading() as session:
                wanted = fits.id_in_force(session)
                if wanted == held[0]:
                    return held[1]
                row = fits.find_in_force(session)
                model = row.model if row else None
        except SQLAlchemyError as error:
            log.warning("could not ask for what the judge learnt", error=str(error))
            return held[1]
        correction = from_bytes(model) if model else None
        if model and correction is None:
            log.error("what the judge learnt cannot be read; `tocsin judge undo` takes it out", fit=wanted)
        now = shipped.corrected(correction) if correction else shipped.as_shipped()
        with self._lock:
            if self._shipped is shipped:  # else it was fitted meanwhile
                self._held = wanted, now
        return now
