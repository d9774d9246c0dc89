"""Escalation: the plan of an incident as durable pings, and what happens when one falls due.

The plan itself is pure (`bot.escalation.rules.plan`). Here it is reconciled with the rows, so that whatever crashes
between, a rung is pinged once: the row is claimed and its job enqueued in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from bot.errors import BadRequest, TocsinError, TransitionRefused
from bot.escalation.queries import pings
from bot.escalation.rules import plan as escalation
from bot.escalation.rules.ping_facts import PingFacts
from bot.escalation.rules.plan import LADDER, LATE_AFTER, EscalationPolicy, Event, Happening, Ping, PingKind, Plan, Role
from bot.incidents.flows.record import lock_of, record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.severity.rules import Severity
from bot.store.outbox import PAGING, enqueue, enqueue_many
from bot.store.tables import IncidentRow, PingRow, TimelineEntry
from bot.text.markup import escape

_HAPPENINGS = {
    Kind.DECLARED: Happening.DECLARED,
    Kind.SEVERITY_RAISED: Happening.SEVERITY_CHANGED,
    Kind.SEVERITY_LOWERED: Happening.SEVERITY_CHANGED,
    Kind.ACKNOWLEDGED: Happening.ACKNOWLEDGED,
    Kind.RESOLVED: Happening.RESOLVED,
    Kind.CLOSED: Happening.CLOSED,
    Kind.REOPENED: Happening.REOPENED,
    Kind.MERGED: Happening.MERGED,
    Kind.FALSE_ALARM: Happening.FALSE_ALARM,
}


log = structlog.get_logger(__name__)

_TRY_AGAIN_AFTER = timedelta(minutes=1)  # an incident that could not be planned
_JUST_NOW = timedelta(minutes=1)  # a ping by hand of the same role so soon is the same command again
_FEW = 8  # pings that each get a job of their own; where more fall due at once, they share jobs
_TOGETHER = 25  # pings that share one job
_TELLING = (*_HAPPENINGS, Kind.STATUS_CHANGED)


def replan(session: Session, row: IncidentRow, policy: EscalationPolicy, now: datetime) -> Plan:
    """Bring the incident's pings into line with its history; enqueue those that are due. The row must be locked."""
    held = pings.list_of_incident(session, row.incident_id)
    plan, due = _reconcile(session, row, policy, history(session, row), held, now)
    session.flush()  # all rungs in one statement; their ids name the jobs
    _send(session, due)
    return plan


def _reconcile(
    session: Session,
    row: IncidentRow,
    policy: EscalationPolicy,
    events: list[Event],
    known: Sequence[PingRow],
    now: datetime,
) -> tuple[Plan, list[PingRow]]:
    """The plan, its rows brought into line, and those that were claimed just now: their jobs are still to come."""
    plan = escalation.plan(policy, events, now)
    held = {ping.key: ping for ping in known}
    for ping in plan.pings:
        held[ping.key] = _upsert(session, row, held.get(ping.key), ping)
    wanted = {ping.key for ping in plan.pings}
    for stale in held.values():
        # One that is being sent is called off too: its job looks once more before it speaks.
        if (
            stale.state in (pings.PLANNED, pings.SENDING)
            and stale.key not in wanted
            and not _still_asked_for(row, stale)
        ):
            stale.state, stale.reason = pings.CANCELLED, _why_cancelled(row, stale, plan)
    due = [held[ping.key] for ping in plan.due(now) if held[ping.key].state == pings.PLANNED]
    for claimed in due:
        claimed.state, claimed.claimed_at = pings.SENDING, now
    _record_breach(session, row, plan, now)
    row.wake_at = plan.wake_at(now)
    return plan, due


def _still_asked_for(row: IncidentRow, ping: PingRow) -> bool:
    """A ping by hand is on no plan; it stands as long as the incident is open."""
    return ping.kind == PingKind.MANUAL and Status(row.status).is_open


def history(session: Session, row: IncidentRow) -> list[Event]:
    """What of the timeline bears on escalation."""
    return _events(timeline.list_rows(session, row.incident_id, _TELLING))


