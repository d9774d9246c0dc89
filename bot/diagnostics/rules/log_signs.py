"""Lines in logs that are the mark of a known failure. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sign:
    """`search` is a CloudWatch Logs filter pattern that finds the same lines.

    `refs` are about this line exactly; `likely` resemble it, as do those of `special` where the line holds the word.
    """

    name: str
    what: str
    pattern: re.Pattern[str]
    search: str
    why: str
    refs: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    special: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def likely_for(self, line: str) -> tuple[str, ...]:
        """What this line may be, the most precise first."""
        more = [ref for word, refs in self.special.items() if word in line.lower() for ref in refs]
        return tuple(dict.fromkeys((*more, *self.likely)))


def _sign(
    name: str,
    what: str,
    pattern: str,
    search: str,
    why: str,
    *refs: str,
    likely: tuple[str, ...] = (),
    special: Mapping[str, tuple[str, ...]] | None = None,
) -> Sign:
    return Sign(name, what, re.compile(pattern, re.IGNORECASE), search, why, refs, likely, special or {})


SIGNS = (
    _sign(
        "timeout",
        "Task timed out",
        r"Task timed out after",
        '"Task timed out"',
        "Invocations were cut off at the function's timeout.",
        "GUIDE-function-errors",
        likely=("CASE-2026-0142",),
    ),
    _sign(
        "denied",
        "not authorized",
        r"AccessDenied|not authorized to perform|UnauthorizedOperation|(?-i:Access Denied)",
        '?AccessDenied ?"not authorized" ?UnauthorizedOperation',
        "The function's role, or a policy of what it calls, does not allow a call that it makes.",
        "PB-lambda",
        "GUIDE-function-errors",
        special={
            "dynamodb": ("INC-2023-1247", "INC-2023-1456"),
            "s3": ("INC-2023-0892",),
        },
    ),
    _sign(
        "memory",
        "out of memory",
        r"Runtime\.ExitError|OutOfMemory|out of memory|signal: killed|MemoryError",
        '?"Runtime.ExitError" ?"signal: killed" ?MemoryError ?OutOfMemory',
        "The process ended by itself, mostly because its memory was used up.",
        likely=("GUIDE-function-errors",),
    ),
    _sign(
        "capacity",
        "ProvisionedThroughputExceeded",
        r"ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "DynamoDB refused calls because the table, or one partition of it, was at its capacity.",
        likely=(
            "CASE-2026-0178",
            "LESSON-08",
        ),
    ),
    _sign(
        "rate",
        "Rate exceeded",
        r"Rate exceeded|TooManyRequestsException|ThrottlingException",
        '?"Rate exceeded" ?TooManyRequestsException ?ThrottlingException',
        "An AWS API asked the function to slow down; without backoff every retry makes it worse.",
        likely=(
            "LESSON-05",
            "GUIDE-concurrency",
            "NFI-2024-0001",
        ),
    ),
    _sign(
        "addresses",
        "ENI limit",
        r"ENILimit|EC2ThrottledException|SubnetIPAddressLimit|insufficient free addresses",
        "?ENILimitReached ?SubnetIPAddressLimitReached",
        "The subnets have no network interfaces or addresses left for the function.",
        "GUIDE-eni",
    ),
    _sign(
        "connections",
        "connections used up",
        r"too many (?:clients|connections)|remaining connection slots|connection pool (?:is )?exhausted|QueuePool",
        '?"too many" ?"remaining connection slots" ?"pool exhausted"',
        "The database, or the pool in front of it, has no connection left.",
        "PB-database",
        likely=(
            "CASE-2026-0142",
            "LESSON-04",
            "INC-2023-2156",
        ),
    ),
    _sign(
        "response-size",
        "response too large",
        r"body size is too long|payload size|RequestEntityTooLarge|ResponseSizeTooLarge",
        '?"payload size" ?"body size is too long" ?ResponseSizeTooLarge',
        "A function's response may hold 6 MB; API Gateway answers 502 for what is larger.",
        "CASE-2026-0256",
    ),
    _sign(
        "absent",
        "ResourceNotFound",
        r"ResourceNotFoundException|NoSuchBucket|NoSuchKey",
        "?ResourceNotFoundException ?NoSuchBucket",
        "Something that the function calls is not there, or is in another region.",
        likely=("GUIDE-function-errors",),
    ),
    _sign(
        "secret",
        "password refused",
        r"password authentication failed|Access denied for user|InvalidPassword|authentication failed",
        '?"authentication failed" ?"Access denied for user"',
        "The database refused the credentials that the function holds, as after a rotation that it did not notice.",
        likely=("NFI-2024-0009",),
    ),
)

# Finds the lines of every sign, as Logs Insights reads it.
KNOWN = f"(?i){'|'.join(sign.pattern.pattern for sign in SIGNS)}"
