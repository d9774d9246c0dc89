"""Notes with a word in front fill the fields of the review that asked for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import BadRequest
from bot.incidents.rules.timeline import Entry, Kind
from bot.reviews.rules.notes import Noted, check_note, label_of, read_notes, said_under

DECLARED = datetime(2026, 11, 20, 0, 10, tzinfo=UTC)


def note(text: str, kind: Kind = Kind.NOTED) -> Entry:
    return Entry(1, kind, DECLARED, "U1", text, False, None)


def test_services_are_collected_once_each_in_the_order_said() -> None:
    said = read_notes(
        [note("services: orders-api, orders-db"), note("Services affected: orders-db,checkout")], DECLARED
    )
    assert said.services == ("orders-api", "orders-db", "checkout")


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        ("went well: the rollback took a minute", "went well", "the rollback took a minute"),
        ("What went well : support, and the lead", "went well", "support, and the lead"),
        ("improve: page the owner of orders-db", "improve", "page the owner of orders-db"),
        ("To improve: a test", "improve", "a test"),
        ("what could be improved: dashboards", "improve", "dashboards"),
        ("services affected: a, b", "services", "a, b"),
        ("it went well", None, "it went well"),
        ("improve the pool: later", None, "improve the pool: later"),
    ],
)
def test_a_note_with_a_label_says_what_stands_after_it(text: str, label: str | None, said: str) -> None:
    assert (label_of(note(text)), said_under(note(text))) == (label, said)


@pytest.mark.parametrize("text", ["went well:", "improve : ", "services:"])
def test_a_label_without_words_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="Say what to record"):
        check_note(text, DECLARED)


def test_every_contributing_factor_is_kept_whole() -> None:
    said = read_notes([note("contributing: no index, and no alarm"), note("Contributing factor: a sale")], DECLARED)
    assert said.contributing == ("no index, and no alarm", "a sale")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("detected at 00:05", datetime(2026, 11, 20, 0, 5, tzinfo=UTC)),
        ("detected at 23:50", datetime(2026, 11, 19, 23, 50, tzinfo=UTC)),
        ("Detected: 2026-11-19 22:00", datetime(2026, 11, 19, 22, 0, tzinfo=UTC)),
        ("detected at 2026-11-19T22:00", datetime(2026, 11, 19, 22, 0, tzinfo=UTC)),
        ("detected at 25:99", None),
        ("detected at 2026-13-40 10:00", None),
        ("detected by a customer", None),
    ],
)
def test_when_it_was_detected_is_read_as_the_latest_such_time_before_the_declaration(
    text: str, expected: datetime | None
) -> None:
    assert read_notes([note(text)], DECLARED).detected_at == expected


def test_a_time_that_cannot_be_leaves_the_one_said_before() -> None:
    said = read_notes([note("detected at 00:05"), note("detected at 25:99")], DECLARED)
    assert said.detected_at == datetime(2026, 11, 20, 0, 5, tzinfo=UTC)


def test_chat_and_plain_notes_fill_nothing() -> None:
    assert read_notes([note("services: a", Kind.MESSAGE_POSTED), note("rolled back"), note("")], DECLARED) == Noted()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("detected at 00:05", "Detection time set to 00:05 UTC for the review."),
        ("began at 00:02", "Beginning set to 00:02 UTC for the review and the figures."),
        ("Started: 2026-11-18 14:28", "Beginning set to 2026-11-18 14:28 UTC for the review and the figures."),
        ("started 3 more pods", ""),
        ("began to look at the proxy", ""),
        ("detected at 23:50", "Detection time set to 2026-11-19 23:50 UTC for the review."),
        (
            "Detected: 2026-11-18 14:28",
            "Detection time set to 2026-11-18 14:28 UTC for the review. That is 33 h 42 min before it was declared; "
            "the duration counts from there.",
        ),
        ("detected at the load balancer first", ""),
        ("services: checkout", ""),
        ("rolled back", ""),
    ],
)
def test_whoever_notes_a_detection_time_reads_how_it_was_understood(text: str, answer: str) -> None:
    assert check_note(text, DECLARED) == answer


@pytest.mark.parametrize(
    "text",
    [
        "detected at 99:99",
        "began at 25:77",
        "detected at banana",
        "detected: noon",
        "detected at",
        "detected at 14h28",
        "detected 2026-13-01 10:00",
        "services: ",
    ],
)
def test_a_labelled_note_that_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadRequest, match=r"`/incident note ((detected|began) at 14:28|services: checkout, search)`"):
        check_note(text, DECLARED)


def test_a_detection_long_before_the_declaration_says_what_it_does_to_the_duration() -> None:
    declared = datetime(2026, 11, 20, 20, 13, tzinfo=UTC)
    assert "5 h 45 min before it was declared; the duration" in check_note("detected at 14:28", declared)
    assert "before" not in check_note("detected at 20:01", declared)
    assert check_note("detected at the load balancer by its checks", declared) == ""
