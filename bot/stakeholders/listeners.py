"""/incident update and the form of a notice: opened by command or button, its preview redrawn while it is edited.

And looking again at what the checklist looked up.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, FormRefused
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.interactions import ID, PAIR, Opening, Press, Submission, incident_at, let_in, number_at
from bot.incidents.menu import Buttons
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status, is_drill
from bot.incidents.tables import IncidentRow
from bot.severity.rules import Severity
from bot.slack.client import Refused, Slack, TryAgain
from bot.slack.forms import initial_values, read_values
from bot.slack.replies.reporting import reporting_errors
from bot.stakeholders import messages as stakeholder_messages
from bot.stakeholders.flows import alarm_checks, notify
from bot.stakeholders.messages import NEXT_FIELD, NOTICE
from bot.stakeholders.rules import RESOLVED, Notice, as_drill, fill, parse_next, split_next, with_news, words_of
from bot.text.durations import span
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
        zone, typed = time_zone_of(session, command.context, command.user_id), plain_text(command.rest)
        if not Status(row.status).is_open:
            more = with_news(incidents.facts(row), command.now, typed)
            return _form(command.context, row, RESOLVED, more, command.now, zone)
        news, when = split_next(typed)
        return _form(command.context, row, "update", {"news": news, NEXT_FIELD: when}, command.now, zone)


def _form(
    context: AppContext, row: IncidentRow, kind: str, more: dict[str, str], now: datetime, zone: ZoneInfo | None = None
) -> dict[str, Any]:
    """The form of a notice as it opens; times are read by the clock of `zone`, the policy's where it is None."""
    usual = context.policy.notices.next_update.get(Severity(row.severity))
    words = {NEXT_FIELD: span(usual) if usual else ""} | words_of(incidents.facts(row), now, more)
    opened = _opened(context, row, kind, row.episode, now)
    return _drawn(context, row, opened, *_previewed(context, row, kind, words, now, zone), words)


def _notice(
    context: AppContext, row: IncidentRow, kind: str, words: dict[str, str], next_at: datetime | None = None
) -> Notice:
    policy = context.policy.notices
    notice = replace(fill(policy.resolved if kind == RESOLVED else policy.update, words), next_at=next_at)
    return as_drill(notice) if is_drill(row.ref) else notice


def _next_at(
    context: AppContext, kind: str, words: Mapping[str, str], now: datetime, zone: ZoneInfo | None
) -> datetime | None:
    """When the form promises the next update. Raises BadRequest for what is no time."""
    if kind == RESOLVED:
        return None
    calendar = context.policy.calendar
    return parse_next(words.get(NEXT_FIELD, ""), now, zone or calendar.zone, calendar.opens)


def _previewed(
    context: AppContext, row: IncidentRow, kind: str, words: dict[str, str], now: datetime, zone: ZoneInfo | None
) -> tuple[Notice, str]:
    """The notice as it would go out, and why the time of the next one was not understood."""
    try:
        return _notice(context, row, kind, words, _next_at(context, kind, words, now, zone)), ""
    except BadRequest as unread:
        return _notice(context, row, kind, words), str(unread)


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
    notice = _notice(context, row, kind, words_of(incidents.facts(row), at, {}) | blank)
    return hashlib.sha256(f"{notice.subject}\n{notice.text}".encode()).hexdigest()


def _drawn(
    context: AppContext,
    row: IncidentRow,
    opened: Mapping[str, Any],
    preview: Notice,
    unread: str,
    fields: Mapping[str, str],
) -> dict[str, Any]:
    channel = context.policy.contacts.channels.stakeholder
    where = stakeholder_messages.channel_shown(channel) if channel else stakeholder_messages.NO_CHANNEL
    mails = len(context.policy.notices.mail_to) if context.send_mail is not None else 0
    return stakeholder_messages.notice_form(incidents.facts(row), opened, preview, fields, where, mails, unread)


