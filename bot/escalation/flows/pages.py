"""What a page says, and what is recorded once it was sent, failed, was answered or became outdated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.escalation.flows.plan import episode_of, lock_of_page
from bot.escalation.messages import entries
from bot.escalation.queries import pings
from bot.escalation.rules.matrix import LATE_AFTER, EscalationPolicy, Role, When
from bot.escalation.rules.ping_facts import PingFacts, Silence
from bot.escalation.rules.plan import PingKind
from bot.escalation.tables import PingRow
from bot.incidents.flows.record import invite_each, lock_of, refresh_own_card
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.severity.rules import Severity
from bot.store.outbox import PAGING, enqueue_many


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
        first_at=before[0].sent_at if before else None,
        first_id=before[0].ping_id if before else None,
        next_at=_next_at(ping, held),
        silent=_silent(ping, row, held),
    )


_REPEATED = frozenset({PingKind.PAGE, PingKind.SECONDARY, PingKind.REPEAT})


def _same_rung(ping: PingRow, held: Sequence[PingRow]) -> list[PingRow]:
    """The page and its repeats that went to this ping's rung in its opening, the earliest first."""
    found = [
        other
        for other in held
        if other.kind in _REPEATED and (other.role, episode_of(other)) == (ping.role, episode_of(ping))
    ]
    return sorted(found, key=lambda other: (other.due_at, other.ping_id))


def _sent_before(ping: PingRow, held: Sequence[PingRow]) -> list[PingRow]:
    """The pages that a repeat repeats, the earliest first; empty for a ping of any other kind."""
    if ping.kind != PingKind.REPEAT:
        return []
    return [other for other in _same_rung(ping, held) if other.sent_at is not None and other.due_at < ping.due_at]


def _next_at(ping: PingRow, held: Sequence[PingRow]) -> datetime | None:
    """When the repeat that is planned after this page falls due.

    The latest one: an earlier one that was passed over after time away is replaced by it.
    """
    if ping.kind not in _REPEATED:
        return None
    due = (other.due_at for other in _same_rung(ping, held) if other.state == pings.PLANNED)
    return max((at for at in due if at > ping.due_at), default=None)


def _silent(ping: PingRow, row: IncidentRow, held: Sequence[PingRow]) -> tuple[Silence, ...]:
    """Who was paged below this ping's rung before it, and has not answered; nobody once somebody acknowledged."""
    if row.acknowledged_at is not None or ping.kind == PingKind.DIGEST:
        return ()
    found = []
    for role in _UPWARDS[: _UPWARDS.index(Role(ping.role))]:
        sent = [
            (other.sent_at, other)
            for other in held
            if other.sent_at is not None and other.role == role and other.kind != PingKind.DIGEST
            if episode_of(other) == episode_of(ping) and other.due_at <= ping.due_at
        ]
        if sent and not any(other.acknowledged_at for _, other in sent):
            last = max(sent, key=lambda one: one[0])[1]
            found.append(Silence(tuple(last.user_ids), len(sent), min(at for at, _ in sent)))
    return tuple(found)


_UPWARDS = (Role.ON_CALL, Role.SECONDARY, Role.TEAM_LEAD, Role.ENGINEERING_MANAGER, Role.VP)


def list_shown_together(session: Session, entry: TimelineEntry, held: Sequence[PingRow]) -> Sequence[TimelineEntry]:
    """The entries of a page and of all its repeats that went out in its opening, as they were recorded.

    They share one message in the channel, which is the first one's. `entry` is one of them, `held` all pings of the
    incident.
    """
    ping = next(each for each in held if each.ping_id == entry.data["ping_id"])
    same = {other.ping_id for other in _same_rung(ping, held) if other.sent_at is not None}
    if ping.kind == PingKind.MANUAL or same == {ping.ping_id}:
        return [entry]
    sent = timeline.list_rows(session, ping.incident_id, (Kind.PING_SENT,))
    return sorted((one for one in sent if one.data["ping_id"] in same), key=lambda one: one.entry_id)


@dataclass(frozen=True, slots=True)
class Sent:
    """A ping that went out.

    `instead` says who stood in for whom, and why, where it did not reach those who hold the role.
    `shown` is when the incident had been acknowledged as the message shows it, `channel_id` where; None for not yet.
    """

    ping_id: int
    user_ids: Sequence[str]
    instead: str = ""
    shown: datetime | None = None
    channel_id: str | None = None


