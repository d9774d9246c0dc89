"""Judging a message, saying what it looks like, and keeping what people then pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.incidents.flows.record import learn_names_later, record
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status, is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, Secrecy, declare, kind_of
from bot.memory.rules.similar import SimilarItem
from bot.reports import queries as reports
from bot.reports.messages import decisions as messages
from bot.reports.rules import Decision
from bot.reports.tables import ReportRow
from bot.severity.rules import Evidence, Judgement, Outcome, Severity
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue
from bot.text.markup import at_of, plain_text, quiet, without_emoji
from bot.text.masking import mask
from bot.text.wording import first_sentence

STILL_WRITING = timedelta(minutes=10)  # after posting: "wait" may yet become a report


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the announcement channel, as Slack sent it. `edit_ts` is when it was edited, "" where it was not."""

    channel_id: str
    ts: str
    user_id: str | None
    text: str
    edit_ts: str = ""


def judge_report(
    session: Session,
    heard: Heard,
    judgement: Judgement,
    similar: tuple[SimilarItem, ...],
    policy: Policy,
    now: datetime,
    outcome: Outcome | None = None,
) -> ReportRow | None:
    """Keep the verdict; enqueue the answer or the question, unless this is chatter or shadow mode.

    `outcome` is for what is no chatter, whatever its words. None when that message was judged before.
    """
    row = reports.add_report(
        session,
        channel_id=heard.channel_id,
        ts=heard.ts,
        user_id=heard.user_id,
        judged_at=now,
        **_verdict(heard, judgement, similar, policy, outcome),
    )
    if row is not None and row.answered:
        learn_names_later(session, row.text or "")
        enqueue(session, "slack.answer", lock=f"report-{row.report_id}", priority=3, report_id=row.report_id)
    return row


def keep_judged(
    session: Session,
    heard: Heard,
    judgement: Judgement,
    similar: tuple[SimilarItem, ...],
    policy: Policy,
    now: datetime,
) -> None:
    """Keep what a message was judged to be, however it was heard: as it was posted, edited, or read back later.

    A message whose edit is heard before its posting is judged as it now reads, unless it is older than a few minutes:
    then people have read it long since, and an answer would only confuse.
    """
    known = reports.find_report_of_message(session, heard.channel_id, heard.ts) if heard.edit_ts else None
    if known is not None:
        judge_again(session, heard, judgement, similar, policy, now)
    elif not heard.edit_ts or now - at_of(heard.ts) <= STILL_WRITING:
        judge_report(session, heard, judgement, similar, policy, now)


def _verdict(
    heard: Heard,
    judgement: Judgement,
    similar: tuple[SimilarItem, ...],
    policy: Policy,
    wanted: Outcome | None = None,
) -> dict[str, Any]:
    """What a report keeps of how it was judged, and whether that is said or asked."""
    outcome = Outcome.SILENCE if policy.severity.shadow else wanted or policy.severity.outcome(judgement)
    return {
        "text": heard.text,
        "severity": judgement.severity.value if judgement.severity else None,
        "confidence": judgement.confidence,
        "row": judgement.row,
        "row_name": judgement.row_name,
        "evidence": [{"text": item.text, "signal": item.signal} for item in judgement.evidence],
        "similar": similar,
        "answered": outcome is not Outcome.SILENCE,
        "asked": outcome is Outcome.ASK,
    }


def judgement_of(row: ReportRow) -> Judgement:
    """The verdict as it was stored."""
    return Judgement(
        severity=Severity(row.severity) if row.severity else None,
        confidence=row.confidence,
        evidence=tuple(Evidence(item["text"], item["signal"]) for item in row.evidence),
        runner_up=None,
        row=row.row,
        row_name=row.row_name,
    )


def declare_report(
    session: Session,
    report_id: int,
    severity: Severity | None,
    by: str,
    policy: Policy,
    now: datetime,
    *,
    break_in: float = 0.0,
) -> tuple[IncidentRow, bool]:
    """Declare what was reported, with the judged severity or the one chosen. `break_in`: how likely it is one."""
    return _declare(session, _undecided(session, report_id), severity, by, policy, now, break_in=break_in)


def declare_after_all(
    session: Session, report_id: int, by: str, policy: Policy, now: datetime, *, break_in: float = 0.0
) -> tuple[IncidentRow, bool]:
    """Declare what somebody had called no incident; that they had stays with the report."""
    report = _get(session, report_id)
    if report.decision != "not_incident":
        raise _decided_already(session, report)
    _set_decision_aside(report)
    return _declare(session, report, None, by, policy, now, break_in=break_in)


def _set_decision_aside(report: ReportRow) -> None:
    """Keep what was decided before, and why, in the report's history."""
    before = {
        "decision": report.decision,
        "by": report.decided_by,
        "at": report.decided_at.isoformat() if report.decided_at else None,
        "reason": report.reason,
        "reason_text": report.reason_text,
    }
    report.history = [*report.history, before]
    report.reason = report.reason_text = None


