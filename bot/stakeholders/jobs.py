"""What the channel says beside its card: stakeholder notices, the checklist, App Home."""

from __future__ import annotations

import structlog
from sqlalchemy.orm import Session

from bot.aws.alarm_states import Reading
from bot.aws.session import Denied, Unavailable
from bot.context import AppContext
from bot.escalation.queries import notices
from bot.incidents import visibility
from bot.incidents.jobs.direct import send_direct_message
from bot.incidents.jobs.posting import post_in_incident, report_refusal
from bot.incidents.messages import announcements, marked
from bot.incidents.queries import incidents, lines, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack
from bot.slack.poster import Poster
from bot.stakeholders import messages as stakeholder_messages
from bot.stakeholders.flows import alarm_checks, notify
from bot.stakeholders.rules import Notice
from bot.store.outbox import PAGING, enqueue

log = structlog.get_logger(__name__)


def notice(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int) -> None:
    """Post a notice in the stakeholder channel and plan its mails; that it was sent is said once it was posted.

    Where Slack refuses it, whoever wrote it and the commander hear why, and the reminders go on.
    """
    with context.database.transaction() as session:
        entry = timeline.get(session, entry_id)
        incident_id, by, at = entry.incident_id, entry.author or "", entry.at
        sent = notify.notice_of(entry)
        mails = _plan_mails(session, context, entry_id, sent)
    name = context.policy.contacts.channels.stakeholder
    try:
        channel_id = slack.find_channel(name)
        poster.say(f"notice:{entry_id}", channel_id, stakeholder_messages.notice(sent, by, at))
    except Refused as refused:
        if refused.may_pass:
            raise
        what = stakeholder_messages.post_notice(stakeholder_messages.channel_shown(name))
        report_refusal(context, incident_id, what, refused, by, stakeholder_messages.SEND_AGAIN, at)
        return
    where, point = stakeholder_messages.reached(channel_id, mails), context.policy.notices.notice_point
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        written = timeline.get(session, entry_id)
        notify.notified(session, row, written, stakeholder_messages.reached(channel_id, 0), context.now(), where, point)


def news(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """The one message on stakeholders in the incident's channel: when they were told, and that they wait for more."""
    with context.database.transaction() as session:
        latest = notify.latest_news(session, incidents.get(session, incident_id))
    post_in_incident(context, poster, incident_id, f"news:{incident_id}", stakeholder_messages.news(latest))


def update_due(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int) -> None:
    """Remind whoever promised an update that it is due, else the commander; edited once it was sent or is over."""
    with context.database.transaction() as session:
        entry = timeline.get(session, entry_id)
        row, at = incidents.get(session, entry.incident_id), notify.promised_at(entry)
        due = notify.is_reminded_of(session, entry_id)
        last = timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,))[-1]
        asked = [entry.author, row.commander]
        reader = next((one for one in asked if one and visibility.may_see(session, row, one)), None)
        incident, newer = incidents.facts(row), last.at if last.entry_id != entry_id else None
    if at is None or not due:
        return
    key = f"update-due:{entry_id}"
    if newer is not None or incident.resolved_at is not None:
        poster.edit(key, stakeholder_messages.promise_kept(incident, at, newer))
    elif reader is not None:
        reminder = marked(stakeholder_messages.remind_of_promise(incident, at), incident.ref)
        send_direct_message(slack, poster, reader, key, reminder)


def update_wanted(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int) -> None:
    """Tell whoever writes to stakeholders that they wait; edited once they were told, or it is over."""
    with context.database.transaction() as session:
        entry = timeline.get(session, entry_id)
        row, reader = incidents.get(session, entry.incident_id), str(entry.data["asked"])
        told = timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,))
        sent_at = next((one.at for one in told if one.entry_id > entry_id), None)
        incident, text = incidents.facts(row), entry.text
        if not visibility.may_see(session, row, reader):
            return
    key = f"tell:{entry_id}:{reader}"
    if sent_at is not None or incident.resolved_at is not None:
        poster.edit(key, marked(stakeholder_messages.no_longer_overdue(incident, text, sent_at), incident.ref))
    else:
        send_direct_message(
            slack, poster, reader, key, marked(stakeholder_messages.overdue(incident, text), incident.ref)
        )


