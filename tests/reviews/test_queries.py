"""Drafts of reviews: versions are added, never replaced."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from bot.incidents.rules.incident import Status
from bot.reviews.queries import drafts
from bot.reviews.rules.document import Review
from bot.reviews.tables import ReviewRow
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident, minutes


def _add(session: Session, incident_id: int, title: str) -> ReviewRow:
    due_at = NOON + minutes(60 * 48)
    return drafts.add(session, incident_id, drafted_at=NOON, due_at=due_at, document=_review(title))


def _review(title: str) -> Review:
    return Review("INC-2026-0001", title, Severity.P1, Status.RESOLVED, NOON, NOON + minutes(40), NOON)


def test_drafting_again_adds_a_version(database: Database) -> None:
    with database.transaction() as session:
        first, other = add_incident(session).incident_id, add_incident(session).incident_id
        assert drafts.find_last(session, first) is None
        versions = [_add(session, first, name).version for name in ("one", "two", "three")]
        assert versions == [1, 2, 3]
        assert _add(session, other, "elsewhere").version == 1
        last = drafts.find_last(session, first)
        assert last is not None
        assert (last.version, last.document) == (3, _review("three"))
        kept = session.query(ReviewRow.document).filter_by(incident_id=first).order_by(ReviewRow.version)
        assert [document.title for (document,) in kept] == ["one", "two", "three"]


# What versions before this one stored; one without the stage and its steps, which came later.
STORED = {
    "format": 1,
    "ref": "INC-2026-0001",
    "title": "Checkout returned 502",
    "severity": "P1",
    "status": "resolved",
    "began_at": "2026-11-20T12:00:00+00:00",
    "resolved_at": "2026-11-20T12:40:00.250000+00:00",
    "drafted_at": "2026-11-20T13:00:00+00:00",
    "stage": "approved",
    "steps": [{"stage": "approved", "at": "2026-11-20T14:00:00+00:00", "by": "team-lead", "note": ""}],
    "sections": [
        {
            "name": "timeline",
            "title": "Timeline",
            "note": None,
            "lines": [
                {
                    "text": "The pool was full 🔥",
                    "nature": "recorded",
                    "label": None,
                    "by": "Responder",
                    "at": "2026-11-20T12:10:00+00:00",
                    "clock": "12:10",
                    "command": None,
                    "met": None,
                    "key": True,
                    "fresh": False,
                    "entries": [{"entry_id": 4, "permalink": "https://example.slack.com/archives/C1/p4"}],
                },
            ],
        },
    ],
}


def test_what_was_stored_before_is_read_and_written_back_as_it_was(database: Database) -> None:
    older = {key: value for key, value in STORED.items() if key not in ("stage", "steps")}
    with database.transaction() as session:
        incident_id = add_incident(session).incident_id
        _add(session, incident_id, "one")
        for stored in (older, STORED):
            stored_at = {"it": json.dumps(stored), "id": incident_id}
            session.execute(sql("update review_drafts set document = :it where incident_id = :id"), stored_at)
            session.expire_all()
            last = drafts.find_last(session, incident_id)
            assert last is not None
            assert last.document.resolved_at == NOON + timedelta(minutes=40, milliseconds=250)
            (line,) = last.document.section("timeline").lines
            assert (line.entries[0].entry_id, line.key, line.clock) == (4, True, "12:10")
            last.document = replace(last.document, title="Changed")
            session.flush()
            (kept,) = session.scalars(
                sql("select document from review_drafts where incident_id = :id"), {"id": incident_id}
            )
            assert kept == STORED | {"title": "Changed"} | ({"stage": "draft", "steps": []} if stored is older else {})
