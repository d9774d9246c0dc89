"""`tocsin run`, `worker` and `web`: listeners, worker and pages over one context, started and stopped together."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

import structlog
import uvicorn
from slack_bolt import App
from starlette.routing import Route

from bot.context import AppContext
from bot.errors import InvalidSettings
from bot.escalation.flows.holders import roster_facts
from bot.extras import Extra
from bot.incidents.pages import why_not
from bot.lifecycle.flows.backfill import read_reports_since
from bot.lifecycle.pages.pagers import pager_routes
from bot.reports.jobs.backfill import ON_ITS_WAY
from bot.reviews.jobs.reviews import review_path
from bot.reviews.pages.pdf import render_pdf
from bot.settings import Settings
from bot.severity.flows.live import LiveJudge
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack, TryAgain, web_client
from bot.slack.refusals import sentence
from bot.slack.replies.late import PATIENCE
from bot.store.engine import Database
from bot.web.app import create_web
from bot.web.auth import WebContext
from bot.web.limits import server_config
from bot.web.membership import Membership
from bot.web.sessions import sign_personal_link
from bot.web.slack import slack_route
from bot.web.taken_requests import TakenRequests
from bot.wiring import listeners
from bot.wiring.access.aws import build_aws, build_queues, build_ways
from bot.wiring.access.sharing import Sharing
from bot.wiring.access.socket_mode import SocketMode
from bot.wiring.access.standing import Standings
from bot.wiring.building import (
    build_alarms,
    build_archive,
    build_hooks,
    build_judge,
    build_live_memory,
    build_matrix,
    build_pagers,
    build_policy,
    build_trackers,
    is_judge_fitted,
    warm_judge,
)
from bot.wiring.clock import Clock
from bot.wiring.monitoring.health import SWEEP, DatabaseCheck
from bot.wiring.monitoring.metrics import Figures, write_metrics
from bot.wiring.monitoring.slack_liveness import SlackLiveness
from bot.wiring.monitoring.state import read_state
from bot.wiring.pages import build_alarm_ways, build_pages, build_public_pages, build_status_files, status_address
from bot.wiring.upkeep.fitting import JudgeFitting
from bot.wiring.upkeep.knowledge_folder import KnowledgeFolder
from bot.wiring.worker import Worker

log = structlog.get_logger(__name__)

LISTENER_THREADS = 8  # a command uses one connection; the pool also serves events, jobs, the sweep and pages
PAGE_THREADS = 8  # each uses one connection; more readers at once wait, so that they cannot take those of the others
_LOOK_AT_SOCKET_EVERY = 3.0  # seconds; a connection that was lost is opened again at the next look
_HEAR_SIGNALS_EVERY = 0.5  # seconds
_INTRODUCE_EVERY = 15.0  # seconds between tries while Slack is away or the channel is not there


@dataclass(frozen=True, slots=True)
class Parts:
    """What of Tocsin this process runs."""

    listen: bool = True
    work: bool = True
    serve: bool = True
    patience: float = PATIENCE  # seconds after which what Slack sent is acknowledged, done or not

    def __str__(self) -> str:
        names = (("listening", self.listen), ("working", self.work), ("serving pages", self.serve))
        return ", ".join(name for name, on in names if on)


def build_context(settings: Settings, database: Database, *, wait: bool = True) -> AppContext:
    """Everything that the ways in need. Raises InvalidPolicy with file, line and reason.

    Without `wait`, a judge that has to be fitted is the written matrix until `Service` has fitted it.
    """
    clock = Clock(settings.clock_file)
    key = settings.link_key
    send_mail, send_text = build_ways(settings)
    if wait:
        warm_judge(settings)
    fitted = wait or is_judge_fitted(settings)
    policy = build_policy(settings)
    return AppContext(
        database=database,
        now=clock.now,
        seconds_until=clock.seconds_until,
        policy=policy,
        judge=LiveJudge(build_judge(settings) if fitted else build_matrix(settings), database, fitted=fitted),
        memory=build_live_memory(settings, database),
        announcement_channel=_announcement_channel(database),
        review_link=lambda ref: f"{settings.public_url.rstrip('/')}{review_path(ref)}" if key else None,
        page_link=lambda path: f"{settings.public_url.rstrip('/')}{path}" if key else None,
        personal_link=lambda path, user_id, name: (
            sign_personal_link(settings.public_url, key, path, user_id, name, time.time()) if key else None
        ),
        roster_facts=roster_facts,
        send_mail=send_mail,
        send_text=send_text,
        archive=build_archive(settings),
        status_address=status_address(settings, policy),
        publish_file=build_status_files(settings),
        read_alarms=build_alarms(settings),
        pagers=build_pagers(settings),
        trackers=build_trackers(),
        aws=build_aws(settings, policy.diagnostics),
    )


def build_web_context(settings: Settings, context: AppContext, slack: Slack) -> WebContext | None:
    """What the pages for people stand on; None where no key is there to sign links with."""
    key, secure = settings.link_key, settings.public_url.startswith("https://")
    if key is None:
        return None
    here = Membership(slack.is_here, time.monotonic)
    return WebContext(
        context,
        key,
        secure,
        print_pdf=render_pdf if Extra.PDF.is_installed else None,
        is_here=here,
        why_not=lambda user_id: why_not(context, user_id),
    )


def _announcement_channel(database: Database) -> Callable[[], str | None]:
    """The channel's id as `introduce` recorded it; asked of the database until it is known."""
    known: list[str] = []

    def find() -> str | None:
        if not known:
            with database.transaction() as session:
                workspace = slack_queries.find_workspace(session)
                if workspace is not None and workspace.announcement_channel_id:
                    known.append(workspace.announcement_channel_id)
        return known[0] if known else None

    return find