def _events(entries: Iterable[TimelineEntry]) -> list[Event]:
    return [event for entry in entries if (event := _event(entry)) is not None]


def _event(entry: TimelineEntry) -> Event | None:
    if entry.kind == Kind.STATUS_CHANGED:
        return Event(entry.at, Happening.MITIGATED) if entry.data.get("after") == "mitigated" else None
    severity = entry.data.get("severity")
    return Event(entry.at, _HAPPENINGS[Kind(entry.kind)], Severity(severity) if severity else None)


def _upsert(session: Session, row: IncidentRow, held: PingRow | None, ping: Ping) -> PingRow:
    """The row of a rung: new, moved while it is still to come, or taken up again after it was cancelled."""
    if held is None:
        fresh = PingRow(
            incident_id=row.incident_id,
            key=ping.key,
            role=ping.role.value,
            kind=ping.kind.value,
            rule=ping.rule,
            severity=ping.severity.value,
            due_at=ping.due_at,
            state=pings.PLANNED,
        )
        session.add(fresh)
        return fresh
    if held.state in (pings.PLANNED, pings.CANCELLED):
        held.due_at, held.rule, held.severity = ping.due_at, ping.rule, ping.severity.value
        held.state, held.reason = pings.PLANNED, None
    return held


def _why_cancelled(row: IncidentRow, ping: PingRow, plan: Plan) -> str:
    when = "it was due" if ping.state == pings.PLANNED else "it was sent"
    if row.resolved_at or row.closed_at:
        return f"resolved before {when}"
    if ping.kind in (PingKind.REPEAT, PingKind.SECONDARY) and plan.respond_by is None:
        return f"acknowledged before {when}"
    if any(other.kind == ping.kind == PingKind.REPEAT for other in plan.pings):
        return "a later one took its place"
    return f"severity was changed before {when}"


def _send(session: Session, claimed: Sequence[PingRow]) -> None:
    """The jobs of pings that were claimed in this transaction. Digests of one role and time are one message."""
    pages = [ping.ping_id for ping in claimed if ping.kind != PingKind.DIGEST]
    if len(pages) <= _FEW:
        send_each(session, pages)
    else:
        chunks = [pages[at : at + _TOGETHER] for at in range(0, len(pages), _TOGETHER)]
        jobs = [(None, {"ping_ids": chunk}) for chunk in chunks]
        enqueue_many(session, "slack.pages", jobs, queue=PAGING, priority=5)
    for role, due_at in sorted({(ping.role, ping.due_at) for ping in claimed if ping.kind == PingKind.DIGEST}):
        name = f"digest-{role}-{due_at.isoformat()}"
        enqueue(
            session,
            "slack.digest",
            queue=PAGING,
            lock=name,
            once=name,
            role=role,
            due_at=due_at.isoformat(),
            priority=1,
        )


def send_each(session: Session, ping_ids: Iterable[int]) -> None:
    """A job for each claimed ping, so that none waits for another."""
    jobs = [(f"ping-{ping_id}", {"ping_id": ping_id}) for ping_id in ping_ids]
    enqueue_many(session, "slack.page", jobs, queue=PAGING, priority=5)


def _record_breach(session: Session, row: IncidentRow, plan: Plan, now: datetime) -> None:
    if plan.breach is None or plan.breach.at > now:
        return
    within = escalation.span_text(plan.breach.respond_within)
    record(
        session,
        row,
        Kind.RESPONSE_BREACHED,
        f"Nobody acknowledged within {within}, the response time of {plan.breach.severity}.",
        now,
        at=plan.breach.at,
        source_key=f"breach:{row.incident_id}:{plan.breach.key}",
        announce=True,
    )


