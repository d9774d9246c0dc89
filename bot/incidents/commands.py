"""A slash command as the subcommands need it, and the incident that it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.errors import UnknownIncident
from bot.incidents import visibility
from bot.incidents.queries import incidents
from bot.lifecycle.messages import answers
from bot.slack.client import Message
from bot.store.tables import IncidentRow
from bot.text.markup import plain_text


@dataclass(frozen=True, slots=True)
class Asked:
    """A slash command as the subcommands need it. `rest` is what was typed after the word, in Slack's markup."""

    desk: Desk
    now: datetime
    word: str
    ref: str | None
    rest: str
    user_id: str
    user_name: str  # the name by which Slack calls them
    channel_id: str
    trigger_id: str


# Answers with a sentence, or with blocks; both are for the person who asked, alone.
Subcommand = Callable[[Session, Asked], str | Message]


def incident_of(session: Session, asked: Asked, for_change: bool = False) -> IncidentRow:
    """The incident that was named, or whose channel this is. Raises UnknownIncident with the ones that are open."""
    row = (
        incidents.find_by_ref(session, asked.ref) if asked.ref else incidents.find_by_channel(session, asked.channel_id)
    )
    if row is None or not is_insider(session, asked, row):
        closed = asked.word == "reopen"
        rows, _ = visibility.list_page(session, asked.user_id, limit=5, closed=closed)
        raise UnknownIncident(answers.no_incident(asked.word, asked.ref, rows, plain_text(asked.rest), closed))
    return incidents.get_for_change(session, row.incident_id) if for_change else row


def is_insider(session: Session, asked: Asked, row: IncidentRow) -> bool:
    """False for a security incident of which the person who asks has no part; to them it does not exist."""
    return asked.channel_id == row.channel_id or visibility.may_see(session, row, asked.user_id)
