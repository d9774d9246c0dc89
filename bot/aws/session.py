"""Clients of AWS services that can call what their purpose allows and nothing else, and what can go wrong with a call.

This is the only place that makes clients. boto3 is loaded when the first of them is needed.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.aws.operations import CREDENTIALS, Allowance
from bot.errors import BadRequest, InvalidSettings, TocsinError
from bot.text.nearest import nearest

# Names that AWS gives to "not now"; everything else that it answers stays as it is.
_PASSING = ("Throttl", "TooManyRequests", "RequestLimit", "ServiceUnavailable", "InternalFailure", "InternalError")
_PASSING_EXACT = frozenset({"RequestTimeout", "SlowDown", "LimitExceededException", "ExpiredToken", "RequestExpired"})


class Unavailable(TocsinError):
    """AWS could not be reached or asked to wait; the same call may succeed later."""


class Denied(TocsinError):
    """AWS refused for good; the sentence says what it said."""


class NotAllowed(TocsinError):
    """Tocsin itself refused to make a call, before anything left the process."""


Client = Callable[[str], Any]  # boto3's name of a service → its client


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Seconds that one attempt may take, and how many attempts there are, with growing pauses between them."""

    connect: float
    read: float
    attempts: int


# One attempt: the queue tries again, and says so. A hanging call must not hold up the pings behind it.
QUEUED = CallLimits(connect=5, read=10, attempts=1)
# Somebody waits: short attempts, repeated where AWS asks to slow down.
ASKED = CallLimits(connect=2, read=5, attempts=3)


@dataclass(frozen=True, slots=True)
class Role:
    """A role of another account to assume for each call; `external_id` where its owner asks for one."""

    arn: str
    external_id: str | None = None


def clients(region: str, allowed: Allowance, limits: CallLimits = QUEUED, role: Role | None = None) -> Client:
    """A function that gives the client of a service, the same one each time; threads may share it.

    Credentials come from where boto3 always finds them: environment, profile, single sign-on or the role of the
    machine; `role` is assumed with those. Raises InvalidSettings where boto3 is not installed.
    The clients raise NotAllowed for every operation that `allowed` does not name.
    """
    if importlib.util.find_spec("boto3") is None:
        raise InvalidSettings("AWS_REGION is set, but boto3 is missing: pip install 'tocsin[aws]'.")
    made: dict[str, Any] = {}
    lock = threading.RLock()  # boto3's sessions are not for several threads; its clients are
    session: list[Any] = []

    def client(service: str) -> Any:
        if service not in allowed.operations and service not in CREDENTIALS.operations:
            raise NotAllowed(_refusal(service, "*", allowed))
        with lock:
            if service not in made:
                if not session:
                    session.append(_session(region, allowed, role))
                made[service] = session[0].client(service, config=_config(region, limits))
            return made[service]

    return client


def _config(region: str, limits: CallLimits) -> Any:
    from botocore.config import Config

    return Config(
        region_name=region,
        connect_timeout=limits.connect,
        read_timeout=limits.read,
        retries={"total_max_attempts": limits.attempts, "mode": "standard"},
        max_pool_connections=20,
    )


def _session(region: str, allowed: Allowance, role: Role | None) -> Any:
    """A session all of whose clients are guarded, those too that botocore makes itself to get credentials."""
    import boto3
    import botocore.session

    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    # Before parameters are even looked at; every way to an operation passes here, presigned addresses too.
    core.register("provide-client-params", _guard(allowed))
    if role is not None:
        core._credentials = _assumed(core, region, role)  # botocore offers no public way to set refreshing ones
    return boto3.session.Session(botocore_session=core, region_name=region)


@cache
def _loader() -> Any:
    """Reads AWS's descriptions of its services once a process, however many accounts and regions there are."""
    from botocore.loaders import create_loader

    return create_loader()


def _assumed(core: Any, region: str, role: Role) -> Any:
    """Credentials of the role, asked for at the first call and again before they run out."""
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError

    own = core.get_credentials()
    if own is None:
        raise NoCredentialsError()

    def create(service: str, **arguments: Any) -> Any:
        return core.create_client(service, region_name=region, **arguments)

    extra = {"RoleSessionName": "tocsin"} | ({"ExternalId": role.external_id} if role.external_id else {})
    fetcher = AssumeRoleCredentialFetcher(create, own, role.arn, extra_args=extra)
    return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _guard(allowed: Allowance) -> Callable[..., None]:
    def refuse_what_is_not_allowed(model: Any, **_event: Any) -> None:
        service, operation = model.service_model.service_name, model.name
        if not allowed.permits(service, operation) and not CREDENTIALS.permits(service, operation):
            raise NotAllowed(_refusal(service, operation, allowed))

    return refuse_what_is_not_allowed


def _refusal(service: str, operation: str, allowed: Allowance) -> str:
    return f"{service}:{operation} was not called: Tocsin's list for {allowed.purpose} does not name it."


def check_region(region: str) -> None:
    """Raises BadRequest for one that this botocore does not know, with the nearest."""
    known = _regions()
    if region in known:
        return
    near = nearest(region, known)
    hint = f"Did you mean {near}?" if near else "Regions are called like eu-central-1."
    raise BadRequest(f"{region} isn't a region of AWS that the installed boto3 knows. {hint}")


@cache
def _regions() -> tuple[str, ...]:
    """Of every partition; from what is installed, without a call."""
    from botocore.session import Session

    session = Session()
    partitions = session.get_available_partitions()
    return tuple(sorted({one for each in partitions for one in session.get_available_regions("ec2", each)}))


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn what boto3 raises inside into Unavailable or Denied."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

    try:
        yield
    except ClientError as error:
        code, said = code_and_words(error.response)
        if is_passing(error.response):
            raise Unavailable(f"{what}: {code}") from error
        raise Denied(f"{what}: {code} {said}".rstrip()) from error
    except (NoCredentialsError, ParamValidationError) as error:
        raise Denied(f"{what}: {error}") from error
    except BotoCoreError as error:
        raise Unavailable(f"{what}: {error}") from error


def code_and_words(response: Mapping[str, Any]) -> tuple[str, str]:
    """What AWS calls the error, and its sentence."""
    answer = response.get("Error", {})
    return str(answer.get("Code", "")), str(answer.get("Message", ""))


def is_passing(response: Mapping[str, Any]) -> bool:
    """Whether the same call may succeed later: AWS is busy, or asks to slow down."""
    code, _ = code_and_words(response)
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status >= 500 or status == 429 or code.startswith(_PASSING) or code in _PASSING_EXACT
