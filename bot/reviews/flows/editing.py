"""Editing, commenting and approving a review.

Whatever becomes of the draft, what a person wrote stays. Every function can be repeated without harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TocsinError
from bot.incidents.flows.record import record
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.reviews.flows.learning import learn_review
from bot.reviews.messages import review as messages
from bot.reviews.messages.drafting import draft_actions
from bot.reviews.messages.sections.gaps import open_questions
from bot.reviews.messages.sections.summary import with_executive
from bot.reviews.messages.sections.uncovered import with_uncovered
from bot.reviews.policy import ReviewPolicy
from bot.reviews.queries import action_items, drafts
from bot.reviews.queries import reviews as assessments
from bot.reviews.rules.document import ActionItem, Nature, Review
from bot.reviews.rules.merging import EDITABLE, LONGEST_SECTION, MOST_LINES, Edit, base_of, lines_of, merge
from bot.reviews.rules.stages import Stage, Step, check_editable, check_stage
from bot.reviews.tables import ActionRow, ReviewStageRow
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue
from bot.text.markup import escape
from bot.text.wording import called, instant

LONGEST_COMMENT = 5_000
OVERDUE, ASK = "overdue", "ask"  # reminders that are named by no span; ASK asks people for what is missing


class EditedMeanwhile(TocsinError):
    """Somebody else saved the section since it was opened. What the person wrote is for the page to show again."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said of a review. `section` None: of the whole of it. `by` is a name."""

    section: str | None
    text: str
    by: str
    at: datetime
    comment_id: int = 0
    resolved_by: str | None = None  # a name; None while it is open
    resolved_at: datetime | None = None


class OpenPoints(TocsinError):
    """Somebody approves a review of which something is still open. They are asked whether they want it anyway."""


def begin(session: Session, row: IncidentRow, policy: ReviewPolicy, now: datetime) -> ReviewStageRow:
    """The incident's review, begun: as a draft the first time, and again after another resolution.

    Its due date and reminders count from the resolution, whether or not it was drafted since.
    """
    resolved_at = row.resolved_at or now
    stage = assessments.find_stage(session, row.incident_id)
    if stage is None:
        stage = assessments.add_stage(
            session,
            incident_id=row.incident_id,
            stage=Stage.DRAFT.value,
            changed_at=now,
            changed_by=None,
            resolved_at=resolved_at,
            due_at=resolved_at + policy.due_within,
            reminded=[],
        )
    elif stage.resolved_at != resolved_at and row.resolved_at is not None:
        stage.resolved_at, stage.due_at, stage.reminded = resolved_at, resolved_at + policy.due_within, []
        if stage.stage == Stage.APPROVED:
            _put(session, stage, Stage.DRAFT, None, messages.REOPENED_SINCE_APPROVAL, now)
    if stage.stage != Stage.APPROVED:
        stage.remind_at = next_reminder(stage, policy) if is_asked_for(row) else None
    return stage


def note_drafting(session: Session, stage: ReviewStageRow, now: datetime) -> None:
    """The first draft is the first step of the review; later ones are none."""
    if _count(session, stage.incident_id) == 0:
        stage.changed_at = now
        assessments.add_step(session, stage.incident_id, Stage.DRAFT.value, at=now, by=None)


def is_asked_for(row: IncidentRow) -> bool:
    """False where no review is due: for a false alarm, and for a duplicate, which the other review covers."""
    return not row.false_alarm and row.merged_into is None


def reminders(stage: ReviewStageRow, policy: ReviewPolicy) -> list[tuple[str, datetime]]:
    """All reminders of a review, named by their span after the resolution, in order of time."""
    named = [(_span_name(span), stage.resolved_at + span) for span in policy.remind_after]
    asked = (ASK, stage.resolved_at + policy.ask_after)
    return sorted([asked, *named, (OVERDUE, stage.due_at)], key=lambda reminder: reminder[1])


def _span_name(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} h"


