"""/incident update and the form of a notice: opened by command or button, its preview drawn anew while it is edited.

And looking again at what the checklist looked up.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from slack_bolt import Ack, Respond
from sqlalchemy.orm import Session

from bot.domain.comms import plain_text
from bot.domain.errors import BadRequest
from bot.domain.incident import Status
from bot.domain.notice import Notice, fill, words_of
from bot.flows import look, tell
from bot.flows.desk import Desk
from bot.listeners.asked import Asked, Subcommand, incident_of
from bot.listeners.guard import told
from bot.listeners.whispers import answer_press
from bot.slack import room as blocks
from bot.slack.client import Refused, Slack, TryAgain
from bot.slack.modals import initial_values, read_values
from bot.store import incidents
from bot.store.tables import IncidentRow

log = structlog.get_logger(__name__)

_REMEMBERED = 200  # forms


def _update(session: Session, asked: Asked) -> str:
    """Never answered in words: `update_form` comes first."""
    raise BadRequest("Type `/incident update …` again: its form did not open.")


def update_form(session: Session, asked: Asked) -> dict[str, Any]:
    """`/incident update …`: the notice as it would go out, before it goes."""
    row = incident_of(session, asked)
    kind = "update" if Status(row.status).is_open else "resolved"
    return _form(asked.desk, row, kind, {"news": plain_text(asked.rest)}, asked.now)


def _form(desk: Desk, row: IncidentRow, kind: str, more: dict[str, str], now: datetime) -> dict[str, Any]:
    words = words_of(incidents.facts(row), now, more)
    return _drawn(desk, row, kind, _notice(desk, kind, words), words)


def _notice(desk: Desk, kind: str, words: dict[str, str]) -> Notice:
    policy = desk.policy.notices
    return fill(policy.resolved if kind == "resolved" else policy.update, words)


def _drawn(desk: Desk, row: IncidentRow, kind: str, preview: Notice, fields: dict[str, str]) -> dict[str, Any]:
    channel = desk.policy.contacts.channels.stakeholder
    where = f"#{channel}" if channel else "no channel, as contacts.yaml names none"
    mails = len(desk.policy.notices.mail_to) if desk.send_mail is not None else 0
    return blocks.notice_form(incidents.facts(row), kind, preview, fields, where, mails)


def open_notice(
    desk: Desk, slack: Slack, ack: Ack, respond: Respond, body: dict[str, Any], action: dict[str, Any]
) -> None:
    """From the checklist or a reminder: the same form."""
    said: list[str] = []
    with told(said.append, user=body["user"]["id"]):
        kind, _, incident_id = action["value"].partition(":")
        with desk.database.transaction() as session:
            view = _form(desk, incidents.get(session, int(incident_id)), kind, {}, desk.now())
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


def redraw(desk: Desk, slack: Slack, redraws: Redraws, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
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
                _redraw(desk, slack, view, body["user"]["id"])
        finally:
            form.turn.release()


def _redraw(desk: Desk, slack: Slack, view: dict[str, Any], user_id: str) -> None:
    with told(lambda text: log.warning("preview was not drawn", text=text), user=user_id):
        with desk.database.transaction() as session:
            opened = json.loads(view["private_metadata"])
            row = incidents.get(session, int(opened["incident"]))
        words = _typed(row, read_values(view), desk.now())
        fresh = _drawn(desk, row, opened["kind"], _notice(desk, opened["kind"], words), initial_values(view))
        _draw(slack, view, fresh)


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
        name: values[name] for name in blocks.NOTICE_FIELDS if name in values
    }


def notice_sent(
    session: Session, desk: Desk, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    """The notice form: send it once, whatever is pressed how often."""
    opened = json.loads(view["private_metadata"])
    row = incidents.get_for_change(session, int(opened["incident"]))
    notice = _notice(desk, opened["kind"], _typed(row, values, now))
    tell.tell(session, row, notice, user_id, now, f"view:{view.get('root_view_id') or view['id']}")


def look_again(session: Session, desk: Desk, value: str, user_id: str, now: datetime) -> str | None:
    """On the checklist: have the CloudWatch alarms looked up once more; the list shows what they say."""
    incident_id, episode = value.split(":", 1)
    if desk.read_alarms is None:
        raise BadRequest("CloudWatch is no longer configured here: AWS_REGION is not set.")
    look.look_again(session, incidents.get_for_change(session, int(incident_id)), int(episode), now)
    return "Looking. The checklist shows it in a moment."


SUBCOMMANDS: dict[str, Subcommand] = {"update": _update}
ALIASES = {"tell": "update"}
