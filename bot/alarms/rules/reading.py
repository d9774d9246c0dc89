"""A delivery as its alarms: envelopes are opened, each shape is recognised, and what is none is read as a text."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from bot.alarms.rules import cloudwatch, events, webhooks
from bot.alarms.rules.alarm import Alarm, State, first, items, text
from bot.alarms.rules.regions import region_of

LARGEST = 262_144  # bytes of a webhook's delivery, and of a message of SNS; SQS may bring a megabyte
_DEEPEST = 5  # envelopes in one another: SQS, SNS, and two to spare
_MOST = 1_000  # alarms of one delivery
_LONGEST_KEY = 200  # characters
_SUBJECT = re.compile(r"^\W*(ALARM|OK|INSUFFICIENT_DATA): \"?(.+?)\"? in (.+)$")
_OVER = re.compile(r"(?i)\bto (?:ok|healthy|green)\b|\b(?:recovered|resolved|successfully|completed)\b")
_JSON_BEGINS = re.compile(r'[\s\[{]*[\[{]\s*"')
_NAMES = ("AlarmName", "alarmName", "alertname", "title", "detail-type")  # the most telling first
_BUDGET = re.compile(r"(?im)^\s*budget name: *(.+?)\s*$")


def read_alarms(delivered: str) -> tuple[Alarm, ...]:
    """The alarms in what was delivered, whatever it is; none for what is empty. Never raises."""
    return _opened(delivered, "", _DEEPEST)[:_MOST]


def delivery_of(delivered: str) -> str:
    """What makes this delivery the same when it comes again: the id that SNS, SQS or EventBridge gave it, else a
    digest of all of it. Never raises.

    Of envelopes in one another the inner one counts: what SNS delivers twice, SQS numbers anew.
    """
    found = f"text:{hashlib.sha256(delivered.encode('utf-8', 'replace')).hexdigest()}"
    inner: Any = delivered
    for _ in range(_DEEPEST):
        payload = _object(inner) if isinstance(inner, str) else inner
        if not isinstance(payload, dict):
            break
        if records := items(payload, "Records"):
            inner = records[0] if len(records) == 1 else None
            continue
        inner = payload.get("Sns")
        if isinstance(inner, dict):
            continue
        said = text(payload, "MessageId") or text(payload, "messageId")
        kind = "sns" if "TopicArn" in payload else "sqs"
        if not said and events.is_event(payload):
            said, kind = text(payload, "id"), "event"
        found = f"{kind}:{said}" if said else found
        inner = payload.get("body", payload.get("Body")) if kind == "sqs" else None
    return found[:_LONGEST_KEY]


def _object(written: str) -> Any:
    """What the JSON says; None for what is none."""
    try:
        return json.loads(written) if written.lstrip()[:1] in ("{", "[") else None
    except (ValueError, RecursionError):  # also integers of more digits than Python reads
        return None


def _opened(delivered: str, subject: str, deeper: int) -> tuple[Alarm, ...]:
    payload = _object(delivered)
    if isinstance(payload, list) or (isinstance(payload, dict) and payload):
        return _inside(payload, subject, deeper)
    return _plain(delivered, subject)


def _inside(payload: Any, subject: str, deeper: int) -> tuple[Alarm, ...]:
    if isinstance(payload, str):
        return _opened(payload, subject, deeper - 1)
    if isinstance(payload, list):
        found: list[Alarm] = []
        for one in payload[:_MOST] if deeper else ():
            found += _inside(one, subject, deeper - 1)
        return tuple(found)
    if not isinstance(payload, dict):
        return ()
    if deeper and (envelope := _envelope(payload)):
        return tuple(alarm for inner, said in envelope for alarm in _inside(inner, first(said, subject), deeper - 1))
    return _recognised(payload, subject)


def _envelope(payload: dict[str, Any]) -> list[tuple[Any, str]]:
    """What it carries, with the subject that stands on it: Lambda's records, SNS, SQS."""
    if records := items(payload, "Records")[:_MOST]:
        return [(record, "") for record in records]
    if isinstance(payload.get("Sns"), dict):
        return [(payload["Sns"], "")]
    if isinstance(payload.get("Message"), str) and ("TopicArn" in payload or "MessageId" in payload):
        return [(payload["Message"], text(payload, "Subject"))]
    inner = payload.get("body", payload.get("Body"))
    return [(inner, "")] if isinstance(inner, str) and ("messageId" in payload or "MessageId" in payload) else []


def _recognised(payload: dict[str, Any], subject: str) -> tuple[Alarm, ...]:
    if "AlarmName" in payload:
        return (cloudwatch.from_sns(payload),)
    if events.is_event(payload):
        return (events.from_event(payload),)
    if webhooks.is_webhook(payload):
        return webhooks.from_webhook(payload)
    if events.is_budget(payload):
        return (events.from_budget(payload),)
    return (_unknown(payload, subject),)


def _unknown(payload: dict[str, Any], subject: str) -> Alarm:
    """JSON of no known sender: what stands under the usual names, else all its texts."""
    named = first(subject, *(text(payload, one) for one in ("title", "name", "alert_name", "summary", "subject")))
    said = first(*(text(payload, one) for one in ("description", "message", "text", "body")))
    told = [f"{text(key)}: {text(value)}" for key, value in payload.items() if text(value)]
    state = first(*(text(payload, one) for one in ("status", "state"))).lower()
    over = state in ("ok", "resolved", "closed", "recovered")
    return Alarm(
        source="JSON",
        name=first(named, said[:80], "unnamed alarm"),
        state=State.OK if over else State.EVENT,
        summary=first(said, text("; ".join(told[:20]))),
    )


def _plain(delivered: str, subject: str) -> tuple[Alarm, ...]:
    """A text for people: of SNS's subject CloudWatch's form is understood, of the text the name of a budget."""
    said = text(delivered)
    if not said and not subject:
        return ()
    if alarm := _SUBJECT.match(subject):
        value, name, region = alarm.groups()
        state = cloudwatch.state_of(value)
        return (Alarm("CloudWatch", name, state, summary=said, region=region_of(region)),)
    if _JSON_BEGINS.match(delivered):
        return (_cut_off(delivered, subject),)
    budget = _BUDGET.search(delivered)
    if budget:
        return (Alarm("AWS Budgets", text(budget[1]), State.EVENT, summary=said),)
    lines = (text(line) for line in delivered.splitlines())
    name = first(subject, next((line for line in lines if line), ""))
    state = State.OK if _OVER.search(first(subject, said[:200])) else State.EVENT
    return (Alarm("Text", name[:200], state, summary=said if said != name else ""),)


def _cut_off(delivered: str, subject: str) -> Alarm:
    """JSON that cannot be read, as a rule because its end is missing: by the name that it still says."""
    words = delivered.replace('\\"', '"')  # in an envelope, its quotes are escaped
    found = (re.search(rf'"{key}"\s*:\s*"([^"\\]+)"', words) for key in _NAMES)
    named = first(*(text(one[1]) for one in found if one), text(subject), "An alarm")
    return Alarm(
        source="JSON",
        name=f"{named[:160]}: its message is cut off",
        state=State.EVENT,
        summary=text(delivered),
        reason=f"Its JSON cannot be read. The {len(delivered):,} characters that came are kept as text",
        security=events.speaks_of_security(words),
    )
