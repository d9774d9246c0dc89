"""What foreign documents call things, and what we call them: section names, severities, dates, services, durations."""

from __future__ import annotations

import datetime as dt
import re

from dateutil import parser as dates

from bot.severity.rules import Severity

SECTIONS: dict[str, tuple[str, ...]] = {
    "Symptoms": (
        "symptom", "summary", "problem", "problem description", "description", "overview", "meaning", "impact",
        "the incident", "the scenario", "scenario", "what happened", "identified", "issue", "issue summary", "effect",
        "customer impact", "user impact", "incident summary", "case summary", "executive summary", "common symptom",
        "background", "expected output", "what we saw", "alert", "abstract",
    ),
    "Root cause": (
        "root cause", "root cause analysis", "rca", "cause", "possible cause", "what it actually was", "reality",
        "contributing factor", "context", "trigger", "why", "common cause", "what went wrong", "technical detail",
    ),
    "Diagnosis": (
        "diagnosis", "diagnosis step", "the approach", "approach", "detection", "investigation", "checklist", "check",
        "diagnostic", "troubleshooting", "how to confirm", "verification", "debugging",
    ),
    "Resolution": (
        "resolution", "resolution option", "the fix", "fix", "fast action", "mitigation", "remediation", "solution",
        "recovery", "repair", "workaround", "resolution by error type", "solutions applied", "what we did",
    ),
    "Prevention": (
        "prevention", "action item", "action", "follow up", "corrective action", "preventive measure", "next step",
        "improvement", "what could be improved", "future work", "corrective and preventative measure",
        "remediation item",
    ),
    "Lesson": ("lesson", "lessons learned", "lesson learned", "what went well", "learning", "takeaway", "conclusion"),
    "Timeline": ("timeline", "key event", "chronology", "timeline of events"),
}  # fmt: skip
_SECTION_OF = {label: name for name, labels in SECTIONS.items() for label in labels}
_SERVICES = (
    "Lambda", "DynamoDB", "API Gateway", "CloudFront", "Route 53", "S3", "RDS", "Aurora", "PostgreSQL", "MySQL",
    "ElastiCache", "Redis", "EC2", "Auto Scaling", "ALB", "EKS", "ECS", "Kubernetes", "Kafka", "MSK", "SQS", "SNS",
    "Kinesis", "Firehose", "OpenSearch", "Elasticsearch", "Redshift", "Glue", "Step Functions", "CloudFormation",
    "CloudWatch", "IAM", "WAF", "VPC", "EventBridge", "Secrets Manager", "Prometheus", "Grafana", "etcd", "RabbitMQ",
    "MongoDB", "Nginx", "Terraform", "Docker",
)  # fmt: skip
_SERVICE_NAMES = [(name, re.compile(rf"\b{re.escape(name)}\b")) for name in _SERVICES]
_WHOLE = re.compile(
    r"\b(complete(ly)?|entire|whole|all (users|customers|calls|access|traffic|\w+ api calls)|total|full outage|"
    r"(is|was|went|became) (completely )?(down|unreachable|unresolvable)|worldwide|everyone|everybody|data loss|"
    r"was deleted)\b",
    re.IGNORECASE,
)
_DEGRADED = re.compile(
    r"\b(slow(er|ly)?|latency|delay(ed)?|intermittent(ly)?|sporadic|stale|partial|lag(ging)?|degrad\w+|sometimes|some|"
    r"random(ly)?|performance)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(\d{4}-\d{2}-\d{2}|\d{1,2}\.? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,? \d{4}|"
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})\b"
)
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(d|days?|h|hrs?|hours?|m|mins?|minutes?)\b", re.IGNORECASE)


def section_name(label: str) -> str | None:
    """Our name for a section that somebody calls `label`; None when it is none of ours."""
    plain = re.sub(r"[^a-z ]+", " ", label.casefold().replace("-", " "))
    plain = re.sub(r"^(immediate|long term|standard|the) (?=\w)", "", " ".join(plain.split()))
    for form in (plain, plain.removesuffix("s"), "the " + plain):
        if form in _SECTION_OF:
            return _SECTION_OF[form]
    return None


def severity_of(label: str | None, text: str) -> Severity | None:
    """P0–P3 for a source's own label, by its title and symptoms where the label allows two: SEV-1 is P0 or P1, …"""
    if not label:
        return None
    exact = re.search(r"\bP\s?([0-3])\b", label)
    if exact:
        return Severity(f"P{exact[1]}")
    words = {"critical": 0, "blocker": 0, "high": 1, "major": 1, "medium": 2, "moderate": 2, "low": 3, "minor": 3}
    spoken = next((rank for word, rank in words.items() if word in label.casefold()), None)
    number = re.search(r"\d", label)
    if number is None:
        return None if spoken is None else Severity(f"P{spoken}")
    level = int(number[0])
    if level == 0:
        return Severity.P0
    if level == 1:
        return Severity.P0 if _WHOLE.search(text) else Severity.P1
    if level == 2:
        return Severity.P2 if _DEGRADED.search(text) else Severity.P1
    if (
        level == 3
        and "non-production" not in label.casefold()
        and _DEGRADED.search(text)
        and "customer" in text.casefold()
    ):
        return Severity.P2
    return Severity.P3


def date_of(text: str) -> dt.date | None:
    """The first date written out in `text`; None for none or an impossible one."""
    for found in _DATE.finditer(text):
        try:
            return dates.parse(found[1].replace(".", " ")).date()
        except (ValueError, OverflowError):
            continue
    return None


def services_of(field: str | None, text: str) -> tuple[str, ...]:
    """Services as the source lists them, else those that its text names, at most eight."""
    if field:
        listed = [
            re.sub(r"^(Amazon|AWS)\s+(?=\S)", "", part.strip(" .*`")) for part in re.split(r",(?![^(]*\))", field)
        ]
        return tuple(dict.fromkeys(part for part in listed if part))[:8]
    return tuple(name for name, pattern in _SERVICE_NAMES if pattern.search(text))[:8]


def minutes_of(text: str | None) -> int | None:
    """A length of time such as `3h 14m` or `45 minutes` in whole minutes; None when there is none."""
    if not text:
        return None
    factor = {"d": 1440, "h": 60, "m": 1}
    found = [float(number) * factor[unit[0].lower()] for number, unit in _SPAN.findall(text)]
    return round(sum(found)) if found else None
