"""knowledge/policy/services.yaml → the accounts that may be read, and our names for what runs in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.aws.accounts import Account
from bot.aws.operations import partition_of
from bot.aws.session import Role
from bot.diagnostics.rules.prices import HIGHEST, InsightsPrices
from bot.diagnostics.rules.request import WORDS, DiagnosisRequest, parse
from bot.errors import BadRequest
from bot.policy.loading import PolicyModel, Problem, load, refuse_at
from bot.policy.values import ANY_TEXT, Day, Many, Text, Typed, did_you_mean, must

_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_NAME = re.compile(r"[\w+=,.@/-]{1,128}")
_NUMBER = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_MOST = 10  # resources of one service: each is a diagnosis of its own
_LONGEST_NAME = 75  # characters of a component's name, which a form must show


@dataclass(frozen=True, slots=True)
class PublicComponent:
    """What the status page calls a service. Those of one group stand together; `order` counts within it."""

    name: str
    group: str | None = None
    order: int = 0
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What one of our names stands for: the resources to look at, in order, and whose they are.

    Without `public` it is not on the status page.
    """

    name: str
    resources: tuple[DiagnosisRequest, ...]
    owner: str | None = None
    dashboards: tuple[str, ...] = ()
    public: PublicComponent | None = None


@dataclass(frozen=True, slots=True)
class DiagnosticsPolicy:
    """`budget` and `call` in seconds. Accounts and services by their names."""

    budget: float = 20.0
    call: float = 5.0
    accounts: Mapping[str, Account] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)
    insights: InsightsPrices = field(default_factory=InsightsPrices)

    def find_service(self, name: str) -> Service | None:
        """The service of that name, whatever its case."""
        return next((one for one in self.services.values() if one.name.lower() == name.lower()), None)


def _region(typed: str) -> str:
    if not _REGION.fullmatch(typed):
        raise ValueError(f'"{typed}" is not a region such as eu-central-1.')
    return typed


def _number(typed: str) -> str:
    if not _NUMBER.fullmatch(typed):
        raise ValueError(f'"{typed}" is not the twelve digits of an account. Write them in quotes.')
    return typed


def _role(typed: str) -> str:
    if not _ROLE.fullmatch(typed) and not _NAME.fullmatch(typed):
        raise ValueError(f'"{typed}" is neither the name of a role nor its ARN.')
    return typed


def _resource(typed: str) -> DiagnosisRequest:
    """`lambda orders-api`, or an ARN."""
    try:
        asked = parse(typed)
    except BadRequest as error:
        raise ValueError(str(error)) from None
    if asked.service not in WORDS:
        word = asked.service or asked.name
        raise ValueError(f'"{word}" is not a service that can be diagnosed.{did_you_mean(word, WORDS)}')
    return asked


def _address(typed: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>|]+", typed):
        raise ValueError(f'"{typed}" is not an address such as https://grafana.example.com/d/checkout.')
    return typed


def _seconds(low: int, high: int) -> Typed:
    def read(typed: str) -> float:
        if typed.isdecimal() and low <= int(typed) <= high:
            return float(typed)
        raise ValueError(f'"{typed}" is not a whole number of seconds from {low} to {high}.')

    return Typed(read, {"type": "integer", "minimum": low, "maximum": high})


def _or_none(value: object) -> object:
    return {} if value is None else value


Region = Annotated[str, Typed(_region, {"type": "string", "pattern": f"^{_REGION.pattern}$"})]


def _price(typed: str) -> float:
    if not re.fullmatch(r"0?\.[0-9]{1,6}|[0-9](\.[0-9]{1,6})?", typed):
        raise ValueError(f'"{typed}" is not a price in US dollars for a GB such as 0.005.')
    return float(typed)


Price = Annotated[float, Typed(_price, {"type": "number", "minimum": 0, "exclusiveMaximum": 10})]


class InsightsPricesModel(PolicyModel):
    """What Logs Insights costs for each GB that it scans, by region, as AWS published it on a day."""

    as_of: Day | None = None
    default: Price = HIGHEST
    regions: dict[Region, Price] = Field(default_factory=dict)

    def prices(self) -> InsightsPrices:
        return InsightsPrices(self.regions, self.default, self.as_of)