def build_slack(settings: Settings) -> Slack:
    """Raises InvalidSettings where there is no bot token."""
    if settings.slack_bot_token is None:
        raise InvalidSettings("SLACK_BOT_TOKEN is not set.")
    return Slack(web_client(settings.slack_base_url, settings.slack_bot_token.get_secret_value()))


def introduce(context: AppContext, slack: Slack) -> bool:
    """Learn who we are and which channel we announce in. False while that channel is not to be found.

    Raises InvalidSettings where Slack refuses the token, and TryAgain.
    """
    try:
        me = slack.who_am_i()
    except Refused as refused:
        raise InvalidSettings(f"Slack refused the bot token ({refused.error}): check SLACK_BOT_TOKEN.") from refused
    name = context.policy.contacts.channels.announcement
    channel_id = _find_channel(slack, name)
    with context.database.transaction() as session:
        slack_queries.record_workspace(session, me["team_id"], me["url"], me["user_id"], channel_id)
    return channel_id is not None


def _find_channel(slack: Slack, name: str) -> str | None:
    """The announcement channel; None, with a line in the log, where Slack does not let us into it."""
    try:
        return slack.find_channel(name)
    except Refused as refused:
        log.warning(sentence(f"use the channel {name}", refused.refusal), channel=name)
        return None


def database_check(settings: Settings, context: AppContext) -> DatabaseCheck:
    """What readiness and metrics ask of the database; of the embedded one its disk, too."""
    late_after = context.policy.escalation.late_after
    embedded = settings.database_url is None
    return DatabaseCheck(
        context.database,
        lambda session: read_state(session, context.now(), late_after),
        (lambda: shutil.disk_usage(settings.data_folder).free) if embedded else None,
    )


