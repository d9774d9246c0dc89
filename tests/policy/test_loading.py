"""What is wrong in a policy file is refused with its file, line and what to write instead."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import create_model

from bot.errors import InvalidPolicy
from bot.policy import values
from bot.policy.loading import Keys, PolicyModel, load, load_text, read_yaml
from bot.policy.values import Many, Text, one_of
from bot.text.durations import parse_duration

ROLES = ("team lead", "VP engineering")


class Hours(PolicyModel):
    opens: values.TimeOfDay
    closes: values.TimeOfDay


class Policy(PolicyModel):
    time_zone: values.Zone
    weekdays: Many[values.Weekday] = ()
    hours: Hours | None = None
    roles: Annotated[dict[str, Many[Text]], Keys(*ROLES[:1], optional=ROLES[1:])] | None = None


def value(kind: Any, text: str) -> Any:
    """What a field of this kind reads from `text`. Raises InvalidPolicy."""
    model = create_model("One", __base__=PolicyModel, value=(kind, ...))
    return load_text(f"value: {text}", "x.yaml", model).value  # type: ignore[attr-defined]  # made in the line above


def refused(text: str, model: type[PolicyModel] = Policy) -> list[str]:
    with pytest.raises(InvalidPolicy) as error:
        load_text(text, "knowledge/policy/x.yaml", model)
    return [line.removeprefix("knowledge/policy/x.yaml:") for line in str(error.value).splitlines()]


def bomb() -> str:
    """540 bytes that stand for ten to the power of nine words."""
    rows = [f"a0: &a0 [{', '.join(['lol'] * 10)}]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("---\n~\n", 1, "empty"),
        ("a: [1, 2\n", 2, "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("a: &x 1\nb: *x\n", 2, "aliases"),
        (bomb(), 2, "aliases"),
        ("a: &x [*x]\n", 1, "aliases"),
        ("time_zone: !!python/object:os.system UTC\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("? [a]\n: 1\n", 1, "a key must be a plain word"),
        ("ä: 1\nb: \x01\n", 2, "a character that YAML does not allow"),
        ("ä: 1\nb: \ud800\n", 2, "a character that YAML does not allow"),
        ("[" * 5000, 1, "nested too deep"),
        ("a: " + "{b: " * 5000, 1, "nested too deep"),
        ("- a\n- b\n", 1, "expected keys"),
        ("just words\n", 1, "expected keys"),
    ],
)
def test_a_file_that_is_no_plain_yaml_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    (only,) = refused(text)
    assert only.startswith(f"{line}: ")
    assert reason in only


def test_a_file_that_is_missing_or_no_text_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge" / "policy"
    folder.mkdir(parents=True)
    with pytest.raises(InvalidPolicy, match=r"^knowledge/policy/x\.yaml:1: the file does not exist"):
        load(folder / "x.yaml", Policy)
    (folder / "x.yaml").write_bytes("time_zone: UTC\n# Größe\n".encode("latin-1"))
    with pytest.raises(InvalidPolicy, match=r"^knowledge/policy/x\.yaml:2: this is not UTF-8 text"):
        load(folder / "x.yaml", Policy)
    (folder / "x.yaml").write_bytes("\ufefftime_zone: UTC\r\nweekdays: Mon\r\n".encode())
    assert load(folder / "x.yaml", Policy).weekdays == (0,)
    with pytest.raises(InvalidPolicy, match="cannot be read"):
        load(folder, Policy)


def test_everything_that_is_wrong_in_a_file_is_said_at_once_from_the_top() -> None:
    text = """time_zone: Mars
weekdays: [Monday, Caturday, Blursday]
hours:
  opens: 9
  opens: 10:00
  closess: 17:00
hour: 3
roles:
  vp engineering: somebody
