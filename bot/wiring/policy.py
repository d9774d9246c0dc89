"""The policy files of a folder as one object, read once at start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bot.alarms.policy.file import AlarmsPolicy, load_alarms
from bot.context import Policy
from bot.diagnostics.policy import ServicesFile, load_services
from bot.escalation.policy.calendar import CalendarFile, load_calendar
from bot.escalation.policy.contacts import ContactsFile, load_contacts
from bot.escalation.policy.matrix import EscalationFile, load_escalation
from bot.escalation.rules.matrix import EscalationPolicy
from bot.fields.policy import FieldsFile, load_fields
from bot.incidents.policy import AuthorityPolicy, SecurityPolicy, load_authority, load_security
from bot.memory.index.vocabulary import VocabularyFile
from bot.playbooks.policy import UpkeepPolicy, load_upkeep
from bot.policy.loading import PolicyModel, json_schema
from bot.retention.policy import RetentionFile, load_retention
from bot.reviews.policy import ReviewPolicy, load_review
from bot.severity.policy import SeverityFile, SeverityPolicy, load_severity
from bot.stakeholders.policy import NoticesFile, load_notices
from bot.status_page.policy import StatusPageFile, load_status_page
from bot.trackers.policy import TrackersFile, load_trackers

# Each file of knowledge/policy by its name, and what may stand in it.
FILES: Mapping[str, type[PolicyModel]] = {
    "alarms": AlarmsPolicy,
    "authority": AuthorityPolicy,
    "calendar": CalendarFile,
    "contacts": ContactsFile,
    "escalation": EscalationFile,
    "fields": FieldsFile,
    "notices": NoticesFile,
    "retention": RetentionFile,
    "review": ReviewPolicy,
    "security": SecurityPolicy,
    "services": ServicesFile,
    "severity": SeverityFile,
    "status_page": StatusPageFile,
    "trackers": TrackersFile,
    "upkeep": UpkeepPolicy,
}
SCHEMAS: Mapping[str, type[PolicyModel]] = {**FILES, "vocabulary": VocabularyFile}  # what editors are told of


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
        load_services(folder / "services.yaml"),
        load_authority(folder / "authority.yaml"),
        load_upkeep(folder / "upkeep.yaml"),
        load_alarms(folder / "alarms.yaml"),
        load_status_page(folder / "status_page.yaml"),
        load_trackers(folder / "trackers.yaml"),
        load_fields(folder / "fields.yaml"),
    )


def load_escalation_policy(folder: Path) -> EscalationPolicy:
    """Only what a preview needs: the matrix, the calendar and the response times. Raises InvalidPolicy."""
    return _escalation(folder, load_severity(folder / "severity.yaml"))


def _escalation(folder: Path, severity: SeverityPolicy) -> EscalationPolicy:
    respond_within = {name: level.respond_within for name, level in severity.levels.items()}
    return load_escalation(folder / "escalation.yaml", load_calendar(folder / "calendar.yaml"), respond_within)


def write_schemas(folder: Path) -> list[Path]:
    """Write the JSON Schemas of policy and vocabulary, for editors, to `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, model in SCHEMAS.items():
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(json_schema(model), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written
