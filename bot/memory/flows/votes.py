"""Saying of a suggestion whether it helped: kept once a person, so that the search is measured on real incidents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.memory import queries as knowledge

HELPED, NOT_THIS = "yes", "no"


def vote(session: Session, value: str, user_id: str, now: datetime) -> str:
    """Keep a vote, `value` being `yes:place:ref:what it was shown for`, or `no:…`.

    The sentence for the voter; a changed mind is kept too.
    """
    word, place, ref, shown_key = [*value.split(":", 3), "", "", ""][:4]
    if word not in (HELPED, NOT_THIS) or not place.isdecimal() or not ref or not shown_key:
        raise BadRequest("That suggestion cannot be read any more. Type `/incident similar` for new ones.")
    ref, helped = ref.replace("%3A", ":"), word == HELPED
    knowledge.vote(session, shown_key, ref, user_id, place=int(place), helped=helped, now=now)
    return f"Noted: {ref} helped." if helped else f"Noted: {ref} was not it."