def sweep(session: Session, policy: EscalationPolicy, now: datetime, limit: int = 200) -> int:
    """Replan the incidents on whose plan something fell due. Returns how many there were; call again at `limit`.

    However many they are, they cost the same few statements.
    """
    rows = pings.claim_awake(session, now, limit)
    if not rows:
        return 0
    incident_ids = [row.incident_id for row in rows]
    held = pings.list_of_incidents(session, incident_ids)
    told = timeline.list_rows_of(session, incident_ids, _TELLING)
    claimed: list[PingRow] = []
    for row in rows:
        try:
            events = _events(told[row.incident_id])
            claimed += _reconcile(session, row, policy, events, held[row.incident_id], now)[1]
        except (TocsinError, ValueError, LookupError):
            # One incident that cannot be planned must not keep the others from being escalated.
            log.exception("an incident could not be planned", incident=row.ref)
            row.wake_at = now + _TRY_AGAIN_AFTER
    session.flush()
    _send(session, claimed)
    return len(rows)


def escalate_by_hand(
    session: Session, row: IncidentRow, role: Role | None, reason: str, by: str, request_key: str, now: datetime
) -> tuple[PingRow, bool]:
    """Ping a role now, or the next rung that was not pinged; the ping and whether it is new. The row must be locked.

    Raises TransitionRefused when the incident is over, BadRequest when there is no further rung.
    """
    if not Status(row.status).is_open:
        raise TransitionRefused(f"{row.ref} is {row.status}. Reopen it first: `/incident reopen`.")
    held = pings.list_of_incident(session, row.incident_id)
    earlier = next((ping for ping in held if ping.key.endswith(f"/{request_key}")), None)
    if earlier is not None:
        return earlier, False
    role = role or _next_rung(row, held)
    ping = PingRow(
        incident_id=row.incident_id,
        key=f"{row.episode}/{PingKind.MANUAL}/{role}/{request_key}",
        role=role.value,
        kind=PingKind.MANUAL.value,
        rule="asked for by hand",
        severity=row.severity,
        due_at=now,
        state=pings.SENDING,
        claimed_at=now,
        asked_by=by,
        note=reason or None,
    )
    session.add(ping)
    session.flush()
    _send(session, [ping])
    return ping, True


def refuse_asked_just_now(session: Session, row: IncidentRow, role: Role, request_key: str, now: datetime) -> None:
    """Raise BadRequest where somebody asked for this role within the last minute: a command that was typed twice.

    The same request coming again is none. The row must be locked.
    """
    if not Status(row.status).is_open:
        return
    for ping in reversed(pings.list_of_incident(session, row.incident_id)):
        if (ping.kind, ping.role, episode_of(ping)) != (PingKind.MANUAL, role, row.episode) or ping.claimed_at is None:
            continue
        seconds = max(1, round(abs((now - ping.claimed_at).total_seconds())))
        if ping.key.endswith(f"/{request_key}") or ping.state == pings.FAILED or seconds >= _JUST_NOW.total_seconds():
            continue
        ago = "1 second" if seconds == 1 else f"{seconds} seconds"
        raise BadRequest(
            f"The {role} was pinged {ago} ago by <@{ping.asked_by}>. Nothing was sent; "
            "to ping them again, wait a minute."
        )


def _next_rung(row: IncidentRow, held: Sequence[PingRow]) -> Role:
    """The lowest rung of the ladder to which nothing was sent in this episode."""
    told = {ping.role for ping in held if ping.state in (pings.SENDING, pings.SENT) and episode_of(ping) == row.episode}
    for role in LADDER:
        if role.value not in told:
            return role
    raise BadRequest("Every rung has been pinged. Name the one to ping again: `/incident escalate VP still down`.")


def episode_of(ping: PingRow) -> int:
    """Which opening of the incident a ping belongs to; see the plan's keys."""
    return int(ping.key.split("/", 1)[0])


def respond_by(
    row: IncidentRow, held: Sequence[PingRow], respond_within: Mapping[Severity, timedelta]
) -> datetime | None:
    """When the on-call engineer has to have acknowledged; None once somebody has."""
    if row.acknowledged_at is not None:
        return None
    for ping in held:
        if ping.kind == PingKind.PAGE and ping.role == Role.ON_CALL and episode_of(ping) == row.episode:
            return ping.due_at + respond_within[Severity(row.severity)]
    return None


