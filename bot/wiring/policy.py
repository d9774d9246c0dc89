"""The policy files of a folder as one object, read once at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.escalation.policy.calendar import load_calendar
from bot.escalation.policy.contacts import load_contacts
from bot.escalation.policy.matrix import load_escalation, load_response_times
from bot.escalation.rules.calendar import BusinessCalendar
from bot.escalation.rules.plan import EscalationPolicy
from bot.escalation.rules.roster import Contacts
from bot.incidents.policy import SecurityPolicy, load_security
from bot.retention.policy import RetentionPolicy, load_retention
from bot.reviews.policy import ReviewPolicy, load_review
from bot.severity.policy import SeverityPolicy, load_severity
from bot.stakeholders.policy import NoticePolicy, load_notices


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
