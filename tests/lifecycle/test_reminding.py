"""What is typed to be reminded of something."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadRequest
from bot.lifecycle.rules.reminding import parse_reminder

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)  # a Saturday
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("15 min check the replica", "2026-11-28 12:15", "check the replica"),
        ("me in 15 minutes to check the replica", "2026-11-28 12:15", "check the replica"),
        ("in 1 h 30 min: call the vendor", "2026-11-28 13:30", "call the vendor"),
        ("half an hour look again", "2026-11-28 12:30", "look again"),
        ("at 14:30 call the vendor", "2026-11-28 13:30", "call the vendor"),
        ("tomorrow 9:00 tell the shops", "2026-11-29 08:00", "tell the shops"),
        ("on Monday at 9:00 UTC that the freeze ends", "2026-11-30 09:00", "the freeze ends"),
        ("90 s 2 of 3 nodes", "2026-11-28 12:01", "2 of 3 nodes"),
    ],
)
def test_when_and_of_what(text: str, at: str, words: str) -> None:
    found, said = parse_reminder(text, NOW, BERLIN, time(9))
    assert (f"{found:%Y-%m-%d %H:%M}", said) == (at, words)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("check the replica", "Say when and of what"),
        ("banana", "Say when and of what"),
        ("15 min", "Say what to remind you of"),
        ("at 14:30", "Say what to remind you of"),
        ("0 min look", "That time is in the past"),
        ("3 months look at it", "days ahead|Say when"),
        ("45 days <!channel>", "days ahead"),
    ],
)
def test_what_cannot_be_planned_is_refused_with_what_to_type(text: str, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence) as refused:
        parse_reminder(text, NOW, BERLIN, time(9))
    assert "<!channel>" not in str(refused.value)
