"""/incident similar, and votes on suggestions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.interactions import Press, of_no_incident
from bot.incidents.menu import ELSEWHERE, OF_INCIDENT, Form, Group, Shown
from bot.incidents.queries import incidents
from bot.incidents.queries.incidents import described
from bot.incidents.queries.replays import replayed_ref
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_drill
from bot.memory import messages as blocks
from bot.memory.flows import votes
from bot.memory.flows.recall import recall
from bot.slack.client import Message
from bot.slack.forms import text_field
from bot.text.markup import escape, plain_text


def similar(command: CommandContext) -> Message:
    """Past incidents like the words given, or like the incident named or whose channel this is.

    Called without a transaction: the memory asks the database on its own.
    """
    words, ref = plain_text(command.rest), ""
    with command.context.database.transaction() as session:
        here = incidents.find_by_channel(session, command.channel_id)
        if here is not None and is_drill(here.ref):
            ref = replayed_ref(session, here.incident_id)
        if command.ref or (not words and here is not None):
            row = incident_of(session, command)
            words = words or described(row)
            ref = replayed_ref(session, row.incident_id) or row.ref  # a drill has no entry, and must not be given away
    if not words:
        raise BadRequest("Say what to search for: `/incident similar checkout returns 502`.")
    found = recall(command.context.memory.current(), words, guide=True, without=ref)
    return blocks.similar(blocks.suggestions(found, f"similar:{command.trigger_id}"), words)


def cast_vote(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str:
    """Helped, or not this."""
    return blocks.voted(*votes.vote(session, value, user_id, now))


SUBCOMMANDS = (
    Subcommand(
        "similar",
        "similar pods crash loop",
        "Search past incidents: cause, fix, duration. Only you see the answer.",
        answer_apart=similar,
        act=Act.READ,
        menu={
            "this": Shown(label="Similar incidents", group=Group.LOOK_UP, where=OF_INCIDENT),
            "words": Form(
                label="Search past incidents",
                group=Group.LOOK_UP,
                where=ELSEWHERE,
                fields=lambda *_: [text_field("what", "What is wrong?", placeholder="pods crash loop")],
                words=lambda values: escape(values["what"]),
                submit="Search",
            ),
        },
    ),
)


PRESSES = {"suggestion_vote": Press(cast_vote, Act.CHANGE, of_no_incident, r"(yes|no):\d{1,3}:[^:]+:.+")}
