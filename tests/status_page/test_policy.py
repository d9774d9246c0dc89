"""Components of services.yaml and status_page.yaml: what is public, in which order, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.diagnostics.policy import DiagnosticsPolicy, load_services
from bot.errors import InvalidPolicy
from bot.status_page.policy import StatusPagePolicy, components, load_status_page
from tests.fixtures.policy import SHIPPED, PolicyFolder

SERVICES = """services:
  orders: {resources: [lambda orders-api], public: {name: Checkout, group: Shop, order: 2}}
  inside: {resources: [lambda ledger]}
  web: {public: {name: Website}}
  pay: {public: {name: Payments, group: Shop, order: 1, about: Cards}}
"""


def of(folder: PolicyFolder, services: str) -> DiagnosticsPolicy:
    return load_services(folder.edit("services.yaml", "services: {}\n", services))


def test_public_services_are_the_components_group_by_group_in_their_order(policy_folder: PolicyFolder) -> None:
    found = components(of(policy_folder, SERVICES))
    assert [(one.key, one.name, one.group) for one in found] == [
        ("pay", "Payments", "Shop"),
        ("orders", "Checkout", "Shop"),
        ("web", "Website", None),
    ]
    assert len({one.component_id for one in found}) == 3


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("{public: {}}", "name"),
        ("{public: {name: A, order: first}}", "is not a whole number from 0 to 9999"),
        ("{public: {name: A, gruop: B}}", 'Did you mean "group"?'),
        ("{public: {name: " + "A" * 76 + "}}", "at most 75 characters"),
        ("{owner: payments team}", "or say under `public` what the status page shows"),
    ],
)
def test_a_mistake_in_what_is_public_is_named_with_its_line(
    policy_folder: PolicyFolder, service: str, says: str
) -> None:
    with pytest.raises(InvalidPolicy, match=r"^knowledge/policy/services\.yaml:\d+: ") as refused:
        of(policy_folder, f"services:\n  a: {service}\n")
    assert says in str(refused.value)


def test_the_page_has_a_title_and_may_have_the_rest(policy_folder: PolicyFolder, tmp_path: Path) -> None:
    assert load_status_page(SHIPPED / "status_page.yaml") == StatusPagePolicy("Service status")
    assert load_status_page(tmp_path / "none.yaml") == StatusPagePolicy("Status")
    for line in ("contact: help@example.com", "address: status.example.com"):
        key = line.partition(":")[0]
        file = policy_folder.edit("status_page.yaml", f"\n{key}:\n", f"\n{line}\n")
        with pytest.raises(InvalidPolicy, match=r"is neither an address|is not an address"):
            load_status_page(file)
        policy_folder.edit("status_page.yaml", f"\n{line}\n", f"\n{key}:\n")
