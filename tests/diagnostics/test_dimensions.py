"""Resources that alarms name by dimensions are offered, in the account and region of the alarm."""

from __future__ import annotations

from bot.alarms.messages.post import words
from bot.alarms.messages.texts import details
from bot.alarms.tables import AlarmRow
from bot.diagnostics.checks.asking import targets
from bot.diagnostics.flows import find_offer, offers
from bot.diagnostics.policy import DiagnosticsPolicy, Service
from bot.diagnostics.rules.dimensions import SERVICES, named
from bot.diagnostics.rules.request import WORDS, DiagnosisRequest
from bot.text.markup import plain_text

RESOURCES = [
    {"kind": "FunctionName", "name": "orders-api"},
    {"kind": "LoadBalancer", "name": "app/shop/50dc6c495c0c9188"},
    {"kind": "Stage", "name": "prod"},
]
ALARM = AlarmRow(
    source="CloudWatch", name="errors", summary="", metric="Lambda Errors > 1", reason="", service="",
    account="111122223333", region="eu-west-1", resources=RESOURCES,
)  # fmt: skip


def test_what_an_alarm_says_names_its_resources_in_the_thread_and_on_the_timeline() -> None:
    where = {"region": "eu-west-1", "account_id": "111122223333"}
    for said in (words(ALARM), details(ALARM)):
        assert named(plain_text(said)) == (
            DiagnosisRequest("orders-api", "lambda", **where),
            DiagnosisRequest("shop", "alb", **where),
        )


def test_every_service_of_a_dimension_can_be_diagnosed() -> None:
    assert set(SERVICES.values()) <= set(WORDS)


def test_a_resource_of_the_policy_is_offered_once_and_others_while_they_are_named() -> None:
    ours = DiagnosisRequest("orders-api", "lambda", account="prod")
    policy = DiagnosticsPolicy(services={"orders": Service("orders", (ours,))})
    said = "FunctionName orders-api; TableName carts. Nothing like xFunctionName y"
    assert offers(said, policy) == (ours, DiagnosisRequest("carts", "dynamodb"))
    assert find_offer(policy, "dynamodb", "carts", said) == DiagnosisRequest("carts", "dynamodb")
    assert find_offer(policy, "dynamodb", "carts", "another report") is None
    assert targets(DiagnosisRequest("carts", "dynamodb"), policy)
