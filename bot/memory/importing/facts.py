"""Facts as foreign documents write them: severities, dates, services, durations, in several languages."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from bot.memory.importing.labels import folded
from bot.severity.rules import Severity

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
# The months of five languages by their first letters, folded; the digit forms need none.
_MONTHS = {
    "jan": 1, "janv": 1, "ene": 1, "feb": 2, "fev": 2, "fevr": 2, "mar": 3, "mars": 3, "marz": 3, "mrz": 3, "apr": 4,
    "avr": 4, "abr": 4, "may": 5, "mai": 5, "jun": 6, "juin": 6, "jul": 7, "juil": 7, "aug": 8, "aou": 8, "aout": 8,
    "ago": 8, "sep": 9, "sept": 9, "set": 9, "oct": 10, "okt": 10, "out": 10, "nov": 11, "dec": 12, "dez": 12,
    "dic": 12,
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")[a-z]*\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>(?:19|20)\d{2})[-/.](?P<number>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
        r"(?P<year>(?:19|20)\d{2})\s?年\s?(?P<number>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?日",
        r"(?<![\d.])(?P<day>\d{1,2})\.\s?(?P<number>\d{1,2})\.\s?(?P<year>(?:19|20)\d{2})(?!\d)",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|ª)?\.?,? (?:de |of )?{_MONTH},? (?:de |of )?"
        r"(?P<year>(?:19|20)\d{2})\b",
        rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>(?:19|20)\d{{2}})\b",
        rf"\b(?P<day>\d{{1,2}})[-/]{_MONTH}[-/](?P<year>(?:19|20)\d{{2}})\b",
        r"(?<![\d/])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>(?:19|20)\d{2})(?![\d/])",
    )
)
# Days of which these words speak are not the incident's.
_OTHER_DAY = re.compile(
    r"\b(?:last\s+)?(?:updated?|modified|edited|created|published|reviewed|version|revision|due|"
    r"deadline|printed|exported|copyright|aktualisiert|geandert|erstellt|stand|faellig|fallig|mis a jour|"
    r"modifie|cree|echeance|actualizado|modificado|creado|vence|atualizado|criado|prazo|更新|作成|期限)\b|更新|作成|期限",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(d|days?|tage?n?|jours?|dias?|日|h|hrs?|hours?|stunden?|std|heures?|horas?|時間|m|mins?|minutes?|"
    r"minuten?|minutos?|分)(?![a-z])",
    re.IGNORECASE,
)
_CLOCK_SPAN = re.compile(r"^\s*(\d{1,2}):(\d{2})(?::\d{2})?\s*(?:h|hours?)?\s*$")


_WORDS = {
    "critical": 0, "blocker": 0, "down": 0, "kritisch": 0, "critique": 0, "critica": 0, "critico": 0, "致命": 0,
    "緊急": 0, "emergency": 0, "showstopper": 0,
    "high": 1, "major": 1, "hoch": 1, "haute": 1, "elevee": 1, "majeure": 1, "majeur": 1, "alta": 1, "alto": 1,
    "grave": 1, "重大": 1, "高": 1, "partial outage": 1, "disrupted": 1, "schwer": 1, "urgent": 1,
    "medium": 2, "moderate": 2, "mittel": 2, "moyenne": 2, "moyen": 2, "media": 2, "medio": 2, "moderada": 2,
    "degraded": 2, "中": 2, "normal": 2,
    "low": 3, "minor": 3, "niedrig": 3, "gering": 3, "faible": 3, "mineure": 3, "mineur": 3, "baja": 3, "bajo": 3,
    "baixa": 3, "baixo": 3, "leve": 3, "notice": 3, "低": 3, "軽微": 3, "trivial": 3,
}  # fmt: skip
_TAGGED = re.compile(r"[\[(]?\b((?:sev|severity|p|prio|priority)[\s:#-]?\d)\b[\])]?", re.IGNORECASE)


def severity_tag(title: str) -> tuple[str | None, str]:
    """A severity written into a title, and the title without it: `Queue full (SEV1)` → SEV1, Queue full."""
    match = _TAGGED.search(title)
    if match is None:
        return None, title
    rest = f"{title[: match.start()]} {title[match.end() :]}"
    return match[1], " ".join(rest.split()).strip(" :–-|·,")


def severity_of(label: str | None, text: str) -> Severity | None:
    """P0–P3 for a source's own label, by its title and symptoms where the label allows two: SEV-1 is P0 or P1, …"""
    if not label:
        return None
    exact = re.search(r"\bP(?:rio(?:rity|rität)?)?[\s-]?([0-3])\b", label, re.IGNORECASE)
    if exact:
        return Severity(f"P{exact[1]}")
    said = folded(label)
    number = re.search(r"(?<![\d.,])\d(?![\d.,%])", label)
    if number is None:
        words = set(said.split()) | {said}
        ranks = [rank for word, rank in _WORDS.items() if word in words or (" " in word and word in said)]
        ranks = ranks or [rank for word, rank in _WORDS.items() if not word.isascii() and word in said]
        return Severity(f"P{min(ranks)}") if ranks else None
    return _of_number(int(number[0]), label, text)


def _of_number(level: int, label: str, text: str) -> Severity:
    if level == 0:
        return Severity.P0
    if level == 1:
        return Severity.P0 if _WHOLE.search(text) else Severity.P1
    if level == 2:
        return Severity.P2 if _DEGRADED.search(text) else Severity.P1
    degraded = "non-production" not in label.casefold() and _DEGRADED.search(text) and "customer" in text.casefold()
    return Severity.P2 if level == 3 and degraded else Severity.P3


def date_of(text: str) -> dt.date | None:
    """The first date written out in `text` that is the day of what it tells of; None for none or an impossible one.

    Days of edits, reviews and deadlines do not count, nor does one that could be read in two ways (03/04/2031).
    """
    for line in text.splitlines():
        plain = "".join(c for c in unicodedata.normalize("NFKD", line) if not "\u0300" <= c <= "\u036f")
        if _OTHER_DAY.search(plain):
            continue
        found = [(match.start(), match) for pattern in _DATES for match in pattern.finditer(plain)]
        for _, match in sorted(found, key=lambda each: each[0]):
            day = _day(match.groupdict())
            if day is not None:
                return day
    return None


def _day(parts: dict[str, str | None]) -> dt.date | None:
    year, month, day = int(parts["year"] or 0), 0, int(parts.get("day") or 0)
    if parts.get("number"):
        month = int(parts["number"] or 0)
    elif parts.get("month"):
        month = _MONTHS[str(parts["month"]).casefold()]
    else:
        first, second = int(parts["first"] or 0), int(parts["second"] or 0)
        if first <= 12 and second <= 12 and first != second:
            return None
        month, day = (first, second) if first <= 12 else (second, first)
    try:
        return dt.date(year, month, day)
    except ValueError:
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
    """A length of time such as `3h 14m`, `45 minutes` or `1:30` in whole minutes; None when there is none."""
    if not text:
        return None
    clock = _CLOCK_SPAN.match(text)
    if clock:
        return int(clock[1]) * 60 + int(clock[2])
    found = [float(number.replace(",", ".")) * _factor(unit.casefold()) for number, unit in _SPAN.findall(text)]
    return round(sum(found)) if found else None


def _factor(unit: str) -> int:
    if unit.startswith(("d", "tag", "jour", "日")):
        return 1440
    return 60 if unit.startswith(("h", "st", "時")) else 1
