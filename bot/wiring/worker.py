"""The worker: runs the outbox's jobs in both queues, and beside them the sweeps and the housekeeping."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import procrastinate
import structlog
from procrastinate import JobContext
from procrastinate.jobs import Job

from bot.alarms import jobs as alarms
from bot.alarms.transports import sns
from bot.alarms.transports.sqs import QueueReader
from bot.aws.queues import AlarmQueue
from bot.aws.session import Unavailable
from bot.context import AppContext
from bot.diagnostics import jobs as diagnostics
from bot.escalation.jobs import calls, contact_methods, digests, mentions, paging, user_groups
from bot.incidents import jobs as incident_jobs
from bot.lifecycle.jobs import backfill, channel, handovers, home, privacy, reminders, responders
from bot.playbooks import jobs as playbooks
from bot.playbooks.jobs.upkeep import check_commands
from bot.reports.jobs import answers, severity_suggestions, workflow
from bot.reports.jobs import backfill as reports_backfill
from bot.retention import jobs as retention
from bot.reviews.jobs import drafts, pictures, questions, reviews
from bot.severity.rules import NotFitted
from bot.slack.client import Refused, Slack, TryAgain
from bot.slack.poster import Poster
from bot.stakeholders import jobs as updates
from bot.status_page import jobs as status_page
from bot.store.connection import queue_pool
from bot.store.job_claims import JobClaim, JobLost
from bot.store.job_manager import PersistentJobManager
from bot.store.outages import Outage, is_away, reason_of
from bot.store.outbox import PAGERS, PAGING, SLACK
from bot.trackers import jobs as trackers
from bot.wiring.failure_reports import report_failure
from bot.wiring.monitoring.health import OVERDUE, SWEEP, Progress
from bot.wiring.upkeep.command_checks import check_apart
from bot.wiring.upkeep.housekeeping import Housekeeping
from bot.wiring.upkeep.periodic import MADE_UP_WITHIN, PERIODIC
from bot.wiring.upkeep.retries import RetryPolicy
from bot.wiring.upkeep.sweeps import Sweeps

log = structlog.get_logger(__name__)

TASKS: dict[str, Callable[..., None]] = {
    "slack.open_room": channel.open_channel,
    "slack.furnish_room": channel.set_up_channel,
    "slack.rename_channel": channel.rename_channel,
    "slack.card": channel.card,
    "slack.mirror": channel.mirror,
    "slack.check_channel": channel.check_channel,
    **privacy.TASKS,
    **workflow.TASKS,
    "slack.reminder": reminders.remind,
    **incident_jobs.TASKS,
    **alarms.TASKS,
    **sns.TASKS,
    "slack.answer": answers.answer,
    "slack.link_answer": answers.link_answer,
    "slack.review": drafts.review,
    "slack.redraft": drafts.redraft,
    "slack.suggest_severity": severity_suggestions.suggest_severity,
    "slack.review_reminder": reviews.review_reminder,
    "slack.review_picture": pictures.review_picture,
    "slack.review_questions": questions.review_questions,
    "slack.review_handed_in": reviews.review_handed_in,
    "slack.review_changes": reviews.review_changes,
    "slack.review_canvas": reviews.review_canvas,
    "slack.action_reminder": reviews.action_reminder,
    "slack.action_from_message": reviews.action_from_message,
    "aws.archive": reviews.archive,
    "slack.page": paging.page,
    "slack.pages": paging.pages,
    "slack.page_over": mentions.page_over,
    "slack.mention": mentions.mention,
    "slack.digest": digests.digest,
    "slack.redraw_digest": digests.redraw,
    "slack.handover": handovers.handover,
    "pager.call": calls.call,
    "slack.pages_tested": calls.tested,
    "slack.tell_override": contact_methods.tell_override,
    "aws.notice": contact_methods.send_notice,
    "aws.alarms": updates.alarms,
    "aws.diagnose": diagnostics.diagnose,
    "slack.news": updates.news,
    "slack.notice": updates.notice,
    "slack.update_due": updates.update_due,
    "slack.update_wanted": updates.update_wanted,
    "slack.notice_mailed": updates.notice_mailed,
    "slack.checklist": updates.checklist,
    **status_page.TASKS,
    **trackers.TASKS,
    **playbooks.TASKS,
    "slack.upkeep_commands": check_commands(check_apart),
    "slack.assigned": responders.assigned,
    "slack.bring": responders.bring,
    "slack.home": home.home,
    "slack.groups": user_groups.groups,
    "slack.read_back": backfill.backfill_channel,
    "slack.read_announcements": reports_backfill.backfill_reports,
    "slack.read_reports_since": reports_backfill.backfill_reports_since,
    "record.retain": retention.retain,
}
# What the worker's progress calls each queue.
QUEUES = {SLACK: "queue of posts", PAGING: "queue of pages", PAGERS: "queue of pagers"}
JOB_THREAD = "job of tocsin"
SLACK_THREADS = 6
PAGING_THREADS = 3
PAGER_THREADS = 4  # each may wait ten seconds for a service that hangs
_ENDS_WITHIN = 10.0  # seconds for running jobs to end before the worker restarts, or stops, without them
_STOPS_WITHIN = 11.0  # seconds for the threads after `stop`
_HEARTBEAT_EVERY = 3.0  # seconds
_FORGET_WORKER_AFTER = 86_400.0  # seconds; long, as a live worker that was forgotten would lose its jobs


def job_app(context: AppContext, slack: Slack, heard: Callable[[str], None] = lambda _queue: None) -> procrastinate.App:
    """The procrastinate app with every task bound to what it needs; it is opened with `queue_pool`."""
    connector = procrastinate.PsycopgConnector()
    app = procrastinate.App(connector=connector, periodic_defaults={"max_delay": MADE_UP_WITHIN.total_seconds()})
    app.job_manager = manager = PersistentJobManager(connector, heard, lambda name: name in app.tasks)

    def claim_of(job: Job) -> JobClaim:
        return JobClaim(context.database, job.id or 0, job.worker_id, job.attempts, manager.fetched_at(job))

    for name, run in TASKS.items():
        app.task(name=name, retry=RetryPolicy(), pass_context=True)(_bound(name, run, context, slack, claim_of))
    for name, (cron, run) in PERIODIC.items():
        task = app.task(name=name, retry=RetryPolicy(), pass_context=True, queue=SLACK, lock=name, queueing_lock=name)
        app.periodic(cron=cron)(task(_bound(name, run, context, slack, claim_of)))
    return app


def _bound(
    name: str, run: Callable[..., None], context: AppContext, slack: Slack, claim_of: Callable[[Job], JobClaim]
) -> Callable[..., None]:
    held_up = Outage(log, f"{name} is held up")

    def task(job: JobContext, **arguments: Any) -> None:
        own = slack.of_job(claim_of(job.job).confirm, job.job.queue)
        ids = {key: value for key, value in arguments.items() if key.endswith("_id")}  # never what people wrote
        with structlog.contextvars.bound_contextvars(job=name, **ids):
            try:
                run(context, own, Poster(context.database, own, context.now, job.job.attempts), **arguments)
            except JobLost as lost:
                log.warning("stopped in the middle of a job", reason=str(lost))
                return
            except (TryAgain, Unavailable, NotFitted) as error:
                held_up.failed(str(error))
                raise
            except Refused as error:
                if error.may_pass:
                    held_up.failed(str(error), advice="`tocsin doctor` says what to do")
                report_failure(context, name, arguments, error)
                raise
            held_up.ended()

    return task


class JobThreads(ThreadPoolExecutor):
    """The threads that jobs run in. The event loop that ends does not wait for a job that does not."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


