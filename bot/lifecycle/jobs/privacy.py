"""Asking who may see an incident, and withdrawing what was said of one that was made private, as far as Slack lets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import structlog

from bot.context import AppContext
from bot.incidents.flows.record import lock_of, record
from bot.incidents.jobs.direct import send_direct_message
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.jobs import withdrawing
from bot.lifecycle.jobs.withdrawing import Tally
from bot.lifecycle.messages import access as texts
from bot.lifecycle.queries import privacy as queries
from bot.lifecycle.queries import traces
from bot.reviews.flows.editing import show as show_review
from bot.reviews.queries import reviews
from bot.slack.blocks import section
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import Poster
from bot.store.outbox import enqueue

log = structlog.get_logger(__name__)


def ask_kind(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Ask whoever declared it in a direct message; once it is answered, the question shows the answer."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        incident, open_question = incidents.facts(row), row.kind_asked_at is not None
    key = f"kind:{incident_id}"
    if open_question:
        send_direct_message(slack, poster, incident.declared_by, key, texts.question(incident))
    else:
        poster.edit(key, texts.answered(incident))


def leave_channel(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, channel_id: str | None, by: str
) -> None:
    """Say in the channel that was left where work goes on; of one that is private now, withdraw what was said before.

    Raises TryAgain; then it goes on where it stopped.
    """
    with context.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    if not incident.private:
        if channel_id:
            poster.try_to_post(f"moved:{incident_id}:{channel_id}", channel_id, texts.moved_ordinary(incident))
        return
    kept, kept_canvases = withdrawing.delete_set_aside(context, slack, incident_id)
    kept_outside, others = withdrawing.delete_elsewhere(context, slack, incident_id)
    kept, in_threads = kept + kept_outside, texts.of_apps_in_threads(others)
    if channel_id is None:
        _say_what_stays(context, incident_id, None, by, Tally(kept=kept), in_threads)
        return
    kept_canvases += withdrawing.delete_canvas(context, slack, incident_id, channel_id)
    stays = _empty_channel(context, slack, poster, incident_id, channel_id)
    stays += [*([texts.CANVAS] if kept_canvases else []), *in_threads]
    where: dict[str, Any] = {"incident_id": incident_id, "channel_id": channel_id, "by": by, "latest": ""}
    sweep_left(context, slack, poster, **where, tally=asdict(Tally(kept=kept)), stays=stays)


def sweep_left(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    *,
    incident_id: int,
    channel_id: str,
    by: str,
    latest: str,
    tally: dict[str, int],
    stays: list[str],
) -> None:
    """Delete what else Tocsin put into the channel that was left, some pages of it at once, then say what stays.

    Raises TryAgain; then these pages are gone through again.
    """
    found, rest = withdrawing.sweep(context, slack, incident_id, channel_id, latest, Tally(**tally))
    if not rest:
        _say_what_stays(context, incident_id, channel_id, by, found, stays)
        return
    with context.database.transaction() as session:
        on: dict[str, Any] = {
            "channel_id": channel_id,
            "by": by,
            "latest": rest,
            "tally": asdict(found),
            "stays": stays,
        }
        enqueue(session, "slack.sweep_left", lock=lock_of(incident_id), incident_id=incident_id, **on)


def _empty_channel(context: AppContext, slack: Slack, poster: Poster, incident_id: int, channel_id: str) -> list[str]:
    """Take what the channel's name, topic and links say, and ask people to stop; what of that Slack refused.

    It is not archived: people can delete their messages only while it is open.
    """
    name, key = f"left-{channel_id.lower()}", f"moved:{incident_id}:{channel_id}"
    steps: dict[str, Callable[[], object]] = {
        "the channel's topic": partial(slack.set_topic, channel_id, texts.TOPIC_LEFT),
        "the channel's name": partial(slack.call, "conversations.rename", channel=channel_id, name=name),
        "the links in the channel's head": partial(withdrawing.remove_bookmarks, context, slack, channel_id),
        "": partial(poster.try_to_post, key, channel_id, texts.moved_private()),
    }
    stays = []
    for what, step in steps.items():
        try:
            step()
        except Refused as refused:
            if refused.may_pass:
                raise
            log.warning("could not empty the channel", channel=channel_id, error=refused.error)
            stays += [what] if what else []
    return stays


def _say_what_stays(
    context: AppContext, incident_id: int, channel_id: str | None, by: str, tally: Tally, stays: list[str]
) -> None:
    """On the timeline, announced in the new channel, once. The review is shown there, too."""
    now = context.now()
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        written = queries.count_written(session, incident_id, channel_id or "")
        renamed = channel_id if "the channel's name" not in stays else None
        duplicates = [one.ref for one in queries.list_public_duplicates(session, incident_id)]
        copies = traces.copies_of(session, incident_id)
        still = [
            *texts.kept_in_slack(tally.kept, tally.kept_files, tally.others, written, channel_id),
            *stays,
            *texts.outside(traces.reported_in(session, row), renamed, duplicates),
            *texts.copies(
                copies.issues,
                copies.published,
                copies.calls,
                copies.approved and bool(context.archive),
                copies.mails,
                copies.page_mails,
            ),
        ]
        text = texts.withdrawn_entry(row.withdrawn, tally.files, still)
        key = f"withdrawn:{incident_id}:{row.ref}{texts.WITHDRAWN_MARK}"
        record(session, row, Kind.KIND_CHANGED, text, now, author=by or None, source_key=key, announce=True)
        if reviews.find_stage(session, incident_id) is not None:
            show_review(session, row)


def show_mirror_withdrawn(poster: Poster, key: str) -> None:
    """The copy in the announcement channel of an incident that was made private says nothing any more."""
    poster.edit(key, Message(texts.WITHDRAWN, (section(texts.WITHDRAWN),)))


TASKS: dict[str, Callable[..., None]] = {
    "slack.ask_kind": ask_kind,
    "slack.leave_channel": leave_channel,
    "slack.sweep_left": sweep_left,
}