"""
    assert refused(text) == [
        '1: x.time_zone: unknown time zone "Mars". Write an IANA name, for example UTC or Europe/Berlin.',
        '2: x.weekdays[2]: "Caturday" is not a day of the week. Write for example Monday.',
        '2: x.weekdays[3]: "Blursday" is not a day of the week. Write for example Monday.',
        '5: "opens" is already set in line 4. Keep one.',
        '6: x.hours: unknown key "closess". Did you mean "closes"?',
        '7: x: unknown key "hour". Did you mean "hours"?',
        '8: x.roles: "team lead" is missing. Add a line `team lead: …`.',
        '9: x.roles: unknown key "vp engineering". Did you mean "VP engineering"?',
    ]


def test_a_missing_key_is_refused_at_the_line_of_its_parent_and_a_misspelled_one_only_once() -> None:
    assert refused("weekdays: [Monday]\nhours:\n  opens: 09:00\n") == [
        '1: x: "time_zone" is missing. Add a line `time_zone: …`.',
        '2: x.hours: "closes" is missing. Add a line `closes: …`.',
    ]
    assert refused("weekday: [Monday]\ntime_zon: UTC\n") == [
        '1: x: unknown key "weekday". Did you mean "weekdays"?',
        '2: x: unknown key "time_zon". Did you mean "time_zone"?',
    ]


def test_scalars_stay_as_typed_so_that_norway_is_no_boolean_and_nine_o_clock_no_number() -> None:
    assert value(Text, "NO") == "NO"
    assert value(values.TimeOfDay, "9:00") == time(9)
    assert value(Text, "0123") == "0123"
    assert value(Text, '"null"') == "null"


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
    assert value(values.Duration, text) == span


@pytest.mark.parametrize(
    "text", ["soon", "30", "-5 min", "0.01 h", "5 parsecs", "5 min or so", "0 min", "9999 weeks", ""]
)
def test_a_bad_span_is_refused(text: str) -> None:
    with pytest.raises(InvalidPolicy, match=r"^x\.yaml:1: x\.value"):
        value(values.Duration, text)


def test_times_days_and_dates_are_read() -> None:
    assert value(values.TimeOfDay, "17:30") == time(17, 30)
    assert value(Many[values.Weekday], "[Monday, sun, FRIDAY]") == (0, 6, 4)
    assert value(values.Day, "2026-12-24") == date(2026, 12, 24)
    assert value(values.LocalInstant, "2026-12-24T09:00").tzinfo is None
    assert value(values.Zone, "Europe/Berlin").key == "Europe/Berlin"
    assert value(Annotated[str, one_of(["at once"])], "at ONCE") == "at once"
    assert (value(values.Flag, "True"), value(values.Share, "0.4")) == (True, 0.4)


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("25:00", values.TimeOfDay, "not a time of day"),
        ("9am", values.TimeOfDay, "not a time of day"),
        ("Mo", values.Weekday, "not a day of the week"),
        ("24.12.2026", values.Day, "not a date"),
        ("2026-02-30", values.Day, "not a date"),
        ("tomorrow", values.LocalInstant, "not a date and time"),
        ("Europe/Berln", values.Zone, 'Did you mean "Europe/Berlin"?'),
        ("Mars", values.Zone, "unknown time zone"),
        ("1.01", values.Share, "not a number from 0 to 1"),
        ("nan", values.Share, "not a number from 0 to 1"),
        ("[a]", Text, "expected a text"),
        ("", Text, "expected a text"),
        ('" "', Text, "expected a text"),
        ("a", Hours, "expected keys"),
        ("", Hours, "expected keys"),
        ("[a]", dict[str, Text], "expected keys"),
        ("{a: 1}", Many[Text], "expected a list"),
        ("team leed", Annotated[str, one_of(ROLES)], 'Did you mean "team lead"'),
        ("barista", Annotated[str, one_of(ROLES)], "Known: team lead, VP engineering"),
    ],
)
def test_a_value_of_the_wrong_kind_says_what_to_write(text: str, kind: Any, reason: str) -> None:
    with pytest.raises(InvalidPolicy) as error:
        value(kind, text)
    assert str(error.value).startswith("x.yaml:1: x.value")
    assert reason in str(error.value)


def test_a_single_text_counts_as_a_list_of_one_and_nothing_as_an_empty_list() -> None:
    assert value(Many[Text], "Monday") == ("Monday",)
    assert value(Many[Text], "") == ()
    with pytest.raises(InvalidPolicy, match=r"x\.yaml:1: x\.value: expected a text"):
        value(Many[Text], '""')


def test_a_tolerant_reader_learns_of_what_a_strict_one_refuses() -> None:
    document = read_yaml("a: 1\na: !x 2\n")
    assert document.value == {"a": "2"}
    assert [line for line, _ in document.problems] == [2, 2]