def declare_by_itself(
    session: Session, report_id: int, by: str, policy: Policy, now: datetime, *, asks: bool
) -> IncidentRow:
    """Declare what tells of a break-in, with what the policy calls the least severity of one; `asks` whoever reported.

    Raises DeclaringMany.
    """
    report, least = _undecided(session, report_id), policy.security.reports or Severity.P2
    judged = Severity(report.severity) if report.severity else least
    severity = judged if judged.worse_than(least) else least
    return _declare(session, report, severity, by, policy, now, Secrecy(security=True, asks=asks))[0]


def _declare(
    session: Session,
    report: ReportRow,
    severity: Severity | None,
    by: str,
    policy: Policy,
    now: datetime,
    secrecy: Secrecy | None = None,
    break_in: float = 0.0,
) -> tuple[IncidentRow, bool]:
    """`secrecy` is for what nobody asked to be declared: without a question, it is in Tocsin's own name."""
    _refuse_declared(session, report.channel_id, report.ts)
    chosen = severity or (Severity(report.severity) if report.severity else Severity.P2)
    key = "report:" if secrecy is None or secrecy.asks else incidents.BY_REPORT
    secrecy = secrecy or kind_of(policy, report.text, report.row_name, probability=break_in)
    declaration = Declaration(
        request_key=f"{key}{report.report_id}",
        title=_title(report.text, slack_queries.names_in(session, report.text)),
        severity=chosen,
        by=by,
        similar=report.similar,
        report_channel_id=report.channel_id,
        report_ts=report.ts,
        security=secrecy.security,
        asks=secrecy.asks,
        urgent=secrecy.urgent,
        hasty=True,
    )
    row, fresh = declare(session, declaration, policy, now)
    report.chosen_severity, report.incident_id = chosen.value, row.incident_id
    _decide(session, report, "declared", by, now)
    return row, fresh


def declare_message(session: Session, wanted: Declaration, policy: Policy, now: datetime) -> tuple[IncidentRow, bool]:
    """Declare what a message says, once: by the shortcut or by its report's buttons, whoever comes first.

    The message's report, where there is one, is decided with it. Raises TransitionRefused with the incident's ref.
    """
    assert wanted.report_channel_id is not None and wanted.report_ts is not None
    incidents.lock_request(session, f"message:{wanted.report_channel_id}:{wanted.report_ts}")
    report = reports.find_report_of_message(session, wanted.report_channel_id, wanted.report_ts)
    report = reports.get_report_for_change(session, report.report_id) if report else None
    if incidents.find_by_request(session, wanted.request_key) is None:
        _refuse_declared(session, wanted.report_channel_id, wanted.report_ts)
        if report is not None and report.decision == "part_of":
            raise _decided_already(session, report)
    row, fresh = declare(session, wanted, policy, now)
    if fresh and report is not None:
        if report.decision is not None:
            _set_decision_aside(report)
        report.chosen_severity, report.incident_id = wanted.severity.value, row.incident_id
        _decide(session, report, "declared", wanted.by, now)
    return row, fresh


def _refuse_declared(session: Session, channel_id: str, ts: str) -> None:
    declared = reports.find_declared(session, channel_id, ts)
    if declared is not None:
        raise TransitionRefused(messages.declared_already(declared.ref))


def _title(text: str, names: Mapping[str, str]) -> str:
    """The report's first line as a title, or the first sentence of a long one."""
    lines = plain_text(without_emoji(text), names).splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    first, _ = first_sentence(first)
    return first if len(first) <= 120 else first[:119].rsplit(" ", 1)[0] + "…"


def dismiss_report(session: Session, report_id: int, by: str, now: datetime) -> None:
    """Somebody says that this was no incident: kept, because that is how the judge is measured."""
    report = _undecided(session, report_id)
    _decide(session, report, "not_incident", by, now)


def join_report(session: Session, report_id: int, ref: str, by: str, now: datetime) -> str:
    """The report belongs to an incident that is open: it goes on that timeline. The incident's ref."""
    report = _undecided(session, report_id)
    row = incidents.get_by_ref(session, ref)
    if not Status(row.status).is_open:
        raise TransitionRefused(messages.over(row.ref, row.status))
    report.incident_id = row.incident_id
    _decide(session, report, "part_of", by, now)
    names = slack_queries.names_in(session, report.text)
    text = messages.added_to_timeline(by, quiet(report.text, names))
    record(session, row, Kind.NOTED, text, now, author=report.user_id, source_key=f"report:{report_id}", announce=True)
    return row.ref


def join_report_of_message(
    session: Session, channel_id: str | None, ts: str | None, row: IncidentRow, by: str, now: datetime
) -> None:
    """The report that a message is, where there is one and nobody decided, belongs to that incident."""
    report = reports.find_report_of_message(session, channel_id, ts) if channel_id and ts else None
    if report is not None and report.decision is None:
        report.incident_id = row.incident_id
        _decide(session, report, "part_of", by, now)


