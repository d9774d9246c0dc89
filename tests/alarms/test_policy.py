"""knowledge/policy/alarms.yaml: rules, quiet hours, and how other senders' JSON is read."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.alarms.policy.file import AlarmsPolicy, load_alarms
from bot.alarms.rules.alarm import Alarm, State
from bot.alarms.rules.events import from_event
from bot.alarms.rules.treatment import QuietHours, fits
from bot.errors import BadRequest, InvalidPolicy
from bot.settings import REPOSITORY
from bot.severity.rules import Severity

SHIPPED = REPOSITORY / "knowledge" / "policy" / "alarms.yaml"
BERLIN = ZoneInfo("Europe/Berlin")


def read(folder: Path, text: str) -> AlarmsPolicy:
    path = folder / "alarms.yaml"
    path.write_text(text, encoding="utf-8")
    return load_alarms(path)


def test_the_examples_of_the_shipped_file_are_read_as_they_stand(tmp_path: Path) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    examples = [line.removeprefix("#") for line in lines if line.startswith("#   ")]
    at, then = (
        next(place for place, line in enumerate(examples) if word in line) for word in ("alertmanager:", "arn:aws:sns")
    )
    parts = ["rules:", *examples[:at], "webhooks:", *examples[at:then], "topics:", *examples[then:]]
    policy = read(tmp_path, "\n".join(parts))
    assert policy.topics == ("arn:aws:sns:eu-central-1:123456789012:tocsin-alarms",)
    assert [rule.service for rule in policy.rules] == ["checkout", None, None]
    assert set(policy.webhooks) == {"alertmanager", "grafana", "uptime"}
    down = {"check": {"name": "home", "status": "DOWN", "message": "no answer", "url": 3}}
    assert policy.webhooks["uptime"].map is not None
    (alarm,) = policy.webhooks["uptime"].map.read("uptime", down)
    assert (alarm.name, alarm.state, alarm.summary, alarm.link) == ("home", State.FIRING, "no answer", "3")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rules: [{severity: P1}]", "alarms.yaml:1: alarms.rules[1]: say which alarms"),
        ("rules: [{names: x, declare: true}]", "what declares by itself needs a `severity`"),
        ("rules: [{names: x, severity: P9}]", "P9"),
        ("rules: [{names: x, quiet: 22:00}]", "not a time of day"),
        ("rules: [{names: x, quiet: 22:00-22:00}]", "begins and ends at the same time"),
        ("rules: [{names: x, qiet: 22:00-23:00}]", 'Did you mean "quiet"?'),
        ("webhooks: {alertmanager: {token: s3cr3t-value-of-a-token}}", "name of an environment variable"),
        ("webhooks: {grafana: {token: TOKEN, map: {name: x}}}", "remove the mapping"),
        ("topics: [tocsin-alarms]", "is not the ARN of a topic such as"),
        ("webhooks: {other: {token: TOKEN}}", "add a `map`"),
        ("webhooks: {a/b: {token: TOKEN, map: {name: x}}}", "cannot stand in an address"),
        ("topics: [tocsin-alarms]", "is not the ARN of a topic such as"),
        ("webhooks: {other: {token: TOKEN, map: {name: 'a[}'}}}", "is not a JMESPath expression"),
        ("topics: [tocsin-alarms]", "is not the ARN of a topic such as"),
        ("webhooks: {other: {token: TOKEN, map: {state: a}}}", '"name" is missing'),
        ("storm: {alarms: 1}", "from 2 to 1000"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        read(tmp_path, text)
    assert sentence in str(refused.value)
    assert "s3cr3t-value" not in str(refused.value), "a token that was pasted is not repeated"


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"checks": "none"}, "no list at `checks`"),
        ({}, "no list at `checks`"),
        ([], "no list at `checks`"),
        (None, "no list at `checks`"),
        ({"checks": [{"name": None}]}, "no text at `join"),
        ({"checks": [7]}, "no text at `join"),
        ({"checks": [{"name": {"a": 1}, "host": "h"}]}, "no text at `join"),
    ],
)
def test_json_that_is_not_as_the_mapping_says_is_one_sentence(tmp_path: Path, payload: object, sentence: str) -> None:
    policy = read(
        tmp_path, "webhooks: {other: {token: TOKEN, map: {alarms: checks, name: \"join(' ', [name, host])\"}}}"
    )
    mapping = policy.webhooks["other"].map
    assert mapping is not None
    with pytest.raises(BadRequest) as refused:
        mapping.read("other", payload)
    assert sentence in str(refused.value)
    (alarm,) = mapping.read("other", {"checks": [{"name": "disk", "host": "db-1"}]})
    assert (alarm.name, alarm.state) == ("disk db-1", State.EVENT)


@pytest.mark.parametrize(
    ("expression", "given"),
    [
        ("floor(load)", float("inf")),
        ("ceil(load)", float("nan")),
        ("sum(load)", [1e308, 10**400]),
        ("load < `3`", "high"),
        ("max_by(load, &a).a", [{"a": 1}, {"a": "x"}]),
    ],
)
def test_what_a_mapping_cannot_compute_is_left_out_and_the_alarm_is_taken(
    tmp_path: Path, expression: str, given: object
) -> None:
    policy = read(tmp_path, f"webhooks: {{other: {{token: TOKEN, map: {{name: name, summary: '{expression}'}}}}}}")
    mapping = policy.webhooks["other"].map
    assert mapping is not None
    (alarm,) = mapping.read("other", {"name": "disk", "load": given})
    assert (alarm.name, alarm.summary) == ("disk", "")


def test_the_first_rule_that_fits_counts_and_the_case_does_not(tmp_path: Path) -> None:
    policy = read(tmp_path, "rules: [{names: [Pay*, '*-5xx'], severity: P0}, {sources: cloudwatch, severity: P3}]")
    of = [Alarm("CloudWatch", name, State.FIRING) for name in ("payments-latency", "cart-5xx", "disk")]
    assert [policy.treatment(alarm).severity for alarm in of] == [Severity.P0, Severity.P0, Severity.P3]
    assert policy.treatment(Alarm("Grafana", "disk", State.FIRING)).severity is None
    finding = policy.treatment(Alarm("GuardDuty", "x", State.EVENT, security=True))
    assert finding.declares and finding.severity is Severity.P1
    assert fits(("a?c",), "ABC") and not fits(("a?c",), "abcd")


@pytest.mark.parametrize(
    ("rated", "severity"),
    [(9.5, "P0"), (9, "P0"), (8.9, "P1"), (7, "P1"), (6.9, "P2"), (4, "P2"), (2.0, "P3"), ("high", "P1"), (0.5, "P1")],
)
def test_a_finding_is_as_severe_as_guardduty_rates_it_and_else_as_the_policy_says(
    tmp_path: Path, rated: object, severity: str
) -> None:
    policy = read(tmp_path, "security_severity: P1")
    finding = {"detail-type": "GuardDuty Finding", "detail": {"title": "t", "severity": rated}}
    assert policy.treatment(from_event(finding)).severity == severity
    ruled = read(tmp_path, "rules: [{sources: guardduty, severity: P3}]")
    assert ruled.treatment(from_event(finding)).severity is Severity.P3


@pytest.mark.parametrize(
    ("label", "severity"), [("CRITICAL", "P0"), ("HIGH", "P1"), ("MEDIUM", "P2"), ("LOW", "P3"), ("", "P2")]
)
def test_security_hub_rates_by_name(tmp_path: Path, label: str, severity: str) -> None:
    policy = read(tmp_path, "security_severity: P2")
    finding = {"Title": "t", "Severity": {"Label": label}}
    event = {"detail-type": "Security Hub Findings - Imported", "detail": {"findings": [finding]}}
    assert policy.treatment(from_event(event)).severity == severity


@pytest.mark.parametrize(
    ("hours", "at", "ends"),
    [
        (("22:00", "06:00"), "2026-11-20T22:30", "2026-11-21T05:00"),  # 23:30 in Berlin
        (("22:00", "06:00"), "2026-11-20T03:00", "2026-11-20T05:00"),
        (("22:00", "06:00"), "2026-11-20T05:00", None),
        (("09:00", "17:00"), "2026-11-20T08:00", "2026-11-20T16:00"),
        (("22:00", "06:00"), "2026-10-24T21:00", "2026-10-25T05:00"),  # the clocks go back in that night
    ],
)
def test_quiet_hours_end_by_the_clock_of_the_zone(hours: tuple[str, str], at: str, ends: str | None) -> None:
    quiet = QuietHours(*(time.fromisoformat(one) for one in hours))
    found = quiet.end_after(datetime.fromisoformat(at).replace(tzinfo=UTC), BERLIN)
    assert found == (datetime.fromisoformat(ends).replace(tzinfo=UTC) if ends else None)
