"""What passed while Tocsin was away: recorded late, at the instant at which it happened, and never twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.incidents.flows import members, record
from bot.incidents.flows.refusals import check_channel
from bot.incidents.queries import incidents, timeline
from bot.incidents.tables import IncidentRow
from bot.lifecycle.queries import backfill
from bot.reviews.flows import action_items
from bot.reviews.queries import action_items as actions
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue

LOOK_BACK = timedelta(days=1)  # of a long look, before the end of the last one: older messages change too
_OVERLAP = timedelta(minutes=2)  # of a short look with the one before it
_LAPSE = timedelta(minutes=15)  # without a look: nobody knows what else was missed, so the next one is long
_ON_ITS_WAY = timedelta(seconds=30)  # a message that is younger may have come by event and not be in history yet
_SPOKEN_IN = timedelta(days=1)  # after an incident's end, people go on speaking in its channel
_WARM = timedelta(minutes=30)  # a thread in which something was said so shortly before a look is looked at too
_MOST_THREADS = 20
_LANES = 2  # channels that are read at the same time; Slack counts their calls together


@dataclass(frozen=True, slots=True)
class BackfillWindow:
    """One look through a channel's history: what is younger than `oldest`, a stamp of Slack's, as of `began_at`.

    `threads` are those that began earlier and are looked at all the same. `recorded` are the messages that history must
    show unless they were deleted: the thread's ts by the message's ts. `done` are the threads that this look has read,
    and `seen` what it was shown, before Slack made it wait.
    """

    incident_id: int
    channel_id: str
    oldest: str
    began_at: datetime
    threads: tuple[str, ...]
    recorded: Mapping[str, str | None]
    long: bool = False
    done: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message as Slack's history has it. `text` is empty where there is nothing to record of it.

    `edit_ts` is set where it was edited; `marked_by` have the pushpin on it, all of them where `all_marks`; `wanted_by`
    set the clipboard on it.
    """

    ts: str
    author: str
    text: str
    thread_ts: str | None
    edit_ts: str | None
    marked_by: frozenset[str]
    all_marks: bool
    wanted_by: str | None


def plan_backfill(session: Session, before: datetime, now: datetime, long: bool = False) -> bool:
    """Have the channels read back that were last read before an instant; `long` ones, as it must be after time away.

    False where some are left, because somebody is changing their incidents just now.
    """
    rows = backfill.claim_unread(session, before, now, now - _SPOKEN_IN)
    for row in rows:
        read_back(session, row.incident_id, long)
    if long:
        # Whether a channel was archived, brought back or left meanwhile is asked: no event says it now.
        for row in [*rows, *backfill.list_archived(session)]:
            check_channel(session, row)
    members.plan_asking(session, now, before if long else None)
    if slack_queries.find_workspace(session) is not None:
        enqueue(session, "slack.read_announcements", lock="read-announcements", once="read-announcements")
    return not backfill.any_unread(session, before, now - _SPOKEN_IN)


def read_reports_since(session: Session, since: datetime, after: timedelta = timedelta()) -> None:
    """Have all reports read back that came since an instant; `after` a while."""
    once = f"read-reports-{'late' if after else 'now'}"
    lock = "read-announcements"
    enqueue(session, "slack.read_reports_since", lock=lock, once=once, after=after, since=since.timestamp())


def read_back(session: Session, incident_id: int, long: bool) -> None:
    """Have a channel read back. A few are at once, in the order in which they are asked for: posts need free hands."""
    once = f"read-back-{incident_id}{'-long' if long else ''}"
    lane = f"read-back-lane-{incident_id % _LANES}"
    enqueue(session, "slack.read_back", lock=lane, once=once, incident_id=incident_id, long=long)


def begin_backfill(session: Session, row: IncidentRow, now: datetime, long: bool) -> BackfillWindow | None:
    """What is to be looked at; None while the incident has no channel.

    The first look begins before the declaration, later ones where the last one that was finished ended. The first of
    each hour, and one after a lapse, is long: deletions, edits and marks of older messages may have been missed too.
    """
    if row.channel_id is None:
        return None
    stopped = _stopped(session, row, now, long)
    if stopped is not None:
        return stopped
    through = row.read_through_at
    if through is None:
        begin = row.declared_at - LOOK_BACK
    elif long or now - through > _LAPSE or through.hour != now.hour:
        begin, long = through - LOOK_BACK, True
    else:
        begin = through - _OVERLAP
    oldest = _ts(begin)
    threads = timeline.list_threads(session, row.incident_id, oldest, begin - _WARM, _MOST_THREADS)
    return _window(session, row, row.channel_id, oldest, now, threads, long or through is None)


