"""Votes on suggestions, one per person, so that the search is measured on real incidents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.memory import messages
from bot.memory import queries as knowledge

HELPED, NOT_THIS = "yes", "no"


def vote(session: Session, value: str, user_id: str, now: datetime) -> tuple[str, bool]:
    """Keep a vote, `value` being `yes:place:ref:what it was shown for`, or `no:…`; a later vote replaces it.

    The ref, and whether it helped. Raises BadRequest where the value can't be read.
    """
    word, place, ref, shown_key = [*value.split(":", 3), "", "", ""][:4]
    if word not in (HELPED, NOT_THIS) or not place.isdecimal() or not ref or not shown_key:
        raise BadRequest(messages.SUGGESTION_UNREADABLE)
    ref, helped = ref.replace("%3A", ":"), word == HELPED
    knowledge.vote(session, shown_key, ref, user_id, place=int(place), helped=helped, now=now)
    return ref, helped
