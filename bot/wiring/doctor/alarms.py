"""Doctor's look at who may deliver alarms: that each webhook of alarms.yaml has its token."""

from __future__ import annotations

from collections.abc import Iterator

from bot.errors import InvalidSettings
from bot.settings import read_tokens
from bot.wiring.doctor.findings import Finding, Known, State

_DOCS = "docs/alarms.md says how senders are connected."


def alarms(known: Known) -> Iterator[Finding]:
    """Every webhook; tokens are not shown."""
    if known.policy is None:
        yield Finding("alarms", State.UNKNOWN, "the policy is invalid")
        return
    variables = known.policy.alarms.token_variables
    if not variables:
        yield Finding("alarms", State.OK, "nobody delivers over HTTP: alarms.yaml has no webhooks")
    for name, variable in variables.items():
        yield _webhook(name, variable)


def _webhook(name: str, variable: str) -> Finding:
    make = f"Set it to what `openssl rand -hex 32` prints, and give it to the sender. {_DOCS}"
    try:
        token = read_tokens({name: variable})[name]
    except InvalidSettings as short:
        return Finding("alarms", State.FAILED, f"{name}: {short}", make)
    if not token:
        return Finding("alarms", State.FAILED, f"{name}: {variable} is not set, so it lets nobody in", make)
    return Finding("alarms", State.OK, f"{name}: its token is set")
