"""What the room says beside its card: stakeholder notices, the checklist, words to whoever takes a part, App Home."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.aws.alarm_states import Reading
from bot.aws.session import Denied, Unavailable
from bot.context import Desk
from bot.escalation.flows.holders import holders
from bot.escalation.queries import notices
from bot.incidents import visibility
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.responders import EXPECTED, Part
from bot.lifecycle.messages import channel
from bot.lifecycle.messages import home as homes
from bot.reviews.queries import action_items, reviews
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Speaker
from bot.stakeholders.flows import alarm_checks, notify
from bot.stakeholders.rules import Notice
from bot.store.outbox import PAGING, enqueue
from bot.store.tables import IncidentRow, ReviewStageRow

log = structlog.get_logger(__name__)

_HOME_SHOWN = 10
_MISSING = UNREACHABLE | {"user_not_found", "user_disabled", "not_enabled", "user_not_in_channel"}


def notice(desk: Desk, slack: Slack, speaker: Speaker, *, entry_id: int) -> None:
    """Post a notice in the stakeholder channel, plan its mails, and say in the room that it went out."""
    with desk.database.transaction() as session:
        entry = timeline.get(session, entry_id)
        row = incidents.get(session, entry.incident_id)
        sent = Notice(entry.data["subject"], tuple((name, words) for name, words in entry.data["lines"]))
        by, at, room_id = entry.author or "", entry.at, row.channel_id if not row.channel_archived else None
        mails = _plan_mails(session, desk, entry_id, sent)
    name = desk.policy.contacts.channels.stakeholder
    channel_id = stakeholder_channel(slack, name)
    posted = channel_id and speaker.try_to_say(f"notice:{entry_id}", channel_id, channel.notice(sent, by, at))
    where = f"in <#{channel_id}>" if posted else f"nowhere in Slack (invite Tocsin to #{name})"
    if mails:
        where += f" and by {mails} mail{'s' if mails > 1 else ''}"
    if room_id:
        speaker.try_to_say(f"notice-told:{entry_id}", room_id, channel.notice_told(sent, where))


def stakeholder_channel(slack: Slack, name: str | None) -> str | None:
    """The id of the stakeholder channel, None where the policy names none or Tocsin is not in it."""
    if not name:
        return None
    return name if name[:1] in "CG" and name.isupper() else slack.find_channel_by_name(name)


def _plan_mails(session: Session, desk: Desk, entry_id: int, sent: Notice) -> int:
    if desk.send_mail is None:
        return 0
    for address in desk.policy.notices.mail_to:
        key = f"notice:{entry_id}:mail:{address}"
        notice_id = notices.add_notice(session, key, notices.MAIL, address, sent.subject, sent.text, desk.now())
        if notice_id is not None:
            enqueue(session, "aws.notice", queue=PAGING, lock=f"notice-{notice_id}", notice_id=notice_id)
    return len(desk.policy.notices.mail_to)


def checklist(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, episode: int) -> None:
    """Post the checklist of one resolution, or edit it into its present ticks."""
    policy = desk.policy.notices
    with desk.database.transaction() as session:
        row = incidents.get(session, incident_id)
        done = {name: (tick.by, tick.at) for name, tick in notify.ticks(session, incident_id, episode).items()}
        incident, reachable = incidents.facts(row), not row.channel_archived
        found = _find_or_plan_look(session, desk, row, episode)
    if incident.channel_id is None or incident.resolved_at is None or not reachable:
        return
    by = incident.resolved_at + policy.check_within
    message = channel.checklist(incident, episode, policy.checklist, done, by, found)
    speaker.try_to_say(f"checklist:{incident_id}:{episode}", incident.channel_id, message)


def _find_or_plan_look(session: Session, desk: Desk, row: IncidentRow, episode: int) -> channel.Found | None:
    """What CloudWatch said, for the checklist; where nobody has looked yet, that is planned."""
    policy = desk.policy.notices.alarms
    seen = alarm_checks.find_look(session, row.incident_id, episode)
    if policy is None or (seen is None and desk.read_alarms is None):
        return None
    present = episode == row.episode
    if seen is None:
        if not present:
            return None  # that resolution is over: nobody looks for it any more
        alarm_checks.plan_look(session, row)
    text, at = (seen.text, seen.at) if seen else ("Looking the CloudWatch alarms up …", None)
    return channel.Found(policy.point, text, at, again=present and desk.read_alarms is not None)


def alarms(
    desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, episode: int, asked: str = alarm_checks.FIRST
) -> None:
    """Look the alarms of an incident up and have the checklist say what they say. What fails is said, too.

    `asked` names the asking: a job that runs twice records once.
    """
    policy, read = desk.policy.notices.alarms, desk.read_alarms
    if policy is None or read is None:
        return
    with desk.database.transaction() as session:
        wanted = alarm_checks.wanted_alarms(session, incidents.get(session, incident_id), policy)
    try:
        # Nothing is asked where nothing is named: without names CloudWatch answers with every alarm there is.
        some = wanted.names or wanted.prefixes
        text = alarm_checks.describe(wanted, read(wanted.names, wanted.prefixes) if some else Reading(()))
    except (Unavailable, Denied) as error:
        log.warning("could not look alarms up", incident_id=incident_id, reason=str(error))
        text = alarm_checks.describe_failure(str(error))
    with desk.database.transaction() as session:
        alarm_checks.looked(session, incidents.get_for_change(session, incident_id), episode, text, desk.now(), asked)


def assigned(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, user_id: str, part: str) -> None:
    """Bring somebody in and tell them alone what their part expects of them."""
    with desk.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    if incident.channel_id is None:
        return
    slack.invite(incident.channel_id, [user_id])
    text = f"You are {part} of {incident.ref}. {EXPECTED[Part(part)]} `/incident catchup` says where it stands."
    _whisper(slack, incident.channel_id, user_id, Message(text))


def bring(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, user_ids: list[str]) -> None:
    """Invite people into an incident's channel."""
    with desk.database.transaction() as session:
        channel_id = incidents.get(session, incident_id).channel_id
    if channel_id:
        slack.invite(channel_id, user_ids)