def notice_mailed(
    context: AppContext, slack: Slack, poster: Poster, *, entry_id: int, address: str, failure: str | None = None
) -> None:
    """A mail of a notice was sent, or AWS refused it for good."""
    now = context.now()
    with context.database.transaction() as session:
        written = timeline.get(session, entry_id)
        row = incidents.get_for_change(session, written.incident_id)
        if failure is None:
            notify.notified(session, row, written, "by mail", now, point=context.policy.notices.notice_point)
        else:
            notify.not_mailed(session, row, entry_id, address, failure, now)


def _plan_mails(session: Session, context: AppContext, entry_id: int, sent: Notice) -> int:
    if context.send_mail is None:
        return 0
    for address in context.policy.notices.mail_to:
        key = f"notice:{entry_id}:mail:{address}"
        notice_id = notices.add_notice(session, key, notices.MAIL, address, sent.subject, sent.text, context.now())
        if notice_id is not None:
            enqueue(session, "aws.notice", queue=PAGING, lock=f"notice-{notice_id}", notice_id=notice_id)
    return len(context.policy.notices.mail_to)


def checklist(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, episode: int) -> None:
    """Post the checklist of one resolution, or edit it into its present ticks."""
    policy = context.policy.notices
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        ticked = notify.ticks(session, incident_id, episode)
        names = slack_queries.names_of(session, {tick.by for tick in ticked.values()})
        done = {name: (names.get(tick.by, ""), tick.at) for name, tick in ticked.items()}
        incident = incidents.facts(row)
        ends = timeline.list_rows(session, incident_id, (Kind.RESOLVED,))
        said = announcements(lines.read(session, [ends[-1].entry_id]), ends[-1].at).text if ends else ""
        found = _find_or_plan_look(session, context, row, episode)
        told = notify.is_end_told(session, row)
    if incident.resolved_at is None:
        return
    by = incident.resolved_at + policy.check_within
    message = stakeholder_messages.checklist(incident, episode, policy.checklist, done, by, found, said, told)
    post_in_incident(context, poster, incident_id, f"checklist:{incident_id}:{episode}", message)


def _find_or_plan_look(
    session: Session, context: AppContext, row: IncidentRow, episode: int
) -> stakeholder_messages.Found | None:
    """What CloudWatch said, for the checklist; where nobody has looked yet, that is planned."""
    policy = context.policy.notices.alarms
    seen = alarm_checks.find_lookup(session, row.incident_id, episode)
    if policy is None or (seen is None and context.read_alarms is None):
        return None
    present = episode == row.episode
    if seen is None:
        if not present:
            return None  # that resolution is over: nobody looks for it any more
        alarm_checks.plan_lookup(session, row)
    text, at = (seen.text, seen.at) if seen else (stakeholder_messages.NOT_CHECKED_YET, None)
    return stakeholder_messages.Found(policy.point, text, at, again=present and context.read_alarms is not None)


def alarms(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    *,
    incident_id: int,
    episode: int,
    asked: str = alarm_checks.FIRST,
) -> None:
    """Look the alarms of an incident up and have the checklist say what they say. What fails is said, too.

    `asked` names the asking: a job that runs twice records once.
    """
    policy, read = context.policy.notices.alarms, context.read_alarms
    if policy is None or read is None:
        return
    with context.database.transaction() as session:
        wanted = alarm_checks.wanted_alarms(session, incidents.get(session, incident_id), policy)
    try:
        # Nothing is asked where nothing is named: without names CloudWatch answers with every alarm there is.
        some = wanted.names or wanted.prefixes
        text = stakeholder_messages.alarm_states(
            wanted.expected, read(wanted.names, wanted.prefixes) if some else Reading(())
        )
    except (Unavailable, Denied) as error:
        log.warning("could not look alarms up", incident_id=incident_id, reason=str(error))
        text = stakeholder_messages.alarms_unread(str(error))
    with context.database.transaction() as session:
        alarm_checks.record_lookup(
            session, incidents.get_for_change(session, incident_id), episode, text, context.now(), asked
        )
