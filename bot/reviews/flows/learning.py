"""What closed incidents and approved reviews teach the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot.incidents.rules.incident import is_drill
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import for_everybody
from bot.memory import queries as knowledge
from bot.memory.entries.documents import content_hash, to_document
from bot.memory.entries.entries import Entry
from bot.memory.flows.learn import _TAKEN_OUT, CLOSED_INCIDENT
from bot.memory.queries import NewVersion
from bot.reviews.messages.drafting import without_terms
from bot.reviews.queries import reviews
from bot.reviews.rules.document import Nature, Review
from bot.reviews.rules.merging import WHYS, in_field
from bot.reviews.rules.stages import Stage
from bot.severity.rules import Severity


def learn_closed(session: Session, row: IncidentRow, by: str, now: datetime) -> None:
    """Have a closed incident found from now on.

    Nothing is learnt from false alarms, from duplicates, which the other incident covers, from drills, and from what
    is not for everybody.
    """
    if row.closed_at is None or row.false_alarm or row.merged_into or not _teaches(row):
        return forget_reopened(session, row, by, now)
    stage = reviews.find_stage(session, row.incident_id)
    if stage is not None and stage.stage == Stage.APPROVED and stage.resolved_at == row.resolved_at:
        return None  # the approved review says more than the record
    return _keep(session, row, _entry_of(row), by, now)


def _teaches(row: IncidentRow) -> bool:
    return for_everybody(row) and not is_drill(row.ref)


def learn_review(session: Session, row: IncidentRow, review: Review, by: str, now: datetime) -> None:
    """Have an incident found by what its approved review says of it, from the next query on."""
    if row.false_alarm or not _teaches(row):
        return
    _keep(session, row, entry_of_review(row, review), by, now)


def _keep(session: Session, row: IncidentRow, entry: Entry, by: str, now: datetime) -> None:
    document = to_document(entry)
    content = content_hash(document)
    last = knowledge.find(session, row.ref)
    if last is None or last.content_hash != content:
        known = {} if last is None else {row.ref: last.version}
        version = NewVersion(row.ref, document, content, CLOSED_INCIDENT, row.incident_id)
        knowledge.add(session, [version], by, now, known)


def forget_reopened(session: Session, row: IncidentRow, by: str, now: datetime) -> None:
    """What is open again is no past incident until it is closed again."""
    last = knowledge.find(session, row.ref)
    if last is not None and last.document is not None and last.incident_id == row.incident_id:
        version = NewVersion(row.ref, None, _TAKEN_OUT, CLOSED_INCIDENT, row.incident_id)
        knowledge.add(session, [version], by, now, {row.ref: last.version})


def _entry_of(row: IncidentRow) -> Entry:
    symptoms = f"{row.title}\n\n{row.impact}" if row.impact else row.title
    recorded = (("Symptoms", symptoms), ("Root cause", row.cause), ("Resolution", row.resolution))
    took = row.resolved_at - row.declared_at if row.resolved_at else None
    return Entry(
        ref=row.ref,
        kind="incident",
        title=row.title,
        severity=Severity(row.severity),
        date=row.declared_at.date(),
        resolution_minutes=max(0, round(took.total_seconds() / 60)) if took is not None else None,
        source=CLOSED_INCIDENT,
        sections=tuple((name, text) for name, text in recorded if text),
    )


def entry_of_review(row: IncidentRow, review: Review) -> Entry:
    """What an approved review teaches, as an entry of knowledge: what people wrote, and what was recorded."""
    thin = _entry_of(row)
    symptoms = [review.title, *_said(review, "summary", "Customer impact")]
    labels = ("Primary cause", *WHYS, "Contributing factor")
    cause = [words for label in labels for words in _said(review, "root_cause", label)]
    lessons = [
        line.text
        for name in ("went_well", "could_improve")
        for line in review.section(name).lines
        if line.nature is Nature.WRITTEN
    ]
    agreed = [
        without_terms(line.text) for line in review.section("action_items").lines if line.nature is Nature.RECORDED
    ]
    sections = {
        "Symptoms": symptoms or [row.title],
        "Root cause": cause or [row.cause or ""],
        "Resolution": _said(review, "root_cause", "Resolution") or [row.resolution or ""],
        "Prevention": agreed,
        "Lesson": lessons,
    }
    services = ", ".join(_said(review, "summary", "Services affected"))
    return replace(
        thin,
        services=tuple(part.strip() for part in services.split(",") if part.strip())[:20],
        sections=tuple((name, _listed(lines)) for name, lines in sections.items() if any(lines)),
    )


def _said(review: Review, section: str, label: str) -> list[str]:
    """What the review says under a label, questions aside."""
    lines = review.section(section).lines
    return [line.text for line in lines if line.label == label and line.nature is not Nature.ASKED]


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {in_field(line)}" for line in lines if line)
