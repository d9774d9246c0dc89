"""Retention: the words of ordinary messages go when the policy says so; the facts, and what people marked, stay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.incidents.queries import timeline
from bot.retention import messages
from bot.retention.policy import RetentionPolicy
from bot.retention.queries import retention
from bot.reviews.queries import drafts
from bot.reviews.queries import reviews as assessments
from bot.store.outbox import enqueue

_REPORTS_AT_ONCE = 200


def plan_retention(session: Session) -> None:
    """Have what was kept long enough looked for. Looking again finds nothing more."""
    enqueue(session, "record.retain", lock="retain", once="retain")


def remove_words(session: Session, policy: RetentionPolicy, now: datetime) -> int | None:
    """Take out the words of one incident whose time has come; how many messages. None when there is none left."""
    if policy.keep_messages is None:
        return None
    row = retention.claim_due(session, now - policy.keep_messages)
    if row is None:
        return None
    incident_ids = [row.incident_id, *timeline.list_duplicates(session, row.incident_id)]
    kept = timeline.list_marked(session, row.incident_id) | _entries_of_review(session, row.incident_id)
    retention.mark_removed(session, incident_ids, now)
    retention.remove_suggested(session, incident_ids)
    _remove_drafts(session, incident_ids, messages.draft_removed(policy.keep_messages))
    return retention.remove_messages(session, incident_ids, kept, messages.message_removed(policy.keep_messages))


def remove_reports(session: Session, policy: RetentionPolicy, now: datetime) -> int:
    """Take out the words of some reports whose time has come; how many. 0 when there are none left."""
    if policy.keep_messages is None:
        return 0
    fact = messages.report_removed(policy.keep_messages)
    return retention.remove_reports(session, now - policy.keep_messages, fact, _REPORTS_AT_ONCE)


def _remove_drafts(session: Session, incident_ids: Collection[int], fact: str) -> None:
    """Drafts quote messages: of a review that nobody approved the fact stays, and what people wrote in it."""
    retention.remove_superseded(session, incident_ids)
    for incident_id in incident_ids:
        stage, last = assessments.find_stage(session, incident_id), drafts.find_last(session, incident_id)
        if last is None or (stage is not None and stage.stage == assessments.APPROVED):
            continue
        review = last.document
        emptied = tuple(replace(section, lines=(), note=fact) for section in review.sections)
        last.document = replace(review, sections=emptied)
        retention.remove_drafted(session, incident_id)


def _entries_of_review(session: Session, incident_id: int) -> set[int]:
    """The entries that stand behind the lines of the review as it was approved, each time."""
    documents = [step.document for step in assessments.list_steps(session, incident_id) if step.document]
    return {
        origin.entry_id
        for document in documents
        for section in document.sections
        for line in section.lines
        for origin in line.entries
    }
