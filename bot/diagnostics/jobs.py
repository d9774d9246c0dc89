"""The diagnosis itself: AWS is asked with no transaction open, one message is edited as answers arrive."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import structlog

from bot.aws.reading import Unread
from bot.context import AppContext
from bot.diagnostics import flows, messages
from bot.diagnostics.checks.asking import diagnose as ask
from bot.diagnostics.rules.finding import Diagnosis
from bot.diagnostics.rules.request import Asked
from bot.errors import BadRequest, InvalidSettings
from bot.incidents.jobs import speak
from bot.incidents.queries import incidents
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)

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
            speak(context, poster, incident_id, f"diagnosis:{key}", message)
        elif channel_id is not None:
            poster.try_to_post(f"diagnosis:{key}", channel_id, message, thread_ts)

    def title_of(ref: str) -> str:
        entry = context.memory.current().entries.get(ref)
        return entry.title if entry else ""

    resource = f"{service} {name}"
    shown = _Shown(say)
    shown.show(messages.beginning(resource))
    asked = Asked(name, service, qualifier, None, account, region, account_id)
    found: Diagnosis | None = None
    try:
        budget = context.policy.diagnostics.budget
        for found in ask(context.aws, asked, datetime.fromisoformat(at) if at else None, context.now(), budget):
            shown.show(messages.diagnosed(found, title_of), final=found.is_over)
    except (BadRequest, InvalidSettings, Unread) as error:
        log.warning("could not diagnose", resource=resource, reason=str(error))
        shown.show(messages.could_not(resource, str(error)), final=True)
        return
    if found is None or incident_id is None:
        return
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        flows.keep(session, row, found, user_id, key, context.now())
