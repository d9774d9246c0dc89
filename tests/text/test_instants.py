"""Instants as people type them: of plans and of notes, by the wall clock of a zone; what could be two is refused."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadRequest
from bot.text.instants import is_instant, leading_past, parse_instant, parse_past

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 16, 50, tzinfo=UTC)  # a Friday, 17:50 in Berlin
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
ZONE = ZoneInfo("UTC")


def read(text: str, now: datetime = NOW) -> str:
    return f"{parse_instant(text, now, BERLIN, time(9)).astimezone(BERLIN):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("18:00", "Fri 2026-11-20 18:00"),
        ("at 18:00", "Fri 2026-11-20 18:00"),
        ("6pm", "Fri 2026-11-20 18:00"),
        ("12 am", "Sat 2026-11-21 00:00"),
        ("17:50", "Sat 2026-11-21 17:50"),
        ("9", "Sat 2026-11-21 09:00"),
        ("noon", "Sat 2026-11-21 12:00"),
        ("today 20:00", "Fri 2026-11-20 20:00"),
        ("tomorrow", "Sat 2026-11-21 09:00"),
        ("yesterday", "Thu 2026-11-19 09:00"),  # over, as well
        ("Tomorrow  at 9:30", "Sat 2026-11-21 09:30"),
        ("Monday 9:00", "Mon 2026-11-23 09:00"),
        ("next mon", "Mon 2026-11-23 09:00"),
        ("friday", "Fri 2026-11-27 09:00"),
        ("friday 18:00", "Fri 2026-11-20 18:00"),
        ("2 h", "Fri 2026-11-20 19:50"),
        ("1 h 30 min", "Fri 2026-11-20 19:20"),
        ("3 days", "Mon 2026-11-23 17:50"),
        ("2026-12-24 12:00", "Thu 2026-12-24 12:00"),
        ("2026-12-24", "Thu 2026-12-24 09:00"),
        ("24.12.2026 12:00", "Thu 2026-12-24 12:00"),
        ("24 Dec 12:00", "Thu 2026-12-24 12:00"),
        ("Jan 5 9:00", "Tue 2027-01-05 09:00"),
        ("2026-11-21T09:00Z", "Sat 2026-11-21 10:00"),
        ("today 9:00", "Fri 2026-11-20 09:00"),  # over: whoever asks refuses it
        ("2026-11-19 9:00", "Thu 2026-11-19 09:00"),
    ],
)
def test_times_mean_what_people_mean(typed: str, meant: str) -> None:
    assert read(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "banana",
        "until",
        "25:00",
        "13pm",
        "tomorrow banana",
        "1 fortnight",
        "<@U1>",
        "9" * 40,
    ],
)
def test_what_is_no_time_is_refused_with_what_to_type(typed: str) -> None:
    with pytest.raises(BadRequest, match="Write for example `18:00`, `tomorrow 9:00`"):
        read(typed)


@pytest.mark.parametrize("typed", ["2030-01-01", "400 days", "99 weeks"])
def test_more_than_a_year_ahead_is_refused(typed: str) -> None:
    with pytest.raises(BadRequest, match="more than a year ahead"):
        read(typed)


def test_a_change_of_clocks_keeps_the_wall_clock() -> None:
    before = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # the night in which Berlin puts its clocks back
    assert parse_instant("tomorrow 9:00", before, BERLIN, time(9)) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)
    assert parse_instant("12 h", before, BERLIN, time(9)) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


def said_of(text: str) -> str:
    try:
        return read(text)
    except BadRequest as refusal:
        return str(refusal)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("18:00 UTC+8", "Sat 2026-11-21 11:00"),
        ("18:00 UTC\u22123", "Fri 2026-11-20 22:00"),
        ("18:00 GMT-3", "Fri 2026-11-20 22:00"),
        ("18:00 +05:30", "Sat 2026-11-21 13:30"),
        ("18:00 -06:00", "Sat 2026-11-21 01:00"),
        ("18:00 (UTC+5:30)", "Sat 2026-11-21 13:30"),
        ("tomorrow 18:00 CET", "Sat 2026-11-21 18:00"),
        ("18:00 CET tomorrow", "Sat 2026-11-21 18:00"),
        ("18:00 america/new_york", "Sat 2026-11-21 00:00"),
        ("18:00 New York time", "Sat 2026-11-21 00:00"),
        ("18:00 in Tokyo", "Sat 2026-11-21 10:00"),
        ("18:00 Mumbai", "Sat 2026-11-21 13:30"),
        ("18:00 PT", "Sat 2026-11-21 03:00"),
        ("2027-07-10 18:00 Pacific time", "Sun 2027-07-11 03:00"),
        ("half an hour", "Fri 2026-11-20 18:20"),
        ("an hour and a half", "Fri 2026-11-20 19:20"),
        ("a week", "Fri 2026-11-27 17:50"),
        ("in an hour", "Fri 2026-11-20 18:50"),
        ("2 h from now", "Fri 2026-11-20 19:50"),
        ("1.5 h", "Fri 2026-11-20 19:20"),
        ("24:00", "Sat 2026-11-21 00:00"),
        ("today 24:00", "Sat 2026-11-21 00:00"),
        ("at midnight", "Sat 2026-11-21 00:00"),
        ("@18:30", "Fri 2026-11-20 18:30"),
        ("\u201818:30\u2019", "Fri 2026-11-20 18:30"),
        ("9:00 on Monday", "Mon 2026-11-23 09:00"),
        ("next friday", "Fri 2026-11-27 09:00"),
        ("last friday 9:00", "Fri 2026-11-13 09:00"),
        ("Thu, 24 Dec 2026 18:00", "Thu 2026-12-24 18:00"),
        ("29 Feb 2028", "“29 Feb 2028” is more than a year ahead. Write for example"),
    ],
)
def test_zones_spans_and_turns_of_speech_are_understood(typed: str, meant: str) -> None:
    assert said_of(typed).startswith(meant)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("11/12", "“11/12” is ambiguous: day or month first? Write the day as `24 Dec` or `2026-12-24`."),
        ("30 Feb", "30 Feb 2026 isn't a valid date."),
        ("Fri, 24 Dec 2026 18:00", "24 Dec 2026 is a Thursday, not a Friday."),
        ("0001-01-01 0:00", "is too far away"),
        ("999999 weeks ago", "more than a year ago"),
        ("18:00 IST", "Write `Asia/Kolkata` or `Asia/Jerusalem` or `Europe/Dublin`."),
        ("18:00 CST", "Write `America/Chicago` or `Asia/Shanghai`."),
        ("18:00 XYZ", "“XYZ” isn't a time zone I know."),
        ("18:00 Europe/Munich", "“Europe/Munich” isn't a time zone I know."),
        ("18:00 UTC+15", "“UTC+15” isn't a time zone."),
        (
            "18:00 CEST",
            "“CEST” isn't in force on 2026-11-20: clocks there show CET then. Write `CET` or `Europe/Berlin`.",
        ),
        ("22:00-06:00", "could be a span of time"),
        ("tomorrow midnight", "Write `tomorrow 00:00` or `tomorrow 24:00`."),
        ("2027-03-28 02:30", "There is no 02:30 on 2027-03-28 in Europe/Berlin"),
        ("2027-10-31 02:30", "Write `02:30 CEST` or `02:30 CET`."),
        ("24:01", "isn't a time I understand"),
    ],
)
def test_what_could_be_two_times_is_refused_with_the_ways_to_say_it(typed: str, says: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        read(typed)
    assert says in str(refusal.value)


def test_an_hour_that_comes_twice_is_told_apart_by_its_zone() -> None:
    assert parse_past("2026-10-25 02:30 CEST", NOW, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert parse_past("2026-10-25 02:30 CET", NOW, BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begins", "ends", "meant"),
    [
        ("Monday 9:00", "Friday 17:00", "Fri 2026-11-27 17:00"),  # not today, which is a Friday too
        ("22:00", "06:00", "Sat 2026-11-21 06:00"),
        ("Wednesday 22:00", "06:00", "Thu 2026-11-26 06:00"),
        ("24 Dec", "2 Jan", "Sat 2027-01-02 09:00"),
        ("Monday 9:00", "2 h", "Mon 2026-11-23 11:00"),
        ("today 20:00", "tomorrow 8:00", "Sat 2026-11-21 08:00"),
    ],
)
def test_an_end_is_read_from_its_beginning(begins: str, ends: str, meant: str) -> None:
    from_at = parse_instant(begins, NOW, BERLIN, time(9))
    until_at = parse_instant(ends, NOW, BERLIN, time(9), after=from_at)
    assert f"{until_at.astimezone(BERLIN):%a %Y-%m-%d %H:%M}" == meant


def test_what_is_shaped_as_a_time_is_known_from_names() -> None:
    assert all(is_instant(text) for text in ("22:00", "Monday 9:00", "now", "18:00 IST", "25:00"))
    assert not any(is_instant(text) for text in ("soon", "", "the team lead", "7 people"))


@given(st.text(st.sampled_from("at 0123456789:-+zpmCESTyesrdayonvFebin./,h’\n")))
def test_whatever_is_typed_of_a_plan_gives_an_instant_or_a_sentence(typed: str) -> None:
    try:
        at = parse_instant(typed, NOW, BERLIN, time(9))
    except BadRequest:
        return
    assert at.tzinfo is UTC


@pytest.mark.parametrize(
    ("typed", "at", "rest"),
    [
        ("at 11:20 rolled back", "2026-11-20 11:20", "rolled back"),
        ("11:20 it broke", "2026-11-20 11:20", "it broke"),
        ("11:20 UTC: it broke", "2026-11-20 11:20", "it broke"),
        ("11:20Z go", "2026-11-20 11:20", "go"),
        ("11:20 +02:00 hello", "2026-11-20 09:20", "hello"),
        ("at 9 things broke", "2026-11-20 09:00", "things broke"),
        ("9am things broke", "2026-11-20 09:00", "things broke"),
        ("10 min ago the alarm fired", "2026-11-20 11:50", "the alarm fired"),
        ("2 h 5 min ago: the alarm fired", "2026-11-20 09:55", "the alarm fired"),
        ("yesterday 23:50 CET it began", "2026-11-19 22:50", "it began"),
        ("yesterday at 23:50, it began", "2026-11-19 23:50", "it began"),
        ("Friday 11:00 it began", "2026-11-20 11:00", "it began"),
        ("Friday 13:00 it began", "2026-11-13 13:00", "it began"),
        ("2026-11-19 23:50 it began", "2026-11-19 23:50", "it began"),
    ],
)
def test_a_leading_time_is_read_and_the_rest_left(typed: str, at: str, rest: str) -> None:
    found, left = leading_past(typed, NOON, ZONE)
    assert found is not None and f"{found:%Y-%m-%d %H:%M}" == at
    assert left == rest


@pytest.mark.parametrize(
    ("typed", "at", "rest"),
    [
        ("half an hour ago the alarm fired", "11:30:00", "the alarm fired"),
        ("an hour ago: it broke", "11:00:00", "it broke"),
        ("30 s ago it broke", "11:59:30", "it broke"),
        ("1.5 h ago it broke", "10:30:00", "it broke"),
        ("@00:52 it broke", "00:52:00", "it broke"),
        ("at noon it broke", "12:00:00", "it broke"),
        ("at midnight it broke", "00:00:00", "it broke"),
        ("24:00 it broke", "00:00:00", "it broke"),
        ("11:20:37 it broke", "11:20:37", "it broke"),
        ("11:20 UTC+8 it broke", "03:20:00", "it broke"),
        ("07:20 GMT-3: it broke", "10:20:00", "it broke"),
        ("11:20 Europe/Berlin it broke", "10:20:00", "it broke"),
        ("11:20 Berlin time it broke", "10:20:00", "it broke"),
        ("11:20 Berlin: it broke", "10:20:00", "it broke"),
        ("06:20 ET it broke", "11:20:00", "it broke"),
        ("\u201811:20\u2019 it broke", "11:20:00", "it broke"),
        ("11:20 \u2018orders\u2019 broke", "11:20:00", "\u2018orders\u2019 broke"),
        ("11:20 - 3 pods restarted", "11:20:00", "3 pods restarted"),
        ("11:20: Berlin office lost power", "11:20:00", "Berlin office lost power"),
        ("11:20 west coast went down", "11:20:00", "west coast went down"),
        ("11:20 DNS broke", "11:20:00", "DNS broke"),
        ("11:20 Friday's deploy began", "11:20:00", "Friday's deploy began"),
        ("11:20 today it broke", "11:20:00", "it broke"),
    ],
)
def test_of_today_are_read_as_people_write_them(typed: str, at: str, rest: str) -> None:
    found, left = leading_past(typed, NOON, ZONE)
    assert found is not None and f"{found:%Y-%m-%d %H:%M:%S}" == f"2026-11-20 {at}"
    assert left == rest


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("11:20 yesterday it broke", "2026-11-19 11:20"),
        ("11:20 on Monday it broke", "2026-11-16 11:20"),
        ("last Friday 11:00 it broke", "2026-11-13 11:00"),
        ("19 Nov 23:50 it broke", "2026-11-19 23:50"),
        ("Nov 19 at 23:50: it broke", "2026-11-19 23:50"),
        ("24 Dec 10:00 it broke", "2025-12-24 10:00"),
        ("yesterday 24:00 it broke", "2026-11-20 00:00"),
    ],
)
def test_days_before_a_note_are_read_on_either_side_of_the_time(typed: str, at: str) -> None:
    found, left = leading_past(typed, NOON, ZONE)
    assert found is not None and f"{found:%Y-%m-%d %H:%M}" == at
    assert left == "it broke"


@pytest.mark.parametrize(
    "typed",
    [
        "5 pods restarted",
        "3.12 is out",
        "noon deploy",
        "3/5 pods left",
        "may 5 pods die",
        "rolled back at 11:20",
        "502 for a third",
        "",
        "ago",
        "at once",
    ],
)
def test_words_that_begin_with_no_time_are_left_alone(typed: str) -> None:
    assert leading_past(typed, NOON, ZONE) == (None, typed)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("at 14:20 x", "is in the future"),
        ("at 14:20 x", "yesterday 14:20"),
        ("2027-01-01 10:00 x", "is in the future"),
        ("at 25:00 x", "isn't a time I understand"),
        ("at 99 x", "isn't a time I understand"),
        ("at 2026-13-45 10:00 x", "isn't a valid date"),
        ("13pm x", "isn't a time I understand"),
        ("at 14:20 UTC+1 x", r"write `yesterday 14:20 UTC\+1`"),
        ("next Monday 9:00 x", "is in the future"),
        ("11:20 IST x", "several time zones"),
        ("11:20 Berlin office lost power", "could be a time zone or a word of the note"),
        ("11:20 -3 pods", "could be a time zone or a number"),
        ("11:20-11:40 it was down", "could be a span of time"),
        ("monday 5 pods died", "could be a time or a number"),
        ("11/19 23:50 x", "is ambiguous"),
    ],
)
def test_what_cannot_be_is_refused(typed: str, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        leading_past(typed, NOON, ZONE)


def test_the_wall_clock_of_the_zone_counts() -> None:
    at, _ = leading_past("at 11:20 x", NOON, ZoneInfo("Europe/Berlin"))
    assert at == datetime(2026, 11, 20, 10, 20, tzinfo=UTC)


def test_a_field_must_hold_a_time_and_nothing_else() -> None:
    assert parse_past("2026-11-20 11:20", NOON, ZONE) == datetime(2026, 11, 20, 11, 20, tzinfo=UTC)
    for typed in ("", "tomorrow", "11:20 and more"):
        with pytest.raises(BadRequest):
            parse_past(typed, NOON, ZONE)


@given(st.text(st.sampled_from("at 0123456789:-+zpmCETyesrdayago.,h\n")))
def test_whatever_is_typed_gives_a_past_instant_or_a_sentence(typed: str) -> None:
    try:
        at, _ = leading_past(typed, NOON, ZONE)
    except BadRequest:
        return
    assert at is None or at <= NOON


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("around 14:20 x", "Fri 14:20"),
        ("at about 2 pm x", "Fri 14:00"),
        ("~14:20: x", "Fri 14:20"),
        ("(14:20) x", "Fri 14:20"),
        ("[yesterday 23:50 CET] x", "Thu 23:50"),
        ("on Thursday at 14:20 x", "Thu 14:20"),
        ("the day before yesterday 14:20 x", "Wed 14:20"),
        ("a couple of hours ago x", "Fri 15:50"),
        ("about forty-five minutes ago x", "Fri 17:05"),
        ("14:20 my time x", "Fri 14:20"),
        ("14:20\u2014x", "Fri 14:20"),
        ("\u201914:20\u2019 x", "Fri 14:20"),
    ],
)
def test_what_people_put_around_the_time_of_a_note_is_understood(typed: str, meant: str) -> None:
    at, rest = leading_past(typed, NOW, BERLIN)
    assert at is not None and (f"{at.astimezone(BERLIN):%a %H:%M}", rest) == (meant, "x")


@pytest.mark.parametrize("words", ["around 5 pods failed", "(see the graph) x", "on 3.12 it fails", "two pods died"])
def test_words_that_only_look_like_a_time_are_words(words: str) -> None:
    assert leading_past(words, NOW, BERLIN) == (None, words)


def test_an_evening_without_an_hour_is_asked_about() -> None:
    with pytest.raises(BadRequest, match="at what time tonight"):
        read("tonight")
