"""What is typed for types and fields, in commands, forms and filters of lists."""

from __future__ import annotations

import pytest

from bot.errors import BadRequest, FormRefused
from bot.fields.messages import line
from bot.fields.rules import KEPT, Ask, FieldsPolicy, Filter, Given, Value, read_filters
from bot.severity.rules import Severity
from tests.fields.policies import CUSTOMERS, POLICY, REGION, TICKET, VENDOR


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("EU west", "EU west"), ("eu  WEST", "EU west"), ("u", "US"), ("us", "US"), ("-", ""), ("clear", ""), ("", "")],
)
def test_an_option_is_chosen_in_any_case_or_by_how_it_begins(typed: str, kept: str) -> None:
    assert REGION.read(typed) == kept


@pytest.mark.parametrize("typed", ["eu", "Mars", "EU west and US"])
def test_what_is_no_option_is_refused_with_all_of_them(typed: str) -> None:
    with pytest.raises(BadRequest, match=r"^Region is one of: EU west, EU east, US\.$"):
        REGION.read(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("120", "120"), ("1,200", "1200"), ("4 999", "4999"), ("007", "7"), ("2.50", "2.5"), ("12 %", "12"), ("-0", "0"),
     ("1e2", "100"), ("100", "100"), ("-", "")],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(typed: str, kept: str) -> None:
    assert CUSTOMERS.read(typed) == kept


@pytest.mark.parametrize("typed", ["many", "-1", "5001", "NaN", "Infinity", "1,2,3", "1e400", "12 of 40"])
def test_what_is_no_number_within_the_bounds_is_refused_with_them(typed: str) -> None:
    with pytest.raises(BadRequest, match=r"^Customers hit is a number from 0 to 5000\.$"):
        CUSTOMERS.read(typed)


def test_a_text_longer_than_the_field_is_refused_and_none_is_cut() -> None:
    assert len(TICKET.read("x" * 1000)) == 1000
    with pytest.raises(BadRequest, match=r"Ticket has room for 1,000 characters; this is 1,001\."):
        TICKET.read("x" * 1001)


def test_what_the_policy_no_longer_offers_stays_until_somebody_changes_it() -> None:
    assert REGION.read("Moon", known="Moon") == REGION.read(KEPT, known="Moon") == "Moon"
    with pytest.raises(BadRequest):
        REGION.read("Moon", known="US")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("data", "data"), ("DATA", "data"), ("third party", "third-party"), ("third-party", "third-party"),
     ("Third", "third-party"), ("out", "outage"), ("none", ""), ("-", "")],
)  # fmt: skip
def test_a_type_goes_by_name_title_or_beginning(typed: str, name: str) -> None:
    assert POLICY.read_type(typed) == name


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [("tills freeze type:data", "data", "tills freeze"), ("type:data tills freeze", "data", "tills freeze"),
     ('tills type:"third party" freeze', "third-party", "tills freeze"), ("mime type:text/html fails", None, None),
     ("type:data", None, None), ("prototype:data fails", None, None), ("a type: data\nsecond", "data", "a \nsecond")],
)  # fmt: skip
def test_a_type_is_taken_out_of_the_words_that_declare_where_there_is_such_a_one(
    words: str, name: str | None, rest: str | None
) -> None:
    given, left = POLICY.take_type(words)
    assert (given.type_name, left) == (name, words if rest is None else rest)


def test_an_unknown_type_is_refused_with_all_of_them_and_the_nearest() -> None:
    with pytest.raises(BadRequest) as refused:
        POLICY.read_type("outige")
    assert str(refused.value) == ("The type is one of: outage, data, break-in, third-party. Did you mean outage?")
    with pytest.raises(BadRequest, match=r"There are no types"):
        FieldsPolicy().read_type("data")


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [("region EU west", "region", "EU west"), ("Region: us", "region", "us"), ("region=us", "region", "us"),
     ("name of the vendor Acme", "vendor", "Acme"), ("vendor", "vendor", ""), ("CUSTOMERS HIT 5", "customers", "5"),
     ("cust: 5", "customers", "5"), ("tick T 1", "ticket", "T 1")],
)  # fmt: skip
def test_a_field_goes_by_name_or_title(typed: str, name: str, value: str) -> None:
    assert (POLICY.read_field(typed)[0].name, POLICY.read_field(typed)[1]) == (name, value)


