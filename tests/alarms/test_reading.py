"""What senders of alarms deliver, read: each shape by its own words, and nothing raises."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.alarms.messages.replay import Judged, lines_of, record_of
from bot.alarms.rules.alarm import LONGEST, Alarm, State
from bot.alarms.rules.reading import read_alarms
from bot.alarms.rules.regions import region_of
from bot.severity.rules import Judgement, Outcome

ACCOUNT = "111122223333"
METRIC: dict[str, Any] = {
    "AlarmName": "checkout-5xx",
    "AlarmDescription": None,
    "AWSAccountId": ACCOUNT,
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint (41.0) was greater than the threshold (5.0).",
    "StateChangeTime": "2026-11-22T03:04:05.678+0000",
    "Region": "EU (Frankfurt)",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "5XXError",
        "Namespace": "AWS/ApiGateway",
        "Dimensions": [{"name": "ApiName", "value": "checkout"}, {"name": None, "value": "x"}],
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
    },
}
MATH: dict[str, Any] = METRIC | {
    "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:checkout-5xx",
    "Region": "somewhere new",
    "Trigger": {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 10,
        "Metrics": [
            {"Id": "rate", "Expression": "100 * errors / invocations", "ReturnData": True},
            {
                "Id": "errors",
                "MetricStat": {
                    "Metric": {
                        "MetricName": "Errors",
                        "Namespace": "AWS/Lambda",
                        "Dimensions": [{"name": "FunctionName", "value": "orders-api"}],
                    }
                },
            },
        ],
    },
}
BAND: dict[str, Any] = METRIC | {
    "Trigger": {
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
        "ThresholdMetricId": "ad1",
        "Metrics": [
            {"Id": "m1", "MetricStat": {"Metric": {"MetricName": "Latency", "Namespace": "AWS/ELB"}}},
            {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)"},
        ],
    }
}
COMPOSITE = {
    "AlarmName": "shop-down",
    "NewStateValue": "ALARM",
    "NewStateReason": "",
    "AlarmRule": "ALARM(checkout-5xx) AND ALARM(cart-5xx)",
    "Region": "US East - N. Virginia",
}
EVENT: dict[str, Any] = {
    "detail-type": "CloudWatch Alarm State Change",
    "source": "aws.cloudwatch",
    "account": ACCOUNT,
    "region": "eu-central-1",
    "resources": [f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:queue-age"],
    "detail": {
        "alarmName": "queue-age",
        "state": {"value": "INSUFFICIENT_DATA", "reason": "Unchecked", "timestamp": "2026-11-22T03:04:05Z"},
        "configuration": {
            "description": "Orders wait",
            "metrics": [
                {
                    "id": "m",
                    "metricStat": {
                        "metric": {
                            "name": "ApproximateAgeOfOldestMessage",
                            "namespace": "AWS/SQS",
                            "dimensions": {"QueueName": "orders"},
                        }
                    },
                }
            ],
        },
    },
}
GUARDDUTY: dict[str, Any] = {
    "detail-type": "GuardDuty Finding",
    "region": "us-gov-west-1",
    "detail": {
        "title": "Credentials used from an unusual place",
        "severity": 8,
        "accountId": ACCOUNT,
        "type": "UnauthorizedAccess:IAMUser/ConsoleLogin",
        "service": {"count": 3},
    },
}
HEALTH: dict[str, Any] = {
    "detail-type": "AWS Health Event",
    "source": "aws.health",
    "region": "eu-west-1",
    "detail": {
        "service": "RDS",
        "eventTypeCode": "AWS_RDS_OPERATIONAL_ISSUE",
        "eventTypeCategory": "issue",
        "eventDescription": [
            {"language": "de_DE", "latestDescription": "Störung"},
            {"language": "en_US", "latestDescription": "Connections fail"},
        ],
        "affectedEntities": [{"entityValue": "orders-db"}],
    },
}
BACKUP: dict[str, Any] = {
    "detail-type": "Backup Job State Change",
    "source": "aws.backup",
    "detail": {"state": "FAILED", "backupVaultName": "nightly", "statusMessage": "Access denied"},
}
ALERTMANAGER: dict[str, Any] = {
    "version": "4",
    "groupKey": "{}:{alertname='HighErrors'}",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighErrors", "severity": "page", "instance": "web-1"},
            "annotations": {"summary": "Database connection pool exhausted, a third of requests fail"},
            "startsAt": "2026-11-22T03:04:05Z",
            "generatorURL": "https://prometheus.example.com/graph",
        },
        {"status": "resolved", "labels": {"alertname": "DiskFull"}, "endsAt": "2026-11-22T03:00:00Z"},
    ],
}
GRAFANA: dict[str, Any] = {
    "version": "1",
    "orgId": 1,
    "title": "[FIRING:1] Checkout",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DatasourceNoData", "rulename": "Checkout latency"},
            "annotations": {},
            "valueString": "[ var='A' value=12 ]",
            "panelURL": "https://grafana.example.com/d/1",
        }
    ],
}
ANOMALY: dict[str, Any] = {"anomalyId": "a-1", "monitorName": "shop", "impact": {"totalImpact": 812.5}}
ALL = (METRIC, MATH, BAND, COMPOSITE, EVENT, GUARDDUTY, HEALTH, BACKUP, ALERTMANAGER, GRAFANA, ANOMALY)


def only(payload: object) -> Alarm:
    (alarm,) = read_alarms(payload if isinstance(payload, str) else json.dumps(payload))
    return alarm


def by_sns(message: object, subject: str = "") -> dict[str, Any]:
    said = message if isinstance(message, str) else json.dumps(message)
    topic = f"arn:aws:sns:eu-central-1:{ACCOUNT}:alarms"
    return {"Type": "Notification", "MessageId": "1", "TopicArn": topic, "Subject": subject, "Message": said}


def test_a_metric_alarm_without_a_description_says_its_metric_and_its_region_by_code() -> None:
    alarm = only(METRIC)
    assert (alarm.name, alarm.state, alarm.summary) == ("checkout-5xx", State.FIRING, "")
    assert alarm.metric == "ApiGateway 5XXError > 5"
    assert alarm.resources == (("ApiName", "checkout"),)
    assert (alarm.account, alarm.region) == (ACCOUNT, "eu-central-1")
    assert alarm.words == "checkout 5xx. ApiGateway 5XXError > 5"


def test_metric_math_names_its_formula_and_the_resources_behind_it() -> None:
    alarm = only(MATH)
    assert alarm.metric == "100 * errors / invocations of Lambda Errors > 10"
    assert alarm.resources == (("FunctionName", "orders-api"),)
    assert alarm.region == "eu-west-1", "that of the ARN, where the name is not known"


def test_an_anomaly_band_is_said_in_words() -> None:
    assert only(BAND).metric == "ELB Latency outside its usual band"


def test_a_composite_alarm_gives_its_rule_as_the_reason() -> None:
    alarm = only(COMPOSITE)
    assert (alarm.reason, alarm.region) == ("ALARM(checkout-5xx) AND ALARM(cart-5xx)", "us-east-1")


def test_the_same_alarm_by_eventbridge_reads_alike() -> None:
    alarm = only(EVENT)
    assert (alarm.name, alarm.state, alarm.summary) == ("queue-age", State.NO_DATA, "Orders wait")
    assert alarm.metric == "SQS ApproximateAgeOfOldestMessage"
    assert alarm.resources == (("QueueName", "orders"),)


def test_a_finding_of_guardduty_is_about_security_and_nothing_else_is() -> None:
    alarm = only(GUARDDUTY)
    assert alarm.security and alarm.state is State.EVENT
    assert alarm.reason == "Severity 8 of 10, seen 3 times"
    assert alarm.account == ACCOUNT
    others = [one for payload in ALL if payload is not GUARDDUTY for one in read_alarms(json.dumps(payload))]
    assert not any(one.security for one in others)


def test_a_health_event_is_read_in_english_and_is_over_when_it_is_closed() -> None:
    alarm = only(HEALTH)
    assert (alarm.summary, alarm.reason) == ("Connections fail", "RDS issue")
    assert alarm.resources == (("resource", "orders-db"),)
    assert only(HEALTH | {"detail": HEALTH["detail"] | {"statusCode": "closed"}}).state is State.OK


@pytest.mark.parametrize(
    ("state", "read"), [("FAILED", State.EVENT), ("ABORTED", State.EVENT), ("COMPLETED", State.OK)]
)
def test_a_job_of_any_service_says_how_it_ended(state: str, read: State) -> None:
    alarm = only(BACKUP | {"detail": BACKUP["detail"] | {"state": state}})
    assert (alarm.source, alarm.name) == ("Backup", "Backup Job State Change nightly")
    assert (alarm.state, alarm.reason, alarm.summary) == (read, f"nightly {state.lower()}", "Access denied")


def test_each_alert_of_alertmanager_is_one_alarm() -> None:
    first, second = read_alarms(json.dumps(ALERTMANAGER))
    assert (first.source, first.name, first.state) == ("Alertmanager", "HighErrors", State.FIRING)
    assert first.resources == (("instance", "web-1"),)
    assert first.link == "https://prometheus.example.com/graph"
    assert (second.name, second.state, second.at) == ("DiskFull", State.OK, "2026-11-22T03:00:00Z")


def test_grafana_is_told_from_alertmanager_and_its_missing_data_from_an_alarm() -> None:
    alarm = only(GRAFANA)
    assert (alarm.source, alarm.state) == ("Grafana", State.NO_DATA)
    assert alarm.reason == "[ var='A' value=12 ]"


def test_a_budget_is_read_from_json_and_from_text() -> None:
    assert only(ANOMALY).reason == "Impact $812.5"
    text = "Dear customer,\n\nYou asked for an alert.\n\nBudget Name: shop monthly\nBudget Type: Cost\n"
    alarm = only(by_sns(text, "AWS Budgets: shop monthly has exceeded your alert threshold"))
    assert (alarm.source, alarm.name) == ("AWS Budgets", "shop monthly")


def test_the_subject_of_a_text_says_what_is_in_alarm() -> None:
    alarm = only(by_sns("You are receiving this.", '\'OK: "disk-full" in EU (London)'))
    assert (alarm.name, alarm.state, alarm.region) == ("disk-full", State.OK, "eu-west-2")


def test_a_plain_text_is_an_event_and_over_where_it_says_so() -> None:
    worse = only(by_sns("Details", "Environment health has transitioned from Ok to Degraded"))
    better = only(by_sns("Details", "Environment health has transitioned from Degraded to Ok"))
    assert (worse.state, better.state) == (State.EVENT, State.OK)
    assert only("disk is full on web-1\nplease look").name == "disk is full on web-1"


def test_envelopes_in_one_another_are_opened() -> None:
    lambda_records = {"Records": [{"EventSource": "aws:sns", "Sns": by_sns(METRIC)}, {"Sns": by_sns(EVENT)}]}
    assert [one.name for one in read_alarms(json.dumps(lambda_records))] == ["checkout-5xx", "queue-age"]
    queue = {"Records": [{"messageId": "1", "body": json.dumps(by_sns(METRIC))}]}
    assert only(queue) == only(METRIC)


@pytest.mark.parametrize(
    ("delivered", "name"),
    [
        (json.dumps(METRIC)[:-1], "checkout-5xx"),
        (json.dumps(by_sns(METRIC))[:400], "checkout-5xx"),
        (json.dumps(by_sns(json.dumps(METRIC)[:90])), "checkout-5xx"),
        (json.dumps([ALERTMANAGER])[:200], "HighErrors"),
        (json.dumps(EVENT)[:60], "CloudWatch Alarm State Change"),
        ('{"AlarmNa', "An alarm"),
    ],
)
def test_an_alarm_that_is_cut_off_is_one_sentence_and_kept_as_text(delivered: str, name: str) -> None:
    alarm = only(delivered)
    assert (alarm.name, alarm.state, alarm.security) == (f"{name}: its message is cut off", State.EVENT, False)
    assert alarm.reason.startswith("Its JSON cannot be read. The ") and alarm.reason.endswith("are kept as text")
    assert alarm.summary.startswith(("{", "["))


def test_a_finding_that_is_cut_off_is_about_security() -> None:
    assert only(json.dumps(GUARDDUTY)[:80]).security and only(json.dumps(by_sns(GUARDDUTY))[:300]).security
    assert only(by_sns(json.dumps(METRIC)[:90], 'ALARM: "checkout-5xx" in EU (Frankfurt)')).name == "checkout-5xx"


def test_an_alarm_wrapped_without_end_ends() -> None:
    wrapped: Any = METRIC
    for _ in range(8):
        wrapped = by_sns(wrapped)
    assert len(read_alarms(json.dumps(wrapped))) == 1
    assert read_alarms("[" * 100_000), "too deep for JSON: read as a text"


def test_nothing_delivered_is_no_alarm() -> None:
    assert read_alarms("") == read_alarms(" \n") == read_alarms("[]") == ()


def test_unknown_json_is_read_by_the_names_that_are_usual() -> None:
    alarm = only({"title": "Disk full", "message": "web-1 has 1% left", "status": "resolved"})
    assert (alarm.name, alarm.summary, alarm.state) == ("Disk full", "web-1 has 1% left", State.OK)
    assert "host: web-1" in only({"host": "web-1", "used": 99}).summary


def test_long_texts_are_cut_and_what_cannot_be_stored_is_replaced() -> None:
    alarm = only(METRIC | {"AlarmDescription": "\0\ud800" + "x" * 200_000})
    assert len(alarm.summary) == LONGEST and alarm.summary.startswith("\ufffd\ufffdx")


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("US West - Oregon", "us-west-2"),
        ("US West (Oregon)", "us-west-2"),
        ("EU - Ireland", "eu-west-1"),
        ("US (Virginia)", "us-east-1"),
        ("AWS GovCloud (US-West)", "us-gov-west-1"),
        ("South America (São Paulo)", "sa-east-1"),
        ("ap-southeast-2", "ap-southeast-2"),
        ("Mars (Olympus)", "Mars (Olympus)"),
    ],
)
def test_regions_are_known_by_each_of_their_names(named: str, code: str) -> None:
    assert region_of(named) == code


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each part of a payload."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inside for place in places(one, (*path, key)))]


ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MUTATED = [(payload, place) for payload in ALL for place in places(payload) if place]


@settings(deadline=None, max_examples=300)
@given(some.sampled_from(MUTATED), ANYTHING, some.booleans(), some.integers(0, 3))
def test_whatever_stands_in_a_payload_it_is_read_and_can_be_shown(
    where: tuple[dict[str, Any], tuple[Any, ...]], anything: Any, missing: bool, wraps: int
) -> None:
    payload, (*path, last) = copy.deepcopy(where[0]), where[1]
    part: Any = payload
    for step in path:
        part = part[step]
    if missing:
        del part[last]
    else:
        part[last] = anything
    for _ in range(wraps):
        payload = by_sns(payload)
    for alarm in read_alarms(json.dumps(payload)):
        shown = Judged(alarm, Judgement(None, 0.5, (), None, "no row"), Outcome.ASK)
        assert alarm.name and "\0" not in alarm.words
        assert "\n".join(lines_of(shown)).encode() and json.dumps(record_of(shown))


@settings(deadline=None, max_examples=200)
@given(some.text() | ANYTHING.map(json.dumps) | some.sampled_from(ALL).map(lambda one: json.dumps(one)[:-7]))
def test_whatever_is_delivered_is_read(delivered: str) -> None:
    for alarm in read_alarms(delivered):
        assert alarm.words.encode() is not None
