"""`tocsin roster import`: a schedule kept elsewhere becomes a role's schedule. `tocsin oncall test`: a page to try."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from bot.errors import BadRequest
from bot.escalation.flows.page_tests import ways_beside
from bot.escalation.flows.roster import keep_schedule, zone_of
from bot.escalation.jobs.delivering import Draft, Ways, deliver, facts_of_test
from bot.escalation.messages import calls as messages
from bot.escalation.policy.schedules import read_schedule
from bot.escalation.queries.calls import PAGE
from bot.escalation.rules.methods import Method
from bot.escalation.rules.roster import parse_role
from bot.pagers.requests import Outcome
from bot.policy.values import did_you_mean
from bot.settings import Settings
from bot.wiring.access.aws import build_ways
from bot.wiring.building import build_pagers, build_policy, open_database
from bot.wiring.clock import Clock


def import_schedule(settings: Settings, file: Path, role_name: str, *, dry_run: bool) -> Iterator[str]:
    """Read a schedule and keep it as the role's; the report, line by line. Raises BadRequest."""
    policy = build_policy(settings)
    role, zone = parse_role(role_name), zone_of(policy.contacts, policy.calendar.zone)
    now = Clock(settings.clock_file).now()
    schedule = read_schedule(file, policy.contacts.people, now, zone)
    first, last = schedule.shifts[0], schedule.shifts[-1]
    whole = f"{first.from_at:%Y-%m-%d %H:%M} to {last.until_at:%Y-%m-%d %H:%M} UTC"
    yield f"{file.name}: {len(schedule.shifts)} shifts of the {role}, {whole}."
    for begins, ends in schedule.gaps:
        yield f"Gap {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC: contacts.yaml applies then."
    if schedule.left_out:
        yield f"{schedule.left_out} cancelled or declined: no shifts."
    for refusal in schedule.refused:
        yield f"Not imported: {refusal}"
    if dry_run:
        return
    with open_database(settings) as database, database.transaction() as session:
        before = keep_schedule(session, role, schedule.shifts, file.name, now)
    if before is None:
        yield "Already imported; nothing changed."
    else:
        yield f"Imported; it replaces {before} earlier shift{'s' * (before != 1)}." if before else "Imported."


def test_methods(settings: Settings, name: str, now: datetime) -> Iterator[tuple[bool, str]]:
    """Make a test page by every method of a person: whether each was taken, and what came back.

    Raises BadRequest for somebody who is not in contacts.yaml, or has no method.
    """
    people = build_policy(settings).contacts.people
    person = people.get(name)
    if person is None:
        raise BadRequest(f'Nobody called "{name}" is in contacts.yaml.{did_you_mean(name, people)}')
    mail, text = build_ways(settings)
    ways = Ways(build_pagers(settings), mail, text)
    methods = [*person.methods, *map(Method, ways_beside(person, mail is not None, text is not None))]
    if not methods:
        raise BadRequest(f"{name} {messages.NO_METHODS}")
    test = f"TEST-{secrets.token_hex(8)}"
    for place, method in enumerate({method.name: method for method in methods}.values()):
        facts = facts_of_test(f"{test}-{place}", name, now)
        result = deliver(ways, Draft(PAGE, "", messages.TOCSIN, method, person, facts), now)
        done = result.outcome is Outcome.DONE
        said = "taken; where it stays open, resolve it there" if done else f"{result.says}. {result.advice}".rstrip()
        yield done, f"{messages.title_of(method.name)}: {said}"
