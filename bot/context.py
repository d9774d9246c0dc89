"""What every way in has at hand. Built once by the wiring; nothing in it changes but the memory's index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from bot.alarms.policy.file import AlarmsPolicy
from bot.aws.accounts import Aws
from bot.aws.alarm_states import Reading
from bot.diagnostics.policy import DiagnosticsPolicy
from bot.escalation.rules.calendar import BusinessCalendar
from bot.escalation.rules.matrix import EscalationPolicy
from bot.escalation.rules.roster import Contacts
from bot.fields.rules import FieldsPolicy
from bot.incidents.policy import AuthorityPolicy, SecurityPolicy
from bot.incidents.rules.authority import RosterFacts, Standing
from bot.memory.flows.live import LiveMemory
from bot.pagers.outlet import Pagers
from bot.playbooks.policy import UpkeepPolicy
from bot.retention.policy import RetentionPolicy
from bot.reviews.policy import ReviewPolicy
from bot.severity.judge.judge import Judge
from bot.severity.policy import SeverityPolicy
from bot.stakeholders.policy import NoticePolicy
from bot.status_page.policy import StatusPagePolicy
from bot.store.engine import Database
from bot.trackers.policy import TrackersPolicy


@dataclass(frozen=True, slots=True)
class AppContext:
    database: Database
    now: Callable[[], datetime]  # aware UTC
    seconds_until: Callable[[datetime], float]  # how long to wait, which differs where time runs faster
    policy: Policy
    judge: Judge
    memory: LiveMemory
    announcement_channel: Callable[[], str | None]  # the channel id, once it is known
    review_link: Callable[[str], str | None]  # the address of a review's page; None where pages are off
    personal_link: Callable[[str, str, str], str | None]  # path, user id, name: an address that lets this person in
    roster_facts: Callable[[Session, Policy, datetime], RosterFacts]  # who is on the roster, and holds what by right
    page_link: Callable[[str], str | None] = lambda path: None  # the address of a page; None where pages are off
    # What somebody is in the workspace, as last asked; and asking Slack where that is old, which no transaction does.
    standing_of: Callable[[str], Standing] = lambda user_id: Standing.MEMBER
    look_up: Callable[[str], None] = lambda user_id: None
    # Whether a channel is shared with another company, as asked of Slack, which no transaction does.
    is_shared: Callable[[str], bool] = lambda channel_id: False
    learn_shared: Callable[[str], None] = lambda channel_id: None  # an event said that it is
    time_zone_of: Callable[[str], str | None] = lambda user_id: None  # an IANA name, as last asked; None: not known
    send_mail: Callable[[str, str, str], None] | None = None  # address, subject, text; None where no mail is configured
    send_text: Callable[[str, str], None] | None = None  # telephone number, text; None where that is not configured
    # Names and beginnings of names → the CloudWatch alarms there are; None where AWS is not configured.
    read_alarms: Callable[[Sequence[str], Sequence[str]], Reading] | None = None
    pagers: Pagers | None = None  # how services outside Slack are asked; None where nothing pages
    trackers: Pagers | None = None  # how issue trackers are asked; None where nothing asks them
    aws: Aws | None = None  # what may be diagnosed; None where AWS is not configured
    archive: Callable[[str, bytes, str], None] | None = None  # name, content, media type; None where none is configured
    status_address: str | None = None  # where everybody reads the status page; None where it is off
    # Name, content, media type: a file of the status page; None where it is served by us alone.
    publish_file: Callable[[str, bytes, str], None] | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What knowledge/policy says. `escalation.calendar` is `calendar`."""

    escalation: EscalationPolicy
    calendar: BusinessCalendar
    contacts: Contacts
    severity: SeverityPolicy
    review: ReviewPolicy
    notices: NoticePolicy
    security: SecurityPolicy
    retention: RetentionPolicy
    diagnostics: DiagnosticsPolicy
    authority: AuthorityPolicy
    upkeep: UpkeepPolicy
    alarms: AlarmsPolicy
    status_page: StatusPagePolicy = field(default_factory=StatusPagePolicy)
    trackers: TrackersPolicy = field(default_factory=TrackersPolicy)
    fields: FieldsPolicy = field(default_factory=FieldsPolicy)
