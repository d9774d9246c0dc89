"""Doctor's look at AWS: whose credentials these are, and which permissions they lack."""

from __future__ import annotations

from collections.abc import Iterator

from bot.aws.operations import DIAGNOSTICS
from bot.aws.permissions import missing_permissions
from bot.aws.reading import Unread
from bot.errors import InvalidSettings
from bot.wiring.doctor.findings import Finding, Known, State
from bot.wiring.service import build_aws

_BUDGET = 30.0  # seconds; a person waits for the answer
_FIX = "Attach what `tocsin aws policy` prints to Tocsin's user or role."


def aws(known: Known) -> Iterator[Finding]:
    """The account of Tocsin's own credentials, and each account of services.yaml."""
    if known.settings.aws_region is None:
        yield Finding("aws", State.OK, "not configured (AWS_REGION is not set): nothing calls AWS")
        return
    if known.policy is None:
        yield Finding("aws", State.UNKNOWN, "the policy is invalid")
        return
    for account in (None, *known.policy.diagnostics.accounts):
        yield _account(known, account)


def _account(known: Known, account: str | None) -> Finding:
    assert known.policy is not None
    named = f"account {account}: " if account else ""
    try:
        reachable = build_aws(known.settings, known.policy.diagnostics)
        assert reachable is not None  # a region is set
        reader = reachable.reader(_BUDGET, account)
        number = reader.read("sts", "GetCallerIdentity")["Account"]
        missing, tried = missing_permissions(reader, lambda service: reachable.client(service, account), DIAGNOSTICS)
    except (InvalidSettings, Unread) as error:
        fix = "Correct what the message names. Without it nothing can be diagnosed; the rest works."
        return Finding("aws", State.FAILED, f"{named}{error}", fix)
    if missing:
        return Finding("aws", State.FAILED, f"{named}not allowed in {number}: {', '.join(missing)}", _FIX)
    says = f"{named}account {number} in {reader.region} answers; none of {tried} operations was denied"
    return Finding("aws", State.OK, says)
