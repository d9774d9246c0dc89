"""The incident's channel, its card, the mirror of that card, and lines about what happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from bot.context import AppContext
from bot.escalation.flows import pages as escalate
from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role
from bot.incidents.flows.record import lock_of
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Incident
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages import card as blocks
from bot.lifecycle.messages.channel import evidence
from bot.memory import messages as memory_messages
from bot.memory.messages import suggestions
from bot.memory.rules.recurrence import recurrence
from bot.memory.rules.similar import same_before
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Poster
from bot.store.outbox import enqueue

log = structlog.get_logger(__name__)


def open_channel(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Make the channel and post the card in it; the rest of the furnishing follows in a job of its own."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        incident, similar, again = incidents.facts(row), suggestions(row.similar, row.request_key), recurring(row)
        bot_user_id = _bot_user_id(slack_queries.find_workspace(session))
    if incident.channel_id is None:
        channel_id, name = slack.open_channel(incident.channel_name, bot_user_id, private=incident.private)
        with context.database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            row.channel_id, row.channel_name = channel_id, name
            escalate.link_pages(session, row)
            incident = incidents.facts(row)
    assert incident.channel_id is not None
    poster.try_to_post(_card_key(incident), incident.channel_id, _card(context, incident, similar, again))
    with context.database.transaction() as session:
        for task, lock in (("slack.furnish_room", f"furnish-{incident_id}"), ("slack.mirror", lock_of(incident_id))):
            # Topic, pin and invitations go beside what is said: notes must not wait for them.
            enqueue(session, task, lock=lock, once=f"{task}-{incident_id}", incident_id=incident_id)


def _card(
    context: AppContext, incident: Incident, similar: Sequence[memory_messages.Suggestion], again: str
) -> Message:
    """The card; that of a security incident has the steps of containment and evidence on it."""
    fitting = next((one.item.ref for one in similar if one.item.kind == "playbook"), "")
    entry = context.memory.current().entries.get(context.policy.security.playbook) if incident.private else None
    playbook = entry.ref if entry is not None else fitting
    message = blocks.card(incident, context.policy.severity.levels, similar, again, playbook)
    if entry is None:
        return message
    steps = [(step.title, step.window_text) for step in entry.steps]
    return Message(message.text, (*message.blocks[:2], evidence(entry.ref, steps), *message.blocks[2:]))


def _bot_user_id(workspace: Any) -> str:
    return workspace.bot_user_id if workspace else ""


def _card_key(incident: Incident) -> str:
    return f"card:{incident.incident_id}"


def recurring(row: IncidentRow) -> str:
    """That our own record has this trouble already, and where; empty when it has not."""
    before = same_before(row.similar)
    often = recurrence([day for _, day in before], row.declared_at.date())
    return f"*{often}*: {', '.join(ref for ref, _ in before[-5:])} looked the same." if often else ""


def set_up_channel(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Topic, pinned card, and the people who have to be there."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        incident = incidents.facts(row)
        card = slack_queries.find_message(session, _card_key(incident))
        card_ts = card.ts if card else None
        on_call = holders(session, context.policy.contacts, [Role.ON_CALL], context.now())
        archived = row.channel_archived
    if incident.channel_id is None or archived:
        return
    people = dict.fromkeys([incident.declared_by, incident.commander, *on_call])
    slack.invite(incident.channel_id, [user_id for user_id in people if user_id])
    try:
        slack.set_topic(incident.channel_id, blocks.topic(incident))
        if card_ts:
            slack.pin(incident.channel_id, card_ts)
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        log.warning("could not set up the channel", channel=incident.channel_id, error=refused.error)


def card(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Bring the card up to date. Before there is a channel, nothing: that opens with the card of that moment."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        incident, similar, again = incidents.facts(row), suggestions(row.similar, row.request_key), recurring(row)
        reachable = not row.channel_archived
    if incident.channel_id and reachable:
        message = _card(context, incident, similar, again)
        poster.try_to_post(_card_key(incident), incident.channel_id, message)


def mirror(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """The short copy in the announcement channel; in the thread's report it is announced by the answer itself."""
    with context.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
        workspace = slack_queries.find_workspace(session)
        channel_id = workspace.announcement_channel_id if workspace else None
    if channel_id and not incident.private:
        poster.try_to_post(f"mirror:{incident_id}", channel_id, blocks.mirror(incident))
