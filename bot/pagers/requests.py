"""A page as facts, the request that carries it, and what came of that. Pure; the sender is `bot.pagers.sender`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from bot.errors import TocsinError
from bot.text.control import visible

_LONGEST_REASON = 200  # characters of what a service said
_AROUND = re.compile(r"[\s.]+$")


class NotConfigured(TocsinError):
    """A pager lacks its secret, or has one that cannot be used; the sentence names the variable, never its value."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom a service is asked: its secrets, and the address where it is another than the usual one."""

    key: str
    token: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What leaves Slack about one page. Of a security incident that is its reference and nothing that people wrote.

    `key` has letters, digits, `-` and `_`, 64 at most; the same key is the same page, however often it is sent.
    """

    key: str
    ref: str
    severity: str
    title: str
    role: str
    person: str
    at: datetime  # aware UTC, when it fell due
    private: bool = False
    test: bool = False
    drill: bool = False  # an exercise: the summary begins with it
    low: bool = False  # rings as little as the service can
    times: int = 1  # which page of its rung this is
    next_at: datetime | None = None  # aware UTC, when the next one comes unless somebody acknowledges
    channel_link: str = ""  # opens the incident's channel in Slack
    answer_link: str = ""  # acknowledges this page, once; empty where the pages have no address

    @property
    def summary(self) -> str:
        """One line: all that a security incident says, and what the others begin with."""
        if self.test:
            return f"TEST page from Tocsin for {self.person}: nothing is wrong"
        mark = "DRILL: " if self.drill else ""
        if self.private:
            return f"{mark}{self.ref} needs you; open Slack"
        return f"{mark}{self.severity} {self.ref}: {' '.join(self.title.split())}"

    @property
    def body(self) -> str:
        """What stands below the summary."""
        following = f"Next page: {self.next_at:%H:%M} UTC, unless someone acknowledges." if self.next_at else ""
        if self.test or self.private:
            return (
                following if self.private else "Somebody asked Tocsin to test how you are paged. No incident was made."
            )
        again = f" This is page {self.times}." if self.times > 1 else ""
        how = f"Acknowledge here or in Slack: /incident ack {self.ref}"
        exercise = "This is a DRILL: nothing is broken. " if self.drill else ""
        said = f"{exercise}You are paged as {self.role}.{again} {how}"
        return said + (f". {following}" if following else "")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One call. `url`, `headers` and `body` may hold secrets: it is never logged nor shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. `retry_after` is in seconds, None where the service did not say."""

    status: int
    body: bytes
    retry_after: float | None = None


class Outcome(StrEnum):
    DONE = "done"
    AGAIN = "again"  # it may succeed later
    REFUSED = "refused"  # it won't


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a request. `says` is a clause without stop; `advice` a sentence on what to do about a refusal."""

    outcome: Outcome
    says: str
    advice: str = ""
    receipt: str = ""  # by which the service knows it, where its answer says so
    after: float | None = None  # seconds to wait before the next try, as the service asked


def json_request(url: str, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> HttpRequest:
    """A POST of JSON."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpRequest("POST", url, {"Content-Type": "application/json", **(headers or {})}, body)


def form_request(url: str, fields: Mapping[str, str]) -> HttpRequest:
    """A POST of form fields."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return HttpRequest("POST", url, headers, urlencode(fields).encode())


def document_of(answer: HttpAnswer) -> Mapping[str, Any]:
    """The answer's JSON object; empty where it is none."""
    try:
        read = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def judge(answer: HttpAnswer, said: Iterable[object] = (), advice: str = "", receipt: str = "") -> Result:
    """What the status means: 2xx done, 408, 425, 429 and 5xx later, else refused. `said` are the service's words."""
    if 200 <= answer.status < 300:
        return Result(Outcome.DONE, "sent", receipt=receipt)
    words = _AROUND.sub("", visible(" ".join(" ".join(str(each) for each in said if each).split())))[:_LONGEST_REASON]
    why = f"it answered {answer.status}{f' “{words}”' if words else ''}"
    if answer.status in (408, 425, 429) or answer.status >= 500:
        return Result(Outcome.AGAIN, why, after=answer.retry_after)
    if 300 <= answer.status < 400:
        return Result(Outcome.REFUSED, why, "The address moved. Set the new one, see docs/paging.md.")
    return Result(Outcome.REFUSED, why, advice)


def cut(text: str, length: int) -> str:
    """The text within so many characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
