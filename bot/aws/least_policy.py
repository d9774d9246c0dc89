"""The least IAM policy that Tocsin needs, made from the lists of operations. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from bot.aws.operations import ALARMS, ARCHIVE, DIAGNOSTICS, MAIL, QUEUE, STATUS_PAGE, TEXT_MESSAGES, Allowance

VERSION = "2012-10-17"
_DESCRIPTION = "What Tocsin may call: reads for diagnoses and alarms, and what its settings switch on."


def policy_document(
    partition: str = "aws",
    bucket: str | None = None,
    prefix: str = "",
    *,
    site: tuple[str, str] | None = None,
    mail: bool = False,
    text_messages: bool = False,
    roles: Iterable[str] = (),
    queues: Iterable[str] = (),
) -> dict[str, Any]:
    """The document: reading always; archive, mail, text messages, queues and other accounts where they are configured.

    `site` is bucket and prefix of the status page's files; `roles` and `queues`, from which alarms are taken, are ARNs.
    """
    statements = [_statement("Diagnose", DIAGNOSTICS), _statement("ReadAlarms", ALARMS)]
    if bucket:
        statements.append(_statement("ArchiveReviews", ARCHIVE, [_objects(partition, bucket, prefix)]))
    if site:
        statements.append(_statement("PublishStatusPage", STATUS_PAGE, [_objects(partition, *site)]))
    if mail:
        statements.append(_statement("SendMail", MAIL))
    if text_messages:
        statements.append(_statement("SendTextMessages", TEXT_MESSAGES))
    if arns := sorted(set(queues)):
        statements.append(_statement("TakeAlarms", QUEUE, arns))
    if arns := sorted(set(roles)):
        statements.append(
            {"Sid": "ReadOtherAccounts", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": arns}
        )
    return {"Version": VERSION, "Statement": statements}


def _objects(partition: str, bucket: str, prefix: str) -> str:
    below = f"{prefix.strip('/')}/*".lstrip("/")
    return f"arn:{partition}:s3:::{bucket}/{below}"


def _statement(sid: str, allowed: Allowance, resources: Sequence[str] = ("*",)) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(allowed.actions()), "Resource": list(resources)}


def as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2)


def as_cloudformation(document: dict[str, Any]) -> str:
    """A template with one managed policy, whose ARN is its output."""
    properties = {"Description": _DESCRIPTION, "PolicyDocument": document}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The least permissions of Tocsin",
        "Resources": {"TocsinPolicy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}},
        "Outputs": {"PolicyArn": {"Value": {"Ref": "TocsinPolicy"}}},
    }
    return yaml.safe_dump(template, sort_keys=False)


def as_terraform(document: dict[str, Any]) -> str:
    """One `aws_iam_policy`; a JSON object is an expression of Terraform's language as it stands."""
    return (
        'resource "aws_iam_policy" "tocsin" {\n'
        '  name        = "tocsin"\n'
        f'  description = "{_DESCRIPTION}"\n'
        f"  policy      = jsonencode({json.dumps(document, indent=2)})\n"
        "}\n"
    )
