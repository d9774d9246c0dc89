"""Pings: one message to each person of a rung."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.escalation.flows import pages as escalate
from bot.escalation.flows import plan
from bot.escalation.flows.holders import groups_of
from bot.escalation.flows.roster import read_roster
from bot.escalation.jobs import contact_methods
from bot.escalation.jobs.recipients import Reach, is_gone, known_holders, reachable, why
from bot.escalation.messages import entries
from bot.escalation.messages import pages as blocks
from bot.escalation.queries import pings, user_groups
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.ping_facts import PingFacts
from bot.escalation.rules.roster import Roster
from bot.escalation.tables import PingRow
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack, TryAgain
from bot.slack.poster import Poster, find_or_post
from bot.slack.refusals import never_posted
from bot.slack.text import is_person

log = structlog.get_logger(__name__)

_AT_ONCE = 6  # messages that one job of many pings posts at the same time


@dataclass(frozen=True, slots=True)
class _Draft:
    """What was true of a ping when its job read it. `tried` are those whom an earlier try may have reached."""

    ping: PingFacts
    state: str
    tried: tuple[str, ...]
    roster: Roster
    at: datetime  # when it was read: whoever holds the role then is pinged
    begun: _Begun | None = None  # noted with the reading, where nobody has to be asked who is to be pinged


@dataclass(frozen=True, slots=True)
class _Begun:
    """A ping that is about to be posted to these people.

    `known` has channel and ts of what was posted to them before, the ts None where Slack's answer was lost; `threads`
    has the ts of the page that this one repeats, where there is such.
    """

    reach: Reach
    keys: Mapping[str, str]
    known: Mapping[str, tuple[str, str | None]]
    threads: Mapping[str, str]
    at: datetime


def page(context: AppContext, slack: Slack, poster: Poster, *, ping_id: int) -> None:
    """Send one claimed ping to whoever holds the role now, then record it."""
    draft = _read(context, slack, ping_id)
    if draft.state == pings.CANCELLED and draft.tried:
        _take_back(context, slack, draft)
    if draft.state != pings.SENDING:
        return
    refusals: list[str] = []
    if draft.begun is not None and _deliver(context, slack, draft.ping, draft.begun, refusals):
        return
    for reach in _rungs(slack, draft, refusals):
        if draft.begun is not None and reach == draft.begun.reach:
            continue
        with context.database.transaction() as session:
            row = pings.get_for_change(session, ping_id)
            if row.state != pings.SENDING:
                return  # called off since it was read
            begun = _begin(session, row, draft.ping, reach, context.now())
        if _deliver(context, slack, draft.ping, begun, refusals):
            return
    with context.database.transaction() as session:
        escalate.pages_failed(session, [ping_id], entries.not_reached(list(dict.fromkeys(refusals))), context.now())


def _read(context: AppContext, slack: Slack, ping_id: int) -> _Draft:
    now = context.now()
    with context.database.transaction() as session:
        (row, of), *_ = pings.list_with_incidents(session, [ping_id], for_change=True)
        held = pings.list_of_incident(session, row.incident_id)
        ping = escalate.facts_of(row, of, held, context.policy.escalation)
        roster = read_roster(session, context.policy.contacts, now)
        slack.learn_groups(user_groups.members_of(session, groups_of(context.policy)))
        draft = _Draft(ping, row.state, tuple(row.user_ids), roster, now)
        if row.state != pings.SENDING:
            return draft
        # Mail and text messages are planned before Slack is asked for anything: they also go when Slack is away.
        contact_methods.plan_beside(session, context, ping, roster, now)
        usual = None if draft.tried else known_holders(slack, roster, Role(ping.role), now)
        return replace(draft, begun=_begin(session, row, ping, usual, now)) if usual else draft


def _begin(session: Session, row: PingRow, ping: PingFacts, reach: Reach, now: datetime) -> _Begun:
    """Note, in the caller's transaction, whom the ping is about to be posted to. The row must be locked."""
    keys = {user_id: key_of(ping.ping_id, user_id) for user_id in reach.user_ids}
    row.user_ids = list(reach.user_ids)
    known = {
        user_id: (note.channel_id, note.ts)
        for user_id, key in keys.items()
        if (note := slack_queries.begin_message(session, key, user_id, now)) is not None
    }
    return _Begun(reach, keys, known, _threads(session, ping, reach.user_ids), now)


def _rungs(slack: Slack, draft: _Draft, refusals: list[str]) -> Iterator[Reach]:
    """Whom to try, in order: those whom an earlier try may have reached, the role's holders, then the stand-ins."""
    if draft.tried:
        yield Reach(draft.tried, "")
    yield from reachable(slack, draft.roster, Role(draft.ping.role), draft.at, refusals)