class Service:
    """The parts of one process. `run` blocks until `stop`, which any thread or signal may call."""

    def __init__(self, settings: Settings, context: AppContext, parts: Parts) -> None:
        self._settings = settings
        self._context = context
        self._parts = parts
        self._stopping = threading.Event()
        self._worker: Worker | None = None
        self._fitting: JudgeFitting | None = None
        self._database_check = database_check(settings, context)
        self._liveness = SlackLiveness()
        self._checks: list[Callable[[], list[str]]] = [self._database_check.troubles, self._liveness.troubles]

    def run(self, ready: Callable[[str], None]) -> None:
        """Start, call `ready` once with a line about what runs, and end cleanly after `stop`."""
        slack = build_slack(self._settings)
        standings, sharing = Standings(slack, time.monotonic), Sharing(slack, time.monotonic)
        self._context = replace(
            self._context,
            standing_of=standings.of,
            look_up=standings.look_up,
            is_shared=sharing,
            learn_shared=sharing.learn,
            time_zone_of=standings.time_zone_of,
        )
        routes = []
        with ExitStack() as stack:
            slack.heard = self._liveness.heard
            self._introduce(stack, slack)
            self._watch_folder()
            self._fit_judge(stack)
            if self._parts.work:
                worker = self._worker = Worker(self._context, slack, build_queues(self._settings))
                worker.start()
                stack.callback(worker.stop)
                self._checks.append(worker.troubles)
            if self._parts.listen:
                app = self._listeners(slack)
                if self._settings.slack_app_token:
                    stack.callback(self._connect(app, self._settings.slack_app_token.get_secret_value()))
                else:
                    secrets = [secret.get_secret_value() for secret in self._settings.slack_signing_secrets]
                    routes.append(slack_route(app, secrets, TakenRequests(self._context.database)))
            if self._parts.serve:
                stack.callback(self._serve(routes, slack))
            ready(f"Tocsin is {self._parts}.")
            # Not in one wait: of a signal that comes as it begins, Python hears when it ends.
            while not self._stopping.wait(_HEAR_SIGNALS_EVERY):
                pass

    def stop(self) -> None:
        self._stopping.set()

    def _watch_folder(self) -> None:
        """Every process has a memory of its own, so every process looks at the folder. It ends with the process."""
        watch = KnowledgeFolder(self._settings.knowledge_folder, self._context.memory.reload, self._stopping)
        threading.Thread(target=watch.run, name="knowledge folder", daemon=True).start()

    def _fit_judge(self, stack: ExitStack) -> None:
        judge, began = self._context.judge, self._context.now()

        def read_back() -> None:
            """What was reported meanwhile: of messages on their way, the later job hears."""
            with self._context.database.transaction() as session:
                read_reports_since(session, began)
                read_reports_since(session, began, after=ON_ITS_WAY)

        if isinstance(judge, LiveJudge) and not judge.is_fitted:
            self._fitting = JudgeFitting(self._settings, judge, read_back)
            self._fitting.start()
            stack.callback(self._fitting.stop)
            self._checks.append(self._fitting.troubles)

    def left_behind(self) -> bool:
        """True where a thread of the worker still waits for somebody silent, though `run` has ended."""
        return self._worker is not None and self._worker.left_behind()

    def _introduce(self, stack: ExitStack, slack: Slack) -> None:
        """Now if Slack answers; else in the background until it does, so that a start during an outage succeeds."""
        if self._try_to_introduce(slack):
            return

        def again() -> None:
            while not self._stopping.wait(_INTRODUCE_EVERY):
                if self._try_to_introduce(slack):
                    return

        thread = threading.Thread(target=again, name="introduction")
        thread.start()
        stack.callback(thread.join)
        stack.callback(self._stopping.set)

    def _try_to_introduce(self, slack: Slack) -> bool:
        try:
            return introduce(self._context, slack)
        except TryAgain as error:
            log.warning("slack does not answer yet", reason=str(error))
            return False

    def _listeners(self, slack: Slack) -> App:
        token = self._settings.slack_bot_token
        assert token is not None  # `missing_for_slack` was asked before
        app = App(
            client=web_client(self._settings.slack_base_url, token.get_secret_value()),
            token_verification_enabled=False,  # `introduce` has asked already
            request_verification_enabled=False,  # over HTTP `slack_route` does it, with every secret in rotation
            listener_executor=ThreadPoolExecutor(LISTENER_THREADS, "listener"),
        )
        listeners.register(app, self._context, slack, self._parts.patience)
        return app

    def _connect(self, app: App, app_token: str) -> Callable[[], None]:
        """Open Socket Mode, in the background until it succeeds. Returns how to close it."""
        connection = SocketMode(app, app_token, ping_interval=_LOOK_AT_SOCKET_EVERY)
        thread = threading.Thread(target=self._keep_connecting, args=(connection,), name="socket mode")
        thread.start()
        self._checks.append(lambda: [] if connection.client.is_connected() else ["Socket Mode: not connected"])

        def close() -> None:
            self._stopping.set()
            thread.join()
            connection.close_between()

        return close

    def _keep_connecting(self, connection: SocketMode) -> None:
        wait = 0.5
        while not self._stopping.is_set():
            try:
                connection.connect()  # type: ignore[no-untyped-call]  # the library leaves it bare
                return
            except Exception as error:  # noqa: BLE001  # a way in: whatever the library met, Slack may be back next time
                log.warning("could not connect to slack; trying again", reason=str(error))
            self._stopping.wait(wait)
            wait = min(wait * 2, 15.0)

    def _serve(self, routes: list[Route], slack: Slack) -> Callable[[], None]:
        """The pages and health checks, in a thread of their own."""
        people = build_web_context(self._settings, self._context, slack)
        pages = [*build_pages(people), *build_public_pages(self._context), *build_alarm_ways(self._context)]
        figures = self._figures()
        web = create_web(
            ready=self._reasons_not_ready,
            routes=[*pages, *pager_routes(self._context, build_hooks(self._settings)), *routes],
            threads=PAGE_THREADS,
            metrics=lambda: write_metrics(figures),
            details=self._details,
        )
        server = uvicorn.Server(server_config(web, self._settings.web_host, self._settings.web_port))
        thread = threading.Thread(target=server.run, name="pages")
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)  # uvicorn offers no event for this
        if not server.started:
            where = f"{self._settings.web_host}:{self._settings.web_port}"
            raise InvalidSettings(f"The pages cannot listen on {where}: set TOCSIN_WEB_PORT to a free port.")

        def close() -> None:
            server.should_exit = True
            thread.join()

        return close

    def _figures(self) -> Figures:
        worker = self._worker
        return Figures(
            self._database_check,
            worker.progress.ages if worker else dict,
            lambda: (self._liveness.age(), self._liveness.refused),
            self._reasons_not_ready,
        )

    def _details(self) -> dict[str, float | None]:
        """As the database last said, which the reasons asked a moment before; None for what is not known."""
        state = self._database_check.last.state
        return {
            "judge_fitting_seconds": self._fitting.age() if self._fitting else None,
            "sweep_age_seconds": self._worker.progress.age(SWEEP) if self._worker else None,
            "slack_age_seconds": self._liveness.age(),
            "oldest_due_page_seconds": state.oldest_page if state else None,
            "jobs_waiting": state.waiting if state else None,
        }

    def _reasons_not_ready(self) -> list[str]:
        return [reason for check in self._checks for reason in check()]