def _open_notice(
    session: Session, context: AppContext, action: dict[str, Any], user_id: str, now: datetime
) -> dict[str, Any]:
    """From the checklist or a reminder: the same form."""
    kind, _, incident_id = action["value"].partition(":")
    row = incidents.get(session, number_at(incident_id, 0))
    notify.check_notice(session, row, kind, row.episode, context.policy, stakeholder_messages.OPEN_FITTING)
    return _form(context, row, kind, {}, now, time_zone_of(session, context, user_id))


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


Redrawn = Callable[[AppContext, Slack, dict[str, Any], dict[str, Any]], None]


def redraw(
    context: AppContext,
    slack: Slack,
    redraws: Redraws,
    ack: Ack,
    body: dict[str, Any],
    action: dict[str, Any],
    redraw_one: Redrawn | None = None,
) -> None:
    """Something was typed into the form: its preview says what would go out now. What is typed stays as it is.

    `redraw_one` draws another form than that of a notice.

    One thread draws a form, and nobody waits for it: listeners are few, and commands need them. Who comes meanwhile
    leaves the view behind; whoever draws looks once more after letting go, so that nothing is left lying.
    """
    ack()
    if "view" not in body:
        return  # not in a form: no such field of ours stands in a message
    form = redraws.begin(body["view"], float(action.get("action_ts") or 0))
    while form.waiting is not None and form.turn.acquire(blocking=False):
        try:
            view = redraws.take(form)
            if view is not None:
                (redraw_one or _redraw)(context, slack, view, body)
        finally:
            form.turn.release()


def _redraw(context: AppContext, slack: Slack, view: dict[str, Any], body: dict[str, Any]) -> None:
    with reporting_errors(lambda text: log.warning("preview was not drawn", text=text), user=body["user"]["id"]):
        opened = json.loads(view["private_metadata"])
        let_in(context, body, Act.CHANGE, incident_at(0), str(opened["incident"]))
        with context.database.transaction() as session:
            row = incidents.get(session, number_at(str(opened["incident"]), 0))
            zone = time_zone_of(session, context, body["user"]["id"])
        now, kind = context.now(), opened["kind"]
        shown = _previewed(context, row, kind, _typed(row, read_values(view), now), now, zone)
        opened = _opened(context, row, kind, opened["episode"], now)
        draw(slack, view, _drawn(context, row, opened, *shown, initial_values(view)))


def draw(slack: Slack, view: dict[str, Any], fresh: dict[str, Any]) -> None:
    """Show the form anew, unless it was sent or closed meanwhile. The ids of its fields and their first words stay."""
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
    words, zone = _typed(row, values, at), time_zone_of(session, context, user_id)
    if _facts_shown(context, row, kind, at) != opened["facts"]:
        fresh = _opened(context, row, kind, row.episode, now)
        shown = _previewed(context, row, kind, _typed(row, values, now), now, zone)
        return _drawn(context, row, fresh | {"changed": True}, *shown, values)
    try:
        next_at = _next_at(context, kind, words, at, zone)
    except BadRequest as unread:
        raise FormRefused({NEXT_FIELD: str(unread)}) from None
    notify.notify_stakeholders(session, row, _notice(context, row, kind, words, next_at), user_id, now, key, kind)
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
        opens=lambda _rest: True,
        aliases=("tell",),
        menu=Buttons(("notice_form",)),
    ),
)


def _of_notice(session: Session, values: dict[str, str], view: dict[str, Any]) -> IncidentRow:
    return incidents.get(session, number_at(str(json.loads(view["private_metadata"])["incident"]), 0))


_TICK = rf"{ID}:{ID}:[\w-]{{1,80}}"
OPENINGS = {"notice_form": Opening(_open_notice, Act.CHANGE, incident_at(1))}
PRESSES = {
    "check_tick": Press(tick, Act.CHANGE, incident_at(0), _TICK),
    "check_untick": Press(untick, Act.CHANGE, incident_at(0), _TICK),
    "alarms_look": Press(look_up_again, Act.READ, incident_at(0), PAIR),
}
SUBMISSIONS = {NOTICE: Submission(notice_sent, "next_steps", Act.CHANGE, _of_notice)}