def next_reminder(stage: ReviewStageRow, policy: ReviewPolicy) -> datetime | None:
    """When the next reminder falls due; None when all are done with."""
    return next((at for name, at in reminders(stage, policy) if name not in stage.reminded), None)


def assemble(session: Session, row: IncidentRow, items: Sequence[ActionRow] | None = None) -> Review | None:
    """The review as people read it: as it was approved, or the last draft with what people wrote.

    None before a draft. `items`: its action items, where they are at hand.
    """
    stage = assessments.find_stage(session, row.incident_id)
    steps = assessments.list_steps(session, row.incident_id)
    if stage is not None and stage.stage == Stage.APPROVED:
        approved = next((step for step in reversed(steps) if step.document is not None), None)
        if approved is not None and approved.document is not None:
            return approved.document
    last = drafts.find_last(session, row.incident_id)
    if last is None:
        return None
    rows = action_items.list_of_incident(session, row.incident_id) if items is None else items
    edits = assessments.list_edits(session, row.incident_id)
    people = {step.by for step in steps} | {edit.author for edit in edits} | {action.owner for action in rows}
    names = slack_queries.names_of(session, filter(None, people))
    drafted = last.document
    merged = merge(drafted, tuple(_edit(edit, names) for edit in edits))
    agreed = draft_actions([as_item(action) for action in rows], names, drafted.began_at.astimezone(UTC).date())
    standing = replace(
        merged,
        sections=tuple(agreed if section.name == agreed.name else section for section in merged.sections),
        stage=Stage(stage.stage) if stage else Stage.DRAFT,
        steps=tuple(Step(Stage(s.stage), s.at, _name(s.by, names), s.note or "") for s in steps),
    )
    return with_executive(with_uncovered(standing))


def _edit(edit: Any, names: dict[str, str]) -> Edit:
    by = called(names, edit.author)
    return Edit(edit.section, edit.version, edit.text, tuple(edit.base), by, edit.at)


def _name(user_id: str | None, names: dict[str, str]) -> str | None:
    return called(names, user_id) if user_id else None


def as_item(action: ActionRow) -> ActionItem:
    """The row as the review's own kind of action item."""
    return ActionItem(
        text=escape(action.text),
        priority=action.priority,
        owner=action.owner,
        due_on=action.due_on,
        proposed=action.state == action_items.PROPOSED,
        done=action.state == action_items.DONE,
        number=action.number,
        source=action.source_ref,
        issue=action.issue_key,
        issue_url=action.issue_url,
    )


def check_text(section: str, text: str) -> None:
    """Raises BadRequest for a section that nobody edits, and for a text of more characters or lines than one can hold.

    Cheap and without a database: the pages ask before they lock anything.
    """
    if section not in EDITABLE:
        raise BadRequest(messages.SECTION_FROM_RECORD)
    if len(text) > LONGEST_SECTION:
        raise BadRequest(messages.too_long("a section", len(text), LONGEST_SECTION))
    lines = sum(line.count("\n") + 1 for line in lines_of(text))
    if lines > MOST_LINES:
        raise BadRequest(messages.too_many_lines(lines, MOST_LINES))


def edit_section(
    session: Session, row: IncidentRow, section: str, text: str, seen_version: int, by: str, now: datetime
) -> bool:
    """Keep a section as somebody wrote it, as the next version. False where it read like that already.

    `seen_version`: the one they started from, 0 for none.
    Raises TransitionRefused for an approved review, EditedMeanwhile where another version came between, BadRequest
    for a draft from before the incident was reopened.
    """
    check_text(section, text)
    stage = _locked(session, row)
    check_editable(row.ref, Stage(stage.stage), _mover(session, stage))
    edits = [edit for edit in assessments.list_edits(session, row.incident_id) if edit.section == section]
    last = edits[-1] if edits else None
    if last is not None and lines_of(last.text) == lines_of(text):
        return False
    if last is not None and last.version != seen_version:
        who = slack_queries.names_of(session, [last.author]).get(last.author, last.author)
        raise EditedMeanwhile(messages.edited_meanwhile(who, last.at))
    draft = drafts.find_last(session, row.incident_id)
    drafted = draft.document.section(section) if draft else None
    assessments.add_edit(
        session,
        incident_id=row.incident_id,
        section=section,
        version=(last.version if last else 0) + 1,
        text=text,
        base=list(base_of(drafted)) if drafted else [],
        author=by,
        at=now,
    )
    show(session, row)
    return True


