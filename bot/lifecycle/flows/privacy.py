"""Who may see an incident, changed: made private while it is open, or declared in private and then opened to everybody.

Whether an incident is private is read off its reference, everywhere; so it gets another one. The former still finds it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import TransitionRefused
from bot.incidents.flows.home import draw_home
from bot.incidents.flows.record import lock_of, record, refuse_when_over
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import channel_name, is_drill, is_private, prefix_of
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.consequences import after_change, redraw
from bot.lifecycle.messages import access as messages
from bot.lifecycle.messages import changes
from bot.lifecycle.queries import privacy as queries
from bot.lifecycle.queries import traces
from bot.reviews.queries import reviews
from bot.store.outbox import enqueue

_AT_ONCE = 200


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
    former, left = row.ref, _move(session, row, False, now)
    text = messages.opened_entry(by, former)
    record(session, row, Kind.KIND_CHANGED, text, now, author=by, data={"private": False, "former": former})
    _follow(session, row, by, policy, now, left)
    return messages.opened(row.ref)


def make_private(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime) -> str:
    """Make an open incident a security incident: a new private channel, and what was said outside is withdrawn.

    The row must be locked. Raises TransitionRefused where it is over, or private already.
    """
    check_public(row)
    former, left = row.ref, _move(session, row, True, now)
    text = messages.private_entry(by, former)
    record(session, row, Kind.KIND_CHANGED, text, now, author=by, data={"private": True, "former": former})
    _hide_from_duplicates(session, row, now)
    _follow(session, row, by, policy, now, left)
    _withdraw_elsewhere(session, row.incident_id)
    return messages.made_private(row.ref, former)


def check_public(row: IncidentRow) -> None:
    """Raises TransitionRefused where it is over, or private already."""
    refuse_when_over(row)
    if is_private(row.ref):
        raise TransitionRefused(messages.private_already(row.ref))


def finish_withdrawing(session: Session, limit: int = _AT_ONCE) -> int:
    """Have the rest withdrawn of incidents that were made private by a version that withdrew less; how many, some at
    once. It may be asked for again until it is done.
    """
    found = traces.list_half_withdrawn(session, messages.WITHDRAWN_MARK, limit)
    for incident_id, channel_id in found:
        lock = lock_of(incident_id)
        once = f"slack.leave_channel-{incident_id}"
        rest: dict[str, Any] = {"incident_id": incident_id, "channel_id": channel_id, "by": ""}
        enqueue(session, "slack.leave_channel", lock=lock, once=once, **rest)
        _withdraw_elsewhere(session, incident_id)
    return len(found)


def _withdraw_elsewhere(session: Session, incident_id: int) -> None:
    """Reviews by role that list it, and messages of its alarms, are edited into saying nothing of it."""
    for role, due_at in traces.list_digests(session, incident_id):
        name = f"digest-{role}-{due_at}"
        enqueue(session, "slack.redraw_digest", lock=name, once=f"re{name}", role=role, due_at=due_at)
    once = f"alarms.withdraw-{incident_id}"
    enqueue(session, "alarms.withdraw", lock=once, once=once, incident_id=incident_id)


def _hide_from_duplicates(session: Session, row: IncidentRow, now: datetime) -> None:
    """What was merged into it and stays public names it no more: on its timeline, in its channel, card and pages.

    Their rows need no lock: only a merge, which locks this row, changes what they were merged into.
    """
    for duplicate in queries.list_public_duplicates(session, row.incident_id):
        lock = lock_of(duplicate.incident_id)
        for entry in timeline.list_rows(session, duplicate.incident_id, (Kind.MERGED,)):
            data = {"entry_id": entry.entry_id, "text": changes.merged_privately_entry(entry.author or "")}
            key = f"hidden:{entry.entry_id}:{row.ref}"
            record(session, duplicate, Kind.ENTRY_CORRECTED, "", now, source_key=key, data=data)
            enqueue(session, "slack.say", lock=lock, entry_id=entry.entry_id)
        redraw(session, duplicate)


def _take_answer(row: IncidentRow) -> None:
    if row.kind_asked_at is None:
        raise TransitionRefused(messages.decided_already(row.ref))
    refuse_when_over(row)
    row.kind_asked_at = None


def _move(session: Session, row: IncidentRow, private: bool, now: datetime) -> str | None:
    """Another reference, and a channel that is still to be made. Answers with the channel that is left, if any."""
    prefix = prefix_of(private, is_drill(row.ref))
    row.former_ref, row.ref = row.ref, incidents.next_ref(session, prefix, now.year)
    left, row.channel_id = row.channel_id, None
    row.channel_name = channel_name(row.ref, row.title)
    row.channel_archived, row.channel_trouble = False, None
    row.channel_trouble_since = row.channel_retry_at = row.read_through_at = row.read_progress = None
    queries.set_aside(session, row.incident_id, left, private=private)
    canvas_id = reviews.leave_canvas(session, row.incident_id)
    if canvas_id and left and private:
        queries.set_canvas_aside(session, row.incident_id, left, canvas_id, now)
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
    """The answers to the reports that it was declared from, or that were added to it, say what may be said."""
    enqueue(session, "slack.link_answer", incident_id=row.incident_id)