def _deliver(context: AppContext, slack: Slack, ping: PingFacts, begun: _Begun, refusals: list[str]) -> bool:
    """Post to each once, whatever happened before, and record it. False when none of them was reached.

    Nothing comes before the posts; whether somebody has left the workspace is asked after them.
    Raises TryAgain; then who was told is found by the message's key when the job runs again.
    """
    instead = why(refusals, begun.reach)
    posted, again, untaken = _post_to_each(
        slack,
        begun.keys,
        begun.known,
        lambda user_id: blocks.page(ping, begun.at, instead, user_id),
        refusals,
        begun.threads,
    )
    reached = [] if again else [user_id for user_id in posted if not is_gone(slack, user_id, refusals)]
    with context.database.transaction() as session:
        slack_queries.take_back(session, untaken)
        if posted:
            slack_queries.record_messages(session, {begun.keys[user_id]: place for user_id, place in posted.items()})
        if reached:
            incident = ping.incident
            said = why(refusals, begun.reach)
            sent = escalate.Sent(ping.ping_id, reached, said, incident.acknowledged_at, incident.channel_id)
            escalate.pages_sent(session, [sent], context.now(), context.policy.escalation.late_after)
    if again is not None:
        raise again
    return bool(reached)


def _post_to_each(
    slack: Slack,
    keys: Mapping[str, str],
    known: Mapping[str, tuple[str, str | None]],
    message: Callable[[str], Message],
    refusals: list[str],
    threads: Mapping[str, str],
) -> tuple[dict[str, tuple[str, str]], TryAgain | Refused | None, list[str]]:
    """Channel and ts by user id, why some of them have to be tried again, and the keys of what Slack did not take.

    One keeps no other waiting. `known` has channel and ts of what was posted before, the ts None where Slack's answer
    was lost. `threads` has the ts of the page that this one repeats, where there is such.
    """
    posted: dict[str, tuple[str, str]] = {}
    again: TryAgain | Refused | None = None
    untaken: list[str] = []
    for user_id, key in keys.items():
        tried_in, ts = known.get(user_id, (None, None))
        if tried_in and ts:
            posted[user_id] = (tried_in, ts)
            continue
        try:
            thread_ts = threads.get(user_id)
            posted[user_id] = find_or_post(slack, key, user_id, message(user_id), thread_ts, tried_in)[:2]
        except TryAgain as error:
            again = error
            untaken += [key] if never_posted(error) else []
        except Refused as refused:
            untaken += [key] if never_posted(refused) else []
            if refused.may_pass:
                again = refused  # our token or account
            elif not is_gone(slack, user_id, refusals):
                log.warning("page refused", key=key, user=user_id, error=refused.error)
                refusals.append(entries.refused(user_id, refused.error))
    return posted, again, untaken


def _threads(session: Session, ping: PingFacts, user_ids: Iterable[str]) -> dict[str, str]:
    """By user id: the ts of the page that this one repeats, under which it is said; who got none has none."""
    if ping.first_id is None:
        return {}
    found = {user_id: slack_queries.find_message(session, key_of(ping.first_id, user_id)) for user_id in user_ids}
    return {user_id: note.ts for user_id, note in found.items() if note is not None and note.ts}


def _take_back(context: AppContext, slack: Slack, draft: _Draft) -> None:
    """Record whom an earlier try reached before it died though the page was called off; their messages say so then.

    Raises TryAgain.
    """
    keys = {user_id: key_of(draft.ping.ping_id, user_id) for user_id in draft.tried}
    with context.database.reading() as session:
        notes = {user_id: slack_queries.find_message(session, key) for user_id, key in keys.items()}
        threads = _threads(session, draft.ping, draft.tried)
    found = {
        user_id: (place, ts)
        for user_id, note in notes.items()
        if note is not None
        and (place := _place_of(slack, note.channel_id)) is not None
        and (ts := note.ts or slack.find_by_key(place, keys[user_id], threads.get(user_id)))
    }
    if not found:
        return
    with context.database.transaction() as session:
        for user_id, (channel_id, ts) in found.items():
            slack_queries.record_message(session, keys[user_id], channel_id, ts)
        sent = escalate.Sent(draft.ping.ping_id, list(found))
        escalate.pages_sent(session, [sent], context.now(), context.policy.escalation.late_after)


def _place_of(slack: Slack, place: str) -> str | None:
    """The direct conversation of a note that names the person only; None where Slack refuses to open it."""
    try:
        return slack.open_direct(place) if is_person(place) else place
    except Refused as refused:
        if refused.may_pass:
            raise
        return None


