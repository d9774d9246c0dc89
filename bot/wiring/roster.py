"""`tocsin roster import`: a schedule kept elsewhere becomes a role's schedule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.escalation.flows.roster import keep_schedule, zone_of
from bot.escalation.policy.schedules import read_schedule
from bot.escalation.rules.roster import parse_role
from bot.settings import Settings
from bot.wiring.building import build_policy, open_database
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