@pytest.mark.parametrize(("typed", "hint"), [("regoin us", " Did you mean region?"), ("zebra", ""), ("regional", "")])
def test_an_unknown_field_is_refused_with_all_of_them(typed: str, hint: str) -> None:
    with pytest.raises(BadRequest, match=r"^The fields are: region, customers, vendor, ticket\."):
        POLICY.read_field(typed)


# Forms


def form(**values: str) -> dict[str, str]:
    return {f"field_{name}": value for name, value in values.items()}


def test_a_form_says_what_it_changes_and_nothing_of_what_it_did_not_ask() -> None:
    held = {"region": Value("region", "Region", "US"), "ticket": Value("ticket", "Ticket", "T-1", "U0A")}
    filled = form(type="data", region="US", customers="1,000")
    assert POLICY.read_form(filled, Ask.RESOLVE, "outage", held) == Given("data", {"customers": "1000"})
    assert not POLICY.read_form(form(type="outage", region="US"), Ask.RESOLVE, "outage", held)
    assert POLICY.read_form(form(type="-", ticket=""), None, "outage", held) == Given("", {"ticket": ""})


def test_all_that_is_wrong_in_a_form_is_said_at_once_each_under_its_input() -> None:
    with pytest.raises(FormRefused) as refused:
        POLICY.read_form(form(type="third-party", region="-", customers="-3", vendor=""), Ask.DECLARE, None, {})
    assert refused.value.by_field == {
        "field_region": "Region is required.",
        "field_customers": "Customers hit is a number from 0 to 5000.",
        "field_vendor": "Name of the vendor is required.",
    }


def test_a_field_of_another_type_is_not_required() -> None:
    given = POLICY.read_form(form(type="data", region="US", vendor=""), Ask.DECLARE, None, {})
    assert given == Given("data", {"region": "US"})


def test_what_was_required_on_declaring_is_missing_on_resolving_too() -> None:
    assert POLICY.missing(Ask.RESOLVE, "third-party", {}) == [REGION, VENDOR]
    assert POLICY.missing(Ask.DECLARE, "data", {}) == [REGION]
    assert POLICY.missing(Ask.RESOLVE, "third-party", {"region": Value("region", "Region", "US")}) == [VENDOR]


def test_a_type_raises_what_is_milder_and_lowers_nothing() -> None:
    raised = {severity: POLICY.at_least("data", severity) for severity in Severity}
    assert raised == {"P0": "P0", "P1": "P1", "P2": "P1", "P3": "P1"}
    assert POLICY.at_least("gone", Severity.P3) is Severity.P3


# Filters


def test_filters_are_told_from_the_other_words() -> None:
    filters, rest = read_filters('closed type:data region:"eu west" 2 vendor: Acme', POLICY)
    assert filters == [Filter("type", "data"), Filter("region", "EU west"), Filter("vendor", "Acme", part=True)]
    assert rest.split() == ["closed", "2"]
    again, _ = read_filters(" ".join(one.typed for one in filters), POLICY)
    assert again == filters, "what the buttons carry"


def test_none_finds_those_without() -> None:
    assert read_filters("type:none region:none", POLICY)[0] == [Filter("type", ""), Filter("region", "")]


def test_a_filter_by_what_there_is_not_says_by_what_there_is() -> None:
    with pytest.raises(BadRequest, match=r"narrowed by type:…, region:…, customers:…, vendor:…, ticket:…"):
        read_filters("colour:red", POLICY)
    with pytest.raises(BadRequest, match="Region is one of"):
        read_filters("region:mars", POLICY)


def test_the_card_s_line_is_short_and_pings_nobody() -> None:
    values = [(f"Field {number}", "<!channel> " + "x" * 500) for number in range(40)]
    said = line("<!here>", values)
    assert len(said) < 1200
    assert "<!" not in said
    assert said.endswith("32 more fields")
    assert line("", []) == ""
    assert line("Data", [("Region", "US")]) == "*Data* · Region: US"


def test_what_is_nearly_a_type_is_refused_and_other_words_after_type_are_the_titles_own() -> None:
    first, *_ = POLICY.types
    with pytest.raises(BadRequest, match="Did you mean"):
        POLICY.take_type(f"tills freeze type:{first[:-1]}x")
    assert POLICY.take_type("tills say type:timeout-at-gateway") == (Given(), "tills say type:timeout-at-gateway")


def test_a_type_that_stands_first_goes_behind_what_else_is_read_there() -> None:
    first, *_ = POLICY.types
    assert POLICY.type_last(f"type:{first} P1 tills freeze") == f"P1 tills freeze type:{first}"
    assert POLICY.type_last("P1 tills freeze") == "P1 tills freeze"