def comment(
    session: Session, row: IncidentRow, section: str | None, text: str, by: str, request_key: str, now: datetime
) -> None:
    """Keep a comment, on one section or on the whole review. Raises BadRequest where there is nothing of that name."""
    words = text.strip()
    if not words:
        raise BadRequest(messages.EMPTY_COMMENT)
    if len(words) > LONGEST_COMMENT:
        raise BadRequest(messages.too_long("a comment", len(words), LONGEST_COMMENT))
    draft = drafts.find_last(session, row.incident_id)
    if draft is None:
        raise BadRequest(messages.no_review(row.ref))
    if section is not None and section not in {one.name for one in draft.document.sections}:
        raise BadRequest(messages.NO_SUCH_SECTION)
    assessments.add_comment(
        session,
        request_key=request_key,
        incident_id=row.incident_id,
        section=section,
        text=words,
        author=by,
        at=now,
    )


def comments_of(session: Session, incident_id: int) -> list[Comment]:
    """The oldest first."""
    rows = assessments.list_comments(session, incident_id)
    names = slack_queries.names_of(session, {one.author for one in rows} | {one.resolved_by or "" for one in rows})
    return [
        Comment(
            one.section,
            one.text,
            called(names, one.author),
            one.at,
            one.comment_id,
            _name(one.resolved_by, names),
            one.resolved_at,
        )
        for one in rows
    ]


def settle_comment(session: Session, row: IncidentRow, comment_id: int, resolved: bool, by: str, now: datetime) -> bool:
    """Resolve a comment, or open it again. False where it stood so already. Raises BadRequest where there is none."""
    one = assessments.get_comment_for_change(session, row.incident_id, comment_id)
    if one is None:
        raise BadRequest(messages.NO_SUCH_COMMENT)
    if resolved == (one.resolved_at is not None):
        return False
    one.resolved_at, one.resolved_by = (now, by) if resolved else (None, None)
    return True


def check_open_points(session: Session, row: IncidentRow) -> None:
    """Raises OpenPoints, naming what is missing, undecided or unanswered, where approving would pass over it.

    Raises TransitionRefused and BadRequest where it can't be approved at all.
    """
    stage = _locked(session, row)
    check_stage(row.ref, Stage(stage.stage), Stage.APPROVED, _mover(session, stage))
    review = assemble(session, row)
    if review is None:
        return
    missing = [(line.label or line.text).rstrip(".") for line in open_questions(review)]
    proposed = sum(line.nature is Nature.DERIVED for line in review.section("action_items").lines)
    comments = sum(one.resolved_at is None for one in assessments.list_comments(session, row.incident_id))
    if missing or proposed or comments:
        raise OpenPoints(messages.open_points(missing, proposed, comments))


def why_locked(session: Session, row: IncidentRow) -> str:
    """Why nobody can edit or approve the review now: it is open again, or waits for its next draft; empty otherwise."""
    drafted_at = drafts.last_drafted_at(session, row.incident_id)
    if drafted_at is None:
        return messages.no_review(row.ref)
    # Approved now, the draft of an earlier closing would be filed, and the next closing would leave it at that.
    if row.closed_at is None:
        return messages.reopened_since(row.ref)
    return messages.closed_again(row.ref) if drafted_at < row.closed_at else ""


