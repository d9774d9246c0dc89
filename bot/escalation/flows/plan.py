"""The plan of an incident as durable pings, and the sweep that wakes plans whose time has come.

The plan itself is pure (`bot.escalation.rules.plan`). Here it is reconciled with the rows, so that whatever crashes
between, a rung is pinged once: the row is claimed and its job enqueued in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.errors import BadRequest, TocsinError, TransitionRefused
from bot.escalation.messages import entries
from bot.escalation.queries import calls, pings
from bot.escalation.rules import plan as escalation
from bot.escalation.rules.matrix import LADDER, EscalationPolicy, Role, When
from bot.escalation.rules.plan import Event, Happening, Ping, PingKind, Plan
from bot.escalation.rules.repeats import Attempt
from bot.escalation.tables import PingRow
from bot.incidents import messages as incident_messages
from bot.incidents.flows.record import record
from bot.incidents.queries import timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.severity.rules import Severity
from bot.store.outbox import PAGING, enqueue, enqueue_many

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
    plan, due = _reconcile(
        session, row, policy, history(session, row), held, _attempts(held, _called(session, held)), now
    )
    session.flush()  # all rungs in one statement; their ids name the jobs
    _send(session, due)
    return plan


def begin(session: Session, row: IncidentRow, policy: EscalationPolicy, now: datetime) -> None:
    """The plan of an incident that is declared in this transaction: it has no history but that, and no pings."""
    events = [Event(now, Happening.DECLARED, Severity(row.severity))]
    _, due = _reconcile(session, row, policy, events, (), {}, now)
    session.flush()
    _send(session, due)


def _reconcile(
    session: Session,
    row: IncidentRow,
    policy: EscalationPolicy,
    events: list[Event],
    known: Sequence[PingRow],
    attempts: Mapping[str, Attempt],
    now: datetime,
) -> tuple[Plan, list[PingRow]]:
    """The plan, its rows brought into line, and those that were claimed just now: their jobs are still to come."""
    plan = escalation.plan(policy, events, now, attempts)
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
    _spare_answered(row, held.values())
    due = _first_things_first([held[ping.key] for ping in plan.due(now) if held[ping.key].state == pings.PLANNED])
    for claimed in due:
        claimed.state, claimed.claimed_at = pings.SENDING, now
    _record_breach(session, row, plan, now)
    row.wake_at = plan.wake_at(now)
    return plan, due


def _called(session: Session, held: Iterable[PingRow]) -> Mapping[int, datetime]:
    """When pages that Slack did not take, or not yet, reached their people beside it."""
    unsent = [ping for ping in held if ping.state in (pings.SENDING, pings.FAILED) and _is_counted(ping)]
    return calls.list_first_sent(session, unsent)


def _attempts(held: Iterable[PingRow], called: Mapping[int, datetime]) -> dict[str, Attempt]:
    """The on-call engineer's pages that went out, by whichever way, or reached no one, by key."""
    found = {}
    for ping in filter(_is_counted, held):
        sent_at = min((at for at in (ping.sent_at, called.get(ping.ping_id)) if at is not None), default=None)
        if sent_at is not None:
            found[ping.key] = Attempt(sent_at)
        elif ping.state == pings.FAILED:
            found[ping.key] = Attempt(ping.claimed_at or ping.due_at, reached=False)
    return found


def _is_counted(ping: PingRow) -> bool:
    return ping.role == Role.ON_CALL and ping.kind in (PingKind.PAGE, PingKind.REPEAT)


def _spare_answered(row: IncidentRow, held: Iterable[PingRow]) -> None:
    """Repeats to a rung that somebody unknown to Tocsin answered for where it was paged, see `answers.stop_rung`."""
    answered = {
        (ping.role, episode_of(ping)) for ping in held if ping.acknowledged_at is not None and not ping.acknowledged_by
    }
    for ping in held:
        if ping.kind == PingKind.REPEAT and ping.state == pings.PLANNED and (ping.role, episode_of(ping)) in answered:
            ping.state, ping.reason = pings.CANCELLED, entries.ANSWERED_ELSEWHERE


