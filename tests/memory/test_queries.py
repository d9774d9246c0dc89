"""Knowledge in the database: versions are added, changes are numbered in the order in which they commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.memory import queries as knowledge
from bot.memory.queries import NewVersion
from bot.memory.tables import SuggestionVote
from bot.store.engine import Database
from tests.support.rows import NOON, minutes


@pytest.fixture(autouse=True)
def _empty(database: Database) -> Iterator[None]:
    yield
    with database.transaction() as session:
        session.execute(text("truncate knowledge_versions, knowledge_state, suggestion_votes"))


def new(ref: str, said: str | None = "as it is") -> NewVersion:
    document: dict[str, Any] | None = None if said is None else {"ref": ref, "said": said}
    return NewVersion(ref, document, said or "", f"{ref}.md")


def add(database: Database, *versions: NewVersion) -> int:
    with database.transaction() as session:
        return knowledge.add(session, versions, "somebody", NOON)


def refs_at(database: Database, change: int | None = None) -> dict[str, Any]:
    with database.transaction() as session:
        return {row.ref: (row.document or {})["said"] for row in knowledge.list_at(session, change)}


def test_nothing_is_known_at_first(database: Database) -> None:
    with database.transaction() as session:
        assert knowledge.changes(session) == knowledge.Changes(0, 0)
        assert knowledge.find(session, "A") is None
        assert list(knowledge.list_at(session)) == []


def test_what_was_known_at_any_change_can_be_read_back(database: Database) -> None:
    assert add(database, new("A", "one"), new("B", "one")) == 1
    assert add(database, new("A", "two")) == 2
    assert add(database, new("B", None), new("C", "one")) == 3
    assert refs_at(database, 0) == {}
    assert refs_at(database, 1) == {"A": "one", "B": "one"}
    assert refs_at(database, 2) == {"A": "two", "B": "one"}
    assert refs_at(database) == {"A": "two", "C": "one"}


def test_earlier_versions_stay(database: Database) -> None:
    for said in ("one", None, "two"):
        add(database, new("A", said))
    with database.transaction() as session:
        rows = knowledge.list_versions(session, "A")
        assert [(row.version, row.document and row.document["said"], row.change) for row in rows] == [
            (1, "one", 1),
            (2, None, 2),
            (3, "two", 3),
        ]
        assert (rows[0].origin, rows[0].added_by, rows[0].added_at) == ("A.md", "somebody", NOON)


def test_whoever_has_seen_a_change_hears_of_the_newest_version_of_what_came_after(database: Database) -> None:
    add(database, new("A", "one"), new("B", "one"))
    add(database, new("B", "two"))
    add(database, new("B", "three"), new("A", None))
    with database.transaction() as session:
        told = [(row.ref, row.document and row.document["said"]) for row in knowledge.list_since(session, 1)]
        assert told == [("A", None), ("B", "three")]
        assert knowledge.count_since(session, 1) == 2
        assert list(knowledge.list_since(session, 3)) == []


def test_a_transaction_that_fails_leaves_neither_entry_nor_number(database: Database) -> None:
    with pytest.raises(InterruptedError), database.transaction() as session:
        knowledge.add(session, [new("A")], "somebody", NOON)
        raise InterruptedError
    assert refs_at(database) == {}
    assert add(database, new("B")) == 1


def test_numbers_commit_in_their_order_whoever_began_first(database: Database) -> None:
    numbered, seen = threading.Event(), list[int]()

    def second() -> None:
        numbered.wait(10)
        seen.append(add(database, new("B")))

    thread = threading.Thread(target=second)
    thread.start()
    with database.transaction() as session:
        first = knowledge.add(session, [new("A")], "somebody", NOON)
        numbered.set()
        thread.join(0.2)
        assert seen == [], "the second has no number while the first may still vanish"
    thread.join(10)
    assert [first, *seen] == [1, 2]


def test_much_that_is_new_asks_every_replica_to_fit_anew(database: Database) -> None:
    few = [new(f"A{number}") for number in range(knowledge.REFIT_AFTER)]
    add(database, *few)
    with database.transaction() as session:
        assert knowledge.changes(session) == knowledge.Changes(1, 0)
    add(database, new("ONE-MORE"))
    with database.transaction() as session:
        assert knowledge.changes(session) == knowledge.Changes(2, 2)
    add(database, new("AND-ONE"))
    with database.transaction() as session:
        assert knowledge.changes(session) == knowledge.Changes(3, 2)


def test_two_people_import_one_after_the_other(database: Database) -> None:
    with database.transaction() as first:
        assert knowledge.try_to_lock(first)
        with database.transaction() as second:
            assert not knowledge.try_to_lock(second)
        with database.transaction() as third:
            assert not knowledge.wait_for_lock(third, seconds=1)
            third.rollback()
    with database.transaction() as later:
        assert knowledge.wait_for_lock(later, seconds=1)


def test_a_vote_is_kept_once_a_person_and_can_change(database: Database) -> None:
    def votes(places: int = 3) -> list[tuple[str, str, bool]]:
        with database.transaction() as session:
            cast = (SuggestionVote.voted_at < NOON + minutes(60)) & SuggestionVote.place.between(1, places)
            rows = session.scalars(
                select(SuggestionVote).where(cast).order_by(SuggestionVote.voted_at, SuggestionVote.ref)
            )
            return [(row.ref, row.user_id, row.helped) for row in rows]

    def vote(ref: str, user_id: str, helped: bool, at: int, place: int = 1) -> None:
        with database.transaction() as session:
            knowledge.vote(session, "report:1", ref, user_id, place=place, helped=helped, now=NOON + minutes(at))

    vote("A", "U0ONE", True, at=1)
    vote("A", "U0ONE", False, at=2)
    vote("A", "U0TWO", True, at=3)
    vote("B", "U0ONE", True, at=4, place=3)
    vote("PB-alb", "U0ONE", True, at=5, place=0)
    vote("LATE", "U0ONE", True, at=60)
    assert votes() == [("A", "U0ONE", False), ("A", "U0TWO", True), ("B", "U0ONE", True)]
    assert votes(places=1) == [("A", "U0ONE", False), ("A", "U0TWO", True)]
