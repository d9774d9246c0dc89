"""The thread that wakes escalation plans, reminders and injects of drills whose time has come, about once a second."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.drills.flows import play_due
from bot.escalation.flows.calls import wake
from bot.escalation.flows.plan import sweep
from bot.escalation.jobs import calls
from bot.escalation.queries import pings
from bot.escalation.queries.calls import find_next_due
from bot.lifecycle.flows.reminders import say_due
from bot.reviews.flows.reminders import remind
from bot.store.outages import Outage, is_away, reason_of
from bot.wiring.monitoring.health import SWEEP, Progress

log = structlog.get_logger(__name__)

_EVERY = 1.0  # seconds at most; sooner when something is due sooner
_PAUSE = 0.2  # seconds at least: what falls due meanwhile is sent together
_REMIND_EVERY = 5.0  # seconds; reminders are due on a day, and injects of drills by the minute
_AT_ONCE = 200  # incidents in one transaction
_NAMED = 5  # incidents in one line of the log
_LOCKED_FOR = timedelta(seconds=2)  # a command holds a row for milliseconds, another replica's sweep no longer


class Sweeps:
    """Escalation outlives whatever one sweep meets."""

    def __init__(self, context: AppContext, progress: Progress, stop: threading.Event) -> None:
        self._context = context
        self._progress = progress
        self._stop = stop
        self._remind_at = 0.0  # in monotonic seconds
        self._passed_over = Outage(log, "another session holds the rows of incidents whose escalation is due")

    def run(self) -> None:
        """Sweep until stopped."""
        held_up = Outage(log, "escalation is held up")
        while not self._stop.is_set():
            pause = _EVERY
            try:
                pause = self.sweep()
                self._progress.note(SWEEP)
                held_up.ended()
            except Exception as error:  # a way in: escalation must outlive whatever one sweep met
                if is_away(error):
                    held_up.failed(reason_of(error))
                else:
                    log.exception("sweep failed; trying again")
            self._stop.wait(pause)

    def sweep(self) -> float:
        """One sweep; the seconds until the next."""
        now = self._context.now()
        with self._context.database.transaction() as session:
            if sweep(session, self._context.policy.escalation, now, _AT_ONCE) == _AT_ONCE:
                return 0.0
            upcoming = pings.find_next_wake(session)
            passed_over = self._passes_over(session, upcoming, now)
        if (pager := self._wake_calls(now)) is not None:
            upcoming = min(upcoming, pager) if upcoming else pager
        if time.monotonic() >= self._remind_at:  # apart: what it meets must not undo what is escalated
            with self._context.database.transaction() as session:
                if play_due(session, self._context.policy, now, _AT_ONCE) == _AT_ONCE:
                    return 0.0
            with self._context.database.transaction() as session:
                if remind(session, self._context.policy.review, now, _AT_ONCE) == _AT_ONCE:
                    return 0.0
                if say_due(session, now, _AT_ONCE) == _AT_ONCE:
                    return 0.0
            self._remind_at = time.monotonic() + _REMIND_EVERY
        if passed_over:
            return _PAUSE
        return min(_EVERY, max(_PAUSE, self._context.seconds_until(upcoming))) if upcoming else _EVERY

    def _wake_calls(self, now: datetime) -> datetime | None:
        """Have the pages outside Slack made that are due. When the next one is; None for none."""
        if not self._context.policy.contacts.methods:
            return None
        with self._context.database.transaction() as session:
            calls.plan_unattended(session, self._context, now)
            while wake(session, now, _AT_ONCE) == _AT_ONCE:
                pass
            return find_next_due(session)

    def _passes_over(self, session: Session, upcoming: datetime | None, now: datetime) -> bool:
        """True, with a line in the log, where a plan is still due after a sweep: its incident's row was locked."""
        if upcoming is None or now - upcoming <= _LOCKED_FOR:
            self._passed_over.ended()
            return False
        refs = pings.list_overdue(session, now - _LOCKED_FOR, _NAMED)
        advice = "`select * from pg_stat_activity where state like 'idle in transaction%'` shows whose session it is"
        self._passed_over.failed(", ".join(refs), advice=advice)
        return True
