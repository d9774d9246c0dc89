"""What other services of AWS say by EventBridge: findings, health, backups, and any job that failed."""

from __future__ import annotations

import re
from typing import Any

from bot.alarms.rules import cloudwatch
from bot.alarms.rules.alarm import Alarm, State, at, first, items, text
from bot.alarms.rules.regions import region_of
from bot.severity.rules import Severity

_SECURITY = ("aws.guardduty", "aws.securityhub", "aws.macie", "aws.inspector2", "aws.access-analyzer")
_FINDINGS = re.compile("|".join(map(re.escape, (*_SECURITY, "GuardDuty Finding", "Security Hub Findings"))))
_ENDED = re.compile(r"(?i)(success|succeeded|completed|available|resolved|closed|ok)")
_MOST = 8
# Security Hub's labels; GuardDuty's scale of 1 to 10, from where each of its four names begins.
_LABELS = {"CRITICAL": Severity.P0, "HIGH": Severity.P1, "MEDIUM": Severity.P2, "LOW": Severity.P3}
_SCALE = ((9.0, Severity.P0), (7.0, Severity.P1), (4.0, Severity.P2), (1.0, Severity.P3))


def is_event(payload: dict[str, Any]) -> bool:
    """Whether this has the shape of EventBridge."""
    return "detail-type" in payload and isinstance(payload.get("detail"), dict)


def speaks_of_security(words: str) -> bool:
    """Whether what cannot be read is, by its own words, a finding: in doubt it is not shown to everybody."""
    return _FINDINGS.search(words) is not None


def from_event(event: dict[str, Any]) -> Alarm:
    """Whatever the event is about: CloudWatch, GuardDuty, Security Hub, Health, or a job of another service."""
    kind = text(event, "detail-type")
    if kind == "CloudWatch Alarm State Change":
        return cloudwatch.from_event(event)
    if kind.startswith("GuardDuty"):
        return _guardduty(event)
    if kind.startswith("Security Hub"):
        return _security_hub(event)
    return _health(event) if kind.startswith("AWS Health") else _other(event, kind)


def _common(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "account": first(text(event, "account"), text(event, "detail", "accountId")),
        "region": region_of(first(text(event, "region"), text(event, "detail", "region"))),
        "at": text(event, "time"),
    }


def _arns(event: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    named = (text(one) for one in items(event, "resources")[:_MOST])
    return tuple(("resource", name) for name in named if name)


def _guardduty(event: dict[str, Any]) -> Alarm:
    detail = event["detail"]
    severity, count = text(detail, "severity"), text(detail, "service", "count")
    reason = f"Severity {severity} of 10" if severity else ""
    return Alarm(
        source="GuardDuty",
        name=first(text(detail, "title"), text(detail, "type"), "finding"),
        state=State.EVENT,
        summary=text(detail, "description"),
        reason=", ".join(part for part in (reason, f"seen {count} times" if count else "") if part),
        metric=text(detail, "type"),
        resources=_arns(event),
        security=True,
        identity=text(detail, "id"),
        rated=_on_scale(severity),
        **_common(event),
    )


def _on_scale(written: str) -> Severity | None:
    try:
        number = float(written)
    except ValueError:
        return None
    return next((severity for least, severity in _SCALE if number >= least), None)


def _security_hub(event: dict[str, Any]) -> Alarm:
    """The first of its findings; the others are counted."""
    findings = items(event, "detail", "findings")
    finding = findings[0] if findings else {}
    more = f"and {len(findings) - 1} more findings" if len(findings) > 1 else ""
    label = text(finding, "Severity", "Label")
    return Alarm(
        source="Security Hub",
        name=first(text(finding, "Title"), "finding"),
        state=State.OK if text(finding, "Workflow", "Status") == "RESOLVED" else State.EVENT,
        summary=text(finding, "Description"),
        reason=", ".join(part for part in (f"Severity {label}" if label else "", more) if part),
        resources=tuple(
            ("resource", text(one, "Id")) for one in items(finding, "Resources")[:_MOST] if text(one, "Id")
        ),
        security=True,
        identity=text(finding, "Id"),
        rated=_LABELS.get(label.upper()),
        **_common(event),
    )


def _health(event: dict[str, Any]) -> Alarm:
    detail = event["detail"]
    told = items(detail, "eventDescription")
    english = next((one for one in told if text(one, "language").lower().startswith("en")), told[0] if told else {})
    entities = (text(one, "entityValue") for one in items(detail, "affectedEntities")[:_MOST])
    closed = text(detail, "statusCode").lower() == "closed" or bool(text(detail, "endTime"))
    return Alarm(
        source="AWS Health",
        name=first(text(detail, "eventTypeCode"), "health event"),
        state=State.OK if closed else State.FIRING,
        summary=text(english, "latestDescription"),
        reason=" ".join(part for part in (text(detail, "service"), text(detail, "eventTypeCategory")) if part),
        resources=tuple(("resource", one) for one in entities if one) or _arns(event),
        identity=text(detail, "eventArn"),
        **_common(event),
    )


def _other(event: dict[str, Any], kind: str) -> Alarm:
    """Backup, Glue, ECS, CodePipeline and whatever comes next: its kind, its state and its own message."""
    detail = event["detail"]
    state = first(text(detail, "state"), text(detail, "status"), text(detail, "lastStatus"))
    named = ("jobName", "backupVaultName", "pipeline", "project-name", "stateMachineArn", "name", "group")
    name = first(*(text(detail, one) for one in named))
    said = first(*(text(detail, one) for one in ("message", "statusMessage", "stoppedReason", "reason", "description")))
    source = text(event, "source")
    shown = source.removeprefix("aws.").replace("-", " ").title() if source else "EventBridge"
    return Alarm(
        source=shown,
        name=" ".join(part for part in (first(kind, "event"), name) if part),
        state=State.OK if _ENDED.fullmatch(state) else State.EVENT,
        summary=said,
        reason=f"{name or 'It'} {state.lower()}" if state else "",
        resources=_arns(event),
        security=source in _SECURITY,
        **_common(event),
    )


def is_budget(payload: dict[str, Any]) -> bool:
    """Whether this is AWS Budgets' or the cost anomaly detection's JSON."""
    return "anomalyId" in payload or at(payload, "budgetName") is not None


def from_budget(payload: dict[str, Any]) -> Alarm:
    """A budget that was exceeded, or a cost that nobody expected."""
    impact = text(payload, "impact", "totalImpact")
    return Alarm(
        source="AWS Budgets" if at(payload, "budgetName") is not None else "Cost Anomaly Detection",
        name=first(text(payload, "budgetName"), text(payload, "monitorName"), "cost anomaly"),
        state=State.EVENT,
        summary=first(text(payload, "message"), text(payload, "dimensionalValue")),
        reason=f"Impact ${impact}" if impact else "",
        account=text(payload, "accountId"),
        at=text(payload, "anomalyStartDate"),
        link=text(payload, "anomalyDetailsLink"),
        identity=text(payload, "anomalyId"),
    )
