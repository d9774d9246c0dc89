"""The diagnosis itself: AWS is asked with no transaction open, one message is edited as answers arrive."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.aws.accounts import Aws
from bot.aws.reading import Unread
from bot.context import AppContext
from bot.diagnostics import flows, messages
from bot.diagnostics.charts import draw
from bot.diagnostics.checks.asking import diagnose as ask
from bot.diagnostics.rules.finding import Diagnosis
from bot.diagnostics.rules.picture import Picture
from bot.diagnostics.rules.request import DiagnosisRequest
from bot.errors import BadRequest, InvalidSettings
from bot.extras import Extra
from bot.incidents.jobs.posting import post_in_incident
from bot.incidents.queries import incidents
from bot.incidents.visibility import for_everybody
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack
from bot.slack.documents import find_file, share_file
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)

PICTURE = "metrics.png"
_SKEW = timedelta(minutes=2)
_EDIT_EVERY = 1.0  # seconds; Slack takes about one edit a second


class _Shown:
    """One message, edited at most once a second; what comes between is left out, as the next edit says more."""

    def __init__(self, say: Callable[[Message], object], seconds: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._seconds = seconds
        self._last = float("-inf")

    def show(self, message: Message, *, final: bool = False) -> None:
        left = self._last + _EDIT_EVERY - self._seconds()
        if left > 0 and not final:
            return
        if left > 0:
            time.sleep(left)
        self._say(message)
        self._last = self._seconds()


def diagnose(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    *,
    key: str,
    user_id: str,
    service: str,
    name: str,
    incident_id: int | None = None,
    channel_id: str | None = None,
    thread_ts: str | None = None,
    qualifier: str | None = None,
    account: str | None = None,
    account_id: str | None = None,
    region: str | None = None,
    at: str | None = None,
) -> None:
    """Ask AWS, show what it says where it was asked, and keep it on the timeline of an incident.

    Running twice edits the same message and adds no entry.
    """
    if context.aws is None:
        return

    def say(message: Message) -> None:
        if incident_id is not None:
            post_in_incident(context, poster, incident_id, f"diagnosis:{key}", message)
        elif channel_id is not None:
            poster.try_to_post(f"diagnosis:{key}", channel_id, message, thread_ts)

    asked = DiagnosisRequest(name, service, qualifier, None, account, region, account_id)
    found = _ask_and_show(context, context.aws, asked, datetime.fromisoformat(at) if at else None, _Shown(say))
    if found is None:
        return
    declared_at = None
    if incident_id is not None:
        with context.database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            declared_at = row.declared_at
            flows.keep(session, row, found, user_id, key, context.now())
    _share_picture(context, slack, key, incident_id, messages.picture(found, declared_at))


def _share_picture(context: AppContext, slack: Slack, key: str, incident_id: int | None, picture: Picture) -> None:
    """In the thread of the message that says what was found, once; the words stand without it.

    Nothing is drawn where nothing was measured, or where the library that draws is not installed.
    """
    if not picture.panels or not Extra.CHARTS.is_installed:
        return
    content = draw(picture)  # which takes a second: the incident may be made private meanwhile
    with context.database.transaction() as session:
        said = slack_queries.find_message(session, f"diagnosis:{key}")
        if said is None or said.ts is None or not _may_be_read(session, incident_id, said.channel_id):
            return
        channel_id, ts = said.channel_id, said.ts
        earlier = slack_queries.begin_message(session, f"diagnosis-picture:{key}", channel_id, context.now())
        since = (earlier.attempted_at - _SKEW).timestamp() if earlier else None
    try:
        if since is None or not find_file(slack, channel_id, picture.title, since, ts):
            share_file(slack, channel_id, PICTURE, picture.title, content, "", thread_ts=ts, alt_text=picture.alt_text)
    except Refused as refused:
        log.info("no picture of what was measured", key=key, error=refused.error)


def _may_be_read(session: Session, incident_id: int | None, channel_id: str) -> bool:
    """Whether what the incident is about may stand there: of one that is not for everybody, in its channel alone."""
    if incident_id is None:
        return True
    row = incidents.get(session, incident_id)
    return for_everybody(row) or row.channel_id == channel_id


def _ask_and_show(
    context: AppContext, aws: Aws, asked: DiagnosisRequest, at: datetime | None, shown: _Shown
) -> Diagnosis | None:
    """Show what AWS says as it comes, and return the last of it. None where it could not be asked, which is said."""

    def title_of(ref: str) -> str:
        entry = context.memory.current().entries.get(ref)
        return entry.title if entry else ""

    resource = f"{asked.service} {asked.name}"
    shown.show(messages.beginning(resource))
    found: Diagnosis | None = None
    try:
        policy = context.policy.diagnostics
        for found in ask(aws, asked, at, context.now(), policy.budget, policy.insights):
            shown.show(messages.diagnosed(found, title_of), final=found.is_over)
    except (BadRequest, InvalidSettings, Unread) as error:
        log.warning("could not diagnose", resource=resource, reason=str(error))
        shown.show(messages.could_not(resource, str(error)), final=True)
        return None
    return found
