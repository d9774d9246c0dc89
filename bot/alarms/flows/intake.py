"""Taking in a delivery of alarms: rows and jobs, nothing else, so that a thousand a minute hold up nobody's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from bot.alarms import queries
from bot.alarms.flows.declaring import declare_by_itself, note_change, note_more
from bot.alarms.rules.alarm import Alarm, State, instant_of
from bot.alarms.rules.treatment import Happened, Known, Treatment, happened
from bot.alarms.tables import AlarmRow, AlarmStormRow, AlarmThreadRow
from bot.context import Policy
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.store.outbox import enqueue

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_FOLDED = timedelta(seconds=3)  # changes that come so close together are shown by one edit


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a delivery. `fresh`: it was not taken in before. The others count alarms."""

    fresh: bool
    new: int = 0  # that have a thread of their own now, or are in the list of a storm
    again: int = 0
    recovered: int = 0
    ignored: int = 0  # by alarms.yaml


@dataclass(slots=True)
class _Batch:
    """The alarms of one delivery while they are taken in."""

    session: Session
    now: datetime
    policy: Policy
    rows: dict[str, AlarmRow]
    threads: dict[int, queries.LastThread]
    fresh: list[tuple[AlarmRow, AlarmThreadRow, Treatment]] = field(default_factory=list)
    changed: list[tuple[AlarmRow, AlarmThreadRow, Happened]] = field(default_factory=list)


def take_delivery(
    session: Session,
    now: datetime,
    policy: Policy,
    *,
    source: str,
    delivery: str,
    alarms: Sequence[Alarm],
    again_after: timedelta | None = None,
) -> Taken:
    """Keep what a delivery says, and enqueue what is to be said of it: no call out, no commit.

    `delivery` is what makes it the same when `source` sends it again, which changes nothing; see `delivery_of`. Where
    the sender names its deliveries by nothing, `again_after` is how long after the first the same words are news.
    """
    # One delivery after the other: each sees what the one before made of the same alarm, and how many came of late.
    incidents.lock_request(session, "alarms")
    if not queries.take_delivery(session, f"{source}:{delivery}", now, again_after):
        return Taken(fresh=False)
    treated = [(alarm, policy.alarms.treatment(alarm)) for alarm in alarms]
    wanted = [(alarm, how) for alarm, how in treated if not how.ignored]
    rows = queries.find_alarms(session, {alarm.key for alarm, _ in wanted})
    threads = queries.find_last_threads(session, {row.alarm_id for row in rows.values()})
    batch = _Batch(session, now, policy, rows, threads)
    _add_unknown(batch, wanted)
    counts = [_take(batch, alarm, how) for alarm, how in wanted]
    session.flush()
    _have_said(batch)
    return Taken(
        fresh=True,
        new=counts.count(Happened.NEW),
        again=counts.count(Happened.AGAIN),
        recovered=counts.count(Happened.RECOVERED),
        ignored=len(treated) - len(wanted),
    )


def _add_unknown(batch: _Batch, wanted: Sequence[tuple[Alarm, Treatment]]) -> None:
    """A row for each alarm that is heard of for the first time, in one statement."""
    for alarm, how in wanted:
        if alarm.key not in batch.rows:
            row = AlarmRow(identity=alarm.key, first_at=batch.now, firings=0, changed_at=_LONG_AGO)
            _describe(row, alarm, how, batch.now)
            batch.rows[alarm.key] = row
    batch.session.add_all(row for row in batch.rows.values() if row.alarm_id is None)
    batch.session.flush()


def _describe(row: AlarmRow, alarm: Alarm, how: Treatment, now: datetime) -> None:
    for name in ("source", "name", "account", "region", "security", "summary", "reason", "metric", "link"):
        setattr(row, name, getattr(alarm, name))
    row.resources = [{"kind": kind, "name": name} for kind, name in alarm.resources]
    row.state, row.service, row.last_at = alarm.state.value, how.service, now


def _take(batch: _Batch, alarm: Alarm, how: Treatment) -> Happened:
    """One alarm: its row, and the thread that it has or begins."""
    row, at = batch.rows[alarm.key], instant_of(alarm.at, batch.now) or batch.now
    last = batch.threads.get(row.alarm_id)
    what = happened(alarm, at, batch.now, _known(row, last), how, batch.policy.alarms.same_within)
    if at >= row.changed_at:
        _describe(row, alarm, how, batch.now)
        row.changed_at = at
    row.last_at = batch.now
    row.firings += what in (Happened.NEW, Happened.AGAIN)
    if what is Happened.NEW:
        _begin(batch, row, how)
    elif last is not None and _change(last.row, what, at, batch.now):
        batch.changed.append((row, last.row, what))
    return what


