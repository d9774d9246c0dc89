"""Schedules kept elsewhere: recurring events, time zones, people by address and title; the rest is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadRequest
from bot.escalation.policy.contacts import load_contacts
from bot.escalation.policy.schedules import ReadSchedule, read_schedule
from bot.settings import REPOSITORY

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PEOPLE = load_contacts(REPOSITORY / "knowledge" / "policy" / "contacts.yaml").people


def event(summary: str, start: str, end: str, *more: str, uid: str = "") -> str:
    lines = ["BEGIN:VEVENT", f"UID:{uid or summary + start}", f"DTSTART{start}", f"DTEND{end}", f"SUMMARY:{summary}"]
    return "\r\n".join([*lines, *more, "END:VEVENT"])


def read(tmp_path: Path, *events: str, zone: str = "UTC") -> ReadSchedule:
    file = tmp_path / "schedule.ics"
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", *events, "END:VCALENDAR", ""]
    file.write_text("\r\n".join(whole), encoding="utf-8")
    return read_schedule(file, PEOPLE, NOW, ZoneInfo(zone))


SIXTY = ",".join(map(str, range(60)))
WEEK = (";TZID=Europe/Berlin:20261116T090000", ";TZID=Europe/Berlin:20261123T090000")
NEXT = (";TZID=Europe/Berlin:20261123T090000", ";TZID=Europe/Berlin:20261130T090000")


def test_shifts_that_repeat_are_written_out_for_a_year_less_their_exceptions(tmp_path: Path) -> None:
    every = "RRULE:FREQ=WEEKLY;INTERVAL=2"
    gap = "EXDATE;TZID=Europe/Berlin:20261207T090000"
    found = read(tmp_path, event("responder", *WEEK, every), event("second responder", *NEXT, every, gap))
    assert [shift.person for shift in found.shifts[:4]] == ["responder", "second responder", "responder", "responder"]
    assert found.shifts[0].from_at == datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    assert len(found.shifts) == 52
    assert found.gaps == ((datetime(2026, 12, 7, 8, 0, tzinfo=UTC), datetime(2026, 12, 14, 8, 0, tzinfo=UTC)),)
    summer = next(shift for shift in found.shifts if shift.from_at.month == 6)
    assert summer.from_at.hour == 7, "nine o'clock in Berlin, in summer too"


@pytest.mark.parametrize(
    ("summary", "more", "person"),
    [
        ("On Call - second responder - Checkout", (), "second responder"),
        ("RESPONDER", (), "responder"),
        ("platform-oncall@example.com", (), "responder"),
        ("On call", ("ATTENDEE;CN=Lead:mailto:engineering-leads@example.com",), "team lead"),
    ],
)
def test_an_event_names_its_person_by_address_or_title(
    tmp_path: Path, summary: str, more: tuple[str, ...], person: str
) -> None:
    assert [shift.person for shift in read(tmp_path, event(summary, *WEEK, *more)).shifts] == [person]


def test_whole_days_and_times_without_zone_are_those_of_the_rotation(tmp_path: Path) -> None:
    days = event("responder", ";VALUE=DATE:20261121", ";VALUE=DATE:20261123")
    floating = event("team lead", ":20261123T000000", ":20261124T000000")
    found = read(tmp_path, days, floating, zone="Asia/Kolkata")
    assert [shift.from_at for shift in found.shifts] == [
        datetime(2026, 11, 20, 18, 30, tzinfo=UTC),
        datetime(2026, 11, 22, 18, 30, tzinfo=UTC),
    ]
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([], "it holds no event that is not over"),
        ([event("responder", ":20200101T000000Z", ":20200102T000000Z")], "it holds no event that is not over"),
        ([event("a stranger", *WEEK)], "names nobody of contacts.yaml"),
        (
            [event("responder and team lead", *WEEK)],
            "The event “responder and team lead” of 2026-11-16 names responder and team lead",
        ),
        ([event("responder", WEEK[1], WEEK[0])], "ends when or before it begins"),
        (
            [event("responder", ";TZID=Mars/Olympus:20261123T090000", ";TZID=Mars/Olympus:20261124T090000")],
            "The event “responder” of 2026-11-23 is in the unknown time zone “Mars/Olympus”",
        ),
        ([event("responder", ":20261123T090000Z", ":20261123T090000Z")], "ends when or before it begins"),
        ([event("responder", *WEEK, "RRULE:FREQ=NEVERLY")], "no iCalendar file|cannot be followed"),
        ([event("responder", ":20261120T000000Z", ":20261120T000100Z", "RRULE:FREQ=HOURLY")], "too many"),
        ([event("responder", ":20261120T000000Z", ":20261120T000001Z", "RRULE:FREQ=SECONDLY")], "every minute or oft"),
        # Each of these would be followed for hours.
        ([event("responder", *WEEK, f"RRULE:FREQ=DAILY;BYMINUTE={SIXTY};BYSECOND={SIXTY}")], "every minute or oft"),
        ([event("responder", *WEEK, f"RRULE:FREQ=WEEKLY;BYHOUR=1,2;BYMINUTE={SIXTY}")], "every minute or oft"),
        ([event("responder", *WEEK, "RRULE:FREQ=HOURLY", uid=f"{n}") for n in range(40)], "shifts are too many"),
        (
            [event("responder", ":00010101T000000Z", ":00010102T000000Z", "RRULE:FREQ=DAILY")],
            "shifts are too many",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(tmp_path: Path, events: list[str], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        read(tmp_path, *events)


@pytest.mark.parametrize("content", [b"", b"not a calendar", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
def test_a_file_that_is_no_calendar_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "schedule.ics"
    file.write_bytes(content)
    with pytest.raises(BadRequest, match=r"schedule\.ics: it is no iCalendar file|it holds no event"):
        read_schedule(file, PEOPLE, NOW, ZoneInfo("UTC"))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        read_schedule(tmp_path / "none.ics", PEOPLE, NOW, ZoneInfo("UTC"))


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


LEAD = "mailto:engineering-leads@example.com"
ONCALL = "mailto:platform-oncall@example.com"


def test_what_was_cancelled_or_declined_is_no_shift(tmp_path: Path) -> None:
    weekly = event("responder", *WEEK, "RRULE:FREQ=WEEKLY;COUNT=3", uid="weekly")
    at = "RECURRENCE-ID;TZID=Europe/Berlin:20261123T090000"
    called_off = event("responder", *NEXT, at, "STATUS:CANCELLED", uid="weekly")
    found = read(
        tmp_path,
        weekly,
        called_off,
        event("team lead", ":20261124T000000Z", ":20261125T000000Z", "STATUS:CANCELLED"),
        event("team lead", ":20261125T000000Z", ":20261126T000000Z", f"ATTENDEE;PARTSTAT=DECLINED:{LEAD}"),
        event(
            "On call", ":20261126T000000Z", ":20261127T000000Z",
            f"ATTENDEE;PARTSTAT=DECLINED:{LEAD}", f"ATTENDEE;PARTSTAT=ACCEPTED:{ONCALL}",
        ),
    )  # fmt: skip
    assert [(shift.person, shift.from_at.day) for shift in found.shifts] == [
        ("responder", 16), ("responder", 26), ("responder", 30),
    ]  # fmt: skip
    assert (found.left_out, found.refused) == (3, ())


def test_a_whole_day_without_an_end_lasts_that_day_by_the_clock_of_the_rotation(tmp_path: Path) -> None:
    lines = ["BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20261121", "SUMMARY:responder", "END:VEVENT"]
    (shift,) = read(tmp_path, "\r\n".join(lines), zone="America/New_York").shifts
    assert (shift.from_at, shift.until_at) == (day(21) + timedelta(hours=5), day(22) + timedelta(hours=5))
    without = ["BEGIN:VEVENT", "UID:2", "DTSTART:20261121T090000Z", "SUMMARY:responder", "END:VEVENT"]
    with pytest.raises(BadRequest, match="“responder” of 2026-11-21 has no beginning or no end"):
        read(tmp_path, "\r\n".join(without))


def test_overlapping_shifts_of_one_person_are_one(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        event("responder", ":20261121T000000Z", ":20261124T000000Z"),
        event("responder", ":20261122T000000Z", ":20261123T000000Z"),
        event("responder", ":20261123T120000Z", ":20261125T000000Z"),
    )
    assert [(shift.from_at, shift.until_at) for shift in found.shifts] == [(day(21), day(25))]


def test_what_is_refused_is_named_with_its_day_and_the_rest_is_imported(tmp_path: Path) -> None:
    moved = "RECURRENCE-ID;TZID=Europe/Berlin:20261130T090000"
    found = read(
        tmp_path,
        event("responder", ":20261121T000000Z", ":20261122T000000Z"),
        event("responder & second responder", ":20261122T000000Z", ":20261123T000000Z"),
        event("a stranger", ":20261123T000000Z", ":20261124T000000Z"),
        event("team lead", ":20261121T120000Z", ":20261122T120000Z"),
        event("team lead", ";TZID=Mars/Olympus:20261123T090000", ";TZID=Mars/Olympus:20261124T090000"),
        event("VP engineering", *NEXT, "RRULE:FREQ=WEEKLY;COUNT=2", uid="weekly"),
        event("VP engineering", ":20261201T000000Z", ":20261130T000000Z", moved, uid="weekly"),
    )
    assert [(shift.person, shift.from_at.day) for shift in found.shifts] == [("responder", 21), ("VP engineering", 23)]
    assert [sentence.split(" names ")[0].split(" from ")[0].split(" is in ")[0] for sentence in found.refused] == [
        "The event “team lead” of 2026-11-23",
        "The event “VP engineering” of 2026-12-01 ends when or before it begins.",
        "The event “responder & second responder” of 2026-11-22",
        "The event “a stranger” of 2026-11-23",
        "The shift of team lead",
    ]
