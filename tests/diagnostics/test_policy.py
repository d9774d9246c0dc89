"""services.yaml: our names for what runs in AWS, and the accounts; mistakes are named with their line."""

from __future__ import annotations

import pytest

from bot.aws.accounts import Account, Aws
from bot.aws.session import Role
from bot.diagnostics.policy import DiagnosticsPolicy, load_services
from bot.diagnostics.rules.request import DiagnosisRequest
from bot.errors import BadRequest, InvalidPolicy
from tests.fixtures.policy import SHIPPED, PolicyFolder

ACCOUNTS = 'accounts:\n  prod: {number: "123456789012", region: eu-central-1, role: tocsin-read, external_id: shop}\n'
SERVICES = """services:
  checkout:
    account: prod
    owner: payments team
    resources: [lambda orders-api, "arn:aws:lambda:us-east-1:123456789012:function:pay:LIVE"]
    dashboards: [https://grafana.example.com/d/checkout]
"""


def written(folder: PolicyFolder, accounts: str = ACCOUNTS, services: str = SERVICES) -> DiagnosticsPolicy:
    folder.edit("services.yaml", "accounts: {}\n", accounts)
    return load_services(folder.edit("services.yaml", "services: {}\n", services))


def test_what_ships_names_no_account_and_no_service() -> None:
    shipped = load_services(SHIPPED / "services.yaml")
    assert (shipped.budget, shipped.call, shipped.accounts, shipped.services) == (20.0, 5.0, {}, {})


def test_prices_are_read_and_a_region_that_is_not_named_costs_more_than_those(
    policy_folder: PolicyFolder,
) -> None:
    prices = load_services(SHIPPED / "services.yaml").insights
    assert prices.of("us-east-1") == 0.005 and prices.as_of is not None
    assert prices.of("mx-central-1") == prices.default >= max(prices.regions.values())
    edited = policy_folder.edit("services.yaml", "us-east-1: 0.005", "us-east-1: free")
    with pytest.raises(InvalidPolicy, match=r'services\.yaml:\d+: .*"free" is not a price'):
        load_services(edited)
    edited = policy_folder.edit("services.yaml", "us-east-1: free", "virginia: 0.005")
    with pytest.raises(InvalidPolicy, match=r'services\.yaml:\d+: .*"virginia" is not a region'):
        load_services(edited)


def test_without_the_file_the_account_of_the_credentials_is_read(policy_folder: PolicyFolder) -> None:
    (policy_folder.path / "services.yaml").unlink()
    assert load_services(policy_folder.path / "services.yaml") == DiagnosticsPolicy()


def test_services_and_accounts_are_read(policy_folder: PolicyFolder) -> None:
    policy = written(policy_folder)
    role = Role("arn:aws:iam::123456789012:role/tocsin-read", "shop")
    assert policy.accounts == {"prod": Account("eu-central-1", "123456789012", role)}
    service = policy.find_service("Checkout")
    assert service is not None and service.owner == "payments team"
    assert service.resources == (
        DiagnosisRequest("orders-api", "lambda", account="prod"),
        DiagnosisRequest("pay", "lambda", "LIVE", account="prod", region="us-east-1", account_id="123456789012"),
    )


def test_partitions_of_china_and_of_the_government_have_their_own_roles(policy_folder: PolicyFolder) -> None:
    accounts = (
        'accounts:\n  cn: {number: "123456789012", region: cn-north-1, role: r}\n'
        '  gov: {number: "123456789012", region: us-gov-west-1, role: r}\n'
    )
    policy = written(policy_folder, accounts, "services: {}\n")
    arns = [account.role.arn.split(":")[1] for account in policy.accounts.values() if account.role]
    assert arns == ["aws-cn", "aws-us-gov"]


@pytest.mark.parametrize(
    ("accounts", "services", "says"),
    [
        ("accounts:\n  prod: {number: 12345}\n", "services: {}\n", "is not the twelve digits"),
        ("accounts:\n  prod: {region: Frankfurt}\n", "services: {}\n", '"Frankfurt" is not a region'),
        ("accounts:\n  prod: {role: tocsin}\n", "services: {}\n", "add the account's `number`"),
        ("accounts:\n  prod: {rolle: tocsin}\n", "services: {}\n", 'Did you mean "role"?'),
        (ACCOUNTS, "services:\n  a: {resources: []}\n", "name 1 to 10 resources"),
        (ACCOUNTS, "services:\n  a: {resources: [lamda x]}\n", '"lamda" is not a service that can be diagnosed'),
        (ACCOUNTS, "services:\n  a: {resources: [lambda x y z]}\n", "Type one service and one name"),
        (ACCOUNTS, "services:\n  a: {account: prd, resources: [lambda x]}\n", 'Did you mean "prod"?'),
        (ACCOUNTS, "services:\n  a: {resources: [lambda x], dashboards: [grafana]}\n", '"grafana" is not an address'),
    ],
)
def test_a_mistake_is_named_with_its_line(policy_folder: PolicyFolder, accounts: str, services: str, says: str) -> None:
    with pytest.raises(InvalidPolicy, match=r"^knowledge/policy/services\.yaml:\d+: ") as refused:
        written(policy_folder, accounts, services)
    assert says in str(refused.value)


def test_an_account_that_is_not_configured_gets_those_that_are() -> None:
    aws = Aws("eu-central-1", {"prod": Account(), "stage": Account(region="us-east-1")})
    with pytest.raises(BadRequest, match=r"dev isn't a configured account\. Type --account prod or --account stage"):
        aws.reader(1.0, "dev")
    assert aws.reader(1.0, "stage").region == "us-east-1"
    assert aws.reader(1.0, "Prod", "eu-west-1").region == "eu-west-1"
