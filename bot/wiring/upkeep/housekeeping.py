"""What the worker looks after every few seconds: jobs of dead workers, reminders, and at its start what it missed."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from bot.context import AppContext
from bot.escalation.flows.holders import look_up_groups
from bot.incidents.flows.refusals import retry_channels
from bot.lifecycle.flows.backfill import plan_backfill
from bot.lifecycle.flows.privacy import finish_withdrawing
from bot.playbooks import jobs as playbooks
from bot.stakeholders.flows.notify import remind_of_promises, remind_to_notify
from bot.store.outages import Outage, is_away, reason_of
from bot.store.outbox import free_jobs_of_dead_workers

log = structlog.get_logger(__name__)

_EVERY = 3.0  # seconds between looks; two in a row must agree that a worker is dead
_SILENT_AFTER = 10.0  # seconds without a heartbeat after which a worker is taken for dead


class Housekeeping:
    """One look after the other. It lives as long as the process, however often its queue is connected anew."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._started = context.now()
        self._suspects: frozenset[tuple[int, int]] = frozenset()
        self._groups_looked_up = self._read_back = self._withdrawn = False

    async def run(self) -> None:
        """Look until cancelled; what fails must not stop posts and pages."""
        held_up = Outage(log, "housekeeping is held up")
        self._suspects = frozenset()  # of a look long ago, perhaps: two in a row must agree
        while True:
            try:
                await asyncio.to_thread(self.look)
                held_up.ended()
            except Exception as error:  # a way in
                if is_away(error):
                    held_up.failed(reason_of(error))
                else:
                    log.exception("housekeeping failed; trying again")
            await asyncio.sleep(_EVERY)

    def look(self) -> None:
        """Everything once, each in a transaction of its own."""
        self._free_jobs()
        self._remind()
        self._retry_channels()
        playbooks.look(self._context, self._context.now())
        if not self._groups_looked_up:
            self._look_up_groups()
        if not self._read_back:
            self._read_back_after_the_start()
        if not self._withdrawn:
            self._finish_withdrawing()

    def _free_jobs(self) -> None:
        with self._context.database.transaction() as session:
            freed, self._suspects = free_jobs_of_dead_workers(session, _SILENT_AFTER, self._suspects)
        if freed:
            log.warning("took over the jobs of a worker that died", jobs=freed)

    def _remind(self) -> None:
        """Remind of stakeholders who hear nothing."""
        with self._context.database.transaction() as session:
            remind_of_promises(session, self._context.now())
            remind_to_notify(session, self._context.policy.notices, self._context.now())

    def _retry_channels(self) -> None:
        """Channels that Slack refused."""
        with self._context.database.transaction() as session:
            retry_channels(session, self._context.now())

    def _look_up_groups(self) -> None:
        """At the start: contacts.yaml may name groups that it did not name before."""
        with self._context.database.transaction() as session:
            look_up_groups(session, self._context.policy)
        self._groups_looked_up = True

    def _finish_withdrawing(self) -> None:
        """Once after the start: what an earlier version made private and withdrew less of."""
        with self._context.database.transaction() as session:
            found = finish_withdrawing(session)
        self._withdrawn = True
        if found:
            log.info("withdrawing the rest of what was said of private incidents", incidents=found)

    def _read_back_after_the_start(self) -> None:
        """A further replica that starts reads back too: it cannot know that the others heard everything.

        It goes on at the next look where somebody was just changing one of the incidents.
        """
        now: datetime = self._context.now()
        with self._context.database.transaction() as session:
            self._read_back = plan_backfill(session, self._started, now, long=True)