def _known(row: AlarmRow, last: queries.LastThread | None) -> Known | None:
    """How it stood before this delivery; None for an alarm that nobody heard of."""
    if row.changed_at == _LONG_AGO:
        return None
    if last is None:
        return Known(row.changed_at)
    recovered = last.row.recovered_at is not None
    return Known(row.changed_at, True, last.row.last_at, recovered, last.worked_on, last.settled)


def _begin(batch: _Batch, row: AlarmRow, how: Treatment) -> None:
    held_until = how.quiet.end_after(batch.now, batch.policy.calendar.zone) if how.quiet else None
    thread = AlarmThreadRow(
        alarm_id=row.alarm_id, began_at=batch.now, last_at=batch.now, firings=1, held_until=held_until, declared=False
    )
    if row.state == State.OK.value:  # that it is over came before this, that it fired
        thread.recovered_at = row.changed_at
    batch.session.add(thread)
    batch.threads[row.alarm_id] = queries.LastThread(thread)
    batch.fresh.append((row, thread, how))


def _change(thread: AlarmThreadRow, what: Happened, at: datetime, now: datetime) -> bool:
    """Whether the thread has to show something else."""
    if what is Happened.AGAIN:
        thread.firings, thread.last_at, thread.recovered_at = thread.firings + 1, now, None
    elif what is Happened.RECOVERED:
        thread.recovered_at = at
    return what in (Happened.AGAIN, Happened.RECOVERED)


def _have_said(batch: _Batch) -> None:
    """Jobs for what is new and what changed, and incidents for what declares by itself."""
    storm = _storm(batch)
    _declare(batch, storm is not None)
    for row, thread, _ in batch.fresh:
        if row.security:
            if thread.declared:  # of those that join an incident that is private, nothing is said in public
                _post(batch.session, thread)
        elif storm is not None:
            thread.storm_id = storm.storm_id
        elif thread.held_until is None:
            _post(batch.session, thread)
    for row, thread, what in batch.changed:
        note_change(batch.session, row, thread, what, batch.now)
        if thread.storm_id is None and not row.security and thread.held_until is None:
            show_again(batch.session, thread)
    changed = {thread.storm_id for _, thread, _ in batch.changed if thread.storm_id is not None}
    for storm_id in changed | ({storm.storm_id} if storm is not None else set()):
        once = f"alarm-storm-{storm_id}"
        enqueue(batch.session, "alarms.storm", lock=once, once=once, after=_FOLDED, storm_id=storm_id)


def _declare(batch: _Batch, stormy: bool) -> None:
    """Declare what declares by itself. Of many in one delivery that belong together, those after the first are counted
    on the timeline, so that the incident is not held up by each of them.
    """
    first: dict[str, IncidentRow] = {}
    more: dict[str, list[AlarmThreadRow]] = defaultdict(list)
    for row, thread, how in batch.fresh:
        if not how.declares or thread.held_until is not None or thread.recovered_at is not None:
            continue
        together = f"security of {row.account}" if row.security else "storm" if stormy else ""
        if together in first:
            thread.incident_id = first[together].incident_id
            more[together].append(thread)
            continue
        incident = declare_by_itself(batch.session, row, thread, how, stormy, batch.policy, batch.now)
        if together:
            first[together] = incident
    for together, joined in more.items():
        note_more(batch.session, first[together], joined, batch.now)


def _post(session: Session, thread: AlarmThreadRow) -> None:
    enqueue(session, "alarms.post", lock=f"alarm-{thread.thread_id}", priority=1, thread_id=thread.thread_id)


def show_again(session: Session, thread: AlarmThreadRow) -> None:
    """Have the thread's first message show how it stands: once in a few seconds, however often that changes."""
    once = f"alarm-{thread.thread_id}"
    enqueue(session, "alarms.post", lock=once, once=once, after=_FOLDED, priority=-1, thread_id=thread.thread_id)


def _storm(batch: _Batch) -> AlarmStormRow | None:
    """The storm that the new threads of this delivery are part of: there is one where too many begin at once."""
    limit = batch.policy.alarms.storm
    fresh = [thread for row, thread, _ in batch.fresh if thread.held_until is None and not row.security]
    if not fresh:
        return None
    # Those of this delivery are written already.
    if queries.count_threads_since(batch.session, batch.now - limit.within) <= limit.alarms:
        return None
    storm = queries.find_storm(batch.session, batch.now - limit.within)
    if storm is None:
        storm = AlarmStormRow(began_at=batch.now, last_at=batch.now)
        batch.session.add(storm)
        batch.session.flush()
    storm.last_at = batch.now
    return storm
