"""Trying permissions: every operation is asked with the least input, and denials are collected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.aws.accounts import Aws
from bot.aws.operations import DIAGNOSTICS
from bot.aws.permissions import missing_permissions, smallest_input
from bot.aws.reading import Unread
from tests.diagnostics.account import REGION, played, refuse

OPERATIONS = [(service, name) for service, names in sorted(DIAGNOSTICS.operations.items()) for name in sorted(names)]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with played():
        yield Aws(REGION)


def answering(aws: Aws, **codes: str) -> None:
    """Have AWS answer each operation that there is no such thing, or with these codes."""
    for service, name in OPERATIONS:
        refuse(aws.client(service), name, codes.get(name, "ResourceNotFoundException"))


def test_denied_operations_are_named_by_their_actions(aws: Aws) -> None:
    answering(
        aws, ListAliases="AccessDeniedException", ListBuckets="AccessDenied", DescribeSubnets="UnauthorizedOperation"
    )
    missing, tried = missing_permissions(aws.reader(60), aws.client, DIAGNOSTICS)
    assert missing == ["ec2:DescribeSubnets", "lambda:ListAliases", "s3:ListAllMyBuckets"]
    assert tried == len(OPERATIONS)


def test_where_nothing_is_denied_nothing_is_missing(aws: Aws) -> None:
    answering(aws, DescribeInstances="DryRunOperation")
    assert missing_permissions(aws.reader(60), aws.client, DIAGNOSTICS) == ([], len(OPERATIONS))


def test_credentials_that_have_expired_are_no_missing_permission(aws: Aws) -> None:
    answering(aws, ListAliases="ExpiredTokenException")
    with pytest.raises(Unread, match="have expired"):
        missing_permissions(aws.reader(60), aws.client, DIAGNOSTICS)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_the_least_input_is_valid_by_aws_own_model(service: str, operation: str) -> None:
    from botocore.validate import ParamValidator

    client = Aws(REGION).client(service)
    shape = client.meta.service_model.operation_model(operation).input_shape
    if shape is not None:
        report = ParamValidator().validate(smallest_input(client, service, operation), shape)
        assert not report.has_errors(), report.generate_report()
