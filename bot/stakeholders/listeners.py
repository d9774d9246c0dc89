"""/incident update and the form of a notice: opened by command or button, its preview redrawn while it is edited.

And looking again at what the checklist looked up.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.interactions import incident_at, let_in, number_at
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.slack.client import Refused, Slack, TryAgain
from bot.slack.forms import initial_values, read_values
from bot.slack.reporting import reporting_errors
from bot.slack.whispers import answer_press
from bot.stakeholders import messages as stakeholder_messages
from bot.stakeholders.flows import alarm_checks, notify
from bot.stakeholders.rules import RESOLVED, Notice, fill, words_of
from bot.text.markup import plain_text

log = structlog.get_logger(__name__)

_REMEMBERED = 200  # forms
_FRESH = timedelta(minutes=10)  # how long the times of a preview are sent as they were shown


def _update(session: Session, command: CommandContext) -> str:
    """Never answered in words: the form comes first."""
    raise BadRequest(stakeholder_messages.FORM_NOT_OPENED)


def _update_form(command: CommandContext) -> dict[str, Any]:
    """`/incident update …`: the notice as it would go out, before it goes."""
    with command.context.database.transaction() as session:
        row = incident_of(session, command)
        kind = "update" if Status(row.status).is_open else RESOLVED
        return _form(command.context, row, kind, {"news": plain_text(command.rest)}, command.now)


def _form(context: AppContext, row: IncidentRow, kind: str, more: dict[str, str], now: datetime) -> dict[str, Any]:
    words = words_of(incidents.facts(row), now, more)
    return _drawn(context, row, _opened(context, row, kind, row.episode, now), _notice(context, kind, words), words)


def _notice(context: AppContext, kind: str, words: dict[str, str]) -> Notice:
    policy = context.policy.notices
    return fill(policy.resolved if kind == RESOLVED else policy.update, words)


def _opened(context: AppContext, row: IncidentRow, kind: str, episode: int, at: datetime) -> dict[str, Any]:
    """What the form carries: of which incident and episode it is, when its preview was drawn and from which facts."""
    return {
        "incident": row.incident_id,
        "kind": kind,
        "episode": episode,
        "drawn": at.isoformat(),
        "facts": _facts_shown(context, row, kind, at),
    }


def _facts_shown(context: AppContext, row: IncidentRow, kind: str, at: datetime) -> str:
    """A digest of what a preview drawn at `at` says besides what is typed into the form."""
    blank = {name: "" for name, (_, kinds) in stakeholder_messages.NOTICE_FIELDS.items() if kind in kinds}
    notice = _notice(context, kind, words_of(incidents.facts(row), at, {}) | blank)
    return hashlib.sha256(f"{notice.subject}\n{notice.text}".encode()).hexdigest()


def _drawn(
    context: AppContext, row: IncidentRow, opened: Mapping[str, Any], preview: Notice, fields: Mapping[str, str]
) -> dict[str, Any]:
    channel = context.policy.contacts.channels.stakeholder
    where = stakeholder_messages.channel_shown(channel) if channel else stakeholder_messages.NO_CHANNEL
    mails = len(context.policy.notices.mail_to) if context.send_mail is not None else 0
    return stakeholder_messages.notice_form(incidents.facts(row), opened, preview, fields, where, mails)


def open_notice(
    context: AppContext, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]
) -> None:
    """From the checklist or a reminder: the same form."""
    said: list[str] = []
    with reporting_errors(said.append, user=body["user"]["id"]):
        let_in(context, body, Act.CHANGE, incident_at(1), action["value"])
        kind, _, incident_id = action["value"].partition(":")
        with context.database.transaction() as session:
            row = incidents.get(session, number_at(incident_id, 0))
            notify.check_notice(session, row, kind, row.episode, context.policy, stakeholder_messages.OPEN_FITTING)
            view = _form(context, row, kind, {}, context.now())
        slack.open_view(body["trigger_id"], view)
    answer_press(ack, respond, said)


@dataclass(slots=True)
class _Typing:
    """One open form: when the latest character was typed, the view it came with until it is drawn, and who draws."""

    latest: float = 0.0
    waiting: dict[str, Any] | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)


class Redraws:
    """The forms that are being typed into. Of characters that cross each other, the latest decides what is shown."""

    def __init__(self) -> None:
        self._forms: OrderedDict[str, _Typing] = OrderedDict()
        self._turn = threading.Lock()

    def begin(self, view: dict[str, Any], at: float) -> _Typing:
        """Note that something was typed at `at`, in Slack's seconds: it waits, unless a later one was heard of."""
        with self._turn:
            form = self._forms.setdefault(view["id"], _Typing())
            if at >= form.latest:
                form.latest, form.waiting = at, view
            self._forms.move_to_end(view["id"])
            while len(self._forms) > _REMEMBERED:
                self._forms.popitem(last=False)
        return form

    def take(self, form: _Typing) -> dict[str, Any] | None:
        """The view that waits to be drawn; None where somebody took it."""
        with self._turn:
            view, form.waiting = form.waiting, None
        return view


