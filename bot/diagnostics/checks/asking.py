"""From what somebody asked to the diagnosis as it comes: which check, which hour, which account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.aws.accounts import Aws
from bot.aws.reading import Reader
from bot.diagnostics.checks import lambda_
from bot.diagnostics.checks.probe import HOUR, PERIOD, Check, Probe
from bot.diagnostics.checks.running import run
from bot.diagnostics.rules.finding import Diagnosis, Window
from bot.diagnostics.rules.request import EXAMPLE, Asked, nearest
from bot.errors import BadRequest

CHECKS: tuple[Check, ...] = (lambda_.CHECK,)


def find_check(asked: Asked) -> Check:
    """The check of the service that was asked for. Raises BadRequest with the nearest word."""
    words = {word: check for check in CHECKS for word in (check.word, *check.aliases)}
    if asked.service is None:
        raise BadRequest(f"Type the service too, as in `diagnose {EXAMPLE}`. Known: {', '.join(_words())}.")
    check = words.get(asked.service.lower())
    if check is None:
        hint = nearest(asked.service, _words()) or f" Known: {', '.join(_words())}."
        raise BadRequest(f"There is no check for {asked.service}.{hint}")
    return check


def _words() -> list[str]:
    return [check.word for check in CHECKS]


def window_of(at: datetime | None, now: datetime) -> Window:
    """The last hour; or the hour around an instant, as far as it is over. Both aware UTC, on whole periods."""
    end = min(now, at + HOUR / 2) if at else now
    begin = (at - HOUR / 2) if at else now - HOUR
    begin -= timedelta(seconds=begin.timestamp() % PERIOD)
    return Window(begin, max(end, begin + timedelta(seconds=PERIOD)))


def diagnose(aws: Aws, asked: Asked, at: datetime | None, now: datetime, budget: float) -> Iterator[Diagnosis]:
    """The diagnosis again after each result, the last one over; `budget` in seconds, `at` and `now` aware UTC.

    Raises BadRequest where what was asked for is unknown or not there, and Unread where AWS cannot be asked.
    """
    check = find_check(asked)
    reader = aws.reader(budget, asked.account or _account_of(aws, asked), asked.region)
    _check_number(aws, asked, reader)
    yield from run(check, Probe(reader, asked.name, window_of(at, now), now, asked.qualifier), budget)


def _account_of(aws: Aws, asked: Asked) -> str | None:
    return aws.account_of_number(asked.account_id) if asked.account_id else None


def _check_number(aws: Aws, asked: Asked, reader: Reader) -> None:
    """An ARN of another account than the one that is read would find a namesake, or nothing. Raises BadRequest."""
    if asked.account_id is None:
        return
    ours = reader.read("sts", "GetCallerIdentity")["Account"]
    if ours != asked.account_id:
        raise BadRequest(
            f"That ARN is of account {asked.account_id}; Tocsin reads account {ours} in {reader.region}. "
            "Add the account to knowledge/policy/services.yaml with a role that Tocsin may assume."
        )
