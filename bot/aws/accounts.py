"""The accounts and regions that may be read, each by clients of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.aws.operations import DIAGNOSTICS
from bot.aws.reading import Reader
from bot.aws.session import ASKED, CallLimits, Client, Role, clients
from bot.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the policy: its region unless another is asked for, its number, and the role to assume in it."""

    region: str | None = None
    number: str | None = None
    role: Role | None = None


class Aws:
    """Readers of what is configured. Threads share it; nothing of AWS is loaded before the first reader asks."""

    def __init__(
        self,
        region: str,
        accounts: Mapping[str, Account] | None = None,
        limits: CallLimits = ASKED,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._region = region
        self._accounts = dict(accounts or {})
        self._limits = limits
        self._seconds = seconds
        self._clients: dict[tuple[str | None, str], Client] = {}
        self._lock = threading.Lock()

    def account_of_number(self, number: str) -> str | None:
        """The name of the account with these twelve digits; None where the policy names none."""
        return next((name for name, account in self._accounts.items() if account.number == number), None)

    def reader(self, budget: float, account: str | None = None, region: str | None = None) -> Reader:
        """A reader that asks for `budget` seconds from now. Raises BadRequest for an account that is not configured."""
        known = self._account(account) if account else Account()
        chosen = region or known.region or self._region

        def clients_in(elsewhere: str) -> Client:
            return self._client(account, elsewhere, known)

        return Reader(clients_in(chosen), chosen, self._seconds() + budget, self._seconds, clients_in)

    def client(self, service: str, account: str | None = None, region: str | None = None) -> Any:
        """The client with which this account is read."""
        known = self._account(account) if account else Account()
        return self._client(account, region or known.region or self._region, known)(service)

    def _client(self, account: str | None, region: str, known: Account) -> Client:
        with self._lock:
            if (account, region) not in self._clients:
                self._clients[account, region] = clients(region, DIAGNOSTICS, self._limits, known.role)
            return self._clients[account, region]

    def _account(self, name: str) -> Account:
        for known, account in self._accounts.items():
            if name.lower() == known.lower() or name == account.number:
                return account
        if not self._accounts:
            raise BadRequest(f"{name} isn't a configured account. Leave --account out to read Tocsin's own.")
        raise BadRequest(f"{name} isn't a configured account. Type --account {' or --account '.join(self._accounts)}.")
