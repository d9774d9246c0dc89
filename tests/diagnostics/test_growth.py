"""The day on which far more came than usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnostics.rules.growth import stands_out

FIRST = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("totals", "added"),
    [
        ([100, 110, 120, 130, 140, 1140], 1000),
        ([100, 110, 120, 130, 1130, 1140, 1150], 1000),
        ([100, 110, 1110, 1120, 1130, 1140, 1150], None),  # a week ago is no news
        ([100, 200, 300, 400, 500, 600], None),  # it always grows so
        ([0, 1000], 1000),  # new, and full at once
        ([1000, 900, 800, 700, 600], None),
        ([1000], None),
        ([], None),
        ([0, 0, 0, 0, 0, 49], None),  # too little to be asked about
    ],
)
def test_the_day_that_stands_out(totals: list[float], added: float | None) -> None:
    points = [(FIRST + timedelta(days=place), float(total)) for place, total in enumerate(totals)]
    found = stands_out(points, least=50)
    assert (found and found.added) == added
    if found:
        assert found.total == totals[-1]