def offer_key(
    desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, user_id: str, ts: str, text: str
) -> None:
    """Offer whoever wrote it to mark a message as key."""
    with desk.database.transaction() as session:
        channel_id = incidents.get(session, incident_id).channel_id
    if channel_id:
        _whisper(slack, channel_id, user_id, channel.key_offer(text, f"{incident_id}:{ts}"))


def _whisper(slack: Slack, channel_id: str, user_id: str, message: Message) -> None:
    try:
        slack.whisper(channel_id, user_id, message.text, message.blocks)
    except Refused as refused:
        if refused.error not in _MISSING:
            raise
        log.info("could not whisper", channel=channel_id, user=user_id, error=refused.error)


def home(desk: Desk, slack: Slack, speaker: Speaker, *, user_id: str) -> None:
    """Draw one person's App Home. It shows only what that person may see."""
    now = desk.now()
    with desk.database.transaction() as session:
        facts = home_facts(session, desk, user_id, now)
    try:
        slack.publish_home(user_id, homes.home(facts, now))
    except Refused as refused:
        log.info("could not show App Home", user=user_id, error=refused.error)


def home_facts(session: Session, desk: Desk, user_id: str, now: datetime) -> homes.HomeFacts:
    """What App Home shows: a handful of queries, each limited."""
    mine, _ = visibility.list_page(session, user_id, limit=_HOME_SHOWN, mine=True)
    opened, total = visibility.list_page(session, user_id, limit=2 * _HOME_SHOWN)
    held = {row.incident_id for row in mine}
    others = [row for row in opened if row.incident_id not in held][:_HOME_SHOWN]
    asked = [
        homes.asked_ping(incidents.facts(row), ping.role, ping.ping_id)
        for ping, row in visibility.list_asked_pings(session, user_id, _HOME_SHOWN)
    ]
    asked += [
        homes.asked_handover(incidents.facts(row), offer.handover_id, offer.asked_by)
        for offer, row in visibility.list_offered_handovers(session, user_id)
    ]
    asked += [
        homes.asked_review(incidents.facts(row), stage.stage if row.closed_at else "not closed yet", stage.due_at)
        for stage, row in _reviews_due(session, desk, user_id, now)
    ]
    for item, row in action_items.list_of_owner(session, user_id, _HOME_SHOWN):
        if item.due_on is not None and visibility.may_see(session, row, user_id):
            asked.append(homes.asked_action(row.ref, item.number, item.text, item.due_on.isoformat()))
    return homes.HomeFacts(
        asked=asked,
        mine=[incidents.facts(row) for row in mine],
        open=[incidents.facts(row) for row in others],
        unshown=total - len(mine) - len(others),
    )


def _reviews_due(session: Session, desk: Desk, user_id: str, now: datetime) -> list[tuple[ReviewStageRow, IncidentRow]]:
    """Reviews that wait for this person: as commander, or as one of those who approve."""
    approves = user_id in holders(session, desk.policy.contacts, desk.policy.review.approved_by, now)
    return [
        (stage, row)
        for stage, row in reviews.list_unfinished(session, user_id, 50)
        if approves or user_id == row.commander
    ][:_HOME_SHOWN]
