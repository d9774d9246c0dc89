"""knowledge/policy/alarms.yaml → how alarms are treated, and who may deliver them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.alarms.policy.mapping import MappingModel
from bot.alarms.rules.alarm import Alarm
from bot.alarms.rules.treatment import QuietHours, Treatment, fits
from bot.policy.loading import PolicyModel, Problem, load, refuse_at
from bot.policy.values import TIME_PATTERN, Duration, Flag, Many, Text, Typed, one_of, time_of_day
from bot.severity.rules import Severity

ALERTMANAGER, GRAFANA = "alertmanager", "grafana"  # whose shape is known; others need a mapping
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,80}")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}([.]fifo)?")
_NO_DATA = ("ignore", "note", "alarm")


def _quiet(typed: str) -> QuietHours:
    begins, _, ends = typed.partition("-")
    hours = QuietHours(time_of_day(begins.strip()), time_of_day(ends.strip()))
    if hours.begins == hours.ends:
        raise ValueError(f'"{typed}" begins and ends at the same time. Write for example 22:00-06:00.')
    return hours


def _variable(typed: str) -> str:
    if not _VARIABLE.fullmatch(typed):
        raise ValueError(
            f'"{typed[:4]}…" is not the name of an environment variable such as TOCSIN_ALERTMANAGER_TOKEN.'
            " The token itself does not belong in this file."
        )
    return typed


def _topic(typed: str) -> str:
    if not _TOPIC.fullmatch(typed):
        raise ValueError(f'"{typed}" is not the ARN of a topic such as arn:aws:sns:eu-central-1:123456789012:alarms.')
    return typed


def _count(typed: str) -> int:
    if not typed.isdecimal() or not 2 <= int(typed) <= 1000:
        raise ValueError(f'"{typed}" is not a number from 2 to 1000.')
    return int(typed)


def _or_none(value: object) -> object:
    return {} if value is None else value


_Severity = Annotated[Severity, one_of(tuple(Severity), Severity)]
_Quiet = Annotated[
    QuietHours,
    Typed(_quiet, {"type": "string", "pattern": f"^{TIME_PATTERN} *- *{TIME_PATTERN}$", "examples": ["22:00-06:00"]}),
]
_NoData = Annotated[str, one_of(_NO_DATA)]


class RuleModel(PolicyModel):
    """Alarms that are treated alike. What is left out fits any; the first rule that fits an alarm counts."""

    names: Many[Text] = ()  # with * and ?, whatever the case
    sources: Many[Text] = ()
    accounts: Many[Text] = ()
    severity: _Severity | None = None
    declare: Flag = False
    ignore: Flag = False
    service: Text | None = None
    owner: Text | None = None
    quiet: _Quiet | None = None
    no_data: _NoData | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems: list[Problem] = []
        if not (self.names or self.sources or self.accounts):
            problems.append(((), "say which alarms: add `names`, `sources` or `accounts`."))
        if self.declare and self.severity is None:
            problems.append((("declare",), "what declares by itself needs a `severity`."))
        if self.ignore and (self.declare or self.severity):
            problems.append((("ignore",), "what is ignored has no `severity` and declares nothing."))
        refuse_at(problems)
        return self

    def fits(self, alarm: Alarm) -> bool:
        """Whether this is one of them."""
        return fits(self.names, alarm.name) and fits(self.sources, alarm.source) and fits(self.accounts, alarm.account)


class StormModel(PolicyModel):
    """How many new alarms within how long are one message, in place of a thread for each."""

    alarms: Annotated[int, Typed(_count, {"type": "integer", "minimum": 2, "maximum": 1000})] = 20
    within: Duration = timedelta(minutes=1)


class WebhookModel(PolicyModel):
    """Who delivers to /alarms/… The token is in the environment variable of that name."""

    token: Annotated[str, Typed(_variable, {"type": "string", "pattern": f"^{_VARIABLE.pattern}$"})]
    map: MappingModel | None = None


class AlarmsPolicy(PolicyModel):
    """How alarms are treated, and who may deliver them over HTTP."""

    same_within: Duration = timedelta(hours=6)  # fires again after a longer quiet: another thread
    storm: StormModel = Field(default_factory=StormModel)
    no_data: _NoData = "note"
    security_severity: _Severity = Severity.P1
    rules: tuple[RuleModel, ...] = ()
    webhooks: Annotated[
        dict[str, WebhookModel],
        BeforeValidator(_or_none, json_schema_input_type=dict[str, WebhookModel] | None),
    ] = Field(default_factory=dict)
    topics: Many[Annotated[str, Typed(_topic, {"type": "string", "pattern": f"^{_TOPIC.pattern}$"})]] = ()

    @model_validator(mode="after")
    def _webhooks_are_whole(self) -> Self:
        problems: list[Problem] = []
        for name, webhook in self.webhooks.items():
            known = name in (ALERTMANAGER, GRAFANA)
            if not _NAME.fullmatch(name):
                sentence = f'"{name}" cannot stand in an address. Use a-z, 0-9 and hyphens.'
                problems.append((("webhooks", name), sentence))
            elif known and webhook.map is not None:
                problems.append((("webhooks", name, "map"), f"the JSON of {name} is known; remove the mapping."))
            elif not known and webhook.map is None:
                problems.append((("webhooks", name), "add a `map` that says where the name of an alarm stands."))
        refuse_at(problems)
        return self

    def treatment(self, alarm: Alarm) -> Treatment:
        """What is to be done about an alarm."""
        rule = next((one for one in self.rules if one.fits(alarm)), None)
        severity = rule.severity if rule else None
        if alarm.security:
            severity = severity or alarm.rated or self.security_severity
        return Treatment(
            severity=severity,
            declares=alarm.security or (rule is not None and rule.declare),
            ignored=rule is not None and rule.ignore,
            service=rule.service or "" if rule else "",
            owner=rule.owner or "" if rule else "",
            quiet=rule.quiet if rule and not alarm.security else None,
            no_data=(rule.no_data if rule else None) or self.no_data,
        )

    @property
    def token_variables(self) -> Mapping[str, str]:
        """By the name of a webhook: the environment variable that holds its token."""
        return {name: webhook.token for name, webhook in self.webhooks.items()}


def load_alarms(path: Path) -> AlarmsPolicy:
    """The policy that the file describes; without the file, the defaults. Raises InvalidPolicy with the line."""
    return load(path, AlarmsPolicy) if path.exists() else AlarmsPolicy()
