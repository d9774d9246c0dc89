"""A schedule kept elsewhere, imported by command: who is on call, who is paged, and what a second import does."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.escalation.tables import ShiftRow
from tests.journeys.story import ask, jump_to, pings_of, settle
from tests.support.commands import run_command
from tests.support.stage import BOT, INCIDENTS, Stage

Shift = tuple[str, datetime, datetime]


@pytest.fixture
def hour(stage: Stage) -> datetime:
    """The beginning of the present hour."""
    return stage.context.now().replace(minute=0, second=0, microsecond=0)


def schedule(folder: Path, *shifts: Shift) -> Path:
    """An iCalendar file with one event a shift."""
    file = folder / "on-call.ics"
    events = [
        f"BEGIN:VEVENT\r\nUID:{number}@example.com\r\nSUMMARY:{who}\r\n"
        f"DTSTART:{from_at:%Y%m%dT%H%M%SZ}\r\nDTEND:{until_at:%Y%m%dT%H%M%SZ}\r\nEND:VEVENT\r\n"
        for number, (who, from_at, until_at) in enumerate(shifts)
    ]
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n"
    file.write_text(head + "".join(events) + "END:VCALENDAR\r\n", encoding="utf-8", newline="")
    return file


def roster_import(stage: Stage, file: Path, *more: str, role: str = "on-call engineer") -> list[str]:
    """What `tocsin roster import` prints, line by line; it must end well."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": stage.database.url,
        "TOCSIN_DATA": str(stage.settings.data_folder),
        "TOCSIN_CLOCK_FILE": str(stage.settings.clock_file),
    }
    ended = run_command(("roster", "import", str(file), "--role", role, *more), environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def kept(stage: Stage) -> list[tuple[int, str, str]]:
    """The shifts as the database has them: id, role and person."""
    with stage.database.transaction() as session:
        statement = select(ShiftRow.shift_id, ShiftRow.role, ShiftRow.person).order_by(ShiftRow.shift_id)
        return [(shift_id, role, person) for shift_id, role, person in session.execute(statement)]


def test_whom_an_imported_schedule_names_is_on_call_and_is_paged(stage: Stage, hour: datetime, tmp_path: Path) -> None:
    day = timedelta(days=1)
    file = schedule(tmp_path, ("team lead", hour, hour + day), ("second responder", hour + day, hour + 2 * day))
    assert roster_import(stage, file, "--dry-run")[0].startswith("on-call.ics: 2 shifts of the on-call engineer, ")
    assert kept(stage) == []
    assert roster_import(stage, file)[-1] == "Imported."
    said = ask(stage.responder, INCIDENTS, "/incident oncall")
    assert "*on-call engineer:* <@U0TEAMLEAD>. Next <@U0SECONDARY> from" in said
    assert "_on-call engineer: imported from on-call.ics, until" in said
    ref, _ = stage.declare("P1 the schedule is followed")
    lead = stage.team_lead
    assert lead.wait_for_message(lead.dm_with(BOT), ref)
    settle(stage.database)
    assert pings_of(stage, ref)[0].user_ids == ["U0TEAMLEAD"]

    jump_to(stage, hour + day + timedelta(minutes=1))
    ref, _ = stage.declare("P1 the next shift has begun")
    second = stage.person("U0SECONDARY")
    assert second.wait_for_message(second.dm_with(BOT), ref)

    jump_to(stage, hour + 2 * day + timedelta(minutes=1))
    assert "*on-call engineer:* <@U0RESPONDER>" in ask(stage.responder, INCIDENTS, "/incident oncall")


def test_importing_the_same_file_again_changes_nothing(stage: Stage, hour: datetime, tmp_path: Path) -> None:
    file = schedule(tmp_path, ("team lead", hour, hour + timedelta(days=1)))
    roster_import(stage, file)
    before = kept(stage)
    assert roster_import(stage, file)[-1] == "Already imported; nothing changed."
    assert kept(stage) == before


def test_a_changed_file_takes_the_place_of_the_earlier_one(stage: Stage, hour: datetime, tmp_path: Path) -> None:
    end = hour + timedelta(days=1)
    roster_import(stage, schedule(tmp_path, ("team lead", hour, end)))
    roster_import(stage, schedule(tmp_path, ("VP engineering", hour, end)), role="team lead")
    changed = schedule(tmp_path, ("second responder", hour, end), ("team lead", end, end + timedelta(hours=8)))
    assert roster_import(stage, changed)[-1] == "Imported; it replaces 1 earlier shift."
    assert [(role, who) for _, role, who in kept(stage)] == [
        ("team lead", "VP engineering"),
        ("on-call engineer", "second responder"),
        ("on-call engineer", "team lead"),
    ]
    said = ask(stage.responder, INCIDENTS, "/incident oncall")
    assert "*on-call engineer:* <@U0SECONDARY>. Next <@U0TEAMLEAD> from" in said
    assert "*team lead:* <@U0VP>" in said, "another role's import stands"


def test_an_override_made_in_slack_goes_before_the_schedule(stage: Stage, hour: datetime, tmp_path: Path) -> None:
    roster_import(stage, schedule(tmp_path, ("team lead", hour, hour + timedelta(days=1))))
    ask(stage.manager, INCIDENTS, "/incident oncall override @support-agent for 1 h")
    said = ask(stage.responder, INCIDENTS, "/incident oncall")
    assert "*on-call engineer:* <@U0SUPPORT>. Next <@U0TEAMLEAD> from" in said
