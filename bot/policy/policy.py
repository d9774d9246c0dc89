"""The policy files of a folder as one object, read once at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.domain.calendar import BusinessCalendar
from bot.domain.escalation import EscalationPolicy
from bot.policy.calendar import load_calendar
from bot.policy.contacts import load_contacts
from bot.policy.escalation import load_escalation, load_response_times
from bot.policy.notices import NoticePolicy, load_notices
from bot.policy.retention import RetentionPolicy, load_retention
from bot.policy.review import ReviewPolicy, load_review
from bot.policy.roster import Contacts
from bot.policy.security import SecurityPolicy, load_security
from bot.policy.severity import SeverityPolicy, load_severity


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


def load_policy(folder: Path) -> Policy:
    """Read and check the policy files of `folder`. Raises InvalidPolicy with file, line and reason of the first."""
    escalation = load_escalation_policy(folder)
    return Policy(
        escalation,
        escalation.calendar,
        load_contacts(folder / "contacts.yaml"),
        load_severity(folder / "severity.yaml"),
        load_review(folder / "review.yaml"),
        load_notices(folder / "notices.yaml"),
        load_security(folder / "security.yaml"),
        load_retention(folder / "retention.yaml"),
    )


def load_escalation_policy(folder: Path) -> EscalationPolicy:
    """Only what a preview needs: the matrix, the calendar and the response times. Raises InvalidPolicy."""
    calendar = load_calendar(folder / "calendar.yaml")
    return load_escalation(folder / "escalation.yaml", calendar, load_response_times(folder / "severity.yaml"))