class Silent(Exception):
    """Nothing was heard from the job queue for so long that the worker is started anew."""


async def run_until_one_ends(parts: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run them side by side; when the first ends, cancel the others, and raise what it raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        first, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended, _ = await asyncio.wait(tasks, timeout=_ENDS_WITHIN)
        # One trouble often ends several. An error that nobody asks for is reported by whichever code runs when the
        # task is collected, as if it were that code's.
        errors = {task: task.exception() for task in ended if not task.cancelled()}
    for task in first:
        if error := errors.get(task):
            raise error


class Worker:
    """Both queues and the sweep, in threads of their own, so that a stalled post never holds up a page."""

    def __init__(self, context: AppContext, slack: Slack, queues: Sequence[AlarmQueue] = ()) -> None:
        """`queues`: from which alarms are taken."""
        self._context = context
        self._slack = slack
        self.progress = Progress()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._manager: PersistentJobManager | None = None
        self._stop = threading.Event()
        self._housekeeping = Housekeeping(context)
        sweeps = Sweeps(context, self.progress, self._stop)
        # They end within seconds of `stop`; a database that is silent must not keep the process from ending.
        self._threads = [
            threading.Thread(target=self._run_jobs, name="jobs", daemon=True),
            threading.Thread(target=sweeps.run, name="sweeps", daemon=True),
        ]
        self._queues = [QueueReader(context, queue, self._stop, self.progress.note) for queue in queues]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        for queue in self._queues:
            queue.start()

    def stop(self) -> None:
        """Let running jobs end, take no new ones. Jobs that do not end in time are done again by the next worker."""
        self._stop.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # between two starts after the database went away, the loop is closed
                self._loop.call_soon_threadsafe(self._cancel)
        until = time.monotonic() + _STOPS_WITHIN
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                log.warning("did not end in time; its work is done again by the next worker", thread=thread.name)
        for queue in self._queues:
            queue.finish()

    def left_behind(self) -> bool:
        """True where something still runs after `stop`: a thread of ours, or one of a job."""
        of_jobs = [thread for thread in threading.enumerate() if thread.name.startswith(JOB_THREAD)]
        for thread in of_jobs:
            thread.join(0.5)  # an idle one is just ending
        return any(thread.is_alive() for thread in [*self._threads, *of_jobs])

    def troubles(self) -> list[str]:
        """A sentence for each part that does not get on; empty while jobs are taken and plans are swept."""
        late = self.progress.overdue([SWEEP, *QUEUES.values()])
        return [*late, *(trouble for queue in self._queues for trouble in queue.troubles())]

    def _cancel(self) -> None:
        if self._manager is not None:
            self._manager.hurry()
        if self._main is not None:
            self._main.cancel()

    def _run_jobs(self) -> None:
        """Jobs until stopped. When the database goes away or falls silent the workers end; they are started again."""
        self._outage = Outage(log, "jobs are held up")
        while not self._stop.is_set():
            try:
                asyncio.run(self._work())
            except asyncio.CancelledError:
                if not self._stop.is_set():
                    raise
            except Exception as error:  # a way in: the worker must outlive a database restart
                if is_away(error) or isinstance(error, Silent):
                    self._outage.failed(reason_of(error))
                else:
                    log.exception("worker stopped; starting it again")
                self._stop.wait(1)

    async def _work(self) -> None:
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        self._loop.set_default_executor(JobThreads(SLACK_THREADS + PAGING_THREADS + PAGER_THREADS + 1, JOB_THREAD))
        if self._stop.is_set():
            return
        app = job_app(self._context, self._slack, self._heard)
        self._manager = app.job_manager if isinstance(app.job_manager, PersistentJobManager) else None
        pool = queue_pool(self._context.database.url)
        try:
            await pool.open(wait=True, timeout=8)
            async with app.open_async(pool):
                await self._run_all(app)
        finally:
            await pool.close(timeout=2)

    async def _run_all(self, app: procrastinate.App) -> None:
        """Until one of them fails or all are cancelled; jobs that run then have a while to end."""
        parts = [
            self._consume(app, SLACK, SLACK_THREADS),
            self._consume(app, PAGING, PAGING_THREADS),
            self._consume(app, PAGERS, PAGER_THREADS),
            self._housekeeping.run(),
            self._watch(),
        ]
        await run_until_one_ends(parts)

    def _heard(self, queue: str) -> None:
        self.progress.note(QUEUES[queue])
        self._outage.ended()

    async def _watch(self) -> None:
        """Ends with Silent when no job was asked for in a long while, whatever it is that hangs."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(1)
            if time.monotonic() - began > OVERDUE and (late := self.progress.overdue(list(QUEUES.values()))):
                raise Silent("; ".join(late))

    async def _consume(self, app: procrastinate.App, queue: str, threads: int) -> None:
        await app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=threads,
            wait=True,
            fetch_job_polling_interval=1.0,
            install_signal_handlers=False,
            delete_jobs="successful",
            update_heartbeat_interval=_HEARTBEAT_EVERY,
            stalled_worker_timeout=_FORGET_WORKER_AFTER,
            shutdown_graceful_timeout=8,
        )