def _first_things_first(due: list[PingRow]) -> list[PingRow]:
    """Without the repeats of pages that go out only now, after time away: a later one repeats them."""
    fresh = {ping.role for ping in due if ping.kind in (PingKind.PAGE, PingKind.SECONDARY)}
    return [ping for ping in due if ping.kind != PingKind.REPEAT or ping.role not in fresh]


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
    """The row of a rung: new, moved while it is still to come, or planned again after it was cancelled."""
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
    due = ping.state == pings.PLANNED
    if row.false_alarm:
        return entries.cancelled_because("closed as a false alarm", due)
    if row.merged_into is not None:
        return entries.cancelled_because("merged into another incident", due)
    if row.resolved_at or row.closed_at:
        return entries.cancelled_because("resolved", due)
    if ping.kind in (PingKind.REPEAT, PingKind.SECONDARY) and plan.respond_by is None:
        return entries.cancelled_because("acknowledged", due)
    if any(other.kind == ping.kind == PingKind.REPEAT for other in plan.pings):
        return entries.REPLACED_BY_LATER
    return entries.cancelled_because("severity was changed", due)


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


def lock_of_page(ping_id: int) -> str:
    """The lock under which what is posted and edited of one page goes one after the other."""
    return f"ping-{ping_id}"


def send_each(session: Session, ping_ids: Iterable[int]) -> None:
    """A job for each claimed ping, so that none waits for another."""
    jobs = [(lock_of_page(ping_id), {"ping_id": ping_id}) for ping_id in ping_ids]
    enqueue_many(session, "slack.page", jobs, queue=PAGING, priority=5)


def _record_breach(session: Session, row: IncidentRow, plan: Plan, now: datetime) -> None:
    if plan.breach is None or plan.breach.at > now:
        return
    record(
        session,
        row,
        Kind.RESPONSE_BREACHED,
        entries.breached(plan.breach.respond_within, plan.breach.severity),
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
    called = _called(session, (ping for each in held.values() for ping in each))
    claimed: list[PingRow] = []
    for row in rows:
        try:
            events, known = _events(told[row.incident_id]), held[row.incident_id]
            claimed += _reconcile(session, row, policy, events, known, _attempts(known, called), now)[1]
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
        raise TransitionRefused(incident_messages.reopen_first(row.ref, row.status))
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
        rule=entries.BY_HAND,
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


def page_at_once(session: Session, row: IncidentRow, reason: str, by: str, now: datetime) -> None:
    """Page the on-call engineer of a new incident now, unless its severity does so."""
    held = pings.list_of_incident(session, row.incident_id)
    if not any(ping.role == Role.ON_CALL and ping.state in (pings.SENDING, pings.SENT) for ping in held):
        escalate_by_hand(session, row, Role.ON_CALL, reason, by, "at-once", now)


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
        raise BadRequest(entries.asked_just_now(role, seconds, ping.asked_by))


def find_first_page(session: Session, row: IncidentRow, policy: EscalationPolicy, now: datetime) -> datetime | None:
    """When the on-call engineer is paged of an incident that waits for business hours; None where nothing waits.

    Nothing does once somebody acknowledged, or asked for the page by hand.
    """
    rule = policy.matrix[Role.ON_CALL][Severity(row.severity)]
    if rule.when in (When.AT_ONCE, When.AFTER) or row.acknowledged_at is not None or not Status(row.status).is_open:
        return None
    held = [ping for ping in pings.list_of_incident(session, row.incident_id) if episode_of(ping) == row.episode]
    on_call = [ping for ping in held if ping.role == Role.ON_CALL and ping.kind != PingKind.DIGEST]
    if any(ping.state in (pings.SENDING, pings.SENT) for ping in on_call):
        return None
    return next((ping.due_at for ping in on_call if ping.state == pings.PLANNED and ping.due_at > now), None)


def find_next_rung(session: Session, row: IncidentRow) -> Role | None:
    """The lowest rung to which nothing was sent in this episode; None where every one was pinged."""
    try:
        return _next_rung(row, pings.list_of_incident(session, row.incident_id))
    except BadRequest:
        return None


def _next_rung(row: IncidentRow, held: Sequence[PingRow]) -> Role:
    """The lowest rung of the ladder to which nothing was sent in this episode."""
    paged = {
        ping.role for ping in held if ping.state in (pings.SENDING, pings.SENT) and episode_of(ping) == row.episode
    }
    for role in LADDER:
        if role.value not in paged:
            return role
    raise BadRequest(entries.ALL_PAGED)


def episode_of(ping: PingRow) -> int:
    """Which opening of the incident a ping belongs to; see the plan's keys."""
    return int(ping.key.split("/", 1)[0])
