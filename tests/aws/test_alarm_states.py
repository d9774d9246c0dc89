"""Which names a text may mean."""

from __future__ import annotations

import pytest

from bot.aws.alarm_states import names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("checkout-5xx is red", ("checkout-5xx",)),
        ("see orders_lag_high, api-latency-p99.", ("orders_lag_high", "api-latency-p99")),
        (
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx fired",
            ("checkout-5xx",),
        ),
        ("`Orders API: 5xx too high` went off", ("Orders API: 5xx too high",)),
        ("“Queue is full” and checkout-5xx, checkout-5xx", ("Queue is full", "checkout-5xx")),
        ("the shop is down for everybody", ()),
        ("https://example.com/some-page/other-page and 10-20-30", ()),
        ("", ()),
    ],
)
def test_names_in_a_text(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


def test_a_text_names_no_more_alarms_than_can_be_asked_about_at_once() -> None:
    assert len(names_in(" ".join(f"alarm-{number}" for number in range(500)))) == 100


def test_a_word_too_long_for_a_name_is_none_and_takes_no_place() -> None:
    longest = "a-" + "b" * 253
    long = " ".join(f"{longest}{number}" for number in range(100))
    arn = f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{longest}c"
    assert names_in(f"{arn} {long} {longest} checkout-5xx") == (longest, "checkout-5xx")
