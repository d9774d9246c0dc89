"""The incident's channel, its card, the mirror of that card, and lines about what happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.diagnostics.messages import on_card
from bot.diagnostics.queries import find_evidence
from bot.escalation.flows import pages as escalate
from bot.escalation.flows import plan
from bot.escalation.flows.holders import holders
from bot.escalation.queries import pings
from bot.escalation.rules.matrix import Role
from bot.fields import messages as fields
from bot.fields.queries import in_order, values_of
from bot.incidents.flows.record import is_worked_on, refresh_furnishing, refresh_mirror
from bot.incidents.flows.refusals import NotDone, channel_lost, not_done, note_trouble, regained
from bot.incidents.jobs.members import invite_into
from bot.incidents.jobs.posting import begin_post, finish_post, in_thread, report_refusal
from bot.incidents.queries import incidents, lines
from bot.incidents.queries.places import MIRROR
from bot.incidents.rules.incident import Incident, channel_name, is_drill
from bot.incidents.tables import IncidentRow
from bot.lifecycle.jobs.privacy import show_mirror_withdrawn
from bot.lifecycle.messages import card as blocks
from bot.lifecycle.messages import refusals as texts
from bot.lifecycle.messages.channel import evidence
from bot.memory import messages as memory_messages
from bot.memory.messages import suggestions
from bot.memory.rules.recurrence import recurrence
from bot.memory.rules.similar import same_before
from bot.slack import queries as slack_queries
from bot.slack.blocks import section
from bot.slack.client import Message, Refused, Slack, TryAgain
from bot.slack.documents import Bookmark, keep_bookmarks
from bot.slack.poster import UNREACHABLE, Begun, Poster
from bot.stakeholders.flows.notify import next_promise
from bot.store.outbox import enqueue

log = structlog.get_logger(__name__)

_NEW = blocks.State({}, ())  # of an incident that was just declared
_OUTSIDE = frozenset({"is_archived", "not_in_channel", "channel_not_found", "method_not_supported_for_channel_type"})


def open_channel(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Make the channel and post the card in it; the rest of the furnishing follows in a job of its own.

    While Slack refuses, the incident is spoken about in a thread of the announcement channel.
    """
    with context.database.reading() as session:
        row = incidents.get(session, incident_id)
        incident = incidents.facts(row)
        bot_user_id = _bot_user_id(slack_queries.find_workspace(session))
        first = _card_of(session, context, row) if row.channel_id is None else None
    if first is None:
        with context.database.transaction() as session:
            card, begun = _begin_card(session, context, poster, incident_id)
        finish_post(
            context,
            poster,
            incident_id,
            _card_key(incident_id),
            begun,
            card,
            lambda each, *_: _go_on(each, incident_id),
        )
        return
    try:
        made = slack.open_channel(incident.channel_name, bot_user_id, private=incident.private)
    except TryAgain:
        with context.database.transaction() as session:
            refresh_mirror(session, incident_id)  # it must not wait for the channel
        raise
    except Refused as refused:
        _stay_in_thread(context, slack, poster, incident, refused)
        return
    _begin_in_channel(context, poster, incident_id, made, first)
    if incident.channel_trouble:
        _leave_thread(context, poster, incident_id, made[0])


def _begin_in_channel(
    context: AppContext, poster: Poster, incident_id: int, made: tuple[str, str], first: Message
) -> None:
    """The card in a channel that was made just now, which is recorded with it: nobody is there yet to say anything.

    Who changes the incident meanwhile has the card drawn after this job. Where Slack does not take the card, there is
    the channel.
    """
    begun = poster.begin_unnoted(_card_key(incident_id), made[0])

    def opened(session: Session, channel_id: str, ts: str) -> None:
        _record_channel(session, context, incident_id, made)
        _go_on(session, incident_id)

    try:
        poster.finish(begun, first, opened)
    except (TryAgain, Refused) as error:
        lost = error.error if isinstance(error, Refused) and error.error in UNREACHABLE else None
        with context.database.transaction() as session:
            row = _record_channel(session, context, incident_id, made)
            if lost:
                channel_lost(session, row, lost, context.now())
        if not lost:
            raise


def _record_channel(session: Session, context: AppContext, incident_id: int, made: tuple[str, str]) -> IncidentRow:
    row = incidents.get_for_change(session, incident_id)
    row.channel_id, row.channel_name = made
    regained(session, row, texts.channel_opened(made[0]), context.now())
    escalate.link_pages(session, row)
    if row.report_ts:
        enqueue(session, "slack.link_answer", incident_id=incident_id)
    return row


def _go_on(session: Session, incident_id: int) -> None:
    """What follows the first card."""
    refresh_furnishing(session, incident_id)
    refresh_mirror(session, incident_id)


def _stay_in_thread(context: AppContext, slack: Slack, poster: Poster, incident: Incident, refused: Refused) -> None:
    """There is no channel yet: say so, and have the card and all that follows in the thread of the mirror."""
    now = context.now()
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident.incident_id)
        fresh = note_trouble(session, row, refused.error, now)
    mirror(context, slack, poster, incident_id=incident.incident_id)
    post_card(context, poster, incident.incident_id)
    if not fresh:
        return
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident.incident_id)
        again = texts.no_channel_yet(incident, _announced_in(session))
        not_done(session, row, NotDone(texts.create(incident), refused.refusal, again=again), now)
        escalate.link_pages(session, row)


