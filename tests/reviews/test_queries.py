"""Drafts of reviews: versions are added, never replaced."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.reviews.queries import drafts
from bot.reviews.tables import ReviewRow
from bot.store.engine import Database
from tests.rows import NOON, add_incident, minutes


def _add(session: Session, incident_id: int, title: str) -> ReviewRow:
    due_at = NOON + minutes(60 * 48)
    document = {"title": title}
    return drafts.add(session, incident_id, drafted_at=NOON, due_at=due_at, document=document)


def test_drafting_again_adds_a_version(database: Database) -> None:
    with database.transaction() as session:
        first, other = add_incident(session).incident_id, add_incident(session).incident_id
        assert drafts.find_last(session, first) is None
        versions = [_add(session, first, name).version for name in ("one", "two", "three")]
        assert versions == [1, 2, 3]
        assert _add(session, other, "elsewhere").version == 1
        last = drafts.find_last(session, first)
        assert last is not None
        assert (last.version, last.document) == (3, {"title": "three"})
        kept = session.query(ReviewRow.document).filter_by(incident_id=first).order_by(ReviewRow.version)
        assert [document["title"] for (document,) in kept] == ["one", "two", "three"]