class AccountModel(PolicyModel):
    """An account that is read; with `role`, by assuming that."""

    number: Annotated[str, Typed(_number, {"type": "string", "pattern": "^[0-9]{12}$"})] | None = None
    region: Region | None = None
    role: Annotated[str, Typed(_role, ANY_TEXT)] | None = None
    external_id: Text | None = None

    @model_validator(mode="after")
    def _role_is_whole(self) -> Self:
        if self.role and not _ROLE.fullmatch(self.role) and self.number is None:
            refuse_at([(("role",), "add the account's `number`, or write the whole ARN of the role.")])
        return self

    def account(self) -> Account:
        """With the whole ARN of the role."""
        role = self.role
        if role and not _ROLE.fullmatch(role):
            role = f"arn:{partition_of(self.region or '')}:iam::{self.number}:role/{role}"
        return Account(self.region, self.number, Role(role, self.external_id) if role else None)


def _order(typed: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", typed):
        raise ValueError(f'"{typed}" is not a whole number from 0 to 9999.')
    return int(typed)


class PublicModel(PolicyModel):
    """What the status page calls a service, and where it stands there."""

    name: Annotated[Text, must(lambda name: len(name) <= _LONGEST_NAME, f"at most {_LONGEST_NAME} characters.")]
    group: Text | None = None
    order: Annotated[int, Typed(_order, {"type": "integer", "minimum": 0, "maximum": 9999})] = 0
    about: Text | None = None

    def component(self) -> PublicComponent:
        return PublicComponent(self.name, self.group, self.order, self.about)


class ServiceModel(PolicyModel):
    """What one of our names stands for: resources in AWS, a component of the status page, or both."""

    resources: Annotated[
        Many[Annotated[DiagnosisRequest, Typed(_resource, ANY_TEXT)]],
        must(lambda listed: len(listed) <= _MOST, f"name at most {_MOST} resources."),
    ] = ()
    public: PublicModel | None = None
    account: Text | None = None
    region: Region | None = None
    owner: Text | None = None
    dashboards: Many[Annotated[str, Typed(_address, {"type": "string", "pattern": "^https?://"})]] = ()

    @model_validator(mode="after")
    def _stands_for_something(self) -> Self:
        if not self.resources and self.public is None:
            refuse_at(
                [(("resources",), f"name 1 to {_MOST} resources, or say under `public` what the status page shows.")]
            )
        return self

    def service(self, name: str) -> Service:
        """With account and region on each resource."""
        resources = tuple(
            replace(one, account=self.account, region=one.region or self.region) for one in self.resources
        )
        public = self.public.component() if self.public else None
        return Service(name, resources, self.owner, self.dashboards, public)


class ServicesFile(PolicyModel):
    """What may be diagnosed in AWS, and our names for it."""

    budget: Annotated[float, _seconds(5, 120)]
    call: Annotated[float, _seconds(1, 60)]
    insights_prices: InsightsPricesModel = Field(default_factory=InsightsPricesModel)
    accounts: Annotated[
        dict[str, AccountModel],
        BeforeValidator(_or_none, json_schema_input_type=dict[str, AccountModel] | None),
    ] = Field(default_factory=dict)
    services: Annotated[
        dict[str, ServiceModel],
        BeforeValidator(_or_none, json_schema_input_type=dict[str, ServiceModel] | None),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems: list[Problem] = []
        if self.call > self.budget:
            sentence = f"one call may not take longer than the budget of {self.budget:g} s."
            problems.append((("call",), sentence))
        for name, service in self.services.items():
            if service.account is not None and service.account not in self.accounts:
                known = did_you_mean(service.account, self.accounts) if self.accounts else " Add it under `accounts`."
                sentence = f'unknown account "{service.account}".{known}'
                problems.append((("services", name, "account"), sentence))
        refuse_at(problems)
        return self


def load_services(path: Path) -> DiagnosticsPolicy:
    """The policy that the file describes; without it, Tocsin's own account. Raises InvalidPolicy with the line."""
    if not path.exists():
        return DiagnosticsPolicy()
    file = load(path, ServicesFile)
    accounts = {name: model.account() for name, model in file.accounts.items()}
    services = {name: model.service(name) for name, model in file.services.items()}
    return DiagnosticsPolicy(file.budget, file.call, accounts, services, file.insights_prices.prices())
