"""fields.yaml: what is shipped, and what is refused with its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bot.errors import InvalidPolicy
from bot.fields.policy import load_fields
from bot.fields.rules import Ask, Holds
from bot.severity.rules import Severity
from tests.fixtures.policy import SHIPPED, PolicyFolder

GOOD = """types:
  data:
    title: Data loss
    severity_at_least: p1
fields:
  share:
    title: Share of users
    holds: number
    min: 0
    max: 99.5
    ask: [declare, resolve]
    required: true
    types: data
"""


def test_what_is_shipped_is_small_and_requires_nothing() -> None:
    policy = load_fields(SHIPPED / "fields.yaml")
    assert list(policy.types) == ["outage", "data", "security", "third-party"]
    assert list(policy.fields) == ["found-by", "customers-affected", "vendor"]
    assert policy.required == []
    assert policy.is_private("security") and not policy.is_private("data")
    assert len(policy.asked(Ask.DECLARE, any_type=True)) == 0


def test_a_folder_of_an_earlier_version_has_no_types_and_fields(tmp_path: Path) -> None:
    assert not load_fields(tmp_path / "fields.yaml")


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "fields.yaml"
    path.write_text(GOOD, encoding="utf-8")
    policy = load_fields(path)
    share = policy.fields["share"]
    assert policy.types["data"].at_least is Severity.P1
    assert (share.holds, share.least, share.most, share.required, share.types) == (
        Holds.NUMBER, Decimal(0), Decimal("99.5"), True, ("data",),
    )  # fmt: skip
    assert share.ask == frozenset(Ask)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("types: data\n", "types: date\n", 13, 'unknown type "date". Did you mean "data"?'),
        ("holds: number", "holds: numbers", 8, 'unknown "numbers". Did you mean "number"?'),
        ("max: 99.5", "max: -1", 10, "-1 is less than the minimum of 0."),
        ("max: 99.5", "max: lots", 10, '"lots" is not a number.'),
        ("    ask: [declare, resolve]\n", "", 11, "required and asked nowhere"),
        ("ask: [declare, resolve]", "ask: closing", 11, 'unknown "closing"'),
        ("holds: number", "holds: text", 9, "only a number has bounds."),
        ("max: 99.5", "options: [a, b]", 10, "only a select has options."),
        ("severity_at_least: p1", "severity_at_least: P7", 4, 'unknown "P7"'),
        ("title: Data loss", "title: Share", 3, None),
        ("  share:", "  type:", 6, '"type" means something in commands.'),
        ("  share:", "  share of users:", 6, "a name has at most 30 letters"),
        ("title: Share of users", f"title: {'x' * 41}", 7, "has 41 characters; at most 40 fit."),
        ("title: Share of users", "titel: Share of users", 7, 'unknown key "titel". Did you mean "title"?'),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str | None
) -> None:
    path = tmp_path / "fields.yaml"
    assert GOOD.count(old) == 1
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    if says is None:
        assert load_fields(path)
        return
    with pytest.raises(InvalidPolicy) as refused:
        load_fields(path)
    assert f"fields.yaml:{line}: " in str(refused.value) and says in str(refused.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [("[alone]", "at least two options"), ("[a, A, b]", '"a" is there twice'), (str(list(range(91))), "menus hold 90")],
)
def test_options_are_ones_that_a_menu_can_show(tmp_path: Path, options: str, says: str) -> None:
    path = tmp_path / "fields.yaml"
    path.write_text(f"fields:\n  a:\n    title: A\n    holds: select\n    options: {options}\n", encoding="utf-8")
    with pytest.raises(InvalidPolicy, match=r"fields\.yaml:5: ") as refused:
        load_fields(path)
    assert says in str(refused.value)


def test_two_that_a_command_could_not_tell_apart_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "fields.yaml"
    path.write_text("types:\n  data: {title: Data}\n  loss: {title: data}\n", encoding="utf-8")
    with pytest.raises(InvalidPolicy, match=r'fields\.yaml:3: .*"data" is also what "data" is called\.'):
        load_fields(path)


def test_more_fields_than_a_form_holds_are_refused(policy_folder: PolicyFolder) -> None:
    many = "".join(f"  f{number}: {{title: F{number}, holds: text}}\n" for number in range(41))
    path = policy_folder.edit("fields.yaml", "fields:\n", f"fields:\n{many}")
    with pytest.raises(InvalidPolicy, match="there are 44 fields; at most 40 fit a form"):
        load_fields(path)