def move(
    session: Session, row: IncidentRow, wanted: Stage, by: str, policy: Policy, now: datetime, note: str = ""
) -> None:
    """Send for review, ask for changes, or approve. Raises TransitionRefused, BadRequest."""
    stage = _locked(session, row)
    check_stage(row.ref, Stage(stage.stage), wanted, _mover(session, stage))
    if wanted is Stage.CHANGES_ASKED and not note.strip():
        raise BadRequest(messages.WHICH_CHANGES)
    approved = assemble(session, row) if wanted is Stage.APPROVED else None
    _put(session, stage, wanted, by, note.strip()[:LONGEST_COMMENT], now, approved)
    if wanted is Stage.APPROVED:
        stage.remind_at = None
        if approved is not None:
            learn_review(session, row, approved, by, now)
        _announce(session, row, Kind.REVIEW_APPROVED, messages.approved(by), by, now)
        enqueue(session, "aws.archive", lock=f"archive-{row.incident_id}", incident_id=row.incident_id)
        if policy.trackers.automatic:
            enqueue(session, "trackers.approved", lock=f"archive-{row.incident_id}", incident_id=row.incident_id, by=by)
    elif wanted is Stage.CHANGES_ASKED:
        stage.remind_at = next_reminder(stage, policy.review)
        author = _author(session, row)
        text = messages.changes_requested(by, note.strip(), author)
        _announce(session, row, Kind.REVIEW_CHANGES_ASKED, text, by, now)
        if author != by:
            step = _count(session, row.incident_id)
            enqueue(session, "slack.review_changes", incident_id=row.incident_id, step=step, author=author)
    else:
        enqueue(
            session, "slack.review_handed_in", incident_id=row.incident_id, step=_count(session, row.incident_id), by=by
        )
    show(session, row)


def show(session: Session, row: IncidentRow) -> None:
    """Update Slack's copy of the review, canvas or file; changes close together are shown once."""
    once = f"review-canvas-{row.incident_id}"
    enqueue(session, "slack.review_canvas", lock=once, once=once, incident_id=row.incident_id)


def _announce(session: Session, row: IncidentRow, kind: Kind, text: str, by: str, now: datetime) -> None:
    key = f"review:{kind}:{row.incident_id}:{_count(session, row.incident_id)}"
    record(session, row, kind, text, now, author=by, announce=True, source_key=key)


def _author(session: Session, row: IncidentRow) -> str:
    """Whose review it is: who sent it for approval last, or else the commander, or whoever declared the incident."""
    sent = [step.by for step in assessments.list_steps(session, row.incident_id) if step.stage == Stage.IN_REVIEW]
    return next((by for by in reversed(sent) if by), None) or row.commander or row.declared_by


def _count(session: Session, incident_id: int) -> int:
    return len(assessments.list_steps(session, incident_id))


def _put(
    session: Session,
    stage: ReviewStageRow,
    wanted: Stage,
    by: str | None,
    note: str,
    now: datetime,
    approved: Review | None = None,
) -> None:
    stage.stage, stage.changed_at, stage.changed_by = wanted.value, now, by
    document = None
    if approved is not None:
        names = slack_queries.names_of(session, [by or ""])
        step = Step(Stage.APPROVED, now, _name(by, names), note)
        document = replace(approved, stage=Stage.APPROVED, steps=(*approved.steps, step))
    assessments.add_step(session, stage.incident_id, wanted.value, at=now, by=by, note=note, document=document)


def _locked(session: Session, row: IncidentRow) -> ReviewStageRow:
    if locked := why_locked(session, row):
        raise BadRequest(locked)
    return assessments.get_stage_for_change(session, row.incident_id)


def _mover(session: Session, stage: ReviewStageRow) -> str:
    """Who brought the review to where it is, and when: "team-lead at 2026-11-20 19:50 UTC"."""
    if stage.changed_by is None:
        return ""
    names = slack_queries.names_of(session, [stage.changed_by])
    return f"{_name(stage.changed_by, names)} at {instant(stage.changed_at)}"
