"""The policy files of a folder as one object, read once at start."""

from __future__ import annotations

from pathlib import Path

from bot.context import Policy
from bot.escalation.policy.calendar import load_calendar
from bot.escalation.policy.contacts import load_contacts
from bot.escalation.policy.matrix import load_escalation
from bot.escalation.rules.matrix import EscalationPolicy
from bot.incidents.policy import load_security
from bot.retention.policy import load_retention
from bot.reviews.policy import load_review
from bot.severity.policy import SeverityPolicy, load_severity
from bot.stakeholders.policy import load_notices


def load_policy(folder: Path) -> Policy:
    """Read and check the policy files of `folder`. Raises InvalidPolicy with file, line and reason of the first."""
    severity = load_severity(folder / "severity.yaml")
    escalation = _escalation(folder, severity)
    return Policy(
        escalation,
        escalation.calendar,
        load_contacts(folder / "contacts.yaml"),
        severity,
        load_review(folder / "review.yaml"),
        load_notices(folder / "notices.yaml"),
        load_security(folder / "security.yaml"),
        load_retention(folder / "retention.yaml"),
    )


def load_escalation_policy(folder: Path) -> EscalationPolicy:
    """Only what a preview needs: the matrix, the calendar and the response times. Raises InvalidPolicy."""
    return _escalation(folder, load_severity(folder / "severity.yaml"))


def _escalation(folder: Path, severity: SeverityPolicy) -> EscalationPolicy:
    respond_within = {name: level.respond_within for name, level in severity.levels.items()}
    return load_escalation(folder / "escalation.yaml", load_calendar(folder / "calendar.yaml"), respond_within)
