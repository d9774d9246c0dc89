"""What looks alike, in a row and back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.incidents.tables import IncidentRow
from bot.memory.messages import suggestions, vote_key, vote_menu
from bot.memory.rules.similar import EARLIER, MatchedTerm, SimilarItem, same_before
from bot.severity.rules import Severity
from tests.fixtures.flow import Declare

FULL = SimilarItem(
    ref="INC-2026-0003",
    kind="incident",
    title="Pool exhausted",
    score=0.62,
    terms=(MatchedTerm("pool", 0.4, "title"),),
    words=("pool",),
    same=True,
    cause="too small",
    fix="raised it",
    took="30 min",
    happened_on=date(2026, 8, 3),
)


def reread(session: Session, row: IncidentRow) -> tuple[SimilarItem, ...]:
    session.flush()
    session.expire(row)
    return row.similar


def test_what_looks_alike_comes_back_from_its_row_as_it_was(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(Severity.P1)
    assert reread(session, row) == ()
    row.similar = (FULL, SimilarItem("INC-2025-0001", EARLIER, same=True, happened_on=date(2025, 1, 31)))
    assert [item.ref for item in reread(session, row)] == ["INC-2026-0003", "INC-2025-0001"]
    assert row.similar[0] == FULL
    assert same_before(row.similar) == [("INC-2025-0001", date(2025, 1, 31)), ("INC-2026-0003", date(2026, 8, 3))]


def test_rows_of_earlier_versions_are_still_read(session: Session, declared: Declare, policy: Policy) -> None:
    """The first versions stored no terms, and keys that have gone since."""
    row = declared(Severity.P1)
    session.flush()
    earlier = (
        '[{"ref": "NFI-2023-0010", "kind": "incident", "title": "t", "score": 0.5, "words": ["pool"], "cause": "c", '
        '"fix": "f", "took": "3 h", "happened_on": null, "matched": 3}, {"ref": "PB-alb", "kind": "playbook"}]'
    )
    session.execute(
        text('update incidents set "similar" = cast(:old as jsonb) where incident_id = :id'),
        {"old": earlier, "id": row.incident_id},
    )
    found = reread(session, row)
    assert found == (
        SimilarItem("NFI-2023-0010", "incident", "t", 0.5, words=("pool",), cause="c", fix="f", took="3 h"),
        SimilarItem("PB-alb", "playbook"),
    )
    assert [one.vote_key for one in suggestions(found, "report:1")] == ["1:NFI-2023-0010:report:1", "0:PB-alb:report:1"]


@pytest.mark.parametrize("ref", ["INC-2026-0001", "Runbook: connection pool", "x" * 300])
@pytest.mark.parametrize(
    "shown_for", ["report:12", "command:8127445367424.7979347171667.1e14cb5ab0dc3d0c39a4e0a1cec0b9f3"]
)
def test_a_vote_fits_the_values_of_a_menu_and_is_read_back(ref: str, shown_for: str) -> None:
    key = vote_key(shown_for, ref, 3)
    assert len(f"yes:{key}") <= 75
    assert key == vote_key(shown_for, ref, 3)
    assert not key or key.startswith(f"3:{ref.replace(':', '%3A')}:{shown_for.partition(':')[0]}:")
    assert key == "" or vote_menu(key) is not None
    assert bool(key) == (len(ref) < 50)
