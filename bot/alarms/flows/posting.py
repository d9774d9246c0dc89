"""What is kept when an alarm was posted: the report of it, which is answered and decided on as people's reports are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.alarms import queries
from bot.alarms.flows.declaring import declare_by_itself
from bot.alarms.messages import post as messages
from bot.alarms.rules.alarm import Alarm, State
from bot.alarms.rules.verdicts import BY_RULE, LOOKED_AT
from bot.alarms.tables import AlarmRow, AlarmStormRow, AlarmThreadRow
from bot.context import Policy
from bot.incidents.flows.record import refresh_card
from bot.incidents.queries import incidents
from bot.incidents.visibility import for_everybody
from bot.memory.rules.similar import SimilarItem
from bot.reports import queries as reports
from bot.reports.flows.reports import Heard, judge_report, note_declared, note_recovery
from bot.severity.rules import Judgement, Outcome, Severity
from bot.store.outbox import enqueue

WAIT_FOR_CHANNEL = timedelta(minutes=5)  # before it is tried again to post where there is no channel yet
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """How an alarm is judged, what it looks like, and whether that is said or asked."""

    judgement: Judgement
    similar: tuple[SimilarItem, ...]
    outcome: Outcome


def alarm_of(row: AlarmRow) -> Alarm:
    """As it was delivered last."""
    return Alarm(
        source=row.source,
        name=row.name,
        state=State(row.state),
        summary=row.summary,
        reason=row.reason,
        metric=row.metric,
        resources=tuple((str(one["kind"]), str(one["name"])) for one in row.resources),
        account=row.account,
        region=row.region,
        link=row.link,
        security=row.security,
    )


def shown(session: Session, alarm: AlarmRow, thread: AlarmThreadRow, judged: Judged | None) -> messages.Shown:
    """What its message shows: the incident's severity, else that of its report, else as it is judged just now."""
    report = reports.find_report(session, thread.report_id) if thread.report_id is not None else None
    incident_id = queries.find_incident_id(session, thread.thread_id)
    incident = incidents.get(session, incident_id) if incident_id is not None else None
    severity, private = "", incident is not None and not for_everybody(incident)
    if incident is not None and not private:
        severity = incident.severity
    elif report is not None:
        severity = report.severity or "" if report.answered and not report.asked else ""
    elif judged is not None and judged.outcome is Outcome.ANSWER and judged.judgement.severity is not None:
        severity = judged.judgement.severity.value
    verdicts = queries.find_verdicts(session, alarm.alarm_id, LOOKED_AT)
    return messages.Shown(alarm, thread, severity, verdicts, private)


def is_hidden(session: Session, thread: AlarmThreadRow) -> bool:
    """Whether a thread is about a security incident: then nothing of the alarm is said in public."""
    incident_id = queries.find_incident_id(session, thread.thread_id)
    return incident_id is not None and not for_everybody(incidents.get(session, incident_id))


def by_policy(judgement: Judgement, severity: Severity) -> Judgement:
    """The same with the severity that alarms.yaml gives the alarm, which is sure."""
    return Judgement(severity, 1.0, judgement.evidence, None, messages.BY_POLICY, BY_RULE, judgement.trouble)


def outcome_of(judgement: Judgement, policy: Policy) -> Outcome:
    """An alarm is no chatter: where it isn't sure how bad it is, people are asked. In shadow mode nothing is said."""
    if policy.severity.shadow:
        return Outcome.SILENCE
    sure = policy.severity.outcome(judgement) is Outcome.ANSWER
    return Outcome.ANSWER if sure else Outcome.ASK


def posted(
    session: Session, thread_id: int, channel_id: str, ts: str, judged: Judged, policy: Policy, now: datetime
) -> None:
    """The alarm stands in Slack: its report is kept, and answered in its thread."""
    found = queries.find_thread(session, thread_id)
    if found is None or found[1].report_id is not None:
        return
    alarm, thread = found
    heard = Heard(channel_id, ts, None, messages.words(alarm))
    report = judge_report(session, heard, judged.judgement, judged.similar, policy, now, judged.outcome)
    if report is None:
        return
    thread.report_id = report.report_id
    note_recovery(session, report, thread.recovered_at)
    if thread.incident_id is not None:
        incident = incidents.get_for_change(session, thread.incident_id)
        note_declared(session, report, incident, thread.declared, now)
        if thread.declared and not incident.similar:
            # Declaring pages first and searches nothing; the card shows now what it resembles.
            incident.similar = judged.similar
            refresh_card(session, incident)


def storm_posted(
    session: Session, storm_id: int, channel_id: str, ts: str, words: str, judged: Judged, policy: Policy, now: datetime
) -> None:
    """The same for the message of a storm: its report stands for all of its alarms."""
    storm = session.get(AlarmStormRow, storm_id, with_for_update=True)
    if storm is None or storm.report_id is not None:
        return
    heard = Heard(channel_id, ts, None, words)
    report = judge_report(session, heard, judged.judgement, judged.similar, policy, now, judged.outcome)
    storm.report_id = report.report_id if report is not None else None
    note_end(session, storm.report_id, [thread for _, thread in queries.list_of_storm(session, storm_id)])


def note_end(session: Session, report_id: int | None, threads: Sequence[AlarmThreadRow]) -> None:
    """The answer in a thread says whether its alarm, or every alarm of its storm, is OK again."""
    report = reports.find_report(session, report_id) if report_id is not None else None
    if report is not None:
        note_recovery(session, report, over_since(threads))


def over_since(threads: Sequence[AlarmThreadRow]) -> datetime | None:
    """When the last of these alarms was OK again; None while one of them fires."""
    ends = [thread.recovered_at for thread in threads if thread.recovered_at is not None]
    return max(ends) if len(ends) == len(threads) and ends else None


def release(session: Session, policy: Policy, now: datetime) -> int:
    """After quiet hours, what still fires is declared or posted; how many threads were looked at, some at once."""
    incidents.lock_request(session, "alarms")
    held = queries.list_held(session, now, _AT_ONCE)
    for alarm, thread in held:
        thread.held_until = None
        if thread.recovered_at is not None or thread.storm_id is not None:
            continue
        how = policy.alarms.treatment(alarm_of(alarm))
        if how.declares and thread.incident_id is None:
            declare_by_itself(session, alarm, thread, how, False, policy, now)
        enqueue(session, "alarms.post", lock=f"alarm-{thread.thread_id}", priority=1, thread_id=thread.thread_id)
    return len(held)


def wait_for_channel(session: Session, thread_id: int, now: datetime) -> None:
    """There is no channel to post in yet: it is tried again."""
    found = queries.find_thread(session, thread_id)
    if found is not None:
        found[1].held_until = now + WAIT_FOR_CHANNEL


def storm_waits_for_channel(session: Session, storm_id: int) -> None:
    """The same for the list of a storm."""
    once = f"alarm-storm-{storm_id}"
    enqueue(session, "alarms.storm", lock=once, once=once, after=WAIT_FOR_CHANNEL, storm_id=storm_id)
