"""Commands that findings show, checked against AWS's own models."""

from __future__ import annotations

import shlex
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name


@cache
def _model(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)


def assert_valid(command: str) -> None:
    """The service, the operation and each parameter exist, and it reads."""
    program, service, operation, *words = shlex.split(command)
    service = {"s3api": "s3", "deploy": "codedeploy"}.get(service, service)
    assert program == "aws"
    names = {xform_name(name, "-"): name for name in _model(service).operation_names}
    assert operation in names, command
    assert operation.startswith(("get-", "list-", "describe-", "filter-", "lookup-")), f"changes something: {command}"
    members = _model(service).operation_model(names[operation]).input_shape.members
    known = {xform_name(name, "-") for name in members} | {"region"}
    assert {word[2:] for word in words if word.startswith("--")} <= known, command
