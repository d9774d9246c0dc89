"""Placeholders in commands: which ones there are, and what is known for them."""

from __future__ import annotations

import pytest

from bot.errors import BadRequest
from bot.playbooks.rules import placeholders
from bot.playbooks.rules.placeholders import fill, find, guess, key_of, known_values, read_services, read_values


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("aws lambda get-function --function-name {function}", ["function"]),
        ("aws lambda get-function --function-name <function-name>", ["function-name"]),
        ("kubectl -n {{ namespace }} rollout undo deploy/{{service}}", ["namespace", "service"]),
        (
            "aws logs tail /aws/lambda/{function} && aws lambda get-function --function-name <FunctionName>",
            ["function"],
        ),
        ('--filter-pattern "{ $.sourceIPAddress = \\"{ip_address}\\" }"', ["ip_address"]),
        ("s3://{bucket}/ --region {region}", ["bucket", "region"]),
        ("echo ${ROLE_ARN} $ROLE_NAME", []),
        ("cat <<EOF\nhello\nEOF", []),
        ("docker inspect --format '{{.State.Status}}' {{container}}", ["container"]),
        ("awk '{print}' log | jq '{a: .b}'", []),
        ("kubectl get pods -o jsonpath='{.items[*].metadata.name}'", []),
        ('{"Version": "2012-10-17", "Resource": "arn:aws:s3:::{bucket}/*"}', ["bucket"]),
        ("SELECT 1 WHERE a < b AND c > d", []),
        ("f(){ ls; }; f", []),
        ("", []),
    ],
)
def test_placeholders_are_found_and_a_shells_own_braces_are_not(command: str, names: list[str]) -> None:
    assert [key_of(name) for name in find(command)] == [key_of(name) for name in names]


def test_code_in_a_programming_language_has_placeholders_only_where_the_prose_names_them() -> None:
    assert find('print(f"{name}")', "python") == []
    assert find('print(f"{name}")', "python", "`{name}` is the user") == ["name"]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("function-name", "function"),
        ("FunctionName", "function"),
        ("lambda_name", "function"),
        ("DBInstanceIdentifier", "db_instance"),
        ("db_instance", "db_instance"),
        ("asg", "auto_scaling_group"),
        ("AutoScalingGroupName", "auto_scaling_group"),
        ("instance_id", "instance"),
        ("InstanceId", "instance"),
        ("role_arn", "role_arn"),
        ("service name", "service"),
        ("name", "name"),
        ("id", "id"),
    ],
)
def test_one_thing_has_one_key_however_it_is_written(written: str, key: str) -> None:
    assert key_of(written) == key


def test_filling_puts_in_what_is_known_and_leaves_the_rest_as_it_is_written() -> None:
    command = "aws rds modify-db-instance --db-instance-identifier {db_instance} --class <db-class> {{ db_instance }}"
    assert fill(command, {"db_instance": "orders-db"}) == (
        "aws rds modify-db-instance --db-instance-identifier orders-db --class <db-class> orders-db"
    )


def test_values_are_read_from_dimensions_and_arns_and_nothing_that_a_shell_would_run() -> None:
    found = read_values(
        [
            "Alarm: FunctionName: orders-api, Region = eu-west-1",
            '{"Dimensions": [{"name": "DBInstanceIdentifier", "value": "orders-db"}]}',
            "AccessDenied on arn:aws:dynamodb:eu-west-1:123456789012:table/birthday-users/index/by-day",
            "arn:aws:s3:::mail-templates/a.html arn:aws:lambda:eu-west-1:123456789012:function:orders-api:LIVE",
            "QueueName: $(rm -rf /) TopicName: ;reboot",
        ]
    )
    assert found == {
        "function": "orders-api",
        "region": "eu-west-1",
        "db_instance": "orders-db",
        "account": "123456789012",
        "table": "birthday-users",
        "bucket": "mail-templates",
    }


def test_where_several_are_named_none_is_taken() -> None:
    texts = ["arn:aws:lambda:eu-west-1:123456789012:function:orders-api", "FunctionName: mailer, Region: eu-west-1"]
    assert read_values(texts) == {"region": "eu-west-1", "account": "123456789012"}


def test_services_are_read_from_labelled_notes() -> None:
    notes = ["services: orders-api, orders-db", "rolled back", "Services affected: checkout\nsearch."]
    assert read_services(notes) == ("orders-api", "orders-db", "checkout", "search")
    assert read_services(["services: a; rm -rf /, ok"]) == ("ok",)


@pytest.mark.parametrize(
    ("key", "services", "name"),
    [
        ("db_instance", ["orders-api", "orders-db"], "orders-db"),
        ("function", ["orders-api", "orders-db"], "orders-api"),
        ("service", ["orders-api", "orders-db"], "orders-api"),
        ("service", ["orders-db"], "orders-db"),
        ("function", ["orders-api", "checkout"], None),  # two could be meant: nothing is guessed
        ("bucket", ["orders-api"], None),
        ("cache_cluster", ["sessions-redis", "orders-api"], "sessions-redis"),
    ],
)
def test_a_service_is_guessed_only_where_one_can_be_meant(key: str, services: list[str], name: str | None) -> None:
    assert guess(key, services) == name


def test_an_answer_counts_before_an_alarm_and_an_alarm_before_the_services() -> None:
    texts, notes = ["FunctionName: from-alarm"], ["services: from-services"]
    keys = ["function", "service", "region"]
    known = known_values(keys, {"function": "typed"}, texts, notes)
    assert {key: (one.value, one.origin) for key, one in known.items()} == {
        "function": ("typed", placeholders.ANSWERED),
        "service": ("from-services", placeholders.FROM_SERVICES),
    }
    assert known_values(keys, {}, texts, notes)["function"].value == "from-alarm"


@pytest.mark.parametrize("value", ["a; rm -rf /", "$(id)", "`id`", "a|b", "a\nb", "a>b", "'x'", "x" * 201])
def test_a_value_that_a_shell_would_run_is_refused_with_what_it_may_hold(value: str) -> None:
    with pytest.raises(BadRequest, match=r"The value of bucket goes into commands as it is\. It may hold"):
        placeholders.check("bucket", value)


@pytest.mark.parametrize("value", ["orders-api", "192.0.2.1/32,203.0.113.0/24", "db.r5.2xlarge", "$ROLE", "Größe", ""])
def test_ordinary_values_are_taken(value: str) -> None:
    assert placeholders.check("x", f" {value} ") == value