def redraw(
    context: AppContext, slack: Slack, redraws: Redraws, ack: Ack, body: dict[str, Any], action: dict[str, Any]
) -> None:
    """Something was typed into the form: its preview says what would go out now. What is typed stays as it is.

    One thread draws a form, and nobody waits for it: listeners are few, and commands need them. Who comes meanwhile
    leaves the view behind; whoever draws looks once more after letting go, so that nothing is left lying.
    """
    ack()
    form = redraws.begin(body["view"], float(action.get("action_ts") or 0))
    while form.waiting is not None and form.turn.acquire(blocking=False):
        try:
            view = redraws.take(form)
            if view is not None:
                _redraw(context, slack, view, body)
        finally:
            form.turn.release()


def _redraw(context: AppContext, slack: Slack, view: dict[str, Any], body: dict[str, Any]) -> None:
    with reporting_errors(lambda text: log.warning("preview was not drawn", text=text), user=body["user"]["id"]):
        opened = json.loads(view["private_metadata"])
        let_in(context, body, Act.CHANGE, incident_at(0), str(opened["incident"]))
        with context.database.transaction() as session:
            row = incidents.get(session, number_at(str(opened["incident"]), 0))
        now, kind = context.now(), opened["kind"]
        notice = _notice(context, kind, _typed(row, read_values(view), now))
        opened = _opened(context, row, kind, opened["episode"], now)
        _draw(slack, view, _drawn(context, row, opened, notice, initial_values(view)))


def _draw(slack: Slack, view: dict[str, Any], fresh: dict[str, Any]) -> None:
    try:
        try:
            slack.update_view(view["id"], fresh, view.get("hash"))
        except Refused as refused:
            if refused.error != "hash_conflict":
                raise
            # It was drawn since this was typed; as this is the latest that was typed, it is drawn once more.
            slack.update_view(view["id"], fresh)
    except (Refused, TryAgain) as error:
        # Sent or closed meanwhile, or more characters than Slack lets us draw: the next one, and Send, set it right.
        log.info("preview was not drawn", reason=str(error))


def _typed(row: IncidentRow, values: dict[str, str], now: datetime) -> dict[str, str]:
    """The notice's words; what was taken out of the form is left out of the notice, too."""
    return words_of(incidents.facts(row), now, {}) | {
        name: values[name] for name in stakeholder_messages.NOTICE_FIELDS if name in values
    }


def notice_sent(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any] | None:
    """The notice form: send what it showed, once, whatever is pressed how often.

    Where what it showed is no longer so, nothing is sent: the form to look at again. Raises TransitionRefused where the
    incident was reopened, resolved or closed since the form was opened.
    """
    opened = json.loads(view["private_metadata"])
    row = incidents.get_for_change(session, int(opened["incident"]))
    key = f"view:{view.get('root_view_id') or view['id']}"
    if timeline.find_by_source(session, key) is not None:
        return None
    kind, drawn_at = opened["kind"], datetime.fromisoformat(opened["drawn"])
    notify.check_notice(session, row, kind, opened["episode"], context.policy, stakeholder_messages.NOT_SENT)
    at = drawn_at if now - drawn_at < _FRESH else now
    words = _typed(row, values, at)
    if _facts_shown(context, row, kind, at) != opened["facts"]:
        fresh = _opened(context, row, kind, row.episode, now)
        return _drawn(context, row, fresh | {"changed": True}, _notice(context, kind, _typed(row, values, now)), values)
    notify.notify_stakeholders(session, row, _notice(context, kind, words), user_id, now, key)
    return None


def look_up_again(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """On the checklist: have the CloudWatch alarms looked up once more; the list shows what they say."""
    incident_id, episode = value.split(":", 1)
    if context.read_alarms is None:
        raise BadRequest(stakeholder_messages.NO_CLOUDWATCH)
    alarm_checks.look_up_again(session, incidents.get_for_change(session, int(incident_id)), int(episode), now)
    return stakeholder_messages.CHECKING


def tick(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """Done, beside a point of the checklist."""
    _mark(session, context, value, True, user_id, now)
    return None  # the list shows it


def untick(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """Undo, beside a point that is done."""
    _mark(session, context, value, False, user_id, now)
    return None


def _mark(session: Session, context: AppContext, value: str, done: bool, user_id: str, now: datetime) -> None:
    incident_id, episode, item = value.split(":", 2)
    row = incidents.get_for_change(session, int(incident_id))
    notify.tick(session, row, int(episode), item, done, user_id, context.policy.notices.checklist, now)


SUBCOMMANDS = (
    Subcommand(
        "update",
        "update the fix is being rolled out",
        "Update stakeholders. You preview it before it is sent.",
        answer=_update,
        form=_update_form,
        aliases=("tell",),
    ),
)