def post_card(context: AppContext, poster: Poster, incident_id: int) -> None:
    """Post the card, or bring it up to date, where the incident is spoken about."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)  # kept here, it is read once
        roles, notes, diagnosed = lines.state_of_card(session, incident_id)
        known = find_evidence(session, incident_id) if diagnosed and row.closed_at is None else None
        shown = on_card(known, context.page_link(f"/incidents/{row.ref}")) if known else ""
        state = blocks.State(roles, notes, evidence=shown)
        promised = next_promise(session, row)
        state = replace(state, next_update=promised, overdue=promised is not None and promised <= context.now())
        card, begun = _begin_card(session, context, poster, incident_id, state)
    finish_post(context, poster, incident_id, _card_key(incident_id), begun, card)


def _begin_card(
    session: Session, context: AppContext, poster: Poster, incident_id: int, state: blocks.State = _NEW
) -> tuple[Message, Begun | None]:
    """What the card says now, noted as about to be said."""
    message = _card_of(session, context, incidents.get(session, incident_id), state)
    return message, begin_post(session, poster, incident_id, _card_key(incident_id))


def _card_of(session: Session, context: AppContext, row: IncidentRow, state: blocks.State = _NEW) -> Message:
    similar = suggestions(row.similar, row.request_key)
    if is_drill(row.ref):  # nobody is asked whether they helped: it would count
        similar = [replace(one, vote_key="") for one in similar]
    waits_until = plan.find_first_page(session, row, context.policy.escalation, context.now())
    call = context.policy.contacts.call_link(row.ref, row.channel_name) or ""
    policy = context.policy.fields
    shown = fields.line(policy.title_of(row.type), in_order(values_of(session, row.incident_id), policy))
    state = replace(state, paged_at=waits_until, call=call, fields=shown)
    return _card(context, incidents.facts(row), similar, recurring(row), state)


def _leave_thread(context: AppContext, poster: Poster, incident_id: int, channel_id: str) -> None:
    """The card in the thread, where there is one, points to the channel that there is now."""
    text = texts.moved(channel_id)
    try:
        poster.edit(in_thread(f"card:{incident_id}"), Message(text, (section(text),)))
    except Refused as refused:  # the channel is what counts
        log.warning("the card in the thread stays as it was", incident_id=incident_id, error=str(refused))


def _card(
    context: AppContext,
    incident: Incident,
    similar: Sequence[memory_messages.Suggestion],
    again: str,
    state: blocks.State,
) -> Message:
    """The card; that of a security incident has the steps of containment and evidence on it."""
    fitting = next((one.item.ref for one in similar if one.item.kind == "playbook"), "")
    entry = context.memory.current().entries.get(context.policy.security.playbook) if incident.private else None
    playbook = entry.ref if entry is not None else fitting
    message = blocks.card(incident, context.policy.severity.levels, similar, again, playbook, state)
    if entry is None:
        return message
    steps = [(step.title, step.window_text) for step in entry.steps]
    return Message(message.text, (*message.blocks[:2], evidence(entry.ref, steps), *message.blocks[2:]))


def _bot_user_id(workspace: Any) -> str:
    return workspace.bot_user_id if workspace else ""


def _card_key(incident_id: int) -> str:
    return f"card:{incident_id}"


def recurring(row: IncidentRow) -> str:
    """That our own record has this trouble already, and where; empty when it has not."""
    before = same_before(row.similar)
    often = recurrence([day for _, day in before], row.declared_at.date())
    return blocks.recurring(often, [ref for ref, _ in before]) if often else ""


def set_up_channel(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Topic, pinned card, links, and who has to be there. What Slack refuses costs nothing of the rest."""
    with context.database.reading() as session:
        row = incidents.get(session, incident_id)
        incident, declarer = incidents.facts(row), incidents.declarer(row)
        card = slack_queries.find_message(session, _card_key(incident_id))
        card_ts = card.ts if card else None
        on_call = holders(session, context.policy.contacts, [Role.ON_CALL], context.now())
        paged = [] if incident.closed_at else pings.list_paged(session, incident_id)
        reachable = not row.channel_archived and not row.channel_trouble
        links = _links(context, incident, [one.item.ref for one in suggestions(row.similar, row.request_key)])
    if incident.channel_id is None or not reachable:
        return
    channel_id = incident.channel_id
    people = list(filter(None, [declarer, incident.commander, *on_call, *paged]))
    steps: dict[str, Callable[[], None]] = {
        texts.SET_TOPIC: lambda: slack.set_topic(channel_id, blocks.topic(incident)),
        texts.PIN_CARD: lambda: slack.pin(channel_id, card_ts) if card_ts else None,
        texts.ADD_BOOKMARKS: lambda: keep_bookmarks(slack, channel_id, links),
    }
    later: list[Refused | TryAgain] = []
    try:
        invite_into(context, slack, incident_id, channel_id, people)
    except TryAgain as error:
        later.append(error)
    for what, step in steps.items():
        try:
            step()
        except TryAgain as error:
            later.append(error)
        except Refused as refused:
            log.warning("could not set up the channel", channel=channel_id, error=str(refused))
            report_refusal(context, incident_id, what, refused)
            later += [refused] if refused.may_pass else []
    if later:
        raise later[0]  # the job has a lock of its own: nothing waits for it