def facts_of(ping: PingRow, row: IncidentRow, held: Sequence[PingRow], policy: EscalationPolicy) -> PingFacts:
    """The ping as its messages show it. `held` are all pings of the incident."""
    others = (user for other in held if other.ping_id != ping.ping_id and other.sent_at for user in other.user_ids)
    before = _sent_before(ping, held)
    return PingFacts(
        ping_id=ping.ping_id,
        incident=incidents.facts(row),
        role=ping.role,
        kind=ping.kind,
        rule=ping.rule,
        severity=ping.severity,
        due_at=ping.due_at,
        respond_by=respond_by(row, held, policy.respond_within),
        others=tuple(dict.fromkeys(others)),
        asked_by=ping.asked_by,
        note=ping.note,
        late_after=policy.late_after,
        times=len(before) + 1,
        first_at=min(before, default=None),
    )


def _sent_before(ping: PingRow, held: Sequence[PingRow]) -> list[datetime]:
    """When the pages were sent that a repeat repeats; empty for a ping of any other kind."""
    if ping.kind != PingKind.REPEAT:
        return []
    return [
        other.sent_at
        for other in held
        if other.sent_at is not None
        and other.kind in (PingKind.PAGE, PingKind.REPEAT)
        and (other.role, episode_of(other)) == (ping.role, episode_of(ping))
        and other.due_at < ping.due_at
    ]


def list_repeats_sent(session: Session, ping: PingRow) -> Sequence[TimelineEntry]:
    """The entries of all repeats of a repeat's rung that went out in its opening, as they were recorded.

    They share one message in the channel, which is the first one's.
    """
    held = pings.list_of_incident(session, ping.incident_id)
    same = {
        other.ping_id
        for other in held
        if other.kind == PingKind.REPEAT and (other.role, episode_of(other)) == (ping.role, episode_of(ping))
    }
    told = timeline.list_rows(session, ping.incident_id, (Kind.PING_SENT,))
    return sorted((entry for entry in told if entry.data["ping_id"] in same), key=lambda entry: entry.entry_id)


@dataclass(frozen=True, slots=True)
class Sent:
    """A ping that went out.

    `instead` says who stood in for whom, and why, where it did not reach those who hold the role.
    `shown` is when the incident had been acknowledged as the message shows it, `room` its channel; None for not yet.
    """

    ping_id: int
    user_ids: Sequence[str]
    instead: str = ""
    shown: datetime | None = None
    room: str | None = None


def pages_sent(session: Session, sent: Sequence[Sent], now: datetime, late_after: timedelta = LATE_AFTER) -> int:
    """Record that pings went out and have them mentioned in their incidents' channels, in a few statements for all.

    How many were not recorded before.
    """
    by_id = {each.ping_id: each for each in sent}
    # The incidents first, as everybody locks them: who acknowledges meanwhile waits, and then finds what was sent.
    rows = {row.incident_id: row for row in incidents.list_of_pings_shared(session, list(by_id))}
    found = [ping for ping in pings.list_for_change(session, list(by_id)) if ping.state in _UNRECORDED]
    facts, outdated = [], []
    for ping in found:
        row, each = rows[ping.incident_id], by_id[ping.ping_id]
        called_off = ping.state == pings.CANCELLED
        ping.state, ping.sent_at, ping.user_ids, ping.reason = pings.SENT, now, list(each.user_ids), None
        if each.instead and ping.kind != PingKind.MANUAL:
            ping.note = each.instead
        if called_off or row.acknowledged_at != each.shown or row.channel_id != each.room:
            # It was on its way when somebody answered, it was over or the room opened: the message must say so.
            outdated.append(ping)
        facts.append(_sent_entry(ping, each, now, late_after))
    session.flush()
    entry_ids = timeline.append_many(session, facts)
    said = [
        (lock_of(ping.incident_id), {"entry_id": entry_id})
        for ping, entry_id in zip(found, entry_ids, strict=True)
        if entry_id is not None and ping.kind != PingKind.DIGEST
    ]
    enqueue_many(session, "slack.say", said)
    _redraw(session, outdated)
    return len(found)


