"""Clients of AWS services, and what can go wrong with their calls in two words: not now, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.errors import InvalidSettings, TocsinError

# Names that AWS gives to "not now"; everything else that it answers stays as it is.
_PASSING = ("Throttl", "TooManyRequests", "RequestLimit", "ServiceUnavailable", "InternalFailure", "InternalError")
_PASSING_EXACT = frozenset({"RequestTimeout", "SlowDown", "LimitExceededException", "ExpiredToken", "RequestExpired"})


class Unavailable(TocsinError):
    """AWS could not be reached or asked to wait; the same call may succeed later."""


class Denied(TocsinError):
    """AWS refused for good; the sentence says what it said."""


Client = Callable[[str], Any]


def clients(region: str) -> Client:
    """A function that makes a client of a service. Raises InvalidSettings where boto3 is not installed.

    Credentials come from where boto3 always finds them: environment, profile, or the role of the machine.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise InvalidSettings("AWS_REGION is set, but boto3 is missing: pip install 'tocsin[aws]'.") from None
    # One attempt: the queue tries again, and says so. A hanging call must not hold up the pings behind it.
    config = Config(region_name=region, connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
    return lambda service: boto3.client(service, config=config)


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn what boto3 raises inside into Unavailable or Denied."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

    try:
        yield
    except ClientError as error:
        answer = error.response.get("Error", {})
        code, said = str(answer.get("Code", "")), str(answer.get("Message", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if status >= 500 or status == 429 or code.startswith(_PASSING) or code in _PASSING_EXACT:
            raise Unavailable(f"{what}: {code}") from error
        raise Denied(f"{what}: {code} {said}".rstrip()) from error
    except (NoCredentialsError, ParamValidationError) as error:
        raise Denied(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise Unavailable(f"{what}: {error}") from error