def _links(context: AppContext, incident: Incident, similar: Sequence[str]) -> list[Bookmark]:
    """What the head of the channel links to: the incident's page, the playbook that fits, the call, the review."""
    playbook = context.policy.security.playbook if incident.private else _playbook_among(similar)
    wanted = (
        ("Incident page", context.page_link(f"/incidents/{incident.ref}"), ":rotating_light:"),
        (f"Playbook {playbook}", context.page_link(f"/knowledge/{playbook}") if playbook else None, ":notebook:"),
        ("Call", context.policy.contacts.call_link(incident.ref, incident.channel_name), ":telephone_receiver:"),
        ("Review", context.review_link(incident.ref) if incident.closed_at else None, ":memo:"),
    )
    return [Bookmark(title, link, emoji) for title, link, emoji in wanted if link]


def _playbook_among(refs: Sequence[str]) -> str:
    return next((ref for ref in refs if ref.startswith("PB-")), "")


def rename_channel(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Give the channel the name that goes with the title; the event of it keeps the name in the row."""
    with context.database.reading() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    wanted = channel_name(incident.ref, incident.title)
    if incident.channel_id is None or wanted == incident.channel_name:
        return
    try:
        slack.call("conversations.rename", channel=incident.channel_id, name=wanted)
    except Refused as refused:
        if refused.may_pass:
            raise
        report_refusal(context, incident_id, texts.RENAME_CHANNEL, refused)


def card(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Bring the card up to date. Before there is a channel, nothing: that opens with the card of that moment."""
    post_card(context, poster, incident_id)


def mirror(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """The short copy in the announcement channel; in the thread's report it is announced by the answer itself.

    Where the incident's own channel is well, only jobs of one lock say it.
    """
    key, begun = f"{MIRROR}{incident_id}", None
    with context.database.reading() as session:
        row = incidents.get(session, incident_id)
        incident, channel_id = incidents.facts(row), _announced_in(session)
        if channel_id is None:
            return
        alone = row.channel_id is not None and not row.channel_trouble
        if alone and not incident.private:
            begun = poster.begin_unnoted(key, channel_id, note=slack_queries.find_message(session, key))
    if not alone and not incident.private:
        with context.database.transaction() as session:
            begun = poster.begin(session, key, channel_id)
    if begun is None:
        show_mirror_withdrawn(poster, f"{MIRROR}{incident_id}")
        return
    try:
        poster.finish(begun, blocks.mirror(incident))
    except Refused as refused:
        if refused.may_pass:
            raise
        report_refusal(context, incident_id, texts.announce(channel_id), refused)


def check_channel(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Look up whether the channel is there and we may speak in it; join it where Slack allows that.

    Where it doesn't, people are told why, and the incident is spoken about in a thread.
    """
    with context.database.reading() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    if incident.channel_id is None:
        return
    name, refused = slack.look_at(incident.channel_id, join=True)
    if refused is None and incident.channel_trouble:
        refused = _refused_line(context, poster, incident, incident.channel_id)
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        row.channel_name = name or row.channel_name
        row.channel_archived = refused is not None and refused.error == "is_archived"
        if refused is None:
            regained(session, row, texts.channel_back(incident.channel_id), context.now())
    if refused is None:
        _leave_thread(context, poster, incident_id, incident.channel_id)
    else:
        _stay_outside(context, slack, poster, incident_id, refused)


def _refused_line(context: AppContext, poster: Poster, incident: Incident, channel_id: str) -> Refused | None:
    """Whether Slack lets us post in the channel again, which nothing but a post can tell: the refusal, or None.

    Where we were put out of the channel, being in it says so.
    """
    if incident.channel_trouble in _OUTSIDE:
        return None
    text = texts.channel_back(channel_id)
    try:
        poster.say(f"back:{incident.incident_id}:{incident.reopened}", channel_id, Message(text, (section(text),)))
    except Refused as refused:
        return refused
    return None


def _stay_outside(context: AppContext, slack: Slack, poster: Poster, incident_id: int, refused: Refused) -> None:
    now = context.now()
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        if not is_worked_on(row):
            return
        fresh = note_trouble(session, row, refused.error, now)
        incident, since = incidents.facts(row), row.channel_trouble_since
    mirror(context, slack, poster, incident_id=incident_id)
    post_card(context, poster, incident_id)
    if not fresh:
        return
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        again = texts.outside(incident, _announced_in(session))
        what = texts.speak_in(incident.channel_id or "")
        not_done(session, row, NotDone(what, refused.refusal, again=again, since=since), now)


def _announced_in(session: Session) -> str | None:
    workspace = slack_queries.find_workspace(session)
    return workspace.announcement_channel_id if workspace else None
