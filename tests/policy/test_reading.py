"""What is wrong in a policy file is refused with its file, line and what to write instead."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from bot.errors import InvalidPolicy
from bot.policy.reading import Node, read, read_text
from bot.text.durations import parse_duration


def node(text: str) -> Node:
    return read_text(f"value: {text}", "x.yaml").mapping()["value"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("a: 1\nb: 2\na: 3\n", 3, '"a" is already set in line 1'),
        ("a: [1, 2\n", 2, "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("a: &x 1\nb: *x\n", 2, "aliases"),
        ("a: !!python/object:os.system 1\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("? [a]\n: 1\n", 1, "a key must be a plain word"),
        ("a: \x01\n", 1, "a character that YAML does not allow"),
        ("[" * 5000, 1, "nested too deep"),
    ],
)
def test_a_file_that_is_no_plain_yaml_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        read_text(text, "knowledge/policy/x.yaml")
    assert str(refused.value).startswith(f"knowledge/policy/x.yaml:{line}: ")
    assert reason in str(refused.value)


def test_a_file_that_is_missing_or_no_text_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge" / "policy"
    folder.mkdir(parents=True)
    with pytest.raises(InvalidPolicy, match=r"^knowledge/policy/x\.yaml:1: the file does not exist"):
        read(folder / "x.yaml")
    (folder / "x.yaml").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(InvalidPolicy, match="UTF-8"):
        read(folder / "x.yaml")
    with pytest.raises(InvalidPolicy, match="cannot be read"):
        read(folder)


def test_scalars_stay_as_typed_so_that_norway_is_no_boolean_and_nine_o_clock_no_number() -> None:
    assert node("NO").text() == "NO"
    assert node("9:00").time_of_day() == time(9)
    assert node("0123").text() == "0123"


def test_an_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    top = read_text("time_zone: UTC\nweekday: [Monday]\n", "x.yaml")
    with pytest.raises(InvalidPolicy, match=r'^x\.yaml:2: x: unknown key "weekday"\. Did you mean "weekdays"\?$'):
        top.fields("time_zone", "weekdays")


def test_a_missing_key_is_refused_at_the_line_of_its_parent() -> None:
    inner = read_text("a: 1\nhours:\n  opens: 09:00\n", "x.yaml").mapping()["hours"]
    with pytest.raises(InvalidPolicy, match=r'^x\.yaml:2: x\.hours: "closes" is missing'):
        inner.fields("opens", "closes")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("15m", timedelta(minutes=15)),
        ("30 min", timedelta(minutes=30)),
        ("2 h", timedelta(hours=2)),
        ("1 h 30 min", timedelta(minutes=90)),
        ("1 day", timedelta(days=1)),
        ("2 weeks", timedelta(days=14)),
    ],
)
def test_a_span_is_read_as_people_write_it(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span
    assert node(text).duration() == span


@pytest.mark.parametrize(
    "text", ["soon", "30", "-5 min", "0.01 h", "5 parsecs", "5 min or so", "0 min", "9999 weeks", ""]
)
def test_a_bad_span_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicy, match=r"^x\.yaml:1: x\.value"):
        node(text).duration()


def test_times_days_and_dates_are_read() -> None:
    assert node("17:30").time_of_day() == time(17, 30)
    assert [node(text).weekday() for text in ("Monday", "sun", "FRIDAY")] == [0, 6, 4]
    assert node("2026-12-24").day() == date(2026, 12, 24)
    assert node("2026-12-24T09:00").local_instant().tzinfo is None
    assert node("Europe/Berlin").zone().key == "Europe/Berlin"
    assert node("7").integer(0, 10) == 7
    assert node("at ONCE").choice(["at once"]) == "at once"


@pytest.mark.parametrize(
    ("text", "method", "reason"),
    [
        ("25:00", "time_of_day", "not a time of day"),
        ("9am", "time_of_day", "not a time of day"),
        ("Mo", "weekday", "not a day of the week"),
        ("24.12.2026", "day", "not a date"),
        ("2026-02-30", "day", "not a date"),
        ("tomorrow", "local_instant", "not a date and time"),
        ("Europe/Berln", "zone", 'Did you mean "Europe/Berlin"?'),
        ("Mars", "zone", "unknown time zone"),
        ("[a]", "text", "expected a text"),
        ("", "text", "expected a text"),
        ("a", "mapping", "expected keys"),
        ("{a: 1}", "items", "expected a list"),
    ],
)
def test_a_value_of_the_wrong_kind_says_what_to_write(text: str, method: str, reason: str) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        getattr(node(text), method)()
    assert str(refused.value).startswith("x.yaml:1: x.value")
    assert reason in str(refused.value)


def test_a_number_or_a_choice_outside_its_range_is_refused() -> None:
    for text in ("11", "-1", "a", "1e3", "9" * 40):
        with pytest.raises(InvalidPolicy, match="whole number from 0 to 10"):
            node(text).integer(0, 10)
    with pytest.raises(InvalidPolicy, match='Did you mean "team lead"'):
        node("team leed").choice(["team lead", "VP engineering"])
    with pytest.raises(InvalidPolicy, match="Known: team lead, VP engineering"):
        node("barista").choice(["team lead", "VP engineering"])


def test_a_single_text_counts_as_a_list_of_one_and_nothing_as_an_empty_list() -> None:
    assert [item.text() for item in node("Monday").items()] == ["Monday"]
    assert node("").items() == ()
    assert node('""').is_empty is False
