"""Who may see an incident, changed: made private while it is open, or declared in private and then opened to everybody.

Whether an incident is private is read off its reference, everywhere; so it gets another one. The former still finds it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import TransitionRefused
from bot.incidents.flows.home import draw_home
from bot.incidents.flows.record import lock_of, record, refuse_when_over
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import ORDINARY, SECURITY, channel_name, is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.consequences import after_change
from bot.lifecycle.messages import access as messages
from bot.lifecycle.queries import privacy as queries
from bot.store.outbox import enqueue


def ask_kind(session: Session, row: IncidentRow, now: datetime) -> None:
    """It was declared in private because it sounds like a break-in: ask whoever declared it.."""
    row.kind_asked_at = now
    _show_question(session, row)


def keep_private(session: Session, row: IncidentRow, by: str, now: datetime) -> str:
    """They say that it is a security incident. The row must be locked; answers with what to say."""
    _take_answer(row)
    record(session, row, Kind.KIND_CHANGED, messages.kept_entry(by), now, author=by, data={"private": True})
    _show_question(session, row)
    _show_answer_of_report(session, row)
    return messages.kept(row.ref)


def make_ordinary(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime) -> str:
    """They say that it is none: everybody may see it from now on. Only while that is asked; nothing else opens one."""
    _take_answer(row)
    former, left = row.ref, _move(session, row, ORDINARY, now)
    text = messages.opened_entry(by, former)
    record(session, row, Kind.KIND_CHANGED, text, now, author=by, data={"private": False, "former": former})
    _follow(session, row, by, policy, now, left)
    return messages.opened(row.ref)


def make_private(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime) -> str:
    """Make an open incident a security incident: a new private channel, and what was said outside is withdrawn.

    The row must be locked. Raises TransitionRefused where it is over, or private already.
    """
    refuse_when_over(row)
    if is_private(row.ref):
        raise TransitionRefused(messages.private_already(row.ref))
    former, left = row.ref, _move(session, row, SECURITY, now)
    text = messages.private_entry(by, former)
    record(session, row, Kind.KIND_CHANGED, text, now, author=by, data={"private": True, "former": former})
    _follow(session, row, by, policy, now, left)
    return messages.made_private(row.ref, former)


def _take_answer(row: IncidentRow) -> None:
    if row.kind_asked_at is None:
        raise TransitionRefused(messages.decided_already(row.ref))
    refuse_when_over(row)
    row.kind_asked_at = None


def _move(session: Session, row: IncidentRow, prefix: str, now: datetime) -> str | None:
    """Another reference, and a channel that is still to be made. Answers with the channel that is left, if any."""
    row.former_ref, row.ref = row.ref, incidents.next_ref(session, prefix, now.year)
    left, row.channel_id = row.channel_id, None
    row.channel_name = channel_name(row.ref, row.title)
    row.channel_archived, row.channel_trouble = False, None
    row.channel_trouble_since = row.channel_retry_at = row.read_through_at = row.read_progress = None
    queries.set_aside(session, row.incident_id, left, private=prefix == SECURITY)
    session.flush()
    return left


def _follow(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, left: str | None) -> None:
    """The new channel with its people, the pages, and the channel that was left."""
    after_change(session, row, Kind.KIND_CHANGED, by, policy, now)
    people = queries.list_people(session, row)
    lock = lock_of(row.incident_id)
    enqueue(session, "slack.bring", lock=lock, incident_id=row.incident_id, user_ids=[*people, by], asked_by=by)
    enqueue(session, "slack.leave_channel", lock=lock, incident_id=row.incident_id, channel_id=left, by=by)
    _show_question(session, row)
    _show_answer_of_report(session, row)
    for user_id in people:
        draw_home(session, user_id)


def _show_question(session: Session, row: IncidentRow) -> None:
    """Have the question asked, or edited into the answer; nothing where it never was."""
    once = f"slack.ask_kind-{row.incident_id}"
    enqueue(session, "slack.ask_kind", lock=once, once=once, priority=3, incident_id=row.incident_id)


def _show_answer_of_report(session: Session, row: IncidentRow) -> None:
    """Where it was declared from a report, the answer to that says what may be said."""
    if row.report_ts:
        enqueue(session, "slack.link_answer", incident_id=row.incident_id)
