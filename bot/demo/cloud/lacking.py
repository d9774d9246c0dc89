"""What diagnoses ask of AWS and moto has not: CloudTrail's events, the limits of an account, percentiles, stacks.

These are added to moto's own handlers, in the process in which they run and nowhere else, so that the bot asks them by
boto3's protocol like everything else. Operations that moto may come to have are left as they are.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.awslambda import urls as lambda_urls
from moto.awslambda.responses import LambdaResponse
from moto.cloudtrail.responses import CloudTrailResponse
from moto.cloudwatch.models import Statistics
from moto.logs import models as logs
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

_LIMITS = {"TotalCodeSize": 80_530_636_800, "CodeSizeUnzipped": 262_144_000, "CodeSizeZipped": 52_428_800}
_CONCURRENT = 500
_NO_PLAN = {"__type": "SubscriptionRequiredException", "message": "no such plan"}
_NO_STACKS = "<ListStacksResponse><ListStacksResult><StackSummaries/></ListStacksResult></ListStacksResponse>"
_NO_STACK = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
    "<Message>Stack for that resource does not exist</Message></Error></ErrorResponse>"
)
_CLOCK = "utcnow"  # which moto's logs import


def add(changes: Sequence[dict[str, Any]], now: Callable[[], datetime]) -> None:
    """Answer LookupEvents with these changes, GetAccountSettings with limits, and take log lines by the demo's time."""

    def lookup_events(self: CloudTrailResponse) -> str:
        asked = {one["AttributeKey"]: one["AttributeValue"] for one in self._get_param("LookupAttributes") or []}
        begin, end = (float(self._get_param(name) or 0) for name in ("StartTime", "EndTime"))
        named = [one for one in changes if asked.get("ResourceName") in (None, one["resource"])]
        found = [one for one in named if begin <= one["at"].timestamp() <= (end or one["at"].timestamp())]
        return json.dumps({"Events": [_event(one) for one in found]})

    def get_account_settings(_self: LambdaResponse) -> str:
        return json.dumps(
            {
                "AccountLimit": _LIMITS
                | {"ConcurrentExecutions": _CONCURRENT, "UnreservedConcurrentExecutions": _CONCURRENT},
                "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": 2},
            }
        )

    for handler, method in ((CloudTrailResponse, lookup_events), (LambdaResponse, get_account_settings)):
        if not hasattr(handler, method.__name__):
            setattr(handler, method.__name__, method)
    path = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"
    lambda_urls.url_paths.setdefault(path, LambdaResponse.dispatch)
    _add_percentiles()
    _add_services()
    # moto refuses lines of more than two hours ahead by its own clock; the demo's may be days ahead.
    setattr(logs, _CLOCK, lambda: now().astimezone(UTC).replace(tzinfo=None))


def _add_percentiles() -> None:
    """Statistics such as p99, of which moto gives none: by nearest rank."""
    known = Statistics.get_statistics_for_type

    def get_statistics_for_type(self: Statistics, stat: str) -> Any:
        values = sorted(self.metric_single_values_list)
        if not re.fullmatch(r"p\d+(\.\d+)?", stat) or not values:
            return known(self, stat)
        return values[max(0, math.ceil(float(stat[1:]) / 100 * len(values)) - 1)]

    setattr(Statistics, known.__name__, get_statistics_for_type)


def _add_services() -> None:
    """CloudFormation without a stack, for which moto needs packages of its own; Health, without a plan for it."""
    known = DomainDispatcherApplication.__call__

    def dispatch(self: DomainDispatcherApplication, environ: dict[str, Any], start_response: Any) -> Any:
        signed = environ.get("HTTP_AUTHORIZATION", "")
        if "/health/aws4_request" in signed:
            return _said(start_response, 400, "application/x-amz-json-1.1", json.dumps(_NO_PLAN))
        if "/cloudformation/aws4_request" not in signed:
            return known(self, environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if b"Action=ListStacks" in body:
            return _said(start_response, 200, "text/xml", _NO_STACKS)
        return _said(start_response, 400, "text/xml", _NO_STACK)

    setattr(DomainDispatcherApplication, known.__name__, dispatch)


def _said(start_response: Any, status: int, media_type: str, text: str) -> list[bytes]:
    start_response(f"{status} {'OK' if status == 200 else 'Bad Request'}", [("Content-Type", media_type)])
    return [text.encode()]


def _event(change: dict[str, Any]) -> dict[str, Any]:
    at = change["at"].timestamp()
    return {
        "EventId": f"{change['name']}-{int(at)}",
        "EventName": change["name"],
        "ReadOnly": "false",
        "EventTime": at,
        "Username": change["who"],
        "Resources": [{"ResourceName": change["resource"]}],
        "CloudTrailEvent": json.dumps({"eventName": change["name"]}),
    }
