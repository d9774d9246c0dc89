"""What was acknowledged before it was done, noted until it is: of a process that is killed meanwhile the note is left.

A note is a job that says to the person that it may not have been done. What ends takes its note away, and what is
acknowledged in time writes none. Like every job it holds no words of people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog

from bot.slack.text import code, shorten
from bot.store.engine import Database
from bot.store.outbox import drop, enqueue
from bot.text.markup import escape

log = structlog.get_logger(__name__)

TASK = "slack.unfinished"
_SAID_AFTER = timedelta(minutes=1)  # nothing that a database answers at all takes longer
_REF = re.compile(r"[A-Za-z]{2,8}-\d{4}-\d{1,6}")
_LONGEST = 75  # characters of what a button or a form is called


class UnfinishedNotes:
    """Writes and drops notes in a thread of its own, in the order in which it is asked to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, "unfinished")

    def add(self, name: str, user_id: str, body: Mapping[str, Any]) -> None:
        """Have that person told in a minute, unless it ends before."""
        self._thread.submit(self._try, self._add, name, user_id, what_was_asked(body))

    def drop(self, name: str) -> None:
        """It has ended: the person hears how."""
        self._thread.submit(self._try, self._drop, name)

    def _add(self, name: str, user_id: str, what: str) -> None:
        with self._database.transaction() as session:
            enqueue(session, TASK, once=name, after=_SAID_AFTER, name=name, user_id=user_id, what=what)

    def _drop(self, name: str) -> None:
        with self._database.transaction() as session:
            drop(session, name)

    @staticmethod
    def _try(act: Callable[..., None], *arguments: str) -> None:
        try:
            act(*arguments)
        except Exception as error:  # noqa: BLE001  # a thread of its own, and nobody waits for it
            log.warning("could not note what was acknowledged before it was done", reason=str(error))


def what_was_asked(body: Mapping[str, Any]) -> str:
    """What somebody typed, pressed or sent, by its name alone: `/incident note INC-2026-0001`, without the note."""
    if "command" in body:
        words = str(body.get("text") or "").split()[:2]
        named = [word for place, word in enumerate(words) if place == 0 or _REF.fullmatch(word)]
        return f"Your {code(shorten(' '.join([str(body['command']), *named]), _LONGEST))}"
    if body.get("type") == "view_submission":
        return f"Your form “{_named(body['view'].get('title'))}”"
    pressed = _named(((body.get("actions") or [{}])[0]).get("text"))
    return f"Your press of “{pressed}”" if pressed else "What you chose"


def _named(text: Any) -> str:
    return escape(shorten(str((text or {}).get("text") or ""), _LONGEST))


def may_not_be_done(what: str) -> str:
    """What the person is told."""
    return (
        f"{what} may not have been done: Tocsin was stopped while it was working on it. "
        "Check the incident, and do it again if it wasn't."
    )
