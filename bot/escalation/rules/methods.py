"""How somebody is reached outside Slack, when a page still has to go that way, and when a try that failed comes again.

A page outside Slack is a *call*. While the person's page waits for an answer it is wanted; acknowledging answers it,
resolving ends it. A page that fell due although somebody had acknowledged (the matrix tells the higher rungs that an
incident is still open) goes by the methods without delay only: the others wait for want of an acknowledgement.
A page that somebody asked for by hand is answered by its own people only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.escalation.rules.matrix import Role

MAIL, TEXT = "mail", "text"
SECRETS = "TOCSIN_PAGER_"  # begins the name of every variable that contacts.yaml may name
GIVEN_UP_AFTER = timedelta(hours=1)
TEST_GIVEN_UP_AFTER = timedelta(minutes=2)
TEST_ENDS_AFTER = timedelta(minutes=5)  # a test is resolved where it was opened
TOLD_AFTER = 3  # tries without answer; from then on people know, and the next method does not wait
_LONGEST_PAUSE = 60  # seconds between tries


@dataclass(frozen=True, slots=True)
class Method:
    """One way to reach a person: `service`, so long after Slack, for these roles (all, where none is named).

    `key` and `token` are names of environment variables, never secrets. `user` is who they are at that service.
    """

    service: str
    after: timedelta = timedelta()
    roles: tuple[Role, ...] = ()
    key: str = ""
    token: str = ""
    url: str = ""
    user: str = ""

    @property
    def name(self) -> str:
        """What tells it from the person's other methods."""
        return f"{self.service}:{self.key}" if self.key else self.service

    def serves(self, role: str) -> bool:
        return not self.roles or role in self.roles


class Standing(StrEnum):
    """What became of the page that a call is about."""

    WANTED = "wanted"
    ANSWERED = "answered"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class PageState:
    """A page, and the incident that it is about. Instants are aware UTC."""

    due_at: datetime
    manual: bool
    called_off: bool
    answered_at: datetime | None  # by its own people
    is_open: bool  # the incident, in the opening that the page belongs to
    acknowledged_at: datetime | None  # by anybody; mitigating counts


def standing_of(page: PageState, waits: bool) -> Standing:
    """What a call about the page is. `waits`: its method has a delay."""
    if not page.is_open or page.called_off:
        return Standing.OVER
    if page.answered_at is not None:
        return Standing.ANSWERED
    if page.acknowledged_at is None or page.manual:
        return Standing.WANTED
    return Standing.WANTED if page.due_at > page.acknowledged_at and not waits else Standing.ANSWERED


def pause_before(tries: int, asked: float | None = None) -> timedelta:
    """How long to wait after so many tries without success; as long as the service asked, where it did."""
    if asked is not None and asked >= 1:
        return timedelta(seconds=asked)
    return timedelta(seconds=min(2 ** min(tries, 10), _LONGEST_PAUSE))
