"""Alarms in Slack: the message that begins a thread, the list of a storm, the end of an incident's alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog
from sqlalchemy.orm import Session

from bot.alarms import queries
from bot.alarms.flows import owners, posting
from bot.alarms.flows.posting import Judged
from bot.alarms.messages import post as messages
from bot.alarms.tables import AlarmRow, AlarmStormRow, AlarmThreadRow
from bot.context import AppContext
from bot.incidents.flows.record import is_worked_on
from bot.incidents.jobs.posting import in_thread, post_in_incident
from bot.incidents.queries import incidents
from bot.memory.flows.recall import recall
from bot.playbooks.jobs.owners import candidates, tell
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Begun, Poster, Then
from bot.text.markup import plain_text

log = structlog.get_logger(__name__)

_AT_ONCE = 200


def post(context: AppContext, slack: Slack, poster: Poster, *, thread_id: int) -> None:
    """Post an alarm, or edit its message into how it stands now. Its report is made with the record of the post."""
    channel_id = context.announcement_channel()
    with context.database.transaction() as session:
        found = queries.find_thread(session, thread_id)
        if found is None:
            return
        if channel_id is None:
            posting.wait_for_channel(session, thread_id, context.now())
            return
        alarm, thread = found
        fresh = thread.report_id is None and not alarm.security and not posting.is_hidden(session, thread)
    judged = _judged(context, alarm) if fresh else None
    key = f"alarm:{thread_id}"
    with context.database.transaction() as session:
        alarm, thread = queries.find_thread(session, thread_id) or (alarm, thread)
        posting.note_end(session, thread.report_id, [thread])
        message = messages.post(posting.shown(session, alarm, thread, judged))
        begun = poster.begin(session, key, channel_id)

    def then(session: Session, channel_id: str, ts: str) -> None:
        if judged is not None:
            posting.posted(session, thread_id, channel_id, ts, judged, context.policy, context.now())

    _finish(poster, begun, message, then)


def _finish(poster: Poster, begun: Begun, message: Message, then: Then) -> None:
    """Post or edit; where nobody may post in the channel any more, the log says so and the alarm is kept."""
    try:
        poster.finish(begun, message, then)
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        log.warning("could not post an alarm", key=begun.key, channel=begun.channel_id, error=refused.error)


def _judged(context: AppContext, alarm: AlarmRow) -> Judged:
    """By its words, and by the severity of its rule. Judging and searching come before any transaction."""
    context.judge.require_fitted()
    read = posting.alarm_of(alarm)
    judgement = context.judge.judge(read.words)
    severity = context.policy.alarms.treatment(read).severity
    if severity is not None:
        judgement = posting.by_policy(judgement, severity)
    similar = recall(context.memory.current(), read.words)
    return Judged(judgement, similar, posting.outcome_of(judgement, context.policy))


def storm(context: AppContext, slack: Slack, poster: Poster, *, storm_id: int) -> None:
    """Post the list of a storm, or edit it into how its alarms stand now."""
    channel_id = context.announcement_channel()
    with context.database.transaction() as session:
        if channel_id is None:
            posting.storm_waits_for_channel(session, storm_id)
            return
        row = session.get(AlarmStormRow, storm_id)
        all_alarms = queries.list_of_storm(session, storm_id)
        if row is None or not all_alarms:
            return
        alarms = [(alarm, thread) for alarm, thread in all_alarms if not posting.is_hidden(session, thread)]
        posting.note_end(session, row.report_id, [thread for _, thread in all_alarms])
        message, fresh = messages.storm(alarms, row.began_at), row.report_id is None and bool(alarms)
        begun = poster.begin(session, f"alarm-storm:{storm_id}", channel_id)
    words = messages.storm_words(alarms)
    judged = _judged_words(context, words) if fresh else None

    def then(session: Session, channel_id: str, ts: str) -> None:
        if judged is not None:
            posting.storm_posted(session, storm_id, channel_id, ts, words, judged, context.policy, context.now())

    _finish(poster, begun, message, then)


def withdraw(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """An incident was made private: the messages of its alarms say nothing any more, and storms leave them out."""
    with context.database.transaction() as session:
        threads = [thread for _, thread in queries.list_of_incident(session, incident_id)]
        said = [one for one in threads if slack_queries.find_message(session, f"alarm:{one.thread_id}") is not None]
    for thread in said:
        _unless_gone(partial(post, context, slack, poster, thread_id=thread.thread_id))
    for storm_id in {thread.storm_id for thread in threads if thread.storm_id is not None}:
        _unless_gone(partial(storm, context, slack, poster, storm_id=storm_id))


def _unless_gone(edit: Callable[[], None]) -> None:
    """What somebody deleted meanwhile needs no more."""
    try:
        edit()
    except Refused as refused:
        if refused.error != "message_not_found":
            raise


def _judged_words(context: AppContext, words: str) -> Judged:
    context.judge.require_fitted()
    read = plain_text(words)
    judgement = context.judge.judge(read)
    return Judged(judgement, recall(context.memory.current(), read), posting.outcome_of(judgement, context.policy))


def ended(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Say once where the incident is worked on that all of its alarms are over; edit that while they come and go."""
    key = f"alarms-ended:{incident_id}"
    with context.database.transaction() as session:
        alarms = queries.list_of_incident(session, incident_id)
        worked_on = is_worked_on(incidents.get(session, incident_id))
        message = messages.ended(incident_id, alarms, worked_on) if alarms else None
    if message is None:
        return
    if _all_over(alarms) and worked_on:
        post_in_incident(context, poster, incident_id, key, message)
    else:
        for said in (key, in_thread(key)):
            poster.edit(said, message)


def _all_over(alarms: Sequence[tuple[AlarmRow, AlarmThreadRow]]) -> bool:
    return all(thread.recovered_at is not None for _, thread in alarms)


def look_after(context: AppContext) -> None:
    """What was held back in quiet hours, or while there was no channel, is posted when its time has come."""
    seen = _AT_ONCE
    while seen == _AT_ONCE:
        with context.database.transaction() as session:
            seen = posting.release(session, context.policy, context.now())


def plan_owners(context: AppContext) -> None:
    """Once a month, have the owners of alarms written to. To be called every hour or so."""
    with context.database.transaction() as session:
        owners.plan_owners(session, context.policy, context.now())


def write_to_owner(context: AppContext, slack: Slack, poster: Poster, *, owner: str, month: str) -> None:
    """Tell an owner, or who stands in, which alarms mostly were no incident."""
    with context.database.transaction() as session:
        found = owners.noisy(session, context.policy, context.now()).get(owner)
        whom = candidates(session, context, owner or None)
    if found:
        tell(slack, poster, f"alarm-owner:{month}:{owner}", whom, messages.noisy(found))


TASKS: dict[str, Callable[..., None]] = {
    "alarms.post": post,
    "alarms.storm": storm,
    "alarms.withdraw": withdraw,
    "alarms.ended": ended,
    "alarms.owner": write_to_owner,
}
