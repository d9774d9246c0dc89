"""Asking people for what a review is missing, and putting their answers into it as their words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.incidents import visibility
from bot.incidents.authority import may
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.reviews.flows.editing import assemble, comment, edit_section, is_asked_for, why_locked
from bot.reviews.messages import questions as messages
from bot.reviews.queries import reviews
from bot.reviews.rules.document import Review
from bot.reviews.rules.merging import base_of, in_field
from bot.reviews.rules.questions import Question, answered_before, as_lines, open_of, split_by_person
from bot.reviews.rules.stages import Stage


def whom_to_ask(
    session: Session, context: AppContext, row: IncidentRow, now: datetime
) -> dict[str, tuple[Question, ...]]:
    """Who is asked which questions that are still open: of people who may see the incident and edit its review."""
    stage, review = reviews.find_stage(session, row.incident_id), assemble(session, row)
    if stage is None or review is None or stage.stage == Stage.APPROVED or not is_asked_for(row):
        return {}
    if why_locked(session, row):
        return {}
    asked = split_by_person(open_of(review), row.declared_by, row.commander, row.acknowledged_by)
    return {
        person: questions
        for person, questions in asked.items()
        if visibility.may_see(session, row, person) and may(session, context, Act.EDIT_REVIEWS, person, now, row)
    }


def answer(session: Session, row: IncidentRow, answers: Mapping[str, str], by: str, form: str, now: datetime) -> None:
    """Put answers, by question, into the review as this person's words. The row must be locked.

    What somebody else answered in the meantime stays theirs, and becomes a comment of this person's. `form` names the
    form that they came with: sent twice, it counts once. Raises BadRequest and TransitionRefused.
    """
    review = assemble(session, row)
    if review is None:
        raise BadRequest(messages.no_review(row.ref))
    by_section: dict[str, list[str]] = {}
    for name, words in answers.items():
        section, lines = as_lines(name, words, review)
        if lines and answered_before(review, name):
            comment(session, row, section, "\n".join(lines), by, f"answer:{form}:{name}", now)
        elif lines:
            by_section.setdefault(section, []).extend(lines)
    for section, lines in by_section.items():
        _append(session, row, review, section, lines, by, now)


def _append(
    session: Session, row: IncidentRow, review: Review, section: str, lines: list[str], by: str, now: datetime
) -> None:
    before = base_of(review.section(section))
    fresh = [line for line in lines if line not in before]
    if fresh:
        versions = [edit.version for edit in reviews.list_edits(session, row.incident_id) if edit.section == section]
        text = in_field(*before, *fresh)
        edit_section(session, row, section, text, max(versions, default=0), by, now)