def note_declared(session: Session, report: ReportRow, row: IncidentRow, own: bool, now: datetime) -> None:
    """The report of what is an incident already: it declared that one itself (`own`), or was added to it."""
    if own and row.report_ts is None:
        row.report_channel_id, row.report_ts = report.channel_id, report.ts
    report.chosen_severity, report.incident_id = row.severity, row.incident_id
    _decide(session, report, "declared" if own else "part_of", row.declared_by, now)


def _get(session: Session, report_id: int) -> ReportRow:
    report = reports.get_report_for_change(session, report_id)
    if report is None:
        raise BadRequest(messages.GONE)
    return report


def _undecided(session: Session, report_id: int) -> ReportRow:
    report = _get(session, report_id)
    if report.decision is not None:
        raise _decided_already(session, report)
    return report


def note_asked(session: Session, report: ReportRow, ref: str, now: datetime) -> bool:
    """That somebody who declares a report was asked about an open incident; False where that was asked before."""
    if any(one.get("asked") == ref for one in report.history):
        return False
    report.history = [*report.history, {"asked": ref, "at": now.isoformat()}]
    enqueue(session, "slack.answer", lock=f"report-{report.report_id}", priority=3, report_id=report.report_id)
    return True


def _decided_already(session: Session, report: ReportRow) -> TransitionRefused:
    return TransitionRefused(messages.already(decision_of(session, report)))


def judge_again(
    session: Session,
    heard: Heard,
    judgement: Judgement,
    similar: tuple[SimilarItem, ...],
    policy: Policy,
    now: datetime,
) -> bool:
    """A message was edited: judge its new words and have the answer show it. Nothing changes once it was decided.

    One answer a message: it is edited, never repeated and never taken back. What was talk when it was posted is
    answered where its author was still writing; later, talk stays talk, as those who read it have gone on since.
    """
    held = reports.find_report_of_message(session, heard.channel_id, heard.ts)
    report = reports.get_report_for_change(session, held.report_id) if held else None
    if report is None or report.decision is not None or report.text == mask(heard.text):
        return False
    if reports.find_declared(session, heard.channel_id, heard.ts) is not None:
        return False
    if heard.edit_ts and any(earlier.get("edit_ts", "") > heard.edit_ts for earlier in report.history):
        return False  # an older wording whose event came late
    before = {"text": mask(report.text), "severity": report.severity, "answered": report.answered}
    report.history = [*report.history, before | {"edited_at": now.isoformat(), "edit_ts": heard.edit_ts}]
    fresh = _verdict(heard, judgement, similar, policy)
    still_writing = now - at_of(report.ts) <= STILL_WRITING
    fresh["answered"] = report.answered or (fresh["answered"] and (report.severity is not None or still_writing))
    for name, value in fresh.items():
        setattr(report, name, value)
    if report.answered:
        enqueue(session, "slack.answer", lock=f"report-{report.report_id}", priority=3, report_id=report.report_id)
    return True


def was_edited(report: ReportRow) -> bool:
    """Whether it was judged again after its answer may have been read."""
    return any("edited_at" in before and before.get("answered", True) for before in report.history)


def decision_of(session: Session, report: ReportRow) -> Decision:
    """What became of a report that somebody decided on."""
    row = session.get(IncidentRow, report.incident_id) if report.incident_id else None
    dismissed = (before["by"] for before in report.history if before.get("decision") == "not_incident")
    return Decision(
        kind=report.decision or "",
        by=report.decided_by,
        severity=report.chosen_severity,
        ref=row.ref if row else None,
        channel_id=row.channel_id if row else None,
        private=row is not None and is_private(row.ref),
        asked=row is not None and row.kind_asked_at is not None,
        dismissed_by=next(dismissed, None),
    )


def _decide(session: Session, report: ReportRow, decision: str, by: str, now: datetime) -> None:
    report.decision, report.decided_by, report.decided_at = decision, by, now
    show(session, report)


def note_recovery(session: Session, report: ReportRow, recovered_at: datetime | None) -> None:
    """What an alarm or alert reported is OK again since then; None: it is there again. While nobody decided, the answer
    says so.
    """
    if report.recovered_at == recovered_at:
        return
    report.recovered_at = recovered_at
    if report.decision is None and report.incident_id is None and report.answered:
        once = f"answer-{report.report_id}"
        lock = f"report-{report.report_id}"
        enqueue(session, "slack.answer", lock=lock, once=once, report_id=report.report_id)


def show(session: Session, report: ReportRow) -> None:
    """Have the answer show what became of the report; nothing where nobody was answered."""
    if report.answered:
        enqueue(session, "slack.answer", lock=f"report-{report.report_id}", report_id=report.report_id)
