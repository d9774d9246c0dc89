"""docs/alarms.md: its configurations are read as their programs read them, and what they send is taken in."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot.alarms.policy.file import AlarmsPolicy, load_alarms
from bot.alarms.rules.alarm import State
from bot.alarms.rules.reading import LARGEST
from bot.aws.queues import alarm_queue
from bot.playbooks.checks.commands import CommandChecker
from bot.playbooks.checks.finding import Effect
from bot.settings import REPOSITORY
from tests.diagnostics.account import REGION, client, played

PAGE = (REPOSITORY / "docs" / "alarms.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def policy(folder: Path) -> AlarmsPolicy:
    path = folder / "alarms.yaml"
    path.write_text(blocks("yaml")[0], encoding="utf-8")
    return load_alarms(path)


def test_the_configurations_deliver_to_the_addresses_that_the_policy_names(tmp_path: Path) -> None:
    _, alertmanager, grafana, _ = map(yaml.safe_load, blocks("yaml"))
    (sender,) = alertmanager["receivers"][0]["webhook_configs"]
    contact = grafana["contactPoints"][0]["receivers"][0]
    addresses = [sender["url"], contact["settings"]["url"]]
    assert alertmanager["route"]["receiver"] == alertmanager["receivers"][0]["name"]
    assert [urlsplit(one).path for one in addresses] == ["/alarms/alertmanager", "/alarms/grafana"]
    assert {"alertmanager", "grafana"} <= policy(tmp_path).webhooks.keys()
    assert (sender["http_config"]["authorization"]["type"], sender["send_resolved"]) == ("Bearer", True)
    assert contact["settings"]["authorization_scheme"] == "Bearer" and contact["disableResolveMessage"] is False
    assert (
        contact["settings"]["authorization_credentials"].removeprefix("$") == policy(tmp_path).webhooks["grafana"].token
    )


def test_the_delivery_by_hand_fits_the_mapping(tmp_path: Path) -> None:
    (command,) = blocks("sh")
    typed = shlex.split(command)
    address, sent = typed[1], json.loads(typed[typed.index("--data") + 1])
    name = urlsplit(address).path.removeprefix("/alarms/webhook/")
    webhook = policy(tmp_path).webhooks[name]
    assert f"${webhook.token}" in command and webhook.map is not None
    (alarm,) = webhook.map.read(name, sent)
    assert (alarm.name, alarm.state, alarm.identity) == ("Shop front page", State.FIRING, "7")
    assert all((alarm.summary, alarm.link))
    up: dict[str, Any] = {"check": sent["check"] | {"status": "up"}}
    assert webhook.map.read(name, up)[0].state is State.OK


def test_the_commands_for_aws_are_those_of_its_command_line() -> None:
    scripts = blocks("bash")
    assert len(scripts) == 3
    for script in scripts:
        effect, findings = CommandChecker().read("bash", script)
        assert [finding.problem.text for finding in findings] == []
        assert effect is Effect.CHANGES


def test_the_queue_of_the_page_takes_what_its_topic_and_rule_send() -> None:
    (attributes,) = (json.loads(block) for block in blocks("json"))
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    named = set(re.findall(r"arn:aws:[\w:/-]+", "\n".join(blocks("bash"))))
    topic, queue = "arn:aws:sns:eu-central-1:123456789012:tocsin-alarms", statement["Resource"]
    assert {topic, queue} == named
    assert topic in statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert statement["Principal"]["Service"] == ["sns.amazonaws.com", "events.amazonaws.com"]
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == f"{queue}-dead"
    with played():
        client("sqs").create_queue(QueueName="tocsin-alarms-dead")
        url = client("sqs").create_queue(QueueName="tocsin-alarms", Attributes=attributes)["QueueUrl"]
        assert alarm_queue(url, REGION).arn == queue


def test_the_topic_of_the_page_is_one_that_the_policy_takes() -> None:
    written = yaml.safe_load(blocks("yaml")[3])
    (topic,) = AlarmsPolicy.model_validate(written).topics
    assert topic in "".join(blocks("bash"))


def test_the_page_says_the_bounds_that_hold() -> None:
    assert f"{LARGEST // 1024} kB" in PAGE
    assert AlarmsPolicy.model_fields.keys() <= set(re.findall(r"\w+", PAGE)) | {"security_severity", "rules"}
