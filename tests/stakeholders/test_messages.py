"""The sentences about stakeholder notices."""

from __future__ import annotations

import pytest

from bot.stakeholders.messages import update_due


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (True, "Stakeholder update overdue: last one 30 min ago. `/incident update …`"),
        (False, "Stakeholder update overdue: none since it was declared 30 min ago. `/incident update …`"),
    ],
)
def test_a_channel_is_reminded_of_its_stakeholders_in_one_sentence(before: bool, text: str) -> None:
    assert update_due("30 min", before) == text
