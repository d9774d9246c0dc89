"""Judging a message, saying what it looks like, and keeping what people then pressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.domain.comms import plain_text, quiet
from bot.domain.errors import BadRequest, TransitionRefused
from bot.domain.escalation import span_text
from bot.domain.incident import Status
from bot.domain.review import mentioned
from bot.domain.severity import Evidence, Judgement, Severity
from bot.domain.timeline import Kind
from bot.flows.declare import Declaration, declare
from bot.flows.record import record
from bot.knowledge.entries import Entry
from bot.knowledge.plain import opening
from bot.policy.policy import Policy
from bot.store import incidents, messages
from bot.store.outbox import enqueue
from bot.store.tables import IncidentRow, ReportRow
from bot.triage.documents import Document
from bot.triage.index import Index, Match

OPEN_KIND = "open"  # how open incidents are told apart in a search


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of the past: the index and the entries that its refs name."""

    index: Index
    entries: Mapping[str, Entry]


def recall(memory: Memory, text: str, limit: int = 3) -> list[dict[str, Any]]:
    """Past incidents, then at most one playbook, that look like `text`: plain facts, ready to be stored and shown."""
    found = [_describe(memory, match) for match in memory.index.search(text, limit=limit, kind="incident")]
    return found + [_describe(memory, match) for match in memory.index.search(text, limit=1, kind="playbook")]


def _describe(memory: Memory, match: Match) -> dict[str, Any]:
    entry = memory.entries[match.ref]
    took = span_text(timedelta(minutes=entry.resolution_minutes)) if entry.resolution_minutes else ""
    return {
        "ref": match.ref,
        "kind": entry.kind,
        "title": entry.title,
        "score": match.score,
        "words": [term.text for term in match.terms[:5]],
        "cause": opening(entry.section("Root cause")),
        "fix": opening(entry.section("Resolution")),
        "took": took,
        "happened_on": entry.date.isoformat() if entry.date else None,
    }


def find_open_alike(memory: Memory, rows: Sequence[IncidentRow], text: str) -> str | None:
    """The ref of an open incident that the text seems to be about."""
    index = memory.index
    for row in rows:
        body = "\n".join(part for part in (row.title, row.impact, row.cause) if part)
        index = index.with_entry(
            Document(ref=row.ref, kind=OPEN_KIND, title=row.title, fields=(("title", row.title), ("symptoms", body)))
        )
    found = index.search(text, limit=1, kind=OPEN_KIND) if rows else ()
    return found[0].ref if found else None


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the announcement channel, as Slack sent it."""

    channel_id: str
    ts: str
    user_id: str | None
    text: str


def judge_report(
    session: Session,
    heard: Heard,
    judgement: Judgement,
    similar: Sequence[dict[str, Any]],
    policy: Policy,
    now: datetime,
) -> ReportRow | None:
    """Keep the verdict; enqueue the answer unless this is chatter, too unsure, or shadow mode.

    None when that message was judged before.
    """
    speaks = (
        judgement.severity is not None
        and judgement.confidence >= policy.severity.reply_threshold
        and not policy.severity.shadow
    )
    row = messages.add_report(
        session,
        channel_id=heard.channel_id,
        ts=heard.ts,
        user_id=heard.user_id,
        text=heard.text,
        judged_at=now,
        severity=judgement.severity.value if judgement.severity else None,
        confidence=judgement.confidence,
        row=judgement.row,
        evidence=[{"text": item.text, "signal": item.signal} for item in judgement.evidence],
        similar=list(similar),
        answered=speaks,
    )
    if row is not None and speaks:
        enqueue(session, "slack.answer", lock=f"report-{row.report_id}", priority=3, report_id=row.report_id)
    return row


def judgement_of(row: ReportRow) -> Judgement:
    """The verdict as it was stored."""
    return Judgement(
        severity=Severity(row.severity) if row.severity else None,
        confidence=row.confidence,
        evidence=tuple(Evidence(item["text"], item["signal"]) for item in row.evidence),
        runner_up=None,
        row=row.row,
    )


def declare_report(
    session: Session, report_id: int, severity: Severity | None, by: str, policy: Policy, now: datetime
) -> tuple[IncidentRow, bool]:
    """Declare what was reported, with the judged severity or the one chosen."""
    report = _undecided(session, report_id)
    chosen = severity or (Severity(report.severity) if report.severity else Severity.P2)
    declaration = Declaration(
        request_key=f"report:{report_id}",
        title=_title(report.text),
        severity=chosen,
        by=by,
        similar=tuple(report.similar),
        report_channel_id=report.channel_id,
        report_ts=report.ts,
    )
    row, fresh = declare(session, declaration, policy, now)
    report.chosen_severity, report.incident_id = chosen.value, row.incident_id
    _decide(session, report, "declared", by, now)
    return row, fresh


def _title(text: str) -> str:
    """The report's first line as a title."""
    lines = plain_text(text).splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    return first if len(first) <= 120 else first[:119].rsplit(" ", 1)[0] + "…"


def dismiss_report(session: Session, report_id: int, by: str, now: datetime) -> str:
    """Somebody says that this was no incident: kept, because that is how the judge is measured."""
    report = _undecided(session, report_id)
    _decide(session, report, "not_incident", by, now)
    return "Noted: not an incident."


def join_report(session: Session, report_id: int, ref: str, by: str, now: datetime) -> str:
    """The report belongs to an incident that is open: it goes on that timeline."""
    report = _undecided(session, report_id)
    row = incidents.get_by_ref(session, ref)
    if not Status(row.status).is_open:
        raise TransitionRefused(
            f"{row.ref} is {row.status} by now. Press Declare for a new incident, or `/incident reopen`."
        )
    report.incident_id = row.incident_id
    _decide(session, report, "part_of", by, now)
    names = messages.names_of(session, mentioned([report.text]))
    text = f"Report added by <@{by}>: {quiet(report.text, names)}"
    record(session, row, Kind.NOTED, text, now, author=report.user_id, source_key=f"report:{report_id}", announce=True)
    return f"Added to {row.ref}."


def _undecided(session: Session, report_id: int) -> ReportRow:
    report = messages.get_report_for_change(session, report_id)
    if report is None:
        raise BadRequest("That report is not known here any more. Use `/incident declare …` instead.")
    if report.decision is not None:
        raise TransitionRefused(f"<@{report.decided_by}> decided that already: {describe_decision(session, report)}")
    return report


def describe_decision(session: Session, report: ReportRow) -> str:
    """What became of a report, as one sentence."""
    if report.decision == "not_incident":
        return "not an incident."
    row = session.get(IncidentRow, report.incident_id) if report.incident_id else None
    where = f"{row.ref}" + (f" in <#{row.channel_id}>" if row and row.channel_id else "") if row else "an incident"
    if report.decision == "part_of":
        return f"part of {where}."
    return f"declared as {report.chosen_severity}, {where}."


def _decide(session: Session, report: ReportRow, decision: str, by: str, now: datetime) -> None:
    report.decision, report.decided_by, report.decided_at = decision, by, now
    enqueue(session, "slack.answer", lock=f"report-{report.report_id}", report_id=report.report_id)
