"""Reading AWS for a person who waits: each question asked once, within a budget, and what failed as a sentence."""

from __future__ import annotations

import enum
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from bot.aws.operations import action_of, partition_of
from bot.aws.session import Client, code_and_words, is_passing
from bot.errors import TocsinError

_MISSING = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist|QueueDoesNotExist", re.IGNORECASE)
_DENIED = re.compile(r"AccessDenied|Unauthorized|NotAuthorized|AuthorizationError|^403$|^Forbidden$", re.IGNORECASE)
_EXPIRED = re.compile(r"Expired", re.IGNORECASE)
_UNKNOWN_KEYS = re.compile(
    r"InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch|AuthFailure|InvalidSignature"
)
_NAMED_ACTION = re.compile(r"not authorized to perform:? ([\w-]+:\w+)")
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_TRUST = (
    "Name Tocsin's own role in its trust policy, with the external_id of services.yaml where it asks for one, "
    "and attach what `tocsin aws policy` prints."
)
_HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_SIGN_IN = "Sign in again (`aws sso login`) or renew the keys, then retry."
_PLAN = (
    "AWS answers it with Business Support or above; what is wrong for everybody stands on "
    "https://health.aws.amazon.com/health/status."
)
_NO_CREDENTIALS = (
    "Tocsin has no AWS credentials. Set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run it with a role; "
    "`tocsin aws policy` prints what that role needs."
)


class Reason(enum.StrEnum):
    """Why something could not be read."""

    DENIED = "denied"
    MISSING = "missing"
    CREDENTIALS = "credentials"
    BUSY = "busy"
    SILENT = "silent"
    LATE = "late"
    REFUSED = "refused"


class Unread(TocsinError):
    """Something could not be read; the sentence says what and why. `action` is the IAM action that is missing."""

    def __init__(self, reason: Reason, sentence: str, action: str | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.action = action


class Reader:
    """Asks one account and region. Threads share it: of equal questions one is asked, and all get its answer.

    `deadline` is in `seconds`, after which nothing more is asked.
    """

    def __init__(
        self,
        client: Client,
        region: str,
        deadline: float,
        seconds: Callable[[], float] = time.monotonic,
        elsewhere: Callable[[str], Client] | None = None,
    ) -> None:
        """`elsewhere` gives the clients of the same account in another region."""
        self.region = region
        self.asked: list[tuple[str, str]] = []  # service and operation of each call, in order
        self._client = client
        self._deadline = deadline
        self._seconds = seconds
        self._answers: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._elsewhere = elsewhere

    def of_the_world(self) -> Reader:
        """A reader of the region in which AWS keeps what belongs to no region, such as changes of roles and DNS.

        Its calls count as this one's, and it ends when this one does.
        """
        home = _HOMES[partition_of(self.region)]
        if home == self.region or self._elsewhere is None:
            return self
        reader = Reader(self._elsewhere(home), home, self._deadline, self._seconds)
        reader.asked, reader._lock = self.asked, self._lock
        return reader

    def read(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The answer to one call, such as `read("lambda", "ListAliases", FunctionName="x")`. Raises Unread."""
        key = f"{service}:{operation}:{sorted(arguments.items())!r}"
        answer: dict[str, Any] = self._once(key, lambda: self._call(service, operation, arguments))
        return answer

    def read_anew(self, service: str, operation: str, /, **arguments: Any) -> dict[str, Any]:
        """The same asked again however often it was: what is asked about goes on. Raises Unread."""
        return self._call(service, operation, arguments)

    def read_all(self, service: str, operation: str, part: str, /, *, pages: int = 3, **arguments: Any) -> list[Any]:
        """What stands under `part` in at most so many pages of an answer, each of which is a call. Raises Unread."""
        key = f"{service}:{operation}:{part}:{pages}:{sorted(arguments.items())!r}"
        found: list[Any] = self._once(key, lambda: list(self._pages(service, operation, part, pages, arguments)))
        return found

    def _once(self, key: str, ask: Callable[[], Any]) -> Any:
        with self._lock:
            answer = self._answers.get(key)
            mine = answer is None
            if answer is None:
                answer = self._answers[key] = Future()
        if mine:
            try:
                answer.set_result(ask())
            except BaseException as error:  # noqa: BLE001  # kept for all who asked the same, and raised to each of them below
                answer.set_exception(error)
        return answer.result()

    def _pages(self, service: str, operation: str, part: str, pages: int, arguments: dict[str, Any]) -> Iterator[Any]:
        client = self._made(service, operation)
        method = _method(operation)
        if not client.can_paginate(method):
            yield from self._call(service, operation, arguments).get(part, ())
            return
        answers = iter(client.get_paginator(method).paginate(**arguments))
        for _ in range(pages):
            answer = self._timed(service, operation, lambda: next(answers, None))
            if answer is None:
                with self._lock:
                    self.asked.remove((service, operation))  # the page before was the last: nothing was sent
                return
            yield from answer.get(part, ())

    def _call(self, service: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        client = self._made(service, operation)
        answer: dict[str, Any] = self._timed(
            service, operation, lambda: getattr(client, _method(operation))(**arguments)
        )
        return answer

    def _made(self, service: str, operation: str) -> Any:
        with reading(service, operation):
            return self._client(service)

    def _timed(self, service: str, operation: str, call: Callable[[], Any]) -> Any:
        if self._seconds() >= self._deadline:
            raise Unread(Reason.LATE, f"{service}:{operation} was not called: the diagnosis ran out of time.")
        with self._lock:
            self.asked.append((service, operation))
        with reading(service, operation):
            return call()


def _method(operation: str) -> str:
    from botocore import xform_name

    name: str = xform_name(operation)
    return name


@contextmanager
def reading(service: str, operation: str) -> Iterator[None]:
    """Turn what boto3 raises inside into Unread."""
    try:
        yield
    except Exception as error:
        unread = unread_from(error, service, operation)
        if unread is None:
            raise
        raise unread from error


def unread_from(error: BaseException, service: str, operation: str) -> Unread | None:
    """What boto3's error means for people; None for what is not from boto3."""
    from botocore import exceptions as boto

    asked = f"{service}:{operation}"
    if isinstance(error, boto.ClientError):
        return _answered(error, service, operation)
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError):
        return Unread(Reason.CREDENTIALS, _NO_CREDENTIALS)
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.CredentialRetrievalError):
        return Unread(Reason.CREDENTIALS, f"The AWS credentials have expired or are unavailable ({error}). {_SIGN_IN}")
    if isinstance(error, boto.ParamValidationError):
        return Unread(Reason.REFUSED, f"{asked} does not take what was typed: {' '.join(str(error).split())}")
    if isinstance(error, boto.HTTPClientError | boto.EndpointConnectionError):
        return Unread(Reason.SILENT, f"{asked} did not answer ({type(error).__name__}). Check region and network.")
    if isinstance(error, boto.BotoCoreError):
        return Unread(Reason.REFUSED, f"{asked} failed: {error}")
    return None


