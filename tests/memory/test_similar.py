"""What looks alike, in a row and back."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.incidents.tables import IncidentRow
from bot.memory.messages import suggestions
from bot.memory.rules.similar import EARLIER, MatchedTerm, SimilarItem, same_before
from bot.severity.rules import Severity
from tests.flow_fixtures import Declare

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