def pages(context: AppContext, slack: Slack, poster: Poster, *, ping_ids: list[int]) -> None:
    """Send many claimed pings in a few statements, posting several at a time.

    What is out of the ordinary (nobody reached at the first try, tried before, refused, Slack asking to wait) goes on
    by itself as a job of `page`.
    """
    now = context.now()
    plain = {ping.ping_id: (ping, reach) for ping, reach in _read_many(context, slack, ping_ids)}
    keys = {key_of(ping_id, user): user for ping_id, (_, reach) in plain.items() for user in reach.user_ids}
    with context.database.transaction() as session:
        rows = pings.list_for_change(session, ping_ids)
        ready = {row.ping_id: row for row in rows if row.state == pings.SENDING}
        called_off = [row.ping_id for row in rows if row.state == pings.CANCELLED and row.user_ids]
        fresh = slack_queries.begin_messages(session, {k: keys[k] for k in keys if int(k.split(":")[1]) in ready}, now)
        for ping_id, (_, reach) in list(plain.items()):
            if ping_id not in ready or not all(key_of(ping_id, user) in fresh for user in reach.user_ids):
                del plain[ping_id]
            else:
                ready[ping_id].user_ids = list(reach.user_ids)
        plan.send_each(session, sorted([*called_off, *(ready.keys() - plain.keys())]))
        threads = {ping_id: _threads(session, ping, reach.user_ids) for ping_id, (ping, reach) in plain.items()}
    with ThreadPoolExecutor(_AT_ONCE, "post") as pool:
        results = pool.map(
            lambda one: _post_all(context, slack, one[0], one[1], threads[one[0].ping_id]), plain.values()
        )
        posted = dict(zip(plain, results, strict=True))
    _record_many(context, plain, posted)


def key_of(ping_id: int, user_id: str) -> str:
    """The key of a ping's message to one person."""
    return f"ping:{ping_id}:{user_id}"


def _read_many(context: AppContext, slack: Slack, ping_ids: list[int]) -> list[tuple[PingFacts, Reach]]:
    """The pings that can be sent without more ado, each with whom to tell."""
    now, policy = context.now(), context.policy.escalation
    with context.database.transaction() as session:
        found = pings.list_with_incidents(session, ping_ids)
        held = pings.list_of_incidents(session, sorted({row.incident_id for _, row in found}))
        roster = read_roster(session, context.policy.contacts, now)
        slack.learn_groups(user_groups.members_of(session, groups_of(context.policy)))
        usual = [
            escalate.facts_of(ping, row, held[row.incident_id], policy)
            for ping, row in found
            if ping.state == pings.SENDING and not ping.user_ids
        ]
        for ping in usual:
            contact_methods.plan_beside(session, context, ping, roster, now)
    reaches: dict[str, Reach | None] = {}
    for role in {ping.role for ping in usual}:
        refusals: list[str] = []
        reach = next(reachable(slack, roster, Role(role), now, refusals), None)
        reaches[role] = reach if reach is not None and not refusals else None
    return [(ping, reach) for ping in usual if (reach := reaches[ping.role]) is not None]


def _post_all(
    context: AppContext, slack: Slack, ping: PingFacts, reach: Reach, threads: Mapping[str, str]
) -> dict[str, tuple[str, str]] | None:
    """Channel and ts of the message to each; None where one of them has to be tried again, or is gone."""
    keys = {user_id: key_of(ping.ping_id, user_id) for user_id in reach.user_ids}
    refusals: list[str] = []
    now = context.now()
    posted, again, untaken = _post_to_each(
        slack, keys, {}, lambda user: blocks.page(ping, now, reader=user), refusals, threads
    )
    if untaken:
        with context.database.transaction() as session:
            slack_queries.take_back(session, untaken)
    if again is None and not refusals and not any(is_gone(slack, user_id, refusals) for user_id in posted):
        return posted
    log.info("will be tried again", ping_id=ping.ping_id, reason=str(again or " ".join(refusals)))
    return None


def _record_many(
    context: AppContext,
    plain: Mapping[int, tuple[PingFacts, Reach]],
    posted: Mapping[int, dict[str, tuple[str, str]] | None],
) -> None:
    sent = [
        escalate.Sent(ping_id, list(told), "", incident.acknowledged_at, incident.channel_id)
        for ping_id, told in posted.items()
        for incident in (plain[ping_id][0].incident,)
        if told is not None
    ]
    found = {key_of(ping_id, user): place for ping_id, told in posted.items() for user, place in (told or {}).items()}
    with context.database.transaction() as session:
        if found:
            slack_queries.record_messages(session, found)
        escalate.pages_sent(session, sent, context.now(), context.policy.escalation.late_after)
        plan.send_each(session, [ping_id for ping_id, told in posted.items() if told is None])