def _window(
    session: Session,
    row: IncidentRow,
    channel_id: str,
    oldest: str,
    began: datetime,
    threads: Sequence[str],
    long: bool,
) -> BackfillWindow:
    # Listed before history is read: what comes by event while it is read is not in it, whatever the two clocks say.
    recorded = timeline.list_messages_between(session, row.incident_id, oldest, _ts(began - _ON_ITS_WAY))
    return BackfillWindow(row.incident_id, channel_id, oldest, began, tuple(threads), recorded, long)


def _stopped(session: Session, row: IncidentRow, now: datetime, long: bool) -> BackfillWindow | None:
    """The look that Slack made wait a moment ago; None where there is none, or a longer one is wanted."""
    kept = row.read_progress
    if kept is None or row.channel_id is None or now - datetime.fromisoformat(kept["at"]) > _LAPSE:
        return None
    if long and not kept["long"]:
        return None
    began = datetime.fromisoformat(kept["began"])
    look = _window(session, row, row.channel_id, kept["oldest"], began, kept["threads"], kept["long"])
    return replace(look, done=frozenset(kept["done"]), seen=frozenset(kept["seen"]))


def keep_progress(
    session: Session, look: BackfillWindow, done: Collection[str], seen: Collection[str], now: datetime
) -> None:
    """Remember which threads were read and what was shown, so that another try goes on from here."""
    incidents.get(session, look.incident_id).read_progress = {
        "at": now.isoformat(),
        "began": look.began_at.isoformat(),
        "oldest": look.oldest,
        "long": look.long,
        "threads": list(look.threads),
        "done": sorted(done),
        "seen": sorted(seen),
    }


def record_found(session: Session, look: BackfillWindow, found: Sequence[FoundMessage], now: datetime) -> int:
    """Record what of these messages is not recorded, and the edits and marks that were missed. How many were new."""
    stamps = [shown.ts for shown in found]
    known = timeline.known_messages(session, look.incident_id, stamps)
    marks = timeline.marks_in_slack(session, look.incident_id, stamps)
    fresh = 0
    for shown in sorted(found, key=lambda each: each.ts):
        if shown.text:
            if shown.ts not in known:
                fresh += record.message_posted(
                    session, look.channel_id, shown.ts, shown.author, shown.text, now, shown.thread_ts
                )
            if shown.edit_ts:
                # Of a message that was missed too: an earlier wording may still be on its way.
                record.message_edited(session, look.channel_id, shown.ts, shown.author, shown.text, now, shown.edit_ts)
        _take_marks(session, look, shown, marks.get(shown.ts, set()), now)
        if shown.wanted_by and actions.find_by_request(session, f"message:{look.channel_id}:{shown.ts}") is None:
            action_items.take_message(session, look.channel_id, shown.ts, shown.wanted_by)
    return fresh


def _take_marks(session: Session, look: BackfillWindow, shown: FoundMessage, known: set[str], now: datetime) -> None:
    gone = known - shown.marked_by if shown.all_marks else set()
    for user_id in sorted(shown.marked_by ^ known if shown.all_marks else shown.marked_by - known):
        began = _ts(look.began_at)
        record.pin_changed(
            session,
            look.channel_id,
            shown.ts,
            user_id,
            user_id not in gone,
            now,
            f"look:{began}:{shown.ts}:{user_id}",
            began,
        )


def end_backfill(session: Session, look: BackfillWindow, shown: Collection[str], now: datetime) -> int:
    """The whole of it was taken in: the next look begins here. Records the deletions that were missed; how many.

    `shown` has the ts of every message that history showed, whoever wrote it. What is older than all of them was not
    necessarily deleted: Slack stops showing what a plan or a workspace's retention no longer keeps.
    """
    row = incidents.get(session, look.incident_id)
    row.read_progress = None
    row.read_through_at = max(look.began_at, row.read_through_at or look.began_at)
    first = min((ts for ts in shown if ts > look.oldest), default=None)
    if first is None:
        return 0
    gone = [
        ts
        for ts, thread_ts in look.recorded.items()
        if ts not in shown and ts > first and (thread_ts is None or thread_ts >= first or thread_ts in look.threads)
    ]
    return sum(record.message_deleted(session, look.channel_id, ts, now) for ts in sorted(gone))


def is_expected(row: IncidentRow) -> bool:
    """Whether people expect that we hear and speak in the channel; where we know that we can't, it is tried anyway."""
    return record.is_worked_on(row) and not row.channel_archived and not row.channel_trouble


def _ts(at: datetime) -> str:
    """An instant as Slack stamps it."""
    return f"{at.timestamp():.6f}"
