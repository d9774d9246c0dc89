"""Test pages: marked as such, by every method of one person, so seldom that nobody is worn out by them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.escalation.flows.calls import send_jobs
from bot.escalation.messages import calls as messages
from bot.escalation.queries import calls
from bot.escalation.rules.methods import MAIL, TEXT
from bot.escalation.rules.roster import Person

_MOST_TESTS, _TESTS_WITHIN, _BETWEEN_TESTS = 3, timedelta(hours=1), timedelta(minutes=1)


def plan_test(
    session: Session, person: Person, ways: Sequence[str], by: str, request_key: str, now: datetime
) -> Sequence[str]:
    """Have a page that says it is a test made by every method of a person: the names of the methods.

    `ways` are mail and text, where they are configured. The same request makes it once. Raises BadRequest where the
    person has no method, and where they were tested a moment ago or too often.
    """
    methods = list(dict.fromkeys([*(method.name for method in person.methods), *ways]))
    who = messages.named(person.name, person.slack)
    if not methods:
        raise BadRequest(f"{who} {messages.NO_METHODS}")
    test = f"TEST-{hashlib.sha256(request_key.encode()).hexdigest()[:16]}"
    if calls.list_of_test(session, test):
        return methods
    before = calls.list_tests_since(session, person.name, now - _TESTS_WITHIN)
    if len(before) >= _MOST_TESTS or any(at > now - _BETWEEN_TESTS for at in before):
        raise BadRequest(f"{who} {messages.TESTED_LATELY}")
    values = [
        {
            "key": f"{test}-{place}",
            "role": "",
            "person": person.name,
            "user_id": person.slack,
            "method": method,
            "place": place,
            "waits": False,
            "todo": calls.PAGE,
            "due_at": now,
            "planned_for": now,
            "state": calls.PLANNED,
            "asked_by": by,
            "made_at": now,
        }
        for place, method in enumerate(methods)
    ]
    rows = calls.add(session, values)
    for row in rows:
        row.claimed_at = now
    send_jobs(session, [row.call_id for row in rows])
    return methods


def ways_beside(person: Person, mail: bool, text: bool) -> list[str]:
    """Mail and text, where they are configured and the person has an address for them."""
    found = ((MAIL, mail and person.email), (TEXT, text and person.phone))
    return [way for way, there in found if there]
