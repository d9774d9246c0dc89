"""What follows a change of an incident: one function, run after every change, and one table that says what it does.

No flow picks its follow-ups by hand. Every step is harmless when repeated: jobs that wait are enqueued once, plans and
reminders are brought into line with the row as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.flows import calls, pages, plan
from bot.incidents.flows.record import lock_of, refresh_card, refresh_furnishing, refresh_own_card
from bot.incidents.flows.refusals import channel_lost
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.severity_suggestions import overtake_suggestion
from bot.playbooks.flows import results
from bot.playbooks.flows import runs as playbooks
from bot.reviews.flows import editing, learning
from bot.reviews.flows.drafting import redraft_later
from bot.reviews.flows.reminders import stop_reminders
from bot.stakeholders.flows import notify
from bot.status_page import flows as status_page
from bot.store.outbox import enqueue


@dataclass(frozen=True, slots=True)
class Change:
    """By whom the incident was changed, and when."""

    by: str
    policy: Policy
    now: datetime


def after_change(session: Session, row: IncidentRow, happened: Kind, by: str, policy: Policy, now: datetime) -> None:
    """Do all that follows, in the order of the table below. The row must be locked, and its timeline entry recorded."""
    change = Change(by, policy, now)
    for step, kinds in _CONSEQUENCES:
        if happened in kinds:
            step(session, row, change)


def redraw(session: Session, row: IncidentRow) -> None:
    """Its card and pages once more, where what they say of another incident is no longer for everybody."""
    refresh_card(session, row)
    pages.refresh_pages(session, row)


def _open_channel(session: Session, row: IncidentRow, _: Change) -> None:
    # The channel comes before everything else about this incident; the pages do not wait for it.
    enqueue(session, "slack.open_room", lock=lock_of(row.incident_id), priority=4, incident_id=row.incident_id)


def _overtake_suggestion(session: Session, row: IncidentRow, change: Change) -> None:
    overtake_suggestion(session, row, change.now)


def _begin_review(session: Session, row: IncidentRow, change: Change) -> None:
    editing.begin(session, row, change.policy.review, change.now)


def _stop_reminders(session: Session, row: IncidentRow, _: Change) -> None:
    stop_reminders(session, row)


def _withdraw_playbooks(session: Session, row: IncidentRow, change: Change) -> None:
    results.withdraw(session, row)


def _stop_playbooks(session: Session, row: IncidentRow, change: Change) -> None:
    playbooks.stop_with_incident(session, row, change.now)


def _replan(session: Session, row: IncidentRow, change: Change) -> None:
    plan.replan(session, row, change.policy.escalation, change.now)


def _plan(session: Session, row: IncidentRow, change: Change) -> None:
    plan.begin(session, row, change.policy.escalation, change.now)


def _refresh_pages(session: Session, row: IncidentRow, _: Change) -> None:
    pages.refresh_pages(session, row)


def settle_calls(session: Session, row: IncidentRow, policy: Policy, now: datetime) -> None:
    """What was opened at a pager is acknowledged or resolved there; nothing is asked where nobody has a pager."""
    if policy.contacts.methods:
        calls.settle(session, row, now)


def _settle_calls(session: Session, row: IncidentRow, change: Change) -> None:
    settle_calls(session, row, change.policy, change.now)


def _learn(session: Session, row: IncidentRow, change: Change) -> None:
    """A closed incident is found by the next search; an open one no longer is."""
    learning.learn_closed(session, row, change.by, change.now)


def _refresh_card(session: Session, row: IncidentRow, _: Change) -> None:
    refresh_card(session, row)


def _refresh_own_card(session: Session, row: IncidentRow, _: Change) -> None:
    refresh_own_card(session, row)


def _set_topic(session: Session, row: IncidentRow, _: Change) -> None:
    refresh_furnishing(session, row.incident_id)  # the topic says the title, a bookmark leads to the review


def _rename_channel(session: Session, row: IncidentRow, _: Change) -> None:
    once = f"slack.rename_channel-{row.incident_id}"
    enqueue(session, "slack.rename_channel", lock=once, once=once, incident_id=row.incident_id)


def _redraft(session: Session, row: IncidentRow, _: Change) -> None:
    redraft_later(session, row)


def _look_for_channel(session: Session, row: IncidentRow, change: Change) -> None:
    """Channels of incidents that are over are often archived."""
    if row.channel_archived or row.channel_trouble:
        channel_lost(session, row, "is_archived", change.now)


def _end_promise(session: Session, row: IncidentRow, _: Change) -> None:
    notify.end_promise(session, row)


def _post_checklist(session: Session, row: IncidentRow, _: Change) -> None:
    notify.follow_up(session, row)


def _withdraw_status(session: Session, row: IncidentRow, change: Change) -> None:
    status_page.follow_kind(session, row, change.by, change.now)


def _propose_status(session: Session, row: IncidentRow, _: Change) -> None:
    status_page.propose_resolved(session, row)


def _draft_review(session: Session, row: IncidentRow, _: Change) -> None:
    lock = f"review-{row.incident_id}"  # it asks what people are called and writes to managers: notes must not wait
    enqueue(session, "slack.review", lock=lock, incident_id=row.incident_id, episode=row.episode)


_SEVERITY = frozenset({Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED})
_VOIDED = frozenset({Kind.FALSE_ALARM, Kind.MERGED})  # closed without a review of its own
_FACTS = frozenset({Kind.IMPACT_RECORDED, Kind.CAUSE_RECORDED, Kind.RESOLUTION_RECORDED})
_PLANNED_BY = _SEVERITY | _VOIDED | {Kind.STATUS_CHANGED, Kind.ACKNOWLEDGED, Kind.RESOLVED, Kind.CLOSED, Kind.REOPENED}

_CONSEQUENCES: tuple[tuple[Callable[[Session, IncidentRow, Change], None], frozenset[Kind]], ...] = (
    (_open_channel, frozenset({Kind.DECLARED, Kind.KIND_CHANGED})),
    (_overtake_suggestion, _SEVERITY | _VOIDED | {Kind.RESOLVED}),
    (_begin_review, frozenset({Kind.RESOLVED})),
    (_stop_reminders, _VOIDED | {Kind.REOPENED}),
    (_withdraw_playbooks, frozenset({Kind.REOPENED})),
    (_stop_playbooks, _VOIDED | {Kind.RESOLVED}),
    (_plan, frozenset({Kind.DECLARED})),
    (_replan, _PLANNED_BY),
    (_refresh_pages, _VOIDED | {Kind.ACKNOWLEDGED, Kind.RESOLVED, Kind.RENAMED, Kind.KIND_CHANGED}),
    (_settle_calls, _PLANNED_BY | {Kind.ROLE_TAKEN}),
    (_learn, _FACTS | {Kind.CLOSED, Kind.REOPENED}),
    # The first card is posted with the channel.
    (_refresh_card, _PLANNED_BY | _FACTS | {Kind.ROLE_TAKEN, Kind.RENAMED}),
    (_refresh_own_card, frozenset({Kind.FIELD_CHANGED})),
    (_set_topic, frozenset({Kind.RENAMED, Kind.CLOSED})),
    (_rename_channel, frozenset({Kind.RENAMED})),
    (_redraft, frozenset({Kind.RENAMED, Kind.FIELD_CHANGED})),
    (_look_for_channel, frozenset({Kind.REOPENED})),
    (_end_promise, _VOIDED | {Kind.RESOLVED}),
    (_post_checklist, frozenset({Kind.RESOLVED})),
    (_withdraw_status, frozenset({Kind.KIND_CHANGED})),
    (_propose_status, frozenset({Kind.RESOLVED, Kind.FALSE_ALARM})),
    (_draft_review, frozenset({Kind.CLOSED})),
)