def pages_sent(session: Session, sent: Sequence[Sent], now: datetime, late_after: timedelta = LATE_AFTER) -> int:
    """Record that pings went out and have them mentioned in their incidents' channels, in a few statements for all.

    How many were not recorded before.
    """
    by_id = {each.ping_id: each for each in sent}
    # The incidents first, as everybody locks them: who acknowledges meanwhile waits, and then finds what was sent.
    rows = {row.incident_id: row for row in pings.list_of_pings_shared(session, list(by_id))}
    found = [ping for ping in pings.list_for_change(session, list(by_id)) if ping.state in _UNRECORDED]
    facts, outdated = [], []
    for ping in found:
        row, each = rows[ping.incident_id], by_id[ping.ping_id]
        called_off = ping.state == pings.CANCELLED
        ping.state, ping.sent_at, ping.user_ids, ping.reason = pings.SENT, now, list(each.user_ids), None
        if each.instead and ping.kind != PingKind.MANUAL:
            ping.note = each.instead
        if called_off or row.acknowledged_at != each.shown or row.channel_id != each.channel_id:
            # It was on its way when somebody answered, it was over or the channel opened: the message must say so.
            outdated.append(ping)
        facts.append(_sent_entry(ping, each, now, late_after))
        waited = ping.kind == PingKind.PAGE and ping.role == Role.ON_CALL and ping.rule == When.NORMAL_HOURS
        if waited and ping.claimed_at != row.declared_at:
            refresh_own_card(session, row)  # it said when this would be
    session.flush()
    entry_ids = timeline.append_many(session, facts)
    shown = [
        (ping, entry_id)
        for ping, entry_id in zip(found, entry_ids, strict=True)
        if entry_id is not None and ping.kind != PingKind.DIGEST
    ]
    said = [(lock_of(ping.incident_id), {"entry_id": entry_id}) for ping, entry_id in shown]
    enqueue_many(session, "slack.mention", said)
    # Before there is a channel, whoever opens it brings them in.
    invite_each(session, [(ping.incident_id, ping.user_ids) for ping, _ in shown if rows[ping.incident_id].channel_id])
    redraw(session, outdated)
    return len(found)


_UNRECORDED = (pings.SENDING, pings.CANCELLED)


def _sent_entry(ping: PingRow, sent: Sent, now: datetime, late_after: timedelta) -> dict[str, Any]:
    """The timeline's line about a ping that went out."""
    late = now - ping.due_at
    text = entries.paged(sent.user_ids, ping.role, _cause(ping), late if late > late_after else None, sent.instead)
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
    return entries.by_hand(ping.asked_by, ping.note)


def pages_failed(session: Session, ping_ids: Sequence[int], reason: str, now: datetime) -> None:
    """Record why pings reached nobody, where people see it, in a few statements for all."""
    pings.list_of_pings_shared(session, ping_ids)  # the incidents first, as everybody locks them
    found = [ping for ping in pings.list_for_change(session, ping_ids) if ping.state == pings.SENDING]
    for ping in found:
        ping.state, ping.reason = pings.FAILED, reason
    facts = [
        _entry(ping, Kind.PING_FAILED, entries.not_paged(ping.role, _cause(ping), reason), now, {}) for ping in found
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
        if ping.state in (pings.SENT, pings.SENDING) and ping.acknowledged_by is None and user_id in ping.user_ids:
            ping.acknowledged_at, ping.acknowledged_by = now, user_id
            if since is not None and (ping.sent_at is None or ping.sent_at >= since):
                changed.append(ping)
    redraw(session, changed)


def is_shown_on_pages(session: Session, row: IncidentRow) -> bool:
    """Whether a page of this opening went out, whose copy in the channel shows the acknowledgement."""
    return any(
        ping.state in (pings.SENT, pings.SENDING) and ping.kind != PingKind.DIGEST and episode_of(ping) == row.episode
        for ping in pings.list_of_incident(session, row.incident_id)
    )


def refresh_pages(session: Session, row: IncidentRow) -> None:
    """Have every page of this opening of the incident that went out show where it stands."""
    held = pings.list_of_incident(session, row.incident_id)
    redraw(
        session,
        [ping for ping in held if ping.state in (pings.SENT, pings.SENDING) and episode_of(ping) == row.episode],
    )


def link_pages(session: Session, row: IncidentRow) -> None:
    """Have the pages that went out before the channel was open link to it. The row must be locked."""
    redraw(session, [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.SENT])


def redraw(session: Session, changed: Sequence[PingRow]) -> None:
    """The jobs that edit the messages of these pings, in one statement. A digest is no message of one ping."""
    jobs = [(lock_of_page(ping.ping_id), {"ping_id": ping.ping_id}) for ping in changed if ping.kind != PingKind.DIGEST]
    enqueue_many(session, "slack.page_over", jobs, queue=PAGING)