def _answered(error: Any, service: str, operation: str) -> Unread:
    code, words = code_and_words(error.response)
    asked = f"{service}:{operation}"
    if _EXPIRED.search(code):
        return Unread(Reason.CREDENTIALS, f"The AWS credentials have expired ({code}). {_SIGN_IN}")
    if error.operation_name.startswith("AssumeRole") and not is_passing(error.response):
        # Asked by boto3 itself, before what was asked: no question of this account gets another answer.
        role = _ROLE.search(words)
        return Unread(Reason.CREDENTIALS, f"Tocsin may not assume {role[0] if role else 'its role'} ({code}). {_TRUST}")
    if _UNKNOWN_KEYS.search(code):
        return Unread(Reason.CREDENTIALS, f"AWS does not accept the credentials ({code}). {_SIGN_IN}")
    if _DENIED.search(code):
        named = _NAMED_ACTION.search(words)
        action = named[1] if named else action_of(service, operation)
        why = " A policy denies it explicitly." if "explicit deny" in words else ""
        sentence = f"{asked} was denied: the role of Tocsin lacks the IAM action {action}.{why}"
        return Unread(Reason.DENIED, sentence, action)
    if code == "SubscriptionRequiredException":
        return Unread(Reason.REFUSED, f"{asked} is not in the support plan of this account. {_PLAN}")
    if is_passing(error.response):
        return Unread(
            Reason.BUSY, f"{asked} was throttled or unavailable ({code}), {_tries(error)}. Try again in a minute."
        )
    if _MISSING.search(code) or (code == "ValidationError" and "does not exist" in words):
        return Unread(Reason.MISSING, f"{asked}: {code} {words}".rstrip())
    return Unread(Reason.REFUSED, f"{asked}: {code} {words}".rstrip())


def _tries(error: Any) -> str:
    tries = int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) + 1
    return f"tried {tries} times" if tries > 1 else "tried once"