_UNRECORDED = (pings.SENDING, pings.CANCELLED)


def _sent_entry(ping: PingRow, sent: Sent, now: datetime, late_after: timedelta) -> dict[str, Any]:
    """The timeline's line about a ping that went out."""
    who = ", ".join(f"<@{user_id}>" for user_id in sent.user_ids)
    late = now - ping.due_at
    tail = f", {escalation.span_text(late)} late" if late > late_after else ""
    text = f"Paged {who} as {ping.role} ({_cause(ping)}){tail}." + (f" {sent.instead}" if sent.instead else "")
    return _entry(ping, Kind.PING_SENT, text, now, {"instead": sent.instead} if sent.instead else {})


def _entry(ping: PingRow, kind: Kind, text: str, now: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """All columns of what the timeline keeps of a ping's end."""
    return {
        "incident_id": ping.incident_id,
        "kind": kind.value,
        "at": now,
        "recorded_at": now,
        "author": None,
        "text": text,
        "data": {"ping_id": ping.ping_id} | data,
        "message_ts": None,
        "source_key": f"ping:{ping.ping_id}",
    }


def _cause(ping: PingRow) -> str:
    """Why it was sent, as the timeline says it."""
    if ping.kind != PingKind.MANUAL:
        return ping.rule
    return f"by hand, <@{ping.asked_by}>" + (f": {escape(ping.note)}" if ping.note else "")


def pages_failed(session: Session, ping_ids: Sequence[int], reason: str, now: datetime) -> None:
    """Record why pings reached nobody, where people see it, in a few statements for all."""
    incidents.list_of_pings_shared(session, ping_ids)  # the incidents first, as everybody locks them
    found = [ping for ping in pings.list_for_change(session, ping_ids) if ping.state == pings.SENDING]
    for ping in found:
        ping.state, ping.reason = pings.FAILED, reason
    facts = [
        _entry(ping, Kind.PING_FAILED, f"Could not page the {ping.role} ({_cause(ping)}): {reason}", now, {})
        for ping in found
    ]
    entry_ids = timeline.append_many(session, facts)
    said = [
        (lock_of(ping.incident_id), {"entry_id": entry_id})
        for ping, entry_id in zip(found, entry_ids, strict=True)
        if entry_id is not None
    ]
    enqueue_many(session, "slack.say", said)


def acknowledge_pings(session: Session, row: IncidentRow, user_id: str, now: datetime) -> None:
    """Mark the pings of this person as answered.

    Of their messages, only those that went out after somebody had acknowledged do not say so yet.
    """
    since = row.acknowledged_at
    changed = []
    for ping in pings.list_of_incident(session, row.incident_id):
        if ping.state in (pings.SENT, pings.SENDING) and ping.acknowledged_at is None and user_id in ping.user_ids:
            ping.acknowledged_at, ping.acknowledged_by = now, user_id
            if since is not None and (ping.sent_at is None or ping.sent_at >= since):
                changed.append(ping)
    _redraw(session, changed)


def refresh_pages(session: Session, row: IncidentRow) -> None:
    """Have every page of this opening of the incident that went out show where it stands."""
    held = pings.list_of_incident(session, row.incident_id)
    _redraw(
        session,
        [ping for ping in held if ping.state in (pings.SENT, pings.SENDING) and episode_of(ping) == row.episode],
    )


def link_pages(session: Session, row: IncidentRow) -> None:
    """Have the pages that went out before the room was open link to it. The row must be locked."""
    _redraw(session, [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.SENT])


def _redraw(session: Session, changed: Sequence[PingRow]) -> None:
    """The jobs that edit the messages of these pings, in one statement. A digest is no message of one ping."""
    jobs = [(f"ping-{ping.ping_id}", {"ping_id": ping.ping_id}) for ping in changed if ping.kind != PingKind.DIGEST]
    enqueue_many(session, "slack.page_over", jobs, queue=PAGING)
